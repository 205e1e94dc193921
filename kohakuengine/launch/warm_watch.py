"""See what imports ask of a process, where each run would be told something else.

An import that is made once for many runs mustn't know what differs between them: a process id, what
the system gives as random, the arguments, the main module. Nor must it have looked for a module
which the script has beside it.
"""

from __future__ import annotations

import os
import sys
from gc import collect, freeze, get_referrers, unfreeze

from .warm_child import KEEPS_PLACE, OWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    # Told of a module when it has just been loaded.
    Hook = Callable[[ModuleType], None]
else:
    ModuleType = type(sys)

# Functions of `os`, and by which modules they may be called.
_CALLS = {
    "getpid": {
        "multiprocessing.util",  # for what is to be done at the end, which is looked for
        "joblib._multiprocessing_helpers",  # for the name of a semaphore that is gone at once
        "psutil._pslinux",  # to see what the system tells of processes
        *("tempfile", "fsspec.spec"),  # to notice a fork
        KEEPS_PLACE,  # which is put right in each run
    },
    "getppid": set(),
    "getrandom": set(),
    "urandom": {
        "multiprocessing.process",  # for a key, which each run has its own of
        "xarray.backends.locks",  # for the names of locks, which only their own process has
    },
}
# inspect asks every module for its file, and again when it is needed.
_MAY_LOOK_AT_MAIN = {"inspect"}
_MAY_READ_ALL = {"fsspec.config"}  # and keeps what begins with FSSPEC_
_OF_ANY_MAIN = {"__name__", "__spec__", "__class__"}

# Those in between: what they ask for they pass on.
_BETWEEN = {"os", "collections.abc", "random", "secrets", "uuid", __name__}
_OURS = __name__.partition(".")[0] + "."


class Unfit(Exception):
    """Why scripts can't be forked from here without noticing."""


class Watch:
    """While active, sees what imports ask for; on exit all is as it was.

    Args:
        hooks: For some modules, what is told when they have been loaded.

    Attributes:
        seen: What imports did that a script could notice, in the words after "importing it".
        sought: The top-level modules that were looked for, whether or not there are such.
    """

    def __init__(self, hooks: Mapping[str, Hook]) -> None:
        self.seen: list[str] = []
        self.sought: set[str] = set()
        self._hooks = hooks
        self._finder = _Finder(hooks, self.sought)
        self._functions = {name: getattr(os, name) for name in _CALLS if hasattr(os, name)}
        # What stands there meanwhile, of which nothing may be kept; and what nobody has kept.
        self._lent: dict[str, Any] = {"": object()}

    def __enter__(self) -> None:
        for name, hook in self._hooks.items():
            if name in sys.modules:
                hook(sys.modules[name])
        self._argv, self._path = sys.argv, sys.path
        self._main, self._environ = sys.modules["__main__"], type(os.environ)
        for name, function in self._functions.items():
            self._lent[f"os.{name}"] = self._watched(name, function)
        self._lent.update(_stand_ins(self._note))
        _exchange({id(self._functions[n]): self._lent[f"os.{n}"] for n in self._functions})
        sys.argv, sys.path = self._lent["sys.argv"], self._lent["sys.path"]
        sys.modules["__main__"] = self._lent["__main__"]
        os.environ.__class__ = _watched_environ(self._note)
        sys.meta_path.insert(0, self._finder)

    def __exit__(self, kind: object, *_: object) -> None:
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        os.environ.__class__ = self._environ
        for what, now, before in (
            ("sys.argv", sys.argv, self._argv),
            ("sys.path", sys.path, self._path),
        ):
            if now is not self._lent[what] or [*now] != before:
                self.seen.append(f"changes {what}")
        sys.argv, sys.path = self._argv, self._path
        for name in ("__main__", "__mp_main__"):
            if sys.modules.get(name) is self._lent["__main__"]:
                sys.modules[name] = self._main
        _exchange({id(self._lent[f"os.{n}"]): f for n, f in self._functions.items()})
        unfreeze()
        collect()  # what imports have thrown away keeps nothing

    def check(self) -> None:
        """See whether anything is left of it, after the exit.

        Raises:
            Unfit: Something that stood in for something else is kept, or was changed.
        """
        for what in self.seen:
            raise Unfit(f"an import {what}")
        for name, function in self._functions.items():
            if self._is_kept(f"os.{name}"):
                _restore_defaults(self._lent[f"os.{name}"], function)
        for what in self._lent:
            if self._is_kept(what):
                raise Unfit(f"an import keeps {what}")

    def _is_kept(self, what: str) -> bool:
        return sys.getrefcount(self._lent[what]) > sys.getrefcount(self._lent[""])

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        known = _CALLS[name]

        def watched(*args: Any, **kwargs: Any) -> Any:
            self._note(f"calls os.{name}", known)
            return function(*args, **kwargs)

        return watched

    def _note(self, what: str, known: Iterable[str] = ()) -> None:
        caller = calling_module()
        if caller not in known and not caller.startswith(_OURS):
            self.seen.append(what)


def calling_module() -> str:
    """The module that asks its caller for something, less those in between."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))


def is_own(variable: str) -> bool:
    """Whether each run has its own value of an environment variable."""
    return variable in OWN or variable.startswith("KOGINE_")


def _stand_ins(note: Callable[..., None]) -> dict[str, Any]:
    class Arguments(list[str]):
        def __getitem__(self, index: Any) -> Any:
            note("reads sys.argv")
            return super().__getitem__(index)

        def __iter__(self) -> Iterator[str]:
            note("reads sys.argv")
            return super().__iter__()

        def __len__(self) -> int:
            note("reads sys.argv")
            return super().__len__()

    class Path(list[str]):
        def __getitem__(self, index: Any) -> Any:  # the import system goes through it as a whole
            note("reads sys.path")
            return super().__getitem__(index)

    class Main(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            if name not in _OF_ANY_MAIN:
                note("looks at the script's module", _MAY_LOOK_AT_MAIN)
            return super().__getattribute__(name)

    return {
        "sys.argv": Arguments(sys.argv),
        "sys.path": Path(sys.path),
        "__main__": Main("__main__"),
    }


def _watched_environ(note: Callable[..., None]) -> Any:
    class Environ(type(os.environ)):  # type: ignore[misc]
        def __getitem__(self, name: Any) -> Any:
            if isinstance(name, str) and is_own(name):
                note(f"reads {name}", _MAY_READ_ALL)
            return super().__getitem__(name)

        def items(self) -> Any:  # with these one looks for variables by their first letters
            decode_key, decode_value = self.decodekey, self.decodevalue
            return {decode_key(k): decode_value(v) for k, v in self._data.items()}.items()

    return Environ


def _exchange(new: Mapping[int, object]) -> None:
    """Put objects, given by the ids of what is there, into the names of all loaded modules."""
    names_of = vars(ModuleType)["__dict__"].__get__  # to ask a lazy module might load it
    modules: list[object] = list(sys.modules.copy().values())
    for names in [names_of(module) for module in modules if isinstance(module, ModuleType)]:
        for name in [name for name, value in names.items() if id(value) in new]:
            names[name] = new[id(names[name])]


def _restore_defaults(lent: object, own: object) -> None:
    """Where something that was lent is the default of a function's argument, put back the real one."""
    for values in get_referrers(lent):
        for function in get_referrers(values):
            defaults = function.__defaults__ if isinstance(function, type(_exchange)) else None
            if defaults is values and defaults is not None:
                function.__defaults__ = tuple(own if one is lent else one for one in defaults)


class _Finder:
    """Finds modules as they are found without it.

    What has been imported is kept from the collector meanwhile, which would go through all of it
    again and again: that takes a twentieth of the time of large imports.
    """

    def __init__(self, hooks: Mapping[str, Hook], sought: set[str]) -> None:
        self._hooks = hooks
        self._sought = sought

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        freeze()
        if "." not in name:
            self._sought.add(name)
        if name not in self._hooks:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._hooks[name])  # type: ignore[assignment]
        return spec


class _Loader:
    """Loads a module as another does, and tells of it."""

    def __init__(self, loader: Any, hook: Hook) -> None:
        self._loader = loader
        self._hook = hook

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._hook(module)
