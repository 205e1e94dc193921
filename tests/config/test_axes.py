"""Axes put together are what a plain list of all points would be, and none of it is made."""

from __future__ import annotations

import itertools
import math
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config import axes
from kohakuengine.config.base import Config
from kohakuengine.config.members import EnumMember
from kohakuengine.config.space import Space
from kohakuengine.config.sweep import Sweep
from kohakuengine.errors import ConfigError

Points = list[dict[str, Any]]
NAMES = "abcdefgh"

# ---- against a plain model: a space, and the list of its points ----


def named(names: list[str]) -> st.SearchStrategy[tuple[Space, Points]]:
    """Spaces over some names, each beside its points as nested loops would make them."""
    if len(names) == 1:
        return _axis(names[0])
    cut = st.integers(1, len(names) - 1)
    return cut.flatmap(
        lambda n: st.one_of(
            st.builds(_grid, named(names[:n]), named(names[n:])),
            st.builds(_grid_when, named(names[:n]), named(names[n:]), st.integers(0, 2)),
            st.builds(_concat, named(names[:n]), named(names[n:])),
            st.builds(_zip, named(names[:n]), named(names[n:])),
            st.builds(_exclude, named(names), st.integers(0, 2)),
            st.builds(_repeat, named(names), st.integers(1, 3)),
        )
    )


def _axis(name: str) -> st.SearchStrategy[tuple[Space, Points]]:
    values = st.lists(st.integers(0, 2), min_size=1, max_size=3)
    return values.map(lambda v: (axes.grid({name: v}), [{name: value} for value in v]))


Pair = tuple[Space, Points]


def _grid(first: Pair, second: Pair) -> Pair:
    points = [{**a, **b} for a, b in itertools.product(first[1], second[1])]
    return axes.grid(first[0], second[0]), points


def _grid_when(first: Pair, second: Pair, limit: int) -> Pair:
    name = first[0].names[0]
    points: Points = []
    for a in first[1]:
        points += [{**a, **b} for b in second[1]] if a.get(name, -1) >= limit else [a]
    part = axes.when(f"{name} >= {limit}", second[0])
    return axes.grid(first[0], part), points


def _concat(first: Pair, second: Pair) -> Pair:
    return axes.concat(first[0], second[0]), first[1] + second[1]


def _zip(first: Pair, second: Pair) -> Pair:
    count = min(len(first[1]), len(second[1]))
    if not count:
        return first
    fewer = [axes.sample(space, count) for space, _ in (first, second)]
    return axes.zip(*fewer), [{**a, **b} for a, b in zip(*map(list, fewer))]


def _exclude(one: Pair, value: int) -> Pair:
    name = one[0].names[-1]
    left = [point for point in one[1] if not (name in point and point[name] == value)]
    return axes.exclude(one[0], f"{name} == {value}"), left


def _repeat(one: Pair, times: int) -> Pair:
    return axes.repeat(one[0], times), [point for point in one[1] for _ in range(times)]


def test_conditions_on_too_much() -> None:
    """A condition on an axis with a thousand million values is refused, and not begun to be tried."""
    huge = axes.grid(x=range(10**9), y=[1, 2])
    assert axes.exclude(huge, "y == 1").size == 10**9
    with pytest.raises(ConfigError, match="look at x, which have 1,000,000,000 combinations"):
        axes.exclude(huge, "x == 1")


@given(st.integers(1, 5).flatmap(lambda n: named(list(NAMES[:n]))))
def test_a_space_is_the_list_of_its_points(both: Pair) -> None:
    """Its length, each of its points, its slices and its loop are those of the plain list."""
    space, points = both
    assert len(space) == len(points)
    assert list(space) == points
    assert [space[n] for n in range(len(points))] == points
    assert [space[-n - 1] for n in range(len(points))] == points[::-1]
    assert space[1:3] == points[1:3]
    with pytest.raises(IndexError):
        space[len(points)]


@given(st.integers(1, 4).flatmap(lambda n: named(list(NAMES[:n]))), st.integers(0, 9), st.data())
def test_a_sample_never_repeats(both: Pair, seed: int, data: st.DataObject) -> None:
    """Points of a sample are different ones of the space, and the same for the same seed."""
    space = axes.zip({"number": range(len(both[1]))}, both[0]) if both[1] else axes.grid(number=[1])
    count = data.draw(st.integers(1, len(space)))
    sample = axes.sample(space, count, seed)
    numbers = [point["number"] for point in sample]
    assert len(set(numbers)) == count == len(sample)
    assert all(point in list(space) for point in sample)
    assert list(axes.sample(space, count, seed)) == list(sample)


# ---- large ones ----


def test_a_grid_of_a_billion_points() -> None:
    """Nothing of it is made: it is counted, indexed and sampled."""
    space = axes.grid(a=range(1000), b=range(1000), c=range(1000))
    assert len(space) == 10**9
    assert space[123_456_789] == {"a": 123, "b": 456, "c": 789}
    assert len({tuple(p.values()) for p in axes.sample(space, 500)}) == 500


def test_a_grid_of_more_points_than_len_can_tell() -> None:
    """It can still be indexed and sampled; its size says how many there are."""
    space = axes.grid({f"x{n}": range(1000) for n in range(8)})
    assert space.size == 10**24
    with pytest.raises(OverflowError):
        len(space)
    assert space[10**24 - 1] == {f"x{n}": 999 for n in range(8)}
    assert len({tuple(point.values()) for point in axes.sample(space, 100)}) == 100


def test_a_large_grid_with_conditions_is_counted_by_what_they_look_at() -> None:
    """Only the axes that a condition names are gone through."""
    space = axes.exclude(
        axes.grid(a=range(1000), b=axes.when("a < 10", range(1000)), c=range(1000)), "a == 0"
    )
    assert len(space) == 9 * 1000 * 1000 + 990 * 1000
    assert space[0] == {"a": 1, "b": 0, "c": 0}
    assert space[-1] == {"a": 999, "c": 999}


# ---- conditions ----


def test_a_conditional_axis() -> None:
    """It is tried where its condition holds; elsewhere it isn't set, or is what `otherwise` says."""
    space = axes.grid(opt=["sgd", "adam"], momentum=axes.when("opt == 'sgd'", [0.9, 0.99]))
    assert list(space) == [
        {"opt": "sgd", "momentum": 0.9},
        {"opt": "sgd", "momentum": 0.99},
        {"opt": "adam"},
    ]
    space = axes.grid(opt=["sgd", "adam"], m=axes.when(lambda opt: opt == "sgd", [0.9], 0.0))
    assert list(space) == [{"opt": "sgd", "m": 0.9}, {"opt": "adam", "m": 0.0}]


@pytest.mark.parametrize(
    "value", [Path("a/b"), EnumMember("Color", "a/b"), Enum("Color", {"a/b": 1})["a/b"]]
)
def test_conditions_that_are_texts_name_paths_and_members(value: Any) -> None:
    """A path is compared by its text, a member of an Enum by its name; a function sees the object."""
    space = axes.grid(a=[value, "c"], hit=axes.when("a == 'a/b'", [True]))
    assert [point.get("hit") for point in space] == [True, None]
    assert len(axes.exclude({"a": [value, "c"]}, lambda a: a is value)) == 1


def test_members_that_are_numbers_or_texts_are_compared_as_such() -> None:
    """An IntEnum's members are its numbers, in a condition as anywhere."""
    level = IntEnum("Level", "LOW HIGH")
    assert len(axes.exclude({"a": list(level)}, "a < 2")) == 1


def test_a_conditional_part() -> None:
    """A part of several variables can depend on a condition as a whole."""
    part = axes.when("opt == 'adam'", axes.zip(b1=[0.8, 0.9], b2=[0.98, 0.99]), {"b1": 0})
    space = axes.grid({"opt": ["sgd", "adam"]}, part)
    assert list(space) == [
        {"opt": "sgd", "b1": 0},
        {"opt": "adam", "b1": 0.8, "b2": 0.98},
        {"opt": "adam", "b1": 0.9, "b2": 0.99},
    ]


@pytest.mark.parametrize(
    "condition, expected",
    [
        ("a < 2", [0, 1]),
        ("a == 0 or not a < 2", [0, 2]),
        ("a in [1, 2]", [1, 2]),
        ("a not in (1, 2)", [0]),
        ("0 < a <= 2", [1, 2]),
        ("a * 2 - 1 > 1", [2]),
        ("-a == -1", [1]),
        ("a is null", []),
        ("(a == 1) == true", [1]),
        (lambda a: a % 2 == 0, [0, 2]),
    ],
)
def test_conditions(condition: Any, expected: list[int]) -> None:
    """A condition is a function of the variables, or a text of comparisons."""
    space = axes.grid(a=range(3), hit=axes.when(condition, [True]))
    assert [point["a"] for point in space if "hit" in point] == expected


def test_a_condition_looks_at_what_a_variable_holds() -> None:
    """A name may have dots in it, as the axis has."""
    space = axes.grid({"model.layers": [1, 2]}, axes.when("model.layers > 1", {"wide": [True]}))
    assert list(space) == [{"model.layers": 1}, {"model.layers": 2, "wide": True}]


WRONG_CONDITIONS = {
    "looks at no axis": ("lr > 1", r"looks at lr, which neither the sweep \(a.*\) nor the config"),
    "a slip of the pen": ("hti > 1", "nor the config sets; did you mean hit\\?"),
    "no condition": ("a +", "can't be understood"),
    "a call": ("open('x')", "is no part of a comparison"),
    "a power": ("a ** 9 ** 9 ** 9", "is no part of a comparison"),
    "a subscript": ("a[0]", "is no part of a comparison"),
    "no variable": ("1 < 2", "looks at no variable"),
    "nothing": ("", "can't be understood"),
    "a number": (3, "must be a function or a text, got int"),
    "a function of nothing": (lambda: True, "must name the variables"),
    "a function of anything": (lambda *args: True, "must name the variables"),
    "no text": ("a\0", "can't be understood"),
    "too deep": ("(" * 10_000 + "a" + ")" * 10_000, "can't be understood"),
}


@pytest.mark.parametrize("condition, message", WRONG_CONDITIONS.values(), ids=WRONG_CONDITIONS)
def test_wrong_conditions(condition: Any, message: str) -> None:
    """What can't be a condition is refused before there are any points."""
    with pytest.raises(ConfigError, match=message):
        len(axes.grid(a=[1, 2], hit=axes.when(condition, [1])))


LOOKING_OUT: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "when": (
        axes.grid(lr=[1, 2], hit=axes.when("opt == 'sgd'", [5, 6], 7)),
        [(1, 5), (1, 6), (2, 5), (2, 6)],
        [(1, 7), (2, 7)],
    ),
    "excluded": (
        axes.exclude({"lr": [1, 2], "hit": [5, 6]}, "opt != 'sgd' and hit == 6"),
        [(1, 5), (1, 6), (2, 5), (2, 6)],
        [(1, 5), (2, 5)],
    ),
    "concatenated": (
        axes.concat({"lr": [0]}, axes.grid(lr=[1], hit=axes.when("opt == 'sgd'", [5, 6]))),
        [(0,), (1, 5), (1, 6)],
        [(0,), (1,)],
    ),
    "repeated": (
        axes.repeat(axes.grid(lr=axes.when("opt == 'sgd'", [1, 2], 3)), 2, "hit"),
        [(1, 0), (1, 1), (2, 0), (2, 1)],
        [(3, 0), (3, 1)],
    ),
    "sampled": (
        axes.sample(axes.grid(lr=axes.when("opt == 'sgd'", [4, 4], 3)), 1),
        [(4,)],
        [(3,)],
    ),
    "paired": (
        axes.zip(axes.exclude({"lr": [1, 2, 3]}, "lr == 3 or opt == 'rms'"), hit=[1, 2]),
        [(1, 1), (2, 2)],
        [(1, 1), (2, 2)],
    ),
    "within": (
        axes.grid(axes.grid(lr=axes.when("opt == 'sgd'", [1, 2])), hit=[5]),
        [(1, 5), (2, 5)],
        [(5,)],
    ),
    "a part of a value": (
        axes.exclude({"lr": [1, 2, 3]}, "lr == net.layers", "opt == 'sgd' and lr > 2"),
        [(2,)],
        [(2,), (3,)],
    ),
}


@pytest.mark.parametrize("space, sgd, adam", LOOKING_OUT.values(), ids=LOOKING_OUT)
def test_conditions_look_at_what_the_config_sets(space: Any, sgd: Any, adam: Any) -> None:
    """They know the values that are the same for all, also those within dictionaries."""
    for opt, expected in (("sgd", sgd), ("adam", adam)):
        swept = Sweep(Config({"opt": opt, "net": {"layers": 1}}), space)
        assert [tuple(point.values()) for point in swept.space] == expected
        assert [tuple(swept.space[n].values()) for n in range(len(swept))] == expected
        again = Sweep(Config({"opt": "sgd", "net": {"layers": 1}}), swept.space)
        assert [tuple(point.values()) for point in again.space] == sgd  # as above --set


def test_what_is_looked_at_is_set_by_nobody() -> None:
    """Without a value for what a condition looks at there are no points, and a sentence says why."""
    for space, _, _ in LOOKING_OUT.values():
        for ask in (len, list, lambda space: space[0]):
            with pytest.raises(ConfigError, match="neither the sweep .* nor the config sets"):
                ask(space)
        with pytest.raises(ConfigError, match="with --set, or as an axis of one value"):
            Sweep(Config(), space)
    with pytest.raises(ConfigError, match="which another part sets: put both into one grid, opt"):
        axes.grid(LOOKING_OUT["when"][0], opt=["sgd"])


def test_a_condition_that_cannot_be_told() -> None:
    """It says for which values it can't, and why."""
    space = axes.grid(a=["x"], b=axes.when("a > 1", [1]))
    with pytest.raises(ConfigError, match="a > 1 can't be told for a='x': TypeError"):
        len(space)


# ---- values ----


def test_ranges() -> None:
    """They are numpy's and Python's, their numbers as people write them."""
    assert list(axes.linspace(0, 1, 11)) == [n / 10 for n in range(11)]
    assert list(axes.geomspace(1e-5, 1e-1, 5)) == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    assert list(axes.geomspace(-1, -100, 3)) == [-1, -10, -100]
    assert list(axes.logspace(-3, 3, 7)) == [1e-3, 1e-2, 0.1, 1, 10, 100, 1000]
    assert list(axes.logspace(0, 3, 4, base=2)) == [1, 2, 4, 8]
    assert list(axes.range(3)) == [0, 1, 2]
    assert list(axes.range(1, 9, 2)) == [1, 3, 5, 7]
    assert list(axes.range(1, 0, -0.25)) == [1, 0.75, 0.5, 0.25]
    assert list(axes.range(0, 1, 0.1)) == [n / 10 for n in range(10)]
    for one in (axes.linspace(2, 5, 1), axes.geomspace(2, 5, 1), axes.logspace(2, 5, 1)):
        assert len(one) == 1
    assert axes.linspace(0, 1, 5)[-1] == 1 and axes.linspace(0, 1, 5)[1:3] == [0.25, 0.5]


def test_ranges_are_numpys() -> None:
    """To 15 digits they are what numpy gives for the same arguments."""
    numpy = pytest.importorskip("numpy")
    for name, arguments in (
        ("linspace", (-3.5, 17, 29)),
        ("geomspace", (3e-4, 70, 31)),
        ("logspace", (-2, 1.5, 23)),
    ):
        ours = list(getattr(axes, name)(*arguments))
        numpy.testing.assert_allclose(ours, getattr(numpy, name)(*arguments), rtol=1e-14)


def test_draws() -> None:
    """They are within their bounds, the same for a seed, and others for another variable."""
    space = axes.random(
        300,
        7,
        lr=axes.loguniform(1e-5, 1e-1),
        wd=axes.loguniform(1e-5, 1e-1),
        u=axes.uniform(-1, 1),
        n=axes.normal(10, 0.1),
        layers=axes.integer(1, 3),
        act=["a", "b"],
    )
    points = list(space)
    assert points == list(space) and len(space) == 300
    assert all(1e-5 <= point["lr"] <= 1e-1 and -1 <= point["u"] < 1 for point in points)
    assert {point["layers"] for point in points} == {1, 2, 3}
    assert {point["act"] for point in points} == {"a", "b"}
    assert [point["lr"] for point in points] != [point["wd"] for point in points]
    # A mean is within five standard errors of the distribution's own, but for one seed in a million.
    error = 5 / math.sqrt(300)
    assert abs(sum(p["n"] for p in points) / 300 - 10) < 0.1 * error
    assert abs(sum(math.log10(p["lr"]) for p in points) / 300 + 3) < 4 / math.sqrt(12) * error


def test_draws_as_an_axis_of_a_grid() -> None:
    """With a count, draws are values like others."""
    space = axes.grid(lr=axes.uniform(0, 1, 3), seed=[1, 2])
    points = list(space)
    assert len(points) == 6 and points[0]["lr"] == points[1]["lr"] != points[2]["lr"]
    other = axes.grid(lr=axes.uniform(0, 1, 3, seed=1))
    assert other[0]["lr"] != points[0]["lr"]


def test_known_draws() -> None:
    """The values of a seed stay the same in later versions, for a study goes on for years."""
    space = axes.random(2, 3, lr=axes.uniform(0, 1), k=axes.integer(0, 99), n=axes.normal(0, 1))
    assert list(space) == KNOWN


# The first two numbers of random.Random("3 lr"), of "3 k" and of "3 n", as quantiles.
KNOWN: Points = [
    {"lr": 0.7371064183786407, "k": 8, "n": 0.6599753894418211},
    {"lr": 0.32714390314362385, "k": 41, "n": 0.6851968554461824},
]


# ---- what is wrong ----

WRONG = {
    "unequal pairs": (
        lambda: axes.zip(lr=[1, 2], warmup=[1, 2, 3]),
        "must have as many values each: lr has 2, warmup has 3",
    ),
    "unequal parts": (
        lambda: axes.zip(axes.grid(a=[1, 2], b=[1, 2]), {"c": [1]}),
        r"\(a, b\) has 4, c has 1",
    ),
    "twice in a grid": (lambda: axes.grid({"a": [1]}, a=[2]), "grid: a is in it twice"),
    "twice in pairs": (lambda: axes.zip({"a": [1]}, a=[2]), "zip: a is in it twice"),
    "within another": (lambda: axes.grid({"m": [1], "m.x": [2]}), "m.x and m set the same"),
    "no values": (lambda: axes.grid(a=[]), "a has no values"),
    "no list": (lambda: axes.grid(a=3), "a must be a list of values, got 3"),
    "a text": (lambda: axes.grid(a="abc"), "a must be a list of values, got 'abc'"),
    "a dict": (lambda: axes.grid(a={"b": 1}), "a must be a list of values"),
    "no space": (lambda: axes.grid(3), "a dict of values by name is wanted.*got 3"),  # type: ignore[arg-type]
    "a number as a name": (lambda: axes.grid({1: [2]}), "must be a text, got 1"),  # type: ignore[dict-item]
    "nothing paired": (lambda: axes.zip(), "nothing to pair"),
    "nothing to try": (lambda: axes.concat(), "nothing to try"),
    "a pair under a condition": (
        lambda: axes.zip(a=[1], b=axes.when("a == 1", [1])),
        "b can't depend on a condition",
    ),
    "a distribution without a count": (
        lambda: axes.grid(lr=axes.uniform(0, 1)),
        r"how many values of lr.*axes.random\(20, lr=...\)",
    ),
    "too large a sample": (
        lambda: axes.sample({"a": [1]}, 2),
        "2 points are wanted, and there are 1",
    ),
    "no sample": (lambda: axes.sample({"a": [1]}, 0), "count must be an int of 1 or more"),
    "half a repeat": (lambda: axes.repeat({"a": [1]}, 1.5), "times must be an int"),  # type: ignore[arg-type]
    "a seed that is swept": (lambda: axes.repeat({"a": [1]}, 2, "a"), "a is swept already"),
    "no finite number": (lambda: axes.linspace(0, math.inf, 3), "stop must be a finite number"),
    "no whole count": (lambda: axes.linspace(0, 1, 2.5), "num.*must be an int"),  # type: ignore[arg-type]
    "across 0": (lambda: axes.geomspace(-1, 1, 3), "on the same side of 0"),
    "from 0": (lambda: axes.geomspace(0, 1, 3), "on the same side of 0"),
    "numbers for exponents": (lambda: axes.logspace(1, 1000, 3), "start and stop are exponents"),
    "no step": (lambda: axes.range(0, 1, 0), "step can't be 0"),
    "the wrong way": (lambda: axes.range(3, 1), "has no values"),
    "bounds the wrong way": (lambda: axes.uniform(2, 1), "low must be below high"),
    "log of 0": (lambda: axes.loguniform(0, 1), "low must be above 0"),
    "no spread": (lambda: axes.normal(0, 0), "deviation must be above 0"),
    "no integers": (lambda: axes.integer(0.5, 2), "must be ints"),  # type: ignore[arg-type]
    "nothing to choose": (lambda: axes.choice([]), "give it a list"),
    "no draws": (lambda: axes.uniform(0, 1, 0), "count must be a whole number"),
}


@pytest.mark.parametrize("make, message", WRONG.values(), ids=WRONG)
def test_wrong_spaces(make: Any, message: str) -> None:
    """What can't be tried is refused when it is said, in one sentence that names it."""
    with pytest.raises(ConfigError, match=message):
        make()


def test_ranges_of_whole_numbers() -> None:
    """`whole=True` gives ints, also in a text; two that would be the same are refused."""
    assert repr(list(axes.geomspace(16, 128, 4, whole=True))) == "[16, 32, 64, 128]"
    assert repr([*axes.as_space({"n": "linspace(1, 10, 4, whole=True)"})]) == (
        "[{'n': 1}, {'n': 4}, {'n': 7}, {'n': 10}]"
    )
    with pytest.raises(ConfigError, match="only 3 of the 5 differ"):
        axes.linspace(1, 3, 5, whole=True)


WHOLE = st.integers(-(10**15), 10**15) | st.integers(-60, 60) | st.floats(-1e3, 1e3)


@given(start=WHOLE, stop=WHOLE, num=st.integers(1, 40), geometric=st.booleans())
def test_whole_numbers_all_differ(start: float, stop: float, num: int, geometric: bool) -> None:
    """A range of whole numbers has each of them once, or is refused for that it hasn't."""
    make = axes.geomspace if geometric else axes.linspace
    try:
        plain = list(make(start, stop, num))
    except ConfigError:
        return
    differing = len({round(number) for number in plain})
    if differing == num:
        assert len({*make(start, stop, num, whole=True)}) == num
        return
    with pytest.raises(ConfigError, match=f"only {differing} of the {num} differ"):
        make(start, stop, num, whole=True)


def test_a_question_ends_a_sentence() -> None:
    """A function that there is not is told with what may be meant."""
    with pytest.raises(ConfigError, match=r"did you mean log\(\.\.\.\)\?$"):
        axes.grid(lr="lgo(1, 2, 3)")
