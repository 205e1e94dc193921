"""kogine compare"""

from __future__ import annotations

import json

import pytest
from stored import Stored, stored, sweep  # noqa: F401


def test_what_differs_is_shown(kogine, sweep: Stored) -> None:
    """A column for each run; what they have in common is left out."""
    reply = kogine("compare", "a1", "a3")
    assert (reply.outcome, reply.err) == (0, "")
    lines = [line.split() for line in reply.out.splitlines()]
    assert lines[0] == ["a1000000", "a3000000"]
    assert ["lr", "0.1", "0.4"] in lines and ["loss", "0.5"] in lines
    assert ["status", "finished", "failed"] in lines
    assert not [line for line in lines if line[0] in ("bs", "script")]


def test_many_runs_stand_one_below_the_other(kogine, sweep: Stored) -> None:
    """A flow stands for all of its runs; more than a few have a line each."""
    flow = sweep.flow("f2")
    sweep.run("b1", flow, {"lr": 1})
    sweep.run("b2", flow, {"lr": 2})
    lines = [line.split() for line in kogine("compare", "f1", "f2").out.splitlines()]
    assert lines[0][:2] == ["lr", "bs"]
    assert [line[0] for line in lines[1:]] == [
        f"{id}000000" for id in ("a1", "a2", "a3", "b1", "b2")
    ]


def test_differences_as_json(kogine, sweep: Stored) -> None:
    """With `--json`, values by name and by whole id; the newest run can be named by its place."""
    document = json.loads(kogine("compare", "-3", "-2", "--json").out)
    first, second = (id.ljust(32, "0") for id in ("a1", "a2"))
    assert document["runs"] == [first, second]
    assert document["differences"]["lr"] == {first: 0.1, second: 0.2}
    assert document["differences"]["loss"] == {first: 0.5, second: 0.25}


def test_runs_that_do_not_differ(kogine, sweep: Stored) -> None:
    """It is told, and is no error."""
    sweep.run("b1", sweep.flow("f2"), {"lr": 1})
    sweep.run("b2", sweep.flow("f3"), {"lr": 1})
    reply = kogine("compare", "b1", "b2")
    assert (reply.outcome, reply.out) == (0, "")
    assert reply.err == "kogine: these 2 runs don't differ.\n"
    assert json.loads(kogine("compare", "b1", "b2", "--json").out)["differences"] == {}


def test_on_a_terminal_it_is_a_table(kogine, sweep: Stored, monkeypatch) -> None:
    """However narrow the terminal is."""
    monkeypatch.setattr("kohakuengine.cli.compare.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    reply = kogine("compare", "f1")
    assert reply.outcome == 0 and "0.25" in reply.out
    assert all(len(line) <= 30 for line in reply.out.splitlines())


@pytest.mark.parametrize("which", [["a1"], ["a1", "a1"], []])
def test_one_run_cannot_be_compared(kogine, sweep: Stored, which: list[str]) -> None:
    """At least two are needed; exit code 2."""
    reply = kogine("compare", *which)
    assert (reply.outcome, reply.out) == (2, "")
    assert "Usage: kogine compare" in reply.err
