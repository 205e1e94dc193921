"""Random draws: values of a distribution, the same for the same seed wherever they are drawn.

Each value is made of one number of `random.Random.random()`, whose sequence for a seed doesn't change
from one version of Python to another (documentation of `random`, "Notes on Reproducibility").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..errors import ConfigError
from .ranges import check_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from random import Random
    from typing import Any

_LEAST = 2.0**-54  # half of the least number above 0 that `random()` gives


class Distribution:
    """What values are drawn from.

    Args:
        at: The value at a quantile, a number from 0 to below 1.
        name: The function that made it.
        arguments: What that was given.
    """

    def __init__(self, at: Callable[[float], Any], name: str, *arguments: Any) -> None:
        self.at = at
        self.name = name
        self.arguments = arguments

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.arguments))})"


class Draws(Sequence["Any"]):
    """Values that are drawn as far as they are asked for.

    Args:
        distribution: What from.
        count: How many.
        seed: Of the same seed and name come the same values.
        name: Of the variable that they are for, so that no two have the same values by chance.
    """

    def __init__(
        self, distribution: Distribution, count: int, seed: int = 0, name: str = ""
    ) -> None:
        for what, number in (("count", count), ("seed", seed)):
            if type(number) is not int or number < (what == "count"):
                raise ConfigError(f"{distribution}: {what} must be a whole number, got {number!r}.")
        self.distribution = distribution
        self._count = count
        self.seed = seed
        self._name = name
        self._drawn: list[Any] = []
        self._source: Random | None = None

    def named(self, name: str) -> Draws:
        """The draws of a variable."""
        return Draws(self.distribution, self._count, self.seed, name)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        places = range(self._count)[index]
        if isinstance(places, int):
            return self._at(places)
        return [self._at(place) for place in places]

    def _at(self, place: int) -> Any:
        if self._source is None:
            from random import Random

            self._source = Random(f"{self.seed} {self._name}")
        while len(self._drawn) <= place:
            self._drawn.append(self.distribution.at(self._source.random()))
        return self._drawn[place]

    def __repr__(self) -> str:
        return f"{self._count} of {self.distribution!r}"


def uniform(low: float, high: float) -> Distribution:
    """Any number from `low` to below `high`, each as likely."""
    check_numbers("uniform", low=low, high=high)
    _check_order("uniform", low, high)
    return Distribution(lambda u: low + (high - low) * u, "uniform", low, high)


def loguniform(low: float, high: float) -> Distribution:
    """Any number from `low`, above 0, to below `high`; each power of ten is as likely."""
    check_numbers("loguniform", low=low, high=high)
    _check_order("loguniform", low, high)
    if low <= 0:
        raise ConfigError(f"loguniform: low must be above 0, got {low!r}.")
    start, width = math.log(low), math.log(high) - math.log(low)
    at = lambda u: min(max(math.exp(start + width * u), low), high)
    return Distribution(at, "loguniform", low, high)


def normal(mean: float, deviation: float) -> Distribution:
    """The normal distribution of that mean and standard deviation, which is above 0."""
    check_numbers("normal", mean=mean, deviation=deviation)
    if deviation <= 0:
        raise ConfigError(f"normal: deviation must be above 0, got {deviation!r}.")

    def at(u: float) -> float:
        from statistics import NormalDist

        return NormalDist(mean, deviation).inv_cdf(max(u, _LEAST))

    return Distribution(at, "normal", mean, deviation)


def integer(low: int, high: int) -> Distribution:
    """A whole number from `low` to `high`, both included, each as likely."""
    if type(low) is not int or type(high) is not int or low > high:
        raise ConfigError(
            f"integer: low and high must be ints, low not above high, got {low!r} and {high!r}."
        )
    if high - low >= 2**53:
        raise ConfigError("integer: there are more than 2**53 numbers to draw from.")
    return Distribution(lambda u: low + int(u * (high - low + 1)), "integer", low, high)


def choice(values: Sequence[Any]) -> Distribution:
    """One of some values, each as likely."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence) or not len(values):
        raise ConfigError(f"choice: give it a list of values, got {values!r}.")
    return Distribution(lambda u: values[int(u * len(values))], "choice", values)


def _check_order(what: str, low: float, high: float) -> None:
    if low >= high:
        raise ConfigError(f"{what}: low must be below high, got {low!r} and {high!r}.")
