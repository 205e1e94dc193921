"""Shell completion: what the command answers, and what real shells make of it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from kohakuengine.cli.app import COMPLETION, parse_command

# A command line up to the cursor, and what it may go on with.
WORDS = {
    "a command": ("par", ["params"]),
    "an option": ("run --la", ["--launcher"]),
    "a launcher": ("run train.py --launcher ", ["auto", "inline", "fresh", "warm", "pool"]),
    "a parameter": ("run train.py --set e", ["epochs="]),
    "all parameters": (
        "run train.py --set ",
        ["lr=", "epochs=", "color=", "mode=", "verbose=", "out="],
    ),
    "a further parameter": ("run train.py --set lr=1 --set mo", ["mode="]),
    "an option joined to its value": ("run train.py --set=ep", ["--set=epochs="]),
    "a choice joined to its option": ("run train.py --set=mode=f", ["--set=mode=fast"]),
    "members of an enum": ("run train.py --set color=", ["color=RED", "color=BLUE"]),
    "a choice": ("run train.py --set mode=s", ["mode=slow"]),
    "a bool": ("run train.py --set verbose=", ["verbose=True", "verbose=False"]),
    "a number": ("run train.py --set lr=", []),
    "an entrypoint": ("run train.py --entrypoint ", ["main", "evaluate"]),
    "a script of config check": ("config check train.py --set ep", ["epochs="]),
    "an argument of a template": ("run train.py --config t.py --config-arg s", ["size="]),
    "its values": ("config show t.py --config-arg size=", ["size=small", "size=large"]),
    "of no template": ("config show train.py --config-arg ", []),
    "no such script": ("run nosuch.py --set ", []),
    "no script": ("run --set ", []),
    "a broken script": ("run broken.py --set ", []),
    "a shell": ("completion b", ["bash"]),
}
FILES = ["run ", "run tr", "run train.py --config ", "params ", "config show ", "config check "]


def answer(
    line: str, shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[list[str]]:
    """Kind, value and help of each completion that the command offers to a shell."""
    words = f"kogine {line}"
    last = "" if words.endswith(" ") else words.split()[-1]
    current = last if shell == "fish" else str(len(words.split()) - (last != ""))
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", current)
    monkeypatch.setenv(COMPLETION, f"{shell}_complete")
    with pytest.raises(SystemExit) as ended:
        parse_command([])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    lines = out[:-1].split("\n") if out.strip() else []
    if shell == "zsh":
        return [lines[i : i + 3] for i in range(0, len(lines), 3)]
    return [re.split(r"[,\t]", line, maxsplit=2) for line in lines]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line, expected", WORDS.values(), ids=WORDS)
def test_a_word_is_completed(
    line: str, expected: list[str], shell: str, write, monkeypatch, capsys
) -> None:
    """Commands, options, parameters, choices and functions; the script is never executed."""
    write("broken.py", "def f(:\n")
    write(
        "t.py",
        "def config_gen(size: Literal['small', 'large'], *, layers=2, worker_id=0): oh = 1 / 0",
    )
    found = answer(line, shell, monkeypatch, capsys)
    assert [(kind, value) for kind, value, *_ in found] == [("plain", value) for value in expected]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line", FILES)
def test_files_are_left_to_the_shell(line: str, shell: str, folder, monkeypatch, capsys) -> None:
    """Where a script or a config file is due, the shell is told to complete files."""
    assert [kind for kind, *_ in answer(line, shell, monkeypatch, capsys)] == ["file"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_default_is_shown_as_help(shell: str, folder, monkeypatch, capsys) -> None:
    """Shells that show help show the default and what the parameter is for."""
    ((_, value, help),) = answer("run train.py --set l", shell, monkeypatch, capsys)
    assert (value, help) == ("lr=", "0.1 step size")


# The words of a line as bash splits them, and what it is to put in place of the last of them.
SPLIT = {
    "nothing to split": (["--set", "ep"], ["epochs="]),
    "at the sign": (["--set", "color", "="], ["RED", "BLUE"]),
    "behind the sign": (["--set", "color", "=", "B"], ["BLUE"]),
    "a joined option": (["--set", "=", "ep"], ["epochs="]),
    "a choice of a joined option": (["--set", "=", "mode", "=", "s"], ["slow"]),
    "an earlier one": (["--set", "lr", "=", "1", "--set", "verbose", "=", "T"], ["True"]),
    "a new word": (["--set", "lr", "=", "1", ""], []),
}


@pytest.mark.parametrize("words, expected", SPLIT.values(), ids=SPLIT)
def test_the_words_of_bash_are_understood(
    words: list[str], expected: list[str], folder, monkeypatch, capsys
) -> None:
    """Bash takes `=` for the end of a word, and replaces only what follows it."""
    monkeypatch.setenv("COMP_WORDS", "\n".join(["kogine", "run", "train.py", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words) + 2))
    monkeypatch.setenv(COMPLETION, "bash_complete")
    with pytest.raises(SystemExit):
        parse_command([])
    lines = capsys.readouterr().out.split()
    assert [line for line in lines if line.startswith("plain")] == [f"plain,{e}" for e in expected]


def test_a_choice_with_a_space_is_quoted_for_bash(write, monkeypatch, capsys) -> None:
    """What bash puts into the line is one word."""
    write("script.py", "from typing import Literal\nx: Literal['a b'] = 'a b'\n")
    assert answer("run script.py --set x=", "bash", monkeypatch, capsys) == [["plain", "'x=a b'"]]


def test_a_module_of_the_script_is_found_where_the_shell_is(write, monkeypatch, capsys) -> None:
    """The choices of an Enum from a file beside the script are offered, too."""
    write("colors.py", "from enum import Enum\nclass C(Enum):\n    A = 1\n")
    write("script.py", "from colors import C\nx = C.A\n")
    assert answer("run script.py --set x=", "bash", monkeypatch, capsys) == [["plain", "x=A"]]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_printed(shell: str, kogine) -> None:
    """`kogine completion SHELL` prints what the shell is to evaluate."""
    reply = kogine("completion", shell)
    assert reply.outcome == 0
    assert f"_KOGINE_COMPLETE={shell}_complete" in reply.out


STARTS = {
    "bash": (["--norc", "--noprofile", "-i"], 'PS1="$ "; eval "$(kogine completion bash)"'),
    "zsh": (
        ["-f", "-i"],
        "PS1='$ '; autoload -Uz compinit; compinit -u -D; eval \"$(kogine completion zsh)\"",
    ),
    "fish": (["--no-config", "--private", "-i"], "kogine completion fish | source"),
}
TYPED = [
    ("kogine par", "kogine params "),
    ("kogine run train.py --set ep", "kogine run train.py --set epochs="),
    ("kogine run train.py --set color=R", "kogine run train.py --set color=RED "),
    ("kogine run train.py --set=ep", "kogine run train.py --set=epochs="),
    ("kogine run train.py --launcher f", "kogine run train.py --launcher fresh "),
    ("kogine run tra", "kogine run train.py "),
]


@pytest.mark.process
@pytest.mark.parametrize("name", STARTS)
def test_a_real_shell_completes(name: str, folder: Path) -> None:
    """In a shell at a terminal, Tab completes what is typed, and adds no space behind `lr=`."""
    pexpect = pytest.importorskip("pexpect")  # comes with IPython, but not on Windows
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} isn't installed")
    arguments, start = STARTS[name]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    terminal = "xterm" if name == "fish" else "dumb"
    environment = {**os.environ, "PATH": path, "TERM": terminal, "HOME": str(folder)}
    child = pexpect.spawn(
        program,
        arguments,
        env=environment,
        cwd=str(folder),
        encoding="utf-8",
        dimensions=(24, 200),
        timeout=120,
    )
    child.sendline(f"{start}; echo rea''dy")
    child.expect("ready\r")
    for typed, completed in TYPED:
        child.send(f"{typed}\t@")  # the sign shows where the cursor is after completion
        wait_for(child, f"{completed}@")
        child.send("\x15")  # which empties the line
    child.close(force=True)


def wait_for(child, text: str) -> None:
    """Read what a terminal shows until it holds a text."""
    seen = ""
    while text not in shown(seen):
        # Nothing for half a minute, or the end, is an exception that shows what has been seen.
        child.expect(r".+", timeout=30)
        seen += child.after


def shown(output: str) -> str:
    """What is left of the output of a terminal when its control sequences are obeyed."""
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\([B0]|\r|\x07", "", output)
    kept: list[str] = []
    for character in text:
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)
