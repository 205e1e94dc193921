"""How much each parameter tells of a metric."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest

from kohakuengine.runs.importance import importance

GRID = [{"a": a, "b": b, "c": c} for a, b, c in product((1, 2, 3), ("x", "y"), (False, True))]


def test_what_decides_has_all() -> None:
    """And the others have nothing."""
    shares = importance(GRID, [run["a"] * 10.0 for run in GRID], ["b", "a", "c"])
    assert list(shares) == ["a", "b", "c"]
    assert shares == {"a": pytest.approx(1), "b": 0, "c": 0}


def test_what_several_decide_together_counts_for_none() -> None:
    """An interaction is no main effect."""
    scores = [float((run["b"] == "x") == run["c"]) for run in GRID]
    assert importance(GRID, scores, ["a", "b", "c"]) == {"a": 0, "b": 0, "c": 0}


def test_chance_does_not_raise_it() -> None:
    """Of noise, the share is 0 on average but for the cut, where the plain ratio is 4/11."""
    draws = random.Random(1)
    runs = [{"a": n % 5} for n in range(12)]
    shares = [importance(runs, [draws.random() for _ in runs], ["a"])["a"] for _ in range(500)]
    assert sum(shares) / len(shares) < 0.15


def test_many_numbers_are_grouped() -> None:
    """A random search has no two runs with the same value."""
    draws = random.Random(2)
    runs = [{"lr": 10 ** draws.uniform(-5, 0), "other": draws.random()} for _ in range(100)]
    shares = importance(runs, [abs(math.log10(run["lr"]) + 2) for run in runs], ["lr", "other"])
    assert shares["lr"] > 0.8 and shares["other"] < 0.1


def test_a_wide_metric_counts_by_its_logarithm() -> None:
    """Else the few that diverged would be all that counts."""
    scores = [10.0 ** run["a"] * (100 if run["b"] == "x" else 1) for run in GRID]
    shares = importance(GRID, scores, ["a", "b"])
    assert shares["b"] == pytest.approx(0.6, abs=0.06) and shares["a"] > 0.25


UNTOLD = {
    "a text of its own each": [{"a": str(n)} for n in range(5)],
    "one value": [{"a": 1}] * 5,
    "two runs": [{"a": 1}, {"a": 2}],
}


@pytest.mark.parametrize("runs", UNTOLD.values(), ids=UNTOLD)
def test_what_cannot_be_told_is_nan(runs: list[dict[str, object]]) -> None:
    """Also a metric that is the same for all."""
    assert math.isnan(importance(runs, list(map(float, range(len(runs)))), ["a"])["a"])
    assert math.isnan(importance(GRID, [1.0] * len(GRID), ["a"])["a"])


def test_runs_that_lack_a_parameter_are_a_group() -> None:
    """What is not set may matter, too."""
    runs = [{"a": 1}, {"a": 1}, {}, {}]
    assert importance(runs, [0, 0, 1, 1], ["a"])["a"] == 1
