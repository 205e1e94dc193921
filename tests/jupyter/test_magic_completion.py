"""Completion of `%kogine` and `%%kogine`, in a real IPython shell."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from cells import Shell, shell  # noqa: F401
from IPython.core.completer import provisionalcompleter

from kohakuengine import sweep

SCRIPT = """\
from typing import Literal

lr = 0.1  # step size
steps = 2
fast = True
mode: Literal["a b", "c"] = "c"


def main():
    pass
"""


@pytest.fixture
def shell_with_script(shell: Shell, folder: Path) -> Shell:
    (folder / "script.py").write_text(SCRIPT)
    (folder / "my data").mkdir()
    (folder / "my data" / "notes.txt").touch()
    shell.ip.user_ns |= {"lrs": [0.1, 0.2], "rate": 0.5, "os": __import__("os"), "_secret": 1}
    return shell


def offered(shell: Shell, text: str) -> dict[str, str]:
    """What a cell becomes by each completion at the `|` in it, and what is told of that."""
    at = text.index("|")
    before, after = text[:at], text[at + 1 :]
    with provisionalcompleter():
        found = list(shell.ip.Completer.completions(before + after, at))
    assert all(one.end == at for one in found)
    return {before[: one.start] + one.text: one.type for one in found}


LINES = {
    "a command": ("%kogine par|", ["%kogine params"]),
    "a command of a group": ("%kogine config val|", ["%kogine config validate"]),
    "an option": ("%kogine run --lau|", ["%kogine run --launcher"]),
    "an option of notebooks alone": ("%kogine run --backg|", ["%kogine run --background"]),
    "a launcher": ("%kogine run x.py --launcher f|", ["%kogine run x.py --launcher fresh"]),
    "a script": ("%kogine run scr|", ["%kogine run script.py"]),
    "a config file": ("%kogine run x --config=scr|", ["%kogine run x --config=script.py"]),
    "a folder with a space": ("%kogine run my|", ["%kogine run my\\ data/"]),
    "a file in it": ("%kogine run my\\ data/n|", ["%kogine run my\\ data/notes.txt"]),
    "a quoted file": ('%kogine run "my data/n|', ['%kogine run "my data/notes.txt"']),
    "a parameter": ("%kogine run script.py --set l|", ["%kogine run script.py --set lr="]),
    "an axis": ("%kogine run script.py --sweep st|", ["%kogine run script.py --sweep steps="]),
    "an axis in one word": ("%kogine run script.py --sweep=f|", ["%kogine run script.py --sweep=fast="]),
    "a choice": ("%kogine run script.py --set fast=T|", ["%kogine run script.py --set fast=True"]),
    "a choice with a space": (
        "%kogine run script.py --set mode=a|",
        ["%kogine run script.py --set mode=a\\ b"],
    ),
    "an entrypoint": (
        "%kogine run script.py --entrypoint |",
        ["%kogine run script.py --entrypoint main"],
    ),
    "a status": ("%kogine runs --status canc|", ["%kogine runs --status cancelled"]),
    "a value": ("runs = %kogine run script.py --name {rate} --set l|", [
        "runs = %kogine run script.py --name {rate} --set lr="
    ]),
    "objects for a parameter": (
        "%kogine run script.py --sweep lr=|",
        ["%kogine run script.py --sweep lr={lrs}", "%kogine run script.py --sweep lr={rate}"],
    ),
    "a name in braces": (
        "%kogine run script.py --sweep lr={l|",
        ["%kogine run script.py --sweep lr={lrs"],
    ),
    "a name in an expression": (
        "%kogine run script.py --sweep lr={[2 * ra|",
        ["%kogine run script.py --sweep lr={[2 * rate"],
    ),
    "behind braces": (
        "%kogine run script.py --sweep 'lr={lrs}' --set st|",
        ["%kogine run script.py --sweep 'lr={lrs}' --set steps="],
    ),
    "a continued line": (
        "%kogine run script.py \\\n    --set l|",
        ["%kogine run script.py \\\n    --set lr="],
    ),
    "a line among others": ("x = 1\n  %kogine params scr|\ny = 2", ["x = 1\n  %kogine params script.py"]),
    "in the midst of a line": ("%kogine par| script.py", ["%kogine params"]),
    "without a percent sign": ("kogine para|", ["kogine params"]),
    "a script behind options": ("%kogine run --set lr=1 scr|", ["%kogine run --set lr=1 script.py"]),
    "a parameter before the script": ("%kogine run --set l| script.py", ["%kogine run --set lr="]),
    "an axis in one word before it": (
        "%kogine run --workers 2 --sweep=st|eps script.py --set lr=1",
        ["%kogine run --workers 2 --sweep=steps="],
    ),
    "a quoted one before it": ("%kogine run --set 'mode=a|' script.py", ["%kogine run --set 'mode=a b'"]),
    "one before it on a further line": (
        "%kogine run --set l| \\\n  script.py",
        ["%kogine run --set lr="],
    ),
    "an option before the script": ("%kogine run --lau| script.py", ["%kogine run --launcher"]),
    "a script that is an object": ("%kogine run {known} --set l|", ["%kogine run {known} --set lr="]),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "expected"), LINES.values(), ids=LINES)
def test_what_may_follow_is_offered(
    shell_with_script: Shell, typed: str, expected: list[str]
) -> None:
    """And nothing else: no Python, no magics of IPython's."""
    shell_with_script.cell("import kohakuengine\nknown = kohakuengine.Script('script.py')")
    if typed.endswith("lr=|"):
        shell_with_script.ip.user_ns.pop("known")
    assert list(offered(shell_with_script, typed)) == expected


CELLS = {
    "its variables": ("%%kogine run --set a|\nalpha = 1\nbeta = 2", ["%%kogine run --set alpha="]),
    "on a further line": (
        "\n%%kogine run \\\n  --sweep b|\nalpha = 1\nbeta = 2",
        ["\n%%kogine run \\\n  --sweep beta="],
    ),
    "what it reads": ("%%kogine run --with |\nprint(rate)", ["%%kogine run --with rate"]),
    "more that it reads": (
        "%%kogine run --with lrs,|\nprint(rate, lrs)",
        ["%%kogine run --with lrs,rate"],
    ),
    "the commands for cells": ("%%kogine |\nx = 1", ["%%kogine run", "%%kogine launch"]),
    "functions": ("%%kogine run --entrypoint |\ndef go():\n    pass", ["%%kogine run --entrypoint go"]),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "expected"), CELLS.values(), ids=CELLS)
def test_a_cell_is_known_as_a_script_is(
    shell_with_script: Shell, typed: str, expected: list[str]
) -> None:
    """Its variables may be set, and what it reads of the notebook may be passed."""
    assert list(offered(shell_with_script, typed)) == expected


def test_defaults_are_shown(shell_with_script: Shell) -> None:
    """Beside a parameter stand its default and what it is for; beside an option its help."""
    found = offered(shell_with_script, "%kogine run script.py --set |")
    assert found["%kogine run script.py --set lr="] == "0.1 step size"
    assert found["%kogine run script.py --set mode="] == '"c"'
    found = offered(shell_with_script, "%kogine run script.py --out|")
    assert "variable" in found["%kogine run script.py --out"]


def test_python_files_come_first(shell_with_script: Shell) -> None:
    """Then folders; hidden files aren't offered unless they are begun."""
    (Path(".hidden")).touch()
    found = [line.split()[-1] for line in offered(shell_with_script, "%kogine run |")]
    assert found == ["script.py", "train.py", "wait.py", "data/"]
    assert list(offered(shell_with_script, "%kogine run .h|")) == ["%kogine run .hidden"]


def test_runs_are_offered(shell_with_script: Shell) -> None:
    """By the beginnings of their ids, each with its status and what it was."""
    runs = sweep("script.py", {"lr": [0.5]}, launcher="inline", show=False)
    found = offered(shell_with_script, "%kogine logs |")
    assert found[f"%kogine logs {runs[0].id[:8]}"] == "finished lr=0.5"
    assert len(found) == 2  # the run, and its flow


@pytest.mark.parametrize("typed", ["%kogine rum scr|", "%kogine run 'scrap|",
                                   "%kogine run nofile.py --set l|", "%kogine show |",
                                   "%%kogine run --set l|\nif x"])  # fmt: skip
def test_where_nothing_fits_nothing_is_offered(shell_with_script: Shell, typed: str) -> None:
    """The line stays as it is, also where it is wrong."""
    assert list(offered(shell_with_script, typed)) == [typed.partition("|")[0]]


@pytest.mark.parametrize("typed", ["x = lr|", "%kogine run script.py\nlr|", "print('%kogine run', lr|",
                                   "%%kogine run\nlr|", "%kogine run {lrs.co|"])  # fmt: skip
def test_python_is_left_alone(shell_with_script: Shell, typed: str) -> None:
    """Below a magic, in its braces behind a dot, and where there is none."""
    found = [text for text in offered(shell_with_script, typed) if text.endswith(("lrs", "count"))]
    assert found


def test_nothing_is_run_for_it(shell_with_script: Shell, folder: Path) -> None:
    """A script's text is read, and no more; expressions in braces aren't evaluated."""
    (folder / "effect.py").write_text("x = 1\nopen('made', 'w')\n")
    shell_with_script.ip.user_ns["make"] = lambda: open("made", "w")
    offered(shell_with_script, "%kogine run effect.py --name {make()} --set |")
    assert not (folder / "made").exists() and not (folder / "store").exists()


def test_unloading_takes_it_away(shell_with_script: Shell) -> None:
    """And loading anew doesn't double it."""
    shell_with_script.cell("%reload_ext kohakuengine\n%reload_ext kohakuengine")
    assert len(shell_with_script.ip.Completer.custom_matchers) == 1
    shell_with_script.cell("%unload_ext kohakuengine")
    try:
        assert shell_with_script.ip.Completer.custom_matchers == []
        assert "%kogine params" not in offered(shell_with_script, "%kogine par|")
    finally:
        shell_with_script.cell("%load_ext kohakuengine")


@pytest.mark.process
def test_a_terminal_completes(folder: Path) -> None:
    """In IPython at a real terminal, Tab completes what is typed."""
    pexpect = pytest.importorskip("pexpect")  # comes with IPython, but not on Windows
    child = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--no-banner", "--colors=nocolor", "--no-confirm-exit"],
        env={
            **os.environ,
            "TERM": "xterm",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            "IPYTHONDIR": str(folder / "ipython"),
        },
        cwd=str(folder),
        encoding="utf-8",
        dimensions=(24, 120),
        timeout=60,
    )
    try:
        child.expect_exact("In [")
        child.send("%load_ext kohakuengine\r")
        child.expect_exact("In [")
        for typed, added in (
            ("%kogine run train.py --laun", "cher"),
            (" fre", "sh"),
            (" --set step", "s="),
        ):
            child.send(f"{typed}\t")
            child.expect_exact(added)
        child.send("3 --dry-run\r")
        child.expect_exact("1 run(s)")  # so that it was a line that can be executed
    finally:
        child.close(force=True)
