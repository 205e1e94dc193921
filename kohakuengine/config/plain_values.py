"""Values as texts of config files hold them: what a format can't hold is refused, not changed."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timezone

from .documents import DIGITS
from .printing import DEPTH, Unwritable, within
from .secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

_TOO_LONG: int = 10**DIGITS
_ALWAYS = (str, int, float, bool)
_KEYS = (str, int, float, bool, type(None))


class PlainValues:
    """Makes values what stands in a file of one format.

    Args:
        kinds: The types that it has, beside texts, numbers, booleans, lists and mappings.
        none: What stands for None; None itself, where the format has that.
        keys: Whether the keys of mappings can be something else than texts.
    """

    def __init__(
        self, kinds: Collection[type], none: str | None = None, keys: bool = False
    ) -> None:
        self._kinds = kinds
        self._none = none
        self._keys = keys

    def of(self, value: Any, place: str, depth: int = 0) -> Any:
        """A value as it stands in the file.

        Raises:
            Unwritable: There it would be another one.
        """
        kind = type(value)
        if depth > DEPTH:
            raise Unwritable("it is nested too deeply, or holds itself", _start(place), value)
        if kind is list:
            items = enumerate(value)
            return [self.of(item, f"{place}[{index}]", depth + 1) for index, item in items]
        if kind is dict:
            return {
                self._key(key, place, value): self.of(item, within(place, key), depth + 1)
                for key, item in value.items()
            }
        if kind is Secret and value.type is str:
            return f"${{secret:{value.variable}}}"
        if kind not in _ALWAYS and kind not in self._kinds and value is not None:
            raise Unwritable(_reason(value), place, value)
        return self._single(value, place)

    def _single(self, value: Any, place: str) -> Any:
        if value is None:
            return self._none
        if type(value) is str:
            return self._text(value, place)
        if type(value) is int and (value.bit_length() > 4 * DIGITS or not _is_short(value)):
            raise Unwritable(f"it is a number of more than {DIGITS} digits", place, value)
        if isinstance(value, (datetime, time)) and not _is_simple(value):
            raise Unwritable("it has a time zone or a fold that would be lost", place, value)
        if type(value) is set:
            for item in value:
                self._key(item, place, value)
        return value

    def _text(self, value: str, place: str) -> str:
        if value == "???":
            raise Unwritable("there, ??? says that a value is missing", place, value)
        _check_text(value, place, value)
        # References begin by ${; backslashes before one are counted.
        return re.sub(r"(\\*)\$\{", lambda found: f"{found[1] * 2}\\${{", value)

    def _key(self, key: Any, place: str, value: Any) -> Any:
        if type(key) is not str and (not self._keys or type(key) not in _KEYS):
            kind = type(key).__name__
            raise Unwritable(f"it has a key, or an item of a set, that is a {kind}", place, value)
        if key != key:
            raise Unwritable("it has a key that isn't equal to itself", place, value)
        if type(key) is str:
            _check_text(key, place, value)
        elif key is not None:
            self._single(key, place)
        return key


def _check_text(text: str, place: str, value: Any) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Unwritable("it has half a character in it, a surrogate", place, value) from None


def _is_short(value: int) -> bool:
    return abs(value) < _TOO_LONG


def _is_simple(value: datetime | time) -> bool:
    zone = value.tzinfo
    if value.fold or isinstance(value, time) and zone is not None:
        return False
    if zone is None:
        return True
    offset = zone.utcoffset(None) if type(zone) is timezone else None
    return offset is not None and offset.total_seconds() % 60 == 0 and timezone(offset) == zone


def _reason(value: object) -> str:
    """Why a value of that type can't be held."""
    kind = type(value)
    as_list = "which would come back as a list"
    if kind is tuple:
        return f"it is a tuple, {as_list}"
    if kind in (set, frozenset):
        return f"it is a {kind.__name__}, {as_list}" if kind is set else "it is a frozenset"
    if isinstance(value, date):
        return f"it is a {kind.__name__}, which would come back as a text"
    return f"it is of type {kind.__name__}"


def _start(place: str) -> str:
    """The variable of a place, which may be very long."""
    return re.split(r"[.\[]", place, maxsplit=1)[0]
