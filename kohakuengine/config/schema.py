"""Schemas: what the values of a Config have to be, as a pydantic model or a dataclass says it.

Nothing is converted: a Config's values stay what the user gave, so a value which the schema would
have to make another of doesn't fit it.
"""

from __future__ import annotations

import sys

from ..errors import ConfigTypeError
from .faults import Fault, refuse_faults
from .fit import short_repr
from .origin import is_text_place, origin_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Protocol

    from .base import Config
    from .origin import Origin

    class Schema(Protocol):
        """A schema, whatever it is written with."""

        @property
        def name(self) -> str:
            """What it is called."""
            ...

        def breaches(self, values: Mapping[str, Any]) -> list[Breach]:
            """What of some values, all there are, it doesn't take."""
            ...

        def breach_of(self, key: str, value: Any) -> Breach | None:
            """Whether it takes one value by itself; None also where that can't be told."""
            ...

        def hint_of(self, name: str) -> Any:
            """The type of a field; None where there is none."""
            ...


class Breach:
    """What a schema doesn't take.

    Attributes:
        key: The variable; with dots, a place within what it holds; None for the values as a whole.
        problem: A clause.
        value: The value, or `NO_VALUE`.
        remedy: A clause or a question, or None.
    """

    __slots__ = ("key", "problem", "value", "remedy")

    def __init__(
        self, key: str | None, problem: str, value: Any = ..., remedy: str | None = None
    ) -> None:
        self.key = key
        self.problem = problem
        self.value = value
        self.remedy = remedy


NO_VALUE = ...


def check_schema(given: object, what: str = "schema") -> None:
    """Refuse what is no schema.

    Args:
        given: Anything; in the message it is called `what`.

    Raises:
        ConfigTypeError: It is neither a pydantic model nor a dataclass.
    """
    if is_model(given) or _is_dataclass(given):
        return
    if isinstance(given, type):
        got = f"the class {given.__name__}"
        if hasattr(given, "__get_validators__"):
            got += ", which is a model of pydantic before version 2"
    else:
        kind = type(given)
        hint = is_model(kind) or _is_dataclass(kind)
        got = f"an object of {kind.__name__}" + (": give the class itself" if hint else "")
    raise ConfigTypeError(
        f"{what} must be a pydantic model or a dataclass, got {got}.",
        field=what,
        got=type(given).__name__,
    )


def is_model(given: object) -> bool:
    """Whether it is a class of pydantic, which isn't imported for that."""
    pydantic = sys.modules.get("pydantic")
    base = getattr(pydantic, "BaseModel", None)
    return isinstance(given, type) and base is not None and issubclass(given, base)


def _is_dataclass(given: object) -> bool:
    return isinstance(given, type) and hasattr(given, "__dataclass_fields__")


def is_of_schema(value: object, given: object) -> bool:
    """Whether a class that a config file defines is a part of its schema, and no value.

    Args:
        value: The class, perhaps.
        given: What the file's variable holds, which is wrapped where the user says that it is one.
    """
    if value is not given or not isinstance(value, type):
        return False
    from enum import Enum

    return is_model(value) or _is_dataclass(value) or issubclass(value, Enum)


def schema_of(given: Any) -> Schema:
    """How to ask a schema.

    Raises:
        ConfigTypeError: It is none.
    """
    check_schema(given)
    if is_model(given):
        from .models import Model

        return Model(given)
    from .dataclass_schema import DataclassSchema

    return DataclassSchema(given)


def fault_of(
    breach: Breach,
    schema: Schema,
    origin: Origin,
    called: str | None = None,
    place: str | None = None,
) -> Fault:
    """A breach as a fault of a config.

    Args:
        breach: The breach.
        schema: What it is one of.
        origin: Where the config's values come from.
        called: What the config is called where it is wrong as a whole; or None.
        place: Where the value stands, if not there.
    """
    if place is None:
        place = called if breach.key is None else origin.place_of(breach.key)
    return Fault(
        breach.key,
        f"by the schema {schema.name}, {breach.problem}",
        value=None if breach.value is NO_VALUE else short_repr(breach.value),
        place=place,
        remedy=breach.remedy,
    )


def as_meant(schema: Schema, values: Mapping[str, Any], names: Iterable[str]) -> Mapping[str, Any]:
    """Values as a schema is to see them: what a text file says as it is read for such a field.

    So a text is no fault where the file could say nothing else: for a path, or a member of an Enum.

    Args:
        schema: The schema.
        values: The values, by name.
        names: Those of text files.
    """
    meant = {}
    for name in names:
        hint = schema.hint_of(name) if name in values else None
        if hint is not None:
            from .template import read_for_hint

            meant[name] = read_for_hint(values[name], hint)
    return {**values, **meant} if meant else values


def textual_names(config: Config) -> list[str]:
    """The variables that a text file sets."""
    places = origin_of(config).places
    return [name for name in config.globals_dict if is_text_place(places.get(name))]


def check_by_own(config: Config) -> None:
    """Refuse a Config that doesn't fit the schema of its file.

    Raises:
        CheckError: It doesn't; all of its faults are told.
    """
    origin = origin_of(config)
    if origin.schema is not None:
        schema = schema_of(origin.schema)
        breaches = schema.breaches(as_meant(schema, config.globals_dict, textual_names(config)))
        refuse_faults([fault_of(breach, schema, origin) for breach in breaches])
