"""What the flows' tests share: a store of each test's own, which no process may outlive."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from witness import assert_launched_by, assert_nothing_left, kill_all, use_store

from kohakuengine.launch.registry import VARIABLE
from kohakuengine.runs.store import RunStore


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The folder of the store; a test fails that leaves a process which belongs to it."""
    folder = str(tmp_path / "store")
    use_store(monkeypatch, folder)
    monkeypatch.chdir(tmp_path)
    try:
        yield folder
        assert_nothing_left(folder)
    finally:
        kill_all(folder)


@pytest.fixture
def store(home: str) -> RunStore:
    """The store."""
    return RunStore(home)


@pytest.fixture(params=["fresh", "warm"])
def launcher(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, store: RunStore
) -> Iterator[str]:
    """Each of those that give a run a process of its own, for all runs of a test."""
    monkeypatch.setenv(VARIABLE, request.param)
    yield request.param
    assert_launched_by(request.param, store)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    """Write a script, by default `train.py`."""

    def write(text: str, name: str = "train.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write
