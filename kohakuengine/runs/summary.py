"""What many runs have in common, and in what they differ, found in one pass over their rows."""

from __future__ import annotations

from collections import Counter

from .flat import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    Row = dict[str, Any]


class Summary:
    """What there is to say of runs together.

    Args:
        rows: Rows of the index, of which few are held at once.
        most: How many of the first to keep.

    Attributes:
        first: The first rows; dictionaries are looked into, and what is within has names with dots.
        total: How many there are.
        counts: How many have each status.
        varying: The parameters that differ, those first that most runs set; of a single run, all.
        common: The parameters that all runs have in common, with their values.
        metrics: The metrics, those first that most runs have.
        scripts: The scripts, in the order in which they were met.
    """

    def __init__(self, rows: Iterable[Row], most: int) -> None:
        self.first: list[Row] = []
        self.total = 0
        self.counts: Counter[str] = Counter()
        self.scripts: dict[str, None] = {}
        params: Counter[str] = Counter()
        metrics: Counter[str] = Counter()
        self._values: dict[str, object] = {}
        self._differing: set[str] = set()
        for row in map(opened, rows):
            if self.total < most:
                self.first.append(row)
            self.total += 1
            self.counts[row["status"]] += 1
            self.scripts[row["script"]] = None
            params.update(row["params"].keys())
            metrics.update(row["metrics"].keys())
            self._compare(row["params"])
        differ = {name for name, number in params.items() if number < self.total} | self._differing
        is_one = self.total == 1
        # Of equal ones, the first met comes first.
        self.varying = [name for name, _ in params.most_common() if is_one or name in differ]
        self.common = {n: value for n, value in self._values.items() if n not in self.varying}
        self.metrics = [name for name, _ in metrics.most_common()]

    def _compare(self, params: Mapping[str, object]) -> None:
        for name, value in params.items():
            if name in self._differing:
                continue
            first = self._values.setdefault(name, value)
            if first is not value and not _same(first, value):
                self._differing.add(name)


def _same(one: object, other: object) -> bool:
    """Whether two values of JSON are the same, types included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return one == other
