"""The columns of the index's rows: Python values on our side, SQLite's on the other."""

from __future__ import annotations

from functools import cache

from .values import small_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

FLOW_COLUMNS = tuple(
    "id name created ended status scripts options tags host pid total".split(),
)
RUN_COLUMNS = tuple(
    "id flow position name script entrypoint launcher status created started ended attempts slot key"
    " params metrics result error exit_code peak_memory cpu_seconds tags".split(),
)
COLUMNS = {"flows": FLOW_COLUMNS, "runs": RUN_COLUMNS}

# Columns that hold JSON, and what is read where they hold nothing.
_EMPTY: dict[str, Any] = {"scripts": list, "options": dict, "tags": list, "params": dict}
_EMPTY |= {"metrics": dict, "result": lambda: None}

# SQLite's JSON functions refuse a text nested deeper than 1,000; the filter would fail at that row.
_DEEPEST = 500


def encoded(table: str, columns: Mapping[str, object]) -> dict[str, object]:
    """Values of columns as SQLite takes them.

    Raises:
        TypeError: There is no such column.
    """
    strange = columns.keys() - set(COLUMNS[table])
    if strange:
        raise TypeError(f"the table {table} has no column {sorted(strange)[0]!r}")
    return {name: _encoded(name, value) for name, value in columns.items()}


def _encoded(name: str, value: object) -> object:
    if value is None:
        return None
    if name == "metrics":
        return _numbers(value)  # type: ignore[arg-type]
    if name == "params":
        return _params(value)  # type: ignore[arg-type]
    if name in _EMPTY:
        return _json(value)
    if isinstance(value, str):
        return plain(value)
    return value


def plain(text: str) -> str:
    """A text that UTF-8 can hold: the bytes in names of files that are no text become escapes.

    Within JSON they are escapes of JSON, too, and come back as they were.
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _json(value: object) -> str:
    """JSON with its letters as they are, since SQLite compares names as they are written."""
    text = small_json(value)
    if text is not None and "\\u" not in text:
        return text  # without json: one run by itself needs nothing else of it
    encode = _encoder()
    try:
        return plain(encode(value))
    except ValueError:
        return plain(encode(_without_nan(value)))


@cache
def _encoder() -> Callable[[Any], str]:
    """One for all values: `json.dumps` would make a new one for each."""
    import json

    return json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _without_nan(value: Any) -> Any:
    """A value with the floats that JSON has no word for as text."""
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return value


def _numbers(values: Mapping[str, float]) -> str:
    """Numbers as JSON, in which nan is null and infinity is a number too great for a float.

    Both are then to SQLite what they should be: nothing, and greater than any other.
    """
    numbers = map(_number, values.values())
    return "{" + ", ".join(map(": ".join, zip(map(_json, values), numbers))) + "}"


def _number(value: float) -> str:
    if value != value:
        return "null"
    if value in (float("inf"), float("-inf")):
        return "1e999" if value > 0 else "-1e999"
    return repr(int(value) if isinstance(value, int) else float(value))


def _params(values: Mapping[str, object]) -> str:
    text = _json(values)
    if text.count("[") + text.count("{") < _DEEPEST:
        return text
    return _json({name: _shallow(value) for name, value in values.items()})


def _shallow(value: object) -> object:
    text = _json(value)
    return value if _depth(text) < _DEEPEST else text[:100] + "..."


def _depth(text: str) -> int:
    """How deeply a JSON text is nested, at most: brackets within its strings are counted, too."""
    depth = deepest = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


def decoded(table: str, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Rows of all columns as dicts of Python values."""
    if not rows:
        return []
    names = COLUMNS[table]
    columns = [
        _decoded_column(texts, _EMPTY[name]) if name in _EMPTY else texts
        for name, texts in zip(names, zip(*rows))
    ]
    if "metrics" in names:
        for numbers in columns[names.index("metrics")]:
            _restore_nan(numbers)
    return [dict(zip(names, values)) for values in zip(*columns)]


def decoded_value(column: str, text: str | None) -> Any:
    """One value of a column that holds JSON."""
    value = _decoded_column([text], _EMPTY[column])[0]
    if column == "metrics":
        _restore_nan(value)
    return value


def _decoded_column(texts: Sequence[str | None], empty: Callable[[], Any]) -> list[Any]:
    """JSON texts as values; as one text, which takes a third of the time."""
    import json

    whole = json.loads("[" + ",".join([text or "null" for text in texts]) + "]")
    return [empty() if value is None else value for value in whole]


def _restore_nan(numbers: dict[str, float | None]) -> None:
    for name, number in numbers.items():
        if number is None:
            numbers[name] = float("nan")
