"""ConfigGenerator: Configs one after the other, each made only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..errors import ConfigTypeError
from .base import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

END = object()


class ConfigGenerator:
    """Gives Configs lazily: the next one is computed when it is asked for, not before.

    So a Config can depend on what the last run left behind, or on how it ended: see `tell()`.

    Args:
        source: A generator function, called without arguments; an iterable; or an iterator. With
            the first two each `iter()` or `for` starts anew. An iterator goes on where it stands.
        name: What errors call it.

    Raises:
        ConfigTypeError: The source is none of these; when asked for the next Config: what came
            isn't one.

    Example:
        >>> def sizes():
        ...     for size in (8, 16):
        ...         outcome = yield Config({"size": size})
        ...         print("told:", outcome)
        >>> generator = ConfigGenerator(sizes)
        >>> for config in generator:
        ...     generator.tell(config.globals_dict["size"] * 2)
        told: 16
        told: 32
    """

    def __init__(
        self,
        source: Iterator[Config] | Iterable[Config] | Callable[[], Iterable[Config]],
        *,
        name: str = "ConfigGenerator",
    ) -> None:
        if isinstance(source, ConfigGenerator):
            source = source.source
        if isinstance(source, (str, bytes)) or not (
            isinstance(source, Iterable) or callable(source)
        ):
            raise _not_configs(name, source)
        self.source: Iterable[Config] | Callable[[], Iterable[Config]] = source
        self.name = name
        self._pass = _Pass(source, name)

    def __iter__(self) -> Iterator[Config]:
        if not isinstance(self.source, Iterator):
            self._pass = _Pass(self.source, self.name)
        return self._pass

    def __next__(self) -> Config:
        return next(self._pass)

    def tell(self, outcome: object) -> None:
        """Say how the run of the last Config ended: the value of the generator's `yield`.

        Told nothing, `yield` gives None. Before the first Config, and where the source isn't a
        generator, nobody listens, and nothing happens.
        """
        self._pass.tell(outcome)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.source!r}>"


class _Pass:
    """One way through a source."""

    def __init__(self, source: Any, name: str) -> None:
        self._source = source
        self._name = name
        self._iterator: Iterator[object] | None = None
        self._given = 0
        self._outcome: object = None

    def __iter__(self) -> Iterator[Config]:
        return self

    def __next__(self) -> Config:
        if self._iterator is None:
            self._iterator = start(self._source, self._name)
        outcome, self._outcome = self._outcome, None
        config = advance(self._iterator, outcome)
        if config is END:
            raise StopIteration
        self._given += 1
        if not isinstance(config, Config):
            raise ConfigTypeError(
                f"{self._name}: number {self._given} of what it gives must be a Config, got "
                f"{type(config).__name__}.",
                field=self._name,
                got=type(config).__name__,
                position=self._given - 1,
            )
        return config

    def tell(self, outcome: object) -> None:
        if self._given:  # a generator that hasn't begun has no `yield` to take it
            self._outcome = outcome


def start(source: Any, name: str) -> Iterator[object]:
    """An iterator over what a source gives; nothing of a generator runs yet."""
    items = source if isinstance(source, Iterable) else source()
    if not isinstance(items, Iterable):
        raise _not_configs(name, items)
    return iter(items)


def advance(iterator: Iterator[object], outcome: object) -> object:
    """The next item, or `END`; a generator finds the outcome as the value of its `yield`."""
    send = getattr(iterator, "send", None)
    try:
        return next(iterator) if outcome is None or send is None else send(outcome)
    except StopIteration:
        return END


def _not_configs(name: str, source: object) -> ConfigTypeError:
    got = type(source).__name__
    message = f"{name} must be an iterable or a generator function of Configs, got {got}."
    return ConfigTypeError(message, field=name, got=got)
