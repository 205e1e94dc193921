"""Spaces: what a sweep tries, as an expression of axes. Nothing of it is expanded.

A space is a sequence of points, and a point is the values of some variables by name. How many
there are, and each of them, is computed from the parts when it is asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from typing import Any, overload

    Point = dict[str, Any]


class Space(Sequence["Point"]):
    """Points, in order.

    Attributes:
        names: The variables that its points set, in order; one point may set only some of them.
        free: Variables that its conditions look at and that it doesn't set.
        open: Those of them whose value isn't known: before they are, it has no size, and no points.
    """

    names: tuple[str, ...]
    free: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @property
    @abstractmethod
    def size(self) -> int:
        """How many points there are; `len()` is the same, but for more than 2**63 - 1."""

    @abstractmethod
    def point(self, index: int) -> Point:
        """The point at an index, from 0 to `size - 1`."""

    @abstractmethod
    def parts(self) -> Iterator[Space]:
        """The spaces that it is made of."""

    @abstractmethod
    def remade(self, parts: Sequence[Space | None]) -> Space | None:
        """The same of other parts; None for one that is taken out, and where nothing is left."""

    def axes(self) -> Iterator[Axis]:
        """All of its axes, in order."""
        for part in self.parts():
            yield from part.axes()

    def bound(self, values: Mapping[str, Any]) -> Space:
        """The same, where its conditions know these values of variables that it doesn't set."""
        if not self.free:
            return self
        made = self.remade([part.bound(values) for part in self.parts()])
        assert made is not None  # nothing is taken out
        return made

    def _check_open(self) -> None:
        """Refuse to go on where conditions look at what nobody sets.

        Raises:
            ConfigError: They do.
        """
        for part in self.parts() if self.open else ():
            part._check_open()

    def _note_free(self, parts: Iterable[Space]) -> None:
        """Take over what the conditions in some parts look at."""
        free = dict.fromkeys(name for part in parts for name in part.free)
        if free:
            self.free = tuple(free)
            self.open = tuple(dict.fromkeys(name for part in parts for name in part.open))

    def __len__(self) -> int:
        return self.size

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Point: ...

        @overload
        def __getitem__(self, index: slice) -> list[Point]: ...

    def __getitem__(self, index: int | slice) -> Point | list[Point]:
        if isinstance(index, slice):
            return [self.point(n) for n in range(*index.indices(self.size))]
        place = index + self.size if index < 0 else index
        if not 0 <= place < self.size:
            raise IndexError(f"there is no point {index}: there are {self.size}.")
        return self.point(place)

    def __iter__(self) -> Iterator[Point]:
        return map(self.point, range(self.size))


class Axis(Space):
    """The values of one variable, each a point.

    Args:
        name: The variable; with dots in it, a place in a dictionary that the variable holds.
        values: What it is to be, at least one value.

    Attributes:
        place: Where it is said, for messages: a config file, or `--sweep`; None where that isn't known.
        textual: Whether it is said where there are no paths and no members of an Enum, only their
            names, so that the script's annotation is to tell which are meant.

    Raises:
        ConfigError: There are no values.
    """

    place: str | None = None
    textual = False

    def __init__(self, name: str, values: Sequence[Any]) -> None:
        if not len(values):
            raise ConfigError(f"sweep: {name} has no values.", key=name)
        self.names = (name,)
        self.name = name
        self.values = values

    @property
    def size(self) -> int:
        return len(self.values)

    def point(self, index: int) -> Point:
        return {self.name: self.values[index]}

    def __iter__(self) -> Iterator[Point]:
        return ({self.name: value} for value in self.values)

    def parts(self) -> Iterator[Space]:
        return iter(())

    def remade(self, parts: Sequence[Space | None]) -> Space | None:
        return self

    def axes(self) -> Iterator[Axis]:
        yield self

    def __repr__(self) -> str:
        from reprlib import repr as short_repr

        return f"{self.name}={short_repr(self.values)}"


class Zip(Space):
    """Spaces side by side: the nth point of each together.

    Raises:
        ConfigError: They have different numbers of points, or set the same variable.
    """

    def __init__(self, parts: Sequence[Space]) -> None:
        self._parts = list(parts)
        self.names = all_names(self._parts, "zip")
        if not self._parts:
            raise ConfigError("zip: there is nothing to pair.")
        self._note_free(self._parts)
        if not self.open and len({part.size for part in self._parts}) > 1:
            counts = ", ".join(f"{_called(part)} has {part.size}" for part in self._parts)
            raise ConfigError(f"zip: what is paired must have as many values each: {counts}.")

    @property
    def size(self) -> int:
        self._check_open()
        return self._parts[0].size

    def point(self, index: int) -> Point:
        return merged(part.point(index) for part in self._parts)

    def __iter__(self) -> Iterator[Point]:
        return map(merged, zip(*self._parts))

    def parts(self) -> Iterator[Space]:
        return iter(self._parts)

    def remade(self, parts: Sequence[Space | None]) -> Space | None:
        left = [part for part in parts if part is not None]
        return Zip(left) if left else None

    def __repr__(self) -> str:
        return f"zip({', '.join(map(repr, self._parts))})"


class Concat(Space):
    """Spaces one after the other."""

    def __init__(self, parts: Sequence[Space]) -> None:
        self._parts = [
            p for part in parts for p in (part.parts() if type(part) is Concat else [part])
        ]
        self.names = tuple(dict.fromkeys(name for part in self._parts for name in part.names))
        if not self._parts:
            raise ConfigError("concat: there is nothing to try.")
        self._note_free(self._parts)
        self._sums: list[int] = []

    def _ends(self) -> list[int]:
        self._sums = self._sums or list(accumulate(part.size for part in self._parts))
        return self._sums

    @property
    def size(self) -> int:
        return self._ends()[-1]

    def point(self, index: int) -> Point:
        ends = self._ends()
        place = bisect_right(ends, index)
        return self._parts[place].point(index - (ends[place - 1] if place else 0))

    def __iter__(self) -> Iterator[Point]:
        for part in self._parts:
            yield from part

    def parts(self) -> Iterator[Space]:
        return iter(self._parts)

    def remade(self, parts: Sequence[Space | None]) -> Space | None:
        left = [part for part in parts if part is not None]
        return Concat(left) if left else None

    def __repr__(self) -> str:
        return f"concat({', '.join(map(repr, self._parts))})"


class Sample(Space):
    """Some points of a space, in random order, none twice; the others are never made.

    Args:
        space: All of the points.
        count: How many.
        seed: Of the same seed come the same points.

    Attributes:
        wanted: As `count` was given; `space` and `seed` are kept, too.

    Raises:
        ConfigError: There are fewer points; or an argument isn't a whole number.
    """

    def __init__(self, space: Space, count: int, seed: int = 0) -> None:
        _check_whole("sample", "count", count, 1)
        _check_whole("sample", "seed", seed, 0)
        self._note_free([space])
        if not self.open and count > space.size:
            raise ConfigError(f"sample: {count} points are wanted, and there are {space.size}.")
        self.space = space
        self.seed = seed
        self.wanted = count
        self.names = space.names
        self._chosen: list[int] | None = None

    @property
    def size(self) -> int:
        self._check_open()
        return self.wanted

    def point(self, index: int) -> Point:
        if self._chosen is None:
            import random

            self._chosen = _chosen(self.space.size, self.wanted, random.Random(self.seed))
        return self.space.point(self._chosen[index])

    def parts(self) -> Iterator[Space]:
        yield self.space

    def remade(self, parts: Sequence[Space | None]) -> Space | None:
        (space,) = parts
        return None if space is None else Sample(space, self.wanted, self.seed)

    def __repr__(self) -> str:
        return f"{self.space!r}.sample({self.wanted}, seed={self.seed})"


def _chosen(total: int, count: int, source: random.Random) -> list[int]:
    """Different numbers below a total."""
    try:
        return source.sample(range(total), count)
    except OverflowError:  # there are more than a `range` can count
        chosen: dict[int, None] = {}
        while len(chosen) < count:
            chosen[source.randrange(total)] = None
        return list(chosen)


class Repeat(Space):
    """Each point of a space several times in a row.

    Args:
        space: The points.
        times: How often.
        seed: A variable which tells the repeats apart: it is set to `first`, `first + 1`, ...
        first: See `seed`.

    Attributes:
        seeds: The axis of the variable which tells the repeats apart, or None; `space` and `times` are
            kept, too.

    Raises:
        ConfigError: A number is none that it can be; or the space sets that variable itself.
    """

    def __init__(self, space: Space, times: int, seed: str | None = None, first: int = 0) -> None:
        _check_whole("repeat", "times", times, 1)
        _check_whole("repeat", "first", first)
        if seed in space.names:
            raise ConfigError(
                f"repeat: {seed} is swept already, and can't tell repeats apart.", key=seed
            )
        self.space = space
        self.times = times
        self.seeds = None if seed is None else Axis(seed, range(first, first + times))
        self._first = first
        self._note_free([space])
        self.names = space.names if seed is None else (*space.names, seed)

    @property
    def size(self) -> int:
        return self.space.size * self.times

    def point(self, index: int) -> Point:
        place, turn = divmod(index, self.times)
        own = self.space.point(place)
        return own if self.seeds is None else {**own, **self.seeds.point(turn)}

    def __iter__(self) -> Iterator[Point]:
        if self.seeds is None:
            return (dict(own) for own in self.space for _ in range(self.times))
        seed = self.seeds
        return ({**own, **turn} for own in self.space for turn in seed)

    def parts(self) -> Iterator[Space]:
        yield self.space
        if self.seeds is not None:
            yield self.seeds

    def remade(self, parts: Sequence[Space | None]) -> Space | None:
        space, *seeds = parts
        if self.seeds is not None and seeds != [self.seeds]:
            if seeds != [None]:
                raise ConfigError(
                    f"repeat: {self.seeds.name} tells the repeats apart, and can't have other values.",
                    key=self.seeds.name,
                )
            seeds = []
        seed = self.seeds.name if self.seeds is not None and seeds else None
        return None if space is None else Repeat(space, self.times, seed, self._first)

    def __repr__(self) -> str:
        seed = "" if self.seeds is None else f", {self.seeds.name!r}"
        return f"{self.space!r}.repeat({self.times}{seed})"


def merged(points: Iterator[Point] | Sequence[Point]) -> Point:
    merged: Point = {}
    for point in points:
        merged |= point
    return merged


def all_names(parts: Sequence[Space], what: str) -> tuple[str, ...]:
    names: dict[str, Space] = {}
    for part in parts:
        for name in part.names:
            _refuse_twice(name, names, what)
            names[name] = part
    return tuple(names)


def _refuse_twice(name: str, names: dict[str, Space], what: str) -> None:
    """Refuse a variable that is set by two parts, as model and model.layers would be."""
    for other in names:
        if name == other:
            raise ConfigError(
                f"{what}: {name} is in it twice: write all its values into one.", key=name
            )
        if name.startswith(f"{other}.") or other.startswith(f"{name}."):
            raise ConfigError(f"{what}: {name} and {other} set the same variable.", key=name)


def _called(space: Space) -> str:
    names = ", ".join(space.names)
    return names if len(space.names) == 1 else f"({names})"


def _check_whole(what: str, name: str, number: object, least: int | None = None) -> None:
    if type(number) is not int or least is not None and number < least:
        above = "" if least is None else f" of {least} or more"
        raise ConfigError(f"{what}: {name} must be an int{above}, got {number!r}.")
