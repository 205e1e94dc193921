"""The live board and the launcher in Voilà, which shows a notebook's outputs as a page.

Each time a page is loaded, Voilà starts a kernel of its own for it, and ends that of the page before.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forms import EACH, rows_of, shows, vary
from kernels import OPTION
from lab import GATED, free_port, wait_until, write_notebook

expect = pytest.importorskip("playwright.sync_api").expect
pytest.importorskip("voila")
pytestmark = [pytest.mark.process, pytest.mark.browser]

SWEEP = """\
from kohakuengine import Config, Parallel
from kohakuengine.jupyter.widgets import RunBoard
handle = Parallel("gated.py", config=[Config({"x": x}) for x in (1, 2, 3)], workers=2).start()
RunBoard(handle)"""
LAUNCHER = """\
from kohakuengine.jupyter.widgets import SweepLauncher
SweepLauncher("each.py", workers=2)"""
DETACHED = """\
from kohakuengine.jupyter.widgets import RunBoard, SweepLauncher
display(SweepLauncher("each.py", workers=2, detached=True))
RunBoard()"""


@pytest.fixture
def show(tmp_path: Path, page: Any) -> Iterator[Callable[[str], Any]]:
    """Show what a cell displays."""
    (tmp_path / "gated.py").write_text(GATED)
    (tmp_path / "each.py").write_text(EACH)
    kinds = ("config", "data", "runtime")
    own = {f"JUPYTER_{kind.upper()}_DIR": str(tmp_path / kind) for kind in kinds}
    own |= {"IPYTHONDIR": str(tmp_path / "ipython"), "KOGINE_HOME": str(tmp_path / "store")}
    started: list[Any] = []

    def make(cell: str) -> Any:
        write_notebook(tmp_path / "shown.ipynb", cell)
        port = free_port()
        with (tmp_path / "voila.log").open("w") as log:
            voila = subprocess.Popen(
                [
                    *(sys.executable, "-m", "voila", "shown.ipynb", "--no-browser"),
                    *(f"--port={port}", "--Voila.ip=127.0.0.1", OPTION),
                ],
                cwd=tmp_path,
                env={**os.environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        started.append(voila)

        def opened() -> bool:
            from playwright.sync_api import Error

            assert voila.poll() is None, (tmp_path / "voila.log").read_text()
            try:
                page.goto(f"http://127.0.0.1:{port}/")
            except Error:  # it doesn't answer yet
                return False
            return True

        wait_until(opened)
        return page

    yield make
    for voila in started:
        voila.terminate()
        voila.wait(60)


def test_a_sweep_is_followed_and_steered(show: Callable[[str], Any], tmp_path: Path) -> None:
    """Rows change, one run is stopped and retried, and its log is shown, as in JupyterLab."""
    page = show(SWEEP)
    rows = rows_of(page)
    expect(rows).to_have_count(2)
    rows.first.click()
    expect(page.get_by_role("region", name="log")).to_contain_text("waiting for 1")
    rows.first.locator("input").click()
    chosen = page.locator(".kb-selection")
    chosen.get_by_role("button", name="Stop").click()
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("cancelled")
    chosen.get_by_role("button", name="Retry").click()
    (tmp_path / "go2").touch()
    expect(rows.first).to_contain_text("running")
    for value in (1, 3):
        (tmp_path / f"go{value}").touch()
    expect(page.locator(".kb-totals")).to_contain_text("3 finished")


def build(page: Any) -> Any:
    """Have the launcher of a page make two by three runs."""
    form = page.locator(".kogine-launcher")
    for name, values in (("lr", "0.1,0.2"), ("epochs", "1,2,3")):
        vary(form, name, values)
    expect(form.locator("b", has_text="6 runs")).to_be_visible()
    form.get_by_role("button", name="Start").first.click()
    return form


def test_a_sweep_is_built_launched_and_compared(show: Callable[[str], Any], tmp_path: Path) -> None:
    """Two by three runs on two workers; one is stopped and retried, and two are compared."""
    page = show(LAUNCHER)
    form = build(page)
    board = page.locator(".kogine-board")
    shows(board, ["running", "running"])
    rows_of(board).first.locator("input").click()
    chosen = board.locator(".kb-selection")
    chosen.get_by_role("button", name="Stop").click()
    shows(board, ["cancelled", "running", "running"])
    chosen.get_by_role("button", name="Retry").click()
    (tmp_path / "go 0.1 2").touch()
    shows(board, ["running", "finished", "running"])
    for name in ("0.1 1", "0.1 3", "0.2 1", "0.2 2", "0.2 3"):
        (tmp_path / f"go {name}").touch()
    expect(form.get_by_text("finished: 6 finished")).to_be_visible()
    rows_of(board).nth(5).locator("input").click()
    board.get_by_role("button", name="Compare").click()
    expect(board.get_by_role("table").nth(1)).to_contain_text("(+0.5)")
    assert page.locator("[class^=kogine-last]:visible").count() == 0


def test_a_detached_sweep_outlives_the_page(show: Callable[[str], Any], tmp_path: Path) -> None:
    """The page that is loaded anew has a new form, and a board of the store, live, with the runs of
    the sweep, which goes on."""
    page = show(DETACHED)
    form = build(page)
    expect(form.get_by_text("2 running").first).to_be_visible()
    page.reload()
    expect(form.locator("b", has_text="1 run")).to_be_visible()
    board = page.locator(".kogine-board")
    shows(board, ["running", "running"])
    for lr in ("0.1", "0.2"):
        for epochs in (1, 2, 3):
            (tmp_path / f"go {lr} {epochs}").touch()
    shows(board, ["finished"] * 6)
