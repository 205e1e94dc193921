"""Templates: a config file as a function of arguments, those of its `config_gen()`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import ConfigError
from .fit import Misfit, from_value, short, short_repr
from .members import EnumMember
from .said import as_said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Parameter
    from typing import Any

    from .annotations import Expected


class ArgumentText(str):
    """An argument as it was written on a command line: its type is that which is declared."""


def argument_texts(texts: Iterable[str], option: str = "--config-arg") -> dict[str, ArgumentText]:
    """The arguments that `NAME=VALUE` texts give; of several for one name, the last.

    Args:
        texts: As the user wrote them.
        option: Where they come from, for messages.

    Raises:
        ConfigError: A text isn't of that form.

    Example:
        >>> argument_texts(["size=large"])
        {'size': 'large'}
    """
    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ConfigError(f"{option} takes NAME=VALUE, got {short(text)}.")
        given[name.strip()] = ArgumentText(value)
    return given


def bound(
    function: Callable[..., object], given: Mapping[str, Any], file: str, worker: Callable[[], int]
) -> dict[str, Any]:
    """What to call a file's `config_gen` with.

    Args:
        function: The function.
        given: The arguments that are given, by name.
        file: The file's name, for messages.
        worker: Tells the number of the worker, for the argument `worker_id`.

    Raises:
        ConfigError: An argument isn't taken, is missing, or isn't of the type that is declared; all
            such faults are told at once.
    """
    taken, anything = _taken(function)
    faults = [*_unknown(given, taken, anything), *_missing(given, taken)]
    arguments: dict[str, Any] = {}
    for name, value in given.items():
        try:
            arguments[name] = _fitting(value, taken.get(name))
        except Misfit as misfit:
            faults.append(f"{name}: {misfit}")
    if faults:
        missing = any(n not in given and _is_needed(p) for n, p in taken.items())
        all_of_them = f" It takes {_listed(taken)}." if missing else ""
        told = "; ".join(faults)
        end = "" if told.endswith("?") else "."
        raise ConfigError(f"{file} can't be used like this: {told}{end}{all_of_them}", path=file)
    if ("worker_id" in taken or anything) and "worker_id" not in arguments:
        arguments["worker_id"] = worker()
    return arguments


def _taken(function: Callable[..., object]) -> tuple[dict[str, Parameter], bool]:
    """The parameters that can be given by name, and whether others can, too."""
    from inspect import Parameter, signature

    try:
        try:
            parameters = signature(function, eval_str=True).parameters.values()
        except Exception:  # its annotations are texts that can't be evaluated
            parameters = signature(function).parameters.values()
    except (TypeError, ValueError):  # built in, and doesn't say
        return {}, False
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    named = {parameter.name: parameter for parameter in parameters if parameter.kind in by_name}
    return named, any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters)


def _unknown(given: Mapping[str, Any], taken: Mapping[str, Parameter], anything: bool) -> list[str]:
    from .near import nearest

    faults = []
    for name in given:
        if name not in taken and not anything:
            near = nearest(name, taken, 1)
            known = f"did you mean {near[0]}?" if near else f"it takes {', '.join(taken) or 'none'}"
            faults.append(f"it takes no {name}; {known}")
    return faults


def _missing(given: Mapping[str, Any], taken: Mapping[str, Parameter]) -> list[str]:
    needed = [name for name, parameter in taken.items() if _is_needed(parameter)]
    return [f"{name} must be given" for name in needed if name not in given]


def _is_needed(parameter: Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.name != "worker_id"


def _listed(taken: Mapping[str, Parameter]) -> str:
    """All that can be given: `size: str, layers: int = 2`."""
    shown = []
    for name, parameter in taken.items():
        kind = "" if parameter.annotation is parameter.empty else f": {_named(parameter)}"
        default = "" if parameter.default is parameter.empty else _default(parameter.default)
        equals = (" = " if kind else "=") if default else ""
        if name != "worker_id":
            shown.append(f"{name}{kind}{equals}{default}")
    return ", ".join(shown)


def _named(parameter: Parameter) -> str:
    """The annotation as a file may write it, without the modules that its names are of."""
    import re

    return re.sub(r"\b(?:[^\W\d]\w*\.)+(?=[^\W\d])", "", _written(parameter.annotation))


def _default(value: object) -> str:
    from enum import Enum

    return f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else short_repr(value)


def _written(annotation: object) -> str:
    from inspect import formatannotation

    return annotation if isinstance(annotation, str) else formatannotation(annotation)


def _fitting(value: Any, parameter: Parameter | None) -> Any:
    """A value as the type that is declared for it."""
    if isinstance(value, ArgumentText):
        return _read(value, parameter)
    if parameter is None or parameter.annotation is parameter.empty:
        return value
    from .annotations import ENUM, read_annotation

    expected = read_annotation(_written(parameter.annotation))
    if type(value).__module__ != "builtins" or any(p.shape == ENUM for p in expected.parts()):
        return value  # what else may stand in for what is asked for isn't known
    enum = _enum_of(parameter)
    if enum is not None:  # a text file can only name its members
        return _with_members(as_said(value, _expected(parameter, enum)), enum)
    return from_value(value, expected)


def _read(text: ArgumentText, parameter: Parameter | None) -> Any:
    """What a text stands for: by the annotation, else by the type of the default."""
    from .values import from_text

    enum = None if parameter is None else _enum_of(parameter)
    return _with_members(from_text(str(text), _expected(parameter, enum)), enum)


def read_for_hint(value: Any, hint: Any) -> Any:
    """A value of a text file as what a field of such a type is to hold, if it can be."""
    from inspect import Parameter

    parameter = Parameter("field", Parameter.KEYWORD_ONLY, annotation=hint)
    enum = _enum_of(parameter)
    return _with_members(as_said(value, _expected(parameter, enum)), enum)


def _with_members(value: Any, enum: Any) -> Any:
    """A value with the members of an Enum in the places of what stands for them."""
    if isinstance(value, EnumMember):
        return enum[value.name]
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(_with_members(item, enum) for item in value)
    if type(value) is dict:
        return {_with_members(k, enum): _with_members(v, enum) for k, v in value.items()}
    return value


def _expected(parameter: Parameter | None, enum: Any) -> Expected:
    from .annotations import ANY, ENUM, Expected, read_annotation

    if parameter is None:
        return Expected(ANY)
    member = None
    if enum is not None:
        values = {member.name: member.value for member in enum}
        member = Expected(ENUM, choices=tuple(values), enum=_written(enum), members=values)
    annotation = parameter.annotation
    if annotation is parameter.empty:
        default = parameter.default
        plain = default is not parameter.empty and default is not None
        if member is not None:
            return member
        return read_annotation(type(default).__name__) if plain else Expected(ANY)
    return read_annotation(_written(annotation), member)


def _enum_of(parameter: Parameter) -> Any:
    """The Enum class of which a member is asked for, perhaps among others; or None."""
    from enum import Enum
    from typing import get_args

    annotation = parameter.annotation
    if annotation is parameter.empty and isinstance(parameter.default, Enum):
        return type(parameter.default)
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Enum):
            return part
    return None
