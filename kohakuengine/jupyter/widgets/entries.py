"""What is typed into a form's row, read as the command would read it; and the other way."""

from __future__ import annotations

import re

from ...config.annotations import BOOL, FLOAT, INT, STR, UNION
from ...config.members import EnumMember
from ...config.overrides import expected_type, typed_value
from ...errors import ConfigError, KogineError, OverrideError
from .settings import LINEAR, LOG, Drawn, Listed, Span, Steps, setting_of
from .value_code import same, shown_text, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ...config.faults import Fault
    from ...engine.parameters import Parameter
    from .settings import Setting

NOTHING: Any = object()  # a value that isn't known
FIXED, LIST, STEPS, RANDOM = "fixed", "list", "steps", "random"
LABELS = {
    FIXED: "fixed",
    LIST: "list",
    LINEAR: "range",
    LOG: "range (log)",
    STEPS: "steps",
    RANDOM: "random",
}
_TWO_NUMBERS = {
    "uniform": ("low", "high"),
    "loguniform": ("low", "high"),
    "normal": ("mean", "deviation"),
    "integer": ("low", "high"),
}


def shapes_of(parameter: Parameter) -> set[str]:
    """The types that a parameter may have."""
    return {part.shape for part in expected_type(parameter).parts()}


def choices_of(parameter: Parameter) -> list[Any]:
    """The values that it may have, where these can be told: of a Literal, an Enum, a bool."""
    if parameter.enum is not None and parameter.choices:
        shapes = shapes_of(parameter)
        members: list[Any] = [EnumMember(parameter.enum, str(n)) for n in parameter.choices]
        return [*members, None] if "None" in shapes else members
    if parameter.choices:
        return list(parameter.choices)
    expected = expected_type(parameter)
    if expected.shape == UNION and {p.shape for p in expected.parts()} == {BOOL, "None"}:
        return [True, False, None]
    return [True, False] if expected.shape == BOOL else []


def is_whole(parameter: Parameter) -> bool:
    """Whether its numbers are ints."""
    shapes = shapes_of(parameter)
    return INT in shapes and FLOAT not in shapes


def modes_of(parameter: Parameter) -> list[str]:
    """The ways in which it can vary, besides being fixed."""
    shapes = shapes_of(parameter)
    if choices_of(parameter) or not shapes & {INT, FLOAT, "any"}:
        return [FIXED, LIST, RANDOM]
    return list(LABELS)


def bounds_of(parameter: Parameter) -> tuple[float | None, float | None]:
    """The least and the greatest number that its annotation allows, where that says so.

    Example:
        >>> from ...engine.parameters import parameters
        >>> bounds_of(parameters("share: Annotated[float, Ge(0), Le(1)] = 0.5")[0])
        (0.0, 1.0)
    """
    text = parameter.annotation or ""
    number = r"(-?[0-9.]+(?:[eE][-+]?[0-9]+)?)"
    found = []
    for name in ("ge", "le"):
        match = re.search(rf"\b(?:{name}\s*=|{name.title()}\()\s*{number}\s*[,)]", text)
        found.append(float(match[1]) if match and "Annotated[" in text else None)
    return found[0], found[1]


# ---- from text ----


def fixed_of(name: str, text: str, known: Sequence[Parameter], script: str | None) -> Any:
    """The value that a text stands for, as of `--set`.

    Raises:
        ConfigError: It stands for none.
    """
    parameter = next((p for p in known if p.name == name), None)
    try:
        return typed_value(name, text, parameter, script)
    except OverrideError as error:
        raise ConfigError(_without_option(error), key=name) from None


def listed_of(name: str, text: str, known: Sequence[Parameter], script: str | None) -> Setting:
    """The values that a text stands for, as of `--sweep`: `0.1,0.2`, or a call of a range.

    Raises:
        ConfigError: It stands for none.
    """
    from ...cli.axes import typed_parts
    from ...config import axes
    from ...config.grid import When

    if not text.strip():
        raise ConfigError(f"{name}: write the values, with commas between them.", key=name)
    try:
        faults: list[Fault] = []
        values = typed_parts([f"{name}={text}"], known, script, faults)[name]
        if faults:
            raise ConfigError(_without_option(faults[0]), key=name)
    except KogineError as error:
        raise ConfigError(_without_option(error), key=name) from None
    axis = axes.axis(name, values)
    if isinstance(axis, When):
        raise ConfigError(f"{name}: when() is for config files; a form can't show it.", key=name)
    return setting_of(axis.values)  # type: ignore[attr-defined]


def span_of(kind: str, name: str, start: str, stop: str, num: int, whole: bool) -> Span:
    """So many numbers from one to another.

    Raises:
        ConfigError: They are no numbers.
    """
    first, last = number_of(name, "from", start), number_of(name, "to", stop)
    return Span(kind, first, last, num, whole)


def steps_of(name: str, start: str, stop: str, step: str) -> Steps:
    """Numbers with a step between them.

    Raises:
        ConfigError: They are no numbers.
    """
    texts = {"from": start, "to": stop, "step": step}
    return Steps(*(number_of(name, what, text) for what, text in texts.items()))


def drawn_of(distribution: str, name: str, low: str, high: str, count: int, seed: int) -> Drawn:
    """Draws of a distribution of two numbers.

    Raises:
        ConfigError: They are no numbers.
    """
    first, second = _TWO_NUMBERS[distribution]
    numbers = (number_of(name, first, low), number_of(name, second, high))
    return Drawn(distribution, numbers, count, seed)


def number_of(name: str, what: str, text: str) -> float:
    """The number that a text stands for; an int where it is a whole one.

    Raises:
        ConfigError: It stands for none.
    """
    try:
        value = typed_value(name, text.strip().replace("_", ""), _NUMBER)
    except OverrideError:
        said = f"got {text.strip()!r}" if text.strip() else "and it is empty"
        raise ConfigError(f"{name}: {what} must be a number, {said}.", key=name) from None
    return value  # type: ignore[return-value]


class _NumberParameter:
    """What is known of a field that holds a number."""

    name = place = default = type = choices = enum = members = None
    literal = False
    annotation = "int | float"


_NUMBER: Any = _NumberParameter()


def _without_option(error: object) -> str:
    """A message without the option of the command that isn't there."""
    return re.sub(r"^--(set|sweep) ", "", str(error))


# ---- to text ----


def text_for(name: str, value: Any, parameter: Parameter | None) -> str:
    """What a row shows for a value: the text that stands for it, where there is one."""
    text = text_of(name, value, parameter)
    return shown_text(value) if text is None else text


def list_for(name: str, values: Sequence[Any], parameter: Parameter | None) -> str:
    """What a row shows for several values: the text that stands for them, where there is one."""
    texts = [text_for(name, value, parameter) for value in values]
    for candidate in (texts, [f"'{text}'" if "," in text else text for text in texts]):
        joined = ",".join(candidate)
        try:
            known = [parameter] if parameter is not None else []
            setting = listed_of(name, joined, known, None)
        except KogineError:
            continue
        if isinstance(setting, Listed) and same(list(setting.values), list(values)):
            return joined
    return ",".join(texts)


# ---- where a row begins that is to vary ----


def first_setting(mode: str, parameter: Parameter, value: Any) -> Setting:
    """A setting to begin with, around a value; without values where there is none that is known."""
    known = () if value is NOTHING else (value,)
    number = value if type(value) in (int, float) and abs(value) < 1e300 else 1.0
    whole = is_whole(parameter) or type(value) is int and not shapes_of(parameter) & {FLOAT}
    if whole:
        number = int(number)
    choices = choices_of(parameter)
    if mode == LIST:
        return Listed(tuple(choices) or known)
    if mode == RANDOM:
        if choices or modes_of(parameter) == [FIXED, LIST, RANDOM]:
            return Drawn("choice", (tuple(choices) or known,), 5)
        if whole:
            low = max(1, number) if number >= 0 else number
            return Drawn("integer", (low, low + max(4, abs(low))), 5)
        return Drawn("uniform", (number / 2, number / 2 + (abs(number) or 1.0)), 5)
    if mode == STEPS:
        step = max(1, abs(number)) if whole else abs(number) or 1.0
        return Steps(number, number + 3 * step, step)
    if mode == LOG:
        first = number if number else 1
        if whole:
            return Span(LOG, first, first * 4, 3, True)
        return Span(LOG, _rounded(first / 10), _rounded(first * 10), 3)
    distance = max(1, abs(number)) if whole else abs(number) or 1.0
    return Span(LINEAR, number, number + distance * 2, 3, whole)


def _rounded(number: float) -> float:
    return float(f"{number:.12g}")


def takes_empty_text(parameter: Parameter) -> bool:
    """Whether an empty field is a value, and not the script's own."""
    return shapes_of(parameter) == {STR}
