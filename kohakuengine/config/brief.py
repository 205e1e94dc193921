"""Values as their reprs, in short, whatever their size."""

from __future__ import annotations

from .fit import short, short_repr

_BUILT_IN = (str, bytes, bytearray, list, tuple, dict, set, frozenset)


def brief(value: object, width: int = 200) -> str:
    """The repr of a value on one line, cut to a number of characters.

    Of what is built in, little more is looked at than is shown.

    Example:
        >>> brief(list(range(10**6)), 40)
        '[0, 1, 2, 3, 4, 5, 6, 7, ...]'
    """
    if type(value) not in _BUILT_IN:
        return short_repr(value, width)
    from reprlib import Repr

    reader = Repr()
    reader.maxstring = reader.maxother = reader.maxlong = 4 * width
    for kind in ("list", "tuple", "dict", "set", "frozenset"):
        setattr(reader, f"max{kind}", max(6, width // 5))
    try:
        return short(reader.repr(value), width)
    except Exception:  # as for an int of 4,301 digits in it
        return short_repr(value, width)
