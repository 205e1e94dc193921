"""What the tests of configs share: a folder to write files into, forgotten afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from kohakuengine.config import siblings


@pytest.fixture(autouse=True)
def _no_traces(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """Drop the modules that a test leaves in `sys.modules`, and what is remembered of them."""
    monkeypatch.setattr(siblings, "_left", {})
    monkeypatch.setattr(siblings, "_import_folders", {})
    before = dict(sys.modules)
    yield
    for name in set(sys.modules) - set(before):
        if str(folder) in repr(sys.modules[name]):
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An absolute real path, as `siblings()` is given."""
    return tmp_path.resolve()


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    """Write a file into `folder`."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    return write


@pytest.fixture
def fresh_python(folder: Path) -> Callable[..., str]:
    """What some code prints in a new interpreter, which runs in `folder`.

    What measures coverage has no part in it: it imports what we don't.
    """

    def run(code: str, *arguments: str) -> str:
        command = [sys.executable, "-c", dedent(code), *arguments]
        env = {name: value for name, value in os.environ.items() if name[:9] != "COVERAGE_"}
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
