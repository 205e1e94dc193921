"""What varies among configs, and what is the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping

from .identity import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Values = Mapping[str, Any]


class Varied:
    """Values by name of several configs, parted in those that vary and those that don't.

    A dictionary that varies is looked into: what is within it has names with dots.

    Args:
        rows: The values of each config, by name.
        axes: Names that are known to vary, whatever they are in these; with dots or without.
        whole: Whether these are all configs; else of a single one nothing is known to be the same.

    Attributes:
        same: What is the same in all, by name.
        names: The names that vary, in order.
        rows: Of each config, the values that vary; what it doesn't set is missing.

    Example:
        >>> some = Varied([{"lr": 0.1, "bs": 8}, {"lr": 0.2, "bs": 8}])
        >>> some.same, some.names, some.rows
        ({'bs': 8}, ['lr'], [{'lr': 0.1}, {'lr': 0.2}])
    """

    def __init__(
        self, rows: Sequence[Values], axes: Iterable[str] = (), *, whole: bool = True
    ) -> None:
        known = set(axes)
        everything = len(rows) < 2 and not whole and not known
        roots = {name.partition(".")[0] for name in known if "." in name}
        differing = roots.union(_differing(rows))
        opened = [_opened(row, differing) for row in rows]
        names = dict.fromkeys(name for row in opened for name in row)
        some = known.union(_differing(opened))
        self.names = [name for name in names if everything or name in some]
        self.same = {n: opened[0][n] for n in names if not (everything or n in some)}
        self.rows = [{n: row[n] for n in self.names if n in row} for row in opened]


def _differing(rows: Sequence[Values]) -> list[str]:
    """The names whose values differ, or that aren't in all rows."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if not _is_same_in(rows, name)]


def _is_same_in(rows: Sequence[Values], name: str) -> bool:
    return all(name in row and same_value(rows[0][name], row[name]) for row in rows)


def _opened(row: Values, names: set[str]) -> dict[str, Any]:
    """Values by name, with the dictionaries of some names looked into."""
    opened: dict[str, Any] = {}
    for name, value in row.items():
        opened.update(flattened({name: value}) if name in names else {name: value})
    return opened


def flattened(values: Values) -> dict[str, Any]:
    """Values by name, those within dictionaries by names with dots; the inverse of `with_nested`.

    A dictionary that is empty, or has keys which can't stand in such a name, is left as it is.

    Example:
        >>> flattened({"model": {"layers": 2, "opt": {"lr": 0.1}}, "empty": {}})
        {'model.layers': 2, 'model.opt.lr': 0.1, 'empty': {}}
    """
    flat: dict[str, Any] = {}
    _flatten("", values, flat, set())
    return flat


def _flatten(before: str, values: Values, flat: dict[str, Any], within: set[int]) -> None:
    within.add(id(values))
    for name, value in values.items():
        place = f"{before}{name}"
        if type(value) is dict and id(value) not in within and len(within) < 50 and _can(value):
            _flatten(f"{place}.", value, flat, within)
        else:
            flat[place] = value
    within.discard(id(values))


def _can(value: dict[Any, Any]) -> bool:
    return bool(value) and all(type(key) is str and key and "." not in key for key in value)


def same_value(one: object, other: object) -> bool:
    """Whether two values are equal, and of the same types: 1 isn't True.

    What a config file defines is compared by what it is, since each load of the file makes another:
    functions by their code, members of an Enum by name, dataclasses by their fields. What can't be
    compared isn't the same.
    """
    if one is other:
        return True
    if name_of(type(one)) != name_of(type(other)):
        return False
    try:
        return _same(one, other)
    except Exception:  # of a comparison, which may be the user's
        return _same_digest(one, other)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_value(one[k], other[k]) for k in one)
    if hasattr(type(one), "__members__"):  # of an Enum
        return bool(one.name == other.name)
    if hasattr(type(one), "__dataclass_fields__"):
        names = type(one).__dataclass_fields__
        return all(same_value(getattr(one, n, None), getattr(other, n, None)) for n in names)
    if isinstance(one, float) and one != one and other != other:  # not a number
        return True
    return bool(one == other) or _same_digest(one, other)


def _same_digest(one: object, other: object) -> bool:
    from ..errors import NoKeyError
    from .base import Config
    from .identity import config_key

    if isinstance(one, (str, int, float)):
        return False
    try:
        return config_key(Config(args=[one])) == config_key(Config(args=[other]))
    except NoKeyError:
        return False
