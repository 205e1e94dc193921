"""What differs between runs."""

from __future__ import annotations

from .flat import unique_name
from .listing import duration, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Row = dict[str, Any]

_FACTS = ("status", "script", "duration", "exit_code", "error", "launcher")


def compare(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """What differs between runs: parameters, then metrics, then facts.

    Args:
        rows: Rows of the index.

    Returns:
        For each name, the value of each run by its id; a run that has no such parameter or metric
        isn't among them. A metric or fact whose name is taken is `metrics.loss`, `facts.status`.

    Example:
        >>> compare([])
        {}
    """
    found: dict[str, dict[str, Any]] = {}
    for kind in ("params", "metrics"):
        for name in dict.fromkeys(name for row in rows for name in row[kind]):
            values = {row["id"]: row[kind][name] for row in rows if name in row[kind]}
            _keep(found, kind, name, values, len(rows))
    for name in _FACTS:
        facts = {row["id"]: duration(row) if name == "duration" else row[name] for row in rows}
        _keep(found, "facts", name, facts, len(rows))
    return found


def _keep(
    found: dict[str, dict[str, Any]], kind: str, name: str, values: dict[str, Any], count: int
) -> None:
    if len(values) < count or len(set(map(identity, values.values()))) > 1:
        found[unique_name(name, kind, found)] = values
