"""What the tests of the command share: it is called in this process, in a folder of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from kohakuengine.cli.app import parse_command

TRAIN = """\
from enum import Enum
from pathlib import Path
from typing import Literal

import a_module_that_is_not_there


class Color(Enum):
    RED = 1
    BLUE = "blue"


lr: float = 0.1  # step size
epochs = 10
color = Color.RED
mode: Literal["fast", "slow"] = "fast"
verbose = False
out = Path("out")
model = make_model()


def main(*args):
    return lr, epochs


async def evaluate():
    pass


if __name__ == "__main__":
    main()
"""


class Reply(NamedTuple):
    """What a command came to."""

    outcome: object
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: it holds `train.py`, which couldn't be executed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    """Write a file into the working directory."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def kogine(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Reply]:
    """Do what a command line says, but for running a script."""

    def call(*arguments: str) -> Reply:
        outcome = parse_command(arguments)
        return Reply(outcome, *capsys.readouterr())

    return call
