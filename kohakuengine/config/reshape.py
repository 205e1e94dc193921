"""Spaces of which an axis is another, or none: what a command line says of what a file sweeps."""

from __future__ import annotations

from .grid import Grid
from .space import Axis, Space


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


def _changed(space: Space, name: str, axis: Axis | None) -> Space | None:
    if isinstance(space, Axis):
        return axis if space.name == name else space
    if name not in space.names:
        return space
    return space.remade([_changed(part, name, axis) for part in space.parts()])
