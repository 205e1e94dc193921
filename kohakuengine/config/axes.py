"""What a sweep tries, put together of axes; used as `from kohakuengine import axes`.

The same functions, by the same names, are understood in texts: on the command line, and in config
files that aren't Python. Wherever a list of values is taken, a range or draws will do.

Example:
    >>> space = grid(
    ...     zip(lr=[0.1, 0.01], warmup=[100, 1000]),
    ...     optimizer=["sgd", "adam"],
    ...     momentum=when("optimizer == 'sgd'", [0.9, 0.99]),
    ... )
    >>> len(space)
    6
    >>> space[0]
    {'lr': 0.1, 'warmup': 100, 'optimizer': 'sgd', 'momentum': 0.9}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..errors import ConfigError
from .condition import Condition
from .drawing import choice, integer, loguniform, normal, uniform
from .draws import Distribution, Draws
from .expression import Function, evaluate, is_call
from .grid import Grid, When
from .ranges import geomspace, linspace, logspace, steps
from .space import Axis, Concat, Repeat, Sample, Space, Zip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    SpaceLike = Space | Mapping[str, Any] | Sequence[Mapping[str, Any]]

__all__ = [
    *("choice", "concat", "exclude", "geomspace", "grid", "integer", "linspace", "logspace"),
    *("loguniform", "normal", "random", "range", "repeat", "sample", "uniform", "when", "zip"),
]

_NOTHING = object()


class _Conditional:
    """What `when()` gives, until it is known which variable it is for."""

    def __init__(self, condition: Condition, what: Any, otherwise: Any) -> None:
        self.condition = condition
        self.what = what
        self.otherwise = otherwise

    def __repr__(self) -> str:
        return f"when({self.condition.shown}, {_shown(self.what)})"


# ---- how axes are put together ----


def grid(*parts: SpaceLike | _Conditional, **axes: Any) -> Grid:
    """All combinations; what comes last varies fastest.

    Args:
        parts: Spaces, or dicts of values by name, whose names may have dots in them.
        axes: Values by name.

    Raises:
        ConfigError: An axis has no values, or isn't a list of them; two parts set the same variable.

    Example:
        >>> list(grid(lr=[0.1, 0.2], bs=[8]))
        [{'lr': 0.1, 'bs': 8}, {'lr': 0.2, 'bs': 8}]
    """
    return Grid([*map(_part, parts), *(axis(name, values) for name, values in axes.items())])


def zip(*parts: SpaceLike, **axes: Any) -> Zip:
    """Values side by side: the nth of each together.

    Args:
        parts: Spaces, or dicts of values by name.
        axes: Values by name, as many for each.

    Raises:
        ConfigError: There aren't as many for each; or as `grid()`.

    Example:
        >>> list(zip(lr=[0.1, 0.2], warmup=[8, 16]))
        [{'lr': 0.1, 'warmup': 8}, {'lr': 0.2, 'warmup': 16}]
    """
    spaces = [space for part in parts for space in _side_by_side(part)]
    named = [axis(name, values) for name, values in axes.items()]
    return Zip([*spaces, *map(_unconditional, named)])


def concat(*parts: SpaceLike) -> Concat:
    """One space after the other.

    Example:
        >>> list(concat({"lr": [0.1, 0.2]}, {"lr": [0.3], "slow": [True]}))
        [{'lr': 0.1}, {'lr': 0.2}, {'lr': 0.3, 'slow': True}]
    """
    return Concat([as_space(part) for part in parts])


def when(condition: Callable[..., object] | str, what: Any, otherwise: Any = _NOTHING) -> Any:
    """Values, or a part of a grid, for those of its points for which a condition holds.

    Args:
        condition: A function whose arguments are named as the variables that it looks at, or a text
            such as `"optimizer == 'sgd'"`. They must stand before it in the grid.
        what: The values, or the space.
        otherwise: The value, or the dict of values, that stands for it elsewhere; without one the
            variable isn't set there.

    Example:
        >>> list(grid(deep=[True, False], layers=when("deep", [8, 16], otherwise=2)))
        [{'deep': True, 'layers': 8}, {'deep': True, 'layers': 16}, {'deep': False, 'layers': 2}]
    """
    return _Conditional(Condition(condition), what, otherwise)


def exclude(space: SpaceLike, *conditions: Callable[..., object] | str) -> Grid:
    """The points of a space for which none of the conditions holds.

    How many there are is found out by trying the conditions on all combinations of the variables
    that they look at, and of no others.

    Args:
        space: What they are left out of.
        conditions: As of `when()`; a variable that isn't set fulfils none.

    Raises:
        ConfigError: A condition looks at a variable that the space doesn't set.

    Example:
        >>> list(exclude({"a": [1, 2], "b": [1, 2]}, "a == b"))
        [{'a': 1, 'b': 2}, {'a': 2, 'b': 1}]
    """
    whole = as_space(space)
    if isinstance(whole, Grid):
        return Grid(whole.pieces, [*whole.excluded, *conditions])
    return Grid([whole], conditions)


def sample(space: SpaceLike, count: int, seed: int = 0) -> Sample:
    """Some points of a space, in random order, none twice; the others are never made.

    Args:
        space: The space; of any size.
        count: How many.
        seed: Of the same seed come the same points.

    Raises:
        ConfigError: There are fewer points.

    Example:
        >>> len(sample({"a": range(10**6), "b": range(10**6)}, 20))
        20
    """
    return Sample(as_space(space), count, seed)


def repeat(space: SpaceLike, times: int, seed: str | None = None, first: int = 0) -> Repeat:
    """Each point of a space several times in a row.

    Args:
        space: The space.
        times: How often.
        seed: A variable which tells the repeats apart: it is set to `first`, `first + 1`, ...
        first: See `seed`.

    Raises:
        ConfigError: `times` is no int above 0; or the space sets that variable itself.

    Example:
        >>> list(repeat({"lr": [0.1]}, 2, "seed"))
        [{'lr': 0.1, 'seed': 0}, {'lr': 0.1, 'seed': 1}]
    """
    return Repeat(as_space(space), times, seed, first)


def random(count: int, seed: int = 0, /, **axes: Any) -> Zip:
    """Random points: for each variable a value of its own distribution.

    Args:
        count: How many points.
        seed: Of the same seed come the same points.
        axes: Distributions by name; of a list each value is as likely.

    Raises:
        ConfigError: Something is neither a distribution nor a list.

    Example:
        >>> points = random(3, lr=loguniform(1e-5, 1e-1), layers=integer(1, 8), act=["relu", "gelu"])
        >>> len(points), sorted(points[0])
        (3, ['act', 'layers', 'lr'])
    """
    drawn: dict[str, Draws] = {}
    for name, values in axes.items():
        what = values if isinstance(values, Distribution) else choice(values)
        drawn[name] = Draws(what, count, seed)
    return zip(**drawn)


# ---- values ----


def range(start: float, stop: float | None = None, step: float = 1) -> Sequence[float]:
    """As Python's `range`, and as `numpy.arange` for numbers that aren't whole.

    Example:
        >>> list(range(0.1, 0.4, 0.1))
        [0.1, 0.2, 0.3]
    """
    return steps(start, stop, step)


# ---- what is taken for a space, and for values ----

# What in a dict isn't an axis; for formats that have no functions.
_KEYS = ("_zip", "_exclude", "_sample", "_repeat")

FUNCTIONS: Mapping[str, Function] = {
    **{f.__name__: Function(f) for f in (grid, zip, concat, random, sample, repeat)},
    **{f.__name__: Function(f) for f in (range, linspace, geomspace, logspace)},
    **{f.__name__: Function(f) for f in (uniform, loguniform, normal, integer, choice)},
    "log": Function(geomspace),
    "when": Function(when, (0,)),
    "exclude": Function(exclude, (1,), more=True),
}


def as_space(given: object) -> Space:
    """The space that somebody means.

    Args:
        given: A space; a dict, which is a grid of its values by name (with `_zip`, `_exclude`,
            `_sample`, `_repeat` in it as told in docs/sweeps.md); a list of these, one after the
            other; or one of them as a text.

    Raises:
        ConfigError: It is none of these; or it can't be understood.
    """
    if isinstance(given, str) and is_call(given, FUNCTIONS):
        given = evaluate(given, FUNCTIONS)
    if isinstance(given, Space):
        return given
    if isinstance(given, Mapping):
        return _space_of(given)
    if isinstance(given, (list, tuple)) and given:
        return Concat([as_space(part) for part in given])
    raise ConfigError(
        f"sweep: a dict of values by name is wanted, or what axes.grid() and its like give, "
        f"got {_shown(given)}."
    )


def _space_of(given: Mapping[str, Any]) -> Space:
    for name in given:
        _check_name(name)
    parts = [axis(name, values) for name, values in given.items() if name not in _KEYS]
    pairs = given.get("_zip", [])
    parts[:0] = [zip(pair) for pair in (pairs if isinstance(pairs, (list, tuple)) else [pairs])]
    space: Space = Grid(parts)
    if "_exclude" in given:
        conditions = given["_exclude"]
        several = isinstance(conditions, (list, tuple))
        space = exclude(space, *(conditions if several else [conditions]))
    for key, function in (("_sample", sample), ("_repeat", repeat)):
        if key in given:
            space = function(space, **_arguments(key, given[key]))
    return space


def _arguments(key: str, given: object) -> dict[str, Any]:
    """How `_sample` or `_repeat` is to be called: `20`, or `{"count": 20, "seed": 1}`."""
    known = {"_sample": ("count", "seed"), "_repeat": ("times", "seed", "first")}[key]
    if not isinstance(given, Mapping):
        return {known[0]: given}
    for name in given:
        if name not in known:
            raise ConfigError(f"sweep: {key} takes {', '.join(known)}, not {name!r}.", key=key)
    if known[0] not in given:
        raise ConfigError(f"sweep: {key} must say its {known[0]}.", key=key)
    return dict(given)


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise ConfigError(f"sweep: a variable's name must be a text, got {name!r}.")
    if name in _KEYS or not name.startswith("_") or not name[1:2].islower():
        return
    from .near import nearest

    near = nearest(name, _KEYS, 1)
    if near:
        raise ConfigError(f"sweep: there is no {name}; did you mean {near[0]}?", key=name)


def _part(given: object) -> Space | When:
    if not isinstance(given, _Conditional):
        return as_space(given)
    otherwise = {} if given.otherwise is _NOTHING else given.otherwise
    if not isinstance(otherwise, Mapping):
        raise ConfigError("when: of a space, otherwise must be a dict of values by name.")
    return When(given.condition, as_space(given.what), dict(otherwise))


def axis(name: str, given: object) -> Space | When:
    """One axis of a grid, which may depend on a condition.

    Args:
        name: The variable.
        given: Its values, as `grid()` takes them; or one of the functions here, as a text.
    """
    _check_name(name)
    if isinstance(given, str) and is_call(given, FUNCTIONS):
        given = evaluate(given, FUNCTIONS)
    if isinstance(given, _Conditional):
        otherwise = {} if given.otherwise is _NOTHING else {name: given.otherwise}
        return When(given.condition, Axis(name, _values(name, given.what)), otherwise)
    return Axis(name, _values(name, given))


def _values(name: str, given: object) -> Sequence[Any]:
    if isinstance(given, str) and is_call(given, FUNCTIONS):
        given = evaluate(given, FUNCTIONS)
    if isinstance(given, Distribution):
        raise ConfigError(
            f"sweep: how many values of {name} are to be drawn? Say so as the last argument, or "
            f"with axes.random(20, {name}=...).",
            key=name,
        )
    if isinstance(given, Draws):
        return given.named(name)
    if isinstance(given, (str, bytes, Mapping, Space, _Conditional)) or not isinstance(
        given, Iterable
    ):
        told = f"sweep: {name} must be a list of values, got {_shown(given)}{_remedy(given)}"
        raise ConfigError(told if told.endswith("?") else f"{told}.", key=name)
    return given if isinstance(given, Sequence) else list(given)


def _remedy(given: object) -> str:
    """What somebody may have meant who gave something else than a list of values."""
    if not isinstance(given, str):
        return f"; for one value, write [{_shown(given)}]" if _is_single(given) else ""
    name, bracket, _ = given.partition("(")
    if bracket and name.strip().isidentifier():
        from .near import nearest

        near = nearest(name.strip(), FUNCTIONS, 1)
        if near:
            return f"; did you mean {near[0]}(...)?"
    if "," in given:
        return "; write the values in brackets, as a list"
    return f"; for one value, write [{_shown(given)}]"


def _is_single(given: object) -> bool:
    return given is None or isinstance(given, (int, float, bool))


def _side_by_side(given: object) -> Iterable[Space]:
    """What is paired: of a dict, its axes; of anything else, itself."""
    if isinstance(given, Mapping):
        return [_unconditional(axis(name, values)) for name, values in given.items()]
    return [as_space(given)]


def _unconditional(part: Space | When) -> Space:
    if isinstance(part, When):
        raise ConfigError(
            f"zip: {', '.join(part.space.names)} can't depend on a condition: pairs have the same "
            "variables. when() is for grids."
        )
    return part


def _shown(value: object) -> str:
    from .fit import short_repr

    return short_repr(value)
