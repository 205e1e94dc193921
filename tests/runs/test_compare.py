"""What differs between runs."""

from __future__ import annotations

from typing import Any

from kohakuengine.runs.columns import RUN_COLUMNS
from kohakuengine.runs.compare import compare
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.table import Runs


def row(id: str, **columns: Any) -> dict[str, Any]:
    """A row of the index."""
    empty = {"params": {}, "metrics": {}, "tags": [], "status": "finished", "script": "train.py"}
    return {**dict.fromkeys(RUN_COLUMNS), "id": id, "created": 1.0, **empty, **columns}


def test_only_what_differs_is_told() -> None:
    """Parameters first, then metrics, then facts."""
    times = {"started": 1.0, "ended": 3.0}
    first = row("a", params={"bs": 1, "lr": 0.1}, metrics={"loss": 1.0}, exit_code=0, **times)
    second = row("b", params={"bs": 1, "lr": 0.2}, metrics={"loss": 2.0}, exit_code=1, **times)
    assert list(compare([first, second]).items()) == [
        ("lr", {"a": 0.1, "b": 0.2}),
        ("loss", {"a": 1.0, "b": 2.0}),
        ("exit_code", {"a": 0, "b": 1}),
    ]


def test_what_a_run_lacks_is_a_difference() -> None:
    """A run without a parameter isn't the same as one with None, and isn't among the values."""
    found = compare([row("a", params={"x": None}), row("b", params={})])
    assert found == {"x": {"a": None}}


def test_types_differ() -> None:
    """1, 1.0 and True are three values; nan is the same as nan."""
    rows = [row("a", params={"x": 1}), row("b", params={"x": 1.0}), row("c", params={"x": True})]
    assert compare(rows) == {"x": {"a": 1, "b": 1.0, "c": True}}
    nan = float("nan")
    assert compare([row("a", metrics={"m": nan}), row("b", metrics={"m": nan})]) == {}


def test_equal_containers_do_not_differ() -> None:
    """Lists item by item, dicts whatever their order."""
    first = row("a", params={"x": [1, 2], "y": {"p": 1, "q": 2}})
    second = row("b", params={"x": [1, 2], "y": {"q": 2, "p": 1}})
    assert compare([first, second]) == {}


def test_no_name_hides_another() -> None:
    """A metric or fact whose name is taken says what it is."""
    first = row("a", params={"loss": 1, "status": 1}, metrics={"loss": 1.0})
    second = row("b", params={"loss": 2, "status": 2}, metrics={"loss": 2.0}, status="failed")
    assert list(compare([first, second])) == ["loss", "status", "metrics.loss", "facts.status"]


def test_runs_of_a_store_are_compared(tmp_path) -> None:
    """`Runs.compare()` takes runs, positions, beginnings of ids, or nothing for all."""
    store = RunStore(str(tmp_path / "home"))
    first, second, third = (letter * 32 for letter in "abc")
    rates = {first: 1, second: 2, third: 1}
    store.add_runs([row(id, params={"lr": lr}) for id, lr in rates.items()])
    runs = Runs(store, list(rates))
    assert runs.compare() == {"lr": rates}
    assert runs.compare(0, "b") == {"lr": {first: 1, second: 2}}
    assert runs.compare(0, -1) == {}
    assert runs.compare(runs[0], runs[1]) == {"lr": {first: 1, second: 2}}
    assert runs.compare(next(iter(runs)), 1, third) == {"lr": rates}
