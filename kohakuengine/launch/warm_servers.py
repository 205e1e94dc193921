"""The warm servers of this process: each is one flow's at a time, and kept from flow to flow."""

from __future__ import annotations

import array
import atexit
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from ..errors import LauncherError
from .init import hold_interrupts
from .live_servers import MARK
from .messages import Messages
from .starting import interpreter
from .survivors import end_survivors, end_tree
from .warm_child import IDS, MARKS, ROOM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .base import Job
    from .leading import Import

# `python -m` would look for our modules, and those we need, in the working directory first.
IDLE = 600.0  # after how long without use a server ends, in seconds
VARIABLE = "KOGINE_WARM_IDLE"  # says otherwise
_LOSSES = 3  # how often a server may lose a run before it begins
HELLO = 10.0  # how long it is given to fork an init, in seconds
_PATIENCE = 2.0  # how long a server is given to end by itself, in seconds
MOST = 4  # how many servers a flow has, and how many are kept between flows; each holds memory

# Those that no flow has, the one used last at the end.
_kept: list[Server] = []
_keeping = threading.Lock()


def idle_limit(seconds: float | None = None) -> float:
    """After how long without use a server is to end, in seconds.

    Args:
        seconds: What was chosen; `$KOGINE_WARM_IDLE` if None, and without that 10 minutes.

    Raises:
        LauncherError: It isn't a number above 0.
    """
    chosen: object = os.environ.get(VARIABLE) or IDLE if seconds is None else seconds
    try:
        limit = float(chosen)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        limit = 0.0
    if not 0 < limit < float("inf"):
        raise LauncherError(
            f"a warm server's idle limit must be a number of seconds above 0, got {chosen!r}: "
            f"it is an argument of Warm, or the variable {VARIABLE}."
        )
    return limit


def take_server(
    key: tuple[object, ...],
    environ: dict[str, str],
    cwd: str | None,
    imports: list[Import],
    idle: float,
) -> Server:
    """A server that is nobody else's until it is given back: one that was kept, or a new one.

    Args:
        key: What it must have been started with.
        environ: Its environment, if it is a new one.
        cwd: Its working directory, likewise; None for that of this process.
        imports: What it is to import, likewise.
        idle: After how many seconds without use it is to end.

    Raises:
        LauncherError: None can be started.
    """
    with _keeping:
        found = next((server for server in reversed(_kept) if server.key == key), None)
        if found is not None:
            _kept.remove(found)
    if found is not None and not found.ended():
        return found
    if found is not None:
        found.close()
    return Server(key, environ, cwd, imports, idle)


def keep_servers(servers: Iterable[Server]) -> None:
    """Keep servers for the next flow of this process; the ones that are too many end.

    Those that were found unfit, or have ended, aren't kept: the next flow sees for itself.
    """
    with _keeping:
        atexit.unregister(_close_kept)
        atexit.register(_close_kept)
        surplus: list[Server] = []
        for server in servers:
            (_kept if server.is_of_use() else surplus).append(server)
        surplus += _kept[:-MOST]
        del _kept[:-MOST]
    for server in surplus:
        server.close()


def _close_kept() -> None:
    with _keeping:
        servers = list(_kept)
        _kept.clear()
    for server in servers:
        server.close()


def _forget_kept() -> None:
    """Let go, in a fork of this process, of the servers: they are its parent's."""
    global _keeping
    _keeping = threading.Lock()  # another thread may have held it
    for server in _kept:
        server.forget()
    _kept.clear()


os.register_at_fork(after_in_child=_forget_kept)


class Server:
    """A warm server, as it is seen from here.

    Attributes:
        key: What it was started with.
        messages: To and from it.
        ready: Whether it has made its imports.
        unfit: Why it can't be used, or None.
        lost: How often one of its inits ended before it began a run that it had been handed.
    """

    def __init__(
        self,
        key: tuple[object, ...],
        environ: dict[str, str],
        cwd: str | None,
        imports: list[Import],
        idle: float,
    ) -> None:
        self.key = key
        self.ready = False
        self.unfit: str | None = None
        self.lost = 0
        # By the first one is found what its imports have started.
        self._marks = {**MARKS, IDS[0]: os.urandom(ROOM // 2).hex()}
        self._retired = False
        self._families: dict[str, str | None] = {}
        self._idle: list[Lane] = []
        self._busy: set[Lane] = set()
        ours, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as output:
            names = dict.fromkeys(name for name, what in imports if isinstance(what, list))
            facts = (str(theirs.fileno()), str(os.getpid()), str(idle), ",".join(names))
            command = interpreter(MARK, *facts)
            mask = hold_interrupts()
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[theirs.fileno()],
                    cwd=cwd,
                    env={**environ, **self._marks},  # last, so that they lie beside each other
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                what = f"{error.filename}: " if error.filename else ""
                raise LauncherError(
                    f"no process can be started: {what}{error.strerror}."
                ) from error
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self.messages = Messages(ours.detach())
        try:
            self.messages.send(imports=imports)
        except OSError:  # it has ended before it could listen
            self.bury()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether there must be another in its place.

        One that died at its imports is none of those: what waits for it has yet to be told.
        """
        if self._retired:
            return True
        return self.ready and self.unfit is None and self._process.poll() is not None

    def is_of_use(self) -> bool:
        """Whether it is worth being kept."""
        return self.unfit is None and not self._retired and self._process.poll() is None

    def is_starting(self) -> bool:
        """Whether it is at its imports."""
        return not self.ready and self.unfit is None

    def has_died(self) -> bool:
        """Whether it has ended at its imports; what these have started may keep its socket open."""
        return self.is_starting() and self._process.poll() is not None

    def hear(self) -> None:
        """Take in what it says."""
        messages = self.messages.receive()
        for message in messages or ():
            if "unfit" in message:
                self.unfit = message["unfit"]
                self._process.wait()  # these were its last words
            else:
                self.ready = True
                families = message["families"].items()
                builtin = sys.builtin_module_names
                self._families = {name: home for name, home in families if name not in builtin}
        if messages is None and self.is_starting():
            self.bury()

    def bury(self) -> None:
        """Take in that it has ended at its imports."""
        self._process.wait()
        self.unfit = f"its server ended with status {self._process.returncode} at the imports"
        self._end_survivors()

    def shadowed_by(self, folder: str, beside: set[str]) -> str | None:
        """Which module beside a script would have been imported in place of what was, if any.

        Args:
            folder: The script's, links followed.
            beside: The names of those that lie there.
        """
        found = beside.intersection(self._families)
        for name in sorted(name for name in found if self._families[name] != folder):
            return f"{name} lies beside it, and an import has looked for {name} elsewhere"
        return None

    def lane(self) -> Lane | None:
        """An init that has no run; None where there can be none any more."""
        while self._idle:
            lane = self._idle.pop()
            if lane.is_there():
                self._busy.add(lane)
                return lane
            lane.close()
        if self.lost >= _LOSSES:
            self.unfit = "its server has lost runs"
            return None
        ours, theirs = socket.socketpair()
        begun = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        with theirs:
            lane = Lane(self, Messages(ours.detach()), begun)
            fds = array.array("i", [theirs.fileno(), begun])
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
            try:
                with socket.socket(fileno=os.dup(self.messages.fd)) as sender:
                    sender.sendmsg([b"lane"], rights)
            except OSError:
                lane.close()
                return None
        self._busy.add(lane)
        return lane

    def is_busy(self) -> bool:
        """Whether an init of it has a run."""
        return bool(self._busy)

    def keep(self, lane: Lane) -> None:
        """Keep an init for another run."""
        self._busy.discard(lane)
        if self._retired:
            lane.close()
        else:
            self._idle.append(lane)

    def drop(self, lane: Lane) -> None:
        """An init is gone."""
        self._busy.discard(lane)

    def retire(self) -> None:
        """Have another take its place: what goes on ends as it would."""
        self._retired = True
        self.close()

    def kill(self) -> None:
        """As `retire()`, where it may not listen to anybody."""
        self._process.kill()
        self.retire()

    def close(self) -> None:
        """End it, and its inits that have no run."""
        for lane in self._idle:
            lane.close()
        self._idle.clear()
        self.messages.close()
        starting = self.is_starting()
        if starting:  # it listens to nobody
            self._process.kill()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # somebody has stopped it
            self._process.kill()
            self._process.wait()
        if starting:
            self.unfit = "its server was ended at the imports"
            self._end_survivors()

    def _end_survivors(self) -> None:
        """End what its imports have started, where it has ended without doing so itself."""
        end_survivors([self._marks[IDS[0]]], IDS[0])

    def forget(self) -> None:
        """Let go of it in a fork of the process that started it, whose it stays."""
        self._process.returncode = 0  # we can't wait for it
        self.messages.close()
        for lane in self._idle:
            lane.close()


class Lane:
    """An init forked by a server, which sees to one run after the other.

    Attributes:
        server: That server.
        messages: To and from the init.
        opened: When it was asked for.
        pid: The init's process id, when it has said that it is there; else 0.
        forced: Whether it was killed since it didn't end that run when it was told to.
    """

    def __init__(self, server: Server, messages: Messages, begun: int) -> None:
        self.server = server
        self.messages = messages
        self._begun = begun  # counts the runs that the init has begun
        self._handed = 0
        self.opened = time.monotonic()
        self.pid = 0
        self.forced = False

    def run(self, job: Job, variables: dict[str, str | None], waited: float) -> None:
        """Hand it an attempt.

        Args:
            job: The attempt.
            variables: What it is to find set or, with None, unset in its environment.
            waited: How much of its time is over, in seconds.
        """
        self._handed += 1
        job.begun = time.monotonic() - waited
        self.tell(
            run=job.id,
            folder=job.paths.folder,
            attempt=job.number,
            slot=job.slot,
            timeout=job.timeout,
            waited=waited,
            max_log=job.max_log,
            environ={**dict.fromkeys(IDS), **variables},
        )

    def tell(self, **message: object) -> None:
        """Send it something; where it has ended, that is seen when it is listened to."""
        try:
            self.messages.send(**message)
        except OSError:
            return

    def has_begun(self) -> bool:
        """Whether it has begun the run that it was handed last; to be asked once, at its end."""
        try:
            return os.eventfd_read(self._begun) == self._handed
        except BlockingIOError:
            return False

    def kill(self) -> None:
        """End it by force, with all that is below it."""
        self.forced = True
        end_tree(self.pid)

    def is_there(self) -> bool:
        """Whether it waits for a run."""
        import select

        poll = select.poll()
        poll.register(self.messages.fd, select.POLLIN)
        return not poll.poll(0)  # it has nothing to say but its end

    def free(self) -> None:
        """It has no run any more."""
        self.server.keep(self)

    def close(self) -> None:
        """Let go of it; it ends."""
        self.messages.close()
        if self._begun >= 0:
            os.close(self._begun)
            self._begun = -1
        self.server.drop(self)
