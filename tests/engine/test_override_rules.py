"""What an override means: every row of the table in docs/overrides.md, and every clause around it."""

from __future__ import annotations

import textwrap
import warnings

import pytest

from kohakuengine.errors import OverrideError, OverrideWarning

# Each row: what the script's top level says, the overrides, what its globals are afterwards.
ROWS = {
    "assignment": ("x = 1", {"x": 5}, {"x": 5}),
    "annotated assignment": ("x: int = 1", {"x": 5}, {"x": 5}),
    "bare annotation": ("x: int", {"x": 5}, {"x": 5}),
    "bare annotation after an update": ("x = 1\nx += 1\nx: int", {"x": 5}, {"x": 6}),
    "the right-hand side is not evaluated": ("x = 1 / 0", {"x": 5}, {"x": 5}),
    "an annotation is": ("x: seen.append(1) = 1 / 0", {"x": 5, "seen": []}, {"seen": [1]}),
    "a value computed from it": ("x = 1\ny = x * 2", {"x": 5}, {"y": 10}),
    "augmented assignment": ("x = 1\nx += 1", {"x": 5}, {"x": 6}),
    "an assignment that reads the name": ("x = 1\nx = str(x)", {"x": 5}, {"x": "5"}),
    "another default in a condition": ("x = 1\nif True: x = 2", {"x": 5}, {"x": 5}),
    "another default at the top": ("x = 1\nx = 2", {"x": 5}, {"x": 5}),
    "defaults in both branches": ("if False: x = 1\nelse: x = 2", {"x": 5}, {"x": 5}),
    "a default in try": ("try: x = 1 / 0\nexcept ZeroDivisionError: x = 2", {"x": 5}, {"x": 5}),
    "an update in a loop": ("x = 1\nfor i in range(3): x *= 2", {"x": 5}, {"x": 40}),
    "a rebinding in a loop is an update": (
        "best = 9\nfor loss in [8, 3, 4]:\n    if loss < best: best = loss",
        {"best": 5},
        {"best": 3},
    ),
    "a default in a loop": (
        "for i in range(3):\n    x = i\n    y = x",
        {"x": 5},
        {"x": 5, "y": 5},
    ),
    "bound before the inner loop only": (
        "for i in range(2):\n    x = i\n    for j in range(3): x = j\n    z = x",
        {"x": 5},
        {"z": 2, "x": 2},
    ),
    "bound before the outer loop": (
        "x = 1\nfor i in range(2):\n    for j in range(3): x = j",
        {"x": 5},
        {"x": 2},
    ),
    "a loop's else is outside the loop": (
        "x = 1\nfor i in range(2): pass\nelse: x = 2",
        {"x": 5},
        {"x": 5},
    ),
    "unpacking": (
        "seen = []\nx, z = seen.append(1) or (1, 2)",
        {"x": 5},
        {"x": 5, "z": 2, "seen": [1]},
    ),
    "starred unpacking": ("x, *z = 1, 2, 3", {"z": 5}, {"x": 1, "z": 5}),
    "unpacking that reads the name": ("x, z = 1, 2\nx, z = z, x", {"x": 5}, {"x": 2, "z": 5}),
    "chained targets": ("a = x = [1]", {"x": 5}, {"a": [1], "x": 5}),
    "a walrus within the right-hand side": ("x = (y := 3)", {"x": 5}, {"x": 5, "y": 3}),
    "a walrus yields it": ("y = (x := 1) + 1", {"x": 5}, {"x": 5, "y": 6}),
    "a walrus's value is not evaluated": ("y = (x := 1 / 0)", {"x": 5}, {"y": 5}),
    "a walrus around another": ("a = (x := (y := 3))", {"x": 5}, {"a": 5, "y": 3}),
    "a walrus that reads the name": ("x = 1\ny = (x := x + 1)", {"x": 5}, {"x": 6, "y": 6}),
    "a walrus in a comprehension": ("y = [(x := i) for i in range(2)]", {"x": 5}, {"y": [5, 5]}),
    "an updating walrus in a comprehension": (
        "x = 0\ny = [x := x + i for i in range(3)]",
        {"x": 5},
        {"y": [5, 6, 8]},
    ),
    "a walrus in a while test is an update": (
        "x = 9\nn = [3, 2, 0]\nwhile x := n.pop(0): pass",
        {"x": 5},
        {"x": 0},
    ),
    "a walrus in a function is the function's": (
        "x = 1\ndef f(): return (x := 2)\ny = f()",
        {"x": 5},
        {"x": 5, "y": 2},
    ),
    "a walrus in an argument's default": (
        "def f(a=(x := 1)): return a\ny = f()",
        {"x": 5},
        {"y": 5},
    ),
    "a function": ("def x(): pass\ny = x", {"x": 5}, {"x": 5, "y": 5}),
    "a class": ("class x: pass\ny = x", {"x": 5}, {"x": 5, "y": 5}),
    "a class's attributes are its own": ("x = 1\nclass A: x = 2\ny = A.x", {"x": 5}, {"y": 2}),
    "import": ("import os.path\ny = os", {"os": 5}, {"os": 5, "y": 5}),
    "import as": ("import os.path as x", {"x": 5}, {"x": 5}),
    "from import": ("from os import path as x, sep\ny = x", {"x": 5}, {"y": 5, "sep": "/"}),
    "a star import that brings it": ("from string import *\ny = digits", {"digits": 5}, {"y": 5}),
    "an update of what a star import brings": (
        "from string import *\ndigits = digits * 2",
        {"digits": 5},
        {"digits": 10},
    ),
    "a star import that doesn't bring it": (
        "x = 1\nx += 1\nfrom string import *",
        {"x": 5},
        {"x": 6},
    ),
    "a private name through a star import": ("from string import *", {"_re": 5}, {"_re": 5}),
    "for": ("y = []\nfor x in range(2): y.append(x)", {"x": 5}, {"y": [5, 5], "x": 5}),
    "for with unpacking": (
        "y = []\nfor i, x in enumerate('ab'): y.append((i, x))",
        {"x": 5},
        {"y": [(0, 5), (1, 5)]},
    ),
    "for over itself": (
        "x = 1\ny = []\nfor x in range(x): y.append(x)",
        {"x": 3},
        {"y": [0, 1, 2]},
    ),
    "for in a loop, bound before": (
        "x = 1\ny = []\nfor i in range(1):\n    for x in range(2): y.append(x)",
        {"x": 5},
        {"y": [0, 1]},
    ),
    "with": (
        "import contextlib\nwith contextlib.nullcontext(1) as x: y = x",
        {"x": 5},
        {"y": 5},
    ),
    "with over itself": (
        "import contextlib\nx = 1\nwith contextlib.nullcontext(x) as x: y = x + 1",
        {"x": 5},
        {"y": 6},
    ),
    "except": ("try: 1 / 0\nexcept ZeroDivisionError as x: y = x", {"x": 5}, {"y": 5}),
    "a case's guard sees what was captured": (
        "match 3:\n    case x if x == 3: y = x\n    case _: y = 'other'",
        {"x": 5},
        {"y": 5},
    ),
    "after a guard that fails it is not as captured": (
        "match 3:\n    case x if x == 4: y = 'guarded'\n    case _: y = x",
        {"x": 5},
        {"y": 5},
    ),
    "captures in a mapping": (
        "match {'a': 1, 'b': 2}:\n    case {'a': x, **rest}: y = x, rest",
        {"x": 5},
        {"y": (5, {"b": 2})},
    ),
    "captures of a star": ("match [1, 2]:\n    case [_, *x]: y = x", {"x": 5}, {"y": 5}),
    "match on itself": ("x = 3\nmatch x:\n    case int(x): y = x", {"x": 7}, {"y": 7}),
    "del": ("x = 1\ndel x\ny = 'x' in globals()", {"x": 5}, {"y": False}),
    "a default after del": ("x = 1\ndel x\nx = 2", {"x": 5}, {"x": 5}),
    "the end of except deletes": (
        "x = 1\ntry: 1 / 0\nexcept ZeroDivisionError as x: pass\ny = 'x' in globals()",
        {"x": 5},
        {"y": False},
    ),
    "nothing binds it": ("y = x", {"x": 5}, {"y": 5}),
    "only updates": ("x += 1", {"x": 5}, {"x": 6}),
    "a function's own name": (
        "x = 1\ndef f():\n    x = 2\n    return x\ny = f()",
        {"x": 5},
        {"x": 5},
    ),
    "a function's global wins": (
        "x = 1\ndef f():\n    global x\n    x = 2\nf()",
        {"x": 5},
        {"x": 2},
    ),
    "attributes and items are the script's": (
        "x = {}\nx['a'] = 1\nclass A: pass\nA.x = 2",
        {"x": {"b": 5}},
        {"x": {"b": 5, "a": 1}},
    ),
    "exec wins": ("x = 1\nexec('x = 2')", {"x": 5}, {"x": 2}),
    "globals() wins": ("x = 1\nglobals()['x'] = 2", {"x": 5}, {"x": 2}),
    "a lambda reads when it is called": (
        "x = 1\nx = lambda: x",
        {"x": 5},
        {"x": 5},
    ),
    "a lambda that is called within": (
        "x = [1]\nx = list(map(lambda i: i + len(x), x))",
        {"x": [5, 6]},
        {"x": [7, 8]},
    ),
    "a comprehension's own variable is not the name": (
        "x = 1\nx = [x for x in range(3)]",
        {"x": 5},
        {"x": 5},
    ),
    "a decorator that reads the name": (
        "x = 1\ndef keep(v): return lambda f: v + 1\n@keep(x)\ndef x(): pass",
        {"x": 5},
        {"x": 6},
    ),
    "the main block's names": (
        "if __name__ == '__main__':\n    x = 1\n    y = x",
        {"x": 5},
        {"y": 5},
    ),
    "a docstring stays": ("'''doc'''\nx = 1\ny = __doc__", {"x": 5}, {"y": "doc"}),
    "future imports stay": (
        "from __future__ import annotations\nx: Undefined = 1\ny = __annotations__['x']",
        {"x": 5},
        {"y": "Undefined"},
    ),
    "any object": ("x = 1\ny = x", {"x": (marker := object())}, {"y": marker}),
    "a value that looks like ours": ("x = '\\0kogine constant 0'\nz = 1", {"z": 5}, {"z": 5}),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.filterwarnings("ignore::kohakuengine.OverrideWarning")
def test_override_rule(row, globals_after):
    """A script's names have the values that the table of overrides gives them."""
    text, overrides, expected = ROWS[row]
    found = globals_after(text, **overrides)
    assert {name: found.get(name, "unbound") for name in expected} == expected


def test_override_is_the_object_itself(globals_after):
    """A script gets the very object that its user gave, not a copy: but for plain containers."""
    value = object()
    assert globals_after("x = None", x=value)["x"] is value
    assert globals_after("x = None", x=[{"a": (value, [])}])["x"][0]["a"][0] is value


CONTAINERS = {
    "list": [1, [2]],
    "dict": {"a": [1], 2: {}},
    "set": {1, 2},
    "empty": [[], {}, set(), ()],
    "tuple of lists": ([1], (2, [3])),
    "large": [[n] for n in range(5_000)],
    "constants": [1, 2, 3, 4],
    "set of constants": {"a", "b", "c", "d"},
    "frozenset": frozenset({"a", "b"}),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_plain_containers_are_new_each_time(kind, globals_after):
    """What a script does to its lists, dicts and sets reaches neither its user's nor another run."""
    import copy

    value = CONTAINERS[kind]
    before = copy.deepcopy(value)
    text = "x = None\nif isinstance(x, list): x.append(1)\nelif hasattr(x, 'clear'): x.clear()"
    found = globals_after(text, x=value)["x"]
    assert value == before and type(found) is type(value)
    assert globals_after("x = None", x=value)["x"] == before


def test_container_that_holds_itself(globals_after):
    """A circle is the same circle in the script."""
    value: list = [1]
    value.append(value)
    found = globals_after("x = None", x=value)["x"]
    assert found[1] is found and found is not value


def test_default_in_a_loop_is_new_in_every_pass(globals_after):
    """A list overridden in a loop is a new one in each pass, as the script's own literal is."""
    text = "seen = []\nfor i in range(3):\n    buffer = []\n    buffer.append(i)\n    seen.append(buffer)"
    assert globals_after(text, buffer=[9])["seen"] == [[9, 0], [9, 1], [9, 2]]


def test_future_imports_stay_together(globals_after):
    """A variable may be called as a feature of Python's __future__."""
    text = "from __future__ import annotations\nfrom __future__ import division\nx = annotations"
    with pytest.warns(OverrideWarning, match="line 1 imports it"):
        assert globals_after(text, annotations=5)["x"] == 5


@pytest.mark.filterwarnings("ignore::kohakuengine.OverrideWarning")
def test_nothing_is_added_to_the_namespace(globals_after):
    """A script with overrides has the names that it has without."""
    text = "x = 1\nx, z = 1, 2\nfor x in range(2): pass\ndef x(): pass\nfrom string import *"
    assert globals_after(text, x=5, digits=6).keys() == globals_after(text).keys()


REFUSED = {
    "for": ("\nfor x in range(2): pass", "every iteration of line 2 runs with 5"),
    "import": ("import os as x", "line 1 imports it, and right after that it is 5"),
    "with": (
        "import contextlib as c\nwith c.nullcontext() as x: pass",
        "the body of the with on line 2",
    ),
    "except": ("try: 1/0\nexcept ArithmeticError as x: pass", "the except clause on line 2 sees 5"),
    "nothing": ("xx = 1", "nothing at the top level of .* binds x.*Did you mean xx"),
    "only updates": ("x += 1", "x has no default in .*, line 1 only updates it"),
    "unknown star import": ("from string import *", "after the star import on line 1"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_name_without_a_default_is_warned_of_and_refused_under_strict(kind, globals_after):
    """An override of a name that has no default says what it means, and strict runs refuse it."""
    text, message = REFUSED[kind]
    with pytest.warns(OverrideWarning, match=message):
        globals_after(text, x=5)
    with pytest.raises(OverrideError, match=message) as caught:
        globals_after(text, strict=True, x=5)
    assert caught.value.key == "x"


def test_global_in_a_function_is_warned_of_but_not_refused(globals_after):
    """A function that may set the overridden name is named, with its line."""
    text = "x = 1\ndef f():\n    global x\n    x = 2"
    with pytest.warns(OverrideWarning, match=r"f \(line 3\) declares x global"):
        globals_after(text, strict=True, x=5)


def test_star_import_of_a_sibling_is_followed_by_its_syntax(tmp_path, globals_after):
    """A name that a module beside the script brings is a default like any other: no warning."""
    (tmp_path / "defaults.py").write_text("lr = 1\n_hidden = 2\n")
    found = globals_after("from defaults import *\ny = lr", strict=True, lr=5)
    assert found["y"] == 5
    with pytest.raises(OverrideError, match="_hidden"):
        globals_after("from defaults import *", strict=True, _hidden=5)


def test_star_import_obeys_all(tmp_path, globals_after):
    """Of a sibling module with __all__, the names in it are what a star import brings."""
    (tmp_path / "defaults.py").write_text("__all__ = ['lr']\nlr = 1\nother = 2\n")
    assert globals_after("from defaults import *", strict=True, lr=5)["lr"] == 5
    with pytest.raises(OverrideError, match="other"):
        globals_after("from defaults import *", strict=True, other=5)


@pytest.mark.parametrize(
    "line",
    [
        "os.execv(sys.executable, ['python', *sys.argv])",
        "subprocess.run([sys.executable, __file__])",
        "os.execv(sys.argv[0], [])",
    ],
)
def test_relaunch_of_the_script_is_warned_of(line, globals_after):
    """A script that starts itself anew loses its overrides there, and its user is told."""
    text = f"import os, subprocess, sys\nx = 1\nif x == 1:\n    {line}"
    with pytest.warns(OverrideWarning, match="line 4 seems to start the script anew"):
        globals_after(text, x=5)


def test_other_processes_are_not_warned_of(globals_after):
    """A script that hands one of its arguments to another program gets no warning."""
    text = "import subprocess, sys\nx = 1\nif x == 1: subprocess.run(['ls', sys.argv[1]])"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        globals_after(text, x=5)


@pytest.mark.parametrize("name", ["__name__", "__file__", "__builtins__", "__spec__", "__doc__"])
def test_protected_names_are_refused(name, globals_after):
    """The names that Python keeps in every module can't be overridden."""
    with pytest.raises(OverrideError, match=f"{name} can't be overridden") as caught:
        globals_after("x = 1", **{name: 5})
    assert caught.value.key == name


@pytest.mark.parametrize("name", ["a b", "1a", "class", "a.b", ""])
def test_what_is_no_name_is_refused(name, globals_after):
    """An override's key has to be a name that a script can bind."""
    with pytest.raises(OverrideError, match="isn't a name in Python"):
        globals_after("x = 1", **{name: 5})


def traced(code, namespace, filename):
    """The line events of a code object's run, in its file."""
    import sys

    lines = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename != filename:
            return None
        if event == "line":
            lines.append(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        exec(code, namespace)
    finally:
        sys.settrace(before)
    return lines


TRACED = """\
import os as x, sys
from string import *
@staticmethod
def y(): pass
class z(
    object,
): pass
a = 1
b: int = 2
(c,
 d) = [3,
       4]
e = f = 5
for i in range(2):
    g = 1
for (j,
     k) in [(1, 2)]:
    h = 1
try:
    1 / 0
except ZeroDivisionError as error:
    l = 1
with open(__file__) as file:
    m = 1
match 3:
    case n if n == 4:
        o = 1
    case p:
        o = 2
q = [(r := s) for s in range(2)]
if (t := 3) > 2:
    u = t
a += 1
while a < 4:
    a += 1
"""


def test_lines_traced_are_those_of_the_plain_script(tmp_path, script):
    """Debuggers and coverage see the lines of the file, in the order in which they run plainly."""
    from kohakuengine.config.base import Config
    from kohakuengine.engine.compiler import compile_program
    from kohakuengine.engine.program import filled

    plain = script(TRACED)
    namespace = {"__file__": plain.path, "__name__": "__main__"}
    expected = traced(compile(TRACED, plain.path, "exec"), dict(namespace), plain.path)
    names = "x y z a b c d e f i j k error file n p r t digits".split()
    after = {}
    exec(compile(TRACED, plain.path, "exec"), after := dict(namespace))
    overrides = {name: after.get(name) for name in names} | {"a": 1}
    program = compile_program(plain, Config(overrides))
    code = filled(program._code, program._markers)
    assert traced(code, dict(namespace), plain.path) == expected
