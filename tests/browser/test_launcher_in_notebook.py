"""The launcher and its board in Notebook 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from forms import EACH, rows_of, shows, vary
from lab import Lab, Notebook

expect = pytest.importorskip("playwright.sync_api").expect
pytest.importorskip("notebook")
pytestmark = [pytest.mark.process, pytest.mark.browser]

LAUNCHER = """from kohakuengine.jupyter.widgets import SweepLauncher
SweepLauncher('each.py', workers=2)"""


@pytest.fixture
def notebook(tmp_path_factory: pytest.TempPathFactory, page: Any) -> Iterator[Notebook]:
    """A notebook with a launcher, in a server of its own."""
    server = Lab(tmp_path_factory.mktemp("notebook"), "notebook")
    try:
        server.wait()
        (server.root / "each.py").write_text(EACH)
        server.write("sweep.ipynb", "%load_ext kohakuengine", LAUNCHER)
        yield Notebook(server, page, "sweep.ipynb")
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    finally:
        server.close()


def test_a_sweep_is_built_and_steered(notebook: Notebook) -> None:
    """It is launched, one run is stopped and retried, the page is loaded again, and in the dark theme
    form and board are dark."""
    page = notebook.page
    notebook.run_all()
    form, board = page.locator(".kogine-launcher"), page.locator(".kogine-board")
    vary(form, "lr", "0.1,0.2,0.3")
    expect(form.locator("b", has_text="3 runs")).to_be_visible()
    form.get_by_role("button", name="Start").first.click()
    shows(board, ["running", "running"])
    rows_of(board).first.locator("input").click()
    chosen = board.locator(".kb-selection")
    chosen.get_by_role("button", name="Stop").click()
    shows(board, ["cancelled", "running", "running"])
    chosen.get_by_role("button", name="Retry").click()
    (notebook.lab.root / "go 0.2 1").touch()
    shows(board, ["running", "finished", "running"])
    notebook.save()
    notebook.open()
    shows(board, ["running", "finished", "running"])
    notebook.in_theme("dark")
    expect(board).to_have_attribute("data-theme", "dark")
    for part in (board, form.locator("select").first):
        assert lightness(part, "color") > 150 > lightness(part, "backgroundColor")
    for value in ("0.1", "0.3"):
        (notebook.lab.root / f"go {value} 1").touch()
    expect(form.get_by_text("finished: 3 finished")).to_be_visible()


def lightness(part: Any, what: str) -> float:
    """Of a colour, from 0 to 255."""
    code = "(one, what) => getComputedStyle(one)[what].match(/\\d+/g).slice(0, 3).map(Number)"
    return sum(part.evaluate(code, what)) / 3
