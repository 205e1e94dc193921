"""Executes the notebooks and keeps their outputs, as they are committed: `make notebooks`.

They are executed as copies beside a copy of the examples, so that nothing of this machine's stands
in them; without the state of widgets, which would be blank pages where nobody runs them.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import kernels
import nbformat

ROOT = Path(__file__).resolve().parent.parent


def execute(path: Path, folder: Path) -> None:
    """Execute a notebook in a folder, and write it with its outputs to where it was."""
    notebook = nbformat.read(path, as_version=4)
    kernels.execute(notebook, folder, store_widget_state=False, record_timing=False)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_elsewhere(output, folder.parent) for output in cell.outputs]
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, path)


def _elsewhere(output: Any, base: Path) -> Any:
    """An output as if it came from somebody's project, in place of this machine's folders."""
    output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)  # of no widget
    pictures = {kind: data for kind, data in output.get("data", {}).items() if "image/" in kind}
    text = json.dumps(output)
    for path, instead in (
        (str(base), "/home/user/project"),
        (sys.prefix, "/home/user/project/.venv"),
        (platform.node(), "computer"),
    ):
        text = re.sub(rf"(?<![\w.-]){re.escape(path)}(?![\w.-])", instead, text)
    other = nbformat.from_dict(json.loads(text))
    if pictures:
        other["data"].update(pictures)
    return other


def main() -> None:
    """Execute those that are named, or all."""
    chosen = [Path(name) for name in sys.argv[1:]] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in chosen:
        print(path.name, flush=True)
        with tempfile.TemporaryDirectory() as base:
            os.environ["IPYTHONDIR"] = str(Path(base) / "ipython")
            shutil.copytree(ROOT / "examples", Path(base) / "examples")
            (Path(base) / "notebooks").mkdir()
            execute(path, Path(base) / "notebooks")


if __name__ == "__main__":
    main()
