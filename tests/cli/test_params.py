"""kogine params"""

from __future__ import annotations

import json

import pytest


def test_parameters_are_shown_in_columns(kogine) -> None:
    """Name, default, type, line and help of each parameter; computed ones are left out."""
    reply = kogine("params", "train.py")
    assert (reply.outcome, reply.err) == (0, "")
    assert reply.out == (
        "name     default      type                     line  help\n"
        "lr       0.1          float                    13    step size\n"
        "epochs   10           int                      14\n"
        "color    Color.RED    Color: RED, BLUE         15\n"
        'mode     "fast"       Literal["fast", "slow"]  16\n'
        "verbose  False        bool                     17\n"
        'out      Path("out")  Path                     18\n'
    )


def test_all_shows_computed_ones_too(kogine) -> None:
    """`--all` also shows names whose default is known only when the script runs."""
    assert "model    make_model()" in kogine("params", "train.py", "--all").out


def test_json_holds_all_that_is_known(kogine) -> None:
    """`--json` gives one document with the attributes of each parameter."""
    document = json.loads(kogine("params", "train.py", "--json").out)
    found = {parameter["name"]: parameter for parameter in document["parameters"]}
    assert document["script"].endswith("train.py")
    assert list(found) == ["lr", "epochs", "color", "mode", "verbose", "out"]
    assert found["lr"] == {
        **{"name": "lr", "default": 0.1, "literal": True, "expression": "0.1"},
        **{"annotation": "float", "type": "float", "choices": None, "enum": None},
        **{"members": None, "line": 13, "place": "line 13", "help": "step size", "computed": False},
    }
    assert found["color"]["members"] == {"RED": 1, "BLUE": "blue"}


def test_json_holds_any_default(kogine, write) -> None:
    """Defaults that JSON can't hold are there as Python writes them."""
    write("odd.py", "a = {1}\nb = 1e999\nc = {1: 2}\nd = [(1,)]\ne = b'x'\nf = -1e999\n")
    document = json.loads(kogine("params", "odd.py", "--json").out)
    defaults = [parameter["default"] for parameter in document["parameters"]]
    assert defaults == ["{1}", "inf", "{1: 2}", [[1]], "b'x'", "-inf"]


def test_long_defaults_stay_on_their_line(kogine, write) -> None:
    """A default over several lines is shown on one, and cut where it is long."""
    write("long.py", "a = [\n    1,\n    2,\n]\nb = '" + "x" * 500 + "'\n")
    lines = kogine("params", "long.py").out.splitlines()
    assert len(lines) == 3
    assert "[ 1, 2, ]" in lines[1]
    assert len(lines[2]) < 80


def test_columns_stay_aligned_with_wide_characters(kogine, write) -> None:
    """Characters that take two columns of a terminal count as two."""
    write("wide.py", "a = '漢字'  # b\nc = 1  # d\n")
    lines = kogine("params", "wide.py").out.splitlines()
    assert lines[1] == "a     '漢字'   str   1     b"
    assert lines[2] == "c     1        int   2     d"


@pytest.mark.parametrize(
    "text, said",
    [("", "has no parameters."), ("x = f()\ny = g()\n", "no parameters; 2 with computed defaults")],
)
def test_a_script_without_parameters_says_so(kogine, write, text: str, said: str) -> None:
    """Nothing is printed to stdout, and stderr says why."""
    write("none.py", text)
    reply = kogine("params", "none.py")
    assert (reply.outcome, reply.out) == (0, "")
    assert said in reply.err


BAD = {
    "no such file": ("nosuch.py", "nosuch.py"),
    "a similar file": ("trian.py", "train.py"),
    "a directory": (".", "directory"),
    "mistake in a function": ("broken.py", "line 2"),
    "top-level await": ("await.py", "async def main()"),
    "not text": ("binary.py", "null byte"),
}


@pytest.mark.parametrize("name, said", BAD.values(), ids=BAD)
def test_bad_input_is_told_in_one_sentence(kogine, write, name: str, said: str) -> None:
    """What can't be read as a script is an error that says why, with exit code 2."""
    write("broken.py", "def f():\n    x = = 1\n")
    write("await.py", "await f()\n")
    write("binary.py", "x = 1\0")
    reply = kogine("params", name)
    assert (reply.outcome, reply.out) == (2, "")
    assert reply.err.startswith("kogine: error: ") and said in reply.err
    assert "Traceback" not in reply.err
