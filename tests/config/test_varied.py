"""What varies among configs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config.base import Config
from kohakuengine.config.loader import load_config
from kohakuengine.config.nested import with_nested
from kohakuengine.config.varied import Varied, flattened, same_value


class Point:
    """Can't be compared, but has a digest."""

    def __eq__(self, other: object) -> bool:
        raise ValueError

    def __kogine_key__(self) -> int:
        return 1


class Odd:
    """Can't be compared, as an array can't."""

    def __eq__(self, other: object) -> bool:
        raise ValueError


def test_what_differs_varies() -> None:
    """The rest is told once; a name that only some set varies, too."""
    some = Varied([{"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3}])
    assert (some.same, some.names) == ({"a": 1}, ["b", "c"])
    assert some.rows == [{"b": 2, "c": 3}, {"b": 3}]


def test_axes_vary_whatever_they_are_in_the_first_rows() -> None:
    """Also those within dictionaries, whose other values are the same for all."""
    some = Varied([{"m": {"a": 1, "b": {"c": 2}}, "lr": 3}], ["m.a"])
    assert (some.same, some.rows) == ({"m.b.c": 2, "lr": 3}, [{"m.a": 1}])


def test_of_one_that_is_not_all_everything_may_vary() -> None:
    """Nothing is called the same before a second one is known."""
    assert Varied([{"a": 1}], whole=False).names == ["a"]
    assert Varied([{"a": 1}]).names == []


@pytest.mark.parametrize(
    "one, other, same",
    [
        (1, True, False),
        ([1, (2.0, {"a": [3]})], [1, (2.0, {"a": [3]})], True),
        ([1.0], [1], False),
        ({"a": 1}, {"b": 1}, False),
        (float("nan"), float("nan"), True),
        (Odd(), Odd(), False),
        (Point(), Point(), True),
        (lambda x: x + 1, lambda y: y + 1, False),
        (lambda x: x + 1, lambda x: x + 1, True),
    ],
)
def test_values_are_told_apart_by_type(one: Any, other: Any, same: bool) -> None:
    """As the config key tells them; what can't be compared isn't the same."""
    assert same_value(one, other) is same
    assert same_value(one, one)


OWN = """
from dataclasses import dataclass
from enum import Enum
class Color(Enum):
    RED, BLUE = 1, 2
@dataclass
class Model:
    color: Color
    size: int
color, model, f = Color.RED, Model(Color.RED, {}), [lambda x: x]
_metadata = {{"other": Model(Color.BLUE, 1)}}
"""


def test_what_a_file_defines_is_the_same_however_often_it_is_loaded(write: Any) -> None:
    """Members of its Enums, its dataclasses and functions; classes alone can't be compared."""
    path = write("own.py", OWN.format(1))
    one, other, third = (
        load_config(path),
        load_config(path),
        load_config(write("b.py", OWN.format(2))),
    )
    assert isinstance(one, Config) and isinstance(other, Config) and isinstance(third, Config)
    for name in ("color", "model", "f"):
        assert same_value(one.globals_dict[name], other.globals_dict[name])
    assert same_value(one.metadata, other.metadata)
    assert not same_value(one.globals_dict["model"], third.globals_dict["model"])


def test_what_has_no_name_with_dots_stays_whole() -> None:
    """Empty dictionaries, keys that aren't texts or have dots, and circles."""
    circle: dict[str, Any] = {"a": 1}
    circle["self"] = circle
    whole = {"e": {}, "n": {1: 2}, "d": {"a.b": 1}, "x": {"": 1}}
    assert flattened(whole) == whole
    assert flattened({"c": circle}) == {"c.a": 1, "c.self": circle}


NAMES = st.text("abc", min_size=1, max_size=2)
TREES: Any = st.dictionaries(
    NAMES, st.recursive(st.integers(), lambda t: st.dictionaries(NAMES, t))
)


@given(TREES)
def test_flattened_values_can_be_put_back(values: dict[str, Any]) -> None:
    """`with_nested` makes the same of them."""
    assert with_nested({}, flattened(values)) == values
