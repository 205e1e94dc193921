"""kogine config diff"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator

import pytest

from kohakuengine import run
from kohakuengine.config.base import Config
from kohakuengine.flow.sequential import Sequential
from kohakuengine.runs.store import RunStore

A = """\
    lr = 1
    bs = 8
    model = {"layers": 1, "opt": {"name": "sgd", "lr": 2}}
    gone = None
    _args = [1]
    _kwargs = {"a": {"b": 1}}
    _metadata = {"why": "a"}
"""
B = """\
    lr = 1.0
    bs = 8
    model = {"layers": 1, "opt": {"name": "adam", "lr": 2}}
    new = [1]
    _args = [1, 2]
    _kwargs = {"a": {"b": 2}}
    _metadata = {"why": "b"}
"""


def test_what_differs_is_told_by_name(kogine, write) -> None:
    """What is only in one, and what has changed, with types where they differ; exit status 1."""
    write("a.py", A)
    write("b.py", B)
    reply = kogine("config", "diff", "a.py", "b.py")
    assert (reply.outcome, reply.err) == (1, "")
    assert [line.split(maxsplit=2) for line in reply.out.splitlines()] == [
        ["~", "lr", "int -> float  1 -> 1.0"],
        ["~", "model.opt.name", "str           'sgd' -> 'adam'"],
        ["-", "gone", "NoneType      None"],
        ["~", "kwargs['a'].b", "int           1 -> 2"],
        ["~", "metadata['why']", "str           'a' -> 'b'"],
        ["+", "new", "list          [1]"],
        ["+", "args[1]", "int           2"],
    ]


def test_what_does_not_differ(kogine, write) -> None:
    """Nothing on stdout, and exit status 0."""
    write("a.py", A)
    write("b.py", A.replace("lr = 1", "lr = 2 - 1"))
    reply = kogine("config", "diff", "a.py", "b.py")
    assert (reply.outcome, reply.out) == (0, "") and "a.py and b.py don't differ" in reply.err


def test_as_json(kogine, write) -> None:
    """One document, whether they differ or not; what the files print goes aside."""
    write("a.py", A + "    print('loading')\n")
    write("b.py", B)
    reply = kogine("config", "diff", "a.py", "b.py", "--json")
    document = json.loads(reply.out)
    assert (reply.outcome, document["same"], reply.err) == (1, False, "loading\n")
    assert document["only_in_a"] == {"gone": None}
    assert document["only_in_b"] == {"new": [1], "args[1]": 2}
    assert document["changed"]["lr"] == {"a": 1, "b": 1.0, "types": ["int", "float"]}
    assert json.loads(kogine("config", "diff", "a.py", "a.py", "--json").out)["same"] is True


SWEEPS = {
    "an axis": ("{'x': [1, 2]}", "{'x': [1, 3]}", "~  _sweep.x  list  [1, 2] -> [1, 3]"),
    "one more": ("{'x': [1]}", "{'x': [1], 'y': [2]}", "+  _sweep.y  list  [2]"),
    "large ones": (
        *("{'x': range(10**9)}", "{'x': range(10**8)}"),
        "~  _sweep.x  str  'range(0, 1000000000)' -> 'range(0, 100000000)'",
    ),
    "another form": (
        *("{'x': [1, 2], 'y': [1, 2]}", "{'_zip': {'x': [1, 2], 'y': [1, 2]}}"),
        "~  _sweep  Grid  grid(x=[1, 2], y=[1, 2]) -> grid(zip(x=[1, 2], y=[1, 2]))",
    ),
    "another function": (
        *(
            "axes.exclude({'x': [1, 2, 3]}, lambda x: x > 1)",
            "axes.exclude({'x': [1, 2, 3]}, lambda x: x < 3)",
        ),
        "~  _sweep._exclude  Function  <lambda> in line 3 -> <lambda> in line 3",
    ),
    "another condition": (
        "{'x': [1, 2], '_exclude': 'x > 1'}",
        "{'x': [1, 2], '_exclude': 'x > 2'}",
        "~  _sweep._exclude  str  'x > 1' -> 'x > 2'",
    ),
    "no condition": (
        *("{'x': [1, 2], '_exclude': ['x > 1', 'x < 0']}", "{'x': [1, 2]}"),
        "-  _sweep._exclude  list  ['x > 1', 'x < 0']",
    ),
    "another when": (
        "axes.grid(x=[1, 2], y=axes.when('x > 1', [3], 4))",
        "axes.grid(x=[1, 2], y=axes.when('x > 0', [3], 4))",
        "~  _sweep.y when  str  'x > 1' -> 'x > 0'",
    ),
    "another value otherwise": (
        "axes.grid(x=[1, 2], y=axes.when('x > 1', [3], 4))",
        "axes.grid(x=[1, 2], y=axes.when('x > 1', [3], 5))",
        "~  _sweep.y otherwise  int  4 -> 5",
    ),
    "another sample": (
        *("{'x': [1, 2, 3], '_sample': 2}", "{'x': [1, 2, 3], '_sample': 1}"),
        "~  _sweep._sample  dict  {'count': 2, 'seed': 0} -> {'count': 1, 'seed': 0}",
    ),
    "more repeats": (
        *("{'x': [1], '_repeat': 2}", "{'x': [1], '_repeat': 3}"),
        "~  _sweep._repeat  int  2 -> 3",
    ),
}


@pytest.mark.parametrize("one, other, said", SWEEPS.values(), ids=SWEEPS)
def test_files_that_sweep(kogine, write, one: str, other: str, said: str) -> None:
    """What is the same for all of their configs is compared, and their axes; not each config."""
    for name, text in (("a.py", one), ("b.py", other)):
        write(name, f"from kohakuengine import axes\nlr = 1\n_sweep = {text}\n")
    reply = kogine("config", "diff", "a.py", "b.py")
    assert reply.outcome == 1 and reply.out.startswith(said) and len(reply.out.splitlines()) == 1
    assert kogine("config", "diff", "a.py", "a.py").outcome == 0


def test_conditions_are_compared_beside_axes(kogine, write) -> None:
    """Whatever else differs, and where only one of the files sweeps; in text files, too."""
    write("a.yaml", '_sweep: {x: [1, 2], y: "when(x == 1, [1, 2])", _exclude: x + y == 3}')
    write("b.yaml", '_sweep: {x: [1, 3], y: "when(x == 3, [1, 2])"}')
    write("c.yaml", "_sweep: {_zip: {x: [1, 3], y: [1, 2]}}")
    write("d.yaml", "x: 1\n")
    assert kogine("config", "diff", "a.yaml", "b.yaml").out.splitlines() == [
        "~  _sweep.x         list  [1, 2] -> [1, 3]",
        "~  _sweep.y when    str   'x == 1' -> 'x == 3'",
        "-  _sweep._exclude  str   'x + y == 3'",
    ]
    assert kogine("config", "diff", "b.yaml", "c.yaml").out.splitlines() == [
        "-  _sweep.y when  str  'x == 3'",
        "~  _sweep         str  'grid(x, y)' -> 'grid(zip(x, y))'",
    ]
    assert "-  _sweep.y when    str   'x == 1'" in kogine("config", "diff", "a.yaml", "d.yaml").out


def test_files_that_give_several(kogine, write) -> None:
    """Config by config; what one of them alone gives is only in it."""
    text = "from kohakuengine import Config\ndef config_gen():\n    for lr in {}: yield Config(dict(lr=lr))\n"
    write("a.py", text.format("(1, 2)"))
    write("b.py", text.format("(1, 3, 4)"))
    assert kogine("config", "diff", "a.py", "b.py").out.splitlines() == [
        "~  config 1: lr  int     2 -> 3",
        "+  config 2      Config  Config(globals_dict={'lr': 4})",
    ]


def test_a_run_stands_for_what_it_was_run_with(kogine, write, tmp_path, monkeypatch) -> None:
    """By the beginning of its id, or `last`, `-1`."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    write("own.py", "lr = 1\n")
    write("script.py", "lr = 0\n")
    configs = [Config({"lr": 1}), Config({"lr": 2})]
    runs = Sequential("script.py", configs, launcher="inline").run()
    assert kogine("config", "diff", "own.py", "-2").outcome == 0
    assert kogine("config", "diff", runs[0].id[:8], "last").out == "~  lr  int  1 -> 2\n"
    assert RunStore().count() == 2
    lost = kogine("config", "diff", "own.py", "nosuch")
    assert lost.outcome == 2 and "there is no run 'nosuch'" in lost.err


ENUM = """\
    from enum import Enum
    from pathlib import Path
    class Solver(Enum):
        SGD = 1
        ADAM = 2
    solver: Solver = Solver.SGD
    out: Path = Path("a")
    if __name__ == "__main__":
        print(solver, out)
"""


@pytest.fixture
def enums(write, tmp_path, monkeypatch) -> Iterator[None]:
    """A script with an Enum, and files that name its members or import them."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    write("train.py", ENUM)
    write(
        "one.py",
        "from train import Solver\nfrom pathlib import Path\nsolver = Solver.ADAM\nout = Path('b')\n",
    )
    write("one.yaml", "{solver: ADAM, out: b}")
    write("other.yaml", "{solver: SGD, out: b}")
    write(
        "sweep.py",
        "from train import Solver\n_sweep = {'solver': list(Solver), 'x': [1, 2], '_exclude': 'x > 1'}\n",
    )
    write("sweep.toml", "_sweep = {solver = ['SGD', 2], x = [1, 2], _exclude = 'x > 1'}")
    write(
        "gen.py",
        "from kohakuengine import Config\nfrom train import Solver\ndef config_gen():\n    yield Config({'solver': Solver.ADAM})\n    yield Config({'solver': Solver.SGD})\n",
    )
    yield
    sys.modules.pop("train", None)


@pytest.mark.parametrize(
    "one, other", [("one.py", "one.yaml"), ("sweep.py", "sweep.toml"), ("gen.py", "gen.py")]
)
def test_files_as_a_script_reads_them(kogine, enums, one: str, other: str) -> None:
    """With --script, a study is the same in Python and in text, with members of Enums and paths."""
    assert kogine("config", "diff", one, other, "--script", "train.py").outcome == 0
    assert kogine("config", "diff", one, other).outcome == (one != other)


def test_members_that_differ(kogine, enums) -> None:
    """They are told as the script calls them; a script that isn't there is an error."""
    command = ("config", "diff", "one.py", "other.yaml", "--script")
    reply = kogine(*command, "train.py")
    assert reply.outcome == 1 and reply.out == "~  solver  Solver  Solver.ADAM -> Solver.SGD\n"
    found = json.loads(kogine(*command, "train.py", "--json").out)["changed"]["solver"]
    assert found == {"a": "ADAM", "b": "SGD", "types": ["Solver"] * 2}
    wrong = kogine(*command, "trian.py")
    assert wrong.outcome == 2 and "did you mean train.py?" in wrong.err


def test_files_beside_a_run(kogine, enums) -> None:
    """They are read as the run's script reads them, if it is still there."""
    run("train.py", config_path="one.py")
    for name in ("one.py", "one.yaml"):
        assert kogine("config", "diff", name, "last").outcome == 0
        assert kogine("config", "diff", "last", name).outcome == 0
    assert kogine("config", "diff", "other.yaml", "last").outcome == 1
    os.unlink("train.py")
    assert kogine("config", "diff", "one.yaml", "last").outcome == 1


def test_a_missing_file(kogine, write) -> None:
    """Is told as such, with exit status 2."""
    write("a.py", A)
    reply = kogine("config", "diff", "a.py", "nosuch.py")
    assert reply.outcome == 2 and "nosuch.py: there is no such config file" in reply.err
