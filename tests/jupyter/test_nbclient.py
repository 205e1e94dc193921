"""Notebooks that nobody looks at: by nbclient, as `jupyter execute` and Papermill run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from kernels import OPTION, execute

pytestmark = pytest.mark.process


def executed(folder: Path, *cells: str) -> list[Any]:
    """The cells of a notebook, with their outputs."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text) for text in cells]
    execute(notebook, folder)
    return list(notebook.cells)


def html_of(cell: Any) -> list[str]:
    shown = (output["data"] for output in cell.outputs if output.output_type == "display_data")
    return [data["text/html"] for data in shown if "text/html" in data]


def test_the_last_state_is_what_is_kept(folder: Path) -> None:
    """In one output, also of a flow that went on while later cells ran."""
    cells = executed(
        folder,
        "%load_ext kohakuengine",
        "runs = %kogine run train.py --sweep lr=0.5,0.25",
        "handle = %kogine run wait.py --sweep x=1,2 --background",
        "open('go', 'w').close()\nassert len(handle.wait()) == 2\n"
        "import time\nwhile any(t.name == 'kogine display' for t in __import__('threading').enumerate()):"
        " time.sleep(0.01)",
        "print('later')",
    )
    for cell in cells[1:3]:
        [shown] = html_of(cell)
        assert "2 of 2 finished" in shown
    assert not html_of(cells[3]) and cells[4].outputs[0].text == "later\n"


def test_what_is_kept_of_widgets(folder: Path) -> None:
    """Of a board, a launcher, and boards in boxes of one's own: a plain table, for no kernel."""
    cells = executed(
        folder,
        "%load_ext kohakuengine\nfrom ipywidgets import HBox, VBox\n"
        "from kohakuengine.jupyter.widgets import RunBoard, SweepLauncher\n"
        "runs = %kogine run train.py --sweep lr=0.5,0.25",
        "RunBoard(runs)",
        "VBox([HBox([RunBoard(runs)])])",
        "launcher = SweepLauncher('train.py')\nlauncher.board",
        "launcher",
        "launcher.panel.start.click()\nassert len(launcher.wait()) == 1",
    )
    for cell in cells[1:3]:
        shown = " ".join(html_of(cell))
        assert "kogine-last-" in shown and "2 finished" in shown
    for cell in cells[3:5]:
        shown = " ".join(html_of(cell))
        assert "kogine-last-" in shown and "finished" in shown


def test_a_failed_run_stops_the_notebook(folder: Path) -> None:
    """The error of the cell is the script's."""
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="lr is too large"):
        executed(folder, "%load_ext kohakuengine\n%kogine run train.py --set lr=2")


def test_bad_input_stops_the_notebook(folder: Path) -> None:
    """Whoever wrote it finds one sentence."""
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="there is no file nofile.py"):
        executed(folder, "%load_ext kohakuengine\n%kogine run nofile.py")


def notebook_file(folder: Path, *cells: str) -> Path:
    """A notebook, of which the first cell has parameters."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text) for text in cells]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python"
    }  # fmt: skip
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    return path


CELLS = (
    "rates = [0.5, 0.125, 0.75]",
    "%load_ext kohakuengine\nruns = %kogine run train.py --sweep lr={rates}",
    "print(len(runs), runs.best('loss').params['lr'])",
)


def command(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "IPYTHONDIR": str(folder / "ipython")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout


def outputs_of(path: Path) -> list[Any]:
    return [cell.outputs for cell in nbformat.read(path, as_version=4).cells if "outputs" in cell]


def test_jupyter_execute_runs_it(folder: Path) -> None:
    """And the table is in the notebook then."""
    path = notebook_file(folder, *CELLS)
    command(folder, "jupyter", "execute", "--inplace", OPTION, str(path))
    _, table, printed = outputs_of(path)
    assert "3 of 3 finished" in table[0].data["text/html"]
    assert printed[0].text == "3 0.125\n"


def test_papermill_runs_it(folder: Path) -> None:
    """With its own parameters, which the magic's line sees."""
    pytest.importorskip("papermill")
    path = notebook_file(folder, *CELLS)
    output = folder / "output.ipynb"
    command(folder, "papermill", str(path), str(output), "-y", "rates: [0.5, 0.25]")
    *_, table, printed = outputs_of(output)
    assert "2 of 2 finished" in table[0].data["text/html"]
    assert printed[0].text == "2 0.25\n"


def test_a_notebook_stays_small(folder: Path) -> None:
    """However many runs there were, and however much they printed."""
    cells = executed(
        folder,
        "%load_ext kohakuengine",
        "runs = %kogine run train.py --sweep lr=range(100) --launcher inline",
        "%%kogine run\nfor n in range(100_000):\n    print('line', n)",
    )
    assert len(nbformat.writes(nbformat.v4.new_notebook(cells=cells))) < 200_000
    assert "line 99999" in html_of(cells[2])[0]


def test_a_launched_sweep_is_kept_as_a_table(folder: Path) -> None:
    """Of a form, what is saved is what was set and how the runs ended, as HTML and text."""
    cells = executed(
        folder,
        "from kohakuengine.jupyter.widgets import SweepLauncher\n"
        "launcher = SweepLauncher('train.py')\nlauncher",
        "launcher.form.rows['lr'].mode.value = 'list'\n"
        "launcher.form.rows['lr'].values.value = '0.5,0.25'",
        "launcher.panel.start.click()\nlen(launcher.wait())",
        "%load_ext kohakuengine\n%kogine launch train.py --set lr=0.125",
    )
    [shown] = html_of(cells[0])
    assert "0.25" in shown and "2 finished" in shown
    assert not cells[1].outputs
    assert cells[2].outputs[-1].data["text/plain"] == "2"
    [shown] = html_of(cells[3])
    assert "0.125" in shown
