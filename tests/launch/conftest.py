"""What the launchers' tests share: a script in a folder with a space in its name."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest


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
