"""How one variable of a form varies: a list, a range, steps or draws, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...config import axes
from ...config.draws import Draws
from ...config.ranges import Range, geomspace, linspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LINEAR, LOG = "linspace", "geomspace"
DISTRIBUTIONS = ("uniform", "loguniform", "normal", "integer", "choice")


@dataclass(frozen=True)
class Listed:
    """These values, one after the other."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Span:
    """So many numbers from one to another, both included.

    Attributes:
        kind: `LINEAR` or `LOG`.
        start: The first one.
        stop: The last one.
        num: How many.
        whole: Whether they are rounded to ints.
    """

    kind: str
    start: float
    stop: float
    num: int
    whole: bool = False


@dataclass(frozen=True)
class Steps:
    """Numbers with a step between them, without the end, as of Python's `range`."""

    start: float
    stop: float
    step: float


@dataclass(frozen=True)
class Drawn:
    """Random draws.

    Attributes:
        distribution: One of `DISTRIBUTIONS`.
        arguments: What the function of that name takes; of `choice`, a tuple of values.
        count: How many.
        seed: Of the same seed and variable come the same values.
    """

    distribution: str
    arguments: tuple[Any, ...]
    count: int
    seed: int = 0


Setting = Listed | Span | Steps | Drawn


def values_of(setting: Setting) -> Sequence[Any]:
    """The values, as an axis takes them.

    Raises:
        ConfigError: There are none, or the numbers don't go together.
    """
    if isinstance(setting, Listed):
        return list(setting.values)
    if isinstance(setting, Span):
        make = linspace if setting.kind == LINEAR else geomspace
        return make(setting.start, setting.stop, setting.num, setting.whole)
    if isinstance(setting, Steps):
        return axes.range(setting.start, setting.stop, setting.step)
    arguments = setting.arguments
    if setting.distribution == "choice":
        arguments = (list(arguments[0]),)
    draws: Sequence[Any] = getattr(axes, setting.distribution)(
        *arguments, setting.count, setting.seed
    )
    return draws


def setting_of(values: Sequence[Any]) -> Setting:
    """What an axis tries; numbers by a rule that forms don't have are listed."""
    if isinstance(values, Draws):
        distribution = values.distribution
        arguments = distribution.arguments
        if distribution.name == "choice":
            arguments = (tuple(arguments[0]),)
        return Drawn(distribution.name, arguments, len(values), values.seed)
    if isinstance(values, range):
        return Steps(values.start, values.stop, values.step)
    if isinstance(values, Range):
        if values.name in (LINEAR, LOG):
            start, stop, num = values.arguments
            return Span(values.name, start, stop, int(num), values.whole)
        if values.name == "range":
            return Steps(*values.arguments)
    return Listed(tuple(values))
