"""What a sweep says besides the values of its axes: conditions, samples, repeats, and how it is put
together."""

from __future__ import annotations

from .grid import Grid, When
from .space import Axis, Concat, Repeat, Sample, Space, Zip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .condition import Condition


class Function:
    """A condition that is a function: the same as another one by its code, and shown by its name."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition

    def __kogine_key__(self) -> object:
        return self._condition.source

    def __repr__(self) -> str:
        code = getattr(self._condition.source, "__code__", None)
        line = "" if code is None else f" in line {code.co_firstlineno}"
        return f"{self._condition.shown}{line}"


def rules_of(space: Space) -> dict[str, Any]:
    """Its conditions, samples and repeats, by names for people; of several of a name, a list.

    Example:
        >>> from kohakuengine.config.axes import exclude, grid, when
        >>> rules_of(exclude(grid(a=[1, 2], b=when("a == 1", [3])), "b == 3"))
        {'b when': 'a == 1', '_exclude': 'b == 3'}
    """
    found: dict[str, list[Any]] = {}
    for name, rule in _rules(space):
        found.setdefault(name, []).append(rule)
    return {name: rules[0] if len(rules) == 1 else rules for name, rules in found.items()}


def outline_of(space: Space | When) -> str:
    """How it is put together, without values and conditions.

    Example:
        >>> from kohakuengine.config.axes import grid, zip
        >>> outline_of(grid(zip(a=[1], b=[2]), c=[3]))
        'grid(zip(a, b), c)'
    """
    if isinstance(space, When):
        return outline_of(space.space)
    if isinstance(space, Axis):
        return space.name
    parts = space.pieces if isinstance(space, Grid) else [*space.parts()]
    return f"{_KINDS.get(type(space), 'grid')}({', '.join(map(outline_of, parts))})"


_KINDS = {Zip: "zip", Concat: "concat", Sample: "sample", Repeat: "repeat"}


def _rules(space: Space) -> Iterator[tuple[str, Any]]:
    if isinstance(space, Grid):
        for piece in space.pieces:
            if isinstance(piece, When):
                yield from _of_when(piece)
        yield from (("_exclude", _shown(condition)) for condition in space.excluded)
    elif isinstance(space, Sample):
        yield "_sample", {"count": space.wanted, "seed": space.seed}
    elif isinstance(space, Repeat):
        yield "_repeat", space.times
    for part in space.parts():
        yield from _rules(part)


def _of_when(piece: When) -> Iterator[tuple[str, Any]]:
    for name in piece.space.names:
        yield f"{name} when", _shown(piece.condition)
    for name, value in piece.otherwise.items():
        yield f"{name} otherwise", value


def _shown(condition: Condition) -> Any:
    return Function(condition) if condition.text is None else condition.shown
