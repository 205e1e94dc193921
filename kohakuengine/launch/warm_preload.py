"""Make a script's leading imports before it runs, and see whether it could notice."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence
    from typing import Any
else:  # what is below `signal`, as in `init`
    import _signal as signal

# Modules whose native threads are no hindrance: after the fork children work as if these had never
# been, as tests/launch/test_fork_safe.py shows with the versions that are installed there; others
# from the first to before the second are taken to be alike.
FORK_SAFE = {
    "numpy": ((1, 22), (3, 0)),
    "scipy": ((1, 8), (2, 0)),
    "pandas": ((1, 4), (4, 0)),
    "sklearn": ((1, 0), (2, 0)),
    "matplotlib": ((3, 5), (4, 0)),
    "pyarrow": ((17, 0), (28, 0)),
    "polars": ((1, 0), (3, 0)),
    "torch": ((2, 0), (3, 0)),
}
# Under which of those names a part of it is found that is a module by itself.
_PARTS_OF = {"_polars_runtime_": "polars"}

# The folders into which packages are installed; Debian has its own.
_INSTALLED = frozenset({"site-packages", "dist-packages"})

_HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook")
_STREAMS = ("stdin", "stdout", "stderr")
_LISTS = ("path", "path_hooks")


class Unfit(Exception):
    """Why scripts can't be forked from here without noticing."""


def preload(imports: Sequence[Sequence[Any]]) -> None:
    """Make imports.

    Args:
        imports: Modules, each with the names that are imported from it.

    Raises:
        Unfit: One of them did what a script would see, or what doesn't survive a fork.
    """
    before = _state()
    for module, names in imports:
        if not _is_installed(module.partition(".")[0]):
            break  # it may be edited between runs; what comes after it is to come after it
        known = set(sys.modules)
        starters = _Starters()
        try:
            with starters:
                __import__(module, {}, {}, names or None, 0)
        except BaseException as error:
            raise Unfit(f"importing {module} raises {type(error).__name__}") from error
        _check_output(module)
        _check_threads(module, starters.of(set(sys.modules) - known))
        for what, value in _state().items():
            if value != before[what]:
                raise Unfit(f"importing {module} changes {what}")
    _check_processes()


def _is_installed(name: str) -> bool:
    """Whether a top-level module is Python's own or lies in site-packages, for good."""
    from _frozen_importlib_external import PathFinder

    if name in sys.builtin_module_names or name in sys.stdlib_module_names:
        return True
    spec = PathFinder.find_spec(name)
    place = spec.origin if spec is not None else None
    if not place and spec is not None and spec.submodule_search_locations:
        place = next(iter(spec.submodule_search_locations))
    return not _INSTALLED.isdisjoint(str(place).split(os.sep))


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
    state["the environment's PYTHON variables"] = {
        name: value for name, value in os.environ.items() if name.startswith("PYTHON")
    }
    state["what Python threads there are"] = _python_threads()
    return state


def _open_files() -> dict[str, str]:
    files = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            files[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue  # it was that of the listing
    return files


def _python_threads() -> int:
    threading = sys.modules.get("threading")
    return threading.active_count() if threading is not None else 1


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


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
        self._threads = _threads()
        self._found: set[str] = set()
        for name, function in self._plain.items():
            setattr(self._loader, name, self._watched(function))

    def __exit__(self, *_: object) -> None:
        for name, function in self._plain.items():
            setattr(self._loader, name, function)

    def _watched(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def watched(loader: Any, what: Any) -> Any:
            before = _threads()
            try:
                return function(loader, what)
            finally:
                started = _threads() - before
                if started > 0:
                    self._threads += started
                    self._found.add(_family_of_file(loader.path) or loader.name)

        return watched

    def of(self, loaded: set[str]) -> set[str]:
        """Those of which it is known, and where there are other threads all that might have."""
        if _threads() <= self._threads:
            return self._found
        return self._found | set(filter(None, map(_native_family, loaded)))


def _check_threads(module: str, starters: set[str]) -> None:
    """Native threads are no hindrance where a proven module has started them."""
    for name in sorted(starters):
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
        if os.path.basename(entry) in _INSTALLED and file.startswith(entry + os.sep):
            name = file[len(entry) + 1 :].partition(os.sep)[0].partition(".")[0]
            return next((whole for part, whole in _PARTS_OF.items() if name.startswith(part)), name)
    return None


def _check_processes() -> None:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    raise Unfit("an import starts a process")


def entropy() -> list[Any]:
    """The bit generators of numpy's that an import has seeded by chance: each run needs others.

    Raises:
        Unfit: There is a generator of which it can't be told.
    """
    import gc

    objects = gc.get_objects()
    found = []
    if "numpy.random" in sys.modules:
        kinds = (sys.modules["numpy.random"].Generator, sys.modules["numpy.random"].RandomState)
        generators = [one for one in objects if issubclass(type(one), kinds)]
        found = [one._bit_generator for one in generators if _is_by_chance(one._bit_generator)]
    if "random" in sys.modules:
        _check_plain_generators(objects)
    return found


def _is_by_chance(bits: Any) -> bool:
    """Whether the seed was the system's: numpy then takes 128 bits, people fewer."""
    sequence = getattr(bits, "seed_seq", None) or getattr(bits, "_seed_seq", None)
    given = getattr(sequence, "entropy", None)
    return isinstance(given, int) and given >= 1 << 64


def _check_plain_generators(objects: list[Any]) -> None:
    random = sys.modules["random"]
    known = {id(random._inst)}  # it gets a new seed in each fork, by itself
    if "tempfile" in sys.modules:  # so do those of its names
        kind = sys.modules["tempfile"]._RandomNameSequence
        known |= {id(getattr(names, "_rng", None)) for names in objects if type(names) is kind}
    for one in objects:
        kind = type(one)
        if issubclass(kind, random.Random) and not issubclass(kind, random.SystemRandom):
            if id(one) not in known:
                raise Unfit(f"an import makes a {kind.__module__}.{kind.__qualname__}")
