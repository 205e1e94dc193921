"""Nothing is run with a config that doesn't fit, from the command as from Python."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

BAD = """\
lr = "fast"
mode = "slwo"
epochs = 2.5
"""
SCHEMA = """\
from dataclasses import dataclass
@dataclass
class Schema:
    lr: float = 0.1
    epochs: int = 10
    def __post_init__(self):
        if self.lr * self.epochs > 100:
            raise ValueError("lr times epochs is above 100")
_schema = Schema
"""
FAULTS = """\
kogine: error: 2 faults, nothing was run:
  lr='fast' (conf.py line 1): train.py line 13 says float, and 'fast' is not a float; give a float.
  mode='slwo' (conf.py line 2): train.py line 16 says Literal["fast", "slow"], and 'slwo' is none of \
fast, slow; did you mean 'slow'?
check=False, or --no-check, runs it all the same.
"""
DRAW = """\
from enum import Enum
from pathlib import Path
class Style(Enum):
    LINE = 1
    DOTS = 2
out: Path = Path("figures")
style: Style = Style.LINE
print(out, style)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store of the test's own. A command that is to end holds Ctrl-C back; this process goes on."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, held)


def done(reply: Any) -> int:
    """The exit status of a command, whatever it still had to do."""
    return reply.outcome() if callable(reply.outcome) else reply.outcome


@pytest.mark.parametrize(
    "command",
    [
        ["run", "train.py", "--config", "conf.py"],
        ["run", "train.py", "--config", "conf.py", "--dry-run"],
        ["run", "train.py", "--config", "conf.py", "--sweep", "epochs=1,2"],
        ["run", "train.py", "--config", "conf.py", "--launcher", "fresh", "--resume"],
        ["workflow", "sequential", "train.py", "--config", "conf.py"],
    ],
    ids=" ".join,
)
def test_every_command_tells_all_faults(command: list[str], kogine, write, capsys) -> None:
    """Key, value, place in the config file, the script's line and what to do; nothing is run."""
    write("conf.py", BAD)
    reply = kogine(*command)
    assert done(reply) == 2
    assert reply.err + capsys.readouterr().err == FAULTS


def test_faults_of_set_and_of_the_file_are_told_together(kogine, write) -> None:
    """What is wrong on the command line is told with what is wrong in the file."""
    write("conf.py", BAD)
    reply = kogine(
        *("run", "train.py", "--config", "conf.py", "--set", "verbose=maybe", "--set", "color=PINK")
    )
    assert reply.outcome == 2
    for said in ("4 faults", "lr='fast' (conf.py line 1)", "--set verbose=maybe", "--set color"):
        assert said in reply.err


def test_faults_of_set_sweep_and_the_file_are_told_together(kogine, write) -> None:
    """Each value of each axis, what is set, and the file: all at once, with what may be meant."""
    write("conf.py", 'lr = "fast"\n')
    options = ["--sweep", "color=PINK,GREY", "--sweep", "mode=fast,slwo", "--set", "verbose=maybe"]
    reply = kogine("run", "train.py", "--config", "conf.py", *options)
    assert reply.outcome == 2 and "5 faults" in reply.err
    for said in (
        "lr='fast' (conf.py line 1): ",
        "--set verbose=maybe: ",
        "--sweep color=PINK: ",
        "--sweep color=GREY: ",
        "slwo is none of fast, slow; did you mean slow?",
    ):
        assert said in reply.err


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("c.py", "lr = 1\n_sweep = {'mode': ['slwo']}\n", "c.py line 2, _sweep"),
        ("c.yaml", "lr: 1\n_sweep:\n  mode: [slwo]\n", "c.yaml line 2, _sweep"),
        ("c.toml", "lr = 1\n\n[_sweep]\nmode = ['slwo']\n", "c.toml line 3, _sweep"),
        ("c.json", '{"lr": 1,\n"_sweep": {"mode": ["slwo"]}}', "c.json line 2, _sweep"),
        ("c.yaml", "_base: base.py\n", "base.py line 1, _sweep"),
    ],
)
def test_faults_of_axes_say_where_the_axis_is(kogine, write, capsys, name, text, place) -> None:
    """The file and the line of its `_sweep`; of the command line, the option."""
    write("base.py", "_sweep = {'mode': ['slwo']}\n")
    write(name, text)
    assert done(kogine("run", "train.py", "--config", name, "--dry-run")) == 2
    assert f"mode='slwo' ({place}): train.py line 16 says" in capsys.readouterr().err
    assert done(kogine("run", "train.py", "--sweep", "mode=choice(['slwo'], 1)", "--dry-run")) == 2
    assert "mode='slwo' (--sweep): " in capsys.readouterr().err


def test_config_check_tells_each_fault_once(kogine, write) -> None:
    """What the annotation doesn't allow is one sentence, with its place."""
    write("conf.py", BAD)
    reply = kogine("config", "check", "train.py", "--config", "conf.py")
    assert reply.out.count("lr='fast'") == 1 and "lr='fast' (conf.py line 1)" in reply.out


def test_what_is_set_above_a_file_is_what_counts(kogine, write) -> None:
    """A value of the file that `--set` replaces is no fault."""
    write("conf.py", BAD)
    sets = ["--set", "lr=1", "--set", "mode=slow"]
    reply = kogine("run", "train.py", "--config", "conf.py", *sets, "--dry-run")
    assert done(reply) == 0


def test_strict_and_no_check_can_be_defaults(kogine, write, capsys) -> None:
    """`strict` and `no-check` in [tool.kogine] hold for `run` and `workflow`."""
    write("conf.py", BAD)
    write("pyproject.toml", "[tool.kogine]\nno-check = true\n")
    assert done(kogine("run", "train.py", "--config", "conf.py", "--dry-run")) == 0
    write("pyproject.toml", "[tool.kogine]\nstrict = true\n")
    capsys.readouterr()
    assert done(kogine("run", "train.py", "--set", "lrr=1", "--dry-run")) == 2
    assert "refused because strict" in capsys.readouterr().err
    assert done(kogine("workflow", "parallel", "train.py", "--set", "lrr=1", "--dry-run")) == 2


def test_a_schema_is_checked_with_what_is_set(kogine, write, capsys) -> None:
    """The schema of a config file is asked of the values with which a run would be made."""
    write("conf.py", SCHEMA + "lr = 1.0\n")
    command = ("run", "train.py", "--config", "conf.py", "--dry-run")
    assert done(kogine(*command)) == 0
    assert done(kogine(*command, "--set", "epochs=500")) == 2
    assert done(kogine(*command, "--sweep", "epochs=1,500")) == 2
    assert "epochs=500: by the schema Schema, lr times epochs is above 100" in (
        capsys.readouterr().err
    )


def test_a_dry_run_warns_as_the_run_would(kogine, write, capsys) -> None:
    """Names that the script doesn't have are told when it is looked what would run, each once."""
    for command in (["run", "train.py"], ["workflow", "sequential", "train.py"]):
        assert done(kogine(*command, "--set", "epoch=1", "--dry-run")) == 0
        err = capsys.readouterr().err
        assert err.count("train.py binds epoch: ") == 1 and "Did you mean epochs?" in err
    assert done(kogine("run", "train.py", "--sweep", "lrr=1,2", "--dry-run", "--json")) == 0
    assert capsys.readouterr().err.count("train.py binds lrr: ") == 1


def statuses(out: str) -> dict[str, str]:
    return {key["key"]: key["status"] for key in json.loads(out)["keys"]}


def test_config_check_asks_the_schema_and_the_axes(kogine, write) -> None:
    """`config check` tells what a run would be refused for, of sweeps axis by axis."""
    write("conf.py", SCHEMA + "lr = 1.0\nverbose = True\n")
    reply = kogine("config", "check", "train.py", "--config", "conf.py", "--json")
    assert reply.outcome == 1
    assert statuses(reply.out) == {"lr": "fits", "verbose": "breaks the schema"}
    write("sweep.py", "_sweep = {'lr': [0.1, 'a'], 'mode': ['fast', 'slwo'], 'epochs': [1]}\n")
    reply = kogine("config", "check", "train.py", "--config", "sweep.py", "--json")
    assert statuses(reply.out) == {"lr": "wrong type", "mode": "wrong type", "epochs": "fits"}


def test_config_validate_asks_the_schema(kogine, write) -> None:
    """A file whose values don't fit its own schema isn't valid, whatever the script."""
    write("conf.py", SCHEMA + "lr = 'a'\n")
    reply = kogine("config", "validate", "conf.py")
    assert reply.outcome == 1
    assert "lr='a' (conf.py line 10): by the schema Schema, 'a' is not a float" in reply.err
    write("conf.py", SCHEMA + "lr = 1\n")
    assert kogine("config", "validate", "conf.py").outcome == 0


def test_config_check_sees_what_is_set(kogine, write) -> None:
    """`--set` goes above the file before the schema is asked."""
    write("conf.py", SCHEMA + "lr = 1.0\n")
    reply = kogine("config", "check", "train.py", "--config", "conf.py", "--set", "epochs=500")
    assert reply.outcome == 1 and "lr times epochs is above 100" in reply.out


@pytest.mark.parametrize(
    "command, meant",
    [
        (["run", "trian.py"], "train.py"),
        (["run", "train.py", "--config", "cofn.py"], "conf.py"),
        (["run", "train.py", "--launcher", "wram"], "warm"),
        (["run", "train.py:mian"], "main"),
        (["run", "train.py", "--entrypoint", "mian"], "main"),
        (["run", "train.py", "--lancher", "warm"], "--launcher"),
        (["run", "train.py", "--sweep", "lr=lienspace(0,1,3)"], "linspace"),
        (["run", "train.py", "--sweep", "lr=1,2", "--zip=lrr"], "lr"),
        (["run", "train.py", "--sweep", "lr=1,2", "--on-error", "contine"], "continue"),
        (["run", "train.py", "--resume=any-cod"], "any-code"),
        (["runs", "--status", "finishd"], "finished"),
        (["config", "chek"], "check"),
        (["config", "validate", "cofn.py"], "conf.py"),
        (["workflow", "paralel", "train.py"], "parallel"),
        (["rnu", "train.py"], "run"),
        (["params", "trian.py"], "train.py"),
        (["completion", "bsh"], "bash"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_may_be_meant_is_said_wherever_a_name_is_typed(
    command: list[str], meant: str, kogine, write, capsys
) -> None:
    """A misspelt file, function, launcher, option, command or choice is told with what it may mean."""
    write("conf.py", "lr = 1\n")
    reply = kogine(*command)
    assert done(reply) == 2
    said = (reply.err + capsys.readouterr().err).lower().replace("'", "")
    assert "did you mean" in said and meant in said.split("did you mean")[1]


def test_text_files_name_members_and_paths(kogine, write, capsys) -> None:
    """`kogine run`, `--dry-run` and `config check` read them as `--set` does, and `--sweep` calls."""
    write("draw.py", DRAW)
    write("draw.yaml", "out: a\n_sweep: {style: [LINE, DOTS]}\n")
    for said in (
        ["--config", "draw.yaml"],
        ["--set", "out=a", "--sweep", "style=when(out == 'a', ['LINE', 'DOTS'])"],
        ["--set", "out=a", "--sweep", "concat({'style': ['LINE']}, {'style': [2]})"],
    ):
        command = ["run", "draw.py", *said]
        assert done(kogine(*command, "--dry-run")) == 0
        shown = capsys.readouterr().out
        assert "LINE" in shown and "DOTS" in shown and "2 run(s)" in shown
    reply = kogine("config", "check", "draw.py", "--config", "draw.yaml")
    assert done(reply) == 0 and reply.out.split() == ["out", "fits", "style", "fits"]
