"""A flow that another process coordinates is shown with all that happens between two looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared import SECONDS, configs, fake, lr, train  # noqa: F401
from witness import wait_until

from kohakuengine import Parallel, RunStore
from kohakuengine.flow.follow import _Follower
from kohakuengine.flow.view import View
from kohakuengine.launch.base import Job
from kohakuengine.launch.fake import Fake, FakeEnd


class Told(View):
    """Notes what it is told."""

    wants_output = True

    def __init__(self) -> None:
        self.notes: list[str] = []

    def output(self, row: dict[str, Any], lines: Any) -> None:
        self.notes += [f"{row['name']} {line}" for line in lines]

    def run_ended(self, row: dict[str, Any], again: float | None) -> None:
        self.notes.append(f"{row['name']} {row['status']}")


def follower_of(flow: str, store: RunStore, since: float | None = None) -> tuple[_Follower, Told]:
    """Who has looked once at a flow, and what it was told since."""
    told = Told()
    follower = _Follower(flow, store, told, since)
    follower.begin()
    told.notes.clear()
    return follower, told


def try_of(job: Job) -> FakeEnd:
    """Each attempt says its number; the third finishes."""
    return FakeEnd("finished" if job.number == 3 else "failed", output=f"try {job.number}\n")


def release_until(launcher: Fake, condition: Callable[[], object]) -> None:
    """Let one attempt after the other end."""
    wait_until(lambda: launcher.release() or condition(), SECONDS)


def test_new_runs_before_those_known_are_shown(train: Path, fake, store: RunStore) -> None:
    """In a flow that was resumed with more configs, wherever these stand."""
    fake(lambda job: FakeEnd(output=f"it is {lr(job)}\n"))
    flow = Parallel(train, configs(1, 2, 3), launcher="fake").run()[0].flow
    follower, told = follower_of(flow, store, time.time())
    Parallel(train, configs(7, 8, 1, 2, 3), launcher="fake").run(resume=True)
    follower.look(last=True)
    assert told.notes == [
        *("lr=7 it is 7", "lr=7 finished"),
        *("lr=8 it is 8", "lr=8 finished"),
    ]
    follower.look(last=True)
    assert len(told.notes) == 4


def test_attempts_between_two_looks_are_shown(train: Path, fake, store: RunStore) -> None:
    """One after the other, each with what it printed and how it ended; of new runs, too."""
    launcher = fake(try_of, hold=True)
    flow = Parallel(train, configs(1, 2), max_workers=1, retries=2, launcher="fake").start()
    wait_until(lambda: store.ids(status="running"), SECONDS)
    follower, told = follower_of(flow.id, store)
    release_until(launcher, lambda: not flow.live)
    follower.look(last=True)
    ends = ["try 1", "failed", "try 2", "failed", "try 3", "finished"]
    for name in ("lr=1", "lr=2"):
        assert [note for note in told.notes if name in note] == [f"{name} {end}" for end in ends]


def test_a_run_that_had_ended_and_is_retried_is_shown(train: Path, fake, store: RunStore) -> None:
    """Also where it has ended again before anybody looks, whether its first end was seen or not."""
    launcher = fake(try_of, hold=True)
    flow = Parallel(train, configs(1, 2), max_workers=2, launcher="fake").start()
    wait_until(lambda: len(launcher.submitted) == 2, SECONDS)
    first, other = launcher.submitted
    seen, told = follower_of(flow.id, store)
    launcher.release([first])
    wait_until(lambda: store.ids(flow=flow.id, status="failed"), SECONDS)
    seen.look(last=True)
    assert told.notes == ["lr=1 try 1", "lr=1 failed"]
    late, told_late = follower_of(flow.id, store)
    flow.retry(first)
    wait_until(lambda: len(launcher.submitted) == 3, SECONDS)
    launcher.release([first])
    wait_until(lambda: (row := store.run(first))["attempts"] == 2 and row["ended"], SECONDS)
    wait_until(lambda: seen.look() or len(told.notes) == 4, SECONDS)
    wait_until(lambda: late.look() or len(told_late.notes) == 2, SECONDS)
    assert told.notes[2:] == told_late.notes == ["lr=1 try 2", "lr=1 failed"]
    launcher.release([other])
    assert flow.join(SECONDS)
