"""Public scripts from PyPI do under `kogine run` what they do under plain python."""

from __future__ import annotations

import ast
import difflib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

from kohakuengine import Script, Sequential
from kohakuengine.launch.registry import can_fork
from public_scripts import NOT_FORKED, OVERRIDDEN, SCRIPTS, OverriddenScript, PublicScript

DEADLINE = 60.0  # seconds; the slowest script of the table takes about one
LAUNCHERS = ("inline", "fresh")
IN_FLOWS = ("fresh", "warm")

# `python -m` shows two frames of its own above the script's; they are no more the script's than
# ours are, and their text differs between versions of Python.
RUNPY_FRAME = re.compile(rb'  File "[^"\n]*\brunpy(?:\.py|>)", line \d+, in \w+\n(?:    .*\n)?')


class Outcome(NamedTuple):
    """All that a run leaves behind."""

    status: int
    stdout: bytes
    stderr: bytes
    files: dict[str, bytes]

    def lines(self) -> list[str]:
        """The outcome as text, for a diff."""
        texts = {"stdout": self.stdout, "stderr": self.stderr, **self.files}
        shown = [f"exit status {self.status}"]
        for name, content in texts.items():
            shown += [f"--- {name} ---", *content.decode(errors="backslashreplace").splitlines()]
        return shown


class Place:
    """A working directory and a home that every run finds new, at the same paths.

    Plain outcomes are kept: each is compared with more than one run of ours.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / "here"
        self._plain: dict[str, Outcome] = {}

    def make(self, script: PublicScript) -> None:
        """Make the script's working directory anew."""
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(self.root / "home", ignore_errors=True)
        self.directory.mkdir(parents=True)
        (self.root / "home").mkdir()
        for name, text in script.files.items():
            (self.directory / name).write_text(text, encoding="utf-8")

    def run(self, command: list[str], script: PublicScript) -> Outcome:
        """Run a command on the script's input, in a fresh copy of its working directory."""
        self.make(script)
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment(),
            input=script.stdin.encode(),
            capture_output=True,
            timeout=DEADLINE,
        )
        stderr = RUNPY_FRAME.sub(b"", done.stderr)
        return Outcome(done.returncode, done.stdout, stderr, self._files())

    def run_into_log(self, command: list[str], script: PublicScript) -> Outcome:
        """Run a command as a flow runs it: without input, its output and errors in one file."""
        self.make(script)
        log = self.root / "output.log"
        with open(log, "wb") as file:
            done = subprocess.run(
                command,
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                timeout=DEADLINE,
            )
        said = RUNPY_FRAME.sub(b"", log.read_bytes())
        return Outcome(done.returncode, said, b"", self._files())

    def run_in_flow(self, script: PublicScript, launcher: str) -> tuple[Outcome, str | None]:
        """Run the script in a flow of its own, in this process' environment.

        Returns:
            What it leaves behind, and why it got a new interpreter in place of what was asked for.
        """
        self.make(script)
        flow = Sequential(
            Script(target(script), argv=script.args), launcher=launcher, cwd=self.directory
        )
        [run] = flow.run()
        assert run.outcome is not None and run.exit_code is not None
        said = RUNPY_FRAME.sub(b"", Path(run.log).read_bytes())
        return Outcome(run.exit_code, said, b"", self._files()), run.outcome.fallback

    def plain(self, script: PublicScript) -> Outcome:
        """What plain python gives for it."""
        if script.id not in self._plain:
            self._plain[script.id] = self.run(plain_command(script), script)
        return self._plain[script.id]

    def environment(self) -> dict[str, str]:
        """Nothing from outside: what is found there must not show in anyone's output."""
        return {
            "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.defpath]),
            "HOME": str(self.root / "home"),
            "KOGINE_HOME": str(self.root / "kogine"),
            "PYTHONHASHSEED": "0",
            "COLUMNS": "100",
            "LINES": "40",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def _files(self) -> dict[str, bytes]:
        paths = (path for path in sorted(self.directory.rglob("*")) if path.is_file())
        return {
            str(path.relative_to(self.directory)): path.read_bytes()
            for path in paths
            if "__pycache__" not in path.parts
        }


def target(script: PublicScript) -> str:
    """The script as a command line names it; a missing package fails the test."""
    try:
        distribution = metadata.distribution(script.distribution)
    except metadata.PackageNotFoundError:
        pytest.fail(f"{script.distribution} is not installed: it belongs to the `test` extra")
    if script.is_module:
        return script.target
    path = Path(str(distribution.locate_file(script.target)))
    if not path.is_file():
        pytest.fail(f"{script.distribution} {distribution.version} has no file {script.target}")
    return str(path)


def plain_command(script: PublicScript) -> list[str]:
    """The command a user types without us."""
    module = ["-m"] if script.is_module else []
    return [sys.executable, *module, target(script), *script.args]


def plain_log(place: Place, script: PublicScript) -> Outcome:
    """What plain python gives without input into one file, unbuffered, so that it is in order."""
    return place.run_into_log([sys.executable, "-u", *plain_command(script)[1:]], script)


def kogine_command(script: PublicScript, *options: str) -> list[str]:
    """The command a user types with us."""
    kogine = shutil.which("kogine", path=sysconfig.get_path("scripts"))
    if kogine is None:
        pytest.fail("the command kogine is not installed beside this interpreter")
    return [kogine, "run", *options, target(script), "--", *script.args]


def check_same(expected: Outcome, got: Outcome, again: Callable[[], Outcome]) -> None:
    """Fail with a diff, after a second plain run has told whose fault it is."""
    if got == expected:
        return
    if again() != expected:
        pytest.fail("the script differs from run to run under plain python: not for this table")
    diff = difflib.unified_diff(expected.lines(), got.lines(), "plain python", "kogine", n=2)
    pytest.fail("\n".join(diff), pytrace=False)


def edited_copy(overridden: OverriddenScript, folder: Path) -> Path:
    """The script with its first binding of the parameter rewritten, all other lines kept."""
    original = Path(target(overridden.script))
    source = original.read_text(encoding="utf-8")
    binding = first_binding(ast.parse(source), overridden.name)
    if binding is None:
        pytest.fail(f"{original} binds no {overridden.name} at its top level")
    lines = source.splitlines(keepends=True)
    first, last = binding.lineno - 1, binding.end_lineno or binding.lineno
    edit = f"{overridden.name} = {overridden.source or overridden.text}\n"
    lines[first:last] = [" " * binding.col_offset + edit, *["\n"] * (last - first - 1)]
    folder.mkdir(exist_ok=True)
    copy = folder / original.name
    copy.write_text("".join(lines), encoding="utf-8")
    return copy


def first_binding(tree: ast.Module | ast.If, name: str) -> ast.Assign | None:
    """The first `name = ...` at the top level, main block included."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return statement
        if isinstance(statement, ast.If) and (found := first_binding(statement, name)):
            return found
    return None


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One place for all runs, so that the paths in their output are equal."""
    return Place(tmp_path_factory.mktemp("public"))


def test_the_table_is_wide_enough() -> None:
    """At least thirty different public scripts, from many authors, are in the table."""
    assert len({script.target for script in SCRIPTS}) >= 30
    assert len({script.distribution for script in SCRIPTS}) >= 15
    assert len({script.id for script in SCRIPTS}) == len(SCRIPTS)


@pytest.mark.process
@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.id)
def test_a_public_script_runs_as_with_plain_python(
    place: Place, script: PublicScript, launcher: str
) -> None:
    """Output, errors, exit status and files are those of `python script.py`."""
    expected = place.plain(script)

    got = place.run(kogine_command(script, "--launcher", launcher), script)

    check_same(expected, got, again=lambda: place.run(plain_command(script), script))


@pytest.mark.process
@pytest.mark.parametrize("launcher", IN_FLOWS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.id)
def test_a_public_script_runs_in_a_flow_as_with_plain_python(
    place: Place, script: PublicScript, launcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new interpreter or a fork of a warm one: log, exit status and files are the same.

    Those that can't be forked are listed, with the reason.
    """
    expected = plain_log(place, script)
    for name in os.environ.keys() - place.environment().keys():
        monkeypatch.delenv(name)
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)

    got, fallback = place.run_in_flow(script, launcher)

    check_same(expected, got, again=lambda: plain_log(place, script))
    if launcher == "warm" and can_fork():
        assert fallback == NOT_FORKED.get(script.id)


@pytest.mark.process
@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("overridden", OVERRIDDEN, ids=lambda row: f"{row.script.id}-{row.name}")
def test_an_override_is_an_edit_of_the_script(
    place: Place, tmp_path: Path, overridden: OverriddenScript, launcher: str
) -> None:
    """`--set NAME=VALUE` gives what the script gives with that line edited."""
    script = overridden.script
    edited = [sys.executable, str(edited_copy(overridden, tmp_path / "edited")), *script.args]
    expected = place.run(edited, script)
    assert expected != place.plain(script), "this value changes nothing: choose another"

    setting = f"{overridden.name}={overridden.text}"
    got = place.run(kogine_command(script, "--launcher", launcher, "--set", setting), script)

    check_same(expected, got, again=lambda: place.run(edited, script))
