"""Run a script in a fork of this process: for the command, whose process has nothing else to do."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from .init import PR_SET_CHILD_SUBREAPER, Orders, hold_interrupts, leave_script_to_child, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Job
    from .relay import Relay


class Forked:
    """A forked process; as far as it is used here, a `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def wait(self) -> int:
        """Wait for its end, and give its exit status."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal; nothing happens when it has ended."""
        if self._status is None:
            # Not reaped yet, so the number is still its own; but for the moment in which another
            # thread reaps it.
            with suppress(ProcessLookupError):
                os.kill(self.pid, sig)


class InScript(BaseException):
    """Raised in the fork, to leave everything that the command's own process still has to do."""


def fork(job: Job, relay: Relay) -> Forked:
    """Start the process of an attempt as a fork of this one.

    Raises:
        InScript: This is that process; what catches this runs the script.
    """
    orders = Orders(os.getpid(), job.timeout, job.max_log, job.slot, foreground=True)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    # Should the init be killed, we inherit what is left: a fork's environment, as the kernel shows
    # it, doesn't tell the run that it belongs to.
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    mask = hold_interrupts()  # for the script's process until it is that
    ends = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # else it couldn't be waited for
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return Forked(pid)
    for fd, theirs in ((1, relay.stdout), (2, relay.stderr)):
        if theirs is not None:
            os.dup2(theirs, fd)
    relay.close()
    signal.signal(signal.SIGCHLD, ends)
    os.environ.update(job.variables())
    if job.cwd is not None:
        os.chdir(job.cwd)
    leave_script_to_child(job.attempt, orders)
    raise InScript
