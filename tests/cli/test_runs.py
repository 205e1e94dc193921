"""kogine runs"""

from __future__ import annotations

import json

import pytest
from stored import Stored, stored, sweep  # noqa: F401

from kohakuengine.errors import StoreError
from kohakuengine.runs.lock import FlowLock


def ids(text: str) -> list[str]:
    """The first word of each line but the head."""
    return [line.split()[0] for line in text.splitlines()[1:]]


def test_runs_are_listed_newest_first(kogine, sweep: Stored) -> None:
    """Each with what varies, its status, its metrics and how long it took."""
    reply = kogine("runs")
    assert (reply.outcome, reply.err) == (0, "")
    rows = [line.split() for line in reply.out.splitlines()]
    assert rows[0] == ["id", "status", "lr", "loss", "duration", "created"]
    assert rows[1][:4] == ["a3000000", "failed", "0.4", "2.50s"]
    assert rows[2][:5] == ["a2000000", "finished", "0.2", "0.25", "2.50s"]
    assert ids(reply.out) == ["a3000000", "a2000000", "a1000000"]


FILTERS = {
    "status": (["--status", "failed"], ["a3"]),
    "several statuses": (["--status", "failed", "--status", "finished"], ["a3", "a2", "a1"]),
    "where": (["--where", "lr<0.3 and loss<0.3"], ["a2"]),
    "script": (["--script", "train.py"], ["a3", "a2", "a1"]),
    "sort": (["--sort", "loss"], ["a2", "a1", "a3"]),
    "sort descending": (["--sort", "-loss"], ["a1", "a2", "a3"]),
    "flow": (["f1"], ["a3", "a2", "a1"]),
    "newest flow": (["-1"], ["a3", "a2", "a1"]),
    "limit": (["--limit", "2"], ["a3", "a2"]),
    "no limit": (["--limit", "0"], ["a3", "a2", "a1"]),
}


@pytest.mark.parametrize("arguments, expected", FILTERS.values(), ids=FILTERS)
def test_runs_can_be_chosen(kogine, sweep: Stored, arguments: list[str], expected) -> None:
    """By status, script, flow, filter and order."""
    reply = kogine("runs", *arguments, "--json")
    assert [run["id"][:2] for run in json.loads(reply.out)] == expected


def test_runs_are_found_by_tag(kogine, sweep: Stored) -> None:
    """`--tag` lists those that have the tag."""
    sweep.store.update_run("a2".ljust(32, "0"), tags=["good"])
    assert ids(kogine("runs", "--tag", "good").out) == ["a2000000"]


def test_more_runs_than_are_shown_are_told(kogine, sweep: Stored) -> None:
    """What `--limit` leaves out is told, aside from the list."""
    reply = kogine("runs", "--limit", "2")
    assert reply.err == "kogine: these are 2 of 3 runs: see --limit.\n"


def test_json_has_all_that_the_index_says(kogine, sweep: Stored) -> None:
    """With `--json` each run is an object."""
    run = json.loads(kogine("runs", "--json", "--where", "lr = 0.1").out)[0]
    assert run["id"] == "a1".ljust(32, "0")
    assert run["params"] == {"lr": 0.1, "bs": 32}
    assert run["metrics"] == {"loss": 0.5}
    assert (run["status"], run["duration"], run["tags"]) == ("finished", 2.5, [])
    assert run["path"] == sweep.store.paths.run(run["id"]).folder


def test_where_nothing_is_recorded_there_are_no_runs(kogine, tmp_path, monkeypatch) -> None:
    """A folder without a store is no error, and none is made there."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "none"))
    reply = kogine("runs")
    assert (reply.outcome, reply.out) == (0, "")
    assert reply.err.startswith("kogine: there are no runs yet")
    assert kogine("runs", "--json").out == "[]\n"
    assert not (tmp_path / "none").exists()


def test_no_run_that_fits_is_told(kogine, sweep: Stored) -> None:
    """A filter that nothing passes gives an empty list, and a sentence."""
    reply = kogine("runs", "--where", "lr > 1")
    assert (reply.outcome, reply.out, reply.err) == (0, "", "kogine: there are no such runs.\n")


ALL = "there are loss, lr, bs, and what every run has, such as status, name and duration."
STRANGE: dict[str, tuple[list[str], str]] = {
    "in a filter": (["--where", "nosuch == 3"], f"metric or parameter nosuch: {ALL}"),
    "misspelt": (["--where", "los < 1 and lr > 0"], "metric or parameter los; did you mean loss?"),
    "a column": (["--sort", "-creatd"], "metric or parameter creatd; did you mean created?"),
    "to sort by": (["--sort", "nosuch"], f"metric or parameter nosuch: {ALL}"),
    "a metric": (["--where", 'metrics["lr"] < 1'], "metric lr: there are loss, and what every run"),
    "a parameter": (["--sort", 'params["l"]'], "parameter l; did you mean lr?"),
    "of the others": (["--status", "failed", "--sort", "loss"], "metric or parameter loss: there"),
}


@pytest.mark.parametrize("arguments, said", STRANGE.values(), ids=STRANGE)
def test_a_name_that_no_run_has_is_told(kogine, sweep: Stored, arguments, said: str) -> None:
    """With what may have been meant, on stderr; also where runs are exported."""
    reply = kogine("runs", *arguments)
    assert reply.outcome == 0 and f"kogine: no run here has a {said}" in reply.err
    assert f"kogine: no run here has a {said}" in kogine("store", "export", "-", *arguments).err


def test_names_that_runs_have_are_no_slips(kogine, stored: Stored) -> None:
    """Of any run, of whatever value; nor are columns, or words without quotes."""
    flow = stored.flow("f1")
    stored.run("a1", flow, {"lr": None}, result={"loss": float("nan")})
    stored.run("a2", flow, {"bs": 1})
    for where in (
        "lr is None",
        "loss > 1",
        "bs = 1 and status == failed",
        "script = train",
        "tag=a",
    ):
        assert "no run here" not in kogine("runs", "--where", where).err
    assert kogine("runs", "--sort", "-bs").err == kogine("runs", "--sort", "duration").err == ""


def test_runs_of_a_dead_flow_are_interrupted(kogine, stored: Stored) -> None:
    """A flow whose process is gone isn't shown as running."""
    flow = stored.flow("f1", ended=None)
    stored.run("a1", flow, status=None)
    assert [run["status"] for run in json.loads(kogine("runs", "--json").out)] == ["interrupted"]
    assert json.loads(kogine("runs", "--flows", "--json").out)[0]["status"] == "interrupted"


def test_runs_of_a_live_flow_are_running(kogine, stored: Stored) -> None:
    """A flow that goes on is left alone."""
    flow = stored.flow("f1", ended=None)
    lock = FlowLock.acquire(stored.store.paths.flow(flow).lock)
    assert lock is not None
    stored.run("a1", flow, status=None)
    try:
        runs = json.loads(kogine("runs", "--json").out)
    finally:
        lock.release()
    assert [run["status"] for run in runs] == ["running"]


def test_a_store_that_cannot_be_settled_is_listed(kogine, sweep: Stored, monkeypatch) -> None:
    """Where the store can only be read, a warning says what that means."""

    def refuse(store: object) -> None:
        raise StoreError("it can't be written.")

    monkeypatch.setattr("kohakuengine.flow.settle.settle_all", refuse)
    reply = kogine("runs")
    assert reply.outcome == 0 and len(ids(reply.out)) == 3
    assert reply.err.startswith("kogine: warning: ") and "can't be written" in reply.err


def test_flows_are_listed(kogine, sweep: Stored) -> None:
    """`--flows` shows how far each flow is."""
    sweep.flow("f2", scripts=["/lab/a.py", "/lab/b.py"], total=0)
    lines = kogine("runs", "--flows").out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["id", "name"],
        ["f2000000", "finished"],
        ["f1000000", "first"],
    ]
    assert "3/3, 1 failed" in lines[2] and lines[1].endswith("a.py, b.py")
    assert ids(kogine("runs", "--flows", "--limit", "1").out) == ["f2000000"]


def test_a_flow_tells_what_was_stopped_from_what_failed(kogine, stored: Stored) -> None:
    """Runs that didn't finish are counted by how they ended."""
    flow = stored.flow("f1", ended="cancelled", total=5)
    for number, status in enumerate(("finished", "cancelled", "cancelled", "interrupted")):
        stored.run(f"a{number}", flow, status=status)
    line = kogine("runs", "--flows").out.splitlines()[1]
    assert "4/5, 2 cancelled, 1 interrupted" in line and "failed" not in line


def test_flows_as_json_have_their_counts(kogine, sweep: Stored) -> None:
    """How many runs have each status."""
    (flow,) = json.loads(kogine("runs", "--flows", "--json").out)
    assert (flow["name"], flow["total"]) == ("first", 3)
    assert flow["counts"] == {"finished": 2, "failed": 1}


def test_on_a_terminal_the_list_fits(kogine, sweep: Stored, monkeypatch) -> None:
    """What doesn't fit the width is left out, and that is told."""
    monkeypatch.setattr("kohakuengine.cli.runs.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    reply = kogine("runs", "--limit", "2")
    assert all(len(line) <= 40 for line in reply.out.splitlines())
    assert "2 of 3 runs" in reply.out and "left out" in reply.out.replace("\n", " ")


WRONG = {
    "filter": (["--where", "lr <"], "the filter 'lr <' is wrong"),
    "status": (["--status", "done"], "'done' is not one of"),
    "flow": (["zz"], "there is no flow 'zz'"),
    "filtered flows": (["--flows", "--tag", "a"], "--flows lists all flows"),
    "limit": (["--limit", "-1"], "-1 is not in the range"),
}


@pytest.mark.parametrize("arguments, said", WRONG.values(), ids=WRONG)
def test_what_cannot_be_understood_is_told(kogine, sweep: Stored, arguments, said: str) -> None:
    """A sentence on stderr, and exit code 2."""
    reply = kogine("runs", *arguments)
    assert (reply.outcome, reply.out) == (2, "")
    assert said in reply.err
