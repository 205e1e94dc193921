"""Where values stand on an axis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.runs.scales import Bins, Scale, is_number, is_wide, written

VALUES = st.lists(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text(max_size=2),
    min_size=1,
)


def test_numbers_stand_where_they_belong() -> None:
    """On a logarithmic scale where they are positive and span more than two decades."""
    scale = Scale([30, 10, 20])
    assert [scale(value) for value in (10, 20, 30)] == [0, 0.5, 1] and not scale.log
    wide = Scale([1e-5, 1e-1, 1e-3])
    assert [wide(value) for value in (1e-5, 1e-3, 1e-1)] == pytest.approx([0, 0.5, 1])
    assert wide.log


@pytest.mark.parametrize("values", [[0, 1e6], [-1, 1e6], [1, 100], []])
def test_what_is_not_wide_is_linear(values: list[float]) -> None:
    """With 0 or less there is no logarithm."""
    assert not is_wide(values)


def test_other_values_stand_at_even_distances() -> None:
    """Numbers first, then False and True, then texts as they were met."""
    scale = Scale(["b", True, 2, "a", None, 1, False])
    assert scale.distinct == [1, 2, False, True, "b", "a", None]
    assert scale("b") == 4 / 6 and not scale.numeric


def test_what_counts_as_the_same() -> None:
    """1 and 1.0 do; True and "1" don't."""
    assert Scale([1, 1.0, 2]).distinct == [1.0, 2]
    assert len(Scale([1, True, "1"]).distinct) == 3
    assert [is_number(value) for value in (1, 0.5, True, float("nan"), "1", None)] == [
        *(True, True, False, False, False, False)
    ]


def test_one_value_stands_in_the_middle() -> None:
    """There is nothing to compare it with."""
    assert Scale([7])(7) == 0.5 and Scale(["x"]).ticks() == [(0.5, "x")]


def test_few_values_are_marked_as_they_are() -> None:
    """Those that are too near to others are left out; of many, there are marks at round places."""
    assert Scale([16, 32, 64]).ticks() == [(0, "16"), (pytest.approx(1 / 3), "32"), (1, "64")]
    assert [text for _, text in Scale([0, 0.01, 50, 99.9, 100]).ticks()] == ["0", "50", "100"]
    assert Scale(range(101)).ticks() == [
        *((0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1, "100"))
    ]
    assert len(Scale(map(str, range(100))).ticks()) <= 24


def test_texts_are_no_mathematics() -> None:
    """Two dollars would make them so; what is empty or long can be read."""
    assert [written(value) for value in ("$x$", "", "a" * 99)] == [
        *(r"\$x\$", "''", "a" * 19 + "…")
    ]


def test_many_numbers_are_put_into_ranges() -> None:
    """Of equal widths, or of equal ratios where they are wide."""
    bins = Bins(range(101))
    assert bins.ranges and len(bins.labels) == 12
    assert (bins(0), bins(50), bins(100)) == (0, 6, 11) and bins.labels[0] == "0 – 8.3"
    wide = Bins([10 ** (n / 10) for n in range(61)])
    assert wide(1) == 0 and wide(1e3) == 6 and wide.labels[0] == "1 – 3.2"
    few = Bins([2, 1, 2])
    assert (few.labels, few(2), few.ranges) == (["1", "2"], 1, False)


@given(VALUES)
def test_every_value_has_its_place(values: list[object]) -> None:
    """Between 0 and 1, and in a row of a grid that has a label."""
    scale, bins = Scale(values), Bins(values)
    assert all(-1e-9 <= scale(value) <= 1 + 1e-9 and value in scale for value in values)
    assert all(0 <= bins(value) < len(bins.labels) for value in values)
    assert scale.ticks()
