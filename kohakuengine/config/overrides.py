"""Overrides as text, `KEY=VALUE`: typed by the parameter they are for."""

from __future__ import annotations

from ..errors import OverrideError
from .given import given_object, is_given
from .members import EnumMember
from .near import did_you_mean, nearest

__all__ = ["EnumMember", "misfit", "nearest", "parse_overrides", "split_override", "typed_value"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from .annotations import Expected

    class ParameterLike(Protocol):
        """What is known of a script's parameter: see `kohakuengine.engine.parameters.Parameter`."""

        @property
        def name(self) -> str: ...
        @property
        def default(self) -> object: ...
        @property
        def literal(self) -> bool: ...
        @property
        def annotation(self) -> str | None: ...
        @property
        def type(self) -> str | None: ...
        @property
        def choices(self) -> tuple[object, ...] | None: ...
        @property
        def enum(self) -> str | None: ...
        @property
        def members(self) -> Mapping[str, object] | None: ...
        @property
        def place(self) -> str: ...


def split_override(text: str) -> tuple[str, str]:
    """The name and the text of the value in `KEY=VALUE`; a name may lead into a dictionary by dots.

    Raises:
        OverrideError: There is no `=`, or what stands before it can't be the name of a variable.

    Example:
        >>> split_override("lr=0.1")
        ('lr', '0.1')
    """
    from keyword import iskeyword

    from .fit import short

    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals:
        raise OverrideError(f"--set {short(text)} has no value: write it as KEY=VALUE.", key=key)
    if not key:
        raise OverrideError(
            f"--set {short(text)} has no name before the =: write KEY=VALUE.", key=key
        )
    if not key.isascii():
        from unicodedata import normalize

        key = normalize("NFKC", key)  # as Python does with names
    variable, *way = key.split(".")
    if not variable.isidentifier() or iskeyword(variable) or not all(way):
        reason = "a keyword of Python" if iskeyword(key) else "no name in Python"
        message = f"--set {short(text)}: {short(key)} is {reason}; name a variable of the script."
        raise OverrideError(message, key=key)
    return key, value


def typed_value(
    key: str, text: str, parameter: ParameterLike | None, script: str | None = None
) -> object:
    """The value that a text stands for, by the annotation of its parameter, else by its default.

    Where neither says anything, it is the value of the text as a Python literal, else the text.

    Args:
        key: The name of the parameter.
        text: What the user wrote.
        parameter: What is known of the parameter, if anything.
        script: The script's name, for the message.

    Returns:
        The value; an `EnumMember` for a member of an Enum that only the script itself has.

    Raises:
        OverrideError: The text is no value of that type.

    Example:
        >>> typed_value("lr", "[1, 2.5]", None)
        [1, 2.5]
    """
    from .fit import Misfit, short
    from .values import from_text

    expected = expected_type(parameter)
    try:
        return from_text(text, expected)
    except Misfit as misfit:
        where = " ".join(filter(None, [script, parameter.place if parameter else None]))
        shown = getattr(parameter, "annotation", None) or getattr(parameter, "type", None)
        message = f"--set {key}={short(text)}: {key} is {shown}{where and f' ({where})'}; {misfit}"
        choices = [choice for part in expected.parts() for choice in part.choices]
        message += did_you_mean(text, map(str, choices))
        raise OverrideError(message, key=key) from None


def parse_overrides(
    texts: Iterable[str], parameters: Iterable[ParameterLike], script: str | None = None
) -> dict[str, object]:
    """The values that `KEY=VALUE` texts stand for, by name; of several for one name, the last.

    Args:
        texts: As the user wrote them; a value may be `Given`, and is that object then.
        parameters: What is known of the script's parameters.
        script: The script's name, for messages.

    Raises:
        CheckError: Texts aren't of that form, or their values don't fit the parameters; all of
            them are told.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, object] = {}
    wrong: list[OverrideError] = []
    for text in texts:
        try:
            key, value = split_override(text)
            if is_given(value):
                values[key] = given_object(value)
            else:
                values[key] = typed_value(key, str(value), known.get(key), script)
        except OverrideError as error:
            wrong.append(error)
    if wrong:
        from .faults import Fault, refuse_faults

        refuse_faults([Fault(e.key, str(e), soft=False, told=str(e)) for e in wrong])
    return values


def misfit(value: object, parameter: ParameterLike) -> str | None:
    """Why a value isn't what the parameter's annotation asks for; None where it is.

    A parameter without an annotation takes any value, and only values of Python's own types are
    judged: what else may stand in for what is asked for isn't known.
    """
    from .fit import Misfit
    from .judge import check_value

    if parameter.annotation is None:
        return None
    try:
        check_value(value, expected_type(parameter))
    except Misfit as error:
        return str(error)
    return None


def expected_type(parameter: ParameterLike | None) -> Expected:
    """The type of value that a parameter takes: by its annotation, else by its default."""
    from .annotations import ANY, ENUM, LITERAL, PATH, Expected, read_annotation, says_type

    if parameter is None:
        return Expected(ANY)
    enum = None
    if parameter.enum is not None:
        names = parameter.choices or ()
        enum = Expected(ENUM, choices=names, enum=parameter.enum, members=parameter.members)
    if parameter.annotation is not None and says_type(parameter.annotation):
        expected = read_annotation(parameter.annotation, enum)
        if expected.shape == ANY and enum is None and parameter.choices:
            return Expected(LITERAL, choices=parameter.choices)  # by an alias of a Literal
        return expected
    if enum is not None:
        return enum
    if parameter.literal and parameter.default is not None or parameter.type == PATH:
        return read_annotation(parameter.type or "")
    return Expected(ANY)
