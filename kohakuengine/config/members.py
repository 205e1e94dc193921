"""Members of Enum classes that only a script has."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CONTAINERS = (list, tuple, set, frozenset, dict)


def is_stand_in(value: object) -> bool:
    """Whether a value is one of ours, which stands for what only the run's own process has."""
    return str(type(value).__module__).partition(".")[0] == __name__.partition(".")[0]


def holds_stand_in(value: object) -> bool:
    """Whether a value is one of these, or holds one in its lists, dictionaries and such."""
    seen: set[int] = set()  # a list may hold itself
    left: list[Any] = [value]
    while left:
        one = left.pop()
        kind = type(one)
        if kind in _CONTAINERS:
            if id(one) not in seen:
                seen.add(id(one))
                left += one
                left += one.values() if kind is dict else ()
        elif kind.__module__ != "builtins" and is_stand_in(one):
            return True
    return False


class EnumMember:
    """Stands for a member of an Enum that only the script has, e.g. `Color.RED`.

    Args:
        cls: The class as the script writes it, e.g. `"Color"` or `"colors.Color"`.
        name: The member's name.

    Example:
        >>> EnumMember("colors.Color", "RED").expression
        'colors.Color.RED'
    """

    __slots__ = ("cls", "name")

    def __init__(self, cls: str, name: str) -> None:
        self.cls = cls
        self.name = name

    @property
    def expression(self) -> str:
        """The source text that gives the member within the script."""
        return f"{self.cls}.{self.name}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EnumMember):
            return NotImplemented
        return (self.cls, self.name) == (other.cls, other.name)

    def __hash__(self) -> int:
        return hash((self.cls, self.name))

    def __repr__(self) -> str:
        return f"EnumMember({self.cls!r}, {self.name!r})"
