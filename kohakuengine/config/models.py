"""Schemas that are models of pydantic (2.0 or newer), which only whoever has one has to have."""

from __future__ import annotations

import re
from enum import Enum

from .fit import short_repr
from .members import holds_stand_in
from .near import nearest
from .schema import NO_VALUE, Breach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_ORDERED = (list, tuple)


class Model:
    """A model of pydantic.

    Args:
        model: The class.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.name = model.__name__
        self._adapters: dict[str, Any] = {}

    def breaches(self, values: Mapping[str, Any]) -> list[Breach]:
        """What of some values, all there are, it doesn't take; one for each fault."""
        from pydantic import ValidationError

        try:
            made = self._model.model_validate(dict(values))
        except ValidationError as error:
            found = [_breach(one, values) for one in error.errors(include_url=False)]
            return [breach for breach in found if not holds_stand_in(breach.value)]
        except Exception as error:  # a validator of the user's may raise anything
            return [Breach(None, _said(error))]
        return [*_changes(values, made)]

    def breach_of(self, key: str, value: Any) -> Breach | None:
        """Whether the field of a key takes a value, by its type and its bounds alone.

        What validators of the model say may depend on other fields, so that they aren't asked.
        """
        adapter = None if holds_stand_in(value) else self._adapter(key)
        if adapter is None:
            return None
        from pydantic import ValidationError

        try:
            made = adapter.validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            return Breach(key, _message(first), value, _near(first))
        except Exception as error:
            return Breach(key, _said(error), value)
        return next(_differences(key, value, made), None)

    def hint_of(self, name: str) -> Any:
        """The type of a field; None where there is none."""
        return getattr(_field(self._model, name), "annotation", None)

    def _adapter(self, key: str) -> Any:
        if key not in self._adapters:
            self._adapters[key] = self._made_adapter(key)
        return self._adapters[key]

    def _made_adapter(self, key: str) -> Any:
        from typing import Annotated

        from pydantic import TypeAdapter

        model, field = self._model, None
        for part in key.split("."):
            if model is None:
                return None
            field = _field(model, part)
            if field is None:
                return None
            inner = field.annotation
            model = inner if hasattr(inner, "model_fields") else None
        assert field is not None
        try:
            return TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type, unused-ignore]
        except Exception:  # it needs what only the model has: its configs are asked one by one
            return None


def _field(model: Any, name: str) -> Any:
    for own, field in model.model_fields.items():
        if name in _names(own, field):
            return field
    return None


def _names(own: str, field: Any) -> list[str]:
    """By which names a field is given."""
    aliases = (field.alias, field.validation_alias)
    return [*dict.fromkeys([*(a for a in aliases if isinstance(a, str)), own])]


def _breach(error: Any, values: Mapping[str, Any]) -> Breach:
    key, value = _place(error["loc"], values)
    if error["type"] == "missing":
        return Breach(key, "it has to be given", remedy="set it, or give its field a default")
    if error["type"] == "extra_forbidden":
        return Breach(key, "there is no such field", value)
    return Breach(key, _message(error), value, _near(error))


def _place(loc: tuple[Any, ...], values: Any) -> tuple[str | None, Any]:
    """The name of the value that an error is about, and the value: a place may go on with the names
    of types that were tried.
    """
    found: list[str] = []
    value = values
    for part in loc:
        if isinstance(value, dict) and part in value or _has_item(value, part):
            value = value[part]
        elif isinstance(value, dict) and part == loc[-1]:
            value = NO_VALUE  # it is missing
        else:
            break
        found.append(str(part))
    return (".".join(found), value) if found else (None, NO_VALUE)


def _has_item(value: Any, part: Any) -> bool:
    return isinstance(value, _ORDERED) and isinstance(part, int) and part < len(value)


def _message(error: Any) -> str:
    text = str(error["msg"]).removesuffix(".")
    text = text.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _near(error: Any) -> str | None:
    """What may be meant, of a value that is to be one of some texts."""
    expected = str((error.get("ctx") or {}).get("expected", ""))
    choices = re.findall(r"'([^']*)'", expected)
    given = error.get("input")
    near = nearest(given, choices, 1) if isinstance(given, str) else []
    return f"did you mean {near[0]!r}?" if near else None


def _said(error: Exception) -> str:
    return f"it raises {type(error).__name__}: {error}".removesuffix(": ")


def _changes(given: Mapping[str, Any], made: Any, prefix: str = "") -> Iterator[Breach]:
    """The values of which a model makes others."""
    for own, field in type(made).model_fields.items():
        for name in _names(own, field):
            if name in given:
                yield from _differences(prefix + name, given[name], getattr(made, own, given[name]))
                break


def _differences(key: str, given: Any, made: Any) -> Iterator[Breach]:
    if isinstance(given, dict) and hasattr(type(made), "model_fields"):
        yield from _changes(given, made, f"{key}.")
    elif type(given).__module__ == "builtins" and not _is_kept(given, made):
        shown = short_repr(made)
        problem = f"it would make {shown} of it, and nothing is converted"
        yield Breach(key, problem, given, f"give {shown} itself")


def _is_kept(given: Any, made: Any) -> bool:
    """Whether a value is as good as what is made of it."""
    if given is made:
        return True
    if isinstance(given, _ORDERED) and isinstance(made, _ORDERED):
        return len(given) == len(made) and all(map(_is_kept, given, made))
    if isinstance(given, dict) and isinstance(made, dict):
        return given.keys() == made.keys() and all(_is_kept(given[k], made[k]) for k in given)
    if isinstance(given, (*_ORDERED, dict, set, frozenset)):
        return not isinstance(made, (str, bytes, int, float))
    if type(made).__module__ not in ("builtins", "pathlib") and not isinstance(made, Enum):
        return True  # an address, a date: the text is what it is written as
    equal = bool(given == made or given != given)
    if isinstance(given, int) and isinstance(made, (int, float, complex)):  # True, too
        return equal
    return isinstance(made, type(given)) and equal
