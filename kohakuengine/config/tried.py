"""What the axes of a space try, each value once, without a point being made."""

from __future__ import annotations

from .grid import Grid, When

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .space import Space

# Of a list, which holds its values, so many are looked at; of a range or of draws, which would have
# to make each, so many, evenly spread, with both ends.
_LISTED = 100_000
_MADE = 1_000


def tried(space: Space) -> Iterator[tuple[str, Any, str | None]]:
    """Each variable of a space with each value that it is to have, and where that is said.

    Args:
        space: The space, of any size.
    """
    for name, values, place in _axes(space):
        if isinstance(values, (list, tuple)):
            yield from ((name, value, place) for value in values[:_LISTED])
        else:
            yield from ((name, values[index], place) for index in _spread(values))


def _axes(space: Space) -> Iterator[tuple[str, Sequence[Any], str | None]]:
    if isinstance(space, Grid):
        for piece in space.pieces:
            if isinstance(piece, When):
                place = next((axis.place for axis in piece.space.axes()), None)
                yield from ((name, [value], place) for name, value in piece.otherwise.items())
    parts = list(space.parts())
    if not parts:
        yield from ((axis.name, axis.values, axis.place) for axis in space.axes())
    for part in parts:
        yield from _axes(part)


def _spread(values: Sequence[Any]) -> Iterator[int]:
    count = len(values)
    if count <= _MADE:
        yield from range(count)
    else:
        yield from (n * (count - 1) // (_MADE - 1) for n in range(_MADE))
