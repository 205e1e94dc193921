"""The members of Enum classes which a script defines, or imports from a file beside it."""

from __future__ import annotations

import ast
import os

from ..config.annotations import dotted
from ..errors import ScriptError
from .bindings import bound_names
from .literals import NotLiteral, literal_value
from .outline import Outline
from .source import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BASES = ("Enum", "IntEnum", "StrEnum", "ReprEnum", "Flag", "IntFlag")
_NO_MEMBERS = ("nonmember", "property", "staticmethod", "classmethod")
_MAX_DEPTH = 10  # of bases and imports that lead on to others, perhaps in a circle

UNKNOWN = object()


class Enums:
    """The Enum classes that a script's names lead to, looked up in syntax alone.

    Args:
        outline: The script.
        folder: Where it lies; None: it is in no file, so nothing is beside it.
        path: Its file, as a real path; None where there is none.
        module: What it is called where it is imported from that folder.
    """

    def __init__(
        self, outline: Outline, folder: str | None, path: str | None = None, module: str = ""
    ) -> None:
        self._outline = outline
        self._folder = folder
        self._path = path
        self._module = module
        self._classes: dict[str, ast.ClassDef] = {}
        self._imports: dict[str, tuple[str, str]] = {}
        self._siblings: dict[str, Enums | None] = {}
        self._bound: set[str] = set()
        self._unsure: set[str] = set()  # names that are bound more than once
        for place in outline.places():
            self._note(place.statement)

    def _note(self, statement: ast.stmt) -> None:
        bound = _bound(statement)
        self._unsure |= bound & self._bound
        self._bound |= bound
        if isinstance(statement, ast.ClassDef):
            self._classes[statement.name] = statement
        else:
            self._imports.update(_imports(statement))

    def members(self, cls: str, depth: int = _MAX_DEPTH) -> dict[str, object] | None:
        """The members of a class: by name their values, `UNKNOWN` where that isn't a literal.

        Args:
            cls: The class as the script writes it: `"Color"`, `"colors.Color"`.
            depth: How many imports may lead there.

        Returns:
            None where there is no such Enum class, or where it can't be found.
        """
        if cls in self._classes:
            whole = self._outline.whole(self._classes[cls])
            return dict(_members(whole)) if self._is_enum(cls, depth) else None
        module, name = self._origin(cls)
        sibling = self._sibling(module) if depth else None
        return sibling.members(name, depth - 1) if sibling else None

    def home(self, cls: str, depth: int = _MAX_DEPTH) -> tuple[str, str, str] | None:
        """Where a class is defined: the module, its file, and the name of the class there.

        Returns:
            None where there is no such Enum class, or where that isn't sure.
        """
        if cls.partition(".")[0] in self._unsure:
            return None
        if cls in self._classes:
            known = self._path is not None and self._is_enum(cls, depth)
            return (self._module, self._path or "", cls) if known else None
        module, name = self._origin(cls)
        sibling = self._sibling(module) if depth else None
        return sibling.home(name, depth - 1) if sibling else None

    def first_name(self, cls: str, name: str) -> str:
        """The name that a member has, where another one may be given to it, too: an alias."""
        members = self.members(cls) or {}
        value = members.get(name, UNKNOWN)
        if value is UNKNOWN or not self._keeps_values(cls, _MAX_DEPTH):
            return name
        for first, own in members.items():
            if own is UNKNOWN:  # which may be that value
                return name
            if type(own) is type(value) and own == value:
                return first
        return name

    def _keeps_values(self, cls: str, depth: int) -> bool:
        """Whether members of equal values are surely one: a class may number them itself."""
        if cls in self._classes:
            whole = self._outline.whole(self._classes[cls])
            bases = [dotted(base) or "" for base in whole.bases]
            return (
                depth > 0
                and not whole.keywords
                and not any(getattr(part, "name", "") == "__new__" for part in whole.body)
                and all(self._keeps_values(base, depth - 1) for base in bases)
            )
        module, name = self._origin(cls)
        if module == "enum" or (not module and cls in ("int", "str", "float", "bytes")):
            return True
        sibling = self._sibling(module) if depth else None
        return sibling is not None and sibling._keeps_values(name, depth - 1)

    def _is_enum(self, cls: str, depth: int) -> bool:
        if cls in self._classes:
            bases = [dotted(base) or "" for base in self._classes[cls].bases]
            return depth > 0 and any(self._is_enum(base, depth - 1) for base in bases)
        module, name = self._origin(cls)
        if module == "enum":
            return name in _BASES
        sibling = self._sibling(module) if depth else None
        return sibling is not None and sibling._is_enum(name, depth - 1)

    def _origin(self, name: str) -> tuple[str, str]:
        """The module that a name comes from, and its name there; two empty texts if from none."""
        head, *rest = name.split(".")
        module, own_name = self._imports.get(head, ("", ""))
        path = [part for part in (module, own_name, *rest) if part]
        return (".".join(path[:-1]), path[-1]) if module else ("", "")

    def _sibling(self, module: str) -> Enums | None:
        if module not in self._siblings:
            self._siblings[module] = _read_sibling(self._folder, module)
        return self._siblings[module]


def _read_sibling(folder: str | None, module: str) -> Enums | None:
    from .stars import module_file

    path = module_file(folder, module) if folder is not None and module else None
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            outline = Outline(decode(file.read(), path), path)
    except (OSError, ScriptError):  # importing it will say what is wrong with it
        return None
    return Enums(outline, folder, os.path.realpath(path), module)


def _bound(statement: ast.stmt) -> set[str]:
    """What a class, a function, an import or an assignment binds."""
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return {
        name for target in targets if isinstance(target, ast.expr) for name in bound_names(target)
    }


def _imports(statement: ast.stmt) -> Iterator[tuple[str, tuple[str, str]]]:
    """What an import binds: the local name, and the module and the name there, if one is given."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            top = alias.name.partition(".")[0]
            yield alias.asname or top, (alias.name if alias.asname else top, "")
    elif isinstance(statement, ast.ImportFrom) and not statement.level:
        for alias in statement.names:
            yield alias.asname or alias.name, (statement.module or "", alias.name)


def _members(cls: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for statement in cls.body:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets = [statement.target]
        else:
            continue
        if statement.value is None or _is_no_member(statement.value):
            continue
        for target in targets:
            known = isinstance(target, ast.Name)
            for name in bound_names(target):
                if not name.startswith("_"):
                    yield name, _value(statement.value) if known else UNKNOWN


def _is_no_member(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return (dotted(value.func) or "").rpartition(".")[2] in _NO_MEMBERS
    return isinstance(value, ast.Lambda)


def _value(node: ast.expr) -> object:
    try:
        return literal_value(node)
    except NotLiteral:
        return UNKNOWN
