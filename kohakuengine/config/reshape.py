"""Spaces of which an axis is another, or none: what a command line says of what a file sweeps."""

from __future__ import annotations

from .grid import Grid, When
from .space import Axis, Space

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def with_axis(space: Space, axis: Axis) -> Space:
    """The same space, where a variable is tried with other values.

    Args:
        space: The space.
        axis: The variable's other values.

    Raises:
        ConfigError: The variable is paired with others, which have another number of values.

    Example:
        >>> with_axis(Grid([Axis("a", [1]), Axis("b", [2, 3])]), Axis("b", [4]))
        grid(a=[1], b=[4])
    """
    changed = _changed(space, axis.name, axis)
    assert changed is not None  # nothing is taken out
    return changed


def without(space: Space, name: str) -> Space:
    """The same space, where a variable isn't tried; its conditions may look at it nevertheless.

    Example:
        >>> without(Grid([Axis("a", [1]), Axis("b", [2, 3])]), "b")
        grid(a=[1])
    """
    left = _changed(space, name, None)
    return Grid([]) if left is None else left


def above(below: Space, pieces: Iterable[Space | When]) -> Space:
    """A grid of what a file sweeps and of what is said above it, which wins.

    Args:
        below: What the file sweeps. An axis that is said above it has those values in its place; what
            is said in pairs, or with a condition, is taken out of it.
        pieces: What is said above it.

    Example:
        >>> above(Grid([Axis("a", [1]), Axis("b", [2])]), [Axis("a", [3]), Axis("c", [4])])
        grid(grid(a=[3], b=[2]), c=[4])
    """
    others: list[Space | When] = []
    for piece in pieces:
        if isinstance(piece, Axis) and piece.name in below.names:
            below = with_axis(below, piece)
            continue
        others.append(piece)
        for name in (piece.space if isinstance(piece, When) else piece).names:
            below = without(below, name)
    return Grid([below, *others]) if others else below


def _changed(space: Space, name: str, axis: Axis | None) -> Space | None:
    if isinstance(space, Axis):
        return axis if space.name == name else space
    if name not in space.names:
        return space
    return space.remade([_changed(part, name, axis) for part in space.parts()])
