"""The one loop of a flow: what runs when, what a bad end means, and what the store says of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shared import SECONDS, configs, fake, lr, statuses, train  # noqa: F401
from witness import assert_index_is_right, wait_until

from kohakuengine import Config, ConfigGenerator, Parallel, RunStore, Sequential
from kohakuengine.errors import ConfigError, LauncherError, OverrideError, RunsFailed
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.handle import FlowHandle
from kohakuengine.flow.requests import make_request
from kohakuengine.flow.retry import Retry
from kohakuengine.flow.view import View
from kohakuengine.launch.fake import Fake, FakeEnd
from kohakuengine.runs.lock import FlowLock
from kohakuengine.runs.reindex import reindex
from kohakuengine.runs.values import write_json

FAKE: dict[str, Any] = {"launcher": "fake", "retry_delay": 0}


class Told(View):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.ends: list[tuple[str, str, float | None]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def run_ended(self, row: dict[str, Any], again: float | None) -> None:
        self.ends.append((row["name"], row["status"], again))


def bad(*values: object, end: object = None) -> Callable[[Any], object]:
    """Runs with these values of `lr` fail, or end as said."""
    fault = FakeEnd("failed", 1) if end is None else end
    return lambda job: fault if lr(job) in values else {"loss": lr(job)}


def begun(launcher: Fake, count: int) -> None:
    """Wait until so many attempts have begun."""
    wait_until(lambda: len(launcher.submitted) >= count, SECONDS)


# ---- order ----


def test_results_come_in_submission_order(train: Path, fake, store: RunStore) -> None:
    """Whatever order runs finish in."""
    launcher = fake(lr, hold=True)
    handle = Parallel(train, configs(1, 2, 3), max_workers=3, **FAKE).start()
    begun(launcher, 3)
    first, second, third = launcher.submitted
    ended = iter(handle)
    for id in (third, first, second):
        launcher.release([id])
        assert next(ended).id == id
    assert handle.wait(SECONDS).results == [1, 2, 3]
    assert handle.runs.ids == [first, second, third]
    assert_index_is_right(store)


def test_as_many_go_on_as_there_are_slots(train: Path, fake) -> None:
    """The next one begins when one has ended."""
    launcher = fake(hold=True)
    handle = Parallel(train, configs(*range(4)), max_workers=2, **FAKE).start()
    begun(launcher, 2)
    launcher.release(launcher.submitted[:1])
    begun(launcher, 3)  # before the index says so, which is told of many short runs at once
    expected = ["finished", "running", "running"]
    wait_until(lambda: statuses(handle.runs) == expected, SECONDS)
    launcher.release()
    begun(launcher, 4)
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["finished"] * 4


def test_a_sequence_runs_one_after_the_other(train: Path, fake) -> None:
    """`Sequential` has one slot, whatever the machine has."""
    seen: list[tuple[int, int]] = []

    def outcomes(job: Any) -> None:
        seen.append((lr(job), job.slot))

    fake(outcomes)
    Sequential(train, configs(1, 2, 3), **FAKE).run()
    assert seen == [(1, 0), (2, 0), (3, 0)]


# ---- slots ----


def test_runs_know_their_slot(train: Path, fake) -> None:
    """`KOGINE_WORKER_ID` is the number of the slot, 0 to workers - 1, and the run says it, too."""
    seen: dict[str, str] = {}
    launcher = fake(lambda job: seen.update({job.id: job.variables()["KOGINE_WORKER_ID"]}))
    runs = Parallel(train, configs(*range(5)), max_workers=3, **FAKE).run()
    assert {run.id: str(run.slot) for run in runs} == seen
    assert set(seen.values()) == {"0", "1", "2"} and len(launcher.submitted) == 5


GPUS: dict[str, tuple[Any, str | None, list[str | None]]] = {
    "none": (None, None, [None, None]),
    "as given": ([3, "GPU-ab"], None, ["3", "GPU-ab"]),
    "of a subset": ("auto", "6,4", ["6", "4"]),
    "shared": ([1], None, ["1", "1"]),
}


@pytest.mark.parametrize("gpus, visible, expected", GPUS.values(), ids=GPUS)
def test_each_slot_has_its_gpu(
    train: Path, fake, monkeypatch, gpus: Any, visible: str | None, expected: list[str | None]
) -> None:
    """Ids are exactly those that were given, or that the variable held."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    fake(lambda job: job.variables().get("CUDA_VISIBLE_DEVICES"))
    assert (
        Parallel(train, configs(1, 2), max_workers=2, gpus=gpus, **FAKE).run().results == expected
    )


def test_a_flow_without_its_gpus_does_not_begin(train: Path, fake, monkeypatch, store) -> None:
    """What can't be had is told before anything is recorded."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    launcher = fake()
    with pytest.raises(ConfigError, match="^gpus: CUDA_VISIBLE_DEVICES leaves"):
        Parallel(train, configs(1), gpus="auto", **FAKE).run()
    assert (launcher.submitted, store.flows()) == ([], [])


def test_the_environment_of_runs(train: Path, fake, tmp_path: Path) -> None:
    """What is chosen for the flow reaches each job."""
    jobs: list[Any] = []
    fake(jobs.append)
    options = {"env": {"A": "1"}, "cwd": tmp_path, "timeout": 5, "max_log": 2048, "strict": True}
    [run] = Parallel(train, configs(1), **options, **FAKE).run()
    [job] = jobs
    assert job.variables()["A"] == "1"
    assert job.variables()["KOGINE_FLOW_ID"] == run.flow
    assert job.variables()["KOGINE_RUN_DIR"] == run.path
    assert (job.cwd, job.timeout, job.max_log, job.strict) == (str(tmp_path), 5, 2048, True)


# ---- bad ends ----


def test_other_runs_go_on_after_a_bad_one(train: Path, fake, store: RunStore) -> None:
    """That is what `on_error` says if nothing is chosen; the flow has failed."""
    fake(bad(2))
    handle = Parallel(train, configs(1, 2, 3), max_workers=1, **FAKE).start()
    runs = handle.wait(SECONDS)
    assert statuses(runs) == ["finished", "failed", "finished"]
    assert (handle.status, store.flow(handle.id)["status"]) == ("failed", "failed")
    assert (runs.finished.ids, runs.failed.ids) == ([runs[0].id, runs[2].id], [runs[1].id])


ENDS = {
    ("finished",): "finished",
    ("finished", "failed"): "failed",
    ("timed_out", "cancelled"): "failed",
    ("finished", "cancelled"): "cancelled",
    ("interrupted", "finished"): "interrupted",
}


@pytest.mark.parametrize("ends, status", ENDS.items())
def test_what_was_stopped_has_not_failed(train: Path, fake, store, ends, status: str) -> None:
    """Neither the run nor its flow; `failed` are those that failed or took too long."""
    left = iter(ends)
    fake(lambda job: FakeEnd(next(left)))
    handle = Sequential(train, configs(*ends), **FAKE).start()
    runs = handle.wait(SECONDS)
    assert statuses(runs) == list(ends)
    assert (handle.status, store.flow(handle.id)["status"]) == (status, status)
    assert statuses(runs.failed) == [one for one in ends if one in ("failed", "timed_out")]
    if set(ends) != {"finished"}:
        with pytest.raises(RunsFailed) as raised:
            runs.results
        assert set(raised.value.ids) == {run.id for run in runs if run.status != "finished"}


def test_stop_begins_no_further_runs(train: Path, fake) -> None:
    """What goes on is seen to its end."""
    launcher = fake(bad(1), hold=True)
    flow = Parallel(train, configs(1, 2, 3), max_workers=2, on_error="stop", **FAKE)
    handle = flow.start()
    begun(launcher, 2)
    launcher.release(launcher.submitted[:1])
    next(iter(handle))
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["failed", "finished"]
    assert handle.status == "failed"


def test_cancel_ends_what_goes_on(train: Path, fake) -> None:
    """With `on_error="cancel"` a bad run ends the others, too."""
    launcher = fake(bad(1), hold=True)
    flow = Parallel(train, configs(1, 2, 3), max_workers=2, on_error="cancel", **FAKE)
    handle = flow.start()
    begun(launcher, 2)
    launcher.release(launcher.submitted[:1])
    assert statuses(handle.wait(SECONDS)) == ["failed", "cancelled"]


@pytest.mark.parametrize("on_error", ["stop", "cancel"])
def test_a_flow_that_was_stopped_keeps_its_plan(train: Path, fake, store, on_error: str) -> None:
    """How many runs it was to have is told afterwards, too, and after a reindex, retry and resume."""

    def total() -> int:
        [flow] = store.flows()
        return flow["total"]

    fake(bad(1))
    Sequential(train, configs(1, 2, 3), on_error=on_error, **FAKE).run()
    assert (total(), len(store.select())) == (3, 1)
    reindex(store)
    assert total() == 3
    Retry(store.flows()[0]["id"]).run()
    assert total() == 3
    fake()
    Sequential(train, configs(2, 3), **FAKE).run(resume=True)
    assert (total(), len(store.select())) == (3, 3)  # with the one that is in it from before
    Sequential(train, configs(1, 2, 3, 4, 5), **FAKE).run(resume=True)
    assert (total(), len(store.select())) == (5, 5)


# ---- retries ----


def after(count: int, end: Callable[[], object]) -> Callable[[Any], object]:
    """Attempts end so until the given number, which finishes."""
    return lambda job: end() if job.number < count else job.number


def test_a_bad_run_is_tried_again(train: Path, fake, store: RunStore) -> None:
    """In the same run, which has one more attempt each time."""
    fake(after(3, lambda: FakeEnd("failed", 1)))
    [run] = Sequential(train, configs(1), retries=2, **FAKE).run()
    assert (run.status, run.attempts, run.result) == ("finished", 3, 3)
    assert store.flow(run.flow)["status"] == "finished"
    assert_index_is_right(store)


def test_retries_come_to_an_end(train: Path, fake) -> None:
    """How the last attempt ended is how the run did."""
    fake(after(9, lambda: FakeEnd("failed", 1)))
    [run] = Sequential(train, configs(1), retries=2, **FAKE).run()
    assert (run.status, run.attempts) == ("failed", 3)


RETRIED: dict[str, tuple[Any, object, bool]] = {
    "failed": (["failed"], FakeEnd("failed", 1), True),
    "not timed out": (["failed"], FakeEnd("timed_out", -15), False),
    "timed out": (["timed_out"], FakeEnd("timed_out", -15), True),
    "the status": ([3], FakeEnd("failed", 3), True),
    "another status": ([3], FakeEnd("failed", 4), False),
    "a signal": ([-11], FakeEnd("failed", -11), True),
    "the exception": (["ValueError"], ValueError("oh"), True),
    "another exception": (["ValueError"], KeyError("oh"), False),
    "one of several": ([3, "KeyError"], KeyError("oh"), True),
    "not given as a list": ("ValueError", ValueError("oh"), True),
    "what was interrupted": (["failed", "timed_out"], FakeEnd("interrupted", -9), False),
}


@pytest.mark.parametrize("retry_on, end, again", RETRIED.values(), ids=RETRIED)
def test_what_is_tried_again_can_be_chosen(
    train: Path, fake, retry_on: Any, end: object, again: bool
) -> None:
    """By status, exit status, or the name of what the script raised."""
    fake(after(2, lambda: end))
    [run] = Sequential(train, configs(1), retries=1, retry_on=retry_on, **FAKE).run()
    assert run.attempts == (2 if again else 1)


def test_each_retry_waits_twice_as_long(train: Path, fake) -> None:
    """The back-off begins with `retry_delay` seconds."""
    fake(after(9, lambda: FakeEnd("failed", 1)))
    told = Told()
    flow = Sequential(train, configs(1), retries=3, launcher="fake", retry_delay=0.001)
    flow.run(show=told)
    name = "lr=1"
    assert told.ends == [(name, "failed", delay) for delay in (0.001, 0.002, 0.004, None)]


def test_a_retry_leaves_its_slot_to_others(train: Path, fake) -> None:
    """While a run waits for its next attempt, another one takes the slot."""
    fake(lambda job: FakeEnd("failed", 1) if (lr(job), job.number) == (1, 1) else lr(job))
    flow = Sequential(train, configs(1, 2), retries=1, launcher="fake", retry_delay=4)
    handle = flow.start()
    assert [run.params["lr"] for run in handle] == [2, 1]
    assert handle.wait(SECONDS).results == [1, 2]


def test_stop_gives_up_what_waits_to_be_tried_again(train: Path, fake, store: RunStore) -> None:
    """A bad end for good ends the waiting, and how the run ended the last time counts."""
    fake(lambda job: FakeEnd("failed", 1 if lr(job) == 1 else 2))
    options = {**FAKE, "retry_delay": 1000, "retries": 1, "retry_on": [1]}
    runs = Sequential(train, configs(1, 2, 3), on_error="stop", **options).run()
    assert [(run.status, run.attempts, run.exit_code) for run in runs] == [
        ("failed", 1, 1),
        ("failed", 1, 2),
    ]
    assert_index_is_right(store)


# ---- generators ----


def test_a_generator_is_asked_when_a_slot_is_free(train: Path, fake) -> None:
    """Never ahead of that."""
    made: list[int] = []

    def source() -> Iterator[Config]:
        for value in range(5):
            made.append(value)
            yield Config({"lr": value})

    launcher = fake(hold=True)
    handle = Parallel(train, ConfigGenerator(source), max_workers=2, **FAKE).start()
    begun(launcher, 2)
    assert made == [0, 1]
    launcher.release(launcher.submitted[:1])
    begun(launcher, 3)
    assert made == [0, 1, 2]
    handle.cancel()
    handle.wait(SECONDS)
    assert made == [0, 1, 2]


def test_a_generator_is_told_each_outcome(train: Path, fake) -> None:
    """It finds the Run that has ended as the value of its `yield`, and can go by its result."""
    told: list[Any] = []

    def source() -> Iterator[Config]:
        value = 8
        while value:
            run = yield Config({"lr": value})
            told.append((run.params["lr"], run.status, run.metrics))
            value //= 2 if run.status == "finished" else 4

    fake(bad(4))
    Sequential(train, ConfigGenerator(source), **FAKE).run()
    assert told == [(8, "finished", {"loss": 8}), (4, "failed", {}), (1, "finished", {"loss": 1})]


def test_a_generator_is_told_once_a_run(train: Path, fake) -> None:
    """Attempts that are followed by another one are not told."""
    told: list[Any] = []

    def source() -> Iterator[Config]:
        for value in (1, 2):
            run = yield Config({"lr": value})
            told.append((run.params["lr"], run.status, run.attempts))

    fake(after(2, lambda: FakeEnd("failed", 1)))
    Sequential(train, ConfigGenerator(source), retries=1, **FAKE).run()
    assert told == [(1, "finished", 2), (2, "finished", 2)]


def test_a_generator_is_told_of_a_run_that_is_given_up(train: Path, fake, store) -> None:
    """Also of one that was cancelled while it waited for its next attempt."""
    told: list[Any] = []

    def source() -> Iterator[Config]:
        run = yield Config({"lr": 1})
        told.append(run and (run.params["lr"], run.status))
        while run is None or run.params["lr"] == 2:
            run = yield Config({"lr": 2})
            told.append(run and (run.params["lr"], run.status))

    launcher = fake(bad(1), hold=True)
    options = {**FAKE, "retry_delay": 1000, "retries": 1}
    handle = Sequential(train, ConfigGenerator(source), **options).start()
    begun(launcher, 1)
    launcher.release()
    begun(launcher, 2)
    AttachedFlow(store, handle.id).cancel(run=launcher.submitted[0])
    wait_until(lambda: not os.listdir(store.paths.flow(handle.id).requests), SECONDS)
    launcher.release()
    wait_until(lambda: len(told) > 1 or not handle.live, SECONDS)
    handle.cancel()
    handle.wait(SECONDS)
    assert (1, "failed") in told


def test_what_a_generator_raises_is_raised_by_the_flow(train: Path, fake) -> None:
    """When what went on has ended, and is recorded."""

    def source() -> Iterator[Config]:
        yield Config({"lr": 1})
        yield Config({"lr": 2})
        raise LookupError("no more ideas")

    fake(lr)
    handle = Parallel(train, ConfigGenerator(source), max_workers=3, **FAKE).start()
    with pytest.raises(LookupError, match="no more ideas"):
        handle.wait(SECONDS)
    assert statuses(handle.runs) == ["finished", "finished"]
    assert handle.status == "failed" and isinstance(handle.fault, LookupError)
    with pytest.raises(LookupError, match="no more ideas"):
        Parallel(train, ConfigGenerator(source), max_workers=3, **FAKE).run()


def test_what_is_no_config_ends_the_flow_with_a_sentence(train: Path, fake) -> None:
    """The one that the generator gave is named."""
    fake()
    with pytest.raises(ConfigError, match="number 2 of what it gives must be a Config, got int"):
        Sequential(train, [Config(), 3], **FAKE).run()  # type: ignore[list-item]


def test_the_generator_of_a_stopped_flow_is_not_asked_again(train: Path, fake) -> None:
    """After a bad run with `on_error="stop"` nothing is made."""
    made: list[int] = []

    def source() -> Iterator[Config]:
        for value in range(3):
            made.append(value)
            yield Config({"lr": value})

    fake(bad(1))
    Sequential(train, ConfigGenerator(source), on_error="stop", **FAKE).run()
    assert made == [0, 1]


# ---- what can't be run ----


def test_a_config_that_cannot_be_run_ends_the_flow(train: Path, fake, store: RunStore) -> None:
    """Under strict, a name that the script lacks is refused when its config is made."""
    launcher = fake()
    configs = ConfigGenerator(lambda: iter([Config({"lr": 1}), Config({"rl": 1})]))
    flow = Sequential(train, configs, strict=True, **FAKE)
    handle = flow.start()
    with pytest.raises(OverrideError, match="rl"):
        handle.wait(SECONDS)
    assert statuses(handle.runs) == ["finished"] and len(launcher.submitted) == 1
    assert handle.status == "failed"
    assert_index_is_right(store)


def test_an_unknown_name_is_told_to_those_who_look_on(train: Path, fake) -> None:
    """Once, however many runs set it."""
    told = Told()
    fake()
    Sequential(train, [Config({"lrr": value}) for value in range(3)], **FAKE).run(show=told)
    [note] = told.notes
    assert "binds lrr" in note and "lr?" in note


def test_a_launcher_that_cannot_start_a_run_ends_the_flow(train: Path, fake, store) -> None:
    """Its message is raised; what went on is seen to its end, and nothing is left running."""

    def outcomes(job: Any) -> object:
        if lr(job) == 2:
            raise LauncherError("no more processes.")
        return lr(job)

    fake(outcomes)
    handle = Parallel(train, configs(1, 2, 3), max_workers=2, **FAKE).start()
    with pytest.raises(LauncherError, match="no more processes"):
        handle.wait(SECONDS)
    first, second = handle.runs
    assert (first.status, second.status) == ("finished", "interrupted")
    assert "it couldn't be started: no more processes" in str(second.error)
    assert store.run(second.id)["error"] == "it couldn't be started: no more processes"
    assert_index_is_right(store)


# ---- pause and cancel ----


def test_a_paused_flow_begins_no_runs(train: Path, fake, store: RunStore) -> None:
    """Until it is unpaused; what goes on ends meanwhile."""
    launcher = fake(hold=True)
    handle = Parallel(train, configs(1, 2, 3), max_workers=1, **FAKE).start()
    begun(launcher, 1)
    handle.pause()
    wait_until(lambda: store.flow(handle.id)["status"] == "paused", SECONDS)
    launcher.release()
    next(iter(handle))
    with pytest.raises(TimeoutError):
        handle.wait(0.1)
    assert (handle.status, len(launcher.submitted)) == ("paused", 1)
    handle.unpause()
    for count in (2, 3):
        begun(launcher, count)
        launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["finished"] * 3
    assert handle.status == "finished"


def test_a_paused_flow_of_which_all_runs_have_ended_is_over(train: Path, fake) -> None:
    """There is nothing that it could begin."""
    launcher = fake(hold=True)
    handle = Parallel(train, configs(1, 2), max_workers=2, **FAKE).start()
    begun(launcher, 2)
    handle.pause()
    wait_until(lambda: handle.status == "paused", SECONDS)
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["finished"] * 2
    assert handle.status == "finished"


def test_pause_is_said_again(train: Path, fake, store: RunStore) -> None:
    """Where the index, made anew meanwhile, doesn't know it any more."""
    launcher = fake(hold=True)
    handle = Sequential(train, configs(1, 2), **FAKE).start()
    begun(launcher, 1)
    handle.pause()
    wait_until(lambda: store.flow(handle.id)["status"] == "paused", SECONDS)
    reindex(store)
    AttachedFlow(store, handle.id).pause()
    wait_until(lambda: store.flow(handle.id)["status"] == "paused", SECONDS)
    handle.cancel()
    handle.wait(SECONDS)


def test_a_paused_flow_can_be_cancelled(train: Path, fake) -> None:
    """It ends although it was to begin no runs."""
    launcher = fake(hold=True)
    handle = Sequential(train, configs(1, 2), **FAKE).start()
    begun(launcher, 1)
    handle.pause()
    handle.cancel()
    assert statuses(handle.wait(SECONDS)) == ["cancelled"]
    assert handle.status == "cancelled"


def test_a_cancelled_flow_ends(train: Path, fake, store: RunStore) -> None:
    """What goes on is cancelled, what has ended stays as it is, and nothing else begins."""
    launcher = fake(hold=True)
    handle = Parallel(train, configs(*range(5)), max_workers=2, retries=3, **FAKE).start()
    begun(launcher, 2)
    launcher.release(launcher.submitted[:1])
    begun(launcher, 3)
    handle.cancel()
    assert statuses(handle.wait(SECONDS)) == ["finished", "cancelled", "cancelled"]
    assert handle.status == "cancelled" and store.flow(handle.id)["status"] == "cancelled"
    assert all(run.attempts == 1 for run in handle.runs)
    assert_index_is_right(store)


def test_cancelling_gives_up_retries(train: Path, fake) -> None:
    """A flow whose runs all wait for another attempt ends at once."""
    launcher = fake(bad(1), hold=True)
    flow = Sequential(train, configs(1), retries=1, launcher="fake", retry_delay=1000)
    handle = flow.start()
    begun(launcher, 1)
    launcher.release()
    wait_until(lambda: statuses(handle.runs) == ["failed"], SECONDS)
    handle.cancel()
    assert statuses(handle.wait(SECONDS)) == ["failed"]


def test_one_run_can_be_cancelled(train: Path, fake, store: RunStore) -> None:
    """The others go on, and it isn't tried again."""
    launcher = fake(hold=True)
    handle = Parallel(train, configs(1, 2, 3), max_workers=2, retries=2, **FAKE).start()
    begun(launcher, 2)
    AttachedFlow(store, handle.id).cancel(run=launcher.submitted[1])
    assert next(iter(handle)).status == "cancelled"
    begun(launcher, 3)
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["finished", "cancelled", "finished"]
    assert handle.status == "cancelled"


# ---- requests of other processes ----


def test_requests_are_obeyed(train: Path, fake, store: RunStore) -> None:
    """Files in the flow's `requests/` pause, unpause and cancel it; each is taken once."""
    launcher = fake(hold=True)
    handle = Sequential(train, configs(1, 2, 3), **FAKE).start()
    begun(launcher, 1)
    paths = store.paths.flow(handle.id)
    make_request(paths, {"do": "pause"})
    wait_until(lambda: handle.status == "paused", SECONDS)
    launcher.release()
    make_request(paths, {"do": "unpause"})
    begun(launcher, 2)
    make_request(paths, {"do": "cancel", "how": "kill"})
    runs = handle.wait(SECONDS)
    assert [(run.status, run.exit_code) for run in runs] == [("finished", 0), ("cancelled", -9)]
    assert os.listdir(paths.requests) == []


STRANGE = {
    "no JSON": "{",
    "no object": "[1]",
    "nothing to do": "{}",
    "unknown": '{"do": "dance"}',
    "no text": '{"do": ["cancel"]}',
    "unknown way": '{"do": "cancel", "how": "gently"}',
    "no way": '{"do": "cancel", "how": ["kill"]}',
    "no run": '{"do": "retry", "run": [1]}',
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_a_request_that_is_none_does_no_harm(train: Path, fake, store, text: str) -> None:
    """It is taken away, and the flow goes on."""
    launcher = fake(hold=True)
    handle = Sequential(train, configs(1), **FAKE).start()
    begun(launcher, 1)
    path = Path(store.paths.flow(handle.id).requests, "1.json")
    path.with_suffix(".tmp").write_text(text)
    path.with_suffix(".tmp").rename(path)
    wait_until(lambda: not path.exists(), SECONDS)
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["finished"]


def test_a_cancel_of_a_strange_run_does_no_harm(train: Path, fake, store: RunStore) -> None:
    """One that has ended, or that isn't this flow's, is passed over."""
    launcher = fake(hold=True)
    handle = Sequential(train, configs(1), **FAKE).start()
    begun(launcher, 1)
    make_request(store.paths.flow(handle.id), {"do": "cancel", "run": "f" * 32})
    wait_until(lambda: not os.listdir(store.paths.flow(handle.id).requests), SECONDS)
    launcher.release()
    assert statuses(handle.wait(SECONDS)) == ["finished"]


# ---- the record ----


def test_the_index_says_what_the_directories_say(train: Path, fake, store: RunStore) -> None:
    """Of runs that finished, failed and were tried again, in every column."""

    def outcomes(job: Any) -> object:
        ends = {
            1: {"loss": 0.5},
            2: ValueError("oh"),
            3: FakeEnd("timed_out", -15, "loss: 0.25\n", reason="it took longer than 5 s"),
            4: FakeEnd(output="step 1 loss=0.5\nstep 2 loss=0.125\n"),
            5: FakeEnd("failed", -11),
        }
        return ends[lr(job)]

    fake(outcomes)
    runs = Parallel(
        train, configs(1, 2, 3, 4, 5), max_workers=2, retries=1, tags=["t"], name="n", **FAKE
    ).run()
    assert_index_is_right(store)
    assert statuses(runs) == ["finished", "failed", "timed_out", "finished", "failed"]
    assert [run.metrics for run in runs] == [{"loss": 0.5}, {}, {"loss": 0.25}, {"loss": 0.125}, {}]
    assert [run.attempts for run in runs] == [1, 2, 2, 1, 2]


def test_a_flow_is_recorded(train: Path, fake, store: RunStore) -> None:
    """Its name, tags, scripts, options, and how it ended; its lock is free again."""
    fake()
    handle = Parallel(train, configs(1, 2), max_workers=2, name="n", tags=["t"], **FAKE).start()
    handle.wait(SECONDS)
    row, paths = store.flow(handle.id), store.paths.flow(handle.id)
    assert (row["name"], row["tags"], row["status"], row["total"]) == ("n", ["t"], "finished", 2)
    assert row["scripts"] == [str(train)] and row["options"]["workers"] == 2
    assert json.loads(Path(paths.ended).read_text())["status"] == "finished"
    assert "lr = 0.1" in next(Path(paths.source).rglob("train.py")).read_text()
    lock = FlowLock.acquire(paths.lock)
    assert lock is not None
    lock.release()


def test_a_reindex_while_a_flow_begins_does_not_lose_it(
    train: Path, fake, store: RunStore, monkeypatch
) -> None:
    """The index knows it all the while that it goes on, so that it can be followed and ended."""

    def write(path: str, value: object) -> None:
        if os.path.basename(path) == "flow.json":
            assert reindex(store)["flows"] == 0
        write_json(path, value)

    monkeypatch.setattr("kohakuengine.flow.recorder.write_json", write)
    launcher = fake(hold=True)
    handle = Parallel(train, configs(1), **FAKE).start()
    wait_until(lambda: launcher.submitted, SECONDS)
    status = [flow["status"] for flow in store.flows()]
    launcher.release()
    handle.wait(SECONDS)
    assert status == ["running"]


def test_a_flow_over_nothing_finishes(train: Path, fake, store: RunStore) -> None:
    """A generator may give no config at all."""
    fake()
    handle = Parallel(train, [], **FAKE).start()
    assert handle.wait(SECONDS).results == []
    assert (handle.status, store.flow(handle.id)["status"]) == ("finished", "finished")


def test_what_looks_on_is_told_everything(train: Path, fake) -> None:
    """Output line by line, and how each attempt ended."""
    seen: list[object] = []

    class Seeing(View):
        wants_output = True

        def flow_began(self, flow: str, total: int | None) -> None:
            seen.append(("flow", total))

        def run_began(self, row: dict[str, Any]) -> None:
            seen.append(("began", row["name"], row["status"]))

        def output(self, row: dict[str, Any], lines: Any) -> None:
            seen.append(("said", row["name"], list(lines)))

        def run_ended(self, row: dict[str, Any], again: float | None) -> None:
            seen.append(("ended", row["name"], row["status"], again))

        def flow_ended(self, status: str) -> None:
            seen.append(("over", status))

    fake(after(2, lambda: FakeEnd("failed", 1, "one\ntwo")))
    Sequential(train, configs(1), retries=1, **FAKE).run(show=Seeing())
    assert seen == [
        ("flow", 1),
        ("began", "lr=1", "running"),
        ("said", "lr=1", ["one"]),
        ("said", "lr=1", ["two"]),
        ("ended", "lr=1", "failed", 0.0),
        ("began", "lr=1", "running"),
        ("ended", "lr=1", "finished", None),
        ("over", "finished"),
    ]


def test_a_handle_shows_itself_in_short(train: Path, fake) -> None:
    """Its id, status, and how many runs have begun."""
    fake()
    handle = Parallel(train, configs(1, 2), **FAKE).start()
    handle.wait(SECONDS)
    assert isinstance(handle, FlowHandle)
    assert repr(handle) == f"<Flow {handle.id[:8]} finished, 2 runs>"
