"""A commented config file in YAML or TOML, or one in JSON, from a script's parameters."""

from __future__ import annotations

import re

from ..config.base import Config
from ..config.printing import TITLES
from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set
    from typing import Any

    from .parameters import Parameter

_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def text_parts(
    found: Sequence[Parameter],
    live: Set[str],
    format: str,
    comments: Callable[[Parameter], list[str]],
) -> list[str]:
    """What a config file in YAML or TOML says of parameters, each with an empty line behind it.

    Args:
        found: The parameters.
        live: The names of those whose default changes nothing; of these, what the format can hold
            stands there, and the others are commented out.
        format: `"yaml"` or `"toml"`.
        comments: What there is to say of a parameter, line by line.
    """
    plain: list[str] = []
    tables: list[str] = []
    for parameter in found:
        text = _held(parameter, live, format)
        lines = [*comments(parameter), *(text or _aside(parameter, format)).splitlines()]
        # What follows the head of a table is in it, so that these come last.
        (tables if text and text.startswith("[") else plain).append("\n".join(lines) + "\n")
    return [*plain, *tables]


def text_sweep(axes: Iterable[tuple[str, list[Any]]], format: str) -> str:
    """An example of a sweep, commented out; nothing where the format can hold none of the values.

    Args:
        axes: Values that may be tried, by name.
        format: `"yaml"` or `"toml"`.
    """
    values = {name: tried for name, tried in axes if _text(name, tried, format) is not None}
    lines = Config(values).to_text(format).splitlines() if values else []
    if format == "yaml":
        lines = [f"  {line}" for line in lines]
    head = "_sweep:" if format == "yaml" else "[_sweep]"
    return "".join(f"# {line}\n" for line in ([head, *lines] if lines else []))


def json_text(found: Iterable[Parameter], live: Set[str]) -> str:
    """A config file in JSON, which has no comments: of the parameters that it can hold."""
    held = [p for p in found if _held(p, live, "json") is not None]
    return Config({p.name: p.default for p in held}).to_text("json")


def _held(parameter: Parameter, live: Set[str], format: str) -> str | None:
    """The default as it can stand in a file; None where it would be another there."""
    if parameter.name not in live or not parameter.literal:
        return None
    return _text(parameter.name, parameter.default, format)


def _text(name: str, value: object, format: str) -> str | None:
    try:
        return Config({name: value}).to_text(format)
    except ConfigError:
        return None


def _aside(parameter: Parameter, format: str) -> str:
    """The default, commented out; of a tuple and its like, as a list, which may do as well."""
    text = None
    if parameter.literal:
        text = _text(parameter.name, _listed(parameter.default), format)
    if text is None:
        text = (
            f"{parameter.name}{':' if format == 'yaml' else ' ='} {parameter.expression or '...'}"
        )
    elif not isinstance(parameter.default, (str, int, float, bool, type(None))):
        text = f"{TITLES[format]} has no {type(parameter.default).__name__}:\n{text}"
    return "\n".join(f"# {in_comment(line)}".rstrip() for line in text.splitlines())


def in_comment(line: str) -> str:
    """A line as a comment can have it: YAML and TOML take no control characters there."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], line)


def _listed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_listed(item) for item in value]
    return value
