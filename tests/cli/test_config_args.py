"""Templates on the command line: `--config-arg` gives a config file the arguments of its config_gen()."""

from __future__ import annotations

import json
from typing import Any

import pytest

TEMPLATE = """\
    {future}
    from enum import Enum
    from pathlib import Path
    from typing import Literal, Optional

    from kohakuengine import Config

    class Act(Enum):
        RELU = "relu"
        TANH = "tanh"

    def config_gen(
        size: Literal["small", "large"] = "small",
        layers: int = 2,
        act: Act = Act.RELU,
        maybe: Optional[Act] = None,
        out: Optional[Path] = None,
        widths: list[int] = (),
        drop=0.1,
        verbose=False,
        free=None,
        *,
        worker_id=0,
    ):
        return Config(dict(locals()))
"""
FUTURE = {"evaluated": "", "texts": "from __future__ import annotations"}

TYPED = {
    "a choice": ("size=large", "'large'"),
    "an int": ("layers=0x10", "16"),
    "a member": ("act=TANH", "<Act.TANH: 'tanh'>"),
    "the value of a member": ("act=tanh", "<Act.TANH: 'tanh'>"),
    "a member of a union": ("maybe=RELU", "<Act.RELU: 'relu'>"),
    "none": ("maybe=None", "None"),
    "a path": ("out=a b/c", "PosixPath('a b/c')"),
    "a list": ("widths=1,2", "[1, 2]"),
    "by its default": ("drop=1", "1.0"),
    "a bool by its default": ("verbose=yes", "True"),
    "of no type": ("free=[1, 'a']", "[1, 'a']"),
    "a text of no type": ("free=a=b", "'a=b'"),
    "the last of several": ("layers=1,layers=3", "3"),
}


@pytest.mark.parametrize("future", FUTURE.values(), ids=FUTURE)
@pytest.mark.parametrize("text, shown", TYPED.values(), ids=TYPED)
def test_an_argument_is_typed_as_it_is_declared(kogine, write, future: str, text: str, shown: str):
    """By its annotation, also where annotations are texts, else by its default."""
    write("t.py", TEMPLATE.format(future=future))
    texts = text.split(",") if text.startswith("layers=1") else [text]
    words = [word for one in texts for word in ("--config-arg", one)]
    reply = kogine("config", "show", "t.py", *words)
    assert (reply.outcome, reply.err) == (0, "")
    values = {line.split()[0]: line.split(maxsplit=2)[2] for line in reply.out.splitlines()}
    assert values[text.partition("=")[0]] == shown


def test_all_that_is_wrong_is_told_at_once(kogine, write) -> None:
    """Each argument with what would do."""
    write("t.py", TEMPLATE.format(future=""))
    words = "size=huge layer=3 layers=x act=sigmoid".split()
    reply = kogine("config", "show", "t.py", *(f"--config-arg={word}" for word in words))
    assert (reply.outcome, reply.out) == (2, "")
    assert reply.err == (
        "kogine: error: t.py can't be used like this: it takes no layer; did you mean layers?; "
        "size: huge is none of small, large; layers: x is not an int; "
        "act: sigmoid is none of RELU, TANH.\n"
    )


def test_what_is_missing_is_told_with_all_that_can_be_given(kogine, write) -> None:
    """With types and defaults."""
    text = TEMPLATE.replace('"large"] = "small"', '"large"]').format(future="")
    write("t.py", text)
    for command in (["show", "t.py"], ["check", "train.py", "--config", "t.py"]):
        reply = kogine("config", *command)
        assert (reply.outcome, reply.out) == (2, "")
        assert (
            "size must be given. It takes size: Literal['small', 'large'], layers: int = 2, "
            in (reply.err)
        )
        assert "act: Act = Act.RELU, maybe: Optional[Act] = None, out: Optional[Path] = None, " in (
            reply.err
        )
        assert "drop=0.1, verbose=False, free=None." in reply.err


def test_every_command_takes_them(kogine, write) -> None:
    """`run`, `workflow`, `config validate`, `check` and `diff`."""
    write(
        "t.py",
        "from kohakuengine import Config\ndef config_gen(n: int): return Config({'epochs': n})\n",
    )
    given = ["--config", "t.py", "--config-arg", "n=3"]
    run = kogine("run", "train.py", *given, "--dry-run", "--json").outcome
    flow = kogine("workflow", "sequential", "train.py", *given, "--dry-run", "--json").outcome
    assert callable(run) and callable(flow)
    assert kogine("config", "validate", "t.py", "--config-arg", "n=3").outcome == 0
    assert kogine("config", "validate", "t.py", "--config-arg", "n=x").outcome == 1
    assert kogine("config", "check", "train.py", *given).out == "epochs  fits\n"
    reply = kogine("config", "diff", "t.py", "t.py", "--a-arg", "n=1", "--b-arg", "n=2", "--json")
    assert json.loads(reply.out)["changed"]["epochs"] == {"a": 1, "b": 2, "types": ["int", "int"]}


def test_what_is_run_has_them(kogine, write, capsys) -> None:
    """The config of a run is what the template makes of its arguments."""
    write(
        "t.py",
        "from kohakuengine import Config\ndef config_gen(n: int): return Config({'lr': n})\n",
    )
    todo: Any = kogine(
        "run", "train.py", "--config", "t.py", "--config-arg", "n=7", "--dry-run", "--json"
    ).outcome
    assert todo() == 0
    assert [row["params"] for row in json.loads(capsys.readouterr().out)] == [{"lr": 7}]


WRONG = {
    "no value": (["--config", "t.py", "--config-arg", "n"], "--config-arg takes NAME=VALUE, got n"),
    "no file": (["--config-arg", "n=1"], "--config-arg n=1: that is for a file, and there is no"),
    "no template": (["--config", "plain.py", "--config-arg", "n=1"], "plain.py takes no arguments"),
}


@pytest.mark.parametrize("words, message", WRONG.values(), ids=WRONG)
def test_wrong_uses(kogine, write, words: list[str], message: str) -> None:
    """One sentence says what is wrong."""
    write("t.py", "def config_gen(n): return n")
    write("plain.py", "lr = 1")
    reply = kogine("run", "train.py", *words)
    assert (reply.outcome, reply.out) == (2, "") and message in reply.err


def test_arguments_of_the_project_need_no_file(kogine, write) -> None:
    """As a default in pyproject.toml they are for those commands that have one."""
    write("pyproject.toml", "[tool.kogine]\nconfig-arg = ['n=5']\n")
    write(
        "t.py",
        "from kohakuengine import Config\ndef config_gen(n: int): return Config({'lr': n})\n",
    )
    assert callable(kogine("run", "train.py", "--dry-run").outcome)
    assert "5" in kogine("config", "show", "t.py").out


def test_a_sentence_ends_once(kogine, write) -> None:
    """A question at its end is its end."""
    write("t.py", "def config_gen(size: int = 1):\n    return None\n")
    reply = kogine("config", "show", "t.py", "--config-arg", "szie=1")
    assert reply.err.endswith("it takes no szie; did you mean size?\n")
