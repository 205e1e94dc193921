"""The live board without a browser: what its page is told, and what it does when it is asked."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kohakuengine import Config, ConfigGenerator, Parallel, Runs
from kohakuengine.errors import ConfigError, NotFoundError, StoreError
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.jupyter.widgets import RunBoard
from kohakuengine.jupyter.widgets.board_feed import Feed
from kohakuengine.jupyter.widgets.board_source import Source
from kohakuengine.jupyter.widgets.board_watch import cut, thinned
from kohakuengine.jupyter.widgets.progress import fraction_in
from kohakuengine.launch.fake import Fake, FakeEnd
from kohakuengine.runs.journal import append
from kohakuengine.runs.store import RunStore

SECONDS = 60.0  # for anything to happen
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(1)</script> שלום 🎉'


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something to become true, and fail when it doesn't in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.005)


class Told(list[dict[str, Any]]):
    """The messages that a page is sent, and the page's own words to the board."""

    def __init__(self, board: RunBoard) -> None:
        self.board = board
        board.send = self.take

    def take(self, message: dict[str, Any], buffers: object = None) -> None:
        self.append(json.loads(json.dumps(message, allow_nan=False)))

    def say(self, do: str, **more: Any) -> None:
        """What a view sends."""
        self.board._on_message(self.board, {"do": do, "view": "v1", **more}, [])

    def parts(self, kind: str) -> list[Any]:
        """What the messages tell of one kind."""
        return [part for message in list(self) for part in message.get(kind, ())]

    def row(self, n: int) -> dict[str, Any]:
        """What they tell of a row, all together."""
        told = [row for row in self.parts("rows") if row["n"] == n]
        return {name: value for row in told for name, value in row.items()}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store of the test's own; and every board is closed at its end, and lets go of its thread."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("lr = 0.1\nraise SystemExit('nobody runs this')\n")
    made: list[RunBoard] = []
    begin = RunBoard.__init__

    def init(board: RunBoard, *arguments: Any, **options: Any) -> None:
        made.append(board)
        begin(board, *arguments, **options)

    monkeypatch.setattr(RunBoard, "__init__", init)
    before = threading.enumerate()  # other tests' boards, whose flows end later, among them
    yield
    for board in made:
        if hasattr(board, "_woken"):
            board.close()
    threads = [one for one in threading.enumerate() if one not in before]
    assert not [one for one in threads if one.name.startswith("kogine board")]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Fake]:
    """Say how the runs of `launcher="fake"` end."""

    def make(outcomes: Any = None, **options: Any) -> Fake:
        launcher = Fake(outcomes, keep=True, **options)
        monkeypatch.setattr("kohakuengine.launch.fake.Fake", lambda: launcher)
        return launcher

    return make


def begun(*values: Any, workers: int = 8) -> Any:
    """The handle of a flow of runs with these values of lr, or these configs."""
    configs = [value if isinstance(value, Config) else Config({"lr": value}) for value in values]
    return Parallel("train.py", config=configs, launcher="fake", workers=workers).start()


def done(fake: Any, *values: Any, outcomes: Any = None) -> Runs:
    """Runs that have ended."""
    fake(outcomes)
    runs: Runs = begun(*values).wait(SECONDS)
    return runs


def log_of(board: RunBoard, id: str) -> str:
    return board._source.store.paths.run(id).attempt(1).output


# ---- what is shown ----


def test_a_page_that_is_loaded_is_given_all(fake) -> None:
    """The trait that a page loads holds the rows with their parameters, metrics and status."""
    runs = done(fake, 0.1, 0.2, outcomes=lambda job: {"loss": job.config.globals_dict["lr"]})
    state = RunBoard(runs).get_state()["state"]
    assert [row["p"] for row in state["rows"]] == [{"lr": 0.1}, {"lr": 0.2}]
    assert [row["m"] for row in state["rows"]] == [{"loss": 0.1}, {"loss": 0.2}]
    assert {row["st"] for row in state["rows"]} == {"finished"}
    assert [flow["status"] for flow in state["flows"].values()] == ["finished"]


def test_what_is_within_dictionaries_has_a_column_of_its_own(fake) -> None:
    """By a name with dots, as in every other table of runs; an empty dictionary stays one."""
    runs = done(fake, {"opt": {"lr": 0.1, "name": "adam"}, "more": {}}, {"opt": {"lr": 0.2}})
    state = RunBoard(runs).get_state()["state"]
    first, second = (row["p"] for row in state["rows"])
    assert first == {"lr.opt.lr": 0.1, "lr.opt.name": "adam", "lr.more": "{}"}
    assert second == {"lr.opt.lr": 0.2}


@pytest.mark.parametrize(
    "kind", ["handle", "id", "name", "runs", "list", "run", "store", "attached"]
)
def test_what_a_board_can_show(kind: str, fake) -> None:
    """A board is made of a flow's handle, its id or name, Runs, a list of Run, one Run, or a store."""
    fake()
    configs = [Config({"lr": 1}), Config({"lr": 2})]
    handle = Parallel("train.py", config=configs, launcher="fake", name="sweep").start()
    runs = handle.wait(SECONDS)
    what = {
        "handle": handle,
        "id": handle.id[:8],
        "name": "sweep",
        "runs": runs,
        "list": list(runs),
        "run": runs[0],
        "store": RunStore(),
        "attached": AttachedFlow(RunStore(), handle.id),
    }[kind]
    assert RunBoard(what).counts == {"finished": 1 if kind == "run" else 2}


def test_what_a_board_cannot_show_is_told() -> None:
    """A board of something else, or of a flow that isn't there, is refused in a sentence."""
    RunStore().open()
    with pytest.raises(ConfigError, match="a board shows a flow's handle, .* got int"):
        RunBoard(3)
    with pytest.raises(NotFoundError):
        RunBoard("nothing")


def test_changes_come_as_they_happen(fake) -> None:
    """Runs that begin and end are told in messages that count by one, and the state is in step."""
    launcher = fake(lambda job: {"loss": 0.5}, hold=True)
    board = RunBoard(begun(1, 2, workers=1))
    told = Told(board)
    wait_until(lambda: board.counts == {"running": 1})
    launcher.release()
    wait_until(lambda: board.counts == {"finished": 1, "running": 1})
    launcher.release()
    wait_until(lambda: not board.live)
    assert board.counts == {"finished": 2}
    versions = [message["v"] for message in told if message["kind"] == "delta"]
    assert versions == list(range(versions[0], versions[0] + len(versions)))
    assert told.row(1)["m"] == {"loss": 0.5}
    state = board.get_state()["state"]
    assert state["v"] == versions[-1]
    assert [row["st"] for row in state["rows"]] == ["finished", "finished"]


def test_of_many_runs_those_that_are_seen_are_told_of_at_once(fake) -> None:
    """Where hundreds go on, what nobody sees of them is told of at each fuller look only."""
    fake(hold=True)
    handle = begun(*range(60), workers=60)
    wait_until(lambda: len(RunStore().ids(status="running")) == 60)  # the index knows it
    feed = Feed(Source(handle))
    while any(feed.look()):
        feed.look_closely()
    feed.seen = {3}
    for number, id in enumerate(handle.runs.ids):
        RunStore().update_run(id, metrics={"loss": number})
    feed._slow_due = float("inf")
    told, _ = feed.look()
    assert told == [{"n": 3, "m": {"loss": 3}}]
    feed.look_closely()
    told, _ = feed.look()
    assert sorted(row["n"] for row in told) == [n for n in range(60) if n != 3]
    assert feed.counts == {"running": 60}
    handle.cancel()
    handle.wait(SECONDS)


def test_the_end_of_a_flow_ends_the_looking(fake) -> None:
    """When nothing goes on any more the board has no thread; who asks for something is served."""
    fake(lambda job: FakeEnd(output="one\ntwo\n"))
    handle = begun(1)
    board = RunBoard(handle)
    wait_until(lambda: not board.live and board._thread is None)
    told = Told(board)
    told.say("logs", runs=[handle.runs.ids[0]])
    assert told.parts("logs")[0]["lines"] == ["one", "two"]


def test_a_board_that_is_closed_lets_go(fake) -> None:
    """A closed board has no thread, and says nothing more; the runs go on."""
    launcher = fake(hold=True)
    handle = begun(1)
    board = RunBoard(handle)
    wait_until(lambda: launcher.submitted)
    board.close()
    told = Told(board)
    told.say("hello", v=-1)
    launcher.release()
    assert [run.status for run in handle.wait(SECONDS)] == ["finished"]
    assert told == []


def test_a_store_shows_flows_that_begin_later(fake) -> None:
    """A board of a store goes on looking, and shows runs of flows that weren't there."""
    done(fake, 1)
    board = RunBoard(RunStore())
    done(fake, 2, 3)
    wait_until(lambda: board.counts == {"finished": 3} and len(board._feed.flows) == 2)
    assert board.live


def test_a_flow_whose_coordinator_is_gone_is_settled(fake) -> None:
    """Runs of a flow that nobody coordinates any more aren't shown as going on for ever."""
    runs = done(fake, 1)
    store = RunStore()
    store.update_run(runs[0].id, status="running", ended=None)
    store.update_flow(runs[0].flow, status="running", ended=None)
    board = RunBoard(store)
    wait_until(lambda: "running" not in board.counts)


def test_new_runs_of_a_flow_that_is_resumed_are_shown(fake) -> None:
    """After those that were known, also where they stand before them in the flow."""
    flow = done(fake, 1, 2, 3)[0].flow
    feed = Feed(Source(flow))
    feed.look()
    fake()
    configs = [Config({"lr": value}) for value in (7, 8, 1, 2, 3)]
    Parallel("train.py", config=configs, launcher="fake").run(resume=True)
    feed.look_closely()
    feed.look()
    assert [row["name"] for row in feed.rows] == ["lr=1", "lr=2", "lr=3", "lr=7", "lr=8"]
    feed.look_closely()
    assert feed.look() == ([], {})


def test_runs_that_go_on_are_followed(fake) -> None:
    """Where they are given, rather than their flow: until they have ended."""
    launcher = fake(hold=True)
    handle = begun(1, 2)
    wait_until(lambda: handle.store.count(status="running") == 2)
    board = RunBoard(handle.runs)
    assert board.live and board.counts == {"running": 2}
    launcher.release()
    wait_until(lambda: board.counts == {"finished": 2} and not board.live)


def test_runs_that_have_just_begun_are_shown(fake) -> None:
    """Before the index is told of them, which here waits for the generator, and from then on."""
    go_on = threading.Event()

    def source() -> Iterator[Config]:
        yield Config({"lr": 1})
        assert go_on.wait(SECONDS)
        yield Config({"lr": 2})

    launcher = fake()
    handle = Parallel("train.py", ConfigGenerator(source), launcher="fake", workers=8).start()
    wait_until(lambda: launcher.submitted)
    board = RunBoard(handle.runs)
    assert not handle.store.count()
    assert board.live and board.counts == {"running": 1}
    assert board.get_state()["state"]["rows"][0]["p"] == {"lr": 1}
    go_on.set()
    wait_until(lambda: board.counts == {"finished": 1} and not board.live)


# ---- progress, logs, curves ----


@pytest.mark.parametrize(
    "line, fraction",
    [
        (" 30%|███       | 3/10 [00:01<00:02,  3.10it/s]", 0.3),
        ("Epoch 2: 45%|████▌     | 9/20 [00:00<00:00]", 0.45),
        ("100%", 1.0),
        ("12/48 [======>.....] - ETA: 3s", 0.25),
        ("3.0k/12.0k [00:01<00:02]", 0.25),
        ("loss: 0.5", None),
        ("7/0", None),
        ("see /a/1/2/b", None),
        ("2024/12/31 done", None),
        ("accuracy 250%", None),
    ],
)
def test_how_far_a_progress_bar_is(line: str, fraction: float | None) -> None:
    """The bars of tqdm and others are understood; what is none isn't taken for one."""
    assert fraction_in(line) == fraction


def test_progress_is_read_from_what_a_run_prints(fake) -> None:
    """A run that goes on has the progress of the bar that it prints, and its last line."""
    launcher = fake(hold=True)
    handle = begun(1)
    wait_until(lambda: launcher.submitted)
    board = RunBoard(handle)
    told = Told(board)
    with open(log_of(board, launcher.submitted[0]), "ab") as file:
        file.write(b"begin\n\r 10%|# | 1/10\r 40%|#### | 4/10")
    wait_until(lambda: told.row(0).get("pr"))
    assert told.row(0)["pr"] == 0.4
    assert told.row(0)["live"] == "40%|#### | 4/10"
    launcher.release()


def test_a_log_is_followed(fake) -> None:
    """A view that looks at a log has its last lines, then those that come, and the unfinished one."""
    launcher = fake(hold=True)
    handle = begun(1)
    wait_until(lambda: launcher.submitted)
    board = RunBoard(handle)
    wait_until(lambda: board.counts)
    told = Told(board)
    id = launcher.submitted[0]
    path = log_of(board, id)
    Path(path).write_text("".join(f"line {n}\n" for n in range(100)))
    told.say("logs", runs=[id], lines=3)
    first = told.parts("logs")[0]
    assert first["lines"] == ["line 97", "line 98", "line 99"] and first["reset"]
    with open(path, "ab") as file:
        file.write(b"\x1b[31mred\x1b[0m\nunfinished")
    wait_until(lambda: told.parts("logs")[-1]["live"] == "unfinished")
    assert "\x1b[31mred\x1b[0m" in [line for part in told.parts("logs") for line in part["lines"]]
    told.say("logs", runs=[])
    assert board._watch._logs == {}
    launcher.release()


def test_curves_are_followed(fake) -> None:
    """A view that looks at curves has every point of the metrics, and then those that come."""
    launcher = fake(hold=True)
    handle = begun(1)
    wait_until(lambda: launcher.submitted)
    board = RunBoard(handle)
    wait_until(lambda: board.counts)
    told = Told(board)
    id = launcher.submitted[0]
    journal = os.path.join(os.path.dirname(log_of(board, id)), "journal.jsonl")
    append(journal, [{"t": 1.0, "step": n, "logged": {"loss": 1 / (n + 1)}} for n in range(3)])
    told.say("curves", runs=[id])
    append(journal, [{"t": 2.0, "step": 3, "logged": {"loss": float("nan")}}])
    wait_until(lambda: len(told.parts("curves")) > 1)
    points = [pair for part in told.parts("curves") for pair in part["points"].get("loss", ())]
    assert points == [[0, 1.0], [1, 0.5], [2, 1 / 3], [3, "nan"]]
    told.say("sparks", runs=[id])
    assert told.parts("sparks")[0]["m"]["loss"][-1] == "nan"
    launcher.release()


def test_many_points_are_thinned() -> None:
    """Of a long course a few values are kept, the first and the last among them."""
    assert thinned(list(range(1_000)), 5) == [0, 250, 500, 749, 999]
    assert thinned([1, 2], 5) == [1, 2]


def test_the_facts_of_a_run_with_its_traceback(fake) -> None:
    """A run that is opened is told with all values whole, why it failed, and the traceback."""
    runs = done(fake, "x" * 1_000, outcomes=lambda job: ValueError("too large"))
    board = RunBoard(runs)
    told = Told(board)
    told.say("open", run=runs[0].id)
    (detail,) = told.parts("details")
    assert detail["params"] == {"lr": "x" * 1_000}
    assert len(board._feed.rows[0]["p"]["lr"]) == 200
    assert "too large" in detail["facts"]["reason"] and "ValueError" in detail["traceback"]


# ---- doing something ----


def test_one_run_is_stopped_and_retried(fake) -> None:
    """A run of a flow that goes on is stopped alone, and tried again while the flow still goes on."""
    launcher = fake(hold=True)
    board = RunBoard(begun(1, 2))
    wait_until(lambda: board.counts == {"running": 2})
    told = Told(board)
    id = launcher.submitted[0]
    told.say("stop", runs=[id])
    wait_until(lambda: board.counts == {"cancelled": 1, "running": 1})
    told.say("retry", runs=[id])
    wait_until(lambda: board.counts == {"running": 2})
    launcher.release()
    wait_until(lambda: not board.live)
    assert board.counts == {"finished": 2}
    assert told.row(board._feed.number[id])["a"] == 2


def test_a_stop_asks_where_much_work_would_be_lost(fake, monkeypatch) -> None:
    """Who would lose more than a minute of work is asked first, alone, and not twice."""
    fake(hold=True)
    handle = begun(1)
    board = RunBoard(handle)
    wait_until(lambda: board.counts == {"running": 1})

    def is_settled() -> bool:  # and the row isn't read anew any more
        with board._lock:
            live = [flow["live"] for flow in board._feed.flows.values()] == [True]
            return live and board._feed._raw[0][1] == "running"

    wait_until(is_settled)
    board._feed.rows[0]["b"] -= 100
    told = Told(board)
    told.say("stop", runs=None)
    (ask,) = [message for message in told if message["kind"] == "ask"]
    assert ask["view"] == "v1" and re.search(r"1m[45]\ds of work would be lost", ask["text"])
    assert board.counts == {"running": 1}
    told.say(**ask["again"])
    wait_until(lambda: not board.live)
    assert board.counts == {"cancelled": 1} and handle.status == "cancelled"


def test_a_flow_is_paused_and_goes_on(fake) -> None:
    """Pause keeps further runs from beginning; unpause lets them."""
    launcher = fake(hold=True)
    handle = begun(1, 2, workers=1)
    board = RunBoard(handle)
    wait_until(lambda: [flow["live"] for flow in board._feed.flows.values()] == [True])
    wait_until(lambda: board.counts == {"running": 1})
    told = Told(board)
    told.say("pause")
    wait_until(lambda: [flow["status"] for flow in board._feed.flows.values()] == ["paused"])
    launcher.release()
    wait_until(lambda: board.counts == {"finished": 1})
    told.say("unpause")
    wait_until(lambda: len(launcher.submitted) == 2)
    launcher.release()
    wait_until(lambda: not board.live)


def test_what_failed_is_retried_after_the_end(fake) -> None:
    """Retry of a flow that has ended goes on with that flow, and the board follows it."""
    runs = done(fake, 1, 2, outcomes=lambda job: ValueError("no"))
    board = RunBoard(runs)
    wait_until(lambda: not board.live)
    fake(lambda job: 1)
    told = Told(board)
    told.say("retry", runs=[runs[1].id])
    wait_until(lambda: board.counts == {"failed": 1, "finished": 1} and not board.live)
    told.say("retry", runs=None)
    wait_until(lambda: board.counts == {"finished": 2} and not board.live)


@pytest.mark.parametrize("end", ["failed", "finished"])
def test_a_retry_that_ends_at_once_is_the_only_one(end: str, fake) -> None:
    """A click tries a run again once, also where that has ended before the board looks again."""
    launcher = fake(lambda job: FakeEnd("failed" if job.number == 1 else end), hold=True)
    board = RunBoard(begun(1, 2))
    wait_until(lambda: board.counts == {"running": 2})
    told = Told(board)
    first, other = launcher.submitted
    launcher.release([first])
    wait_until(lambda: board.counts == {"running": 1, "failed": 1})
    with board._lock:  # it doesn't look meanwhile
        told.say("retry", runs=[first])
        wait_until(lambda: len(launcher.submitted) == 3)
        launcher.release([first])
        wait_until(lambda: (row := RunStore().run(first))["attempts"] == 2 and row["ended"])
    number = board._feed.number[first]
    wait_until(lambda: told.row(number).get("a") == 2 and not board._actions.waits)
    launcher.release([other])
    wait_until(lambda: not board.live)
    assert launcher.submitted == [first, other, first]
    assert not [message for message in told if message.get("fault")]
    assert told.row(number)["st"] == end


def test_what_cannot_be_done_is_said(fake) -> None:
    """Asking for what can't be done is answered with a sentence, never with an exception."""
    board = RunBoard(done(fake, 1))
    wait_until(lambda: not board.live and board._thread is None)
    told = Told(board)
    told.say("stop", runs=[board.runs.ids[0]])
    told.say("retry", runs=[])
    told.say("logs", runs=5)
    told.say("open", run="unknown")
    told.say("what?")
    board._on_message(board, "no dict", [])
    said = [message["text"] for message in told if message["kind"] == "said"]
    assert said[0] == "nothing of that goes on."
    assert "only what didn't finish" in said[1]
    assert "asked for what it doesn't know" in said[2]
    assert len(said) == 3


def test_a_fault_of_the_store_is_said_once(fake, monkeypatch) -> None:
    """A store that can't be read for a while is told in one sentence, and then looked at again."""
    launcher = fake(hold=True)
    board = RunBoard(begun(1))
    wait_until(lambda: board.counts == {"running": 1})
    told = Told(board)
    looks: list[int] = []

    def look() -> Any:
        looks.append(1)
        raise StoreError("the store can't be read.")

    with monkeypatch.context() as patch:
        patch.setattr(board._feed, "look", look)
        wait_until(lambda: len(looks) > 2)
    said = [message["text"] for message in told if message["kind"] == "said"]
    assert said == ["the store can't be read."]
    launcher.release()
    wait_until(lambda: board.counts == {"finished": 1})


def test_what_is_selected_is_known_in_python(fake) -> None:
    """`selected` are the runs that were selected, in every view and after a reload."""
    runs = done(fake, 1, 2)
    board = RunBoard(runs)
    told = Told(board)
    told.say("select", runs=[runs[1].id, "unknown"])
    assert board.selected.ids == [runs[1].id]
    assert {"kind": "selected", "runs": [runs[1].id], "view": "v1"} in told
    assert board.get_state()["state"]["selected"] == [runs[1].id]


def test_callbacks_come_in_any_thread(fake) -> None:
    """What views ask for at the same time from several threads is done, one after the other."""
    runs = done(fake, *range(20))
    board = RunBoard(runs)
    told = Told(board)
    ids = runs.ids

    def ask(place: int) -> None:
        for id in ids:
            told.say("open", run=id)
            told.say("see", rows=[place])
            told.say("select", runs=[id])

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told.parts("details")) == 80
    assert not [message for message in told if message.get("fault")]


def test_a_page_that_has_lost_a_message_is_given_all(fake) -> None:
    """A view that says another version than the board's has the whole state again."""
    board = RunBoard(done(fake, 1))
    wait_until(lambda: not board.live and board._thread is None)
    told = Told(board)
    told.say("hello", v=board._version)
    assert not [message for message in told if message["kind"] == "state"]
    told.say("hello", v=-1)
    states = [message["state"] for message in told if message["kind"] == "state"]
    assert states[0]["rows"][0]["p"] == {"lr": 1}


# ---- hostile values, and no kernel ----


def test_hostile_names_and_outputs_are_text(fake) -> None:
    """Names, values and lines are JSON texts as they are, cut where they are too long."""
    config = Config({"lr": HOSTILE}, kwargs={HOSTILE: float("inf")})
    Path("train.py").write_text("lr = 1\ndef main(**names):\n    pass\n")
    end = FakeEnd("failed", 1, output=HOSTILE * 200, reason=HOSTILE)
    runs = done(fake, config, outcomes=lambda job: end)
    board = RunBoard(runs)
    told = Told(board)
    told.say("logs", runs=[runs[0].id])
    wait_until(lambda: told.parts("logs"))
    (row,) = board.get_state()["state"]["rows"]
    assert row["p"]["lr"] == HOSTILE and row["p"][HOSTILE] == "inf"
    (line,) = told.parts("logs")[0]["lines"]
    assert line == HOSTILE * 200 and len(line) > 10_000
    assert len(cut("x" * 50_000)) < 21_000


def test_a_notebook_without_its_kernel_has_a_table(fake) -> None:
    """What is displayed holds the last state as HTML and as text, with nothing of the runs as markup."""
    board = RunBoard(done(fake, HOSTILE, "b"))
    data, metadata = board._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "2 finished" in data["text/plain"] and "2 finished" in data["text/html"]
    assert "<script" not in data["text/html"] and "<img" not in data["text/html"]


def test_the_table_of_a_board_that_is_shown_is_renewed(fake, monkeypatch) -> None:
    """Below a board that is shown stands a table, which has the last state when the flow has ended."""
    shown: list[dict[str, str]] = []

    class Handle:
        def update(self, data: dict[str, str], **options: Any) -> None:
            shown.append(data)

    def display(data: dict[str, str], **options: Any) -> Handle:
        shown.append(data)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    launcher = fake(hold=True)
    board = RunBoard(begun(1))
    wait_until(lambda: board.counts)
    board._ipython_display_()
    widget, table = shown
    assert "application/vnd.jupyter.widget-view+json" in widget and "text/html" not in widget
    assert "1 running" in table["text/plain"]
    launcher.release()
    wait_until(lambda: len(shown) == 3)
    assert "1 finished" in shown[2]["text/plain"]
    token = board.get_state()["state"]["last"]
    assert f'class="kogine-last-{token}"' in shown[2]["text/html"]


def test_a_board_can_be_observed(fake) -> None:
    """`counts` and `live` are traits that Python can observe."""
    launcher = fake(hold=True)
    board = RunBoard(begun(1))
    seen: list[Any] = []
    board.observe(lambda change: seen.append(change["new"]), ["counts", "live"])
    wait_until(lambda: board.counts)
    launcher.release()
    wait_until(lambda: False in seen)
    assert {"finished": 1} in seen and not board.live
