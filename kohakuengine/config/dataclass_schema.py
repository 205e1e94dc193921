"""Schemas that are dataclasses: their fields' types, choices and bounds."""

from __future__ import annotations

import dataclasses
import typing

from .fit import Misfit
from .hints import check_hint
from .members import holds_stand_in
from .near import nearest
from .schema import Breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class DataclassSchema:
    """A dataclass.

    Args:
        cls: The class.
    """

    def __init__(self, cls: Any) -> None:
        self._cls = cls
        self.name = cls.__name__
        self._hints = _hints(cls)
        self._fields = {field.name: field for field in dataclasses.fields(cls) if field.init}

    def breaches(self, values: Mapping[str, Any]) -> list[Breach]:
        """What of some values, all there are, it doesn't take; one for each fault."""
        try:
            found = self._own(values, "")
        except RecursionError:
            return [Breach(None, "the values are nested too deeply")]
        known = not any(map(holds_stand_in, values.values()))
        if not found and known and _is_checked_when_made(self._cls):
            try:
                _made(self._cls, values)
            except Exception as error:  # whatever its __post_init__ finds
                said = " ".join(str(error).split()).removesuffix(".")
                found.append(Breach(None, said or type(error).__name__))
        return found

    def hint_of(self, name: str) -> Any:
        """The type of a field; None where there is none."""
        return self._hints.get(name)

    def breach_of(self, key: str, value: Any) -> Breach | None:
        """Whether the field of a key takes a value, by its type and its bounds alone."""
        name, dot, rest = key.partition(".")
        hint = self._hints.get(name)
        if name not in self._fields:
            return None if name in self._hints else self._unknown(key, value, name)
        inner = _dataclass_of(hint)
        if not dot:
            if inner and isinstance(value, dict):
                return next(iter(DataclassSchema(inner)._own(value, f"{key}.")), None)
            return _breach(key, value, hint)
        found = DataclassSchema(inner).breach_of(rest, value) if inner else None
        if found is not None:
            found.key = f"{name}.{found.key}"
        return found

    def _own(self, values: Mapping[str, Any], prefix: str) -> list[Breach]:
        found = []
        for name, value in values.items():
            key = f"{prefix}{name}"
            if name not in self._fields:
                found.append(self._unknown(key, value, name))
                continue
            inner = _dataclass_of(self._hints.get(name))
            if inner and isinstance(value, dict):
                found += DataclassSchema(inner)._own(value, f"{key}.")
            elif breach := _breach(key, value, self._hints.get(name)):
                found.append(breach)
        for name, field in self._fields.items():
            if name not in values and _is_needed(field):
                needed = "it has to be given"
                remedy = "set it, or give its field a default"
                found.append(Breach(f"{prefix}{name}", needed, remedy=remedy))
        return found

    def _unknown(self, key: str, value: Any, name: str) -> Breach:
        near = nearest(name, self._fields, 1)
        remedy = f"did you mean {near[0]}?" if near else f"it has {', '.join(self._fields)}"
        return Breach(key, "there is no such field", value, remedy)


def _hints(cls: Any) -> dict[str, Any]:
    # The module of a config file isn't to be found by its name any more.
    names = getattr(cls.__init__, "__globals__", None)
    try:
        return typing.get_type_hints(cls, names, include_extras=True)
    except RecursionError:
        raise
    except Exception:  # names that only type checkers import
        return {field.name: typing.Any for field in dataclasses.fields(cls)}


def _breach(key: str, value: Any, hint: Any) -> Breach | None:
    try:
        check_hint(value, hint)
    except Misfit as misfit:
        return Breach(key, str(misfit), value, getattr(misfit, "remedy", None))
    return None


def _is_needed(field: Any) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _dataclass_of(hint: Any) -> Any:
    """The dataclass that a field holds, perhaps one that may be None; else None."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint
    parts = [part for part in typing.get_args(hint) if part is not type(None)]
    one = parts[0] if len(parts) == 1 or hasattr(hint, "__metadata__") else None
    return one if isinstance(one, type) and dataclasses.is_dataclass(one) else None


def _is_checked_when_made(cls: Any) -> bool:
    own = hasattr(cls, "__post_init__") or hasattr(cls, "__pydantic_validator__")
    return own or any(
        _is_checked_when_made(inner) for inner in map(_dataclass_of, _hints(cls).values()) if inner
    )


def _made(cls: Any, values: Mapping[str, Any]) -> Any:
    hints = _hints(cls)
    given = {}
    for name, value in values.items():
        inner = _dataclass_of(hints.get(name))
        given[name] = _made(inner, value) if inner and isinstance(value, dict) else value
    return cls(**given)
