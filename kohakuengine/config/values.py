"""Values read from text by the type that is expected."""

from __future__ import annotations

import ast

from . import annotations as A
from .fit import (
    CONTAINERS,
    NOTHING,
    Misfit,
    container,
    dict_of,
    first_fit,
    item_types,
    items_of,
    member_of,
    none_of,
    ranked,
    same,
    short,
    with_article,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .annotations import Expected

_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_BRACKETS = {"[": "]", "(": ")", "{": "}"}


def from_text(text: str, expected: Expected) -> object:
    """The value of the expected type that a text stands for.

    Raises:
        Misfit: There is none.

    Example:
        >>> from_text("1e-3", A.read_annotation("float"))
        0.001
    """
    value = _FROM_TEXT[expected.shape](text, expected)
    if value is NOTHING:
        raise Misfit(f"{short(text)} is not {with_article(expected.shape)}")
    return value


def _literal(text: str) -> object:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes like "\d", which are the user's own text
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return NOTHING


# One function for each shape: from text.


def _any_of(text: str, expected: Expected) -> object:
    value = _literal(text)
    return text if value is NOTHING else value


def _none(text: str, expected: Expected) -> object:
    return None if text.strip() == "None" else NOTHING


def _bool(text: str, expected: Expected) -> object:
    return _WORDS.get(text.strip().lower(), NOTHING)


def _int(text: str, expected: Expected) -> object:
    for base in (0, 10):  # 0 understands 0x10, and 10 takes 007, too
        try:
            return int(text, base)
        except ValueError:  # also for more digits than Python converts
            continue
    return NOTHING


def _float(text: str, expected: Expected) -> object:
    whole = _int(text, expected)
    try:
        return float(whole) if isinstance(whole, int) else float(text)
    except (ValueError, OverflowError):
        return NOTHING


def _complex(text: str, expected: Expected) -> object:
    try:
        return complex(text.replace(" ", ""))
    except ValueError:
        return NOTHING


def _bytes(text: str, expected: Expected) -> object:
    value = _literal(text)
    return value if isinstance(value, bytes) else NOTHING


def _path(text: str, expected: Expected) -> object:
    from pathlib import Path

    return Path(text)


def _choice(text: str, expected: Expected) -> object:
    for value in (text, _literal(text), _bool(text, expected)):
        for choice in expected.choices:
            if same(choice, value):
                return choice
    raise none_of(text, expected)


def _member(text: str, expected: Expected) -> object:
    for value in (text, _literal(text)):
        try:
            return member_of(value, expected)
        except Misfit:
            continue
    raise none_of(text, expected)


def _items(text: str, expected: Expected) -> object:
    """A container, as Python writes it or as words between commas: `[1, 2]`, `1,2`, `[a, b]`."""
    value = _literal(text)
    pieces = _pieces(text)
    if value == {} and expected.shape in (A.SET, A.FROZENSET):
        value = set()  # nearer than {} one doesn't get to an empty set
    if isinstance(value, (list, tuple, set)):
        try:
            return items_of(value, expected)
        except Misfit:
            if not pieces:
                raise  # else it may be 1,2 for a list[str]
    if not pieces:
        form = "{1, 2}" if expected.shape in (A.SET, A.FROZENSET) else "[1, 2]"
        what = with_article(expected.shape)
        raise Misfit(f"{short(text)} is not {what}, which is written like {form} or 1,2")
    types = item_types(expected, len(pieces))
    return container(expected, (from_text(piece, t) for piece, t in zip(pieces, types)))


def _pieces(text: str) -> list[str]:
    """The words between the commas of a text, if there is nothing more to it than that."""
    inner = text.strip()
    bracketed = len(inner) > 1 and _BRACKETS.get(inner[0]) == inner[-1]
    if bracketed:
        inner = inner[1:-1]
    if not (bracketed or "," in inner) or any(c in "\"'()[]{}" for c in inner):
        return []
    pieces = [piece.strip() for piece in inner.split(",")]
    if not pieces[-1]:
        pieces.pop()
    return pieces if all(pieces) else []


def _dict(text: str, expected: Expected) -> object:
    value = _json(text)  # before Python, which reads the escapes of JSON in another way
    if not isinstance(value, dict):
        value = _literal(text)
    if not isinstance(value, dict):
        raise Misfit(f"{short(text)} is not a dict, which is written like {{'a': 1}}")
    return dict_of(value, expected)


def _json(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return NOTHING


def _union(text: str, expected: Expected) -> object:
    parts = ranked(expected)
    plain = any(part.shape in (A.STR, A.PATH, A.ANY) for part in parts)
    if plain and text.strip()[:1] not in _BRACKETS:  # where text will do, a,b is text
        parts = [part for part in parts if part.shape not in CONTAINERS]
    return first_fit(parts, lambda part: from_text(text, part), text)


_FROM_TEXT: Mapping[str, Callable[[str, Expected], object]] = {
    A.ANY: _any_of,
    A.NONE: _none,
    A.BOOL: _bool,
    A.INT: _int,
    A.FLOAT: _float,
    A.COMPLEX: _complex,
    A.STR: lambda text, expected: text,
    A.BYTES: _bytes,
    **dict.fromkeys(CONTAINERS, _items),
    A.DICT: _dict,
    A.PATH: _path,
    A.ENUM: _member,
    A.LITERAL: _choice,
    A.UNION: _union,
}
