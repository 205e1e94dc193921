"""Which columns a list of runs is shown with, and what stands in them."""

from __future__ import annotations

import os
import time

from .cells import age_text, duration_text, one_line, shown, time_text
from .flat import opened
from .outcome import FINAL, FINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    Row = dict[str, Any]

MOST_METRICS = 6
MOST_PARAMS = 8
ID_WIDTH = 8
_CELL = 24  # the longest text of a parameter or name, in characters
_GAP = 2  # between columns


class Column:
    """One column of a list of runs.

    Attributes:
        name: What stands above it.
        kind: `id`, `name`, `script`, `status`, `param`, `metric`, `duration` or `age`.
        cells: What stands in it, a text a run.
        width: The longest of these, in characters.
    """

    def __init__(self, name: str, kind: str, cells: Sequence[str]) -> None:
        self.name = one_line(name, _CELL)
        self.kind = kind
        self.cells = list(cells)
        self.width = max(map(len, (self.name, *self.cells)))


def columns(
    rows: Sequence[Row],
    *,
    ages: bool = False,
    params: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
) -> list[Column]:
    """What tells these runs apart, and how they went.

    Names that only repeat parameters or the script are left out; so are parameters that all runs
    have in common, and metrics but the few that most runs have.

    Args:
        rows: Rows of the index.
        ages: Whether to say how long ago each was made; for where that is read at once.
        params: The parameters that vary, where it isn't these rows alone that tell.
        metrics: The metrics, those first that matter most, likewise.
    """
    rows = [*map(opened, rows)]
    params = varying(rows) if params is None else params
    metrics = metric_names(rows) if metrics is None else metrics
    found = [Column("id", "id", [row["id"][:ID_WIDTH] for row in rows])]
    if len(rows) == 1 or len({row["script"] for row in rows}) > 1:
        found.append(Column("script", "script", [script_name(row["script"]) for row in rows]))
    if any(not _repeats(row) for row in rows):
        found.append(Column("name", "name", [one_line(row["name"] or "", _CELL) for row in rows]))
    found.append(Column("status", "status", [row["status"] for row in rows]))
    found += [_held("params", "param", name, rows) for name in params[:MOST_PARAMS]]
    found += [_held("metrics", "metric", name, rows) for name in metrics[:MOST_METRICS]]
    found.append(Column("duration", "duration", [duration_text(duration(row)) for row in rows]))
    if ages:
        now = time.time()
        found.append(Column("created", "age", [age_text(now - row["created"]) for row in rows]))
    return found


def _held(place: str, kind: str, name: str, rows: Sequence[Row]) -> Column:
    cells = [shown(row[place][name], _CELL) if name in row[place] else "" for row in rows]
    return Column(name, kind, cells)


def script_name(script: str | None) -> str:
    """A script without its folders."""
    return one_line(os.path.basename(script or "") or script or "", _CELL)


def _repeats(row: Row) -> bool:
    """Whether a run's name says nothing that its parameters and script don't say."""
    name = row["name"] or ""
    stem = os.path.splitext(os.path.basename(row["script"] or ""))[0]
    if name in ("", row["script"], stem):
        return True
    return any(name.startswith(" ".join(f"{param}=".split())) for param in row["params"])


def varying(rows: Sequence[Row]) -> list[str]:
    """The parameters that differ, those first that most runs set; of a single run, all."""
    return _varying(rows, "params") if len(rows) > 1 else list(rows[0]["params"] if rows else ())


def _varying(rows: Sequence[Row], place: str) -> list[str]:
    return [
        name
        for name in _frequent(row[place] for row in rows)
        if len({identity(row[place][name]) if name in row[place] else None for row in rows}) > 1
    ]


def metric_names(rows: Sequence[Row]) -> list[str]:
    """The metrics, those first that most runs have."""
    return _frequent(row["metrics"] for row in rows)


def _frequent(holders: Iterable[dict[str, Any]]) -> list[str]:
    from collections import Counter

    counts = Counter(name for holder in holders for name in holder)
    return [name for name, _ in counts.most_common()]  # of equal ones, the first met


def identity(value: object) -> str:
    """A text that two values of the index share only if they are the same, types included."""
    import json

    return json.dumps(value, sort_keys=True)


def duration(row: Row) -> float | None:
    """How long a run's last attempt took, or has taken so far, in seconds."""
    if row["started"] is None:
        return None
    end = row["ended"]
    if end is None:
        end = time.time() if row["status"] == "running" else row["started"]
    return max(0.0, end - row["started"])  # type: ignore[no-any-return]


def fitting(found: Sequence[Column], width: int) -> list[Column]:
    """The columns that fit side by side; what tells the least is left out first."""
    kept = list(found)
    for least in _least_first(found):
        if sum(column.width + _GAP for column in kept) - _GAP <= width:
            break
        kept.remove(least)
    return kept


def _least_first(found: Sequence[Column]) -> list[Column]:
    """The columns that can be left out; the first of all metrics and parameters go last."""
    of: Callable[[str], list[Column]] = lambda kind: [c for c in found if c.kind == kind][::-1]
    metrics, params = of("metric"), of("param")
    middle = [*metrics[:-2], *params[:-3], *of("age"), *of("name")]
    return [*middle, *params[-3:-1], *metrics[-2:-1], *of("script"), *metrics[-1:], *params[-1:]]


FLOW_HEADS = ("id", "name", "status", "runs", "created", "scripts")


def flow_cells(flow: Row) -> tuple[str, ...]:
    """What stands in the line of a flow.

    Args:
        flow: Its row of the index, and `counts`: how many of its runs have each status.
    """
    scripts = [script_name(script) for script in flow["scripts"]]
    return (
        flow["id"][:ID_WIDTH],
        one_line(flow["name"] or "", _CELL),
        flow["status"],
        progress(flow),
        time_text(flow["created"])[:16],
        one_line(", ".join(dict.fromkeys(scripts)), 2 * _CELL),
    )


def progress(flow: Row) -> str:
    """How many runs of a flow have ended, of how many, and how those that didn't finish."""
    counts = flow["counts"]
    ended = sum(number for status, number in counts.items() if status in FINAL)
    total = flow["total"]
    if total is None and flow["status"] not in ("running", "paused"):
        total = sum(counts.values())
    return ", ".join([f"{ended}/{'?' if total is None else total}", *unfinished(counts)])


def unfinished(counts: Mapping[str, int]) -> list[str]:
    """How many runs ended in each way but the good one: what was stopped hasn't failed.

    Args:
        counts: How many runs have each status.

    Example:
        >>> unfinished({"finished": 3, "cancelled": 1, "timed_out": 2})
        ['2 timed out', '1 cancelled']
    """
    bad = (status for status in FINAL if status != FINISHED and counts.get(status))
    return [f"{counts[status]} {status.replace('_', ' ')}" for status in bad]


def comparison_cells(
    differences: Mapping[str, Mapping[str, object]], ids: Sequence[str], *, across: bool = True
) -> list[list[str]]:
    """What differs between runs as texts, line by line, the heads first.

    Args:
        differences: As `compare` gives it.
        ids: The runs, in order.
        across: Whether each run has a column; else it has a line.
    """
    lines = [["", *(id[:ID_WIDTH] for id in ids)]]
    for name, values in differences.items():
        cells = [_compared(name, values[id]) if id in values else "" for id in ids]
        lines.append([one_line(name, 2 * _CELL), *cells])
    return lines if across else [list(line) for line in zip(*lines)]


def _compared(name: str, value: object) -> str:
    if name.removeprefix("facts.") == "duration" and isinstance(value, float):
        return duration_text(value)
    if value is None and name in ("error", "exit_code", "duration"):
        return ""
    return shown(value, 2 * _CELL)
