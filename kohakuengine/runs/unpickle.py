"""Unpickle what came of a run, whose classes may be of modules beside its script or its config."""

from __future__ import annotations

import os
import pickle
import sys

from ..config.siblings import one_at_a_time, siblings
from .values import read_json, read_pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .paths import AttemptPaths


def read_beside(paths: AttemptPaths, file: str) -> Any:
    """The object of a pickle file of an attempt.

    Modules are imported, as they are now, from where the script found them, or else from the
    folders of its config. `sys.path` is what it was when this returns.

    Raises:
        Exception: It can't be unpickled here.
    """
    spec = _spec(paths)
    folder = _folder(spec)
    try:  # most are of numbers and arrays, which needn't wait for a script in another thread
        with open(file, "rb") as opened:
            return _Unpickler(opened, folder).load()
    except Exception:
        with one_at_a_time, siblings(folder):
            sys.path += [one for one in spec.get("import_folders", ()) if one not in sys.path]
            return read_pickle(file)


def script_folder(paths: AttemptPaths) -> str:
    """The folder that was first on `sys.path` for the script of an attempt."""
    return _folder(_spec(paths))


def _folder(spec: dict[str, Any]) -> str:
    script = spec.get("path") or ""
    made_of = spec.get("script") or {}
    if os.path.isabs(script) and not made_of.get("folder"):
        return os.path.dirname(os.path.realpath(script))
    return made_of.get("folder") or spec.get("cwd") or os.sep  # of a module, or a notebook's cell


def _spec(paths: AttemptPaths) -> dict[str, Any]:
    try:
        return read_json(paths.run.spec)  # type: ignore[no-any-return]
    except (OSError, ValueError):
        return {}


class _Beside(Exception):
    """A class is of a module that lies beside the script."""


class _Unpickler(pickle.Unpickler):
    """Finds no class where it would be of a module beside the script, or of one with its name."""

    def __init__(self, file: Any, folder: str) -> None:
        super().__init__(file)
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        path = os.path.join(self._folder, module.partition(".")[0])
        if os.path.isdir(path) or os.path.isfile(f"{path}.py"):
            raise _Beside
        return super().find_class(module, name)
