"""What the directory of a run or flow says, as a row of the index."""

from __future__ import annotations

import os

from .columns import FLOW_COLUMNS, RUN_COLUMNS
from .lock import flow_holder, flow_is_live
from .outcome import FINISHED, INTERRUPTED, UNREADABLE, readable_outcome
from .values import read_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .outcome import Outcome
    from .paths import AttemptPaths, FlowPaths, RunPaths

# An error in the index is for listings, in characters.
_LONGEST_ERROR = 500


def row_of_flow(paths: FlowPaths, *, settled: bool = False) -> dict[str, Any] | None:
    """The row of a flow, of all columns; None where its directory can't be understood.

    Args:
        paths: The flow's directory.
        settled: Whether it is known not to go on: who settles it holds its lock, too.
    """
    try:
        record = read_record(paths.record)
        holder = None if settled else flow_holder(paths)
        ended = _ended(paths) if holder is None else {}
        row = {
            **{name: record.get(name) for name in FLOW_COLUMNS},
            "ended": ended.get("ended"),
            "status": ended.get("status", INTERRUPTED if holder is None else "running"),
            "total": ended.get("total", record.get("total")),
            "pid": None if holder is None else record.get("pid"),
        }
    except UNREADABLE:
        return None
    return row if _fits(row, paths.folder) else None


def _ended(paths: FlowPaths) -> dict[str, Any]:
    """How a flow ended, as far as it did so in order."""
    try:
        ended = read_record(paths.ended)
    except (OSError, ValueError):
        return {}
    return ended if isinstance(ended, dict) else {}


def row_of_run(
    paths: RunPaths, is_live: Callable[[FlowPaths], bool] = flow_is_live
) -> dict[str, Any] | None:
    """The row of a run, of all columns; None where its directory can't be understood.

    Args:
        paths: The run's directory.
        is_live: Says whether somebody runs a flow, so that a run of it that has begun and has no
            outcome is going on, and not interrupted.
    """
    try:
        spec = read_record(paths.spec)
        row = row_of_spec(spec)
        row["tags"] = tags_of(paths, spec.get("tags"))
        row["attempts"] = number = paths.last_attempt()
        if number:
            row.update(_attempted(paths, number, is_live(paths.store.flow(row["flow"]))))
    except UNREADABLE:
        return None
    return row if _fits(row, paths.folder) else None


def _fits(row: dict[str, Any], folder: str) -> bool:
    """Whether a row is of that directory, and not of one that it was copied from."""
    return row["id"] == os.path.basename(folder) and isinstance(row["created"], (int, float))


def row_of_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """The row of a run that was never begun, from what it is to do."""
    return {
        **dict.fromkeys(RUN_COLUMNS),
        **{name: spec.get(name) for name in ("name", "launcher", "key", "params")},
        **{name: spec[name] for name in ("id", "flow", "position", "created")},
        "script": spec.get("path") or spec["script"]["target"],
        "entrypoint": spec["script"].get("entrypoint"),
        "status": "queued",
        "attempts": 0,
        "metrics": {},
        "tags": spec.get("tags") or [],
    }


def tags_of(paths: RunPaths, first: Iterable[object] | None) -> list[str]:
    """The run's tags: those that it was given later count instead of its first ones."""
    try:
        tags = read_record(paths.tags)
    except (OSError, ValueError):
        tags = first
    return [str(tag) for tag in tags or ()]


def _attempted(paths: RunPaths, number: int, going_on: bool) -> dict[str, Any]:
    """What its last attempt adds to the row of a run."""
    attempt = paths.attempt(number)
    outcome = readable_outcome(attempt)
    metrics = _noted(attempt)
    if outcome is not None:
        return outcome_columns(outcome, metrics)
    if going_on:  # the folder was changed last by the directory of the last attempt
        began = os.stat(paths.attempts).st_mtime
        return {"status": "running", "started": began, "metrics": metrics}
    return {"status": INTERRUPTED, "metrics": metrics}


def outcome_columns(outcome: Outcome, metrics: Mapping[str, float]) -> dict[str, Any]:
    """The columns of the index that an outcome fills.

    Args:
        outcome: How the last attempt ended.
        metrics: The numbers in its journal; those in what it returned are the last word.
    """
    names = ("status", "started", "ended", "slot", "exit_code", "peak_memory", "cpu_seconds")
    return {
        **{name: getattr(outcome, name) for name in names},
        "error": _one_line(outcome.reason),
        "result": _short(outcome.shown_result) if outcome.status == FINISHED else None,
        "metrics": {**metrics, **outcome.numbers},
    }


def _short(result: object) -> object:
    """A result for the index, which isn't the place for large ones."""
    from .shown import jsonable

    if isinstance(result, str):
        return result[:1_000]
    if isinstance(result, (list, dict)) and len(repr(result)) > 2_000:
        return repr(result)[:200] + "…"
    return jsonable(result)


def _noted(paths: AttemptPaths) -> dict[str, float]:
    """The newest number of each name in an attempt's journal."""
    if not os.path.exists(paths.journal):
        return {}
    from .journal import latest

    return latest(paths.journal)


def _one_line(text: str | None) -> str | None:
    return " ".join(text.split())[:_LONGEST_ERROR] if text else None
