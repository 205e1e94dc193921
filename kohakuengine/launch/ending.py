"""End a process of ours, or wait for it to end as its user tells it to."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How long a process is given after each way of being told to end, in seconds.
GRACE = 2.0


def end(process: subprocess.Popen[bytes]) -> int:
    """End a process: let it end, interrupt it, terminate it, kill it; give its exit status.

    At a terminal, and in a notebook, an interrupt has reached the process as it reached us, so it
    is first given the time to end by itself.
    """
    steps: list[Callable[[], None]] = [
        lambda: None,
        lambda: process.send_signal(signal.SIGINT),
        process.terminate,
    ]
    for tell in steps:
        tell()
        try:
            return process.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
        except KeyboardInterrupt:  # a second one: there is no more patience
            break
    process.kill()
    return process.wait()


def wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process to end, through one Ctrl-C: what that does is the process' to decide.

    A second Ctrl-C kills it, which counts as an end by the first.
    """
    for _ in range(2):
        try:
            return process.wait()
        except KeyboardInterrupt:
            if not _at_terminal():  # nobody but us has got it
                process.send_signal(signal.SIGINT)
    process.kill()
    process.wait()
    return -signal.SIGINT


def _at_terminal() -> bool:
    """Whether a Ctrl-C comes from a terminal, which sends it to the process, too."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


@contextmanager
def passing_signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass on to a process the signals that tell us to end, so that it doesn't outlive us."""
    names = ("SIGTERM", "SIGHUP", "SIGQUIT")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    numbers = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, lambda which, frame: process.send_signal(which))
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
