"""Where values of parameters and metrics stand on an axis, and what is written beside it."""

from __future__ import annotations

import math

from .cells import shown
from .listing import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

# A ratio above which what is positive is shown on a logarithmic axis: more than two decades.
WIDE = 100.0
_LABEL = 20  # the longest label, in characters


def is_number(value: object) -> bool:
    """Whether a value can stand on an axis of numbers: True and nan can't."""
    kind = type(value)
    return kind is int or (isinstance(value, float) and math.isfinite(value))


def is_wide(values: Iterable[float]) -> bool:
    """Whether numbers are all positive and span more than two decades.

    Example:
        >>> is_wide([1e-5, 1e-3, 0.1]), is_wide([0, 1e6]), is_wide([1, 100])
        (True, False, False)
    """
    found = list(values)
    return bool(found) and min(found) > 0 and max(found) > WIDE * min(found)


def written(value: object) -> str:
    """A value as it is written beside an axis.

    Example:
        >>> written(1e-5), written("a$b")
        ('1e-05', 'a\\\\$b')
    """
    # matplotlib would take what stands between two dollars for mathematics.
    return (shown(value, _LABEL) or "''").replace("$", r"\$")


def _key(value: object) -> object:
    """What two values share that stand in the same place."""
    return float(value) if is_number(value) else identity(value)  # type: ignore[arg-type]


class Scale:
    """Where values stand between 0 and 1.

    Numbers stand where they belong, on a logarithmic scale if they are wide. Where any value isn't a
    number, all stand at even distances: numbers first, then False and True, then the others in the
    order in which they were met.

    Args:
        values: Values of JSON.

    Attributes:
        numeric: Whether all are numbers.
        log: Whether the scale is logarithmic.
        distinct: The values in order, each once; 1 and 1.0 are the same, True is another.
    """

    def __init__(self, values: Iterable[object]) -> None:
        met = {_key(value): value for value in values}
        numbers: list[Any] = sorted(filter(is_number, met.values()))
        flags = [value for value in (False, True) if _key(value) in met]
        others = [v for v in met.values() if not is_number(v) and type(v) is not bool]
        self.distinct: list[Any] = [*numbers, *flags, *others]
        self.numeric = bool(met) and len(numbers) == len(met)
        self.log = self.numeric and is_wide(numbers)
        self._places = {_key(value): n for n, value in enumerate(self.distinct)}

    def __contains__(self, value: object) -> bool:
        return _key(value) in self._places

    def place(self, value: object) -> int:
        """The 0-based place of a value in that order."""
        return self._places[_key(value)]

    def __call__(self, value: object) -> float:
        """Where a value stands; all in the middle where there is only one."""
        if len(self.distinct) < 2:
            return 0.5
        if not self.numeric:
            return self.place(value) / (len(self.distinct) - 1)
        low, high, here = (self._measure(v) for v in (self.distinct[0], self.distinct[-1], value))
        return (here - low) / (high - low)

    def _measure(self, value: object) -> float:
        number = float(value)  # type: ignore[arg-type]
        return math.log10(number) if self.log else number

    def ticks(self, most: int = 8) -> list[tuple[float, str]]:
        """Where marks stand, and what is written there: at values, so that they can be read off."""
        if len(self.distinct) <= most:
            return _apart([(self(value), written(value)) for value in self.distinct])
        if not self.numeric:
            step = math.ceil(len(self.distinct) / (3 * most))
            return [(self(value), written(value)) for value in self.distinct[::step]]
        low, high = self._measure(self.distinct[0]), self._measure(self.distinct[-1])
        evenly = [low + (high - low) * n / 4 for n in range(5)]
        numbers = [10**number if self.log else number for number in evenly]
        return [(n / 4, written(float(f"{number:.3g}"))) for n, number in enumerate(numbers)]


def _apart(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """The marks whose texts don't overlap, the first and the last among them."""
    kept = [ticks[0]]
    for tick in ticks[1:-1]:
        if tick[0] - kept[-1][0] > 0.04 and ticks[-1][0] - tick[0] > 0.04:
            kept.append(tick)
    return kept + list(ticks[1:][-1:])


class Bins:
    """Values put into the rows or columns of a grid: each its own, or ranges if there are many.

    Args:
        values: Values of JSON.
        most: How many there may be before numbers are put into ranges.

    Attributes:
        labels: What is written beside each.
        ranges: Whether they are ranges.
    """

    def __init__(self, values: Iterable[object], most: int = 24) -> None:
        self._scale = Scale(values)
        self.ranges = self._scale.numeric and len(self._scale.distinct) > most
        if self.ranges:
            self._count = most // 2
            self.labels = [self._range(n) for n in range(self._count)]
        else:
            self._count = len(self._scale.distinct)
            self.labels = [written(value) for value in self._scale.distinct]

    def __call__(self, value: object) -> int:
        """The 0-based number of the one that a value belongs to."""
        if self._count < 2:
            return 0
        if self.ranges:
            return min(self._count - 1, int(self._scale(value) * self._count))
        return self._scale.place(value)

    def _range(self, number: int) -> str:
        low, high = (self._edge(n / self._count) for n in (number, number + 1))
        return f"{low:.2g} – {high:.2g}"

    def _edge(self, share: float) -> float:
        first, last = (float(self._scale.distinct[n]) for n in (0, -1))
        if self._scale.log:
            return float(first * (last / first) ** share)
        return first + (last - first) * share
