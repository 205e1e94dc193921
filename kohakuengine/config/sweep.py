"""Sweeps: the Configs of all points of a space, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import ConfigError
from .base import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, overload

    from .space import Space


class Sweep(Sequence[Config]):
    """The Configs that come of a base and a space, in order.

    Args:
        base: What is the same for all of them.
        space: What varies: whatever `axes.as_space()` takes, as a dict of values by name. A name
            with dots in it sets a value within the dictionary that a variable holds. Its conditions
            may look at what the base sets, too.

    Attributes:
        base: The base.
        space: The space.
        names: The variables that vary.

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

    def _config(self, point: dict[str, Any]) -> Config:
        if not self._nested:
            return self.base.with_values({**self.base.globals_dict, **point})
        from .nested import with_nested

        return self.base.with_values(with_nested(self.base.globals_dict, point))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.space!r}>"
