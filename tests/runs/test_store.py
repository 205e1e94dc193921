"""The store's index: what is written is found again, by many at once, and faults are told in words."""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.parse  # noqa: F401  # before its files can't be read
from pathlib import Path

import pytest

from kohakuengine.errors import ConfigError, NotFoundError, StoreError
from kohakuengine.runs import schema
from kohakuengine.runs.columns import FLOW_COLUMNS, RUN_COLUMNS
from kohakuengine.runs.schema import open_index
from kohakuengine.runs.select import Selection
from kohakuengine.runs.store import RunStore


@pytest.fixture
def store(tmp_path):
    store = RunStore(str(tmp_path / "store"))
    yield store
    store.close()


def an_id(number):
    """An id whose first digits are the number's."""
    return f"{number:04d}".ljust(32, "a")


def rows(count, **columns):
    return [
        {"id": an_id(i), "name": f"run {i}", "created": float(i), "position": i, **columns}
        for i in range(count)
    ]


def names(found):
    return [row["name"].removeprefix("run ") for row in found]


# --- writing and reading


def test_nothing_is_opened_before_it_is_needed(tmp_path):
    """To make a RunStore touches no file."""
    RunStore(str(tmp_path / "store")).close()
    assert os.listdir(tmp_path) == []


@pytest.mark.process
def test_sqlite_is_not_imported_before_it_is_needed(tmp_path):
    """A command that only names a store doesn't pay for SQLite."""
    code = (
        "import sys; from kohakuengine.runs.store import RunStore; RunStore(); print(*sys.modules)"
    )
    # Coverage would import them before us.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=plain,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"sqlite3", "json", "ast"} & set(done.stdout.split())


def test_flow_comes_back(store):
    """Each column of a flow is read as it was written."""
    flow = {
        "id": an_id(1),
        "name": "größe\n'\"",
        "created": 1.5,
        "ended": None,
        "status": "running",
        "scripts": ["a b.py", "pkg.mod"],
        "options": {"workers": 2, "gpus": [0, 1], "nested": {"x": None}},
        "tags": ["one"],
        "host": "lab",
        "pid": 42,
        "total": 2**40,
    }
    assert flow.keys() == set(FLOW_COLUMNS)
    store.add_flow(**flow)
    assert store.flow(flow["id"]) == flow
    store.update_flow(flow["id"], status="finished", ended=2.5, tags=[])
    assert store.flow(flow["id"]) == {**flow, "status": "finished", "ended": 2.5, "tags": []}


def test_run_comes_back(store):
    """Each column of a run is read as it was written."""
    values = {
        "params": {"lr": 0.1, "fast": True, "none": None, "big": 2**62, "ü": ["x", {"y": 1.0}]},
        "metrics": {"loss": 0.1 + 0.2, "step": 3, "val/acc": 1e-300},
        "result": [1, {"a": None}],
        "tags": ["a", "b"],
        "exit_code": -9,
        "peak_memory": 2**40,
        "cpu_seconds": 0.25,
        "error": "ValueError: no",
    }
    run = {**rows(1)[0], **dict.fromkeys(RUN_COLUMNS[6:]), "created": 0.0, **values}
    run |= {"flow": "f", "script": "s", "entrypoint": "e"}
    assert run.keys() == set(RUN_COLUMNS)
    store.add_runs([run])
    assert store.run(run["id"]) == run
    store.update_run(run["id"], status="finished", metrics={})
    assert store.run(run["id"]) == {**run, "status": "finished", "metrics": {}}


def test_what_was_not_given_is_empty(store):
    """Columns that nobody wrote are None; those that hold several values are empty."""
    store.add_runs([{"id": an_id(1)}, {"id": an_id(2), "name": "x"}])
    run = store.run(an_id(1))
    assert (run["params"], run["metrics"], run["tags"]) == ({}, {}, [])
    assert run["name"] is None and run["result"] is None
    assert store.run(an_id(2))["name"] == "x"


@pytest.mark.parametrize("result", [[], {}, "", 0, False, [[]], "null"])
def test_empty_results_stay_what_they_are(store, result):
    """A result that looks like nothing isn't taken for none."""
    store.add_runs([{"id": an_id(1), "result": result}])
    assert repr(store.run(an_id(1))["result"]) == repr(result)


def test_numbers_that_json_does_not_know(store):
    """Metrics that diverged come back as nan and infinity."""
    metrics = {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 1.0}
    store.add_runs([{"id": an_id(1), "metrics": metrics, "params": {"x": [math.inf]}}])
    assert repr(store.run(an_id(1))["metrics"]) == repr(metrics)


def test_hostile_names(store):
    """Quotes, newlines, NULs and bytes that are no text break nothing."""
    for number, text in enumerate(
        ["'; DROP TABLE runs; --", 'a"b\\c', "a\nb\0c", "x" * 200, "\udcff"]
    ):
        row = {"id": an_id(number), "name": text, "params": {text: text}, "tags": [text]}
        store.add_runs([{**row, "metrics": {text: 1.0}, "script": f"/x/{text}"}])
        found = store.run(an_id(number))
        assert found["params"] == {text: text} and found["metrics"] == {text: 1.0}
        assert found["tags"] == [text]
        assert found["name"] == (text if text != "\udcff" else "\\udcff")
        assert store.count(script=text) == ("\0" not in text)  # no name of a file has a NUL
    assert store.count() == 5


@pytest.mark.parametrize(
    "name", ["a b", "a\nb", "?mode=ro#x%20", "'\"", "größe", "\udcff", "x" * 200]
)
def test_hostile_homes(tmp_path, name):
    """A store can be in a folder of any name."""
    with contextlib.closing(RunStore(str(tmp_path / name))) as store:
        store.add_runs(rows(1))
        assert store.count() == 1 and os.path.exists(store.index)
    assert os.listdir(tmp_path) == [name]


def test_deep_values_do_not_break_filters(store):
    """A parameter nested deeper than SQLite's JSON goes doesn't spoil the filters of all runs."""
    deep: list = []
    for _ in range(700):
        deep = [deep]
    store.add_runs([{"id": an_id(1), "params": {"deep": deep, "wide": [[]] * 600, "lr": 0.1}}])
    assert store.count(where="lr < 1") == 1
    assert store.run(an_id(1))["params"]["wide"] == [[]] * 600


def test_a_column_that_is_not_there(store):
    """A misspelt column is a mistake in the program, and is said to be one."""
    with pytest.raises(TypeError, match="no column 'nam'"):
        store.add_flow(id="x", nam="y")
    with pytest.raises(TypeError, match="no column 'statuss'"):
        store.update_run("x", statuss="y")


def test_adding_again_replaces(store):
    """A run added again has the new columns only."""
    store.add_runs([{"id": an_id(1), "name": "a", "slot": 3}])
    store.add_runs([{"id": an_id(1), "name": "b"}])
    assert store.count() == 1
    assert (store.run(an_id(1))["name"], store.run(an_id(1))["slot"]) == ("b", None)


def test_nothing_to_write(store):
    """No rows, no columns and unknown ids are no mistakes."""
    store.add_runs([])
    store.update_run(an_id(1))
    store.update_run(an_id(1), name="x")
    store.remove_runs([an_id(1)])
    assert store.count() == 0


def test_removing(store):
    """A removed run is gone; a removed flow is gone with its runs, and no others."""
    store.add_flow(id="f")
    store.add_flow(id="g")
    store.add_runs(rows(3, flow="f"))
    store.add_runs([{"id": "zz", "flow": "g"}])
    store.remove_runs([an_id(0), an_id(2)])
    assert store.ids(flow="f") == [an_id(1)]
    store.remove_flow("f")
    assert store.ids() == ["zz"] and [flow["id"] for flow in store.flows()] == ["g"]


# --- ids by their beginning


def test_any_unique_beginning_names_one(store):
    """A run or flow is found by the first digits of its id, be there only one such."""
    store.add_runs(rows(3))
    store.add_flow(id="f" * 32)
    assert store.run("0001")["id"] == an_id(1)
    assert store.flow("f")["id"] == "f" * 32
    assert store.find("0002")[0] == "run" and store.find("0002")[1]["id"] == an_id(2)
    assert store.find("ff")[0] == "flow" and store.find("ff")[1]["id"] == "f" * 32


@pytest.mark.parametrize("prefix", ["", "9", "000b", "%", "0001%", "\0", "\udcff"])
def test_beginning_of_none(store, prefix):
    """An id that isn't there is one clear sentence, which quotes it."""
    store.add_runs(rows(3))
    for ask in (store.run, store.flow, store.find):
        with pytest.raises(NotFoundError, match="there is no .* in the store") as got:
            ask(prefix)
        assert got.value.candidates == ()


def test_beginning_of_several(store):
    """The ids that are meant are named, a few of them."""
    store.add_runs(rows(9))
    with pytest.raises(NotFoundError, match="several ids, .*, [.][.][.]: write more") as got:
        store.run("000")
    assert got.value.candidates == tuple(an_id(i) for i in range(5))
    copy = pickle.loads(pickle.dumps(got.value))
    assert copy.candidates == got.value.candidates


def test_beginning_of_a_run_and_a_flow(store):
    """Where a run and a flow begin alike, a command that takes both asks for more."""
    store.add_runs([{"id": "ab1"}])
    store.add_flow(id="ab2")
    with pytest.raises(NotFoundError, match="'ab' is the beginning of several ids, ab1, ab2:"):
        store.find("ab")
    assert store.run("ab")["id"] == "ab1" and store.flow("ab")["id"] == "ab2"


def test_a_flow_is_found_by_its_name(store):
    """The newest of that name; what is the beginning of an id is that."""
    for n, name in enumerate(["night", "night", "ab", "day"]):
        store.add_flow(id=f"{n}" * 32, name=name, created=float(n))
    store.add_flow(id="ab" * 16)
    assert store.flow("night")["id"] == "1" * 32
    assert store.find("day") == ("flow", store.flow("3"))
    assert store.flow("ab")["id"] == "ab" * 16
    for ask, name in ((store.run, "night"), (store.flow, "nigh"), (store.find, "x")):
        with pytest.raises(NotFoundError, match=f"there is no .*'{name}' in the store"):
            ask(name)


def test_whole_id_wins(store):
    """An id that is the beginning of another can still be named."""
    store.add_runs([{"id": "ab"}, {"id": "abc"}])
    assert store.run("ab")["id"] == "ab"


# --- selecting


def test_the_newest_of_a_flow_are_found_by_their_time(store):
    """Those made since, in the order of the flow, for which the others aren't gone through."""
    store.add_runs(rows(5, flow="f"))
    store.add_runs([{**row, "id": row["id"][::-1]} for row in rows(5, flow="g")])
    store.update_run(an_id(4), position=0)
    assert names(store.select(flow="f", since=3.0)) == ["4", "3"]
    sql, values = Selection(flow="f", since=3.0).statement(["id"])
    with store.connected() as index:
        plan = str(index.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
    assert "runs_created (created>" in plan


def test_newest_first(store):
    """Runs come newest first; those of one flow in their order there."""
    store.add_runs(rows(4, flow="f"))
    assert names(store.select()) == ["3", "2", "1", "0"]
    assert names(store.select(limit=2)) == ["3", "2"]
    assert names(store.select(limit=0)) == []
    assert len(store.select(limit=10**30)) == len(store.select())
    assert names(store.select(flow="f")) == ["0", "1", "2", "3"]


def test_flows_newest_first(store):
    """Flows come newest first, those with a status if one is asked for."""
    for number in range(4):
        status = "failed" if number % 2 else "finished"
        store.add_flow(id=f"f{number}", created=float(number), status=status)
    assert [flow["id"] for flow in store.flows()] == ["f3", "f2", "f1", "f0"]
    assert [flow["id"] for flow in store.flows(status="failed", limit=1)] == ["f3"]
    assert store.flows(limit=10**30) == store.flows()


def test_by_status(store):
    """One status or several can be asked for."""
    for number, status in enumerate(("queued", "running", "failed")):
        store.add_runs([{"id": an_id(number), "status": status, "created": number}])
    assert store.ids(status="failed") == [an_id(2)]
    assert store.ids(status=["failed", "queued"]) == [an_id(2), an_id(0)]
    assert store.ids(status=[]) == []


SCRIPTS = ["/home/a/train.py", "/home/b/train.py", "pkg.train", "train.py", "/home/b/xtrain.py"]


@pytest.mark.parametrize(
    "script, found",
    [
        ("train.py", "0 1 3"),
        ("./train.py", "0 1 3"),
        ("b/train.py", "1"),
        ("/home/b/train.py", "1"),
        ("pkg.train", "2"),
        ("rain.py", ""),
        ("%", ""),
    ],
)
def test_by_script(store, script, found):
    """A script is meant by its whole name, its file's name, or the end of its path."""
    store.add_runs([{**row, "script": s} for row, s in zip(rows(5), SCRIPTS)])
    assert names(store.select(script=script))[::-1] == found.split()


def test_by_tag_filter_and_ids(store):
    """What is asked for holds together."""
    store.add_runs([{**row, "tags": ["even"] * (i % 2 == 0)} for i, row in enumerate(rows(6))])
    assert names(store.select(tag="even")) == ["4", "2", "0"]
    assert names(store.select(tag="even", where="created > 0 or name == x")) == ["4", "2"]
    some = [an_id(i) for i in (2, 9, 0, 3, 2)]
    assert names(store.select(ids=some)) == ["2", "0", "3"]
    assert names(store.select(ids=some, tag="even", limit=1)) == ["2"]
    assert store.select(ids=[]) == []
    assert store.count(ids=some, tag="even") == 2
    assert store.count(limit=4) == 4


def test_a_glance_is_at_columns_as_they_are_kept(store):
    """Who looks often reads a few columns, and decodes what has changed."""
    store.add_runs(rows(2, metrics={"loss": 0.5}))
    found = store.glance(["name", "metrics"], ids=[an_id(1)])
    assert found == [("run 1", '{"loss": 0.5}')]


def test_more_ids_than_sqlite_has_question_marks(store):
    """Any number of ids can be asked for."""
    store.add_runs(rows(3))
    assert store.count(ids=[f"x{i}" for i in range(100_000)] + [an_id(1)]) == 1


@pytest.mark.parametrize(
    "sort, order",
    [
        ("loss", "2 0 1 3"),
        ("-loss", "1 0 2 3"),
        ('metrics["val/loss"]', "1 0 3 2"),
        ("-val/loss", "0 1 3 2"),
        ("lr", "1 0 3 2"),
        ("-params['lr']", "0 1 3 2"),
        ("created", "0 1 2 3"),
        ("-name", "3 2 1 0"),
        ("duration", "1 0 3 2"),
        ("nothing", "3 2 1 0"),
    ],
)
def test_sorting(store, sort, order):
    """Runs are sorted by a metric, parameter or column; those without it, or with nan, come last."""
    given = [
        {
            "metrics": {"loss": 0.5, "val/loss": 2.0},
            "params": {"lr": 0.1},
            "started": 1,
            "ended": 3,
        },
        {
            "metrics": {"loss": math.inf, "val/loss": 1},
            "params": {"lr": 0.01},
            "started": 1,
            "ended": 2,
        },
        {"metrics": {"loss": 0.25}, "started": 1},
        {"metrics": {"loss": math.nan}},
    ]
    store.add_runs([{**row, **more} for row, more in zip(rows(4), given)])
    assert names(store.select(sort=sort)) == order.split()


@pytest.mark.parametrize("sort", ["", "-", "tag", "-tag"])
def test_order_that_means_nothing(store, sort):
    """What runs can't be sorted by is said."""
    with pytest.raises(ConfigError, match="can't be sorted by"):
        store.select(sort=sort)


def test_all_runs_one_after_the_other(store):
    """Any number of runs can be gone through, in the order of select, while others write."""
    store.add_runs(rows(1200))
    seen = store.iterate(sort="created", where="created >= 100")
    first = next(seen)
    store.remove_runs([an_id(1100)])
    assert names([first, *seen]) == [str(i) for i in range(100, 1200) if i != 1100]


# --- transactions, threads and processes


def test_writes_are_together_or_not_at_all(store):
    """What is written in a transaction is there when it is over, unless an exception left it."""
    with pytest.raises(KeyError):
        with store.transaction():
            store.add_runs(rows(3))
            raise KeyError
    assert store.count() == 0
    with store.transaction():
        store.add_runs(rows(3))
        with store.transaction():
            store.update_run(an_id(0), name="x")
        assert RunStore(store.paths.home).count() == 0
    assert RunStore(store.paths.home).count() == 3 and store.run(an_id(0))["name"] == "x"


def test_store_is_open_again_after_close(store):
    """To close a store is to let go of its files until they are needed."""
    store.add_runs(rows(1))
    store.close()
    store.close()
    assert store.count() == 1


def test_threads_share_a_store(store):
    """Threads can write at once, with transactions of their own."""

    def write(number):
        for i in range(20):
            with store.transaction():
                store.add_runs([{"id": f"{number}-{i}"}])
                store.update_run(f"{number}-{i}", name="done")

    threads = [threading.Thread(target=write, args=[n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count(where="name == done") == 80


WRITER = """
import sys
from kohakuengine.runs.store import RunStore
store = RunStore(sys.argv[1])
for i in range(100):
    with store.transaction():
        id = f"{sys.argv[2]}-{i:03d}"
        store.add_runs([{"id": id, "position": store.count()}])
"""


@pytest.mark.process
def test_processes_share_a_store(tmp_path):
    """Processes that make one store at once and write as fast as they can lose nothing."""
    home = str(tmp_path / "new" / ".kogine")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, home, str(n)]) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    with contextlib.closing(RunStore(home)) as store:
        found = store.select()
    assert sorted(row["position"] for row in found) == list(range(400))


FORKER = """
import os, sys
from kohakuengine.runs.store import RunStore
store = RunStore(sys.argv[1])
store.add_runs([{"id": "parent"}])
with store.transaction():
    child = os.fork()
    if child == 0:
        assert store.ids() == ["parent"]
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    store.add_runs([{"id": "again"}])
child = os.fork()
if child == 0:
    store.add_runs([{"id": "child"}])
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
assert store.count() == 3
"""


@pytest.mark.process
def test_forked_child_opens_the_store_anew(tmp_path):
    """A store goes through a fork, in a transaction too: the child has a connection of its own."""
    subprocess.run([sys.executable, "-c", FORKER, str(tmp_path)], check=True, timeout=60)


# --- faults


def test_store_that_is_not_there(tmp_path):
    """To look into a store that isn't there makes none, and says so."""
    store = RunStore(str(tmp_path / "no"), create=False)
    with pytest.raises(StoreError, match="there is no store .*KOGINE_HOME") as got:
        store.select()
    assert got.value.path == str(tmp_path / "no") and not got.value.corrupt
    assert os.listdir(tmp_path) == []


def test_store_of_a_newer_version(store):
    """A store that a newer KohakuEngine wrote is left alone, and the user told to upgrade."""
    store.add_runs(rows(1))
    store.close()
    with contextlib.closing(sqlite3.connect(store.index)) as index:
        index.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="version 99.*upgrade KohakuEngine") as got:
        store.count()
    assert got.value.path == store.index and not got.value.corrupt


def test_store_of_an_older_version(store, monkeypatch):
    """The index of an older KohakuEngine gets what it lacks, once, and keeps its rows."""
    store.add_runs(rows(2))
    store.close()
    steps = [lambda index: index.execute("ALTER TABLE runs ADD COLUMN mood TEXT DEFAULT 'fine'")]
    monkeypatch.setattr(schema, "STEPS", schema.STEPS + steps)
    monkeypatch.setattr(schema, "VERSION", 2)
    for _ in range(2):
        with contextlib.closing(open_index(store.index)) as index:
            assert index.execute("SELECT mood FROM runs").fetchall() == [("fine",)] * 2
            assert index.execute("PRAGMA user_version").fetchone() == (2,)


def test_migration_that_fails_changes_nothing(store, monkeypatch):
    """A step that fails half way leaves the index as it was."""
    store.add_runs(rows(2))
    store.close()

    def fail(index):
        index.execute("DROP TABLE runs")
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", [*schema.STEPS, fail])
        patch.setattr(schema, "VERSION", 2)
        with pytest.raises(KeyError):
            store.count()
    assert store.count() == 2


DAMAGE = {
    "no database": lambda path: path.write_bytes(b"this is no database" * 1000),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "table gone": lambda path: _execute(path, "DROP TABLE runs"),
    "page overwritten": lambda path: path.write_bytes(
        path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)
    ),
}


def _execute(path, statement):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as index:
        index.execute(statement)


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_index(store, damage):
    """A damaged index is said to be one, with the command that rebuilds it."""
    store.add_runs(rows(50))
    store.close()
    DAMAGE[damage](Path(store.index))
    with pytest.raises(StoreError, match="`kogine store reindex` rebuilds it") as got:
        store.select()
    assert got.value.corrupt and got.value.path == store.index


def test_index_locked_by_another(store, monkeypatch):
    """A writer waits for others for a while, then says who is in the way; readers don't wait."""
    store.add_runs(rows(1))
    store.close()
    monkeypatch.setattr(schema, "PATIENCE", 0.05)
    with contextlib.closing(sqlite3.connect(store.index, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process"):
            store.update_run(an_id(0), name="x")
        assert store.count() == 1
    store.update_run(an_id(0), name="x")


def test_full_disk(store):
    """A write that finds no room is one clear sentence, undone, and can be tried again."""
    store.add_runs(rows(1))
    with store.connected() as index:
        index.execute("PRAGMA max_page_count=20")
    with pytest.raises(StoreError, match="disk is full.*make room"):
        store.add_runs(rows(3000, error="x" * 100))
    assert store.count() == 1
    with store.connected() as index:
        index.execute("PRAGMA max_page_count=100000")
    store.add_runs(rows(3000))


@pytest.fixture
def unprivileged():
    """A folder in which one can be a user to whom permissions apply."""
    with tempfile.TemporaryDirectory() as folder:
        root = hasattr(os, "geteuid") and os.geteuid() == 0

        @contextlib.contextmanager
        def user():
            if root:
                os.seteuid(65534)
            try:
                yield
            finally:
                if root:
                    os.seteuid(0)

        os.chmod(folder, 0o755)
        yield Path(folder), user


def test_read_only_store(unprivileged):
    """A store that can't be written can be read; to write to it is one clear sentence."""
    folder, user = unprivileged
    home = folder / "store"
    with contextlib.closing(RunStore(str(home))) as store:
        store.add_runs(rows(3))
    for path in [*home.rglob("*"), home]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with user():
            store = RunStore(str(home))
            assert names(store.select(limit=2, where="created >= 0")) == ["2", "1"]
            with pytest.raises(StoreError, match="can't be written: make it .*writable"):
                store.add_runs(rows(1))
            store.close()
    finally:
        home.chmod(0o755)


def test_new_store_in_a_read_only_folder(unprivileged):
    """A store that can't be made is one clear sentence."""
    folder, user = unprivileged
    with user(), pytest.raises(StoreError, match="can't be made in .*permission denied"):
        RunStore(str(folder / "store")).count()


def test_index_of_a_store_on_a_network(tmp_path, monkeypatch):
    """On a network filesystem the index is in the user's cache, and works as any other."""
    from kohakuengine.runs import home

    monkeypatch.setattr(home, "_mounts", lambda: "server:/x / nfs rw 0 0\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with contextlib.closing(RunStore(str(tmp_path / "store"))) as store:
        store.add_runs(rows(2))
        assert store.count() == 2
        assert os.path.exists(store.index) and store.index.startswith(str(tmp_path / "cache"))
    assert not os.path.exists(tmp_path / "store" / "kogine.db")


def test_an_index_that_was_removed_without_its_log(tmp_path):
    """What a removed index leaves beside doesn't keep a new one from being made."""
    home = tmp_path / ".kogine"
    store = RunStore(str(home))
    store.add_flow(id="f" * 32, created=1.0)
    left = {end: Path(store.index + end).read_bytes() for end in ("-wal", "-shm")}
    store.close()
    Path(store.index).unlink()
    for end, data in left.items():
        path = Path(store.index + end)
        path.write_bytes(data)
        os.utime(path, (1, 1))
    assert RunStore(str(home)).flows() == []


def test_looking_at_the_version_keeps_the_locks(store):
    """Who looks at an index that it has open doesn't let others think that nobody has."""
    store.add_flow(id=an_id(1), created=1.0)
    schema.refuse_newer(store.index)
    other = (
        "import sys; from kohakuengine.runs.store import RunStore; store = RunStore(sys.argv[1]);"
        "store.add_flow(id='2' * 32, created=2.0); store.close()"
    )
    subprocess.run([sys.executable, "-c", other, store.paths.home], check=True)
    store.add_flow(id=an_id(3), created=3.0)
    assert Path(f"{store.index}-wal").exists(), "the other one took itself for the last"
    with contextlib.closing(sqlite3.connect(store.index)) as index:
        assert index.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert index.execute("SELECT count(*) FROM flows").fetchall() == [(3,)]


MAKER = """
import sys
from kohakuengine.runs.store import RunStore
sys.stdin.readline()
store = RunStore(sys.argv[1])
store.add_flow(id=sys.argv[2] * 32, created=1.0)
"""


def test_an_index_made_by_many_at_once(tmp_path):
    """Processes that find no index, but what an earlier one has left, make one together."""
    for turn in range(5):
        home = tmp_path / f"store {turn}"
        left = RunStore(str(home))
        left.add_flow(id="e" * 32, created=1.0)
        os.unlink(left.index)  # beside its log
        command = [sys.executable, "-c", MAKER, str(home)]
        makers = [subprocess.Popen([*command, digit], stdin=subprocess.PIPE) for digit in "123456"]
        for maker in makers:
            maker.communicate(b"go\n")
        assert [maker.returncode for maker in makers] == [0] * 6
        assert {flow["id"][0] for flow in RunStore(str(home)).flows()} >= set("123456")
