"""kogine run, up to where the script runs"""

from __future__ import annotations

import pytest

from kohakuengine.config.base import Config
from kohakuengine.config.overrides import EnumMember
from kohakuengine.cli import foreground


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch, kogine):
    """The script, the config and the options that a command line would launch."""

    def launch(*arguments: str):
        seen = []

        def run_in_terminal(script, config, options, launcher) -> int:
            seen[:] = [script, config, options.strict]
            return 3

        monkeypatch.setattr(foreground, "run_in_terminal", run_in_terminal)
        reply = kogine("run", *arguments)
        assert callable(reply.outcome), reply.err
        assert reply.outcome() == 3
        return seen

    return launch


def test_a_script_is_launched_once_the_command_line_is_done_with(launched) -> None:
    """The job that runs the script is returned, and its status is the exit status."""
    script, config, strict = launched("train.py")
    assert (script.name, script.argv, script.entrypoint, strict) == ("train.py", (), None, False)
    assert config == Config()


def test_what_follows_two_dashes_is_the_scripts(launched) -> None:
    """Options behind `--` are the script's own, whatever they look like."""
    script, _, _ = launched("train.py", "--strict", "a", "--", "--set", "x=1", "--", "-h")
    assert script.argv == ("a", "--set", "x=1", "--", "-h")


def test_overrides_are_typed_by_the_script(launched) -> None:
    """`--set` values have the types of the script's parameters; the last of a name wins."""
    sets = ["lr=1", "color=blue", "out=a", "verbose=on", "other=[1]", "epochs=2", "epochs=3"]
    _, config, _ = launched("train.py", *(word for text in sets for word in ("--set", text)))
    values = config.globals_dict
    assert values["color"] == EnumMember("Color", "BLUE")
    assert str(values["out"]) == "a"
    assert (values["lr"], values["verbose"], values["other"], values["epochs"]) == (
        1.0,
        True,
        [1],
        3,
    )


def test_names_outside_of_a_region_are_typed_too(launched, write) -> None:
    """A region narrows what is listed, not what can be set."""
    write("cells.py", "a = 'x'\n# %% parameters\nb = 1\n")
    _, config, _ = launched("cells.py", "--set", "a=1")
    assert config.globals_dict == {"a": "1"}


def test_overrides_win_over_the_config_file(launched, write) -> None:
    """What `--set` says comes last; all else of the config stays."""
    write("bare.py", "lr = 5\nepochs = 7\n_kwargs = {'a': 1}\n")
    _, config, strict = launched(
        "train.py", "--config", "bare.py", "--set", "lr=1", "--strict", "--entrypoint", "evaluate"
    )
    assert config == Config({"lr": 1.0, "epochs": 7}, kwargs={"a": 1})
    assert strict is True


def test_the_entrypoint_can_be_named(launched) -> None:
    """By option, or behind a colon; the option wins."""
    assert launched("train.py:main")[0].entrypoint == "main"
    assert launched("train.py:main", "--entrypoint", "evaluate")[0].entrypoint == "evaluate"


REFUSED = {
    "no such script": (["nosuch.py"], "nosuch.py"),
    "wrong value": (["train.py", "--set", "epochs=2.5"], "epochs is int (train.py line 14)"),
    "no value": (["train.py", "--set", "epochs"], "KEY=VALUE"),
    "two sweeps": (["train.py", "--config", "sweep.py", "--sweep", "lr=1,2"], "can't be combined"),
    "an axis without values": (["train.py", "--sweep", "lr"], "NAME=VALUE"),
    "an axis twice": (["train.py", "--sweep", "lr=1", "--sweep", "lr=2"], "given twice"),
    "a wrong value in a sweep": (["train.py", "--sweep", "epochs=1,x"], "epochs is int"),
    "no workers": (["train.py", "--workers", "0"], "workers must be"),
    "no such config": (["train.py", "--config", "nosuch.py"], "nosuch.py"),
}


@pytest.mark.parametrize("arguments, said", REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_told_before_anything_runs(
    kogine, write, arguments: list[str], said: str
) -> None:
    """One line on stderr, and exit code 2."""
    write("sweep.py", "from kohakuengine import Config\nCONFIG = [Config(), Config()]\n")
    reply = kogine("run", *arguments)
    assert (reply.outcome, reply.out) == (2, "")
    assert reply.err.startswith("kogine: error: ") and said in reply.err
    assert reply.err.count("\n") == 1


USAGE = {
    "no command": (["rnu"], "Did you mean 'run'?"),
    "no such option": (["run", "train.py", "--lanucher", "x"], "Did you mean"),
    "an option of the script": (["run", "train.py", "--lr", "1"], "behind --"),
    "no such launcher": (["run", "train.py", "--launcher", "wram"], "did you mean warm?"),
    "no script": (["run"], "SCRIPT"),
    "no such subcommand": (["config", "shwo", "a.py"], "Did you mean 'show'?"),
    "limit": (["config", "show", "a.py", "--limit", "0"], "--limit"),
}


@pytest.mark.parametrize("arguments, said", USAGE.values(), ids=USAGE)
def test_a_wrong_command_line_is_told_with_its_usage(
    kogine, arguments: list[str], said: str
) -> None:
    """Usage errors show how the command is used, and exit with 2."""
    reply = kogine(*arguments)
    assert (reply.outcome, reply.out) == (2, "")
    assert "Usage: kogine" in reply.err and said in reply.err


def test_help_names_all_commands(kogine) -> None:
    """`kogine --help` lists the commands and exits with 0."""
    reply = kogine("--help")
    assert reply.outcome == 0
    assert all(name in reply.out for name in ("run", "params", "config", "completion"))
