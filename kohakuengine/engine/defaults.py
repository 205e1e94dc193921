"""A script's own dictionaries, of which an override is to change a part: `model.layers`."""

from __future__ import annotations

from collections.abc import Mapping

from ..config.nested import nested_values, with_nested
from ..config.origin import note_added
from ..config.sweep import Sweep
from ..errors import OverrideError
from .parameters import Parameter, parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ..config.base import Config
    from .script import Script


def with_defaults(config: Config, names: Iterable[str], script: Script) -> Config:
    """A Config that holds the dictionaries into which some names lead, and knows what these add.

    Those that the Config doesn't set are the script's own defaults, which must be literals: what is
    beside the part that is changed stays as it is. A variable that the script doesn't bind is left
    to be made.

    Args:
        config: The Config.
        names: Names of variables; those with dots in them lead into dictionaries.
        script: The script.

    Raises:
        OverrideError: The script's default isn't a literal dictionary.
        ScriptError: The script can't be read.
    """
    dotted = [name for name in names if "." in name]
    roots = dict.fromkeys(name.partition(".")[0] for name in dotted)
    missing = [root for root in roots if root not in config.globals_dict]
    if not missing:
        return note_added(config, dotted)
    known = {p.name: p for p in parameters(script.read(), script.path, whole=True)}
    values = dict(config.globals_dict)
    for root in missing:
        if root in known:
            values[root] = _dictionary(known[root], script.name)
    return note_added(config.with_values(values), dotted)


def with_parts(config: Config, values: Mapping[str, Any], script: Script) -> Config:
    """A Config, and above it values by names that may have dots in them.

    Raises:
        OverrideError, ScriptError: As of `with_defaults()`.
        ConfigError: A name leads into something that is no dictionary.
    """
    base = with_defaults(config, values, script)
    return base.with_values(with_nested(base.globals_dict, values))


def with_roots(configs: Any, script: Script) -> Any:
    """Configs in which a sweep of a part of one of the script's dictionaries keeps the others.

    Args:
        configs: A Config; or a `Sweep`, of which the base is to hold these dictionaries.
        script: The script.

    Raises:
        OverrideError, ScriptError: As of `with_defaults()`.
    """
    if not isinstance(configs, Sweep) or not any("." in name for name in configs.names):
        return configs
    return Sweep(with_defaults(configs.base, configs.names, script), configs.space)


def _dictionary(parameter: Parameter, script: str) -> Mapping[str, object]:
    if parameter.literal and isinstance(parameter.default, Mapping):
        return parameter.default
    name = parameter.name
    raise OverrideError(
        f"a part of {name} can't be set: in {script} {parameter.place} it isn't a dictionary that "
        f"is written out, but {parameter.expression}; set {name} itself.",
        key=name,
    )


def nested_parameters(known: Sequence[Parameter], names: Iterable[str]) -> list[Parameter]:
    """What is known of values within dictionaries, by what the script has there."""
    defaults = {p.name: p.default for p in known if p.literal}
    lines = {p.name: p.line for p in known}
    return [
        Parameter(
            name,
            default=value,
            literal=True,
            type=type(value).__name__,
            line=lines[name.partition(".")[0]],
        )
        for name, value in nested_values(defaults, names).items()
        if "." in name
    ]
