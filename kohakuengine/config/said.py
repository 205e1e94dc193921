"""What YAML, TOML and JSON have no way to say, read as the type that is expected: paths, members of
an Enum, tuples and sets."""

from __future__ import annotations

from . import annotations as A
from .fit import CONTAINERS, Misfit, container, item_types, member_of, ranked
from .judge import check_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .annotations import Expected

_PLAIN = (str, int, float, bool, type(None))


def as_said(value: Any, expected: Expected) -> Any:
    """A value of a text file as what is expected; the value itself, where it is none of these.

    Numbers and texts aren't converted to one another: files tell them apart.

    Example:
        >>> as_said(["a", "b"], A.read_annotation("tuple[Path, ...]"))
        (PosixPath('a'), PosixPath('b'))
    """
    try:
        return _read(value, expected)
    except Misfit:  # whoever judges it says so
        return value


def can_be_said(expected: Expected) -> bool:
    """Whether all values that are expected are ones that a text file has, so that none is read."""
    if expected.shape in (A.PATH, A.ENUM, A.TUPLE, A.SET, A.FROZENSET):
        return False
    return all(map(can_be_said, expected.args))


def _read(value: Any, expected: Expected) -> Any:
    """The value; it may still not be what is expected.

    Raises:
        Misfit: It isn't.
    """
    if expected.shape == A.PATH and type(value) is str:
        from pathlib import Path

        return Path(value)
    if expected.shape == A.ENUM and type(value) in _PLAIN:
        return member_of(value, expected)
    if expected.shape in CONTAINERS and type(value) in (list, tuple, set):
        return _items(value, expected)
    if expected.shape == A.DICT and type(value) is dict and expected.args:
        keys, values = expected.args
        return {_read(k, keys): _read(v, values) for k, v in value.items()}
    return _alternative(value, expected) if expected.shape == A.UNION else value


def _items(value: Any, expected: Expected) -> object:
    if isinstance(value, set) and expected.shape not in (A.SET, A.FROZENSET):
        return value  # it has no order
    types = item_types(expected, len(value))
    items = [_read(item, wanted) for item, wanted in zip(value, types)]
    if expected.abstract and isinstance(value, (list, tuple)):
        return items if isinstance(value, list) else tuple(items)
    return container(expected, items)


def _alternative(value: object, expected: Expected) -> object:
    for part in ranked(expected):
        try:
            read = _read(value, part)
            check_value(read, part)
            return read
        except Misfit:
            continue
    raise Misfit
