"""Values from a text in JSON."""

from __future__ import annotations

import json
import re

from .documents import DIGITS, Unreadable, found_lines, too_deep, too_long

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .documents import Lines, Place

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:]', re.DOTALL)


def read_json(text: str) -> tuple[Any, Lines]:
    """What a text says, and the lines of its values.

    NaN, Infinity and -Infinity are taken, as Python writes them.

    Raises:
        Unreadable: It isn't JSON; or a key is there twice.
    """
    try:
        tree = json.loads(text, object_pairs_hook=_by_name, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not valid JSON: {error.msg}.", error.lineno) from None
    except _Twice:
        raise _given_twice(text) from None
    except _TooLong as error:
        place = re.search(r"\d{%d}" % error.digits, text)
        line = text.count("\n", 0, place.start()) + 1 if place else None
        raise Unreadable(too_long(error.digits), line) from None
    except RecursionError:
        raise Unreadable(too_deep()) from None
    return tree, found_lines(lambda: _lines(text))


class _Twice(ValueError):
    """A key is there twice."""


class _TooLong(ValueError):
    def __init__(self, digits: int) -> None:
        super().__init__(digits)
        self.digits = digits


def _by_name(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise _Twice()
    return values


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise _TooLong(len(digits.lstrip("-")))
    return int(digits)


def _given_twice(text: str) -> Unreadable:
    seen: dict[Place, int] = {}
    for place, line in _lines(text):
        if place in seen:
            name = ".".join(map(str, place))
            return Unreadable(f"gives {name} twice: it is in line {seen[place]}, too.", line)
        seen[place] = line
    return Unreadable("gives a key twice.")  # not reached, as long as _lines() reads all of JSON


def _lines(text: str) -> Iterator[tuple[Place, int]]:
    """The place of each value in an object, in order, and the line of its key."""
    place: list[Any] = []  # for each bracket that is open: the key or the index
    line, end, last = 1, 0, ""
    for token in _TOKEN.finditer(text):
        line += text.count("\n", end, token.start())
        end = token.start()
        found = token[0]
        if found in "{[":
            place.append(0 if found == "[" else None)
        elif found in "}]":
            place.pop()
        elif found == ":":
            place[-1] = json.loads(last)
            yield tuple(place), line
        elif found == "," and isinstance(place[-1], int):
            place[-1] += 1
        last = found
