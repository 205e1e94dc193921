"""Runs as a file for other programs: CSV or JSON."""

from __future__ import annotations

import os

from ..errors import StoreError
from .flat import TIMES, flat_columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Row = dict[str, Any]

FORMATS = ("csv", "json")


def export(rows: Sequence[Row], kind: str) -> str:
    """Runs as the text of a file, one after the other: id, parameters, metrics, facts.

    The columns are those of `Runs.to_pandas()`. Times are in ISO 8601, in UTC. In CSV, lists and
    dicts are JSON, and nothing stands where a run has no value.

    Args:
        rows: Rows of the index.
        kind: `csv` or `json`.
    """
    columns = {"id": [row["id"] for row in rows], **flat_columns(rows)}
    columns.update({name: list(map(_moment, columns[name])) for name in TIMES})
    return _csv(columns) if kind == "csv" else _json(columns)


def _moment(seconds: float | None) -> str | None:
    from datetime import datetime, timezone

    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def _csv(columns: dict[str, list[Any]]) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(map(_cell, column) for column in columns.values())))
    return text.getvalue()


def _cell(value: object) -> object:
    import json

    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _json(columns: dict[str, list[Any]]) -> str:
    import json

    encode = json.JSONEncoder(allow_nan=False).encode
    records = (dict(zip(columns, values)) for values in zip(*map(_numbers, columns.values())))
    return "[\n" + ",\n".join(_object(record, encode) for record in records) + "\n]\n"


def _object(record: dict[str, Any], encode: Callable[[object], str]) -> str:
    from .shown import jsonable

    try:
        return encode(record)
    except ValueError:  # an infinite number
        return encode(jsonable(record))


def _numbers(column: list[Any]) -> Iterator[Any]:
    """A column in which nan is nothing."""
    return (None if isinstance(value, float) and value != value else value for value in column)


def write_text(path: str, text: str) -> None:
    """Write a file in UTF-8, whole or not at all.

    Raises:
        StoreError: It can't be written.
    """
    from .values import write_bytes

    try:
        write_bytes(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(
            f"{os.path.abspath(path)} can't be written: {reason}.", path=path
        ) from error
