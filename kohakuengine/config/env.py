"""Values of environment variables, for config files."""

from __future__ import annotations

import os

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NOTHING = object()


def env(
    name: str,
    default: Any = _NOTHING,
    type: Callable[[str], Any] = str,
    *,
    secret: bool = False,
) -> Any:
    """The value of an environment variable.

    It is what the variable is when the config file is loaded, and is recorded with the run like any
    other value, unless it is a secret.

    Args:
        name: The variable.
        default: What stands for it where it isn't set, as it is; without one, it must be set.
        type: What it is to be: `int`, `float`, `bool` (`true`, `yes`, `on`, `1` and their opposites),
            `Path`, `list`, `dict` or the like are read as on the command line; any other is called
            with the text.
        secret: Give a `Secret` in place of the value. It is shown, recorded and told from others by
            the variable's name alone; the script gets the value, which is read when its run
            begins, in the run's own process. A default is no secret: where it stands, it is recorded.

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
    if secret:
        from .secret import Secret

        hidden = Secret(name, type)
        hidden.reveal()  # what is wrong with it is told now
        return hidden
    try:
        return read_as(text, type)
    except Exception as error:  # a type of the user's may raise anything
        raise ConfigError(
            f"the environment variable {name} can't be read as {called(type)}: {error}.", key=name
        ) from error


def read_as(text: str, type: Callable[[str], Any]) -> Any:
    """What `env()` makes of a text.

    Raises:
        Exception: It can't be read as that type; what is raised depends on the type.
    """
    from .annotations import ANY, read_annotation
    from .values import from_text

    expected = read_annotation(called(type))
    return type(text) if expected.shape == ANY else from_text(text, expected)


def called(type: Callable[[str], Any]) -> str:
    """The type's name; of a `list[int]` its text."""
    if hasattr(type, "__args__"):
        return str(type)
    return getattr(type, "__name__", repr(type))
