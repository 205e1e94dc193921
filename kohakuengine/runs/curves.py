"""The values that metrics took step by step."""

from __future__ import annotations

from .journal import history
from .scales import is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .store import RunStore

    # Of one metric of one run: step, if one was said, and value, in order.
    Curve = list[tuple[float | None, float]]


def curves(store: RunStore, row: Mapping[str, Any]) -> dict[str, Curve]:
    """What each metric of a run's last attempt was, in the order in which it was noted.

    Args:
        store: Where the run is kept.
        row: Its row of the index.
    """
    paths = store.paths.run(row["id"])
    found: dict[str, Curve] = {}
    for point in history(paths.attempt(max(1, paths.last_attempt())).journal):
        if is_number(point.value):
            found.setdefault(point.name, []).append((point.step, point.value))
    return found


def have_steps(all_curves: Sequence[Curve]) -> bool:
    """Whether each value of each has a step: else they are drawn by their number."""
    return all(step is not None for curve in all_curves for step, _ in curve)


def longest(found: Sequence[Mapping[str, Curve]]) -> str | None:
    """The metric that most runs have more than one value of: the one met first, of equal ones."""
    from collections import Counter

    counts = Counter(name for of_run in found for name, curve in of_run.items() if len(curve) > 1)
    return counts.most_common(1)[0][0] if counts else None
