"""A run in a flow is as `python script.py`, in a new interpreter or a fork of a warm one."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tell_apart import MODULES, OURS, OVERRIDDEN, REASONS, SCRIPTS

from kohakuengine import Config, Run, Sequential
from kohakuengine.launch.registry import can_fork

pytestmark = pytest.mark.process

# Addresses, and the numbers of threads.
CHANGING = re.compile(rb"(?<=0x)[0-9a-f]{6,}|(?<=started )\d{6,}")

WARM = pytest.param(
    "warm", marks=pytest.mark.skipif(not can_fork(), reason="forks are warm on Linux only")
)


class Place:
    """A folder in which each run finds the same, at the same path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "a folder"
        packages = root / "site-packages"
        packages.mkdir()
        for name, text in MODULES.items():
            (packages / f"{name}.py").write_text(textwrap.dedent(text))
        self.environ = {
            "PATH": os.defpath,
            "HOME": str(root),
            "KOGINE_HOME": str(root / "store"),
            "PYTHONPATH": str(packages),
            "PYTHONHASHSEED": "0",
            "LC_ALL": "C.UTF-8",
            "FOO": "text KOGINE_RUN_ID=1",
            "EMPTY": "",
        }

    def make(self, text: str) -> Path:
        """Make the folder anew, with this script."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "beside.py").write_text("value = 'beside'\n")
        path = self.folder / "script.py"
        path.write_text(text)
        return path

    def left(self, status: int, log: bytes) -> list[str]:
        """What a run has left behind: its exit status, log and files."""
        lines = [f"exit status {status}", *CHANGING.sub(b"", log).decode().splitlines()]
        for path in sorted(self.folder.rglob("*.txt")):
            lines.append(f"{path.name}: {path.read_text()}")
        return lines

    def plain(self, text: str) -> list[str]:
        """What `python -u script.py` leaves, with the flags of this interpreter, as ours have."""
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        path = self.make(text)
        log = self.root / "output.log"
        with open(log, "wb") as file:
            done = subprocess.run(
                [sys.executable, *flags, "-u", str(path)],
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                timeout=60,
            )
        return self.left(done.returncode, log.read_bytes())

    def run(
        self, text: str, launcher: str, overrides: dict[str, object] | None = None
    ) -> tuple[Run, list[str]]:
        """A run in a flow, and what it leaves."""
        script, config = self.make(text), Config(overrides or {})
        [run] = Sequential(script, config, launcher=launcher, cwd=self.folder).run()
        assert run.exit_code is not None
        return run, self.left(run.exit_code, Path(run.log).read_bytes())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One place for all runs, so that the paths in their logs are equal."""
    return Place(tmp_path_factory.mktemp("apart"))


@pytest.fixture(autouse=True)
def environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the place, and nothing else."""
    for variable in os.environ.keys() - place.environ.keys():
        monkeypatch.delenv(variable)
    for variable, value in place.environ.items():
        monkeypatch.setenv(variable, value)


@pytest.mark.parametrize("launcher", ["fresh", WARM])
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in OURS])
def test_a_run_is_as_plain_python(place: Place, name: str, launcher: str) -> None:
    """Log, exit status and files are the same; forks are made where they can be."""
    expected = place.plain(SCRIPTS[name])

    run, got = place.run(SCRIPTS[name], launcher)

    check_same(expected, got)
    assert run.outcome is not None
    reason = REASONS.get(name) if launcher == "warm" else None
    if reason is None:
        assert run.outcome.fallback is None
    else:
        assert reason in (run.outcome.fallback or "")


@pytest.mark.parametrize("launcher", ["fresh", WARM])
@pytest.mark.parametrize("name", OVERRIDDEN)
def test_a_run_with_overrides_is_as_plain_python(place: Place, name: str, launcher: str) -> None:
    """With an override it is as the script that has the value itself."""
    expected = place.plain(f"setting = 1\n{SCRIPTS[name]}")

    _, got = place.run(f"setting = 0\n{SCRIPTS[name]}", launcher, {"setting": 1})

    check_same(expected, got)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("launcher", [WARM])
def test_a_fork_is_as_a_new_interpreter(place: Place, name: str, launcher: str) -> None:
    """Where a run isn't as plain python, it is so under both launchers."""
    _, expected = place.run(SCRIPTS[name], "fresh")

    run, got = place.run(SCRIPTS[name], launcher)

    check_same(expected, got)
    assert run.outcome is not None and run.outcome.fallback is None


def check_same(expected: list[str], got: list[str]) -> None:
    """Fail with a diff."""
    diff = "\n".join(difflib.unified_diff(expected, got, "expected", "got", n=1))
    assert not diff, diff
