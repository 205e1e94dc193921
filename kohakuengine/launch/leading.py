"""The imports with which a script begins: those that can be made before it without its noticing.

They are the ones before its first statement that does anything else, so that what a script sets
before an import (`os.environ["OMP_NUM_THREADS"] = "1"`) is still set before it. Local modules and
packages aren't imported, but what they begin with is.
"""

from __future__ import annotations

import ast
import os
import sys
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES, SOURCE_SUFFIXES

from .inert import bound_names, is_inert, steers_imports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    # A module, and the names that are imported from it: none for `import module`. A folder in
    # place of the names says that nothing is imported, but that what follows is to be imported
    # only if there is no such module but in that folder.
    Import = tuple[str, list[str] | str]

_SUFFIXES = (*EXTENSION_SUFFIXES, *SOURCE_SUFFIXES, *BYTECODE_SUFFIXES)  # as Python looks for them


class Leading:
    """The imports with which a script begins, in their order.

    Args:
        source: The script's.
        folder: In which its local modules lie.
        module: The script's full name where it is run as a module: `"pk.__main__"` for a package.

    Attributes:
        imports: Modules with the names imported from them; none that lies in the folder.
    """

    def __init__(self, source: bytes, folder: str, module: str | None = None) -> None:
        self.imports: list[Import] = []
        self._folder = folder
        self._bound: dict[str, set[str]] = {}  # by local modules that have begun, up to now
        self._packages: set[str] = set()
        self._stamps: dict[str, object] = {}  # of what has been looked at
        if module is None:
            self._add_file(source, "")
        elif self._enter(module):
            self._add_file(source, module.rpartition(".")[0])

    def is_current(self) -> bool:
        """Whether the local modules are what they were."""
        return all(_stamp(place) == stamp for place, stamp in self._stamps.items())

    def _enter(self, module: str) -> bool:
        """Add what the packages around a script begin with; whether the script's own may follow."""
        package = module.rpartition(".")[0]
        top = module.partition(".")[0]
        if not self._is_local(top):
            # Whether they import the script, of which Python warns before it runs it, isn't known.
            self.imports += [(package, [])] if package else []
            return False
        if top in sys.stdlib_module_names or not self._file_of(module).endswith(".py"):
            return False
        if package and not self._begin(package):
            return False
        return module not in self._bound  # else they import it, and Python warns

    def _add_file(self, source: bytes, package: str, name: str = "") -> bool:
        """Add what a file begins with; tell whether that is all it does.

        Args:
            source: The file's.
            package: What its relative imports are relative to; none for a script.
            name: Of the module, if it is one.
        """
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False  # whoever runs it says what is wrong
        bound = self._bound[name] = set()
        for statement in _one_by_one(body):
            if steers_imports(statement):
                return False
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                for module, names in _wanted(statement, package):
                    if not self._add(module, names):
                        return False
            elif not is_inert(statement):
                return False
            bound |= bound_names(statement)
        return True

    def _add(self, module: str, names: list[str]) -> bool:
        """Add an import, or what local modules begin with; False where nothing is to follow."""
        if not module:
            return False  # it is relative to no package
        top = module.partition(".")[0]
        if not self._is_local(top):
            self.imports.append((module, names))
            return True
        if top in sys.stdlib_module_names:
            return False  # which of the two it is depends on what has been imported before
        return self._begin(module) and all(self._take(module, name) for name in names)

    def _begin(self, name: str) -> bool:
        """Add what a local module begins with, after those around it, unless that has been done."""
        package = name.rpartition(".")[0]
        if package and not self._begin(package):
            return False
        if name in self._bound:
            return True
        file = self._file_of(name)
        if os.path.isdir(file):  # without an __init__.py
            self._packages.add(name)
            self._bound[name] = set()
            self.imports += [] if package else [(name, self._folder)]
            return True
        if not file.endswith(".py"):
            return False
        try:
            with open(file, "rb") as opened:
                source = opened.read()
        except OSError:
            return False
        if file.endswith(f"{os.sep}__init__.py"):
            self._packages.add(name)
            package = name
        return self._add_file(source, package, name)

    def _take(self, module: str, name: str) -> bool:
        """Add what a submodule begins with, if `from module import name` imports one."""
        bound = self._bound[module]
        submodule = f"{module}.{name}"
        if "__getattr__" in bound and name not in bound:
            return False
        if module not in self._packages or submodule in self._bound:
            return True
        if name == "*":
            return bound.isdisjoint({"*", "__all__"})  # else it may import others
        if not self._file_of(submodule):
            return True
        if name in bound:
            return True  # that is what it gives
        return "*" not in bound and self._begin(submodule)

    def _is_local(self, name: str) -> bool:
        """Whether a top-level module is found in the script's folder."""
        if name in sys.builtin_module_names:
            return False
        file = self._file_of(name)
        return bool(file) and not (os.path.isdir(file) and name in sys.stdlib_module_names)

    def _file_of(self, name: str) -> str:
        """The file of a local module; a folder, if that is all there is of it, or nothing."""
        *packages, last = name.split(".")
        folder = self._folder
        for package in packages:
            file = _find(folder, package)
            folder = os.path.join(folder, package)
            if file != folder and not file.startswith(folder + os.sep):
                return ""  # there is none, or it is no package
        file = _find(folder, last)
        if file:
            self._stamps.setdefault(file, _stamp(file))
        return file


def _find(folder: str, name: str) -> str:
    """The file that Python would load for a module in a folder, by the order of its own search."""
    place = os.path.join(folder, name)
    is_folder = os.path.isdir(place)
    for start in [os.path.join(place, "__init__"), place] if is_folder else [place]:
        for suffix in _SUFFIXES:
            if os.path.isfile(start + suffix):
                return start + suffix
    return place if is_folder else ""


def _stamp(place: str) -> object:
    try:
        status = os.stat(place)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _one_by_one(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, with `import a, b` as two."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (ast.Import([alias]) for alias in statement.names)
        else:
            yield statement


def _wanted(
    statement: ast.Import | ast.ImportFrom, package: str
) -> Iterator[tuple[str, list[str]]]:
    """What a statement imports, by absolute names; nothing for a name if there is no such."""
    if isinstance(statement, ast.Import):
        yield from ((alias.name, []) for alias in statement.names)
        return
    module = statement.module or ""
    if statement.level:
        around = package.split(".") if package else []
        kept = around[: len(around) - statement.level + 1]
        module = ".".join([*kept, *([module] if module else [])]) if kept else ""
    if module != "__future__":
        yield module, [alias.name for alias in statement.names]
