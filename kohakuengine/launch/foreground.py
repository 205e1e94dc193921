"""Run one attempt as `python script.py` would: with our terminal, standard input and Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager

from ..errors import StoreError
from ..runs.outcome import CANCELLED, INTERRUPTED, TIMED_OUT, read_outcome
from .init import AT_TERMINAL, KILL
from .relay import Relay
from .survivors import (
    IGNORED,
    INIT_KILLED,
    LIMITS,
    end_descendants,
    end_tree,
    settle_attempt,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Timer
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


class _Signals:
    """Passes the signals that tell us to end on to a process, once it has been started.

    Attributes:
        interrupts: How many Ctrl-C came.
        forced: With which status the run ends, and why, where it was ended by force; else None.
    """

    def __init__(self) -> None:
        self.interrupts = 0
        self.forced: tuple[str, str] | None = None
        self._last = -_IMPATIENCE
        self._process: Process | None = None
        self._waiting: list[int] = []
        self._timers: list[Timer] = []
        self._over = False

    def are_for(self, process: Process, timeout: float | None) -> None:
        """Name the process that gets them; those that have come before are passed on now.

        Args:
            process: The run's init.
            timeout: After how many seconds it ends the run, or None.
        """
        self._process = process
        if timeout is not None:
            reason = f"it took longer than {timeout:g} s"
            self._force_in(timeout + LIMITS["terminate"], TIMED_OUT, reason)
        while self._waiting:
            self.pass_on(self._waiting.pop(0))

    def pass_on(self, number: int, frame: object = None) -> None:
        """Pass a signal on, and see to it that it does something."""
        if self._over:
            return  # as when another thread sends it that didn't know yet
        if self._process is None:
            self._waiting.append(number)
            return
        self._process.send_signal(number)
        if number != AT_TERMINAL:  # by which the script may end, or not
            ways: dict[int, str] = {KILL: "kill", signal.SIGINT: "interrupt"}
            how = ways.get(number, "terminate")
            self._force_in(LIMITS[how], CANCELLED, "it was cancelled")

    def _force_in(self, seconds: float, status: str, reason: str) -> None:
        """End the run after so many seconds, unless it has ended by then."""
        from threading import TIMEOUT_MAX, Timer

        timer = Timer(min(seconds, TIMEOUT_MAX), self._force, (status, reason))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _force(self, status: str, reason: str) -> None:
        assert self._process is not None
        if self._over:
            return
        self.forced = self.forced or (status, reason + IGNORED)
        end_tree(self._process.pid)

    def close(self) -> None:
        """The process has ended: nothing is sent to it any more, its number may be another's soon."""
        self._over = True
        for timer in self._timers:
            timer.cancel()

    def interrupt(self, number: int, frame: object) -> None:
        """Pass a Ctrl-C on; a second one soon after the first kills."""
        now = time.monotonic()
        impatient = now - self._last < _IMPATIENCE
        self.interrupts += 1
        self._last = now
        # From a terminal the script gets it, too, unless it came before there was a process.
        at_terminal = self._process is not None and _at_terminal()
        gentle = AT_TERMINAL if at_terminal else signal.SIGINT
        self.pass_on(KILL if impatient else gentle)


class _Told:
    """The process of a run, for who started it: what he sends is seen to, as what we pass on is."""

    def __init__(self, process: Process, signals: _Signals) -> None:
        self.pid = process.pid
        self.wait = process.wait
        self.send_signal: Callable[[int], None] = signals.pass_on


def run_in_foreground(
    job: Job,
    *,
    out: Write | None = None,
    err: Write | None = None,
    starting: Callable[[Job, Relay], Process] | None = None,
    started: Callable[[Process], None] = lambda process: None,
    stop: Callable[[], None] | None = None,
    mask: set[int] | None = None,
) -> Outcome:
    """Run an attempt while its output, and our input and signals, are passed on.

    Args:
        job: The attempt.
        out: Is given what it prints on stdout, in place of our own stdout.
        err: Is given what it prints on stderr, in place of our own stderr.
        starting: Starts its process, whose parent is the run's init; else a new interpreter.
        started: Is called with its process when it has been started.
        stop: Stops us on Ctrl-Z, when nobody has to wait for us; None for at once.
        mask: The signals to block from when they can be passed on; None for those that are.

    Raises:
        LauncherError: It can't be started.
        KeyboardInterrupt: A Ctrl-C came before it was started.
        StoreError: How it ended can't be written.
    """
    with _passing_signals_on(stop) as signals:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        relay = Relay(job.attempt.output, out, err)
        try:
            if signals.interrupts:  # before there is anything to interrupt
                raise KeyboardInterrupt
            process = starting(job, relay) if starting else _new_interpreter(job, relay)
            # Now, while it can't have been waited for, as sending it a signal may.
            end = _end_of(process)
            try:
                signals.are_for(process, job.timeout)
                started(_Told(process, signals))
                relay.run(end)
            finally:
                os.close(end)
            process.wait()
        finally:
            signals.close()
            relay.close()
    if starting is not None and not os.path.exists(job.attempt.outcome):
        end_descendants()
    try:
        status, reason = signals.forced or (INTERRUPTED, INIT_KILLED)
        settle_attempt(job.id, job.attempt, status=status, reason=reason, slot=job.slot)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(
            f"how the run ended can't be written ({job.attempt.outcome}): {reason}.",
            path=job.attempt.outcome,
        ) from error
    outcome = read_outcome(job.attempt)
    assert outcome is not None  # settled
    outcome.log_fault = relay.log_fault
    outcome.output_fault = relay.output_fault
    outcome.interrupts = signals.interrupts
    return outcome


def _new_interpreter(job: Job, relay: Relay) -> Process:
    from .fresh import start

    return start(job, None, relay.stdout, relay.stderr, foreground=True)


def _end_of(process: Process) -> int:
    """A descriptor that becomes readable when a process has ended."""
    return os.pidfd_open(process.pid)


@contextmanager
def _passing_signals_on(stop: Callable[[], None] | None) -> Iterator[_Signals]:
    """Let the signals that tell us to end be for the run, through its init."""
    import threading

    signals = _Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals  # only the main thread gets signals
        return
    handlers: dict[int, Callable[[int, object], None]] = {
        number: signals.pass_on
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
        if signal.getsignal(number) is signal.SIG_DFL
    }
    if signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, signal.default_int_handler):
        handlers[signal.SIGINT] = signals.interrupt
    if stop is not None and signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
        handlers[signal.SIGTSTP] = lambda which, frame: stop()  # the script has got it, too
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _at_terminal() -> bool:
    """Whether a Ctrl-C comes from a terminal, which sends it to the script, too."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
