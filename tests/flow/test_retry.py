"""Running again what didn't finish, from what the directories say."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from shared import SECONDS, configs, fake, lr, statuses, train  # noqa: F401
from witness import assert_index_is_right, wait_until

from kohakuengine import Config, Parallel, Runs, RunStore, Script, Sequential
from kohakuengine.errors import NotFoundError, StoreError
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.retry import Retry
from kohakuengine.flow.settle import settle_flow
from kohakuengine.launch.fake import FakeEnd
from kohakuengine.runs.lock import FlowLock
from kohakuengine.runs.remove import plan_removal, remove
from kohakuengine.runs.tags import tag_run


@pytest.fixture
def failed(train: Path, fake):
    """A flow of three runs of which the second one failed."""
    fake(lambda job: FakeEnd("failed", 1) if lr(job) == 2 else lr(job))
    return Sequential(train, configs(1, 2, 3), launcher="fake", name="n", tags=["t"]).run()


def test_what_failed_is_run_again(failed, fake, store: RunStore) -> None:
    """In its own directory and the same flow; what finished is left alone."""
    launcher = fake(lr)
    [run] = Retry(failed[0].flow[:8]).run()
    assert (launcher.submitted, run.id, run.result) == ([failed[1].id], failed[1].id, 2)
    assert [run.attempts for run in failed] == [1, 2, 1]
    assert store.flow(run.flow)["status"] == "finished"
    assert_index_is_right(store)


def test_the_flow_stays_what_it_was(failed, fake, store: RunStore) -> None:
    """Its name, tags, number of runs; and it can be resumed."""
    before = store.flow(failed[0].flow)
    fake(lr)
    Retry(failed[0].flow).run()
    after = store.flow(failed[0].flow)
    names = ("name", "tags", "scripts", "total", "created", "options")
    assert [after[name] for name in names] == [before[name] for name in names]


def test_a_run_whose_record_is_damaged_is_told(failed, store: RunStore) -> None:
    """One sentence says which, and what to do."""
    Path(store.paths.run(failed[1].id).spec).write_text('{"format": 1, "id')
    with pytest.raises(StoreError, match=f"run {failed[1].id[:8]} can't be tried .* --resume"):
        Retry(failed[0].flow)


def test_what_fails_again_can_be_run_once_more(failed, fake) -> None:
    """As often as one likes."""
    for attempts in (2, 3):
        fake(lambda job: FakeEnd("failed", 7))
        [run] = Retry(failed[0].flow).run()
        assert (run.status, run.exit_code, run.attempts) == ("failed", 7, attempts)


def test_values_that_only_pickle_holds_come_back(train: Path, fake) -> None:
    """The configs are those that the runs had."""
    train.write_text("lr = 1\ndef main(a, k):\n    pass\n")
    fake(lambda job: FakeEnd("failed", 1))
    [run] = Sequential(train, Config({"lr": {1, 2}}, ["a"], {"k": 1}), launcher="fake").run()
    fake(lambda job: (lr(job), job.config.args, job.config.kwargs))
    assert Retry(run.flow).run().results == [({1, 2}, ["a"], {"k": 1})]


def test_the_script_is_taken_as_it_is_now(failed, fake, train: Path, store: RunStore) -> None:
    """What was mended in it counts, and no word is needed for that."""
    train.write_text("lr = 0.5  # mended\n")
    fake(lr)
    Retry(failed[0].flow).run()
    kept = Path(store.paths.flow(failed[0].flow).source)
    assert any("mended" in path.read_text() for path in kept.rglob("*.py"))


def test_entrypoint_and_arguments_are_kept(train: Path, fake) -> None:
    """The script is run as it was."""
    train.write_text("lr = 1\ndef other():\n    pass\n")
    fake(lambda job: FakeEnd("failed", 1))
    script = Script(train, entrypoint="other", argv=["-v"])
    [run] = Sequential(script, launcher="fake").run()
    fake(lambda job: [job.script.entrypoint, list(job.script.argv)])
    assert Retry(run.flow).run().results == [["other", ["-v"]]]


def test_options_are_those_of_the_flow(train: Path, fake) -> None:
    """Also timeout, environment and retries."""
    fake(lambda job: FakeEnd("failed", 1))
    options: dict[str, Any] = {"timeout": 5, "env": {"A": "1"}, "retries": 1, "retry_delay": 0}
    [run] = Parallel(train, max_workers=3, launcher="fake", **options).run()
    fake(lambda job: [job.timeout, job.variables()["A"], job.number])
    again = Retry(run.flow)
    assert (again.options.workers, again.options.retries) == (3, 1)
    assert again.run().results == [[5, "1", 3]]


def test_several_scripts(train: Path, tmp_path: Path, fake, store: RunStore) -> None:
    """Those that finished stay part of the flow, which can be resumed afterwards."""
    (tmp_path / "good.py").write_text("lr = 1\n")
    scripts = ["good.py", train]
    fake(lambda job: FakeEnd("failed", 1) if job.script.path == str(train) else 1)
    first = Sequential(scripts, launcher="fake").run()
    assert statuses(first) == ["finished", "failed"]
    fake(lambda job: 2)
    Retry(first[0].flow).run()
    launcher = fake()
    runs = Sequential(scripts, launcher="fake").run(resume=True)
    assert (runs.results, runs.ids, launcher.submitted) == ([1, 2], first.ids, [])


def test_a_sequence_is_retried_in_order(train: Path, fake) -> None:
    """One run after the other, as the flow was."""
    fake(lambda job: FakeEnd("failed", 1))
    first = Sequential(train, configs(1, 2, 3), launcher="fake").run()
    fake(lambda job: (lr(job), job.slot))
    assert Retry(first[0].flow).run().results == [(1, 0), (2, 0), (3, 0)]


def test_a_flow_that_finished_is_refused(train: Path, fake) -> None:
    """There is nothing to run again."""
    fake()
    [run] = Sequential(train, launcher="fake").run()
    with pytest.raises(StoreError, match=f"all runs of flow {run.flow[:8]} have finished"):
        Retry(run.flow)


def test_a_live_flow_is_refused(train: Path, fake) -> None:
    """It is to end, or to be cancelled, first."""
    launcher = fake(hold=True)
    handle = Sequential(train, launcher="fake").start()
    wait_until(lambda: launcher.submitted, SECONDS)
    with pytest.raises(StoreError, match=f"flow {handle.id[:8]} is going on"):
        Retry(handle.id)
    launcher.release()
    handle.wait(SECONDS)


def test_who_just_settles_a_flow_is_waited_for(failed, fake, store: RunStore) -> None:
    """As a board does that shows it: that isn't taken for a flow that goes on."""
    fake(lr)
    lock = FlowLock.acquire(store.paths.flow(failed[0].flow).lock)
    assert lock is not None
    timer = threading.Timer(0.3, lock.release)
    timer.start()
    [run] = Retry(failed[0].flow).run()
    assert run.status == "finished"
    timer.join()


def test_who_looks_at_a_flow_that_has_ended_is_in_nobodys_way(failed, store: RunStore) -> None:
    """It is settled as it is, and its lock not even asked for."""
    lock = FlowLock.acquire(store.paths.flow(failed[0].flow).lock)
    assert lock is not None and settle_flow(store, failed[0].flow)
    lock.release()
    store.update_flow(failed[0].flow, status="running")  # of a coordinator killed just then
    assert settle_flow(store, failed[0].flow)
    assert store.flow(failed[0].flow)["status"] == "failed"


def test_a_flow_that_was_removed_meanwhile_is_told(failed, fake, store: RunStore) -> None:
    """Nothing is run, and nothing of it made anew."""
    launcher, flow = fake(lr), failed[0].flow
    retry = Retry(flow)
    remove(store, plan_removal(store, [], [flow]))
    with pytest.raises(NotFoundError, match=f"no flow {flow[:8]} .* removed it"):
        retry.start()
    assert not launcher.submitted and not os.listdir(store.paths.flows)


def test_a_tag_given_while_a_flow_is_settled_stays(failed, store: RunStore, monkeypatch) -> None:
    """The index keeps it, too, as that takes a while where something is left to be ended."""
    flow, id = failed[0].flow, failed[1].id
    store.update_flow(flow, status="running")
    store.update_run(id, status="running")  # of a coordinator that was killed
    monkeypatch.setattr(
        "kohakuengine.flow.settle.end_survivors", lambda *of: tag_run(store, id, ["good"], [])
    )
    assert settle_flow(store, flow)
    assert store.run(id)["tags"] == ["t", "good"] and store.run(id)["status"] == "failed"


def test_an_unknown_flow_is_told(train: Path, fake) -> None:
    """By what was given for it."""
    fake()
    Sequential(train, launcher="fake").run()
    with pytest.raises(StoreError, match="ffff"):
        Retry("ffff")


def test_a_run_of_a_flow_that_goes_on_is_retried(train: Path, fake, store: RunStore) -> None:
    """`retry` of a handle, and a request, have a run that failed tried again before the flow ends,
    which has then finished."""
    tries: dict[str, int] = {}

    def outcomes(job):
        tries[job.id] = tries.get(job.id, 0) + 1
        if lr(job) == 1 and tries[job.id] < 3:
            return ValueError("not yet")
        return lr(job)

    launcher = fake(outcomes, hold=True)
    handle = Parallel(train, config=configs(1, 2), launcher="fake", workers=2).start()
    wait_until(lambda: len(launcher.submitted) == 2)
    first, other = launcher.submitted
    ended = iter(handle)
    for ask in (handle.retry, AttachedFlow(store, handle.id).retry):
        seen = len(launcher.submitted)
        launcher.release([first])
        run = next(ended)
        assert (run.id, run.status) == (first, "failed")
        ask(first)
        wait_until(lambda: len(launcher.submitted) == seen + 1)
    launcher.release()
    runs = handle.wait(60)
    assert statuses(runs) == ["finished", "finished"]
    assert [run.attempts for run in runs] == [3, 1]
    assert handle.status == "finished"


def test_only_some_runs_are_retried(train: Path, fake, store: RunStore) -> None:
    """`Retry` of named runs leaves the others as they were."""
    fake(lambda job: ValueError("no"))
    runs = Sequential(train, config=configs(1, 2, 3), launcher="fake").run()
    fake(lambda job: lr(job))
    Retry(runs[0].flow, runs=[runs[1].id]).run()
    assert statuses(store_runs(store)) == ["failed", "finished", "failed"]


def store_runs(store: RunStore) -> Runs:
    return Runs(store, store.ids(flow=store.flows()[0]["id"]))
