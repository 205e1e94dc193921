"""Values of environment variables, for config files."""

from __future__ import annotations

import os

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NOTHING = object()


def env(name: str, default: Any = _NOTHING, type: Callable[[str], Any] = str) -> Any:
    """The value of an environment variable.

    It is what the variable is when the config file is loaded, and is recorded with the run like any
    other value.

    Args:
        name: The variable.
        default: What stands for it where it isn't set, as it is; without one, it must be set.
        type: What it is to be: `int`, `float`, `bool` (`true`, `yes`, `on`, `1` and their opposites),
            `Path`, `list`, `dict` or the like are read as on the command line; any other is called
            with the text.

    Raises:
        ConfigError: The variable isn't set, and has no default; or it can't be read as that type.

    Example:
        >>> env("KOGINE_EXAMPLE", default=2, type=int)
        2
    """
    text = os.environ.get(name)
    if text is None:
        if default is _NOTHING:
            raise ConfigError(
                f"the environment variable {name} isn't set: set it, or give env() a default.",
                key=name,
            )
        return default
    try:
        return _read(text, type)
    except Exception as error:  # a type of the user's may raise anything
        raise ConfigError(
            f"the environment variable {name} can't be read as {_called(type)}: {error}.", key=name
        ) from error


def _read(text: str, type: Callable[[str], Any]) -> Any:
    from .annotations import ANY, read_annotation
    from .values import from_text

    expected = read_annotation(_called(type))
    return type(text) if expected.shape == ANY else from_text(text, expected)


def _called(type: Callable[[str], Any]) -> str:
    """The type's name; of a `list[int]` its text."""
    if hasattr(type, "__args__"):
        return str(type)
    return getattr(type, "__name__", repr(type))
