"""kogine store du, rm, tag, reindex and export"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stored import Stored, stored, sweep  # noqa: F401

from kohakuengine.runs.lock import FlowLock
from kohakuengine.runs.reindex import reindex
from kohakuengine.runs.remove import plan_removal, remove
from kohakuengine.runs.sizes import size_of
from kohakuengine.runs.tags import tag_flow
from kohakuengine.runs.values import read_record, write_json

FLOW = "f1".ljust(32, "0")
A1, A2, A3 = (id.ljust(32, "0") for id in ("a1", "a2", "a3"))


def ids(stored: Stored) -> list[str]:
    """The ids of all runs in the index, in order."""
    return sorted(stored.store.ids())


def folders(stored: Stored) -> list[str]:
    """The names of all folders of runs and flows."""
    names = [name for group in (stored.home / "runs").iterdir() for name in os.listdir(group)]
    return sorted([*names, *os.listdir(stored.home / "flows")])


def begin(stored: Stored, flow: str) -> FlowLock:
    """Have this process run a flow, as a coordinator does; released, the lock is free again."""
    paths = stored.store.paths.flow(flow)
    lock = FlowLock.acquire(paths.lock)
    assert lock is not None
    write_json(paths.record, {**read_record(paths.record), "pid": os.getpid()})
    os.unlink(paths.ended)
    return lock


# ---- du ----


def test_sizes_are_shown(kogine, sweep: Stored) -> None:
    """Of each flow, and of all."""
    reply = kogine("store", "du")
    lines = reply.out.splitlines()
    assert (reply.outcome, reply.err) == (0, "")
    assert "f1000000  3 runs" in lines[0] and "first" in lines[0]
    [whole] = [line for line in lines if "in all" in line]  # live warm servers follow it
    assert whole.endswith(f"in all, in {sweep.home}")


def test_sizes_as_json_add_up(kogine, sweep: Stored) -> None:
    """Flows, the index, and what belongs to neither make the whole."""
    artifacts = Path(sweep.store.paths.run(A1).artifacts)
    artifacts.mkdir()
    (artifacts / "model.bin").write_bytes(os.urandom(300_000))
    document = json.loads(kogine("store", "du", "--json").out)
    (flow,) = document["flows"]
    assert flow["bytes"] > 300_000 and flow["runs"] == 3
    assert document["bytes"] == flow["bytes"] + document["index"] + document["other"]


def test_a_size_counts_each_file_once(tmp_path: Path) -> None:
    """Links aren't followed, and a second name of a file takes no room."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_bytes(os.urandom(100_000))
    before = size_of(str(tmp_path / "a"))
    os.link(tmp_path / "a" / "file", tmp_path / "a" / "same")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert 100_000 <= before <= size_of(str(tmp_path / "a")) < before + 50_000
    assert size_of(str(tmp_path / "none")) == 0


# ---- rm ----


def test_a_run_is_removed(kogine, sweep: Stored) -> None:
    """Its directory and its row in the index; the flow keeps its other runs."""
    reply = kogine("store", "rm", "a1", "--yes")
    assert reply.outcome == 0 and reply.out.startswith("removed 1 run (")
    assert ids(sweep) == [A2, A3]
    assert folders(sweep) == [A2, A3, FLOW]
    assert reindex(sweep.store)["runs"] == 2


def test_a_flow_is_removed_with_its_runs(kogine, sweep: Stored) -> None:
    """Nothing is left of it."""
    document = json.loads(kogine("store", "rm", "f1", "--yes", "--json").out)
    assert (sorted(document["runs"]), document["flows"]) == ([A1, A2, A3], [FLOW])
    assert document["bytes"] > 0
    assert (ids(sweep), sweep.store.flows(), folders(sweep)) == ([], [], [])


def test_a_flow_goes_with_its_last_run(kogine, sweep: Stored) -> None:
    """A flow of no runs is of no use."""
    assert "3 runs and 1 flow" in kogine("store", "rm", "a1", "a2", "a3", "--yes").out
    assert (sweep.store.flows(), folders(sweep)) == ([], [])


def test_old_runs_are_removed(kogine, sweep: Stored) -> None:
    """`--older-than` looks at when a run ended; flows without runs count by when they were made."""
    sweep.flow("f2")
    new = sweep.flow("f3")
    sweep.run("b1", new)
    sweep.store.update_run("b1".ljust(32, "0"), ended=time.time())
    assert "3 runs and 2 flows" in kogine("store", "rm", "--older-than", "30d", "-y").out
    assert ids(sweep) == ["b1".ljust(32, "0")]
    assert kogine("store", "rm", "--older-than", "30d", "-y").out == "there is nothing to remove\n"


def test_runs_are_removed_by_status(kogine, sweep: Stored) -> None:
    """`--status` leaves the others, also of a flow that is named."""
    kogine("store", "rm", "f1", "--status", "failed", "--yes")
    assert ids(sweep) == [A1, A2]


@pytest.mark.parametrize("answer, left", [("y\n", 2), ("n\n", 3), ("\n", 3)])
def test_it_is_asked_before_anything_is_removed(
    kogine, sweep: Stored, monkeypatch, answer: str, left: int
) -> None:
    """Only a clear yes removes."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    reply = kogine("store", "rm", "a1")
    assert "remove 1 run (" in reply.err
    assert (len(ids(sweep)), reply.outcome) == (left, 0 if left == 2 else 1)


def test_where_nobody_can_be_asked_nothing_is_removed(kogine, sweep: Stored, monkeypatch) -> None:
    """Without a terminal, `--yes` is needed."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    reply = kogine("store", "rm", "a1")
    assert reply.outcome == 2 and "say --yes" in reply.err
    assert len(ids(sweep)) == 3


def test_what_goes_on_is_not_removed(kogine, sweep: Stored) -> None:
    """Neither when it is named, which is an error, nor by a filter, which leaves it out."""
    lock = begin(sweep, FLOW)
    try:
        named = kogine("store", "rm", "a1", "--yes")
        filtered = kogine("store", "rm", "--status", "failed", "--yes")
    finally:
        lock.release()
    assert named.outcome == 2 and "is going on" in named.err
    assert filtered.outcome == 0 and "1 run of flow f1000000, which goes on, stay" in filtered.err
    assert len(ids(sweep)) == 3 and len(folders(sweep)) == 4


class Meanwhile(io.StringIO):
    """Standard input of who says yes, once something else has happened."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__("y\n")
        self._happens = happens

    def readline(self, size: int | None = -1, /) -> str:
        self._happens()
        return super().readline()


@pytest.mark.parametrize("indexed", [True, False])
def test_what_is_tried_again_while_it_is_asked_stays(
    kogine, sweep: Stored, monkeypatch, indexed: bool
) -> None:
    """A run that failed when it was asked about, and has finished since, isn't lost; nor is its
    flow."""
    sweep.run("a4", FLOW, status="failed")

    def retry() -> None:
        sweep.attempt(A3)
        if not indexed:
            sweep.store.update_run(A3, status="failed", attempts=1)

    monkeypatch.setattr(sys, "stdin", Meanwhile(retry))
    reply = kogine("store", "rm", "--status", "failed")
    assert "remove 2 runs (" in reply.err
    assert "1 run of flow f1000000, which went on meanwhile, stays." in reply.err
    assert reply.outcome == 0 and reply.out.startswith("removed 1 run (")
    assert ids(sweep) == [A1, A2, A3] and folders(sweep) == [A1, A2, A3, FLOW]


def test_runs_that_begin_while_it_is_asked_stay(kogine, sweep: Stored, monkeypatch) -> None:
    """With their flow, the rest of which goes; it is told, and not taken for done."""
    new = "b1".ljust(32, "0")
    monkeypatch.setattr(sys, "stdin", Meanwhile(lambda: sweep.run("b1", FLOW)))
    reply = kogine("store", "rm", "f1")
    assert "flow f1000000 stays, since it has got other runs meanwhile." in reply.err
    assert reply.outcome == 1 and reply.out.startswith("removed 3 runs (")
    assert ids(sweep) == [new] and folders(sweep) == [new, FLOW]


def test_a_flow_that_goes_on_since_it_was_asked_stays(kogine, sweep: Stored, monkeypatch) -> None:
    """The others go, and what has gone is told."""
    for start in ("f0", "f2"):
        sweep.run(f"b{start}", sweep.flow(start), status="failed")
    locks = []
    monkeypatch.setattr(sys, "stdin", Meanwhile(lambda: locks.append(begin(sweep, FLOW))))
    reply = kogine("store", "rm", "--status", "failed")
    locks[0].release()
    assert "1 run of flow f1000000, which goes on, stays." in reply.err
    assert reply.outcome == 0 and reply.out.startswith("removed 2 runs and 2 flows (")
    assert ids(sweep) == [A1, A2, A3] and folders(sweep) == [A1, A2, A3, FLOW]


def test_the_index_forgets_runs_without_directories(kogine, sweep: Stored) -> None:
    """What somebody deleted by hand can be removed, too."""
    shutil.rmtree(sweep.store.paths.run(A1).folder)
    shutil.rmtree(sweep.store.paths.flow(FLOW).folder)
    assert kogine("store", "rm", "f1", "--yes").outcome == 0
    assert (ids(sweep), folders(sweep)) == ([], [])


def test_folders_that_nobody_may_write_to_are_removed(kogine, sweep: Stored) -> None:
    """Scripts may leave such behind."""
    locked = Path(sweep.store.paths.run(A1).artifacts) / "locked"
    locked.mkdir(parents=True)
    (locked / "file").write_text("x")
    locked.chmod(0o500)
    assert kogine("store", "rm", "a1", "--yes").outcome == 0
    assert A1 not in folders(sweep)


def test_a_removal_that_is_killed_leaves_no_half_run(kogine, sweep: Stored, monkeypatch) -> None:
    """A run is there or gone; what is left of its files goes with the next removal."""

    def die(path: str) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", die)
        with pytest.raises(SystemExit):
            kogine("store", "rm", "a1", "--yes")
    assert ids(sweep) == [A2, A3]
    counts = reindex(sweep.store)
    assert (counts["runs"], counts["broken"]) == (2, [])
    assert kogine("store", "rm", "a2", "--yes").outcome == 0
    assert folders(sweep) == [A3, FLOW]


WRONG = {
    "nothing": (["rm"], "Nothing to remove"),
    "no time span": (["rm", "--older-than", "30x"], "no time span: write 2w, 30d, 12h, 90m or 45s"),
    "no such run": (["rm", "zz", "--yes"], "there is no run or flow 'zz'"),
    "no run to tag": (["tag", "+good"], "RUN|FLOW"),
    "no tag": (["tag", "a1", "+"], "+good"),
    "another format": (["export", "runs.xlsx"], ".csv or .json"),
}


@pytest.mark.parametrize("arguments, said", WRONG.values(), ids=WRONG)
def test_what_cannot_be_done_is_told(
    kogine, sweep: Stored, arguments: list[str], said: str
) -> None:
    """A sentence on stderr, and exit code 2."""
    reply = kogine("store", *arguments)
    assert (reply.outcome, reply.out) == (2, "")
    assert said in reply.err


@pytest.mark.parametrize("command", [["du"], ["rm", "a1"], ["tag", "a1"], ["reindex"]])
def test_without_a_store_one_sentence_is_told(kogine, tmp_path, monkeypatch, command) -> None:
    """None is made."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "none"))
    reply = kogine("store", *command)
    assert reply.outcome == 2 and "there is no store" in reply.err
    assert not (tmp_path / "none").exists()


# ---- tag ----


def test_runs_are_tagged(kogine, sweep: Stored) -> None:
    """+WORD gives a tag, -WORD takes it away; the tags are printed, and outlive the index."""
    assert kogine("store", "tag", "a1", "a2", "+good", "+slow").out == (
        "a1000000  good slow\na2000000  good slow\n"
    )
    assert kogine("store", "tag", "a1", "-slow", "-never").out == "a1000000  good\n"
    assert kogine("store", "tag", "a1", "a3").out == "a1000000  good\na3000000  -\n"
    reindex(sweep.store)
    assert sweep.store.ids(tag="good", sort="id") == [A1, A2]
    assert sweep.store.ids(tag="slow") == [A2]


def test_a_tag_without_its_sign_is_told(kogine, sweep: Stored) -> None:
    """It is looked for as a run, and where there is none, the sentence says how a tag is given."""
    reply = kogine("store", "tag", "a1", "good")
    assert reply.outcome == 2 and "there is no run or flow 'good'" in reply.err
    assert "A tag is a word behind + or -, such as +good." in reply.err


def test_tags_that_look_like_options(kogine, sweep: Stored) -> None:
    """-hot is a word, -1 in the first place the newest run, and --json an option."""
    kogine("store", "tag", "-1", "+hot", "+1")
    assert json.loads(kogine("store", "tag", "last", "-hot", "--json").out) == {A3: ["1"]}
    assert kogine("store", "tag", "a3", "-1").out == "a3000000  -\n"


def test_a_flow_is_tagged_with_its_runs(kogine, sweep: Stored) -> None:
    """The tags of a flow are those of all its runs, also once the index is rebuilt."""
    assert kogine("store", "tag", "f1", "+good").out == "f1000000  good\n"
    reindex(sweep.store)
    assert sweep.store.count(tag="good") == 3
    assert sweep.store.flow(FLOW)["tags"] == ["good"]


def test_a_flow_that_goes_on_is_not_tagged(kogine, sweep: Stored) -> None:
    """Its next runs would lack the tag; single runs can be tagged."""
    lock = begin(sweep, FLOW)
    try:
        flow = kogine("store", "tag", "f1", "+good")
        run = kogine("store", "tag", "a1", "+good")
    finally:
        lock.release()
    assert flow.outcome == 2 and "is going on" in flow.err
    assert run.outcome == 0 and sweep.store.ids(tag="good") == [A1]


WAYS: dict[str, Callable[..., object]] = {
    "tag": lambda kogine, store: kogine("store", "tag", "f1", "+good"),
    "tag, once checked": lambda kogine, store: tag_flow(store, FLOW, ["good"], []),
    "rm": lambda kogine, store: kogine("store", "rm", "f1", "--yes"),
    "rm, once planned": lambda kogine, store: remove(store, plan_removal(store, [], [FLOW])),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_just_looks_at_a_flow_is_waited_for(kogine, sweep: Stored, monkeypatch, way) -> None:
    """Who looks settles the flow, for which its lock is held for a moment: it doesn't go on."""
    lock = FlowLock.acquire(sweep.store.paths.flow(FLOW).lock)
    assert lock is not None
    monkeypatch.setattr(time, "sleep", lambda seconds: lock.release())
    WAYS[way](kogine, sweep.store)
    lock.release()
    flows = sweep.store.flows()
    assert not flows if way.startswith("rm") else flows[0]["tags"] == ["good"]


# ---- reindex ----


def test_the_index_is_rebuilt(kogine, sweep: Stored) -> None:
    """A lost index is made from the directories, and what can't be understood is named."""
    Path(sweep.store.paths.run(A1).spec).write_text("{")
    sweep.store.close()
    for end in ("", "-wal", "-shm"):
        Path(sweep.store.index + end).unlink(missing_ok=True)
    reply = kogine("store", "reindex")
    assert (reply.outcome, reply.out) == (0, "2 runs of 1 flow indexed\n")
    assert sweep.store.paths.run(A1).folder in reply.err
    counts = json.loads(kogine("store", "reindex", "--json").out)
    assert (counts["runs"], counts["flows"], len(counts["broken"])) == (2, 1, 1)


def test_a_damaged_index_is_moved_aside(kogine, sweep: Stored) -> None:
    """Where it is now is told."""
    sweep.store.close()
    for end in ("-wal", "-shm"):
        Path(sweep.store.index + end).unlink(missing_ok=True)
    Path(sweep.store.index).write_bytes(b"no database" * 1000)
    reply = kogine("store", "reindex")
    assert (reply.outcome, reply.out) == (0, "3 runs of 1 flow indexed\n")
    assert "the index was damaged, and is now" in reply.err


# ---- export ----


def test_runs_are_exported_as_csv(kogine, sweep: Stored, folder: Path) -> None:
    """A line a run, with parameters, metrics, and times in UTC."""
    reply = kogine("store", "export", "runs.csv", "--sort", "lr")
    assert (reply.outcome, reply.out) == (0, "")
    assert reply.err == "kogine: 3 runs written to runs.csv.\n"
    first, _, last = csv.DictReader(io.StringIO((folder / "runs.csv").read_text()))
    assert (first["id"], first["lr"], first["loss"], first["duration"]) == (A1, "0.1", "0.5", "2.5")
    assert first["started"] == "2023-11-14T22:13:40+00:00"
    assert json.loads(first["result"]) == {"loss": 0.5}
    assert (last["status"], last["loss"]) == ("failed", "")


def test_runs_are_exported_as_json(kogine, sweep: Stored, folder: Path) -> None:
    """A list of flat objects, that chosen runs can be written to, too."""
    kogine("store", "export", "runs.json", "--flow", "f1", "--status", "finished", "--sort", "lr")
    first, second = json.loads((folder / "runs.json").read_text())
    assert (first["id"], first["lr"], first["loss"]) == (A1, 0.1, 0.5)
    assert (second["id"], second["loss"], second["tags"]) == (A2, 0.25, [])


def test_runs_are_exported_to_stdout(kogine, sweep: Stored) -> None:
    """`-` is stdout, as CSV unless JSON is asked for."""
    assert kogine("store", "export", "-").out.startswith("id,name,status,lr,bs,")
    assert len(json.loads(kogine("store", "export", "-", "--format", "json").out)) == 3


def test_numbers_that_json_lacks_are_exported(kogine, stored: Stored) -> None:
    """nan is nothing, as a metric that was never told."""
    stored.run("a1", stored.flow("f1"))
    stored.store.update_run(A1, metrics={"loss": float("nan"), "best": float("inf")})
    (run,) = json.loads(kogine("store", "export", "-", "--format", "json").out)
    assert (run["loss"], run["best"]) == (None, "inf")


def test_a_file_that_cannot_be_written_is_told(kogine, sweep: Stored) -> None:
    """One sentence, and exit code 2."""
    reply = kogine("store", "export", "nosuch/runs.csv")
    assert reply.outcome == 2 and "can't be written: no such file or directory" in reply.err
