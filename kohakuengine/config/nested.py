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


def merged(under: Mapping[str, Any], over: Mapping[str, Any], nested: bool) -> dict[str, Any]:
    """Values by name, and above them others.

    Args:
        under: The values.
        over: Those above them, which win.
        nested: Whether dictionaries in both are merged in the same way, and not replaced.

    Raises:
        ConfigError: With `nested`, one of the two has a dictionary where the other has none: which
            of them wins would depend on what is merged first.
    """
    if not nested:
        return {**under, **over}
    result = dict(under)
    for name, value in over.items():
        if name in under:
            value = _both(name, under[name], value)
        result[name] = value
    return result


def _both(name: str, under: Any, over: Any) -> Any:
    kinds = [isinstance(value, Mapping) for value in (under, over)]
    if not any(kinds):
        return over
    if not all(kinds):
        raise ConfigError(
            f"{name} is a dictionary in one config and not in the other, so that they can't be "
            "merged: merge without nested=True, which replaces it.",
            key=name,
        )
    inner: dict[str, Any] = dict(under)
    for key, value in over.items():
        inner[key] = _both(f"{name}.{key}", inner[key], value) if key in inner else value
    return inner


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
