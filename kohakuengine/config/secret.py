"""Secrets: values of environment variables that are never kept, but known by their variable."""

from __future__ import annotations

import os

from ..errors import ConfigError
from .env import called, read_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

    from .base import Config

# What is shorter, like a 1 or a yes, is no secret, and all texts would be full of it.
_SHORTEST = 4

# What has been revealed in this process: texts, and what stands for each where it is recorded.
_revealed: dict[str, str] = {}


class Secret:
    """Stands for the value of an environment variable until a script is given that.

    It is shown, pickled and compared by the name of its variable; the value is read from the
    environment of the run's own process. `env("NAME", secret=True)` makes one.

    Args:
        variable: The environment variable.
        type: What its text is made into, as for `env()`.

    Example:
        >>> Secret("API_TOKEN")
        <secret API_TOKEN>
    """

    __slots__ = ("variable", "type")

    def __init__(self, variable: str, type: Callable[[str], Any] = str) -> None:
        self.variable = variable
        self.type = type

    def reveal(self) -> Any:
        """The value, as the script gets it.

        Raises:
            ConfigError: The variable isn't set, or can't be read as that type. The message doesn't
                hold the value.
        """
        value, problem = self._read()
        if problem is not None:  # raised here, where no frame of the traceback holds the text
            raise ConfigError(problem, key=self.variable)
        return value

    def _read(self) -> tuple[Any, str | None]:
        text = os.environ.get(self.variable)
        if text is None:
            return None, (
                f"the environment variable {self.variable}, which is a secret, isn't set for the "
                "run: set it where the run is started."
            )
        try:
            value = read_as(text, self.type)
        except Exception:  # what it raises may say the text
            kind = called(self.type)
            return None, (
                f"the environment variable {self.variable}, which is a secret, can't be read as "
                f"{kind}."
            )
        for shown in (text, value):
            if isinstance(shown, str) and len(shown) >= _SHORTEST:
                _revealed[shown] = repr(self)
        return value, None

    def __kogine_key__(self) -> tuple[str, str]:
        return self.variable, called(self.type)

    def __reduce__(self) -> tuple[Any, ...]:
        return Secret, (self.variable, self.type)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return (self.variable, self.type) == (other.variable, other.type)

    def __hash__(self) -> int:
        return hash(self.variable)

    def __repr__(self) -> str:
        return f"<secret {self.variable}>"

    def __format__(self, spec: str) -> NoReturn:
        # f"Bearer {token}" would else give the script a text that says "<secret TOKEN>".
        raise TypeError(
            f"the secret {self.variable} can't be put into a text here: have env() make that text, "
            "as by type=lambda text: ..., or the script."
        )


def revealed(value: Any) -> Any:
    """A value with those of the secrets within it, which only the run's own process may ask for.

    They are found within lists, tuples, sets, dictionaries and dataclasses. What holds none is the
    very same object afterwards, and nothing is changed in place.

    Raises:
        ConfigError: A variable isn't set, or can't be read.
    """
    return _mapped(value, Secret.reveal)


def secrets_in(config: Config) -> list[Secret]:
    """The secrets that a config gives to a script."""
    found: list[Secret] = []
    _mapped([config.globals_dict, config.args, config.kwargs], found.append)
    return found


def _mapped(value: Any, function: Callable[[Secret], Any]) -> Any:
    try:
        return _map(value, function, set())
    except RecursionError:
        raise ConfigError("the config is nested too deeply to look for secrets in it.") from None


def _map(value: Any, function: Callable[[Secret], Any], within: set[int]) -> Any:
    if isinstance(value, Secret):
        return function(value)
    parts = _parts(value)
    if parts is None or id(value) in within:  # an atom to us, or it holds itself
        return value
    within.add(id(value))
    made = [_map(part, function, within) for part in parts]
    within.discard(id(value))
    if all(new is old for new, old in zip(made, parts)):
        return value
    return _made_of(value, parts, made)


def _parts(value: Any) -> list[Any] | None:
    """What a value consists of; None for what isn't looked into."""
    if isinstance(value, dict):
        return [part for item in dict.items(value) for part in item]
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if hasattr(type(value), "__dataclass_fields__"):
        return [getattr(value, name, None) for name in type(value).__dataclass_fields__]
    return None


def _made_of(value: Any, before: list[Any], parts: list[Any]) -> Any:
    """A copy of a value with other parts."""
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a namedtuple
        return value._make(parts)
    if isinstance(value, (tuple, frozenset)):
        return type(value)(parts)
    from copy import copy

    other = copy(value)
    if isinstance(value, dict):
        other.clear()
        other.update(zip(parts[::2], parts[1::2]))
    elif isinstance(value, list):
        other[:] = parts
    elif isinstance(value, set):
        other.clear()
        other.update(parts)
    else:
        for name, old, part in zip(type(value).__dataclass_fields__, before, parts):
            if part is not old:
                object.__setattr__(other, name, part)  # also of a frozen one
    return other


def masked(value: Any) -> Any:
    """What JSON is to hold, with the texts of this process' secrets replaced by their names."""
    if isinstance(value, str):
        for text in sorted(_revealed, key=len, reverse=True):
            value = value.replace(text, _revealed[text])
        return value
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {masked(key): masked(item) for key, item in value.items()}
    return value


def told_in(data: bytes) -> str | None:
    """What stands for a secret whose text is among some bytes; None where there is none."""
    return next(_told(data), None)


def _told(data: bytes) -> Iterator[str]:
    for text, name in _revealed.items():
        if text.encode("utf-8", "surrogatepass") in data:
            yield name
