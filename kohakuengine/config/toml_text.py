"""Values from a text in TOML."""

from __future__ import annotations

import re
import sys

from .documents import DEPTH, DIGITS, Unreadable, found_lines, too_deep, too_long

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .documents import Lines, Place

_NAME = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = rf"{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*"
_MANY = re.compile(rf"(?:^|[\n{{,])[ \t\[]*(?:{_NAME}[ \t]*\.[ \t]*){{{DEPTH}}}")
_TOKEN = re.compile(
    rf'"""(?:[^\\]|\\.)*?"{{3,5}}|\'\'\'.*?\'{{3,5}}|(?P<head>(?:^|(?<=\n))[ \t]*\[\[?[ \t]*{_KEY}[ \t]*\]\]?)'
    rf'|(?P<key>(?:^|(?<=\n))[ \t]*{_KEY})[ \t]*=|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|\#[^\n]*|[][{{}}]',
    re.DOTALL,
)


def read_toml(text: str) -> tuple[Any, Lines]:
    """What a text says, and the lines of its values.

    Raises:
        Unreadable: It isn't TOML; or a key is there twice.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    _check_size(text)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(text, str(error)) from None
    except RecursionError:
        raise Unreadable(too_deep()) from None
    except (ValueError, OverflowError) as error:  # of a number, a date, an offset from UTC
        raise _too_long(text) or Unreadable(f"is not valid TOML: {error}.") from None
    return tree, found_lines(lambda: _lines(text))


def _check_size(text: str) -> None:
    """Refuse what the parser would take very long for."""
    # A key of very many parts; most texts haven't as many dots in a line.
    if any(line.count(".") >= DEPTH for line in text.split("\n")):
        found = _MANY.search(text)
        if found:
            raise Unreadable(too_deep(), text.count("\n", 0, found.end()) + 1)


def _too_long(text: str) -> Unreadable | None:
    number = re.search(rf"[0-9][0-9_]{{{DIGITS},}}", text)
    if number is None:
        return None
    return Unreadable(too_long(len(number[0])), text.count("\n", 0, number.start()) + 1)


def _invalid(text: str, message: str) -> Unreadable:
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    problem = message[: place.start()] if place else message
    line = int(place[1]) if place and place[1] else None
    if place and line is None:
        line, problem = text.rstrip("\n").count("\n") + 1, f"{problem}, at the end"
    if re.match("Cannot (overwrite|declare|mutate)|Duplicate", problem):
        seen: dict[Place, int] = {}
        for key, at in _lines(text):
            if key in seen:
                name = ".".join(map(str, key))
                return Unreadable(f"gives {name} twice: it is in line {seen[key]}, too.", at)
            seen[key] = at
    return Unreadable(f"is not valid TOML: {problem}.", line)


def _lines(text: str) -> Iterator[tuple[Place, int]]:
    """The place of each table and value that has a line of its own, in order, and that line.

    Reads only as much of TOML as it needs; it is for messages.
    """
    table: Place = ()
    counts: dict[Place, int] = {}  # of the tables in arrays of them
    line, end, depth = 1, 0, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", end, token.start())
        end = token.start()
        if token["head"] and not depth:
            key = _parts(token["head"].strip().strip("[]"))
            if token["head"].lstrip().startswith("[["):
                counts[key] = counts.get(key, -1) + 1
                table = (*_within(key, counts), counts[key])
            else:
                table = _within(key, counts)
            yield table, line
        elif token["key"] and not depth:
            yield (*table, *_parts(token["key"])), line
        elif token[0][0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1


def _within(key: Place, counts: dict[Place, int]) -> Place:
    """The place of a table, where those around it may be in arrays."""
    place: Place = ()
    for n, part in enumerate(key, 1):
        place += (part,)
        if n < len(key) and key[:n] in counts:
            place += (counts[key[:n]],)
    return place


def _parts(key: str) -> Place:
    names = re.findall(_NAME, key)
    return tuple(name[1:-1] if name[0] in "\"'" else name for name in names)
