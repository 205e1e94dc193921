"""In what two config files, or what they give, differ."""

from __future__ import annotations

from itertools import islice

from .base import Config
from .rules import outline_of, rules_of
from .sweep import Sweep
from .varied import flattened, same_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .generator import ConfigGenerator

    Loaded = Config | ConfigGenerator

MISSING = object()  # the value that a name has in a config which doesn't set it

# How many values of an axis are compared one by one, and how many points of two sweeps.
_MOST = 1_000


class Difference:
    """One name in which two configs differ.

    Attributes:
        name: The name; one with dots is within a dictionary, one after `_sweep.` is an axis, or what
            the sweep says of it.
        before: The value in the first one; `MISSING` if it has none. `after` is that in the second.
    """

    __slots__ = ("name", "before", "after")

    def __init__(self, name: str, before: Any, after: Any) -> None:
        self.name = name
        self.before = before
        self.after = after

    def __repr__(self) -> str:
        return f"<{self.name}: {self.before!r} -> {self.after!r}>"


def differences(first: Loaded, second: Loaded, limit: int) -> list[Difference]:
    """In what two configs differ, or two sweeps, or the configs that two files give.

    Of sweeps what is the same for all of their configs is compared, the axes, and the conditions,
    samples and repeats. Of other files
    that give several configs these are compared one by one.

    Args:
        first: What `load_config()` gives; so is the second.
        limit: How many configs are compared, where they are made one by one.

    Example:
        >>> differences(Config({"lr": 1, "bs": 8}), Config({"lr": 2, "bs": 8}), 10)
        [<lr: 1 -> 2>]
    """
    sweeps = [_sweep_of(first), _sweep_of(second)]
    if all(sweep or isinstance(one, Config) for sweep, one in zip(sweeps, (first, second))):
        found = list(_between(_named(first), _named(second)))
        if all(sweeps):
            told = any(entry.name.startswith("_sweep.") for entry in found)
            found += _between_spaces(sweeps, told)
        return found
    return list(_one_by_one(first, second, limit))


def named_values(config: Config) -> Iterator[tuple[str, object]]:
    """The name of all that a config holds, and its value."""
    yield from config.globals_dict.items()
    yield from ((f"args[{index}]", value) for index, value in enumerate(config.args))
    for field in ("kwargs", "metadata"):
        yield from ((f"{field}[{name!r}]", item) for name, item in getattr(config, field).items())


def _between(first: dict[str, Any], second: dict[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*first, *second]):
        before, after = first.get(name, MISSING), second.get(name, MISSING)
        if not same_value(before, after):
            yield Difference(name, before, after)


def _sweep_of(loaded: Loaded) -> Sweep | None:
    source = None if isinstance(loaded, Config) else loaded.source
    return source if isinstance(source, Sweep) else None


def _named(loaded: Loaded) -> dict[str, Any]:
    """All that a config holds, with names that lead into dictionaries; of a sweep its axes, too."""
    if isinstance(loaded, Config):
        return flattened(dict(named_values(loaded)))
    sweep = _sweep_of(loaded)
    assert sweep is not None
    axes: dict[str, list[Any]] = {}
    for axis in sweep.space.axes():
        values = axis.values
        if len(values) <= _MOST:
            values = [sweep.read(axis.name, value) for value in values]
        axes.setdefault(f"_sweep.{axis.name}", []).append(values)
    several = {name: found[0] if len(found) == 1 else found for name, found in axes.items()}
    rules = {f"_sweep.{name}": rule for name, rule in rules_of(sweep.space).items()}
    plain = {name: _plain(values) for name, values in several.items()}
    return {**_named(sweep.base), **plain, **rules}


def _plain(values: Any) -> Any:
    """The values of an axis; of very many, what says which they are."""
    return values if isinstance(values, list) else repr(values)


def _between_spaces(sweeps: Sequence[Sweep | None], told: bool) -> Iterator[Difference]:
    """How two sweeps put their axes together.

    Args:
        sweeps: The two.
        told: Whether it has been told that axes or conditions differ.
    """
    first, second = (sweep for sweep in sweeps if sweep is not None)
    outlines = outline_of(first.space), outline_of(second.space)
    if told:
        if outlines[0] != outlines[1] and {*first.names} == {*second.names}:
            yield Difference("_sweep", *outlines)
        return
    # Of values that are read for a script a space shows what they were before.
    shown = outlines if first.reads or second.reads else (repr(first.space), repr(second.space))
    if shown[0] != shown[1] or first.size != second.size:
        yield Difference("_sweep", first.space, second.space)
        return
    pairs = zip(islice(first.points(), _MOST), islice(second.points(), _MOST))
    for one, other in pairs:  # a condition may be a function, of which the name says nothing
        if not same_value(one, other):
            yield Difference("_sweep", one, other)
            return


def _one_by_one(first: Loaded, second: Loaded, limit: int) -> Iterator[Difference]:
    sources = [iter([one] if isinstance(one, Config) else one) for one in (first, second)]
    for index in range(limit):
        one, other = (next(source, None) for source in sources)
        if one is None and other is None:
            return
        if one is None or other is None:
            before, after = (MISSING if c is None else c for c in (one, other))
            yield Difference(f"config {index}", before, after)
            continue
        for found in _between(_named(one), _named(other)):
            yield Difference(f"config {index}: {found.name}", found.before, found.after)
