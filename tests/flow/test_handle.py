"""What `start()` gives: a flow that goes on, to be waited for, looked at, and ended."""

from __future__ import annotations

import _thread
import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shared import SECONDS, configs, fake, lr, statuses, train  # noqa: F401
from witness import assert_index_is_right, wait_until

from kohakuengine import Config, ConfigGenerator, Parallel, Run, Runs, RunStore, Sequential
from kohakuengine.errors import ConfigError, StoreError
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.handle import FlowHandle
from kohakuengine.flow.index_writer import IndexWriter
from kohakuengine.flow.recorder import Recorder
from kohakuengine.flow.retry import Retry
from kohakuengine.launch.fake import Fake, FakeEnd
from kohakuengine.runs.tags import tag_run

KINDS = ["its own", "attached"]


@pytest.fixture(params=KINDS)
def held(request, train: Path, fake, store: RunStore) -> tuple[Any, Fake]:
    """A flow whose two runs go on until they are released; by its own handle, and by another's."""
    launcher = fake(lr, hold=True)
    handle = Parallel(train, configs(1, 2), max_workers=2, launcher="fake").start()
    wait_until(lambda: len(store.ids(status="running")) == 2, SECONDS)
    request.addfinalizer(lambda: handle.cancel() or handle.join(SECONDS))
    return (handle if request.param == "its own" else AttachedFlow(store, handle.id)), launcher


def test_start_returns_at_once(train: Path, fake) -> None:
    """The flow goes on in a thread of its own."""
    launcher = fake(hold=True)
    handle = Parallel(train, configs(1), launcher="fake").start()
    assert isinstance(handle, FlowHandle) and handle.live
    wait_until(lambda: launcher.submitted, SECONDS)
    launcher.release()
    assert isinstance(handle.wait(SECONDS), Runs)
    assert not handle.live


def test_what_has_begun_can_be_looked_at(held) -> None:
    """`runs` and `status` say how it is now."""
    handle, launcher = held
    assert handle.status == "running" and handle.live
    assert handle.runs.ids == launcher.submitted
    assert statuses(handle.runs) == ["running", "running"]
    assert [run.duration >= 0 for run in handle.runs] == [True, True]


def test_what_has_just_begun_can_be_looked_at(train: Path, fake) -> None:
    """Also before the index is told, which happens when no more runs can begin at once; a tag that
    a run is given then stays."""
    looks: list[list[str]] = []
    given = threading.Event()

    def source() -> Iterator[Config]:
        yield Config({"lr": 1})
        assert given.wait(SECONDS)
        first = handle.runs[0]
        looks.append([first.status, *statuses(handle.runs)])
        looks.append([run.name for run in handle.runs.filter("lr == 1 and status == running")])
        looks.append(tag_run(first._store, first.id, ["early"], []))
        looks.append([str(store.count()) for store in [first._store]])
        yield Config({"lr": 2})

    fake(lr)
    handle = Parallel(train, ConfigGenerator(source), max_workers=2, launcher="fake").start()
    given.set()
    runs = handle.wait(SECONDS)
    assert looks == [["running"] * 2, ["lr=1"], ["early"], ["0"]]
    assert [run.tags for run in runs] == [["early"], []]
    assert_index_is_right(runs._store)


def test_the_result_of_a_run_that_goes_on_is_refused(held) -> None:
    """The message says that it is running."""
    handle, _ = held
    with pytest.raises(Exception, match="is running: it has no result"):
        handle.runs[0].result


def test_wait_gives_up_after_its_timeout(held) -> None:
    """The flow goes on then."""
    handle, launcher = held
    with pytest.raises(TimeoutError, match=f"flow {handle.id[:8]} hasn't ended within 0.05 s"):
        handle.wait(timeout=0.05)
    with pytest.raises(TimeoutError):
        handle.wait(0)
    assert handle.live
    launcher.release()
    assert handle.wait(SECONDS).results == [1, 2]


def test_wait_can_be_called_again(held) -> None:
    """It gives the same runs."""
    handle, launcher = held
    launcher.release()
    assert handle.wait(SECONDS) == handle.wait() == handle.runs


def test_runs_are_given_as_they_end(held) -> None:
    """A loop over the handle gives each when it has ended, and ends with the flow."""
    handle, launcher = held
    ended = iter(handle)
    for id in reversed(launcher.submitted):
        launcher.release([id])
        run = next(ended)
        assert isinstance(run, Run) and (run.id, run.status) == (id, "finished")
    assert list(ended) == []
    assert len(list(handle)) == 2


@pytest.mark.parametrize("way", [lambda handle: handle.wait(), list], ids=["wait", "iteration"])
def test_an_interrupt_just_before_the_wait_is_not_lost(held, way) -> None:
    """One that Python has noted and that wakes nothing, as when it comes just before it waits."""
    handle, launcher = held
    late = threading.Event()
    threads = [
        threading.Timer(0.3, _thread.interrupt_main),
        threading.Timer(SECONDS / 2, lambda: late.set() or launcher.release()),
    ]
    with pytest.raises(KeyboardInterrupt):
        for thread in threads:
            thread.start()
        way(handle)
    for thread in threads:
        thread.cancel()
    assert not late.is_set() and handle.live


def test_each_bad_run_may_be_tried_again_when_it_is_given(train: Path, fake) -> None:
    """Also the last one, with which the flow would have ended."""
    fake(lambda job: ValueError("not yet") if job.number == 1 else lr(job))
    handle = Parallel(train, configs(1, 2, 3), max_workers=1, launcher="fake").start()
    for run in handle:
        if run.status == "failed":
            handle.retry(run.id)
    assert handle.wait(SECONDS).results == [1, 2, 3] and handle.status == "finished"


def test_a_loop_that_stays_away_does_not_hold_up_the_flow(train: Path, fake) -> None:
    """Nor does one that is left before its end."""
    fake(lambda job: ValueError("no"))
    handle = Parallel(train, configs(1, 2), launcher="fake").start()
    loop = iter(handle)
    next(loop)
    for run in handle:
        break
    assert handle.join(SECONDS) and statuses(handle.runs) == ["failed", "failed"]
    assert len(list(loop)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_flow_that_has_ended_tries_nothing_again(
    train: Path, fake, store: RunStore, kind: str
) -> None:
    """The message names what does."""
    fake(lambda job: ValueError("no"))
    handle = Sequential(train, launcher="fake").start()
    [run] = handle.wait(SECONDS)
    flow: Any = handle if kind == "its own" else AttachedFlow(store, handle.id)
    with pytest.raises(StoreError, match=f'{handle.id[:8]} has ended: Retry."{handle.id[:8]}"'):
        flow.retry(run.id)
    assert os.listdir(store.paths.flow(handle.id).requests) == []


def test_a_strange_way_to_end_a_run_is_refused(held) -> None:
    """And the flow goes on."""
    handle, launcher = held
    with pytest.raises(ConfigError, match="by interrupt, terminate or kill; got 'int'"):
        handle.cancel("int")
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["finished", "finished"]


@pytest.mark.parametrize("held", ["its own"], indirect=True)
def test_a_call_amid_a_call_is_heard(held, monkeypatch) -> None:
    """As of a signal's handler that comes while another one is cancelling."""
    handle, _ = held
    write, calls = os.write, []

    def amid(fd: int, data: bytes) -> int:
        if data == b"x" and threading.current_thread() is threading.main_thread():
            calls.append(fd)
            if len(calls) == 1:
                handle.cancel("kill")
        return write(fd, data)

    monkeypatch.setattr(os, "write", amid)
    handle.cancel("interrupt")
    assert statuses(handle.wait(SECONDS)) == ["cancelled", "cancelled"] and len(calls) == 2


def test_a_status_that_is_final_is_told_last(train: Path, fake, monkeypatch) -> None:
    """Who waits for it finds the results."""
    seen: list[str] = []
    flush = IndexWriter.flush

    def look(writer: IndexWriter, **how: bool) -> bool:
        done = flush(writer, **how)
        if how.get("last"):
            seen.append(handle.status)
        return done

    monkeypatch.setattr(IndexWriter, "flush", look)
    launcher = fake(lr, hold=True)
    handle = Sequential(train, configs(1), launcher="fake").start()
    wait_until(lambda: launcher.submitted)
    launcher.release()
    assert handle.wait(SECONDS).results == [1]
    assert (seen, handle.status) == (["running"], "finished")


def test_ends_are_told_while_git_is_still_asked(train: Path, fake, monkeypatch) -> None:
    """What the flow takes place with is kept beside it."""
    told = threading.Event()
    monkeypatch.setattr(Recorder, "keep_provenance", lambda *_: told.wait(SECONDS))
    fake(lr)
    handle = Sequential(train, configs(1), launcher="fake").start()
    assert next(iter(handle)).result == 1 and handle.live
    told.set()
    assert handle.join(SECONDS)


def test_a_run_that_was_looked_at_before_it_was_tried_again(train: Path, fake) -> None:
    """Says how it is now."""
    fake(lambda job: ValueError("not yet") if job.number == 1 else lr(job))
    [run] = Sequential(train, configs(1), launcher="fake").run()
    assert run.status == "failed" and "not yet" in str(run.error)
    Retry(run.flow).run()
    assert (run.status, run.error, run.result) == ("finished", None, 1)


def test_a_flow_that_another_settles_is_not_over_yet(train: Path, fake, store, monkeypatch) -> None:
    """What became of its runs isn't in the store before."""
    fake(lr)
    [run] = Sequential(train, configs(1), launcher="fake").run()
    flow = AttachedFlow(store, run.flow)
    monkeypatch.setattr("kohakuengine.flow.attached.settle_flow", lambda *_: False)
    assert flow.live
    monkeypatch.undo()
    assert not flow.live


def test_a_flow_is_cancelled(held) -> None:
    """What goes on is ended, and the loop over its runs, too."""
    handle, launcher = held
    handle.cancel()
    assert {run.id for run in handle} == set(launcher.submitted)
    assert statuses(handle.wait(SECONDS)) == ["cancelled", "cancelled"]
    assert handle.status == "cancelled"
    handle.cancel()  # no harm


def test_one_run_is_cancelled(held) -> None:
    """By its id; the other one goes on."""
    handle, launcher = held
    handle.cancel(run=launcher.submitted[0])
    assert next(iter(handle)).id == launcher.submitted[0]
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["cancelled", "finished"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("awaited", [False, True], ids=["for", "async for"])
def test_a_run_that_is_tried_again_has_not_ended(
    train: Path, fake, store: RunStore, kind: str, awaited: bool
) -> None:
    """It is given when it has ended for good, although the store tells how an attempt ended."""
    tries = iter([ValueError("not yet"), {"loss": 0.5}])
    launcher = fake(lambda job: next(tries), hold=True)
    options = {"retries": 1, "retry_delay": 1000, "launcher": "fake"}
    handle = Sequential(train, configs(1, 2), **options).start()
    flow: Any = handle if kind == "its own" else AttachedFlow(store, handle.id)
    wait_until(lambda: launcher.submitted)
    launcher.release()
    wait_until(lambda: statuses(handle.runs)[:1] == ["failed"])
    wait_until(lambda: len(launcher.submitted) == 2)

    first, second = launcher.submitted
    found: list[str] = []

    async def gather() -> None:
        async for run in flow:
            found.append(run.id)

    def follow() -> None:
        for run in flow:
            found.append(run.id)

    thread = threading.Thread(target=lambda: asyncio.run(gather()) if awaited else follow())
    thread.start()
    launcher.release()
    wait_until(lambda: found)
    handle.cancel(run=first)  # which isn't tried again, then
    thread.join(SECONDS)
    assert found == [second, first]


@pytest.mark.parametrize("retries", [0, 1])
def test_attempts_before_a_resume_do_not_count(
    train: Path, fake, store: RunStore, retries: int
) -> None:
    """Others are told so, too, as `kogine logs -f` and `kogine cancel` are, of a run that waits."""
    launcher = fake(lambda job: FakeEnd("failed"))
    flow = Sequential(train, configs(1), retries=1, retry_delay=1000, launcher="fake").start()
    wait_until(lambda: store.ids(status="failed"), SECONDS)
    flow.cancel()
    flow.wait(SECONDS)
    run = launcher.submitted[0]

    launcher = fake(lambda job: FakeEnd("failed") if job.id == run else None, hold=True)
    options = {"retries": retries, "retry_delay": 1000, "launcher": "fake"}
    flow = Sequential(train, configs(1, 2), **options).start(resume=True)
    wait_until(lambda: launcher.submitted == [run], SECONDS)
    launcher.release()
    wait_until(lambda: len(launcher.submitted) == 2, SECONDS)
    wait_until(lambda: (row := store.run(run))["attempts"] == 2 and row["ended"], SECONDS)
    assert AttachedFlow(store, flow.id).tries_again(store.run(run)) is bool(retries)
    flow.cancel()
    assert flow.join(SECONDS)


def test_a_handle_can_be_awaited(held) -> None:
    """In a running event loop, which is free meanwhile."""
    handle, launcher = held

    async def main() -> Runs:
        asyncio.get_running_loop().call_later(0.01, launcher.release)
        return await handle

    assert asyncio.run(main()).results == [1, 2]
    assert asyncio.run(main()).results == [1, 2]  # it has ended


def test_runs_are_given_to_an_async_loop_as_they_end(held) -> None:
    """`async for` leaves the event loop free between them."""
    handle, launcher = held

    async def main() -> list[Any]:
        launcher.release(launcher.submitted[1:])
        seen = []
        async for run in handle:
            seen.append(run.result)
            asyncio.get_running_loop().call_soon(launcher.release)
        return seen

    assert asyncio.run(main()) == [2, 1]


def test_several_may_wait_for_one_flow(held) -> None:
    """In one event loop."""
    handle, launcher = held

    async def loop() -> list[Any]:
        return [run.id async for run in handle]

    async def wait() -> Runs:
        return await handle

    async def main() -> Any:
        asyncio.get_running_loop().call_later(0.01, launcher.release)
        return await asyncio.gather(loop(), loop(), wait())

    first, second, runs = asyncio.run(main())
    assert first == second and set(first) == set(runs.ids)


def test_awaiting_can_be_given_up(held) -> None:
    """A timeout of asyncio leaves the flow alone."""
    handle, launcher = held

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            async for run in _until(handle, 0.05):
                raise AssertionError(run)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive() and handle.live
    launcher.release()
    assert handle.wait(SECONDS).results == [1, 2]


async def _until(handle: Any, seconds: float) -> Any:
    runs = handle.__aiter__()
    while True:
        try:
            yield await asyncio.wait_for(runs.__anext__(), seconds)
        except StopAsyncIteration:
            return


def test_run_works_within_an_event_loop(train: Path, fake) -> None:
    """As in a notebook's cell, where a loop is always running."""

    async def main() -> list[Any]:
        return Parallel(train, configs(1, 2), launcher="fake").run().results

    fake(lr)
    assert asyncio.run(main()) == [1, 2]


def test_what_a_generator_raises_is_raised_where_the_flow_is_awaited(train: Path, fake) -> None:
    """As by `wait()`."""

    def source() -> Any:
        yield from configs(1)
        raise LookupError("no more ideas")

    async def main() -> None:
        await Parallel(train, source(), launcher="fake").start()

    fake()
    with pytest.raises(LookupError, match="no more ideas"):
        asyncio.run(main())


def test_an_attached_flow_shows_itself_in_short(held) -> None:
    """Its id, status, and how many runs have begun."""
    handle, _ = held
    assert repr(handle) == f"<Flow {handle.id[:8]} running, 2 runs>"


@pytest.mark.process
def test_a_live_flow_is_cancelled_at_the_interpreters_end(tmp_path: Path, store: RunStore) -> None:
    """One line on stderr says so, and nothing is left running."""
    (tmp_path / "sleep.py").write_text("import time\ntime.sleep(600)\n")
    (tmp_path / "main.py").write_text(textwrap.dedent("""
            import time
            from kohakuengine import Parallel
            handle = Parallel("sleep.py", launcher="fresh").start()
            while "running" not in [run.status for run in handle.runs]:
                time.sleep(0.01)
            print(handle.id)
            """))
    command = [sys.executable, "main.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    id = done.stdout.strip()
    assert done.returncode == 0, done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith(f"kogine: flow {id[:8]} was still going on, and is cancelled")
    assert store.flow(id)["status"] == "cancelled"
    assert [row["status"] for row in store.select()] == ["cancelled"]


@pytest.mark.process
def test_a_flow_can_outlive_its_process(tmp_path: Path, store: RunStore) -> None:
    """`start(detach=True)` gives a handle for a flow that goes on when the interpreter has ended."""
    (tmp_path / "wait.py").write_text("""
import os, time
while not os.path.exists("go"):
    time.sleep(0.01)
print("gone on")
""")
    (tmp_path / "main.py").write_text("""
from kohakuengine import Parallel
print(Parallel("wait.py", launcher="fresh").start(detach=True).id)
""")
    command = [sys.executable, "main.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    flow = AttachedFlow(store, done.stdout.strip())
    assert flow.live
    (tmp_path / "go").touch()
    [run] = flow.wait(SECONDS)
    assert (run.status, run.output) == ("finished", "gone on\n")
    assert os.getsid(0) != store.flow(flow.id)["pid"]
