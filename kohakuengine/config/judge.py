"""Whether a value is what an annotation asks for, as type checkers see it: nothing is converted.

Values of Python's own types alone are judged: what else may stand in for what is asked for isn't
known.
"""

from __future__ import annotations

from itertools import islice

from . import annotations as A
from .fit import CONTAINERS, Misfit, container, none_of, same, short_repr, with_article

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .annotations import Expected

LOOKED_AT = 1_000  # of the items of a container, so that a large one takes no time

_SIMPLE: Mapping[str, tuple[type, ...]] = {
    A.NONE: (type(None),),
    A.BOOL: (bool,),
    A.INT: (int,),
    A.FLOAT: (float, int),
    A.COMPLEX: (complex, float, int),
    A.STR: (str,),
    A.BYTES: (bytes, bytearray, memoryview),
}
# JSON and its like know no tuples, and no sets.
_TAKEN: Mapping[str, tuple[type, ...]] = {
    A.LIST: (list, tuple),
    A.TUPLE: (tuple, list),
    A.SET: (set, frozenset, list, tuple),
    A.FROZENSET: (frozenset, set, list, tuple),
}


def check_value(value: object, expected: Expected) -> None:
    """Refuse a value that isn't of the type that is expected.

    Raises:
        Misfit: It isn't; the message is a clause such as `2.5 is not an int`.

    Example:
        >>> check_value([1, 2], A.read_annotation("tuple[float, ...]"))
    """
    if type(value).__module__ == "builtins":
        _CHECKS[expected.shape](value, expected)


def _refuse(value: object, expected: Expected) -> None:
    raise Misfit(f"{short_repr(value)} is not {with_article(expected.shape)}")


def _check_simple(value: object, expected: Expected) -> None:
    fits = isinstance(value, _SIMPLE[expected.shape])
    if fits and expected.shape == A.FLOAT and isinstance(value, int):
        try:
            float(value)
        except OverflowError:
            fits = False
    if not fits:
        _refuse(value, expected)


def _check_items(value: object, expected: Expected) -> None:
    if expected.abstract:
        if not hasattr(value, "__iter__"):
            _refuse(value, expected)
        if not isinstance(value, (list, tuple, set, frozenset)):
            return  # a text is a sequence, a range, too: what they hold is their own affair
    elif not isinstance(value, _TAKEN[expected.shape]):
        _refuse(value, expected)
    if expected.shape in (A.SET, A.FROZENSET):
        container(expected, islice(value, LOOKED_AT))  # type: ignore[call-overload]
    args = expected.args
    if expected.shape == A.TUPLE and args and not expected.variadic:
        if len(args) != len(value):  # type: ignore[arg-type]
            raise Misfit(f"that takes {len(args)} items, not {len(value)}")  # type: ignore[arg-type]
        for item, arg in zip(value, args):  # type: ignore[call-overload]
            check_value(item, arg)
    elif args:
        _check_all(value, args[0])  # type: ignore[arg-type]


def _check_dict(value: object, expected: Expected) -> None:
    if not isinstance(value, dict):
        if not (expected.abstract and hasattr(value, "keys")):
            _refuse(value, expected)
    elif expected.args:
        _check_all(value, expected.args[0])
        _check_all(value.values(), expected.args[1])


def _check_all(items: Iterable[object], expected: Expected) -> None:
    for item in islice(items, LOOKED_AT):
        check_value(item, expected)


def _check_choice(value: object, expected: Expected) -> None:
    if not any(same(choice, value) for choice in expected.choices):
        raise none_of(short_repr(value), expected)


def _check_member(value: object, expected: Expected) -> None:
    raise Misfit(f"{short_repr(value)} is not a member of {expected.enum}")


def _check_union(value: object, expected: Expected) -> None:
    misfits = []
    for part in expected.args:
        try:
            return check_value(value, part)
        except Misfit as misfit:
            if part.shape != A.NONE:
                misfits.append(misfit)
    if len(misfits) == 1:
        raise misfits[0]
    raise Misfit(f"{short_repr(value)} is none of these")


_CHECKS: Mapping[str, Callable[[object, Expected], None]] = {
    A.ANY: lambda value, expected: None,
    **dict.fromkeys(_SIMPLE, _check_simple),
    **dict.fromkeys(CONTAINERS, _check_items),
    A.DICT: _check_dict,
    A.PATH: _refuse,  # a path is of a class of pathlib
    A.ENUM: _check_member,
    A.LITERAL: _check_choice,
    A.UNION: _check_union,
}
