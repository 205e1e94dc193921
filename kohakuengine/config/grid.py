"""Grids: all combinations of what several spaces try, but for those that conditions leave out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from math import prod

from ..errors import ConfigError
from .condition import Condition
from .near import did_you_mean
from .nested import nested_values
from .space import Space, all_names, merged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .space import Point

_MOST = 1_000_000  # combinations of what conditions look at: some ten seconds


class When:
    """A part of a grid for those of its points for which a condition holds.

    Args:
        condition: On variables that stand before it in the grid.
        space: What is tried where it holds.
        otherwise: The point that stands for it where it doesn't; with no values, it sets nothing.
    """

    def __init__(self, condition: Condition, space: Space, otherwise: Point | None = None) -> None:
        self.condition = condition
        self.space = space
        self.otherwise = otherwise or {}

    def __repr__(self) -> str:
        return f"when({self.condition.shown!r}, {self.space!r})"


class Grid(Space):
    """All combinations of the points of several spaces; those of the last one vary fastest.

    Args:
        parts: The spaces; one may be only for some of the points, by `When`.
        excluded: Conditions; what one of them holds for is left out.
        known: Values of variables that it doesn't set and that conditions look at, by name.

    Attributes:
        pieces: The parts; `excluded` holds the conditions.

    Raises:
        ConfigError: Two parts set the same variable; or a condition looks at one that doesn't stand
            before it; or conditions look at more than can be gone through.
    """

    # A count goes by the values of those parts alone that a condition looks at later on: the state.
    # For each, how many points follow is computed once.

    def __init__(
        self,
        parts: Sequence[Space | When],
        excluded: Sequence[Callable[..., object] | str | Condition] = (),
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self.pieces = list(parts)
        if excluded and not self.pieces:
            self.pieces = [Grid([])]  # its only point, of no values, may be left out
        self._spaces = [p.space if isinstance(p, When) else p for p in self.pieces]
        self._guards = [p if isinstance(p, When) else None for p in self.pieces]
        self.names = all_names(self._spaces, "grid")
        self.excluded = [Condition(source) for source in excluded]
        self._filters: list[list[Condition]] = [[] for _ in self.pieces]
        self._needed: list[tuple[int, ...]] = []  # for each place, the parts that are looked at
        self._own_free: dict[str, Condition] = {}
        self._check_parts()
        if self.excluded or any(self._guards):
            self._plan()
        self._note_free(self._spaces)
        self._known = nested_values(known or {}, self._own_free)
        if self._own_free:
            unknown = [name for name in self._own_free if name not in self._known]
            self.free = tuple(dict.fromkeys([*self.free, *self._own_free]))
            self.open = tuple(dict.fromkeys([*self.open, *unknown]))
        self._beside = tuple(known or ())
        self._counts: dict[tuple[object, ...], tuple[int, list[int] | None]] = {}

    def _check_parts(self) -> None:
        """Refuse parts whose own conditions look at what other parts set."""
        for space in self._spaces:
            for name in space.free:
                if name in self.names:
                    raise ConfigError(
                        f"sweep: a condition within a part of a grid looks at {name}, which another "
                        f"part sets: put both into one grid, {name} first.",
                        key=name,
                    )

    def _plan(self) -> None:
        """Find out at which places which parts are looked at."""
        homes = {name: n for n, space in enumerate(self._spaces) for name in space.names}
        looks: list[set[int]] = [set() for _ in self.pieces]  # at each place, at which parts
        for n, guard in enumerate(self._guards):
            if guard is not None:
                looks[n] |= self._homes(guard.condition, homes, before=n)
        for condition in self.excluded:
            found = self._homes(condition, homes)
            last = max(found, default=0)
            self._filters[last].append(condition)
            looks[last] |= found
        later: set[int] = set()
        for n in range(len(self.pieces) - 1, -1, -1):
            later |= looks[n]
            self._needed.append(tuple(sorted(part for part in later if part < n)))
        self._needed.reverse()
        self._needed.append(())
        for n in range(len(self.pieces)):
            here = {n} if self._filters[n] or n in self._needed[n + 1] else set()
            self._check_looks(here.union(self._needed[n]))

    def _check_looks(self, parts: set[int]) -> None:
        """Refuse conditions on more than can be gone through, which is what they need."""
        if any(self._spaces[part].open for part in parts):
            return  # it is asked again when that is known
        count = prod(self._spaces[part].size for part in parts)
        if count > _MOST:
            looked = ", ".join(n for part in sorted(parts) for n in self._spaces[part].names)
            raise ConfigError(
                f"sweep: its conditions look at {looked}, which have {count:,} combinations, and at "
                f"most {_MOST:,} are gone through: leave out what isn't wanted from the axes "
                "themselves, or sample them first."
            )

    def _homes(
        self, condition: Condition, homes: dict[str, int], before: int | None = None
    ) -> set[int]:
        found = set()
        for name in condition.names:
            if name not in homes:
                self._own_free.setdefault(name, condition)
            elif before is not None and homes[name] >= before:
                there = ", ".join(n for space in self._spaces[:before] for n in space.names)
                raise ConfigError(
                    f"sweep: the condition {condition.shown} looks at {name}, which is none of the "
                    f"variables before it in its grid: {there or 'none'}; write it before.",
                    key=name,
                )
            else:
                found.add(homes[name])
        return found

    def _check_open(self) -> None:
        super()._check_open()
        name = next((name for name in self.open if name in self._own_free), None)
        if name is None:
            return
        meant = did_you_mean(name, [*self.names, *self._beside], "", 1)
        raise ConfigError(
            f"sweep: the condition {self._own_free[name].shown} looks at {name}, which neither the "
            f"sweep ({', '.join(self.names) or 'none'}) nor the config sets{meant or ';'} "
            f"{'Else give' if meant else 'give'} it a value there, with --set, or as an axis of one "
            "value.",
            key=name,
        )

    @property
    def size(self) -> int:
        self._check_open()
        if self._needed:
            return self._below(0, ())[0]
        count = 1
        for space in self._spaces:
            count *= space.size
        return count

    def point(self, index: int) -> Point:
        self._check_open()
        if self._needed:
            return self._point_by_counts(index)
        found: list[Point] = []
        for space in reversed(self._spaces):
            index, place = divmod(index, space.size)
            found.append(space.point(place))
        return merged(reversed(found))

    # ---- with conditions ----

    def _below(self, n: int, state: tuple[int | None, ...]) -> tuple[int, list[int] | None]:
        """How many points follow from place `n` on, and where they differ by the part there, the
        sums of how many do; the state is which points the parts have that are looked at.
        """
        if n == len(self.pieces):
            return 1, None
        found = self._counts.get((n, state))
        if found is None:
            found = self._counts[n, state] = self._count_below(n, state)
        return found

    def _count_below(self, n: int, state: tuple[int | None, ...]) -> tuple[int, list[int] | None]:
        if not self._is_tried(n, state):
            return self._below(n + 1, self._next(n, state, None))[0], None
        count = self._spaces[n].size
        if not self._filters[n] and n not in self._needed[n + 1]:
            return count * self._below(n + 1, self._next(n, state, None))[0], None
        sums = list(accumulate(self._below_choice(n, state, i) for i in range(count)))
        return sums[-1] if sums else 0, sums

    def _below_choice(self, n: int, state: tuple[int | None, ...], choice: int) -> int:
        if self._filters[n]:
            values = {**self._values(n, state), **self._spaces[n].point(choice)}
            if any(condition.holds(values) for condition in self._filters[n]):
                return 0
        return self._below(n + 1, self._next(n, state, choice))[0]

    def _next(
        self, n: int, state: tuple[int | None, ...], choice: int | None
    ) -> tuple[int | None, ...]:
        known = dict(zip(self._needed[n], state))
        known[n] = choice
        return tuple(known[part] for part in self._needed[n + 1])

    def _values(self, n: int, state: tuple[int | None, ...]) -> Point:
        """The values of the parts that are looked at."""
        values: Point = dict(self._known)
        for part, choice in zip(self._needed[n], state):
            values |= self._otherwise(part) if choice is None else self._spaces[part].point(choice)
        return values

    def _otherwise(self, n: int) -> Point:
        guard = self._guards[n]
        return guard.otherwise if guard is not None else {}

    def _is_tried(self, n: int, state: tuple[int | None, ...]) -> bool:
        guard = self._guards[n]
        return guard is None or guard.condition.holds(self._values(n, state))

    def _point_by_counts(self, index: int) -> Point:
        point: Point = {}
        state: tuple[int | None, ...] = ()
        for n, space in enumerate(self._spaces):
            choice: int | None = None
            _, sums = self._below(n, state)
            if not self._is_tried(n, state):
                point |= self._otherwise(n)
            elif sums is not None:
                choice = bisect_right(sums, index)
                index -= sums[choice - 1] if choice else 0
                point |= space.point(choice)
            else:
                choice, index = divmod(index, self._below(n + 1, self._next(n, state, None))[0])
                point |= space.point(choice)
            state = self._next(n, state, choice)
        return point

    # ---- all of them ----

    def __iter__(self) -> Iterator[Point]:
        self._check_open()
        return self._walk(0, ()) if self._needed else self._plain_walk(0)

    def _plain_walk(self, n: int) -> Iterator[Point]:
        if n == len(self._spaces):
            yield {}
            return
        if n == len(self._spaces) - 1:
            yield from self._spaces[n]
            return
        for own in self._spaces[n]:
            for rest in self._plain_walk(n + 1):
                yield {**own, **rest}

    def _walk(self, n: int, state: tuple[int | None, ...]) -> Iterator[Point]:
        if n == len(self._spaces):
            yield {}
            return
        if not self._is_tried(n, state):
            for rest in self._walk(n + 1, self._next(n, state, None)):
                yield {**self._otherwise(n), **rest}
            return
        looked_at = n in self._needed[n + 1]
        for choice, own in enumerate(self._spaces[n]):
            if self._filters[n] and not self._below_choice(n, state, choice):
                continue
            for rest in self._walk(n + 1, self._next(n, state, choice if looked_at else None)):
                yield {**own, **rest}

    def parts(self) -> Iterator[Space]:
        return iter(self._spaces)

    def remade(self, parts: Sequence[Space | None], known: Mapping[str, Any] | None = None) -> Grid:
        pieces = [
            part if guard is None else When(guard.condition, part, guard.otherwise)
            for guard, part in zip(self._guards, parts)
            if part is not None
        ]
        return Grid(pieces, self.excluded, self._known if known is None else known)

    def bound(self, values: Mapping[str, Any]) -> Space:
        if not self.free:
            return self
        return self.remade([part.bound(values) for part in self._spaces], values)

    def __repr__(self) -> str:
        without = "".join(f".exclude({c.shown!r})" for c in self.excluded)
        return f"grid({', '.join(map(repr, self.pieces))}){without}"
