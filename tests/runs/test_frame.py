"""Runs as a DataFrame."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from kohakuengine.runs.columns import RUN_COLUMNS
from kohakuengine.runs.frame import to_pandas
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.table import Runs

NEEDS = "it comes with the extra `test`"


def row(id: str, **columns: Any) -> dict[str, Any]:
    """A row of the index."""
    empty = {"params": {}, "metrics": {}, "tags": [], "status": "finished", "attempts": 1}
    return {**dict.fromkeys(RUN_COLUMNS), "id": id, "created": 1_700_000_000.0, **empty, **columns}


def test_a_row_a_run_with_its_parameters_and_metrics() -> None:
    """In order, indexed by id; numbers are numbers, and what a run lacks is missing."""
    pandas = pytest.importorskip("pandas", reason=NEEDS)
    frame = to_pandas(
        [
            row("b", name="x", params={"lr": 0.1, "bs": 32}, metrics={"loss": 0.5}),
            row("a", name="y", params={"lr": 0.2}, metrics={"loss": float("nan"), "acc": 1.0}),
        ]
    )
    assert list(frame.index) == ["b", "a"] and frame.index.name == "id"
    assert list(frame.columns[:6]) == ["name", "status", "lr", "bs", "loss", "acc"]
    assert list(frame["lr"]) == [0.1, 0.2] and frame["lr"].dtype == float
    assert frame.loc["b", "bs"] == 32 and pandas.isna(frame.loc["a", "bs"])
    assert frame.loc["b", "loss"] == 0.5 and pandas.isna(frame.loc["a", "loss"])


def test_times_are_in_utc_and_durations_in_seconds() -> None:
    """A run that has not begun has neither."""
    pandas = pytest.importorskip("pandas", reason=NEEDS)
    times = {"started": 1_700_000_000.25, "ended": 1_700_000_002.75}
    frame = to_pandas([row("a", **times), row("b", status="queued")])
    assert frame.loc["a", "started"] == pandas.Timestamp("2023-11-14T22:13:20.25Z")
    assert list(frame["duration"])[0] == 2.5
    assert frame.loc["b", ["started", "ended", "duration"]].isna().all()


def test_whole_numbers_stay_whole() -> None:
    """Also where not every run has one."""
    pytest.importorskip("pandas", reason=NEEDS)
    frame = to_pandas([row("a", exit_code=-9, slot=0), row("b")])
    assert str(frame["exit_code"].dtype) == "Int64"
    assert frame.loc["a", "exit_code"] == -9
    assert list(frame[frame["exit_code"] == -9].index) == ["a"]


def test_no_name_hides_another() -> None:
    """A parameter or metric whose name is taken says what it is."""
    pytest.importorskip("pandas", reason=NEEDS)
    params = {"name": "p", "duration": 7, "loss": "mse"}
    frame = to_pandas([row("a", name="n", params=params, metrics={"loss": 0.5, "status": 1.0})])
    first = frame.loc["a"]
    assert (first["name"], first["params.name"], first["params.duration"]) == ("n", "p", 7)
    assert (first["loss"], first["metrics.loss"]) == ("mse", 0.5)
    assert (first["status"], first["metrics.status"]) == ("finished", 1.0)


def test_any_value_of_json_is_a_cell() -> None:
    """Lists and dicts of parameters, results and tags stay as they are."""
    pytest.importorskip("pandas", reason=NEEDS)
    frame = to_pandas([row("a", params={"layers": [1, 2]}, result={"loss": 1}, tags=["x"])])
    assert frame.loc["a", "layers"] == [1, 2]
    assert frame.loc["a", "result"] == {"loss": 1}
    assert frame.loc["a", "tags"] == ["x"]


def test_no_runs_have_the_same_columns() -> None:
    """An empty frame can be worked with."""
    pytest.importorskip("pandas", reason=NEEDS)
    assert list(to_pandas([]).columns) == list(to_pandas([row("a")]).columns)


def test_runs_of_a_store_become_a_frame(tmp_path) -> None:
    """`Runs.to_pandas()` reads them in their order."""
    pytest.importorskip("pandas", reason=NEEDS)
    store = RunStore(str(tmp_path / "home"))
    first, second, third = (letter * 32 for letter in "abc")
    store.add_runs([row(id, params={"lr": 1.0}) for id in (first, second, third)])
    assert list(Runs(store, [third, first]).to_pandas().index) == [third, first]


def test_without_pandas_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the command that installs it."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        to_pandas([])
