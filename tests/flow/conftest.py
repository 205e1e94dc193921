"""What the flows' tests share: a store of each test's own, which no process may outlive."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from witness import assert_nothing_left, kill_all

from kohakuengine.runs.store import RunStore


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The folder of the store; a test fails that leaves a process which belongs to it."""
    folder = str(tmp_path / "store")
    monkeypatch.setenv("KOGINE_HOME", folder)
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


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    """Write a script, by default `train.py`."""

    def write(text: str, name: str = "train.py") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write
