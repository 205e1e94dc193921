"""The members of Enum classes which a script defines, or imports from a file beside it."""

from __future__ import annotations

import ast
import os

from ..config.annotations import dotted
from ..errors import ScriptError
from .literals import NotLiteral, literal_value
from .outline import Outline
from .source import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BASES = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"})


class Enums:
    """The Enum classes that a script's names lead to, looked up in syntax alone.

    Args:
        outline: The script.
        folder: Where it lies; None: it is in no file, and has nothing beside it.
    """

    def __init__(self, outline: Outline, folder: str | None) -> None:
        self._outline = outline
        self._folder = folder
        self._classes = {
            node.name: node for node in statements(outline.tree) if isinstance(node, ast.ClassDef)
        }
        self._imports = dict(_imports(outline.tree))
        self._siblings: dict[str, Enums | None] = {}

    def members(self, cls: str) -> dict[str, object] | None:
        """The members of a class: their values by name, `...` for those whose value isn't known.

        Args:
            cls: The class as the script writes it: `"Color"`, `"colors.Color"`.

        Returns:
            None where there is no such Enum class, or it isn't known.
        """
        if cls in self._classes:
            return self._own_members(cls) if self._is_enum(cls) else None
        for module, name in self._sources(cls):
            sibling = self._sibling(module)
            found = sibling and name in sibling._classes and sibling.members(name)
            if found:
                return found
        return None

    def _own_members(self, cls: str) -> dict[str, object]:
        members: dict[str, object] = {}
        for statement in self._outline.whole(self._classes[cls]).body:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if isinstance(target, ast.Name) and not target.id.startswith("_"):
                        members[target.id] = _value(statement.value)
        return members

    def _is_enum(self, cls: str, depth: int = 10) -> bool:
        for base in map(dotted, self._classes[cls].bases):
            if base in self._classes:
                if depth and self._is_enum(base, depth - 1):  # depth: class A(A) isn't one
                    return True
            elif base and ("enum", base.rpartition(".")[2]) in self._sources(base):
                if base.rpartition(".")[2] in _BASES or self._imported_name(base) in _BASES:
                    return True
        return False

    def _imported_name(self, name: str) -> str:
        return self._imports.get(name, ("", name))[1]

    def _sources(self, name: str) -> Iterator[tuple[str, str]]:
        raise NotImplementedError

    def _sibling(self, module: str) -> Enums | None:
        raise NotImplementedError
