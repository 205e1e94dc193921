"""A Ctrl-C, or an index that is locked, at the wrong moment: what is recorded is whole."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from shared import configs, fake, train  # noqa: F401
from witness import assert_index_is_right, assert_nothing_left, locked, wait_until

from kohakuengine import Parallel, RunStore, Sequential, run
from kohakuengine.flow import detach
from kohakuengine.flow.handle import FlowHandle
from kohakuengine.flow.recorder import Recorder
from kohakuengine.runs import schema
from kohakuengine.runs.lock import flow_is_live
from kohakuengine.runs.reindex import reindex

ONE = ["inline", "fresh"]  # how one run by itself can go on


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def assert_one_finished(store: RunStore) -> None:
    """Fail unless there is one run, which finished, of a flow that nobody holds."""
    [flow] = store.flows()
    assert not flow_is_live(store.paths.flow(flow["id"]))
    assert (flow["status"], [row["status"] for row in store.select()]) == ("finished", ["finished"])
    assert_index_is_right(store)


@pytest.mark.process
@pytest.mark.parametrize("launcher", ONE)
def test_ctrl_c_while_the_end_is_recorded(script, store, monkeypatch, launcher: str) -> None:
    """It is raised when the run is recorded as what it is, and the flow is let go."""

    def keep(recorder: Recorder, scripts: object) -> None:
        wait_until(lambda: os.path.exists(recorder.paths.ended))
        interrupt()

    monkeypatch.setattr(Recorder, "keep_provenance", keep)
    with pytest.raises(KeyboardInterrupt):
        run(script("x = 1\nprint(x)"), launcher=launcher)
    assert_one_finished(store)


def test_ctrl_c_while_a_result_is_pickled(script, store: RunStore) -> None:
    """The script has finished by then."""
    path = script("""
        import os, signal
        class Large:
            def __reduce__(self):
                os.kill(os.getpid(), signal.SIGINT)
                return (Large, ())
        def main(): return Large()
    """)
    with pytest.raises(KeyboardInterrupt):
        run(path, launcher="inline")
    assert_one_finished(store)


@pytest.mark.process
@pytest.mark.parametrize("launcher", ONE)
def test_a_value_is_given_though_the_index_is_locked(
    script, store: RunStore, monkeypatch, launcher: str
) -> None:
    """With a warning; the directories have all, and the flow is let go."""
    monkeypatch.setattr(schema, "PATIENCE", 0.2)
    store.count()
    with locked(store), pytest.warns(RuntimeWarning, match="locked.* kept in .*/runs/"):
        assert run(script("def main(): return 5"), launcher=launcher) == 5
    reindex(store)
    assert_one_finished(store)


@pytest.mark.process
def test_an_index_that_was_locked_only_at_first(script, store: RunStore, monkeypatch) -> None:
    """It has all in the end, and nobody is warned."""
    began: list[Any] = []
    index_flow = Recorder.index_flow

    def index(recorder: Recorder) -> None:
        began.append(recorder)
        if len(began) == 1:
            raise schema.StoreError("locked for now.", path=store.index)
        index_flow(recorder)

    monkeypatch.setattr(Recorder, "index_flow", index)
    assert run(script("def main(): return 5"), launcher="fresh") == 5
    assert len(began) == 2
    assert_one_finished(store)


def test_a_second_ctrl_c_amid_the_first(train: Path, fake, store: RunStore, monkeypatch) -> None:
    """It doesn't leave the flow going on with nobody who has its handle."""
    fake(hold=True)
    join, cancel = FlowHandle.join, FlowHandle.cancel
    came: list[str] = []

    def once(name: str) -> None:
        if name not in came:
            came.append(name)
            raise KeyboardInterrupt

    def joined(handle: FlowHandle, timeout: float | None = None) -> bool:
        once("first")
        return join(handle, timeout)

    def cancelled(handle: FlowHandle, how: str = "terminate", run: str | None = None) -> None:
        once("second")
        cancel(handle, how, run)

    monkeypatch.setattr(FlowHandle, "join", joined)
    monkeypatch.setattr(FlowHandle, "cancel", cancelled)
    with pytest.raises(KeyboardInterrupt):
        Parallel(train, configs(1, 2), max_workers=2, launcher="fake").run()
    assert came == ["first", "second"]
    assert {row["status"] for row in store.select()} <= {"cancelled"}
    assert [flow["status"] for flow in store.flows()] == ["cancelled"]


@pytest.mark.process
def test_ctrl_c_before_a_detached_flow_has_begun(script, store, home, monkeypatch) -> None:
    """Nobody has a handle of it, and it doesn't go on."""

    class Pipe:
        def __init__(self, *_: object) -> None: ...
        def __enter__(self) -> Pipe:
            return self

        def __exit__(self, *_: object) -> None: ...
        def read(self) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr(detach, "open", Pipe, raising=False)
    path = script("import time\ntime.sleep(600)")
    with pytest.raises(KeyboardInterrupt):
        Sequential(path).start(detach=True)
    assert_nothing_left(home)
