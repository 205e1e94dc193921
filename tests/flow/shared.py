"""What the ordinary tests of flows share: a script that nobody runs, whose runs end as they are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kohakuengine import Config
from kohakuengine.launch.base import Job
from kohakuengine.launch.fake import Fake

SECONDS = 60.0  # for anything to happen


def configs(*values: object) -> list[Config]:
    """One Config for each value of `lr`."""
    return [Config({"lr": value}) for value in values]


def lr(job: Job) -> Any:
    """The value of `lr` with which a job is to run."""
    assert job.config is not None
    return job.config.globals_dict["lr"]


def statuses(runs: Any) -> list[str]:
    """How runs are, in order."""
    return [run.status for run in runs]


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """A script with a parameter `lr`, which the fake launcher doesn't run."""
    path = tmp_path / "train.py"
    path.write_text("lr = 0.1\nraise SystemExit(f'nobody runs this: {lr}')\n")
    return path


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Fake]:
    """Say how the runs of `launcher="fake"` end: the arguments are those of `Fake`."""

    def make(outcomes: Callable[[Job], object] | None = None, **options: Any) -> Fake:
        launcher = Fake(outcomes, keep=True, **options)
        monkeypatch.setattr("kohakuengine.launch.fake.Fake", lambda: launcher)
        return launcher

    return make
