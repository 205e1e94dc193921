"""A Config as the text of a config file, which comes to the same Config when it is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from keyword import iskeyword

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .base import Config

FORMATS = ("py", "yaml", "toml", "json")
TITLES = {"py": "Python", "yaml": "YAML", "toml": "TOML", "json": "JSON"}
WIDTH = 100  # of a line
DEPTH = 90  # so far are containers written within each other: less than what is read


class Unwritable(ValueError):
    """A format can't hold a value; the message is a clause such as `it is a lambda`.

    Attributes:
        place: Where the value is, e.g. `model.layers[2]`.
        value: The value.
    """

    def __init__(self, reason: str, place: str, value: object) -> None:
        super().__init__(reason)
        self.place = place
        self.value = value


def to_text(config: Config, format: str) -> str:
    """A Config as the text of a config file.

    Args:
        config: The Config.
        format: `"py"`, `"yaml"`, `"toml"` or `"json"`.

    Raises:
        ConfigError: There is no such format; or it can't hold a value, which is named, and so are
            the formats that can.
    """
    known = "yaml" if format == "yml" else format
    if known not in FORMATS:
        from .overrides import nearest

        near = nearest(str(format), FORMATS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FORMATS)}."
        raise ConfigError(f"there is no format {format!r} of config files; {hint}")
    try:
        return _writer(known)(config)
    except Unwritable as error:
        others = [name for name in FORMATS if name != known and _holds(name, error)]
        remedy = f"write it in {' or '.join(TITLES[name] for name in others)}" if others else ""
        raise ConfigError(
            f"{error.place} can't be written in {TITLES[known]}: {error}; "
            f"{remedy or 'no format of config files can hold it'}.",
            key=error.place,
        ) from None


def save(config: Config, path: str | os.PathLike[str]) -> None:
    """Write a Config to a file, in the format that its name says; the file is replaced as a whole.

    Raises:
        ConfigError: As `to_text()`; or the file can't be written.
    """
    name = os.fspath(path)
    text = to_text(config, os.path.splitext(name)[1].removeprefix(".").lower())
    beside = f"{name}.{os.getpid()}.new"
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(beside, name)
    except OSError as error:
        raise ConfigError(f"{name} can't be written: {error.strerror}.", path=name) from error
    finally:
        if os.path.lexists(beside):
            os.unlink(beside)


def _writer(format: str) -> Callable[[Config], str]:
    if format == "py":
        from .python_writer import to_python

        return to_python
    if format == "yaml":
        from .yaml_writer import to_yaml

        return to_yaml
    from .plain_writer import to_json, to_toml

    return to_toml if format == "toml" else to_json


def _holds(format: str, error: Unwritable) -> bool:
    """Whether a format can hold what another one can't."""
    from .base import Config

    at_top = error.place.isidentifier() and error.value is None
    try:
        _writer(format)(Config({error.place if at_top else "value": error.value}))
    except Unwritable:
        return False
    return True


def written_names(config: Config) -> dict[str, Any]:
    """All that a Config holds, by the names it has in a text file.

    Raises:
        Unwritable: A variable can't have that name there.
    """
    for name in config.globals_dict:
        if name.startswith("_") or not name.isidentifier() or iskeyword(name):
            reason = "it is no name that a variable has in a config file"
            raise Unwritable(reason, name, {name: config.globals_dict[name]})
    fields = {"_args": config.args, "_kwargs": config.kwargs, "_metadata": config.metadata}
    return {**config.globals_dict, **{name: value for name, value in fields.items() if value}}


def within(place: str, key: object) -> str:
    """The place of a value in a container."""
    if isinstance(key, str):
        return f"{place}.{key}" if place else key
    from .fit import short_repr

    return f"{place}[{short_repr(key)}]"


def laid_out(
    opening: str,
    items: Iterable[str],
    closing: str,
    indent: int,
    *,
    comma: str = ",",
    width: float = WIDTH,
) -> str:
    """A container: on one line if it fits there, else each item on its own.

    Args:
        opening: What comes before the items.
        items: The items, laid out for an indent of 4 more.
        closing: What comes behind them.
        indent: Of the line in which it begins, in characters.
        comma: What stands behind the last of several lines.
        width: Of a line, in characters.
    """
    texts = list(items)
    flat = f"{opening}{', '.join(texts)}{closing}"
    if not texts or "\n" not in flat and len(flat) + indent <= width:
        return flat
    pad = " " * (indent + 4)
    lines = f",\n{pad}".join(texts)
    return f"{opening}\n{pad}{lines}{comma}\n{' ' * indent}{closing.lstrip(',')}"
