"""The scripted launcher: runs end as they are told to, with the files of real ones."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs import finish, make_job, output

from kohakuengine.errors import LauncherError
from kohakuengine.launch.base import Job
from kohakuengine.launch.fake import Fake, FakeEnd
from kohakuengine.runs.outcome import read_outcome


@pytest.fixture
def job(tmp_path: Path, path: Callable[[str], Path]) -> Callable[..., Job]:
    """An attempt at a run of a script that nobody runs."""
    return lambda **facts: make_job(tmp_path, path("raise SystemExit(9)"), **facts)


@pytest.fixture
def fake() -> Iterator[Callable[..., Fake]]:
    """Make launchers, which are closed in the end."""
    made: list[Fake] = []

    def make(*args: Any, **options: Any) -> Fake:
        made.append(Fake(*args, **options))
        return made[-1]

    yield make
    for launcher in made:
        launcher.close()


def test_runs_finish_at_once(fake, job):
    """Without more each run is finished at the next poll, with None."""
    launcher, one = fake(), job(slot=1)
    launcher.submit(one)
    assert read_outcome(one.attempt) is None
    assert launcher.poll([one.id]) == [one.id]
    outcome = read_outcome(one.attempt)
    assert (outcome.status, outcome.exit_code, outcome.result) == ("finished", 0, None)
    assert outcome.reason is None and outcome.slot == 1
    assert outcome.started <= outcome.ended
    assert not os.path.exists(one.attempt.output)


def test_result(fake, job):
    """What is given for a job is its result, whatever it is."""
    outcome = finish(fake(lambda job: {"slot": job.slot}), job(slot=2))
    assert outcome.result == {"slot": 2} and outcome.stored_result == {"slot": 2}
    assert finish(fake(lambda job: {1, 2}), job()).result == {1, 2}


def give(job: Job) -> object:
    """An exception, given."""
    return ValueError("bad")


def throw(job: Job) -> object:
    """The same, raised."""
    raise ValueError("bad")


@pytest.mark.parametrize("outcomes", [give, throw])
def test_exception(outcomes, fake, job):
    """An exception, given or raised, is what the script raises."""
    outcome = finish(fake(outcomes), job())
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.reason == "ValueError: bad" and type(outcome.error) is ValueError


def test_launcher_that_cannot_start_a_run(fake, job):
    """A LauncherError is the launcher's own, as where no process can be started."""

    def outcomes(job: Job) -> None:
        raise LauncherError("no room.")

    launcher, one = fake(outcomes), job()
    with pytest.raises(LauncherError, match="no room"):
        launcher.submit(one)
    assert launcher.poll([one.id]) == [one.id] and read_outcome(one.attempt) is None


ENDS = {
    "exit": (FakeEnd("failed", 3), ("failed", 3, "exited with status 3", True)),
    "killed": (FakeEnd("failed", -11), ("failed", -11, "was killed by SIGSEGV", False)),
    "timeout": (
        FakeEnd("timed_out", -15, reason="it took longer than 1 s"),
        ("timed_out", -15, "it took longer than 1 s", False),
    ),
    "interrupted": (
        FakeEnd("interrupted", -9, reason="gone"),
        ("interrupted", -9, "gone", False),
    ),
}


@pytest.mark.parametrize("kind", ENDS)
def test_end(kind, fake, job):
    """A run can end in every way."""
    end, expected = ENDS[kind]
    outcome = finish(fake(lambda job: end), job())
    assert (outcome.status, outcome.exit_code, outcome.reason, outcome.told) == expected


def test_output(fake, job):
    """What is to be printed is in the log, text or bytes."""
    text, data = job(), job()
    ends = {text.id: FakeEnd(output="lösung\n", result=1), data.id: FakeEnd(output=b"\xff")}
    launcher = fake(lambda job: ends[job.id])
    assert finish(launcher, text).result == 1 and finish(launcher, data).status == "finished"
    assert output(text) == "lösung\n"
    assert Path(data.attempt.output).read_bytes() == b"\xff"


def test_polls(fake, job):
    """A run ends at the poll it is told to."""
    launcher, one, other = fake(polls=3), job(), job()
    launcher.submit(one)
    assert [launcher.poll([one.id, "x"]) for _ in range(2)] == [["x"]] * 2
    launcher.submit(other)
    assert [launcher.poll([one.id, other.id]) for _ in range(3)] == [
        [one.id],
        [one.id],
        [one.id, other.id],
    ]


def test_hold_and_release(fake, job):
    """Held runs go on until they are released, one by one or all."""
    launcher, jobs = fake(hold=True), [job() for _ in range(4)]
    for each in jobs[:3]:
        launcher.submit(each)
    ids = [each.id for each in jobs]
    assert launcher.poll(ids[:3]) == [] and launcher.wake_fds() == []
    launcher.release([ids[1], "x"])
    assert launcher.poll(ids[:3]) == [ids[1]]
    launcher.release()
    launcher.submit(jobs[3])
    assert launcher.poll(ids) == ids[:3]


@pytest.mark.parametrize("how, code", [("interrupt", -2), ("terminate", -15), ("kill", -9)])
def test_cancel(how, code, fake, job):
    """A run that is cancelled, held or not, ends at the next poll with that status."""
    launcher, one, other = fake(lambda job: 1, hold=True, polls=5), job(), job()
    launcher.submit(one)
    launcher.submit(other)
    launcher.cancel([one.id, "x"], how)
    assert launcher.poll([one.id, other.id]) == [one.id]
    outcome = read_outcome(one.attempt)
    assert (outcome.status, outcome.exit_code) == ("cancelled", code)
    assert outcome.reason == "it was cancelled" and not outcome.told


def test_wake_descriptors(fake, job):
    """Who waits for the launcher is woken as long as there is something to poll."""
    launcher, one = fake(), job()
    assert launcher.wake_fds() == []
    launcher.submit(one)
    for _ in range(2):
        assert select.select(launcher.wake_fds(), [], [], 0)[0]
    launcher.poll([one.id])
    assert launcher.wake_fds() == []


def test_submitted_jobs_are_remembered_on_request(fake, job):
    """The ids of all jobs are kept if that is asked for: else nothing grows with their number."""
    launcher, forgetful, jobs = fake(keep=True), fake(), [job(), job()]
    for each in jobs:
        launcher.submit(each)
        forgetful.submit(each)
    assert launcher.submitted == [each.id for each in jobs]
    assert forgetful.submitted == []
