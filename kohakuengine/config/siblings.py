"""Import the modules beside a file as `python file.py` would, in a process that has done other things.

Plain python puts a file's folder first on `sys.path`, in an interpreter that has imported nothing
but what it needs to start. Here a module of the same name may have been imported before, from
elsewhere or from the same folder before an edit; such modules are hidden while `siblings()` is
active. Never hidden are the modules an interpreter starts with, which no local file shadows under
plain python either, `__main__`, and this package.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

NEVER_HIDDEN = frozenset(
    {
        *sys.builtin_module_names,
        *("__main__", "__mp_main__", __name__.partition(".")[0]),
        *("_collections_abc", "_sitebuiltins", "abc", "codecs", "encodings", "genericpath"),
        *("importlib", "io", "ntpath", "os", "posixpath", "site", "sitecustomize", "stat"),
        *("usercustomize", "zipimport"),
    }
)

# What a script is to a process (`__main__`, `sys.argv`, modules, ...) only one can be at a time:
# other threads wait. A script that runs another one in the same thread doesn't.
one_at_a_time = RLock()

# What we import late and that isn't a part of Python.
_OUR_NEEDS = ("cloudpickle", "psutil")

# Modules that siblings(forget=False) left in sys.modules: their folder, and their file as it was.
_left: dict[str, tuple[str, tuple[str, int, int] | None]] = {}
_import_folders: dict[str, None] = {}

# Of the folders that the import system has listed, how many there are, and those above them.
_listed: tuple[int, frozenset[str]] = (0, frozenset())


class siblings:  # lower case: it is used like a function, as `suppress` is
    """While active, imports find the modules of a folder first, as they are on disk now.

    On exit `sys.path` is what it was, and the modules that were hidden are back. Only modules that
    an earlier `forget=False` left, and that were edited since, are gone for good, with all others
    it left from that folder, since these may hold objects of the edited ones. One object may be
    entered again and again: what its block added to `sys.path` is there the next time.

    Args:
        folder: The absolute real path of the folder.
        forget: Drop the modules that were imported from the folder, instead of leaving them in
            `sys.modules`, where pickles of their classes need them.
        first: Whether the folder is put first; False has imports find what they would anyhow.

    Example:
        >>> with siblings("/home/me/experiments"):  # doctest: +SKIP
        ...     import models  # /home/me/experiments/models.py
    """

    def __init__(self, folder: str, *, forget: bool = False, first: bool = True) -> None:
        self._folder = folder
        self._forget = forget
        self._first = first
        self._added: list[str] = []  # to sys.path, by the block

    def __enter__(self) -> None:
        self.stay()
        self._before = set(sys.modules)

    def stay(self) -> None:
        """Enter for good: it can't be left."""
        self._stale = _edited_families(self._folder)
        shadowing = _shadowing_families(self._folder) if self._first else set()
        self._hidden = _take({*self._stale, *shadowing})
        self._path = sys.path
        self._entries = list(sys.path)
        sys.path[:0] = [self._folder, *self._added] if self._first else self._added
        _forget_listings(self._folder)
        if not self._forget:
            _import_folders[self._folder] = None

    def __exit__(self, *_: object) -> None:
        here = self._imported()  # before sys.path changes: namespace packages follow it
        known = {self._folder, *self._entries}
        self._added = [entry for entry in sys.path if entry not in known]
        sys.path = self._path
        sys.path[:] = self._entries
        if self._forget and here:
            _take({_family(name) for name in here} - {_family(name) for name in self._before})
        if not self._forget:
            _import_folders.update(dict.fromkeys(self._added))
        self._put_back()
        for name in here:
            module = sys.modules.get(name)
            if module is here[name]:
                _left[name] = (self._folder, _stamp(module))

    def suspended(self) -> _Suspended:
        """Within the block, have our own imports find what they would without it.

        A script may have a `json.py` beside it; what we import after it has run must not be that.
        """
        return _Suspended(self._folder, self._hidden, self._entries)

    def _imported(self) -> dict[str, ModuleType]:
        """The modules that the block imported from the folder."""
        modules = sys.modules.copy()  # at once: what a list is made of may be collected meanwhile
        new = {name: module for name, module in modules.items() if name not in self._before}
        families = {_family(name) for name in new}
        local = {name for name in families if self._folder in _homes(sys.modules.get(name))}
        return {name: module for name, module in new.items() if _family(name) in local}

    def _put_back(self) -> None:
        gone = set() if self._forget else self._stale
        back = {name: module for name, module in self._hidden.items() if _family(name) not in gone}
        _take({_family(name) for name in back})
        sys.modules.update(back)


class _Suspended:
    """Holds back what `siblings` does."""

    def __init__(self, folder: str, hidden: dict[str, ModuleType], entries: list[str]) -> None:
        self._folder = folder
        self._hidden = hidden
        self._entries = entries

    def __enter__(self) -> None:
        hidden = {*_OUR_NEEDS, *map(_family, self._hidden)}
        there = _families_in(self._folder)
        self._shadowing = {n for n in there if n in sys.stdlib_module_names or n in hidden}
        self._theirs = _take(self._shadowing)
        sys.modules.update(self._hidden)
        self._path = sys.path
        sys.path = list(self._entries)

    def __exit__(self, *_: object) -> None:
        sys.path = self._path
        _take(self._shadowing)
        sys.modules.update(self._theirs)


def script_folder_first() -> bool:
    """Whether Python puts a script's folder first on `sys.path`: not with its options -P and -I."""
    return not (sys.flags.isolated or getattr(sys.flags, "safe_path", False))


def import_folders() -> list[str]:
    """The folders whose modules may stay in `sys.modules` after their `siblings(forget=False)`.

    A process that unpickles what was made meanwhile needs them on its `sys.path`.
    """
    return list(_import_folders)


def _family(name: str) -> str:
    """The top-level name of a module: it is hidden with all its submodules, or not at all."""
    return name.partition(".")[0]


def _take(families: set[str]) -> dict[str, ModuleType]:
    """Take modules out of `sys.modules`."""
    names = [name for name in sys.modules.copy() if _family(name) in families] if families else []
    return {name: sys.modules.pop(name) for name in names}


def _shadowing_families(folder: str) -> set[str]:
    """Loaded modules from elsewhere that would be found in the folder if they weren't loaded."""
    # Not the loaded ones are gone through, which may be thousands: a fork would copy them all.
    there = _families_in(folder) - NEVER_HIDDEN
    return {name for name in there if name in sys.modules and _is_shadowing(name, folder)}


def _families_in(folder: str) -> set[str]:
    """The names of the modules and packages that may lie in a folder."""
    try:
        return {entry.removesuffix(".py") for entry in os.listdir(folder)}
    except OSError:
        return set()


def _is_shadowing(name: str, folder: str) -> bool:
    if folder in [os.path.realpath(home) for home in _homes(sys.modules.get(name))]:
        return False
    base = os.path.join(folder, name)
    if os.path.isfile(f"{base}.py") or os.path.isfile(os.path.join(base, "__init__.py")):
        return True
    # A folder without __init__.py doesn't shadow an installed package under plain python either
    # (else a folder `datasets` or `wandb` would); but a like-named one that was ours is in its way.
    ours = [left for module, (left, _) in _left.items() if _family(module) == name]
    return os.path.isdir(base) and folder not in ours and bool(ours)


def _edited_families(folder: str) -> set[str]:
    """All that was left from the folder, if a part of it isn't what it was."""
    for name in [name for name in _left if name not in sys.modules]:
        del _left[name]
    ours = {name: stamp for name, (home, stamp) in _left.items() if home == folder}
    edited = [name for name, stamp in ours.items() if _stamp(sys.modules[name]) != stamp]
    for name in edited:
        _drop_bytecode(sys.modules[name])
    return {_family(name) for name in ours} if edited else set()


def _drop_bytecode(module: ModuleType) -> None:
    """Remove a module's bytecode: Python takes it for current within one second of the edit."""
    cached = getattr(getattr(module, "__spec__", None), "cached", None)
    try:
        if cached:
            os.unlink(cached)
    except OSError:
        pass  # not there, or not ours to change


def note_listings() -> None:
    """Note what the import system has listed, for forks: to go through it would copy it all."""
    global _listed
    above = set()
    for folder in sys.path_importer_cache:
        while folder not in above:
            above.add(folder)
            folder = os.path.dirname(folder)
    _listed = len(sys.path_importer_cache), frozenset(above)


def _forget_listings(folder: str) -> None:
    """Have the import system list the folder anew: it misses files made in the last instant."""
    count, above = _listed
    if len(sys.path_importer_cache) == count and folder not in above:
        return
    for listed in list(sys.path_importer_cache):
        if listed == folder or listed.startswith(folder + os.sep):
            sys.path_importer_cache.pop(listed, None)


def _homes(module: Any) -> list[str]:
    """The folders that must be on `sys.path` for a top-level module to be found where it was."""
    file = getattr(module, "__file__", None)
    paths = getattr(module, "__path__", None)
    if paths is None:
        return [os.path.dirname(file)] if isinstance(file, str) else []
    return [os.path.dirname(path) for path in paths if isinstance(path, str)]


def _stamp(module: Any) -> tuple[str, int, int] | None:
    """A module's file, when it was last changed, and its size in bytes; None without a file."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return None
    try:
        status = os.stat(file)
    except OSError:
        return None
    return file, status.st_mtime_ns, status.st_size
