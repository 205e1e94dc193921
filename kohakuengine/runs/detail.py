"""All that is known of one run, or of one flow, as a document fit for JSON."""

from __future__ import annotations

import os

from .outcome import readable_outcome
from .spec import read_spec
from .values import read_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..config.base import Config
    from .paths import FlowPaths, RunPaths
    from .store import RunStore

_OF_SPEC = ("cwd", "env", "timeout", "max_log", "strict", "metadata", "source")
_OF_PROVENANCE = (
    "python",
    "executable",
    "platform",
    "host",
    "user",
    "git",
    "distributions",
    "diff",
)


def describe_run(store: RunStore, row: dict[str, Any], *, unpickle: bool = True) -> dict[str, Any]:
    """All that is known of a run: its row of the index, and what its directory holds.

    Args:
        store: Where it is kept.
        row: Its row of the index.
        unpickle: Whether objects of its config are unpickled, to tell their types: that may import
            modules of the user's.
    """
    from .listing import duration
    from .record import Run

    run = Run(store, row["id"])
    paths = store.paths.run(row["id"])
    spec = _document(paths.spec)
    attempts = [_attempt(paths, number) for number in _numbers(paths)]
    last = attempts[-1] if attempts else {}
    return {
        **{name: value for name, value in row.items() if name not in ("params", "result", "error")},
        "reason": last.get("reason") or row["error"],
        "duration": duration(row),
        "argv": (spec.get("script") or {}).get("argv") or [],
        "params": _params(paths, spec, row["params"], unpickle),
        "result": last.pop("result", row["result"]),
        "traceback": last.pop("traceback", None),
        "attempts": attempts,
        **{name: spec.get(name) for name in _OF_SPEC},
        **described_provenance(store.paths.flow(row["flow"])),
        "path": paths.folder,
        "log": run.log if attempts else None,
        "artifacts": [_artifact(paths, name) for name in run.artifacts],
        "warnings": _warnings(paths, spec, attempts),
    }


def _document(path: str) -> dict[str, Any]:
    """A JSON file of the store, or nothing where it isn't there or can't be read."""
    try:
        document = read_record(path)
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _numbers(paths: RunPaths) -> list[int]:
    numbers = range(1, paths.last_attempt() + 1)
    return [number for number in numbers if os.path.isdir(paths.attempt(number).folder)]


def _attempt(paths: RunPaths, number: int) -> dict[str, Any]:
    attempt = paths.attempt(number)
    outcome = readable_outcome(attempt)
    found: dict[str, Any] = {"number": number, "log": attempt.output, "status": None}
    if outcome is None:
        return found
    names = ("status", "reason", "exit_code", "started", "ended", "slot", "peak_memory")
    found |= {
        name: getattr(outcome, name) for name in (*names, "cpu_seconds", "survivors", "fallback")
    }
    found["warning"] = outcome.warning
    # Only the last attempt's are told: they are moved from there.
    return {**found, "result": outcome.shown_result, "traceback": outcome.traceback}


def _params(
    paths: RunPaths, spec: dict[str, Any], params: dict[str, Any], unpickle: bool
) -> dict[str, dict[str, Any]]:
    """Value and type of each parameter; the type is None where its value can't be had."""
    known = spec and (unpickle or spec.get("config") is not None)
    try:
        config = read_spec(paths)[1] if known else None
    except Exception:  # unpickling imports modules of the user, which may not be there any more
        config = None
    return {
        name: {"value": value, "type": _type(config, name) if config else None}
        for name, value in params.items()
    }


def _type(config: Config, name: str) -> str | None:
    """The type of what a config sets under the name that `shown_params` gives it."""
    if name in config.globals_dict:
        return type(config.globals_dict[name]).__name__
    for position, value in enumerate(config.args):
        if name == f"args[{position}]":
            return type(value).__name__
    keyword = name if name in config.kwargs else name.removeprefix("kwargs.")
    return type(config.kwargs[keyword]).__name__ if keyword in config.kwargs else None


def described_provenance(paths: FlowPaths) -> dict[str, Any]:
    """What a flow ran on, as far as that was kept."""
    record = _document(paths.provenance)
    return {name: record.get(name) for name in _OF_PROVENANCE}


def _artifact(paths: RunPaths, name: str) -> dict[str, Any]:
    try:
        size: int | None = os.stat(os.path.join(paths.artifacts, name)).st_size
    except OSError:  # a link to nowhere
        size = None
    return {"name": name, "bytes": size}


def _warnings(paths: RunPaths, spec: dict[str, Any], attempts: list[dict[str, Any]]) -> list[str]:
    if not os.path.isdir(paths.folder):
        return ["its directory is gone; this is what the index says"]
    found = [] if spec else [f"{paths.spec} can't be read"]
    for attempt in attempts[-1:]:
        if attempt.get("warning"):
            found.append(attempt["warning"])
        if attempt.get("survivors"):
            found.append(f"it left {attempt['survivors']} process(es) behind, which were ended")
    return found


def describe_flow(store: RunStore, row: dict[str, Any]) -> dict[str, Any]:
    """All that is known of a flow: its row of the index, how its runs went, what it ran on.

    Args:
        store: Where it is kept.
        row: Its row of the index.
    """
    paths = store.paths.flow(row["id"])
    bad = ["failed", "timed_out", "cancelled", "interrupted"]
    keys = ("id", "name", "status", "error")
    provenance = described_provenance(paths)
    return {
        **row,
        **{name: value for name, value in provenance.items() if name != "host" or value},
        "counts": counts(store, row["id"]),
        "failures": [
            {key: run[key] for key in keys}
            for run in store.select(flow=row["id"], status=bad, limit=10)
        ],
        "path": paths.folder,
    }


def counts(store: RunStore, flow: str) -> dict[str, int]:
    """How many runs of a flow have each status."""
    from .terms import STATUSES

    found = {status: store.count(flow=flow, status=status) for status in STATUSES}
    return {status: number for status, number in found.items() if number}
