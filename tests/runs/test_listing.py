"""Tables of runs look into dictionaries: what varies within them is told by names with dots."""

from __future__ import annotations

from typing import Any

from kohakuengine.runs.listing import columns
from kohakuengine.runs.summary import Summary


def row(id: str, **params: Any) -> dict[str, Any]:
    return {
        **{"id": id * 32, "script": "net.py", "name": "", "status": "finished", "params": params},
        **{"metrics": {}, "started": 1.0, "ended": 2.0, "created": 1.0, "attempts": 1},
    }


ROWS = [
    row("a", lr=0.1, model={"layers": 4, "opt": {"lr": 1}}),
    row("b", lr=0.1, model={"layers": 8, "opt": {"lr": 1}}),
]


def test_what_varies_within_a_dictionary_is_a_column() -> None:
    """As in the table of a dry run, and not the whole dictionary, which would be cut."""
    found = {one.name: one.cells for one in columns(ROWS) if one.kind == "param"}
    assert found == {"model.layers": ["4", "8"]}


def test_what_is_the_same_within_a_dictionary_is_told_once() -> None:
    """The summary of many runs parts dictionaries in what varies and what doesn't."""
    summary = Summary(ROWS, 10)
    assert summary.varying == ["model.layers"]
    assert summary.common == {"lr": 0.1, "model.opt.lr": 1}
    table = columns(summary.first, params=summary.varying, metrics=())
    assert [one.cells for one in table if one.kind == "param"] == [["4", "8"]]


def test_a_name_that_only_repeats_parameters_is_left_out() -> None:
    """Also one that says what is within a dictionary."""
    rows = [{**one, "name": f"model.layers={n}"} for one, n in zip(ROWS, (4, 8))]
    assert "name" not in [one.kind for one in columns(rows)]
