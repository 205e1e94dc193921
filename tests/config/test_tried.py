"""What the axes of a space try, found without a point being made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config import axes
from kohakuengine.config.tried import tried


def test_every_axis_is_looked_at_in_whatever_it_stands() -> None:
    """Axes in pairs, conditions, samples, repeats and one after the other are all looked at."""
    space = axes.concat(
        axes.repeat(
            axes.grid(axes.zip(a=[1, 2], b=[3, 4]), c=axes.when("a == 1", [5], otherwise=6)),
            2,
            "seed",
        ),
        axes.sample({"d": [7], "a": ["x"]}, 1),
    )
    found = {(name, value) for name, value, _ in tried(space)}
    assert found == {
        *(("a", 1), ("a", 2), ("b", 3), ("b", 4), ("c", 5), ("c", 6)),
        *(("seed", 0), ("seed", 1), ("d", 7), ("a", "x")),
    }


@given(st.integers(1, 10**12))
def test_of_a_long_range_both_ends_and_some_between_are_looked_at(count: int) -> None:
    """A range of any length is checked by at most 1,000 of its values."""
    found = [value for _, value, _ in tried(axes.grid(a=range(count)))]
    assert found[0] == 0 and found[-1] == count - 1
    assert len(set(found)) == len(found) == min(count, 1_000)


names = st.sampled_from("abcd")
lists = st.lists(st.integers(), min_size=1, max_size=3)


@given(st.dictionaries(names, lists, min_size=1))
def test_what_is_tried_is_what_the_points_hold(given: dict[str, list[int]]) -> None:
    """Of a grid, the values that are looked at are those of all of its points."""
    space = axes.grid(given)
    points = {pair for point in space for pair in point.items()}
    assert {(name, value) for name, value, _ in tried(space)} == points


def test_a_huge_grid_is_looked_at_by_its_axes() -> None:
    """Of 10**30 points none is made."""
    space = axes.grid(**{name: range(10**10) for name in "abc"})
    assert sum(1 for _ in tried(space)) == 3_000
