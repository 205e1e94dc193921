"""How much each parameter alone tells of a metric."""

from __future__ import annotations

import math

from .listing import identity
from .scales import is_number, is_wide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GROUPS = 10  # into which many numbers are put, at most
_IN_GROUP = 3  # runs that each of these has, at least


def importance(
    params: Sequence[Mapping[str, object]], scores: Sequence[float], names: Sequence[str]
) -> dict[str, float]:
    """For each parameter, the share of a metric's variance that it explains alone, from 0 to 1.

    It is epsilon squared of an analysis of variance with that one factor (T. L. Kelley, An unbiased
    correlation ratio measure, PNAS 21, 1935): `(SSB - (k - 1) MSW) / SST`, with k groups of runs that
    have the same value. Unlike the plain correlation ratio it isn't raised by chance where there are
    few runs; where it is below 0, which tells nothing, it is 0. What only several parameters
    explain together counts for none of them. Numbers that few runs share are put into ten groups
    or fewer, with equally many runs. Of a metric that spans more than two decades, it is the logarithm's variance.

    Args:
        params: What each run sets.
        scores: The metric of each.
        names: Of the parameters.

    Returns:
        The shares by name, the greatest first; nan where the runs can't tell, as where each has a
        value of its own.

    Example:
        >>> runs = [{"a": a, "b": b} for a in (1, 2) for b in (1, 2)]
        >>> importance(runs, [0.0, 0.1, 1.0, 1.1], ["a", "b"])
        {'a': 0.985..., 'b': 0.0}
    """
    values = [math.log(score) for score in scores] if is_wide(scores) else list(scores)
    shares = {name: _share(_groups([run.get(name) for run in params], values)) for name in names}
    ranked = sorted(shares, key=lambda name: _rank(shares[name]), reverse=True)
    return {name: shares[name] for name in ranked}


def _rank(share: float) -> float:
    return -1.0 if math.isnan(share) else share  # what can't be told comes last


def _groups(held: Sequence[object], values: Sequence[float]) -> list[list[float]]:
    """The values of runs that hold the same, or numbers that are near."""
    groups: dict[str, list[float]] = {}
    for one, value in zip(held, values):
        groups.setdefault(identity(one), []).append(value)
    if len(groups) <= len(held) // 2 or not all(map(is_number, held)):
        return list(groups.values())
    return _near(held, values)


def _near(held: Sequence[object], values: Sequence[float]) -> list[list[float]]:
    """Groups with equally many runs; those that hold the same stay together."""
    count = max(1, min(_GROUPS, len(held) // _IN_GROUP))
    groups: list[list[float]] = [[]]
    last: object = None
    for one, value in sorted(zip(held, values), key=lambda pair: pair[0]):  # type: ignore[arg-type, return-value]
        is_full = len(groups[-1]) >= len(held) / count
        if is_full and one != last and len(groups) < count:
            groups.append([])
        groups[-1].append(value)
        last = one
    return groups


def _share(groups: Sequence[Sequence[float]]) -> float:
    everything = [value for group in groups for value in group]
    total = _squares(everything)
    freedom = len(everything) - len(groups)
    if freedom < 1 or len(groups) < 2 or total <= 0:
        return math.nan
    within = sum(map(_squares, groups))
    share = (total - within - (len(groups) - 1) * within / freedom) / total
    return min(1.0, max(0.0, share))


def _squares(values: Sequence[float]) -> float:
    """The sum of squared deviations from the mean."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)
