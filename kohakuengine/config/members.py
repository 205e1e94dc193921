"""Members of Enum classes that only a script has."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .base import Config

_CONTAINERS = (list, tuple, set, frozenset, dict)


def is_stand_in(value: object) -> bool:
    """Whether a value is one of ours, which stands for what only the run's own process has."""
    return str(type(value).__module__).partition(".")[0] == __name__.partition(".")[0]


def holds_stand_in(value: object) -> bool:
    """Whether a value is one of these, or holds one in its lists, dictionaries and such."""
    return _holds(value, is_stand_in)


def holds_member(value: object) -> bool:
    """Whether a value is a member of an Enum or stands for one, or holds one as above."""
    return _holds(value, _is_member)


def holds_members(config: Config) -> bool:
    """Whether a config holds any of these."""
    return any(map(holds_member, (config.globals_dict, config.args, config.kwargs)))


def is_real_member(value: object) -> bool:
    """Whether a value is a member of an Enum that this process has."""
    return hasattr(type(value), "_member_map_")  # no import of enum, which most don't need


def _is_member(value: object) -> bool:
    return isinstance(value, EnumMember) or is_real_member(value)


def _holds(value: object, wanted: Callable[[object], bool]) -> bool:
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
        elif kind.__module__ != "builtins" and wanted(one):
            return True
    return False


class EnumMember:
    """Stands for a member of an Enum that only the script has, e.g. `Color.RED`.

    Two are equal that say the same, whatever is known of the class.

    Args:
        cls: The class as the script writes it, e.g. `"Color"` or `"colors.Color"`.
        name: The member's name.
        home: Where the class is defined, as one would import it, e.g. `"colors.Color"`; None where
            that isn't known.
        given: What was given for it: another name of the same member, or a real member; None for
            `name` itself.

    Example:
        >>> EnumMember("colors.Color", "RED").expression
        'colors.Color.RED'
    """

    __slots__ = ("cls", "name", "home", "given")

    def __init__(self, cls: str, name: str, *, home: str | None = None, given: Any = None) -> None:
        self.cls = cls
        self.name = name
        self.home = home
        self.given = given

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
        return f"<{self.expression}>"  # as of a member, without the value

    def __reduce__(self) -> tuple[type[EnumMember], tuple[str, str]]:
        # Not what was given: to read a real member, a run's process would import the script.
        return EnumMember, (self.cls, self.name)

    def __setstate__(self, state: tuple[None, dict[str, str]]) -> None:
        """Of what was pickled before there was a `home`."""
        self.__init__(**state[1])  # type: ignore[misc]
