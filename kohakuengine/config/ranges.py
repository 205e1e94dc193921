"""Ranges of numbers: sequences that compute an item when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import overload

_DIGITS = 15  # as many as a float keeps of any decimal number (DBL_DIG of C)


class Range(Sequence[float]):
    """Numbers, each computed from its place.

    Args:
        count: How many.
        item: The number at a 0-based place.
        name: The function that made it.
        arguments: What that was given.
        whole: Whether the numbers are rounded to ints.

    Raises:
        ConfigError: There aren't as many whole numbers.
    """

    def __init__(
        self,
        count: int,
        item: Callable[[int], float],
        name: str,
        arguments: tuple[float, ...],
        whole: bool = False,
    ) -> None:
        self._count = count
        self._item: Callable[[int], float] = (lambda n: round(item(n))) if whole else item
        self.name = name
        self.arguments = arguments
        self.whole = whole
        if whole and not _is_spread(count, item) and (differing := len(set(self))) < count:
            raise ConfigError(
                f"{self!r}: rounded to whole numbers, only {differing} of the {count} differ."
            )

    def __len__(self) -> int:
        return self._count

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> float: ...

        @overload
        def __getitem__(self, index: slice) -> list[float]: ...

    def __getitem__(self, index: int | slice) -> float | list[float]:
        places = range(self._count)[index]
        return self._item(places) if isinstance(places, int) else list(map(self._item, places))

    def __repr__(self) -> str:
        whole = ", whole=True" if self.whole else ""
        return f"{self.name}({', '.join(map(repr, self.arguments))}{whole})"


def linspace(start: float, stop: float, num: int, whole: bool = False) -> Range:
    """Numbers at equal distances, both ends included, as of `numpy.linspace`.

    They are rounded to 15 digits, so that 0.3 isn't 0.30000000000000004.

    Args:
        start: The first one.
        stop: The last one.
        num: How many, at least 1.
        whole: Round them to whole numbers, and give ints.

    Raises:
        ConfigError: An argument is no number, or not finite; or there are none; or rounded to whole
            numbers, two are the same.

    Example:
        >>> list(linspace(0, 1, 5)), list(linspace(1, 10, 3, whole=True))
        ([0.0, 0.25, 0.5, 0.75, 1.0], [1, 6, 10])
    """
    check_numbers("linspace", start=start, stop=stop)
    steps = _steps("linspace", num)
    return Range(
        steps + 1,
        lambda n: _rounded(start + (stop - start) * (n / steps)) if n else float(start),
        "linspace",
        (start, stop, num),
        whole,
    )


def geomspace(start: float, stop: float, num: int, whole: bool = False) -> Range:
    """Numbers at equal ratios, both ends included, as of `numpy.geomspace`.

    They are rounded to 15 digits.

    Args:
        start: The first one, not 0.
        stop: The last one, on the same side of 0.
        num: How many, at least 1.
        whole: Round them to whole numbers, and give ints.

    Raises:
        ConfigError: An argument is no number, or not finite; or there are none; or rounded to whole
            numbers, two are the same.

    Example:
        >>> list(geomspace(1e-5, 1e-1, 5)), list(geomspace(16, 128, 4, whole=True))
        ([1e-05, 0.0001, 0.001, 0.01, 0.1], [16, 32, 64, 128])
    """
    check_numbers("geomspace", start=start, stop=stop)
    if start * stop <= 0 and (start <= 0 or stop <= 0) and (start >= 0 or stop >= 0):
        raise ConfigError(
            f"geomspace: start and stop must be on the same side of 0, got {start!r} and {stop!r}; "
            "linspace takes any."
        )
    steps = _steps("geomspace", num)
    sign = math.copysign(1.0, start)
    low, high = math.log10(abs(start)), math.log10(abs(stop))  # exact for powers of ten

    def item(n: int) -> float:
        if n in (0, steps):
            return float(start if n == 0 else stop)
        return _rounded(sign * 10 ** (low + (high - low) * (n / steps)))

    return Range(steps + 1, item, "geomspace", (start, stop, num), whole)


def logspace(start: float, stop: float, num: int, base: float = 10.0) -> Range:
    """Powers of a base at equal ratios, both ends included, as of `numpy.logspace`.

    They are rounded to 15 digits. `geomspace()` takes the numbers themselves.

    Args:
        start: The exponent of the first one.
        stop: The exponent of the last one.
        num: How many, at least 1.
        base: What is raised to these powers, above 0.

    Raises:
        ConfigError: An argument is no number, or not finite; or there are none.

    Example:
        >>> list(logspace(-3, -1, 3))
        [0.001, 0.01, 0.1]
    """
    check_numbers("logspace", start=start, stop=stop, base=base)
    if base <= 0:
        raise ConfigError(f"logspace: base must be above 0, got {base!r}.")
    steps = _steps("logspace", num)
    try:
        base**start, base**stop
    except OverflowError:
        raise ConfigError(
            f"logspace: {base!r} to the power of {max(start, stop)!r} is larger than a float; "
            "start and stop are exponents."
        ) from None

    def item(n: int) -> float:
        return _rounded(base ** (start + (stop - start) * n / max(steps, 1)))

    return Range(steps + 1, item, "logspace", (start, stop, num, *([] if base == 10 else [base])))


def steps(start: float, stop: float | None = None, step: float = 1) -> Sequence[float]:
    """Numbers with a step between them, without the end, as of Python's `range`.

    Of whole numbers a `range`; of others they are rounded to 15 digits.

    Args:
        start: The first one; where it is the only argument, the end, and the first one is 0.
        stop: The end, which isn't one of them.
        step: From each to the next, not 0.

    Raises:
        ConfigError: An argument is no number, or not finite; or there are none.

    Example:
        >>> list(steps(1, 9, 2)), list(steps(0.1, 0.4, 0.1))
        ([1, 3, 5, 7], [0.1, 0.2, 0.3])
    """
    if stop is None:
        start, stop = 0, start
    check_numbers("range", start=start, stop=stop, step=step)
    if step == 0:
        raise ConfigError("range: step can't be 0.")
    found: Sequence[float]
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        found = range(start, stop, step)
    else:
        # The end isn't one of them, also where it is missed by a rounding error.
        count = max(0, math.ceil((stop - start) / step - 1e-9))
        found = Range(count, lambda n: _rounded(start + n * step), "range", (start, stop, step))
    if not found:
        raise ConfigError(f"range({start!r}, {stop!r}, {step!r}) has no values.")
    return found


def _is_spread(count: int, item: Callable[[int], float]) -> bool:
    """Whether all of them surely differ when they are rounded, told without looking at all.

    The distances of the ranges here only grow, or only shrink, or are all the same.
    """
    ends = [item(n) for n in (0, 1, count - 2, count - 1)] if count > 3 else []
    if not ends or max(map(abs, ends)) > 10 ** (_DIGITS - 1):
        return False
    return min(abs(ends[1] - ends[0]), abs(ends[3] - ends[2])) > 1.001


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _steps(name: str, num: object) -> int:
    if type(num) is not int or num < 1:
        raise ConfigError(f"{name}: num, how many there are, must be an int above 0, got {num!r}.")
    return num - 1


def check_numbers(name: str, **numbers: object) -> None:
    """Refuse arguments that are no finite numbers."""
    for argument, number in numbers.items():
        if type(number) not in (int, float) or not math.isfinite(number):  # type: ignore[arg-type]
            raise ConfigError(f"{name}: {argument} must be a finite number, got {number!r}.")
