"""End a process of ours, or wait for it to end as its user tells it to."""

from __future__ import annotations

import signal
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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
    process.kill()
    return process.wait()


def wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process to end, through one Ctrl-C: what that does is the process' to decide.

    A second Ctrl-C kills it.
    """
    for _ in range(2):
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
    process.kill()
    return process.wait()
