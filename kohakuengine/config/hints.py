"""Whether a value is what a type hint asks for, with its bounds: nothing is converted."""

from __future__ import annotations

import types
import typing
from collections import abc
from enum import Enum
from itertools import islice

from .fit import Misfit, same, short, short_repr, with_article
from .judge import LOOKED_AT
from .members import is_stand_in
from .near import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_NUMBERS: dict[Any, tuple[type, ...]] = {float: (float, int), complex: (complex, float, int)}
_TAKEN: dict[Any, tuple[type, ...]] = {list: (list, tuple), tuple: (tuple, list)}
_BOUNDS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "gt": ("above", lambda value, bound: value > bound),
    "ge": ("at least", lambda value, bound: value >= bound),
    "lt": ("below", lambda value, bound: value < bound),
    "le": ("at most", lambda value, bound: value <= bound),
    "multiple_of": ("a multiple of", lambda value, bound: value % bound == 0),
    "min_length": ("of a length of at least", lambda value, bound: len(value) >= bound),
    "max_length": ("of a length of at most", lambda value, bound: len(value) <= bound),
}


class HintMisfit(Misfit):
    """As `Misfit`, with what may be meant as `remedy`."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


def check_hint(value: object, hint: Any) -> None:
    """Refuse a value that isn't what a type hint asks for; a hint that isn't understood takes any.

    Args:
        value: The value.
        hint: The hint. Of one that is `Annotated`, bounds are understood that are attributes `gt`,
            `ge`, `lt`, `le`, `multiple_of`, `min_length`, `max_length` of what it is annotated with.

    Raises:
        Misfit: It isn't.

    Example:
        >>> check_hint(0.1, float | None)
    """
    origin = typing.get_origin(hint)
    if is_stand_in(value):
        return
    if hasattr(hint, "__metadata__"):
        check_hint(value, hint.__origin__)
        for bound in hint.__metadata__:
            _check_bounds(value, bound)
    elif origin in (typing.Final, typing.ClassVar):
        check_hint(value, typing.get_args(hint)[0])
    elif origin is typing.Literal:
        _check_choice(value, typing.get_args(hint))
    elif origin in _UNIONS:
        _check_union(value, typing.get_args(hint))
    elif hint is None or hint is type(None):
        _need(value is None, value, "None")
    elif isinstance(origin, type):
        _check_class(value, origin)
        _check_items(value, origin, typing.get_args(hint))
    elif isinstance(hint, type):
        _check_class(value, hint)


def _need(fits: bool, value: object, what: str) -> None:
    if not fits:
        raise HintMisfit(f"{short_repr(value)} is not {with_article(what)}")


def _check_class(value: object, cls: type) -> None:
    if issubclass(cls, Enum):
        _check_member(value, cls)
        return
    if isinstance(value, dict) and hasattr(cls, "__dataclass_fields__"):
        return  # it is what one is made of
    try:
        fits = isinstance(value, _NUMBERS.get(cls) or _TAKEN.get(cls) or cls)
    except TypeError:  # a protocol that can't be asked
        return
    _need(fits, value, cls.__name__)


def _check_member(value: object, cls: type[Enum]) -> None:
    if isinstance(value, cls):
        return
    named = [m.name for m in cls if value in (m.name, m.value)]
    near = named or (nearest(value, [m.name for m in cls], 1) if isinstance(value, str) else [])
    remedy = f"did you mean {cls.__name__}.{near[0]}?" if near else None
    members = ", ".join(member.name for member in cls)
    raise HintMisfit(
        f"{short_repr(value)} is not a member of {cls.__name__} ({short(members)})", remedy
    )


def _check_choice(value: object, choices: tuple[Any, ...]) -> None:
    if not any(same(choice, value) for choice in choices):
        texts = [choice for choice in choices if isinstance(choice, str)]
        near = nearest(value, texts, 1) if isinstance(value, str) else []
        listed = ", ".join(map(repr, choices))
        remedy = f"did you mean {near[0]!r}?" if near else None
        raise HintMisfit(f"{short_repr(value)} is none of {listed}", remedy)


def _check_union(value: object, hints: tuple[Any, ...]) -> None:
    misfits = []
    for hint in hints:
        try:
            return check_hint(value, hint)
        except Misfit as misfit:
            if hint is not type(None):
                misfits.append(misfit)
    raise misfits[0] if len(misfits) == 1 else HintMisfit(f"{short_repr(value)} is none of these")


def _check_items(value: Any, origin: type, args: tuple[Any, ...]) -> None:
    if isinstance(value, dict) and issubclass(origin, abc.Mapping) and len(args) == 2:
        for key, item in islice(value.items(), LOOKED_AT):
            check_hint(key, args[0])
            check_hint(item, args[1])
    elif not isinstance(value, (list, tuple, set, frozenset)) or not args:
        return
    elif origin is tuple and args[-1] is not ...:
        if len(args) != len(value):
            raise HintMisfit(f"it takes {len(args)} items, not {len(value)}")
        for item, arg in zip(value, args):
            check_hint(item, arg)
    else:
        for item in islice(value, LOOKED_AT):
            check_hint(item, args[0])


def _check_bounds(value: object, bound: object) -> None:
    for name, (words, holds) in _BOUNDS.items():
        limit = getattr(bound, name, None)
        if limit is None:
            continue
        try:
            fits = bool(holds(value, limit))
        except Exception:  # it can't be compared; what it is has been checked
            continue
        if not fits:
            raise HintMisfit(f"{short_repr(value)} is not {words} {limit!r}")
    for inner in getattr(bound, "metadata", None) or ():  # of pydantic's Field(...)
        _check_bounds(value, inner)
