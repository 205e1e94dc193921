"""Objects that travel into a script as constants of its code, not as names of its namespace."""

from __future__ import annotations

import ast
from types import CodeType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The compiler gives an instruction without a position that of the one before it: nothing more is
# traced, and no line of the script is blamed for what the script doesn't say.
NOWHERE: dict[str, Any] = {"lineno": -1, "end_lineno": -1, "col_offset": -1, "end_col_offset": -1}


class Constants:
    """Objects to be compiled into one script.

    `ast.Constant` takes only what Python can write as a literal, so each object is first compiled
    as a marker, which `fill` replaces in the finished code. To call one, call its `__call__`: of a
    call of the marker itself the compiler would warn.
    """

    def __init__(self) -> None:
        self._values: dict[str, object] = {}

    def node(self, value: object) -> ast.Constant:
        """An expression without a position whose value is this very object."""
        marker = f"\0kogine constant {len(self._values)}"
        self._values[marker] = value
        return ast.Constant(marker, **NOWHERE)

    def fill(self, code: CodeType) -> CodeType:
        """The code with each marker replaced by its object, also in the codes within it."""
        if not self._values:
            return code
        return code.replace(co_consts=tuple(self._filled(const) for const in code.co_consts))

    def _filled(self, const: object) -> object:
        if isinstance(const, CodeType):
            return self.fill(const)
        return self._values.get(const, const) if isinstance(const, str) else const


def nowhere(node: ast.AST) -> None:
    """Take the positions of a node and all within it away."""
    for child in ast.walk(node):
        if "lineno" in child._attributes:
            child.__dict__.update(NOWHERE)
