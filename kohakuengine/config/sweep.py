"""Sweeps: the Configs of all points of a space, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import ConfigError
from .base import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, overload

    from .space import Space


_KEPT = 10_000  # texts of an axis that are read but once


class Sweep(Sequence[Config]):
    """The Configs that come of a base and a space, in order.

    Args:
        base: What is the same for all of them.
        space: What varies: whatever `axes.as_space()` takes, as a dict of values by name. A name
            with dots in it sets a value within the dictionary that a variable holds. Its conditions
            may look at what the base sets, too.

    Attributes:
        names: The variables that vary; `base` and `space` are kept, too.
        reads: What reads the values of some axes before they are used: see `read_by()`.

    Raises:
        ConfigError: The space can't be understood, or has no points; or a name with dots in it leads
            into something that is no dictionary.

    Example:
        >>> [config.globals_dict for config in Sweep(Config({"bs": 8}), {"lr": [0.1, 0.2]})]
        [{'bs': 8, 'lr': 0.1}, {'bs': 8, 'lr': 0.2}]
    """

    def __init__(self, base: Config, space: Space | Mapping[str, Any] | Sequence[Any]) -> None:
        # Here: what has no sweep, and only asks whether it is one, needs it not.
        from .axes import as_space

        self.base = base
        self.reads: dict[str, Callable[[Any], Any]] = {}
        self._known: dict[str, dict[str, Any]] = {}  # texts that have been read
        self.space = as_space(space).bound(base.globals_dict)
        self.names = self.space.names
        if not self.space.size:
            raise ConfigError("sweep: its conditions leave no point.")
        self._nested = [name for name in self.names if "." in name]
        if self._nested:
            self._config({name: None for name in self._nested})

    @property
    def size(self) -> int:
        """How many there are; `len()` is the same, but for more than 2**63 - 1."""
        return self.space.size

    def __len__(self) -> int:
        return self.space.size

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Config: ...

        @overload
        def __getitem__(self, index: slice) -> list[Config]: ...

    def __getitem__(self, index: int | slice) -> Config | list[Config]:
        if isinstance(index, slice):
            return [self._config(point) for point in self.space[index]]
        return self._config(self.space[index])

    def __iter__(self) -> Iterator[Config]:
        return map(self._config, self.space)

    def points(self) -> Iterator[dict[str, Any]]:
        """What each sets besides the base, in order."""
        return map(self._read_point, self.space) if self.reads else iter(self.space)

    def read_by(self, base: Config, reads: Mapping[str, Callable[[Any], Any]]) -> Sweep:
        """The same of another base, where the values of some axes are read before they are used.

        Conditions look at what they are before, as whoever wrote both does.

        Args:
            base: The base, with the same variables.
            reads: What reads the values, by the names of the axes.
        """
        from copy import copy

        sweep = copy(self)
        sweep.base = base
        sweep.reads = dict(reads)
        sweep._known = {name: {} for name in reads}
        return sweep

    def read(self, name: str, value: Any) -> Any:
        """What a value of an axis is, when it has been read."""
        read = self.reads.get(name)
        if read is None:
            return value
        if type(value) is not str:
            return read(value)
        known = self._known[name]  # most often there are few, and many points
        if value not in known:
            if len(known) >= _KEPT:
                known.clear()
            known[value] = read(value)
        return known[value]

    def _config(self, point: dict[str, Any]) -> Config:
        if self.reads:
            point = self._read_point(point)
        if not self._nested:
            return self.base.with_values({**self.base.globals_dict, **point})
        from .nested import with_nested

        return self.base.with_values(with_nested(self.base.globals_dict, point))

    def _read_point(self, point: dict[str, Any]) -> dict[str, Any]:
        read = dict(point)
        for name in self.reads:
            if name in point:
                read[name] = self.read(name, point[name])
        return read

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.space!r}>"
