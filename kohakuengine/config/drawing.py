"""Distributions, and draws of them for an axis; used as `axes.uniform(...)` and its like."""

from __future__ import annotations

from . import draws
from .draws import Distribution, Draws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def uniform(low: float, high: float, count: int | None = None, seed: int = 0) -> Any:
    """Draws of the numbers from `low` to below `high`, each as likely.

    Args:
        low: The least number.
        high: The end.
        count: How many draws; without it, a distribution for `random()`.
        seed: Of the same seed and variable come the same values.
    """
    return _draw(draws.uniform(low, high), count, seed)


def loguniform(low: float, high: float, count: int | None = None, seed: int = 0) -> Any:
    """As `uniform()`, where each power of ten is as likely; `low` must be above 0."""
    return _draw(draws.loguniform(low, high), count, seed)


def normal(mean: float, deviation: float, count: int | None = None, seed: int = 0) -> Any:
    """Draws of the normal distribution of a mean and a standard deviation; else as `uniform()`."""
    return _draw(draws.normal(mean, deviation), count, seed)


def integer(low: int, high: int, count: int | None = None, seed: int = 0) -> Any:
    """Draws of whole numbers from `low` to `high`, both included; else as `uniform()`."""
    return _draw(draws.integer(low, high), count, seed)


def choice(values: Sequence[Any], count: int | None = None, seed: int = 0) -> Any:
    """Draws from some values, each as likely; else as `uniform()`."""
    return _draw(draws.choice(values), count, seed)


def _draw(distribution: Distribution, count: int | None, seed: int) -> Distribution | Draws:
    return distribution if count is None else Draws(distribution, count, seed)
