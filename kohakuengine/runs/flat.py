"""Runs as a flat table: a column for each parameter, metric and fact, all of the same length."""

from __future__ import annotations

from ..config.varied import flattened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import Any

    Row = dict[str, Any]

# What stands before parameters and metrics, and behind.
_FIRST = ("name", "status")
_LAST = (
    *("result", "error", "started", "ended", "duration", "created", "script", "entrypoint", "flow"),
    *(
        "position",
        "launcher",
        "attempts",
        "slot",
        "exit_code",
        "peak_memory",
        "cpu_seconds",
        "tags",
    ),
)
TIMES = ("started", "ended", "created")
WHOLE = ("position", "attempts", "slot", "exit_code", "peak_memory")
FACTS = (*_FIRST, *_LAST)


def flat_columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The columns of a flat table of runs, each with one value a run, None where it has none.

    First name and status, then the parameters, the metrics, and what else is known. A parameter or
    metric whose name is taken is `params.name`, `metrics.loss`.

    Args:
        rows: Rows of the index.
    """
    found = {name: [row[name] for row in rows] for name in _FIRST}
    for kind in ("params", "metrics"):
        taken = {*found, *_LAST}
        held = _held([row[kind] for row in rows])
        found.update({unique_name(name, kind, taken): column for name, column in held.items()})
    for name in _LAST:
        found[name] = _durations(rows) if name == "duration" else [row[name] for row in rows]
    return found


def opened(row: Row) -> Row:
    """A row for a table of runs, in which what is within dictionaries has names with dots."""
    params = row["params"]
    if not any(type(value) is dict for value in params.values()):
        return row
    return {**row, "params": flattened(params)}


def _held(holders: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for place, holder in enumerate(holders):
        for name, value in holder.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = [None] * len(holders)
            column[place] = value
    return columns


def _durations(rows: Sequence[Row]) -> list[float | None]:
    spans = ((row["started"], row["ended"]) for row in rows)
    return [None if None in (start, end) else max(0.0, end - start) for start, end in spans]


def unique_name(name: str, kind: str, taken: Container[str]) -> str:
    """A name, with its kind before it where the name is taken.

    Example:
        >>> unique_name("loss", "metrics", {"lr"}), unique_name("lr", "metrics", {"lr"})
        ('loss', 'metrics.lr')
    """
    while name in taken:
        name = f"{kind}.{name}"
    return name
