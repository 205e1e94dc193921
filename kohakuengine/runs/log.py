"""Metrics that a script declares itself."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import SupportsFloat

_INTEGERS = range(-(2**53), 2**53 + 1)  # those that a float holds exactly

_has_warned = False


def log(*, step: SupportsFloat | None = None, **values: SupportsFloat) -> None:
    """Log metrics of a run; where the script runs alone, only print them.

    One line with the values goes to stdout in any case.

    Args:
        step: What the values belong to: an epoch, a batch, any number that grows.
        **values: Numbers, also those of numpy, and tensors of one element.

    Raises:
        TypeError: A value isn't a number.

    Example:
        >>> log(loss=0.1, step=3)
        step=3 loss=0.1
    """
    at = None if step is None else _number("step", step)
    numbers = {name: _number(name, value) for name, value in values.items()}
    folder = os.environ.get("KOGINE_ATTEMPT_DIR")
    if folder and numbers:
        _note(folder, at, numbers)
    shown = numbers if at is None else {"step": at, **numbers}
    print(*(f"{_quoted(name)}={number!r}" for name, number in shown.items()), flush=True)


def _number(name: str, value: object) -> float:
    """A value as a float; an int where it is one, so that it is printed as one."""
    item = getattr(value, "item", None)
    try:
        # Unlike float(), it takes tensors that need a gradient, and [0.5] of numpy, in silence.
        value = item() if callable(item) else value
        number = float(value)  # type: ignore[arg-type]
    except Exception as fault:
        message = f"log() takes numbers, but {name} is of type {type(value).__name__}: {fault}"
        raise TypeError(message) from fault
    return value if type(value) is int and value in _INTEGERS else number


def _quoted(name: str) -> str:
    """A name as it is printed: one that would be read as several words has quotes."""
    bare = name.replace("/", "").replace(".", "").replace("-", "")
    return name if bare.isidentifier() else repr(name)


def _note(folder: str, step: float | None, numbers: dict[str, float]) -> None:
    """Write to the attempt's journal; a script isn't ended for what can't be noted."""
    from time import time

    from .journal import append
    from .paths import AttemptPaths

    try:
        append(AttemptPaths(folder).journal, [{"t": time(), "step": step, "logged": numbers}])
    except OSError as fault:
        _warn_once(fault)


def _warn_once(fault: OSError) -> None:
    global _has_warned
    if not _has_warned:
        from ..errors import warn_user

        _has_warned = True
        warn_user(f"metrics are printed, but can't be kept: {fault}.", RuntimeWarning)
