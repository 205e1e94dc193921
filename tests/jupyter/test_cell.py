"""A notebook's cell as a script; nothing is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from kohakuengine.engine.script import Script
from kohakuengine.errors import ConfigError, ScriptSyntaxError
from kohakuengine.jupyter.cell import Cell, free_names, named
from kohakuengine.jupyter.cell import script_of_cell as of_cell


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def script_of_cell(text: str) -> Script:
    return of_cell(Cell("run", text))


def test_the_magics_line_may_go_on_below() -> None:
    """Behind a backslash; the lines of the script keep their numbers."""
    cell = Cell("run --sweep x=1 \\", "  --seed 3 \\\n  --name a\nx = 0\n")
    assert cell.line.split() == ["run", "--sweep", "x=1", "--seed", "3", "--name", "a"]
    assert [parameter.line for parameter in of_cell(cell).parameters()] == [4]


def test_the_same_text_is_the_same_script() -> None:
    """So that it can be resumed; another text is another one."""
    one, again, other = (script_of_cell(text) for text in ("x = 1", "x = 1\n", "x = 2"))
    assert one.place == again.place != other.place


def test_its_lines_have_the_numbers_of_the_cell() -> None:
    """The magic's line is the first one."""
    script = script_of_cell("x = 1\ny = 2")
    assert [parameter.line for parameter in script.parameters()] == [2, 3]
    assert Path(script.path).read_text() == "\nx = 1\ny = 2\n"


def test_its_imports_are_those_of_the_notebook(home: Path) -> None:
    """Modules beside the notebook are found, wherever the store is."""
    assert script_of_cell("import helper").folder == str(home)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\n%matplotlib inline", 3),
        ("!ls", 2),
        ("files = !ls", 2),
        ("x = 1\nprint?", 3),
        ("t = %timeit -o 1", 2),
    ],
)
def test_what_only_ipython_understands_is_refused(text: str, line: int) -> None:
    """With its line in the cell."""
    with pytest.raises(ScriptSyntaxError, match=f"line {line} of the cell is IPython's"):
        script_of_cell(text)


@pytest.mark.parametrize("text", ["x = 5 % 3", "'!ls'", "x = '''\n%magic\n'''"])
def test_python_is_left_to_python(text: str) -> None:
    """What looks like IPython but isn't."""
    assert script_of_cell(text).read()


def test_an_empty_cell_is_refused() -> None:
    """There is nothing to run."""
    with pytest.raises(ConfigError, match="empty"):
        script_of_cell(" \n")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("print(x)", ["x"]),
        ("x = 1\nprint(x)", []),
        ("def f():\n    return y", ["y"]),
        ("def f(y):\n    return [y for z in y if z]", []),
        ("import os.path as p\nfrom a import b\np, b, os", ["os"]),
        ("def f():\n    global n\n    n = 1\nf()\nprint(n)", []),
        ("class A:\n    v = w\n    def m(self): return self.u", ["w"]),
        ("for i in range(3): pass\nwith open('f') as g: i, g", []),
        ("x += 1", []),
        ("from m import *\nprint(q)", []),
        ("print(", []),
        ("display(1)", ["display"]),
    ],
)
def test_names_that_a_cell_reads_and_never_binds(source: str, names: list[str]) -> None:
    """In all of its scopes; those are what it needs of the notebook."""
    assert free_names(source) == names


def test_what_is_passed_must_be_there() -> None:
    """A misspelt name is refused, with the one that may be meant."""
    assert named(["a,b", "c"], {"a": 1, "b": 2, "c": 3}) == {"a": 1, "b": 2, "c": 3}
    with pytest.raises(ConfigError, match="--with dat: .* did you mean data?"):
        named(["dat"], {"data": 1})
