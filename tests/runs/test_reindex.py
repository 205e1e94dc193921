"""The index made anew from the directories, those of the first version included."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from kohakuengine.errors import NotFoundError, StoreError
from kohakuengine.runs import reindex as module
from kohakuengine.runs.lock import FlowLock
from kohakuengine.runs.paths import StorePaths
from kohakuengine.runs.reindex import reindex
from kohakuengine.runs.rows import row_of_flow, row_of_run
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.table import Runs

FIRST_VERSION = Path(__file__).parent.parent / "fixtures" / "store_v1"
FLOW = "5d1c0a4be7f2493f8a6b0d9c2e7f1a35"
FINISHED = "0b7e4f1d9c2a4e6fb3d85a1c7e902f46"
FAILED = "8c41d2e6f0a94b7792e3c5d81b6f0a27"
QUEUED = "e95a07c3b1d84f2ea6c4907d3f18b52e"


@pytest.fixture
def home(tmp_path):
    """A copy of a store as the first version wrote it, without an index."""
    return Path(shutil.copytree(FIRST_VERSION, tmp_path / "store"))


@pytest.fixture
def store(home):
    store = RunStore(str(home))
    yield store
    store.close()


def rows_of(store):
    return store.flows(), store.select(sort="created")


# --- the format of the first version


def test_flow_of_the_first_version(store):
    """All that a flow's directory says is in its row."""
    reindex(store)
    assert store.flow(FLOW) == {
        "id": FLOW,
        "name": "first sweep",
        "created": 1767261600.25,
        "ended": 1767261612.5,
        "status": "cancelled",
        "scripts": ["/home/ada/project/train.py"],
        "options": {"workers": 2, "retries": 1, "launcher": "fresh"},
        "tags": ["baseline"],
        "host": "lab1",
        "pid": None,  # nobody runs it
        "total": 3,
    }


def test_finished_run_of_the_first_version(store):
    """All that a run's directory says is in its row: of the journal the newest values, of the
    result its numbers, of the tags those that it was given last."""
    reindex(store)
    assert store.run(FINISHED) == {
        "id": FINISHED,
        "flow": FLOW,
        "position": 0,
        "name": "lr=0.1",
        "script": "/home/ada/project/train.py",
        "entrypoint": None,
        "launcher": "fresh",
        "status": "finished",
        "created": 1767261601.0,
        "started": 1767261602.5,
        "ended": 1767261605.5,
        "attempts": 1,
        "slot": 0,
        "key": f"{1:064x}",
        "params": {"lr": 0.1, "optimizer": "adam", "layers": [64, 64]},
        "metrics": {"loss": 0.5, "val/acc": 0.875, "score": 0.9375},
        "result": {"score": 0.9375, "note": "ok"},
        "error": None,
        "exit_code": 0,
        "peak_memory": 52428800,
        "cpu_seconds": 2.25,
        "tags": ["baseline", "paper"],
    }


def test_failed_run_of_the_first_version(store):
    """Of several attempts the last one counts; the error is one line."""
    reindex(store)
    run = store.run(FAILED)
    assert (run["status"], run["attempts"], run["started"]) == ("failed", 2, 1767261605.0)
    assert (run["error"], run["exit_code"]) == ("ValueError: loss is nan", 1)
    assert (run["result"], run["metrics"], run["tags"]) == (None, {}, ["baseline"])


def test_queued_run_of_the_first_version(store):
    """A run that was never begun is queued."""
    reindex(store)
    run = store.run(QUEUED)
    assert (run["status"], run["attempts"], run["params"]["lr"]) == ("queued", 0, 0.001)
    assert run["started"] is None and run["ended"] is None


def test_order_comes_back(store):
    """Runs of a flow have their places in it."""
    reindex(store)
    assert store.ids(flow=FLOW) == [FINISHED, FAILED, QUEUED]


# --- runs that the index doesn't know


def test_a_run_that_the_index_lacks_is_found_by_its_whole_id(store):
    """As the index would give it: a coordinator tells it of new runs only a moment later."""
    reindex(store)
    expected = {row["id"]: row for row in store.select()}
    store.remove_runs(expected)
    assert store.count() == 0
    assert {id: store.run(id) for id in expected} == expected
    assert store.find(FAILED) == ("run", expected[FAILED])
    for prefix in (FINISHED[:31], "../" + FINISHED[:29], FLOW):
        with pytest.raises(NotFoundError):
            store.run(prefix)


def test_runs_that_the_index_lacks_are_among_runs(store):
    """All that is asked of `Runs` is answered; those whose directories are gone are left out."""
    reindex(store)
    store.remove_runs([FINISHED, FAILED])
    shutil.rmtree(store.paths.run(FAILED).folder)
    runs = Runs(store, [FINISHED, FAILED, QUEUED])
    assert [run.status for run in runs] == ["finished", "queued"]
    assert runs[0].metrics["loss"] == 0.5
    with pytest.raises(NotFoundError, match=FAILED):
        runs[1].status  # noqa: B018  # the look is what is refused


# --- reindexing


def test_counts(store):
    """It is told how much there is."""
    expected = {"flows": 1, "runs": 3, "broken": [], "moved": None}
    assert reindex(store) == expected  # as it is made
    assert reindex(store) == expected  # anew


def test_lost_index_is_made_anew(home, store):
    """Who opens a store whose index is lost finds all runs."""
    before = rows_of(store)
    assert len(before[1]) == 3
    store.close()
    os.unlink(store.index)
    assert rows_of(store) == before


def test_index_that_was_made_half_way(home, monkeypatch):
    """An index whose making was broken off is made anew by whoever comes next."""

    def fail(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module._Reading, "replace", fail)
        with pytest.raises(KeyboardInterrupt):
            RunStore(str(home)).count()
    assert RunStore(str(home)).count() == 3


def test_index_equals_the_directories(store):
    """Rows that no directory has, and changes that none knows of, are gone afterwards."""
    before = rows_of(store)
    store.add_runs([{"id": "not there", "flow": FLOW}])
    store.add_flow(id="nor this", created=1.0)
    store.update_run(FINISHED, status="failed", metrics={})
    store.remove_runs([QUEUED])
    reindex(store)
    assert rows_of(store) == before


def test_reader_sees_old_or_new(home, store, monkeypatch):
    """While the index is made anew, others see it whole."""
    reader = RunStore(str(home))
    assert reader.count() == 3
    shutil.rmtree(StorePaths(str(home)).run(QUEUED).folder)
    seen = []
    replace = module._Reading.replace

    def looking(self):
        replace(self)
        seen.append(reader.count())

    monkeypatch.setattr(module._Reading, "replace", looking)
    reindex(store)
    assert (seen, reader.count()) == ([3], 2)
    reader.close()


def test_failure_leaves_the_index(store, monkeypatch):
    """If it can't be made anew, the index is as it was."""
    before = rows_of(store)
    store.update_run(FINISHED, name="x")
    with store.connected() as index:
        index.execute(
            "CREATE TRIGGER no BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(StoreError, match="can't be used"):
        reindex(store)
    assert store.count() == 3 and store.run(FINISHED)["name"] == "x"
    with store.connected() as index:
        index.execute("DROP TRIGGER no")
    reindex(store)
    assert rows_of(store) == before


def test_changes_while_it_reads(home, store, monkeypatch):
    """What happens in a flow that goes on while its directories are read is not lost."""
    paths = StorePaths(str(home))
    os.unlink(paths.flow(FLOW).ended)
    reindex(store)
    read = module._Reading.read

    def and_then(self):
        read(self)
        shutil.copytree(paths.run(FINISHED).attempts, paths.run(QUEUED).attempts)
        shutil.rmtree(paths.run(FAILED).folder)
        shutil.copytree(paths.run(FINISHED).folder, paths.run("ee11").folder)
        spec = Path(paths.run("ee11").spec)
        spec.write_text(spec.read_text().replace(FINISHED, "ee11"))

    monkeypatch.setattr(module._Reading, "read", and_then)
    assert reindex(store)["runs"] == 3
    assert sorted(store.ids(status="finished")) == sorted([FINISHED, QUEUED, "ee11"])


@pytest.mark.parametrize("damage", ["no database", "table gone", "page overwritten"])
def test_damaged_index_is_moved_aside(home, store, damage):
    """A damaged index is kept beside, its name says when, and a new one is made."""
    before = rows_of(store)
    store.close()
    index = Path(store.index)
    if damage == "no database":
        index.write_bytes(b"x" * 10_000)
    elif damage == "table gone":
        with contextlib.closing(sqlite3.connect(index)) as connection:
            connection.execute("DROP TABLE runs")
    else:
        index.write_bytes(index.read_bytes()[:4096] + b"\xff" * (index.stat().st_size - 4096))
    damaged = index.read_bytes()
    counts = reindex(store)
    assert counts["runs"] == 3 and rows_of(store) == before
    assert Path(counts["moved"]).name.startswith("kogine.db.broken-")
    assert Path(counts["moved"]).read_bytes() == damaged


def test_damage_in_a_table_is_found(store):
    """Damage that no statement of ours would meet is found, too."""
    store.add_runs([{"id": str(i), "error": "x" * 1000} for i in range(100)])
    store.close()
    with contextlib.closing(sqlite3.connect(store.index)) as index:
        (page,) = index.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'runs_flow'"
        ).fetchone()
    with open(store.index, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\0" * 4096)
    counts = reindex(store)
    assert counts["runs"] == 3 and counts["moved"] is not None


def test_newer_index_is_left_alone(store):
    """The index of a newer version isn't replaced by an older one."""
    store.count()
    store.close()
    with contextlib.closing(sqlite3.connect(store.index)) as index:
        index.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="upgrade KohakuEngine"):
        reindex(store)


# --- directories that are broken or going on


def spoil(path, content):
    if content is None:
        os.unlink(path)
    else:
        Path(path).write_bytes(content)


SPOILT = {
    "gone": None,
    "empty": b"",
    "cut": b'{"format": 1, "id": "0b7e',
    "another kind": b"[1, 2]",
    "no text": b"\xff\xfe\0",
    "without facts": b'{"format": 1}',
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("content", SPOILT)
def test_broken_run_is_left_out_and_named(home, store, content):
    """A run whose directory can't be understood is named, and the others are there."""
    path = StorePaths(str(home)).run(FINISHED)
    spoil(path.spec, SPOILT[content])
    counts = reindex(store)
    assert (counts["runs"], counts["broken"]) == (2, [path.folder])
    assert store.ids(flow=FLOW) == [FAILED, QUEUED]


@pytest.mark.parametrize("content", SPOILT)
def test_broken_flow_is_left_out_and_named(home, store, content):
    """A flow whose directory can't be understood is named, and its runs are there."""
    path = StorePaths(str(home)).flow(FLOW)
    spoil(path.record, SPOILT[content])
    counts = reindex(store)
    assert (counts["flows"], counts["runs"], counts["broken"]) == (0, 3, [path.folder])


def test_copied_directory_is_no_run(home, store):
    """A copy of a run's directory isn't a second run."""
    folder = StorePaths(str(home)).run(FINISHED).folder
    shutil.copytree(folder, folder + "-copy")
    counts = reindex(store)
    assert (counts["runs"], counts["broken"]) == (3, [folder + "-copy"])


def test_other_files_in_the_store(home, store):
    """Files that the user, or the system, put into the store are no runs."""
    (home / "runs" / "notes.txt").write_text("")
    (home / "runs" / "0b" / ".DS_Store").write_text("")
    (home / "flows" / ".hidden").mkdir()
    assert reindex(store) == {"flows": 1, "runs": 3, "broken": [], "moved": None}


@pytest.mark.parametrize("content", SPOILT)
def test_lost_outcome(home, content):
    """A run whose outcome was lost with the power has been interrupted."""
    paths = StorePaths(str(home)).run(FINISHED)
    spoil(paths.attempt(1).outcome, SPOILT[content])
    row = row_of_run(paths)
    assert row is not None
    assert (row["status"], row["metrics"]) == ("interrupted", {"loss": 0.5, "val/acc": 0.875})


def test_run_that_goes_on(home):
    """A run without an outcome goes on as long as somebody holds its flow's lock."""
    paths = StorePaths(str(home)).run(FAILED)
    os.unlink(paths.attempt(2).outcome)
    lock = FlowLock.acquire(paths.store.flow(FLOW).lock)
    assert lock is not None
    row = row_of_run(paths)
    assert row is not None
    assert row["status"] == "running" and row["started"] == os.stat(paths.attempts).st_mtime
    lock.release()
    row = row_of_run(paths)
    assert row is not None
    assert (row["status"], row["started"], row["attempts"]) == ("interrupted", None, 2)


def test_holder_settles_its_flow(home):
    """Whoever took the lock to settle a flow says that nobody runs it."""
    paths = StorePaths(str(home)).run(FAILED)
    os.unlink(paths.attempt(2).outcome)
    lock = FlowLock.acquire(paths.store.flow(FLOW).lock)
    assert lock is not None
    row = row_of_run(paths, lambda flow: False)
    assert row is not None and row["status"] == "interrupted"
    lock.release()


def test_flow_that_goes_on(home):
    """A flow whose lock is held is running, also if it had ended before; else it was interrupted
    if it didn't end in order."""
    paths = StorePaths(str(home)).flow(FLOW)
    lock = FlowLock.acquire(paths.lock)
    assert lock is not None
    row = row_of_flow(paths)
    assert row is not None and (row["status"], row["ended"]) == ("running", None)
    lock.release()
    os.unlink(paths.ended)
    row = row_of_flow(paths)
    assert row is not None and (row["status"], row["ended"]) == ("interrupted", None)


def test_large_results_stay_in_their_directories(home):
    """The index has a glimpse of a large result."""
    paths = StorePaths(str(home)).run(FINISHED)
    outcome = json.loads(Path(paths.attempt(1).outcome).read_text())
    outcome["ending"]["result"] = {"values": list(range(10_000)), "best": 1}
    Path(paths.attempt(1).outcome).write_text(json.dumps(outcome))
    row = row_of_run(paths)
    assert row is not None
    assert len(row["result"]) < 300 and row["metrics"]["best"] == 1
