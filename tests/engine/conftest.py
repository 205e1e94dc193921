"""What the engine's tests share: scripts written on the spot, run in this process."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from kohakuengine.config.base import Config
from kohakuengine.engine.executor import ScriptExecutor
from kohakuengine.engine.script import Script


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Script]:
    """Write a script, and give it as a Script."""

    def write(text: str, name: str = "train.py", **options) -> Script:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return Script(path, **options)

    return write


@pytest.fixture
def globals_after(script: Callable[..., Script]) -> Callable[..., dict]:
    """Run a text as a script with overrides, and give its globals afterwards."""

    def execute(text: str, strict: bool = False, **overrides: object) -> dict:
        executor = ScriptExecutor(script(text), strict=strict)
        executor.execute(Config(overrides))
        return vars(executor.module)

    return execute
