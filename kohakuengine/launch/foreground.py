"""Run one attempt as `python script.py` would: with our terminal, standard input and Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager

from ..runs.outcome import read_outcome
from .init import AT_TERMINAL, KILL
from .relay import Relay
from .survivors import end_descendants, settle_attempt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from ..runs.outcome import Outcome
    from .base import Job
    from .relay import Write

    class Process(Protocol):
        """As far as it is used here, a `subprocess.Popen`."""

        pid: int

        def wait(self) -> int: ...

        def send_signal(self, sig: int, /) -> None: ...


# Within how many seconds a second Ctrl-C means that the first one was too mild. A debugger's user
# presses it more often, but not that fast.
_IMPATIENCE = 2.0


class Interrupts:
    """Counts the Ctrl-C that came while a process had the foreground."""

    def __init__(self) -> None:
        self.count = 0
        self.last = -_IMPATIENCE


def run_in_foreground(
    job: Job,
    *,
    out: Write | None = None,
    err: Write | None = None,
    starting: Callable[[Job, Relay], Process] | None = None,
    started: Callable[[Process], None] = lambda process: None,
) -> Outcome:
    """Run an attempt while its output, and our input and signals, are passed on.

    Args:
        job: The attempt.
        out: Is given what it prints on stdout, in place of our own stdout.
        err: Is given what it prints on stderr, in place of our own stderr.
        starting: Starts its process, whose parent is the run's init; else a new interpreter.
        started: Is called with its process when it has been started.

    Raises:
        LauncherError: It can't be started.
        KeyboardInterrupt: A Ctrl-C came, and has ended it.
    """
    relay = Relay(job.attempt.output, out, err)
    try:
        process = starting(job, relay) if starting else _new_interpreter(job, relay)
        with _signals_passed_on_to(process) as interrupts:
            started(process)
            fault = relay.run(_end_of(process))
            process.wait()
    finally:
        relay.close()
    if starting is not None and not os.path.exists(job.attempt.outcome):
        end_descendants()
    settle_attempt(job.id, job.attempt, slot=job.slot)
    outcome = read_outcome(job.attempt)
    assert outcome is not None  # settled
    outcome.log_fault = fault
    outcome.interrupts = interrupts.count
    return outcome


def _new_interpreter(job: Job, relay: Relay) -> Process:
    from .fresh import start

    return start(job, None, relay.stdout, relay.stderr, foreground=True)


def _end_of(process: Process) -> int:
    return os.pidfd_open(process.pid)


@contextmanager
def _signals_passed_on_to(process: Process) -> Iterator[Interrupts]:
    """Let the signals that tell us to end be for the run, through its init."""
    import threading

    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # only the main thread gets signals
        return

    def interrupt(number: int, frame: object) -> None:
        now = time.monotonic()
        impatient = now - interrupts.last < _IMPATIENCE
        interrupts.count += 1
        interrupts.last = now
        gentle = AT_TERMINAL if _at_terminal() else signal.SIGINT
        process.send_signal(KILL if impatient else gentle)

    handlers: dict[int, Callable[[int, object], None]] = {
        number: lambda which, frame: process.send_signal(which)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
        if signal.getsignal(number) is signal.SIG_DFL
    }
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers[signal.SIGINT] = interrupt
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _at_terminal() -> bool:
    """Whether a Ctrl-C comes from a terminal, which sends it to the script, too."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
