"""The init of runs under the warm launcher: forks the process of one run after another.

It is forked itself, once for each run that is to go on beside others, from a server that has made
the scripts' leading imports. What it does for a run is what every run's init does (see `init`); it
loads nothing that a script would find loaded, or ends after that run.
"""

from __future__ import annotations

import os
import select
import sys
import time
from gc import freeze

from ..runs.outcome import CANCELLED
from ..runs.paths import RunPaths
from . import warm_child
from .init import (
    _HEARD,
    AT_TERMINAL,
    PR_SET_CHILD_SUBREAPER,
    Init,
    Orders,
    prctl,
    tell_unwritten,
)
from .messages import Messages
from .prepared import Preparation
from .warm_child import MARKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..runs.paths import AttemptPaths
else:  # what is below `signal`, as in `init`
    import _signal as signal

_LOOKS = 0.005  # how often it is looked whether what a script left behind has ended, in seconds

_SIGNALS = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM, "kill": signal.SIGKILL}


class WarmInit:
    """Serves until there is nothing more to serve.

    Args:
        control: To and from the coordinator.
        begun: A descriptor by which it finds out, if it ever asks, that a run has begun.
        owner: The process id of the coordinator.
        owner_fd: A descriptor that tells of its end.
        server_fd: One that tells of the server's: between runs that is the end of this process.
        idle: How long to wait for a run, in seconds.
        place: Where in memory the ids of a run are put, as `place_of_ids()` says.
        is_stale: Whether what was imported has changed on disk; looks now and then, or at once.
    """

    def __init__(
        self,
        control: Messages,
        begun: int,
        owner: int,
        owner_fd: int,
        server_fd: int,
        idle: float,
        place: object,
        is_stale: Callable[[bool], bool],
    ) -> None:
        self.control = control
        self.begun = begun
        self.owner = owner
        self.owner_fd = owner_fd
        self.server_fd = server_fd
        self.idle = idle
        self.place = place
        self.is_stale = is_stale
        self.poll = select.poll()
        for fd in (control.fd, owner_fd, server_fd):
            self.poll.register(fd, select.POLLIN)
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        # What would end this process waits until it is asked for, between runs for ever: the
        # coordinator's end is what ends us. A run's process takes its own mask.
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, (*_HEARD, signal.SIGTSTP))
        self.childs_mask = (self.mask | {signal.SIGINT}) - {AT_TERMINAL}
        self.resource = sys.modules.get("resource")
        self.loaded = len(sys.modules)
        self.preparation = Preparation()
        self.flow: str | None = ""  # of the last run
        self.set: list[str] = []  # the variables that were set or unset for the last run

    def serve(self) -> dict[str, Any] | None:
        """Run what comes; give the order for a run in the process that is to run its script."""
        self.control.send(hello=os.getpid())
        while True:
            ready = {fd for fd, _ in self.poll.poll(self.idle * 1000)}
            if not ready or ready & {self.owner_fd, self.server_fd}:
                return None
            messages = self.control.receive()
            if messages is None:
                return None
            for message in messages:
                if "run" not in message:
                    continue  # a run was to be cancelled that has ended meanwhile
                flow = message["environ"].get("KOGINE_FLOW_ID")
                new, self.flow = flow != self.flow, flow
                if self.is_stale(new):
                    self.control.send(stale=message["run"])
                    return None
                if not {*_signals()} <= {signal.SIGCHLD}:
                    return None  # somebody has told this process to end
                if self._run(message):
                    return message
            if self._is_spoilt():
                return None

    def _run(self, order: dict[str, Any]) -> bool:
        """Fork a run's process and see to it until its end; True in that process."""
        paths = RunPaths(order["folder"])
        attempt = paths.attempt(order["attempt"])
        os.eventfd_write(self.begun, 1)  # a message would wake it, and it has nothing to do
        started = time.time()
        _open_as((0,), os.devnull, os.O_RDWR)  # what is set of it would be so for the next run
        _write_to(attempt.output)
        order["what"] = (paths, attempt, self.preparation.of(paths))
        # Here, and not in the fork, which would have to copy what is written to.
        warm_child.write_ids(self.place, order["environ"])
        self._set_environment(order["environ"])
        self._hide()
        parent = os.getpid()
        freeze()  # a collection in the fork has nothing to do with what is here
        child = os.fork()
        if not child:
            warm_child.die_with_parent(parent)
            signal.pthread_sigmask(signal.SIG_SETMASK, self.childs_mask)
            os.setpgid(0, 0)
            for fd in (self.control.fd, self.begun, self.owner_fd, self.server_fd):
                os.close(fd)
            return True
        if self.resource is not None:
            sys.modules["resource"] = self.resource
        orders = Orders(self.owner, order["timeout"], order["max_log"], order["slot"])
        init = _RunInit(child, attempt, orders, started, self, order)
        try:
            init.run()
        except OSError as error:  # most likely the disk is full; whoever asks finds no outcome
            tell_unwritten(error)
        finally:
            init.release()
            _write_to(os.devnull)
            warm_child.write_ids(self.place, MARKS)
        self._hide()
        self.control.send(ended=order["run"], last=self._is_spoilt())
        return False

    def _set_environment(self, variables: dict[str, str | None]) -> None:
        """Set what the next run's process finds in its environment; None unsets."""
        for name, value in {**dict.fromkeys(self.set), **variables}.items():
            if value is None:
                os.environ.pop(name, None)
            elif os.environ.get(name) != value:
                os.environ[name] = value
        self.set = list(variables)

    def _hide(self) -> None:
        """Hide what os.wait4() loads, where no script is to find it loaded."""
        if "resource" in sys.modules and "resource" not in warm_child.loaded:
            self.resource = sys.modules.pop("resource")

    def _is_spoilt(self) -> bool:
        """Whether watching a run has loaded what no script is to find loaded."""
        return len(sys.modules) > self.loaded


class _RunInit(Init):
    """The init of one run among several."""

    def __init__(
        self,
        child: int,
        attempt: AttemptPaths,
        orders: Orders,
        started: float,
        server: WarmInit,
        order: dict[str, Any],
    ) -> None:
        self.control = server.control
        self.fd = server.owner_fd
        self.id = order["run"]
        self.has_owner = True
        super().__init__(child, attempt, orders, started)
        if self.deadline is not None:
            self.deadline -= order["waited"]
        self.poll.register(self.control.fd, select.POLLIN)

    def _watch_signals(self) -> None:
        """They are held back in this process, so that the end of the child has to wake it."""
        self.wake = os.pidfd_open(self.child)
        self.poll.register(self.wake, select.POLLIN)

    def _signals(self) -> Iterable[int]:
        return _signals()

    def _reap(self) -> bool:
        left = super()._reap()
        if self.status is not None:
            self.release()
        return left

    def release(self) -> None:
        """Let go of what tells of the child's end; nothing happens when that has been done."""
        if self.wake >= 0:
            self.poll.unregister(self.wake)
            os.close(self.wake)
            self.wake = -1

    def _wait(self, until: float | None) -> None:
        # Of the end of what the script has left behind nothing tells: it is looked at often.
        soon = time.monotonic() + _LOOKS if self.status is not None else None
        super()._wait(min(filter(None, (until, soon)), default=None))

    def _watch_owner(self) -> int | None:
        self.poll.register(self.fd, select.POLLIN)
        return self.fd

    def _has_owner(self) -> bool:
        return self.has_owner

    def _lose_owner(self) -> None:
        self.poll.unregister(self.control.fd)
        super()._lose_owner()

    def _hear(self, fd: int) -> None:
        if fd != self.control.fd:
            self.has_owner = False
            return
        messages = self.control.receive()
        if messages is None:
            self.has_owner = False
        for message in messages or ():
            if message.get("cancel") == self.id:
                how = message["how"]
                reason = "it was killed on request" if how == "kill" else "it was cancelled"
                self._stop(CANCELLED, reason, _SIGNALS[how])


def _signals() -> list[int]:
    """The signals that wait for this process; they don't any more."""
    found = []
    while (info := signal.sigtimedwait(_HEARD, 0)) is not None:
        found.append(info.si_signo)
    return found


def _write_to(path: str) -> None:
    """Have this process' output, and that of what it forks, go to a file."""
    _open_as((1, 2), path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _open_as(standard: tuple[int, ...], path: str, flags: int) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
    for number in standard:
        os.dup2(fd, number)
    os.close(fd)
