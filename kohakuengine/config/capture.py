"""Which names of a bare config file count as configuration, and `use()`, which says so of more."""

from __future__ import annotations

from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What is imported from these is for the reader or the type checker.
_NOTATION = ("typing", "typing_extensions", "__future__", "collections.abc")


class _Used:
    """An object that a bare config file wants captured, whatever it is."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"use({self.value!r})"


def use(obj: object) -> Any:
    """Say that a variable of a bare config file is configuration, although it would be left out.

    Needed for modules, and for functions and classes that are defined elsewhere. A `Config` holds
    the object itself. Using what is used already changes nothing.

    Args:
        obj: Any object.

    Returns:
        A mark around the object, for a variable of the file or a value of a Config.

    Example:
        >>> import math
        >>> from kohakuengine import Config, use
        >>> Config({"activation": use(math.tanh)})
        Config(globals_dict={'activation': <built-in function tanh>})
    """
    return obj if isinstance(obj, _Used) else _Used(obj)


def unwrap(obj: object) -> Any:
    """The object that `use()` was given, or the object itself."""
    return obj.value if isinstance(obj, _Used) else obj


def captured(module: ModuleType) -> dict[str, Any]:
    """The variables of a bare config file that count as configuration.

    Data is captured, imported or not, and so are functions and classes which the file defines.
    Left out are names with a leading underscore, modules, functions and classes from elsewhere,
    and what comes from `typing` and its like, unless wrapped in `use()`.

    Args:
        module: The file, executed.

    Returns:
        The values by name, in the file's order.
    """
    return {
        name: unwrap(value)
        for name, value in vars(module).items()
        if not name.startswith("_") and _is_configuration(name, value, module.__name__)
    }


def _is_configuration(name: str, value: object, module: str) -> bool:
    if isinstance(value, _Used):
        return True
    if (
        isinstance(value, ModuleType)
        or name == "TYPE_CHECKING"
        or type(value).__module__ in _NOTATION
    ):
        return False
    if callable(value) and isinstance(getattr(value, "__name__", None), str):
        return getattr(value, "__module__", None) == module
    return True  # an instance: data, also where it can be called
