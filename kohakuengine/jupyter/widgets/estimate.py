"""How long a form's runs may take, from those of the same script that have finished."""

from __future__ import annotations

from statistics import median

from ...errors import KogineError
from ...runs.cells import duration_text
from ...runs.outcome import FINISHED
from ...runs.store import RunStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...engine.script import Script

_LAST = 50  # runs that are looked at


def median_duration(script: Script) -> float | None:
    """The median duration of the last runs of a script that finished, in seconds.

    Those of the same entrypoint count. None where there are none, or no store.
    """
    try:
        store = RunStore(create=False)
        rows = store.select(script=script.place, status=FINISHED, limit=_LAST)
    except KogineError:
        return None
    took = [
        row["ended"] - row["started"]
        for row in rows
        if row["ended"] and row["started"] and row["entrypoint"] == script.entrypoint
    ]
    return median(took) if took else None


def time_text(each: float | None, count: int, workers: int) -> str:
    """How long so many runs may take.

    Example:
        >>> time_text(30.0, 6, 2), time_text(None, 6, 2)
        ('about 1m30s', 'unknown time')
    """
    if each is None:
        return "unknown time"
    rounds = -(-count // max(1, min(workers, count)))  # the last round may be a part of one
    return f"about {duration_text(each * rounds)}"
