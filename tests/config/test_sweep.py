"""Sweeps: the Configs of all points of a space."""

from __future__ import annotations

from typing import Any

import pytest

from kohakuengine.config import axes
from kohakuengine.config.base import Config
from kohakuengine.config.sweep import Sweep
from kohakuengine.errors import ConfigError


def test_a_grid_has_all_combinations() -> None:
    """The last axis varies fastest, and what is the same for all is in each."""
    base = Config({"lr": 0, "seed": 7}, args=["x"], kwargs={"k": 1}, metadata={"m": 2})
    sweep = Sweep(base, {"lr": [1, 2], "bs": (3, 4)})
    assert [config.globals_dict for config in sweep] == [
        {"lr": 1, "seed": 7, "bs": 3},
        {"lr": 1, "seed": 7, "bs": 4},
        {"lr": 2, "seed": 7, "bs": 3},
        {"lr": 2, "seed": 7, "bs": 4},
    ]
    assert len(sweep) == 4
    first = next(iter(sweep))
    assert (first.args, first.kwargs, first.metadata) == (["x"], {"k": 1}, {"m": 2})


def test_an_axis_may_be_any_iterable() -> None:
    """It is gone through once; the grid can be gone through again."""
    sweep = Sweep(Config(), {"lr": (value / 10 for value in range(3))})
    assert [len(list(sweep)), len(list(sweep))] == [3, 3]


@pytest.mark.parametrize("values", [[], 3, "abc", b"abc"])
def test_an_axis_without_values_is_refused(values: Any) -> None:
    """A text is not a list of its letters."""
    with pytest.raises(ConfigError, match="sweep: lr "):
        Sweep(Config(), {"lr": values})


def test_names_with_dots_set_values_within_dictionaries() -> None:
    """What is beside them stays, and the base's own dictionaries aren't changed."""
    base = Config({"model": {"layers": 2, "width": 8}})
    sweep = Sweep(base, {"model.layers": [4, 6], "optim.lr": [0.1]})
    assert [config.globals_dict for config in sweep] == [
        {"model": {"layers": 4, "width": 8}, "optim": {"lr": 0.1}},
        {"model": {"layers": 6, "width": 8}, "optim": {"lr": 0.1}},
    ]
    assert base.globals_dict == {"model": {"layers": 2, "width": 8}}


def test_a_name_that_leads_into_something_else_is_refused() -> None:
    """Before anything is run."""
    with pytest.raises(ConfigError, match="lr.x can't be set: lr is no dictionary, but float"):
        Sweep(Config({"lr": 0.1}), {"lr.x": [1]})


def test_a_sweep_is_a_sequence_of_configs() -> None:
    """Any of its Configs, and some of them, can be asked for; each is a Config of its own."""
    sweep = Sweep(Config({"x": 0}, args=["a"]), axes.zip(lr=[1, 2, 3], bs=[4, 5, 6]))
    assert sweep[1] == Config({"x": 0, "lr": 2, "bs": 5}, args=["a"])
    assert sweep[1:] == list(sweep)[1:] and sweep[-1] == sweep[2]
    first, again = sweep[0], sweep[0]
    first.args.append("b")
    first.globals_dict["x"] = 9
    assert again == sweep[0] == Config({"x": 0, "lr": 1, "bs": 4}, args=["a"])
    assert sweep.names == ("lr", "bs")
