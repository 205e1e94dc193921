"""Values within dictionaries, named with dots: `model.layers`."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def with_nested(values: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name, and above them more of these; a name with dots is a place in a dictionary.

    Dictionaries on the way are copied, and made where there are none.

    Args:
        values: The values.
        more: Those above them.

    Raises:
        ConfigError: A name leads into something that is no dictionary.

    Example:
        >>> with_nested({"model": {"layers": 2, "width": 8}}, {"model.layers": 4})
        {'model': {'layers': 4, 'width': 8}}
    """
    result = dict(values)
    for name, value in more.items():
        *way, last = name.split(".")
        inner = result
        for depth, key in enumerate(way, 1):
            found = inner.get(key, {})
            if not isinstance(found, Mapping):
                raise ConfigError(
                    f"{name} can't be set: {'.'.join(way[:depth])} is no dictionary, but "
                    f"{type(found).__name__}.",
                    key=name,
                )
            inner[key] = inner = {**found}
        inner[last] = value
    return result


def nested_values(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The values that some names stand for, those with dots in them within dictionaries.

    Names that stand for nothing are left out.

    Example:
        >>> nested_values({"model": {"layers": 2}}, ["model.layers", "lr"])
        {'model.layers': 2}
    """
    found = {}
    for name in names:
        value: Any = values
        for key in name.split("."):
            if not isinstance(value, Mapping) or key not in value:
                break
            value = value[key]
        else:
            found[name] = value
    return found
