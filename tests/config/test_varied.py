"""What varies among configs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config.nested import with_nested
from kohakuengine.config.varied import Varied, flattened, same_value


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
    ],
)
def test_values_are_told_apart_by_type(one: Any, other: Any, same: bool) -> None:
    """As the config key tells them; what can't be compared isn't the same."""
    assert same_value(one, other) is same
    assert same_value(one, one)


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
