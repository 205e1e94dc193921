"""What the launchers' tests share: a script in a folder with a space in its name."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jobs import make_job

from kohakuengine.launch.base import Job
from kohakuengine.launch.warm import Warm


@pytest.fixture
def path(tmp_path: Path) -> Callable[[str], Path]:
    """Write a script whose folder has a space in its name."""

    def write(text: str) -> Path:
        folder = tmp_path / "my scripts"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(textwrap.dedent(text))
        return folder / "train.py"

    return write


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store of each test's own."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    return str(tmp_path / "store")


@pytest.fixture
def launcher() -> Iterator[Warm]:
    """A warm launcher, which is closed in the end."""
    made = Warm()
    yield made
    made.close()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules count as installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """An attempt at a run of a script with this text."""

    def make(text: str) -> Job:
        folder = tmp_path / os.urandom(4).hex()
        folder.mkdir()
        (folder / "train.py").write_text(textwrap.dedent(text))
        return make_job(tmp_path, folder / "train.py")

    return make
