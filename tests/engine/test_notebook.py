"""A notebook's code cells as a script."""

from __future__ import annotations

import ast
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine import Config, Script, run, sweep
from kohakuengine.config.overrides import parse_overrides
from kohakuengine.engine.executor import ScriptExecutor
from kohakuengine.engine.notebook import cell_and_line, python_of
from kohakuengine.errors import KogineError, ScriptError, ScriptNotFoundError

TRAIN = (
    "# A study",
    "%load_ext autoreload\n%matplotlib inline\nimport os",
    ("lr = 0.1  # step size\nepochs: int = 2", "parameters"),
    "",
    "scratch = 7\ndef train():\n    assert lr < 1, 'too fast'\n    return lr * epochs",
    "result = train()\ndisplay(result)",
)


def document(*cells: str | tuple[str, str], **metadata: Any) -> bytes:
    """A notebook of such cells, as one that was run is saved; a text that starts with # is prose."""
    found = []
    for cell in cells:
        text, tags = (cell, []) if isinstance(cell, str) else (cell[0], [cell[1]])
        kind = "markdown" if text.startswith("# ") else "code"
        outputs = [{"output_type": "stream", "name": "stdout", "text": ["lr = 5\n"]}]
        made = {"cell_type": kind, "source": text.splitlines(True), "metadata": {"tags": tags}}
        found.append({**made, "execution_count": 9, "outputs": outputs} if kind == "code" else made)
    whole = {"cells": found, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1).encode()


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Script]:
    """Write a notebook, and give it as a Script."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / ".kogine"))

    def write(*cells: str | tuple[str, str], **metadata: Any) -> Script:
        (tmp_path / "study.ipynb").write_bytes(document(*cells, **metadata))
        return Script("study.ipynb")

    return write


def test_what_is_wrong_with_a_value_is_told_by_cell(notebook: Callable[..., Script]) -> None:
    """Whoever sets a notebook's variables finds them by cell, not by a line of a text of ours."""
    script = notebook("import os", "lr: float = 0.1\nseed = 0\nprint(lr)")
    with pytest.raises(KogineError, match=r"study\.ipynb cell 2 line 1 says float, and 'a' is not"):
        run(script, globals_dict={"lr": "a"})
    with pytest.raises(KogineError, match=r"lr is float \(study\.ipynb cell 2 line 1\); a is not"):
        parse_overrides(["lr=a"], script.parameters(), script.name)
    with pytest.warns(UserWarning, match=r"nothing in study\.ipynb reads seed \(cell 2 line 2\)"):
        run(script, globals_dict={"seed": 1})


def test_code_cells_run_top_to_bottom(notebook: Callable[..., Script], capfd: Any) -> None:
    """Prose, outputs and empty cells count for nothing; overrides and display() do what they say."""
    executor = ScriptExecutor(notebook(*TRAIN))
    executor.execute(Config({"lr": 0.5}))
    assert vars(executor.module)["result"] == 1.0
    assert capfd.readouterr().out == "1.0\n"
    assert vars(executor.module)["__file__"].endswith("study.ipynb")


def test_a_cell_tagged_parameters_narrows_them(notebook: Callable[..., Script]) -> None:
    """As papermill's cell of that tag: what other cells bind is no parameter."""
    assert [(p.name, p.help) for p in notebook(*TRAIN).parameters()] == [
        ("lr", "step size"),
        ("epochs", None),
    ]
    untagged = [cell if isinstance(cell, str) else cell[0] for cell in TRAIN]
    assert [p.name for p in notebook(*untagged).parameters() if not p.computed] == [
        *("lr", "epochs", "scratch"),
    ]


def test_a_traceback_tells_the_cell(notebook: Callable[..., Script]) -> None:
    """An error names its cell, and its traceback shows the cell's lines."""
    script = notebook(*TRAIN)
    with pytest.raises(AssertionError, match="too fast") as caught:
        run(script, globals_dict={"lr": 2.0})
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == ["in study.ipynb, cell 3 line 3"]
    frame = caught.traceback[-1]
    assert str(frame.statement).strip() == "assert lr < 1, 'too fast'"


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["fresh", "warm", "pool"])
def test_each_launcher_runs_a_notebook(notebook: Callable[..., Script], launcher: str) -> None:
    """A sweep over a notebook has its results, its text kept, and tracebacks that can be read."""
    if launcher == "warm" and sys.platform != "linux":
        pytest.skip("warm needs Linux")
    script = notebook(*TRAIN, "result = train()")
    runs = sweep(script, {"lr": [0.25, 2.0]}, workers=2, launcher=launcher, show=False)
    assert [r.status for r in runs] == ["finished", "failed"]
    told = runs[1].output
    assert "source/study.ipynb.py" in told and "assert lr < 1, 'too fast'" in told
    if sys.version_info >= (3, 11):
        assert "in study.ipynb, cell 3 line 3" in told


@pytest.mark.process
def test_outputs_are_no_part_of_a_notebooks_code(
    notebook: Callable[..., Script], shell: Callable[..., Any]
) -> None:
    """A sweep resumes after the notebook was saved with other outputs; not after an edit."""
    notebook(*TRAIN)
    shell("kogine run study.ipynb --sweep lr=0.1,0.2")
    path = Path("study.ipynb")
    path.write_text(path.read_text().replace("lr = 5", "other"), encoding="utf-8")
    assert (
        "2 runs had finished before"
        in shell("kogine run study.ipynb --sweep lr=0.1,0.2 --resume").stdout
    )
    path.write_text(path.read_text().replace("scratch = 7", "scratch = 8"), encoding="utf-8")
    assert (
        "changed since flow" in shell("kogine run study.ipynb --sweep lr=0.1,0.2 --resume").stdout
    )


@pytest.mark.process
@pytest.mark.parametrize("options", ["", "--set k=5"])
def test_processes_of_a_notebook_find_it(
    notebook: Callable[..., Script], shell: Callable[..., Any], options: str
) -> None:
    """Processes that multiprocessing spawns load the notebook's code."""
    notebook(
        "import multiprocessing as mp\nk = 3\ndef times(x): return x * k",
        "if __name__ == '__main__':\n"
        "    with mp.get_context('spawn').Pool(1) as pool: print(pool.map(times, [1, 2]))",
    )
    expected = "[5, 10]\n" if options else "[3, 6]\n"
    assert shell(f"kogine run study.ipynb {options}").stdout == expected


@pytest.mark.process
def test_the_command_names_the_cell(
    notebook: Callable[..., Script], shell: Callable[..., Any]
) -> None:
    """`kogine params` says in which cell a parameter stands; a misspelt notebook is found."""
    notebook(*TRAIN)
    assert "cell 2 line 1  step size" in shell("kogine params study.ipynb").stdout
    assert "did you mean study.ipynb?" in shell("kogine run studi.ipynb").stdout


REFUSED = {
    "a shell command": (("x = 1\n!ls",), "cell 1 line 2 is IPython's.*: !ls;"),
    "its output": (("x = 1", "files = !ls"), "cell 2 line 1 is IPython's.*: files = !ls;"),
    "a question": (("x = 1", "# prose", "print(1)\nx?"), "cell 2 line 2 is IPython's.*x[?];"),
    "another language": (("%%bash\nls",), "cell 1 line 1 is IPython's.*%%bash;"),
    "a magic with a use": (("%timeit 1",), "cell 1 line 1 is IPython's.*%timeit 1;"),
    "no Python": (("x = 1", "\ny = ("), "cell 2 line 2 is not valid Python: .* was never closed"),
    "await": (("await f()",), "cell 1 line 1 is not valid Python: .*put it in an async def main"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_only_ipython_understands_is_refused(
    notebook: Callable[..., Script], kind: str
) -> None:
    """One sentence names notebook, cell and line."""
    cells, message = REFUSED[kind]
    with pytest.raises(KogineError, match=f"study.ipynb {message}"):
        notebook(*cells).read()


def test_magics_of_looks_are_left_out(notebook: Callable[..., Script]) -> None:
    """`%matplotlib`, `%load_ext`, `%config`, `%%time` and the like are passed over, lines stay."""
    script = notebook(
        "%%time\nx = 1",
        "if x:\n    %matplotlib inline\ny = '''\n%timeit\n'''",
        "%config InlineBackend.figure_format = 'retina'\n%kogine run train.py",
    )
    executor = ScriptExecutor(script)
    executor.execute()
    assert vars(executor.module)["y"] == "\n%timeit\n"
    text = script.read().decode()
    line = text.split("\n").index("y = '''") + 1
    assert cell_and_line(text, line) == (2, 3)


NO_NOTEBOOKS = {
    "no JSON": (b"print(1)", "isn't JSON"),
    "no text": (b"\xff\xfe\x00", "isn't JSON"),
    "a list": (b"[]", "has no cells"),
    "of old": (b'{"worksheets": [], "nbformat": 3}', "has no cells"),
    "in R": (document("x <- 1", kernelspec={"language": "R"}), "a notebook in R, not in Python"),
}


@pytest.mark.parametrize("kind", NO_NOTEBOOKS)
def test_what_is_no_notebook_is_refused(tmp_path: Path, kind: str) -> None:
    """A file of another kind, or of another language, is told in a sentence."""
    content, message = NO_NOTEBOOKS[kind]
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    with pytest.raises(ScriptError, match=f"a.ipynb.*{message}"):
        Script(path).read()


def test_a_notebook_that_is_gone_is_told(tmp_path: Path) -> None:
    """As any script."""
    with pytest.raises(ScriptNotFoundError, match="there is no file .*none.ipynb"):
        Script(tmp_path / "none.ipynb")


ODD = st.text(st.sampled_from(list("a=1()%!?'\"#\n \\:é\r")), max_size=30)


@given(cells=st.lists(ODD, max_size=4))
def test_any_notebook_is_python_or_refused(cells: list[str]) -> None:
    """Whatever stands in cells, what comes of them is a script, each line in its cell."""
    try:
        text = python_of(document(*cells), "n.ipynb").decode()
    except KogineError as error:
        assert "n.ipynb cell " in str(error)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes
        ast.parse(text)
    for number, line in enumerate(text.split("\n"), 1):
        place = cell_and_line(text, number)
        if line == "a" and place is not None:
            code = [c for c in cells if c.strip() and not c.startswith("# ")]
            assert "a" in code[place[0] - 1]
