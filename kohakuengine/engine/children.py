"""Have the processes that multiprocessing starts see the overrides too.

A forked child has them. Under spawn and forkserver, and in what is built on them, a child loads the
script's file anew as `__mp_main__`, from what the parent calls its preparation data. There we name
a module of ours, which loads the script with its overrides instead. They travel in the
preparation data itself: a child needs no file of ours, and sees the script as its parent ran it.
"""

from __future__ import annotations

import sys

from .script import module_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    from .program import Program
    from .script import Script

# Each has a get_preparation_data(), and loads the main module by the same protocol.
_STARTERS = (
    "multiprocessing.spawn",
    "joblib.externals.loky.backend.spawn",
    "loky.backend.spawn",
)
_MAIN_MODULE = f"{__package__}.spawned"

# What this process was given by its parent, where it is such a child.
_received: bytes | None = None


def hook_children(script: Script, folder: str, program: Program, module: ModuleType) -> Hook | None:
    """Have processes that multiprocessing starts from now on see a program's overrides.

    Args:
        script: The script.
        folder: That folder of it that Python would put first on `sys.path`.
        program: The script, compiled.
        module: That which it is in this process.

    Returns:
        What can be removed again; None without overrides, where the plain script is what such
        processes are to load.
    """
    if not program.overrides and not script.is_notebook:
        return None
    facts = (script.path, script.code_file, folder, script.module, program.source)
    overrides = (
        program.overrides
    )  # the hook stays to the end: it keeps nothing that is the script's
    hook = Hook(script.path, id(module), lambda: _pack(facts, overrides))
    hook.install()
    return hook


def become_main(namespace: dict[str, Any]) -> None:
    """Load the script into the namespace of `__mp_main__`, in a child of multiprocessing."""
    from .compiler import (
        compile_for_child,
    )  # which few parents need: they fork, or have no children

    if _received is None:
        raise ImportError(f"{_MAIN_MODULE} is for processes that multiprocessing starts.")
    payload = _received
    (path, code_file, folder, module, source), overrides = _unpack(payload)
    Hook(path, None, lambda: payload).install()  # this child's own children
    code, presets = compile_for_child(source, code_file, folder, overrides)
    spec = module_spec(module, folder) if module else None
    builtins = namespace["__builtins__"]
    namespace.clear()
    namespace.update(
        __name__="__mp_main__",
        __doc__=None,
        __package__=spec.parent if spec else "",
        __loader__=spec.loader if spec else None,
        __spec__=spec,
        __file__=path,
        __cached__=spec.cached if spec else None,
        __builtins__=builtins,
        **presets,
    )
    sys.argv[0] = path
    exec(code, namespace)


class _ModuleName(str):
    """The name of our module; unpickling it hands the payload to the child's process."""

    payload: bytes

    def __reduce__(self) -> tuple[Callable[[bytes], str], tuple[bytes]]:
        return _receive, (self.payload,)


def _receive(payload: bytes) -> str:
    global _received
    _received = payload
    return _MAIN_MODULE


def _pack(facts: tuple[object, ...], overrides: Mapping[str, object]) -> bytes:
    import pickle

    from ..config.siblings import import_folders

    try:
        values = pickle.dumps(overrides)
    except Exception:  # lambdas, local classes, ...: pickle has many ways to say that it can't
        import cloudpickle

        values = cloudpickle.dumps(overrides)
    return pickle.dumps((facts, import_folders(), values))


def _unpack(payload: bytes) -> tuple[Any, dict[str, object]]:
    import pickle

    facts, folders, values = pickle.loads(payload)
    path = list(sys.path)
    sys.path += [folder for folder in folders if folder not in path]  # classes beside the config
    try:
        return facts, pickle.loads(values)
    finally:
        sys.path[:] = path


class Hook:
    """Changes get_preparation_data() in the modules that have one, also in those yet to come.

    It stands first among the finders of `sys.meta_path`, to see such a module come.
    """

    def __init__(self, path: str, module: int | None, payload: Callable[[], bytes]) -> None:
        self._path = path
        # Its id: a reference to `__main__` would change when, at its end, Python clears what is in it.
        self._module = module
        self._payload = payload
        self._packed: bytes | None = None
        self._originals: list[tuple[ModuleType, Callable[..., dict[str, Any]]]] = []

    def install(self) -> None:
        for name in _STARTERS:
            if name in sys.modules:
                self._change(sys.modules[name])
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for module, original in self._originals:
            module.get_preparation_data = original  # type: ignore[attr-defined]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _STARTERS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                self._change(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _change(self, module: ModuleType) -> None:
        original = module.get_preparation_data

        def get_preparation_data(*args: Any, **kwargs: Any) -> dict[str, Any]:
            data: dict[str, Any] = original(*args, **kwargs)
            main = sys.modules["__main__"]
            if getattr(main, "__file__", None) != self._path or (
                self._module not in (None, id(main))
            ):
                return data  # another script runs, within ours
            keys = [key for key in data if key.startswith("init_main_from_")]
            for key in keys:
                del data[key]
            if keys:
                data["init_main_from_name"] = self._name()
            return data

        self._originals.append((module, original))
        module.get_preparation_data = get_preparation_data  # type: ignore[attr-defined]

    def _name(self) -> str:
        if self._packed is None:
            self._packed = self._payload()
        name = _ModuleName(_MAIN_MODULE)
        name.payload = self._packed
        return name
