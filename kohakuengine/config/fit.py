"""Values checked by the type that is expected."""

from __future__ import annotations

from . import annotations as A
from .members import EnumMember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .annotations import Expected

NOTHING = object()  # there is no such value
CONTAINERS = {A.LIST: list, A.TUPLE: tuple, A.SET: set, A.FROZENSET: frozenset}
# Of the alternatives of a union the most specific one that fits wins; those not named come last.
_RANKS = (
    A.NONE,
    A.LITERAL,
    A.ENUM,
    A.INT,
    A.FLOAT,
    A.BOOL,
    A.COMPLEX,
    A.BYTES,
    *CONTAINERS,
    A.DICT,
)


class Misfit(ValueError):
    """A value isn't what is expected; the message is a clause such as `2.5 is not an int`."""


def from_value(value: object, expected: Expected) -> object:
    """A value as the type that is expected: an int becomes a float, a list a tuple.

    Raises:
        Misfit: It isn't of that type.

    Example:
        >>> from_value([1, 2], A.read_annotation("tuple[float, ...]"))
        (1.0, 2.0)
    """
    result = _FROM_VALUE[expected.shape](value, expected)
    if result is NOTHING:
        raise Misfit(f"{short_repr(value)} is not {with_article(expected.shape)}")
    return result


def short(text: str, width: int = 60) -> str:
    """A text for a message: on one line, not too long."""
    line = text if text and text.isprintable() else repr(text)
    return line if len(line) <= width else f"{line[: width - 3]}..."


def short_repr(value: object, width: int = 60) -> str:
    """A value for a message, whatever its own repr does."""
    try:
        return short(repr(value), width)
    except Exception as error:  # a class of the user may raise anything; so do ints of 4,301 digits
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def with_article(shape: str) -> str:
    return shape if shape == A.NONE else f"an {shape}" if shape[0] in "iE" else f"a {shape}"


def same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other  # 1 is not True


def none_of(shown: str, expected: Expected) -> Misfit:
    choices = [c if isinstance(c, str) else repr(c) for c in expected.choices]
    return Misfit(f"{short(shown)} is none of {', '.join(choices)}")


def ranked(expected: Expected) -> list[Expected]:
    ranks = {shape: rank for rank, shape in enumerate(_RANKS)}
    return sorted(expected.args, key=lambda part: ranks.get(part.shape, len(ranks)))


def first_fit(parts: list[Expected], read: Callable[[Expected], object], shown: str) -> object:
    misfits = []
    for part in parts:
        try:
            return read(part)
        except Misfit as misfit:
            if part.shape != A.NONE:
                misfits.append(misfit)
    if len(misfits) == 1:
        raise misfits[0]
    raise Misfit(f"{short(shown)} is none of these")


def _of_type(value: object, expected: Expected) -> object:
    return value if type(value).__name__ in (expected.shape, f"{expected.shape}Type") else NOTHING


def _float_of(value: object, expected: Expected) -> object:
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return NOTHING
    return value if isinstance(value, float) else NOTHING


def _path_of(value: object, expected: Expected) -> object:
    if not isinstance(value, str):
        return NOTHING
    from pathlib import Path

    return Path(value)


def _choice_of(value: object, expected: Expected) -> object:
    if any(same(choice, value) for choice in expected.choices):
        return value
    raise none_of(short_repr(value), expected)


def member_of(value: object, expected: Expected) -> object:
    """The member of that name, else the one of that value."""
    cls = expected.enum or ""
    if isinstance(value, str):
        owner, _, name = value.strip().rpartition(".")
        if name in expected.choices and owner in ("", cls, cls.rpartition(".")[2]):
            return EnumMember(cls, name)
    for name, own in expected.members.items():
        if same(own, value):
            return EnumMember(cls, name)
    raise Misfit(f"{short_repr(value)} is not a member of {expected.enum}")


def items_of(value: object, expected: Expected) -> object:
    if not isinstance(value, (list, tuple, set, frozenset)):
        return NOTHING
    if isinstance(value, (set, frozenset)) and expected.shape not in (A.SET, A.FROZENSET):
        return NOTHING  # it has no order
    types = item_types(expected, len(value))
    return container(expected, (from_value(item, t) for item, t in zip(value, types)))


def item_types(expected: Expected, count: int) -> list[Expected]:
    args = expected.args
    if expected.shape == A.TUPLE and args and not expected.variadic:
        if len(args) != count:
            raise Misfit(f"that takes {len(args)} items, not {count}")
        return list(args)
    return [args[0] if args else A.Expected(A.ANY)] * count


def container(expected: Expected, items: Iterable[object]) -> object:
    try:
        return CONTAINERS[expected.shape](items)
    except TypeError:
        raise Misfit(f"{with_article(expected.shape)} can't hold lists or dicts") from None


def dict_of(value: object, expected: Expected) -> object:
    if not isinstance(value, dict):
        return NOTHING
    if not expected.args:
        return value
    keys, values = expected.args
    try:
        return {from_value(k, keys): from_value(v, values) for k, v in value.items()}
    except TypeError:
        raise Misfit("the keys of a dict can't be lists or dicts") from None


def _union_of(value: object, expected: Expected) -> object:
    return first_fit(ranked(expected), lambda part: from_value(value, part), short_repr(value))


_FROM_VALUE: Mapping[str, Callable[[object, Expected], object]] = {
    A.ANY: lambda value, expected: value,
    **dict.fromkeys((A.NONE, A.BOOL, A.INT, A.COMPLEX, A.STR, A.BYTES), _of_type),
    A.FLOAT: _float_of,
    **dict.fromkeys(CONTAINERS, items_of),
    A.DICT: dict_of,
    A.PATH: _path_of,
    A.ENUM: member_of,
    A.LITERAL: _choice_of,
    A.UNION: _union_of,
}
