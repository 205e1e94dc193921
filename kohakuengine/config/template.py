"""Templates: a config file as a function of arguments, those of its `config_gen()`."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigError
from .fit import Misfit, from_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Parameter
    from typing import Any


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
        raise ConfigError(f"{file} can't be used like this: {'; '.join(faults)}.", path=file)
    if ("worker_id" in taken or anything) and "worker_id" not in arguments:
        arguments["worker_id"] = worker()
    return arguments


def _taken(function: Callable[..., object]) -> tuple[dict[str, Parameter], bool]:
    """The parameters that can be given by name, and whether others can, too."""
    from inspect import Parameter, signature

    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):  # built in, and doesn't say
        return {}, False
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    named = {parameter.name: parameter for parameter in parameters if parameter.kind in by_name}
    return named, any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters)


def _unknown(given: Mapping[str, Any], taken: Mapping[str, Parameter], anything: bool) -> list[str]:
    from .overrides import nearest

    faults = []
    for name in given:
        if name not in taken and not anything:
            near = nearest(name, taken, 1)
            known = f"did you mean {near[0]}?" if near else f"it takes {', '.join(taken) or 'none'}"
            faults.append(f"it takes no {name}; {known}")
    return faults


def _missing(given: Mapping[str, Any], taken: Mapping[str, Parameter]) -> list[str]:
    needed = [n for n, p in taken.items() if p.default is p.empty and n != "worker_id"]
    return [f"{name} must be given" for name in needed if name not in given]


def _fitting(value: Any, parameter: Parameter | None) -> Any:
    """A value as the type that is declared for it."""
    if parameter is None or parameter.annotation is parameter.empty:
        return value
    from inspect import formatannotation

    from .annotations import ENUM, read_annotation

    text = parameter.annotation
    expected = read_annotation(text if isinstance(text, str) else formatannotation(text))
    if type(value).__module__ != "builtins" or any(p.shape == ENUM for p in expected.parts()):
        return value  # what else may stand in for what is asked for isn't known
    return from_value(value, expected)
