"""The warm server: makes the leading imports of a script, and forks processes that run it.

It is started as a new interpreter and never runs a script itself. Its owner, the coordinator's
process, is told whether it is fit; then each socket that it is sent is given to an init of its own
(see `warm_init`), which forks the processes of runs. It ends when its owner does, when its owner
lets go of it, when it hasn't been used for a while, or when a file that it has imported changes.
"""

from __future__ import annotations

import os
import select
import sys
import time
from _frozen_importlib_external import PathFinder
from gc import collect, freeze

from ..config.siblings import NEVER_HIDDEN
from . import warm_child, warm_end
from .init import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, prctl
from .messages import Messages
from .script_run import run_script, write_lines_at_once
from .warm_entropy import Entropy
from .warm_init import WarmInit
from .warm_preload import INSTALLED, is_elsewhere, preload
from .warm_watch import Unfit, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any
else:  # what is below `signal`, as in `init`
    import _signal as signal

_LOOKS = 1.0  # how often imported files are looked at, at most, in seconds


def main(fd: str, owner: str, idle: str, names: str) -> None:
    """Serve, and in the process of each run, run it.

    Args:
        fd: The descriptor of the socket to the coordinator.
        owner: The process id of the coordinator.
        idle: After how many seconds without use to end.
        names: Of what is imported, for those who look at the command line.
    """
    server = _Server(int(fd), int(owner), float(idle))  # to be there when a run's process ends
    order = server.serve()
    if order is None:
        os._exit(0)  # nothing of a script has been in this process
    warm_child.renew()
    # Called from here, so that as many frames are below the script as in a new interpreter.
    try:
        status = run_script(*order.pop("what"))
    except BaseException as error:
        status = warm_end.ending_of(error)
    warm_end.end(status)


class _Server:
    def __init__(self, fd: int, owner: int, idle: float) -> None:
        from _socket import CMSG_SPACE, socket

        del sys.modules["_socket"]  # a script imports it anew
        os.set_inheritable(fd, False)
        self.room = CMSG_SPACE(8)  # two descriptors
        self.socket = socket(fileno=fd)
        self.control = Messages(fd)
        self.owner = owner
        self.owner_fd = os.pidfd_open(owner)
        self.own_fd = os.pidfd_open(os.getpid())  # tells its inits of its end
        self.idle = idle
        # What modules were loaded, or looked for; those that packages are, with their folder.
        self.families: dict[str, str | None] = {}
        self.files: dict[str, tuple[int, int]] = {}
        self.missing: list[str] = []  # what was looked for, and isn't there
        self.only_local: list[tuple[str, str]] = []  # what was to be only in a folder, and is
        self.looked = time.monotonic()
        self.init: WarmInit | None = None

    def serve(self) -> dict[str, Any] | None:
        """Serve to the end; give the order for a run in the process that is to run its script."""
        warm_child.die_with_parent(self.owner)  # it may never come to listen
        messages = self.control.receive()
        if not messages:
            return None
        try:
            prctl(PR_SET_CHILD_SUBREAPER, 1)  # whatever an import starts becomes our child
            place = self._prepare(messages[0]["imports"])
        except (Unfit, OSError, ValueError) as error:
            _end_children()
            self.control.send(unfit=str(error))
            return None
        prctl(PR_SET_CHILD_SUBREAPER, 0)  # what an init leaves isn't ours
        prctl(PR_SET_PDEATHSIG, 0)  # the thread that has started us may end before its process
        self.control.send(ready=True, families=self.families)
        return self._accept(place)

    def _prepare(self, imports: list[Any]) -> object:
        place = warm_child.place_of_ids()
        _load_what_runs_need()
        at = time.time_ns()
        entropy = Entropy()
        watch = Watch(entropy.hooks())
        always = NEVER_HIDDEN.intersection(sys.modules)  # also in each new interpreter
        preload(imports, watch)
        warm_child.renewals += entropy.renewals()
        families = {n.partition(".")[0] for n in sys.modules} | watch.sought
        self.families = {name: _home(name) for name in sorted(families - always)}
        self.missing = [
            n for n in watch.sought if n not in sys.modules and not PathFinder.find_spec(n)
        ]
        only_local = ((name, what) for name, what in imports if isinstance(what, str))
        self.only_local = [pair for pair in only_local if not is_elsewhere(*pair)]
        self.files = _files_of_modules()
        if any(changed > at for changed, _ in self.files.values()):
            raise Unfit("a file changed while it was imported")
        warm_child.note_modules()
        collect(1)  # what has been made since
        freeze()  # a collection in a child would copy every page
        return place

    def _accept(self, place: object) -> dict[str, Any] | None:
        poll = select.poll()
        for fd in (self.control.fd, self.owner_fd):
            poll.register(fd, select.POLLIN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system collects the inits
        while True:
            ready = {fd for fd, _ in poll.poll(self.idle * 1000)}
            if self.owner_fd in ready or (not ready and not _has_children()):
                return None
            if self.control.fd not in ready:
                continue
            data, extra, _, _ = self.socket.recvmsg(1 << 16, self.room)
            if not data:
                return None
            for _, _, sent in extra:
                fd, begun = (int.from_bytes(sent[n : n + 4], sys.byteorder) for n in (0, 4))
                if not os.fork():
                    return self._be_init(fd, begun, place)
                os.close(fd)
                os.close(begun)

    def _be_init(self, fd: int, begun: int, place: object) -> dict[str, Any] | None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.close(self.socket.detach())
        control = Messages(fd)
        fds = self.owner_fd, self.own_fd
        # Kept, also in the forks: to let go of it there would have the system copy where it is.
        self.init = WarmInit(control, begun, self.owner, *fds, self.idle, place, self._is_stale)
        try:
            return self.init.serve()
        except BrokenPipeError:
            return None  # nobody is there any more

    def _is_stale(self, at_once: bool) -> bool:
        now = time.monotonic()
        if now < self.looked + _LOOKS and not at_once:
            return False
        self.looked = now
        changed = any(_stamp(file) != stamp for file, stamp in self.files.items())
        found = any(map(PathFinder.find_spec, self.missing))
        return changed or found or any(is_elsewhere(*pair) for pair in self.only_local)


def _load_what_runs_need() -> None:
    """Import what a run's process would import for itself."""
    import _collections  # type: ignore[import-not-found]
    import marshal

    assert all((_collections, marshal))
    write_lines_at_once()
    del sys.modules["gc"]  # which we alone have loaded so far


def _home(name: str) -> str | None:
    """The folder of installed packages in which a loaded one was found; None for any other."""
    module = sys.modules.get(name)
    file, places = getattr(module, "__file__", None), getattr(module, "__path__", None)
    place = places[0] if isinstance(places, list) and places else file
    folder = os.path.dirname(place) if isinstance(place, str) else ""
    return os.path.realpath(folder) if os.path.basename(folder) in INSTALLED else None


def _files_of_modules() -> dict[str, tuple[int, int]]:
    stamps = {}
    for module in sys.modules.copy().values():
        file = getattr(module, "__file__", None)
        stamp = _stamp(file) if isinstance(file, str) else None
        if stamp:
            stamps[str(file)] = stamp
    return stamps


def _stamp(file: str) -> tuple[int, int] | None:
    """When a file was last changed, and its size; None where there is none."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _end_children() -> None:
    """End what imports have started."""
    if _has_children():
        from .survivors import end_descendants

        end_descendants()


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True
