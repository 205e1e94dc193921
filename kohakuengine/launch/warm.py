"""Run each script in a process forked from one that has made its imports already."""

from __future__ import annotations

import os
import select
import time
from functools import partial
from importlib.machinery import all_suffixes

from ..errors import LauncherError
from ..runs.outcome import CANCELLED, FAILED, TIMED_OUT
from .folder import folder_to_start_in
from .fresh import Fresh
from .leading import Leading
from .registry import can_fork
from .survivors import settle_attempt
from .surroundings import LOOKS, Surroundings
from .warm_servers import HELLO, MOST, Lane, Server, idle_limit, keep_servers, take_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..engine.script import Script
    from .base import Job
    from .leading import Import


class Warm:
    """Gives each attempt a process forked from a clean server: as isolated as `fresh`, but at once.

    The server has made the imports with which the script begins, and nothing else. Where they do
    what a script could notice, or what doesn't survive a fork, the attempt gets a new interpreter,
    and its outcome says why.

    Args:
        idle: After how many seconds without use a server ends; `$KOGINE_WARM_IDLE` if None, and
            without that 10 minutes.

    Raises:
        LauncherError: That isn't a number above 0.
    """

    def __init__(self, idle: float | None = None) -> None:
        self._idle = idle_limit(idle)
        self._fresh = Fresh()
        self._waiting: dict[str, tuple[Job, Server]] = {}  # for their server to be ready
        self._lanes: dict[str, tuple[Job, Lane]] = {}
        self._since: dict[str, float] = {}  # when those that wait for either began to
        self._surroundings = Surroundings()
        self._leading: dict[tuple[Script, str], Leading] = {}
        self._beside: dict[str, tuple[float, set[str]]] = {}
        self._folders: dict[tuple[Script | None, str | None], tuple[float, str]] = {}
        # Ours alone, by what they were started with; the one used last at the end.
        self._servers: dict[tuple[object, ...], Server] = {}

    def submit(self, job: Job) -> None:
        """Have an attempt's process forked, as soon as there is a server for it."""
        if not can_fork():
            self._fresh.submit(
                job, "processes are forked only on Linux, where there is os.pidfd_open"
            )
            return
        with open(job.attempt.output, "ab"):
            pass  # so that it is there, or is seen not to be possible
        since = self._since.pop(job.id, time.monotonic())
        job.cwd = folder_to_start_in(job.cwd)
        server = self._server_for(job)
        if server.unfit is not None:
            self._fresh.submit(job, server.unfit)
        elif server.ready:
            self._dispatch(job, server, since)
        else:
            self._waiting[job.id] = (job, server)
            self._since[job.id] = since

    def poll(self, ids: Sequence[str]) -> list[str]:
        """Those whose init says so, or has ended."""
        self._listen()
        self._end_waits()
        ours = {*self._waiting, *self._lanes}
        fresh = set(self._fresh.poll([id for id in ids if id not in ours]))
        return [id for id in ids if id in fresh]

    def cancel(self, ids: Sequence[str], how: str) -> None:
        """Tell the runs' inits, which see to the rest."""
        for id in ids:
            if id in self._since:  # nothing has been started that would end
                self._settle(self._leave(id), CANCELLED, "it was cancelled")
            elif id in self._lanes:
                self._lanes[id][1].tell(cancel=id, how=how)
        self._fresh.cancel([id for id in ids if id not in self._lanes], how)

    def force(self, ids: Sequence[str]) -> None:
        """Kill inits that don't do what they are told, with all that is theirs."""
        for id in ids:
            if id in self._lanes and id not in self._since:
                self._lanes[id][1].kill()
        self._fresh.force(ids)

    def wake_fds(self) -> list[int]:
        """Those by which servers and inits tell, and those of new interpreters."""
        servers = {server for _, server in self._waiting.values()}
        lanes = [lane.messages.fd for _, lane in self._lanes.values()]
        return [*(server.messages.fd for server in servers), *lanes, *self._fresh.wake_fds()]

    def close(self) -> None:
        """Leave the servers to the next flow."""
        self._fresh.close()
        for server in self._servers.values():
            if server.is_starting() or server.ended():  # its imports may never come to an end
                server.retire()
        keep_servers(server for server in self._servers.values() if not server.ended())
        self._servers.clear()

    # ---- starting ----

    def _server_for(self, job: Job) -> Server:
        imports = self._imports_of(job)
        names = ((module, *([what] if isinstance(what, str) else what)) for module, what in imports)
        key = (*self._surroundings.key(job), *names, self._idle)
        server = self._servers.pop(key, None)
        if server is not None and server.ended():
            server.retire()  # also the inits that still see to a run of it end then
            server = None
        if server is None:
            self._make_room()
            environ = self._surroundings.environment(job)
            server = take_server(key, environ, job.cwd, imports, self._idle)
        self._servers[key] = server
        return server

    def _make_room(self) -> None:
        """End the server whose last use is longest ago, where there are as many as may be."""
        waited_for = [server for _, server in self._waiting.values()]
        for key, server in list(self._servers.items()):
            if len(self._servers) < MOST:
                return
            if not server.is_busy() and server not in waited_for:
                del self._servers[key]
                server.close()

    def _imports_of(self, job: Job) -> list[Import]:
        script = job.script
        if script is None:
            return []
        key = script, self._folder_of(job)
        leading = self._leading.get(key)
        if leading is None or not leading.is_current():
            leading = Leading(script.read(), key[1], _full_name(script))
            self._leading[key] = leading
        return leading.imports

    def _folder_of(self, job: Job) -> str:
        """The folder of a run's script; looked at now and then."""
        key = job.script, job.cwd
        until, folder = self._folders.get(key, (0.0, ""))
        now = time.monotonic()
        if now >= until:
            folder = _folder_of(job)
            self._folders[key] = now + LOOKS, folder
        return folder

    def _names_beside(self, folder: str) -> set[str]:
        """The names of what may be a module in a script's folder; looked at now and then."""
        until, names = self._beside.get(folder, (0.0, set()))
        now = time.monotonic()
        if now >= until:
            try:
                names = set(map(_module_name, os.listdir(folder)))
            except OSError:
                names = set()  # it is gone: nothing can be imported from it
            self._beside[folder] = (now + LOOKS, names)
        return names

    def _dispatch(self, job: Job, server: Server, since: float) -> None:
        folder = self._folder_of(job)
        reason = server.shadowed_by(folder, self._names_beside(folder))
        lane = None if reason else server.lane()
        if lane is None:
            self._fresh.submit(job, reason or server.unfit or "its server has ended")
            return
        self._lanes[job.id] = (job, lane)
        self._since[job.id] = since
        if lane.pid:
            self._hand_over(job, lane)

    def _hand_over(self, job: Job, lane: Lane) -> None:
        waited = time.monotonic() - self._since.pop(job.id)
        lane.run(job, self._surroundings.variables(job), waited)

    # ---- waiting ----

    def _end_waits(self) -> None:
        """See to attempts that have waited for a server for too long."""
        now = time.monotonic()
        for id in list(self._since):
            timeout = self._of(id).timeout
            if timeout and now >= self._since[id] + timeout:
                reason = f"it took longer than {timeout:g} s, and hasn't come beyond its imports"
                self._settle(self._leave(id), TIMED_OUT, reason)
            elif id in self._lanes and now >= self._lanes[id][1].opened + HELLO:
                server = self._lanes[id][1].server
                job = self._leave(id)
                server.kill()
                reason = f"its server hasn't answered for {HELLO:g} s"
                self._late(job, partial(self._fresh.submit, job, reason))

    def _of(self, id: str) -> Job:
        return (self._waiting.get(id) or self._lanes[id])[0]

    def _leave(self, id: str) -> Job:
        """Have an attempt wait no longer for a server, of which nothing is kept that goes on."""
        del self._since[id]
        if id in self._lanes:
            job, lane = self._lanes.pop(id)
            lane.close()
            return job
        job, server = self._waiting.pop(id)
        if not any(other is server for _, other in self._waiting.values()):
            server.kill()
        return job

    def _settle(self, job: Job, status: str, reason: str) -> None:
        settle_attempt(job.id, job.attempt, status=status, reason=reason, slot=job.slot)

    # ---- listening ----

    def _listen(self) -> None:
        died = {server for _, server in self._waiting.values() if server.has_died()}
        fds = {server.messages.fd: id for id, (_, server) in self._waiting.items()}
        fds.update({lane.messages.fd: id for id, (_, lane) in self._lanes.items()})
        if not fds:
            return
        poll = select.poll()
        for fd in fds:
            poll.register(fd, select.POLLIN)
        for fd, _ in poll.poll(0):
            if fds[fd] in self._lanes:
                self._hear_lane(fds[fd])
            elif fds[fd] in self._waiting:
                server = self._waiting[fds[fd]][1]
                server.hear()
                self._submit_again(server)
        for server in died:  # unless it has said something before, that was all
            if server.is_starting():
                server.bury()
                self._submit_again(server)

    def _submit_again(self, server: Server) -> None:
        """Submit what has waited for a server, unless it is still at its imports."""
        if server.is_starting():
            return
        for job, waited_for in list(self._waiting.values()):
            if waited_for is server:
                del self._waiting[job.id]
                self._late(job, partial(self.submit, job))

    def _hear_lane(self, id: str) -> None:
        job, lane = self._lanes[id]
        messages = lane.messages.receive()
        for message in messages or ():
            if message.get("hello"):
                lane.pid = message["hello"]
                self._hand_over(job, lane)
            elif message.get("ended") == id:
                del self._lanes[id]
                lane.close() if message["last"] else lane.free()
            elif message.get("stale") == id:
                lane.server.retire()
        if messages is None and id in self._lanes:
            del self._lanes[id]
            begun = lane.has_begun()
            lane.close()
            if not (begun or lane.forced):  # the process of the run was certainly not started
                lane.server.lost += 1
                self._late(job, partial(self.submit, job))

    def _late(self, job: Job, submit: Callable[[], None]) -> None:
        """Submit a job that was taken on before; nobody but its outcome can be told of a refusal."""
        try:
            submit()
        except LauncherError as error:
            self._settle(job, FAILED, f"it couldn't be started: {error}".removesuffix("."))


def _folder_of(job: Job) -> str:
    """The folder in which a run finds the modules beside its script; "" where that is gone."""
    script = job.script
    if script is None:
        return ""
    try:
        if script.module is not None and job.cwd is not None:
            return os.path.realpath(job.cwd)
        return script.folder
    except OSError:
        return ""


def _full_name(script: Script) -> str | None:
    """The name of the module that is run, which for a package is one in it; None for a file."""
    module = script.module
    if module is None or module.rpartition(".")[2] == "__main__":
        return module
    is_package = os.path.basename(script.path) == "__main__.py"
    return f"{module}.__main__" if is_package else module


def _module_name(file: str) -> str:
    """The name by which a file, or a folder, would be imported."""
    suffix = next(filter(file.endswith, all_suffixes()), "")
    return file.removesuffix(suffix)
