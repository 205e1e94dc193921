"""The notebooks: committed as they came out of a run, and they run again."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from kernels import execute

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def complaints(notebook: dict[str, Any]) -> list[str]:
    """What in the outputs of a notebook no reader should meet: errors, and text on stderr."""
    return [
        "".join(output.get("traceback") or output.get("text") or "")
        for cell in code_cells(notebook)
        for output in cell["outputs"]
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


@notebooks
def test_a_committed_notebook_shows_its_outputs(path: Path) -> None:
    """A notebook is committed after a run from top to bottom, without errors or widget state."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    assert not complaints(notebook)
    assert "widgets" not in notebook["metadata"]
    text = json.dumps([output for cell in code_cells(notebook) for output in cell["outputs"]])
    assert not re.search(r"widget-view|(?<![\w/])/(tmp|root|work)/", text)


@pytest.mark.process
@notebooks
def test_a_notebook_runs(path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs in a new kernel, and no output is an error or goes to stderr."""
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    folder = examples.parent / "notebooks"  # beside the examples, as in the checkout
    folder.mkdir()
    monkeypatch.setenv("IPYTHONDIR", str(examples.parent / "ipython"))
    notebook = nbformat.read(shutil.copy(path, folder), as_version=4)
    for cell in code_cells(notebook):
        cell["outputs"], cell["execution_count"] = [], None
    execute(notebook, folder)
    assert not complaints(notebook)
    assert any(cell["outputs"] for cell in code_cells(notebook))
