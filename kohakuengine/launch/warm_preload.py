"""Make a script's leading imports before it runs, and see whether it could notice."""

from __future__ import annotations

import os
import sys

from .warm_watch import Unfit, is_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence
    from typing import Any

    from .warm_watch import Watch
else:  # what is below `signal`, as in `init`
    import _signal as signal

# Modules whose native threads are no hindrance: after the fork children work as if these had never
# been. With the first version, and the last before the second, tests/launch/test_fork_safe.py has
# passed (docs/launchers.md says which these were); those in between are taken to be alike.
FORK_SAFE = {
    "numpy": ((1, 22), (2, 5)),
    "scipy": ((1, 8), (1, 18)),
    "pandas": ((1, 4), (3, 2)),
    "sklearn": ((1, 0), (1, 10)),
    "matplotlib": ((3, 5), (3, 12)),
    "pyarrow": ((17, 0), (27, 0)),
    "polars": ((1, 0), (2, 2)),
    "torch": ((2, 6), (2, 15)),
}
# Under which of those names a part of it is found that is a module by itself.
_PARTS_OF = {"_polars_runtime_": "polars"}
# Those whose threads aren't started when an extension is loaded, but after that. Of others such
# threads are at work already (OpenMP's of torch), and their forks hang.
_STARTING_LATER = frozenset({"polars"})

# The folders into which packages are installed; Debian has its own.
INSTALLED = frozenset({"site-packages", "dist-packages"})

_HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook")
_STREAMS = ("stdin", "stdout", "stderr")
_LISTS = ("path", "path_hooks")
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)


def preload(imports: Sequence[Sequence[Any]], watch: Watch) -> None:
    """Make imports.

    Args:
        imports: Modules, each with the names that are imported from it, or the folder in which
            alone there may be such a module for what follows to be imported.
        watch: What is to watch them.

    Raises:
        Unfit: One of them did what a script would see, or what doesn't survive a fork.
    """
    before = _state()
    shared = _shared_memory()
    with watch:
        for module, names in imports:
            if isinstance(names, str):
                if is_elsewhere(module, names):
                    break  # it would be imported in place of what was looked into
                continue
            if not _is_installed(module.partition(".")[0]):
                break  # it may be edited between runs; what comes after it is to come after it
            starters = _import(module, names)
            for what in watch.seen:
                raise Unfit(f"importing {module} {what}")
            for what, value in _state().items():
                if value != before[what]:
                    raise Unfit(f"importing {module} changes {what}")
            _check_threads(module, starters)
    watch.check()
    _check_processes()
    if _shared_memory() - shared:
        raise Unfit("an import makes memory, or a lock, that all runs would share")
    _check_endings()


def _import(module: str, names: Sequence[str]) -> _Starters:
    text = f"from {module} import {', '.join(names)}" if names else f"import {module}"
    code = compile(text, "<string>", "exec")
    starters = _Starters()
    try:
        with starters:
            exec(code, {"__name__": "__main__"})  # warnings are shown or not by who imports
    except BaseException as error:
        raise Unfit(f"importing {module} raises {type(error).__name__}") from error
    _check_output(module)
    return starters


def is_elsewhere(name: str, folder: str) -> bool:
    """Whether there is a top-level module that isn't merely a folder in this one."""
    from _frozen_importlib_external import PathFinder

    spec = PathFinder.find_spec(name)
    if spec is None:
        return False
    places = set(map(os.path.realpath, spec.submodule_search_locations or ()))
    return spec.origin is not None or places != {os.path.join(folder, name)}


def _is_installed(name: str) -> bool:
    """Whether a top-level module is Python's own or lies in site-packages, for good."""
    from _frozen_importlib import FrozenImporter
    from _frozen_importlib_external import PathFinder

    if name in sys.builtin_module_names or FrozenImporter.find_spec(name) is not None:
        return True
    spec = PathFinder.find_spec(name)
    place = spec.origin if spec is not None else None
    if not place and spec is not None and spec.submodule_search_locations:
        place = next(iter(spec.submodule_search_locations))
    if not INSTALLED.isdisjoint(str(place).split(os.sep)):
        return True
    folder = os.path.dirname(os.__file__)  # of Python's own
    return name in sys.stdlib_module_names and str(place).startswith(folder + os.sep)


def _state() -> dict[str, object]:
    """What belongs to the whole process, and that a script could see."""
    state: dict[str, object] = {f"sys.{name}": list(getattr(sys, name)) for name in _LISTS}
    state.update({f"sys.{name}": getattr(sys, name) for name in (*_HOOKS, *_STREAMS)})
    state["a signal's handler"] = [signal.getsignal(n) for n in sorted(signal.valid_signals())]
    state["the signal mask"] = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    state["the working directory"] = os.stat(".")[1:3]  # it may have no name any more
    state["the open files"] = _open_files()
    state["tracing"] = (sys.gettrace(), sys.getprofile())
    state["the recursion limit"] = sys.getrecursionlimit()
    state["variables that are Python's or a run's own"] = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PYTHON") or is_own(name)
    }
    state["what Python threads there are"] = _python_threads()
    state["a timer"] = [signal.getitimer(timer)[0] > 0 for timer in _TIMERS]
    return state


def _open_files() -> dict[str, str]:
    files = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            files[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue  # it was that of the listing
    return files


def _python_threads() -> tuple[int, int]:
    import _thread

    threading = sys.modules.get("threading")
    return threading.active_count() if threading is not None else 1, _thread._count()


def _threads() -> set[str]:
    return set(os.listdir("/proc/self/task"))


def _shared_memory() -> set[bytes]:
    """What this process has mapped so that it and its forks write to the same."""
    with open("/proc/self/maps", "rb") as file:
        return {line for line in file if line.split(None, 2)[1] in (b"rw-s", b"rwxs", b"-w-s")}


def _check_output(module: str) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if any(os.fstat(fd).st_size for fd in (1, 2)):
        raise Unfit(f"importing {module} writes something")


class _Starters:
    """While active, sees which extensions start threads when they are loaded."""

    def __enter__(self) -> None:
        from _frozen_importlib_external import ExtensionFileLoader

        self._loader = ExtensionFileLoader
        self._plain = {name: vars(self._loader)[name] for name in ("create_module", "exec_module")}
        self._explained = _threads()
        self._links, self._seen = 0, self._explained
        self.found: set[str] = set()
        for name, function in self._plain.items():
            setattr(self._loader, name, self._watched(function))

    def __exit__(self, *_: object) -> None:
        for name, function in self._plain.items():
            setattr(self._loader, name, function)

    def _watched(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def watched(loader: Any, what: Any) -> Any:
            before = self._now()
            try:
                return function(loader, what)
            finally:
                started = self._now() - before - self._explained  # less those of what it loads
                family = _family_of_file(loader.path) or loader.name.partition(".")[0]
                if started and family not in sys.stdlib_module_names:  # Python's own start none
                    self._explained |= started
                    self.found.add(family)

        return watched

    def _now(self) -> set[str]:
        """The threads there are: their folder has a link for each, which is sooner looked at."""
        links = os.stat("/proc/self/task").st_nlink
        if links != self._links:
            self._links, self._seen = links, _threads()
        return self._seen

    def unexplained(self) -> bool:
        """Whether there are threads that weren't started when an extension was loaded."""
        return not _threads() <= self._explained


def _check_threads(module: str, starters: _Starters) -> None:
    """Native threads are no hindrance where a proven module has started them."""
    found = starters.found
    if starters.unexplained():
        found |= _STARTING_LATER.intersection(map(_native_family, sys.modules.copy()))
        if found.isdisjoint(_STARTING_LATER):
            raise Unfit(f"importing {module} starts threads, and whose they are isn't known")
    for name in sorted(found):
        if name not in FORK_SAFE:
            raise Unfit(f"importing {module} starts threads, perhaps those of {name}")
        text = str(getattr(sys.modules.get(name), "__version__", ""))
        if not is_proven(name, text):
            raise Unfit(f"importing {module} starts threads, and {name} {text} isn't proven")


def is_proven(name: str, text: str) -> bool:
    """Whether it is shown that a version of a module in `FORK_SAFE` works in forks."""
    first, end = FORK_SAFE[name]
    numbers = [part for part in text.split(".")[:2] if part.isdecimal()]
    version = tuple(map(int, numbers))
    return len(version) == 2 and first <= version < end


def _native_family(name: str) -> str | None:
    """The installed module to which a loaded extension belongs, or None for anything else."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if not isinstance(file, str) or not file.endswith(".so") or name in sys.stdlib_module_names:
        return None
    return _family_of_file(file) or name


def _family_of_file(file: str) -> str | None:
    """The top-level module in whose folder an extension lies, whatever that calls itself."""
    for entry in sys.path:
        if os.path.basename(entry) in INSTALLED and file.startswith(entry + os.sep):
            name = file[len(entry) + 1 :].partition(os.sep)[0].partition(".")[0]
            return next((whole for part, whole in _PARTS_OF.items() if name.startswith(part)), name)
    return None


def _check_processes() -> None:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    raise Unfit("an import starts a process")


def _check_endings() -> None:
    """What an import leaves for the end of its process is done for it, and not for each fork."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None and vars(util)["_finalizer_registry"]:
        raise Unfit("an import registers a multiprocessing.util.Finalize")
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None and vars(tempfile)["_name_sequence"] is not None:
        raise Unfit("an import makes a temporary file")
