"""What the commands print: texts, tables, JSON, errors."""

from __future__ import annotations

import sys

from ..config.fit import short_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def say(text: str) -> None:
    """Print a text to stdout, also where its encoding lacks some of the characters."""
    if sys.stdout is not None:  # which it is when the caller closed it
        encoding = sys.stdout.encoding
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def warn(message: str) -> None:
    """Tell a warning on stderr."""
    _tell(f"kogine: warning: {message}")


def fail(error: Exception) -> int:
    """Tell an error on stderr, and give the exit status for it."""
    _tell(f"kogine: error: {error}")
    return 2


def tell_interrupted(script: str) -> None:
    """Tell on stderr that Ctrl-C ended a script."""
    _tell(f"kogine: {script} was interrupted.")


def _tell(text: str) -> None:
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)  # its encoding replaces what it lacks


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns, two spaces apart; empty columns are left out.

    Example:
        >>> print(table([("lr", "", "0.1"), ("epochs", "", "10")]))
        lr      0.1
        epochs  10
    """
    columns = [column for column in zip(*rows) if any(column)]
    widths = [max(map(_width, column)) for column in columns]
    lines = []
    for row in zip(*columns):
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


def json_text(document: object) -> str:
    """A document as JSON; values that JSON can't hold as their repr."""
    import json

    return json.dumps(jsonable(document), indent=2, allow_nan=False)


def jsonable(value: object, depth: int = 20) -> object:
    """A value as JSON can hold it: containers item by item, what it can't hold as its repr.

    What lies deeper than `depth` is a repr, too.

    Example:
        >>> jsonable({"lr": (0.1, float("nan")), "path": {1}})
        {'lr': [0.1, 'nan'], 'path': '{1}'}
    """
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if isinstance(value, int) and kind is int and value.bit_length() < 10_000:
        return value
    if isinstance(value, float) and kind is float and abs(value) < float("inf"):
        return value
    if depth and isinstance(value, (list, tuple)) and kind in (list, tuple):
        return [jsonable(item, depth - 1) for item in value]
    if depth and isinstance(value, dict) and all(type(key) is str for key in value):
        return {key: jsonable(item, depth - 1) for key, item in value.items()}
    return short_repr(value, 10_000)
