"""Objects that travel into a script as constants of its code, not as names of its namespace."""

from __future__ import annotations

import ast

from ..config.members import EnumMember, holds_stand_in
from .program import HELD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The compiler gives an instruction without a position that of the one before it: nothing more is
# traced, and no line of the script is blamed for what the script doesn't say.
NOWHERE: dict[str, Any] = {"lineno": -1, "end_lineno": -1, "col_offset": -1, "end_col_offset": -1}


class Constants:
    """Objects to be compiled into one script.

    `ast.Constant` takes only what Python can write as a literal, so each object is first compiled
    as a marker, which `filled` replaces in the finished code (program.py). To call one, call its `__call__`: of a
    call of the marker itself the compiler would warn.

    Code is hashed, as by IPython for its tracebacks, and with it its constants. So what has no hash
    is an attribute of a constant that has one.

    Attributes:
        markers: The objects by their markers, each with the name of what it stands for, if any.
    """

    def __init__(self) -> None:
        self.markers: dict[str, tuple[str | None, object]] = {}

    def node(self, value: object, role: str | None = None) -> ast.expr:
        """An expression without a position whose value is this very object."""
        hashed = _has_hash(value)
        marker = f"{'' if hashed else HELD}\0kogine constant {len(self.markers)}"
        self.markers[marker] = (role, value)
        constant = ast.Constant(marker, **NOWHERE)
        return constant if hashed else ast.Attribute(constant, "value", ast.Load(), **NOWHERE)

    def expression(self, value: object, role: str) -> ast.expr:
        """An expression without a position for a value: that very object, but for lists and such.

        A member of an Enum that only the script has, also in these, is what the script calls it.

        Of plain lists, dicts and sets, and tuples that hold some, it makes new ones each time, as
        the script's own literal would: what a script does to its lists doesn't reach the next run.
        """
        if type(value) not in (list, tuple, dict, set, frozenset, EnumMember):
            return self.node(value, role)
        if holds_stand_in(value):  # an Enum of the script: it is evaluated there
            return self._display(value, _Room(100_000)) or self.node(value)
        if type(value) is frozenset:
            return self.node(value, role)
        return self._display(value, _Room(200)) or self.node(deepcopied(value))

    def _display(self, value: object, room: _Room) -> ast.expr | None:
        if not room.take():
            return None
        kind = type(value)
        if isinstance(value, EnumMember):
            member: ast.expr = ast.parse(value.expression, mode="eval").body
            nowhere(member)
            return member
        if isinstance(value, frozenset) and holds_stand_in(value):
            items_of = self._display(list(value), room)
            called = ast.Attribute(self.node(frozenset), "__call__", ast.Load(), **NOWHERE)
            return items_of and ast.Call(called, [items_of], [], **NOWHERE)
        if kind is dict:
            items = list(value.items())  # type: ignore[attr-defined]
            keys: list[ast.expr | None] = [
                self._display(key, room) if holds_stand_in(key) else self.node(key)
                for key, _ in items
            ]
            values = [self._display(item, room) for _, item in items]
            known = [item for item in values if item is not None]
            return ast.Dict(keys, known, **NOWHERE) if len(known) == len(items) else None
        if kind not in (list, tuple, set) or (kind is set and not value):
            return ast.Set([_EMPTY], **NOWHERE) if kind is set else self.node(value)
        elements = [self._display(item, room) for item in value]  # type: ignore[attr-defined]
        made = [element for element in elements if element is not None]
        if len(made) < len(elements):
            return None
        if kind is set:
            return ast.Set(made, **NOWHERE)
        if kind is list:
            return ast.List(made, ast.Load(), **NOWHERE)
        if all(map(_is_object, made)):
            return self.node(value)
        return ast.Tuple(made, ast.Load(), **NOWHERE)


def _is_object(expression: ast.expr) -> bool:
    """Whether it is what `Constants.node` gives."""
    held = isinstance(expression, ast.Attribute) and expression.value
    return isinstance(held or expression, ast.Constant)


def _has_hash(value: object) -> bool:
    try:
        hash(value)
    except Exception:  # whatever a class of a user's may raise
        return False
    return True


class _Room:
    """How many values may still be written out; a value that holds itself runs out of it."""

    def __init__(self, values: int) -> None:
        self._left = values

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0


# `{*()}`: an empty set has no literal.
_EMPTY = ast.Starred(ast.Tuple([], ast.Load(), **NOWHERE), ast.Load(), **NOWHERE)


def deepcopied(value: object) -> object:
    """A value whose plain lists, dicts, sets and tuples are copies, and all else the same object."""
    copies: dict[int, object] = {}

    def copied(item: Any) -> Any:
        kind = type(item)
        if kind not in (list, dict, set, tuple):
            return item
        if id(item) not in copies:
            if kind is tuple:
                copies[id(item)] = tuple(copied(part) for part in item)
            else:
                copies[id(item)] = empty = kind()
                if kind is dict:
                    empty.update((key, copied(part)) for key, part in item.items())
                elif kind is list:
                    empty.extend(copied(part) for part in item)
                else:
                    empty.update(item)
        return copies[id(item)]

    return copied(value)


def nowhere(node: ast.AST) -> None:
    """Take the positions of a node and all within it away."""
    for child in ast.walk(node):
        if "lineno" in child._attributes:
            child.__dict__.update(NOWHERE)
