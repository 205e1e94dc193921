"""A compiled script as bytes: the same program in another process, or none where it couldn't be."""

from __future__ import annotations

import sys

import pytest
from hypothesis import assume, given
from test_override_properties import overridden, path, run_engine, shown  # noqa: F401

from kohakuengine.config.base import Config
from kohakuengine.engine.compiler import compile_program
from kohakuengine.engine.program import program_of
from kohakuengine.engine.script import Script

SCRIPT = """
import math
lr = 0.1
steps: int = 3
lr *= 2
for name in "ab":
    last = name

def main():
    return lr, steps, [math.floor(x) for x in (0.5, 1.5)], name

if __name__ == "__main__":
    main()
"""


def again(script, before, after):
    """The program of a script for other values of the same names, by way of bytes."""
    data = compile_program(script, Config(before)).to_bytes()
    assert data is not None
    return program_of(data, script.read(), script.path, after)


def executed(program):
    """What is left of a program, and its entrypoint's value."""
    names = {"__name__": "__main__", "__builtins__": __builtins__}
    value = program.execute(names)
    return {n: v for n, v in names.items() if not callable(v) and n != "__builtins__"}, value


@pytest.mark.parametrize(
    "values",
    [{}, {"lr": 1.0}, {"lr": 2, "steps": None}, {"name": "c", "other": b"\0"}, {"steps": -0.0}],
    ids=str,
)
def test_program_is_the_same_by_way_of_bytes(script, values):
    """What runs a kept program runs what compiling the script for those values gives."""
    plain = script(SCRIPT)
    kept = again(plain, dict.fromkeys(values, "another value"), values)
    assert kept is not None and kept.source == plain.read()
    assert repr(executed(kept)) == repr(executed(compile_program(plain, Config(values))))


def test_two_names_of_one_value(script):
    """Names that happened to have one value when the program was kept have each their own later."""
    kept = again(script("a = 1\nb = 2\n"), {"a": 7, "b": 7}, {"a": 1.5, "b": "x"})
    assert executed(kept)[0] == {"__name__": "__main__", "a": 1.5, "b": "x"}


@given(case=overridden())
def test_any_script(case, path):
    """Kept programs of any script do what the script does under the same overrides."""
    source, overrides = case
    expected = run_engine(path, source, overrides)
    script = Script(str(path))
    data = compile_program(script, Config(overrides)).to_bytes()
    assume(data is not None)  # values that aren't plain, or a star import
    kept = program_of(data, script.read(), script.path, overrides)
    names, error = {"__name__": "__main__", "__annotations__": {}}, None
    try:
        kept.execute(names)
    except Exception as raised:
        error = type(raised)
    assert (shown(names), error) == expected.shown()


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("x = 1", Config({"x": [1]})),
        ("def main(): return 1", Config()),
        ("def go(n): pass\nif __name__ == '__main__': go(1)", Config(args=[2])),
        ("from string import *\ndigits = 1", Config({"digits": 2})),
    ],
    ids=["list", "called by us", "arguments", "star"],
)
def test_programs_that_depend_on_more_than_names(script, text, config):
    """No bytes are given where they wouldn't hold for other values, or other processes."""
    assert compile_program(script(text), config).to_bytes() is None


def test_bytes_that_do_not_fit(script):
    """Bytes for other names, another file, another interpreter, or torn ones give no program."""
    plain = script("x = 1\ny = 2\n")
    source = plain.read()
    data = compile_program(plain, Config({"x": 5})).to_bytes()
    assert program_of(data, source, plain.path, {"x": 6}) is not None
    assert program_of(data, source, plain.path, {"y": 6}) is None
    assert program_of(data, source, plain.path, {"x": [6]}) is None
    assert program_of(data, source, "/elsewhere/train.py", {"x": 6}) is None
    other = data.replace(str(sys.hexversion).encode(), b"1", 1)
    assert program_of(other, source, plain.path, {"x": 6}) is None
    for length in range(len(data)):
        assert program_of(data[:length], source, plain.path, {"x": 6}) is None


def test_code_can_be_hashed(script):
    """Whatever the values are, as by IPython and others who keep what they know of a code."""
    import inspect

    values = {"a": [1], "b": {"x": {1}}, "c": [0] * 1000, "d": bytearray(2), "e": ([], bytearray())}
    plain = script("a = b = c = d = e = 0\nimport inspect\ncode = inspect.currentframe().f_code\n")
    names, _ = executed(compile_program(plain, Config(values)))
    assert inspect.iscode(names["code"]) and isinstance(hash(names["code"]), int)
    assert {name: names[name] for name in values} == values
    assert names["d"] is values["d"] and names["e"][1] is values["e"][1]
    text = "import inspect\ndef main(y, x): pass\nif __name__ == '__main__':\n    main(0, 0)\n"
    with_call = script(text + "    code = inspect.currentframe().f_code\n")
    names, _ = executed(compile_program(with_call, Config(args=[[1]], kwargs={"x": []})))
    hash(names["code"])


def test_members_of_an_enum_are_the_scripts_own(script):
    """Also in tuples: what stands for one is no object that could travel."""
    from kohakuengine.config.members import EnumMember

    text = "import enum\nclass C(enum.Enum):\n    A = 1\nx = y = 0\nok = x == (C.A, 1) and y == (1, [2])\n"
    overrides = {"x": (EnumMember("C", "A"), 1), "y": (1, [2])}
    names, _ = executed(compile_program(script(text), Config(overrides)))
    assert names["ok"]
