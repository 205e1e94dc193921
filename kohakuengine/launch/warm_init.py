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

from ..runs.outcome import CANCELLED
from ..runs.paths import RunPaths
from . import warm_child
from .init import (
    _HEARD,
    AT_TERMINAL,
    KILL,
    PR_SET_CHILD_SUBREAPER,
    Init,
    Orders,
    prctl,
)
from .messages import Messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import Any

    from ..runs.paths import AttemptPaths
else:  # what is below `signal`, as in `init`
    import _signal as signal

_SIGNALS = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM, "kill": signal.SIGKILL}


class WarmInit:
    """Serves until there is nothing more to serve.

    Args:
        control: To and from the coordinator.
        owner: The process id of the coordinator.
        owner_fd: A descriptor that tells of its end.
        idle: How long to wait for a run, in seconds.
        place: Where in memory the ids of a run are put, as `places_of_ids()` says.
        is_stale: Whether what was imported has changed on disk.
    """

    def __init__(
        self,
        control: Messages,
        owner: int,
        owner_fd: int,
        idle: float,
        place: tuple[int, int],
        is_stale: Callable[[], bool],
    ) -> None:
        self.control = control
        self.owner = owner
        self.owner_fd = owner_fd
        self.idle = idle
        self.place = place
        self.is_stale = is_stale
        self.poll = select.poll()
        self.poll.register(control.fd, select.POLLIN)
        self.poll.register(owner_fd, select.POLLIN)
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.has_resource = "resource" in sys.modules
        self.loaded = len(sys.modules)

    def serve(self) -> dict[str, Any] | None:
        """Run what comes; give the order for a run in the process that is to run its script."""
        while True:
            ready = {fd for fd, _ in self.poll.poll(self.idle * 1000)}
            if not ready or self.owner_fd in ready:
                return None
            messages = self.control.receive()
            if messages is None:
                return None
            for message in messages:
                if "run" not in message:
                    continue  # a run was to be cancelled that has ended meanwhile
                if self.is_stale():
                    self.control.send(stale=message["run"])
                    return None
                if self._run(message):
                    return message
            if self._is_spoilt():
                return None

    def _run(self, order: dict[str, Any]) -> bool:
        """Fork a run's process and see to it until its end; True in that process."""
        attempt = RunPaths(order["folder"]).attempt(order["attempt"])
        self.control.send(begun=order["run"])
        started = time.time()
        _write_to(attempt.output)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        parent = os.getpid()
        child = os.fork()
        if not child:
            warm_child.die_with_parent(parent)
            signal.pthread_sigmask(signal.SIG_SETMASK, (mask | {signal.SIGINT}) - {AT_TERMINAL})
            os.setpgid(0, 0)
            warm_child.write_ids(self.place, order["environ"])
            for fd in (self.control.fd, self.owner_fd):
                os.close(fd)
            return True
        orders = Orders(self.owner, order["timeout"], order["max_log"], order["slot"])
        try:
            init = _RunInit(child, attempt, orders, started, self, order["run"])
            try:
                init.run()
            except OSError as error:  # most likely the disk is full; whoever asks finds no outcome
                print(f"kogine: error: no outcome can be written: {error}.", file=sys.stderr)
            finally:
                init.release()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            _write_to(os.devnull)
        self.control.send(ended=order["run"], last=self._is_spoilt())
        return False

    def _is_spoilt(self) -> bool:
        """Whether watching a run has loaded what no script is to find loaded."""
        if not self.has_resource:
            sys.modules.pop("resource", None)  # os.wait4() loads it
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
        run: str,
    ) -> None:
        self.control = server.control
        self.fd = server.owner_fd
        self.id = run
        self.has_owner = True
        self.before = {n: signal.getsignal(n) for n in (*_HEARD, signal.SIGPIPE, signal.SIGTSTP)}
        super().__init__(child, attempt, orders, started)
        self.poll.register(self.control.fd, select.POLLIN)

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

    def release(self) -> None:
        """Be again as before the run."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        write = signal.set_wakeup_fd(-1)
        for fd in (self.wake, write):
            os.close(fd)
        for number, handler in self.before.items():
            signal.signal(number, handler)


def _write_to(path: str) -> None:
    """Have this process' output, and that of what it forks, go to a file."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    for standard in (1, 2):
        os.dup2(fd, standard)
    os.close(fd)
