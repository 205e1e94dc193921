"""The live board in JupyterLab: a sweep that goes on, followed and steered from the page."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from forms import shows, statuses
from lab import Lab, Notebook, wait_until

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.process, pytest.mark.browser]

SWEEP = """\
from kohakuengine import Config, Parallel
from kohakuengine.jupyter.widgets import RunBoard
handle = Parallel("gated.py", config=[Config({"x": x}) for x in (1, 2, 3)], workers=2).start()
board = RunBoard(handle)
board"""


def go(lab: Lab, *values: int) -> None:
    """Let runs end."""
    for value in values:
        (lab.root / f"go{value}").touch()


def test_a_sweep_is_followed_and_steered(open_notebook: Callable[..., Notebook], lab: Lab) -> None:
    """Rows change, one run is stopped and retried, the page is reloaded in between, and at the end
    two runs are compared."""
    notebook = open_notebook(SWEEP, "%kogine board {handle.id}")
    notebook.run_all()
    root = notebook.page.locator(".kogine-board").first
    root.wait_for()
    shows(root, ["running", "running"])
    wait_until(lambda: notebook.page.locator(".kogine-board").count() == 2)
    root.locator(".kb-row").first.click()
    log = root.get_by_role("region", name="log")
    wait_until(lambda: "waiting for 1" in log.inner_text())
    root.locator(".kb-row input").first.click()
    root.locator(".kb-selection").get_by_role("button", name="Stop").click()
    shows(root, ["cancelled", "running", "running"])
    root.locator(".kb-selection").get_by_role("button", name="Retry").click()
    go(lab, 2)
    shows(root, ["running", "finished", "running"])
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    notebook.open()
    root = notebook.page.locator(".kogine-board").first
    root.wait_for()
    shows(root, ["running", "finished", "running"])
    assert root.get_by_text("1 selected").is_visible()
    go(lab, 1, 3)
    shows(root, ["finished", "finished", "finished"])
    root.locator(".kb-row input").nth(1).click()
    root.get_by_role("button", name="Compare").click()
    assert "0.125" in root.get_by_role("table").nth(1).inner_text()


def test_keys_are_the_boards_own(open_notebook: Callable[..., Notebook], lab: Lab) -> None:
    """What is pressed in a board doesn't reach the notebook: `d d` deletes no cell."""
    go(lab, 1, 2, 3)
    notebook = open_notebook(SWEEP)
    notebook.run_all()
    root = notebook.page.locator(".kogine-board")
    root.wait_for()
    wait_until(lambda: len(statuses(root)) == 3)
    cells = notebook.page.locator(".jp-Notebook .jp-Cell").count()
    root.get_by_role("grid").focus()
    for key in ("d", "d", "ArrowDown", "ArrowDown", "Enter"):
        notebook.page.keyboard.press(key)
    assert notebook.page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert root.get_by_role("tab", name="log").is_visible()


def test_the_last_state_is_shown_without_the_kernel(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """A table stands for a board whose kernel is gone; as long as the board lives, it is hidden."""
    go(lab, 1, 2, 3)
    notebook = open_notebook(SWEEP)
    notebook.run_all()
    root = notebook.page.locator(".kogine-board")
    root.wait_for()
    shows(root, ["finished"] * 3)
    table = notebook.page.locator("[class^=kogine-last]")
    wait_until(lambda: "3 finished" in (table.text_content() or ""))
    assert not table.is_visible()
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    notebook.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    notebook.open()
    table.wait_for()
    assert "3 finished" in table.inner_text() and "0.375" in table.inner_text()
    assert notebook.page.locator(".kogine-board").count() == 0


def test_the_last_state_is_saved_with_widgets_states(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """Where JupyterLab saves the states of widgets, a board without its kernel is as it was last."""
    notebook = open_notebook(SWEEP)
    page = notebook.page
    toggle = """() => window.jupyterapp.commands.execute(
        '@jupyter-widgets/jupyterlab-manager:saveWidgetState')"""
    page.evaluate(toggle)
    try:
        notebook.run_all()
        board = page.locator(".kogine-board")
        shows(board, ["running", "running"])
        go(lab, 1, 2, 3)
        shows(board, ["finished"] * 3)
        notebook.save()
        saved = json.loads((lab.root / notebook.name).read_text())["metadata"]["widgets"]
        assert "AnyModel" in json.dumps(saved)
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        # Where the new kernel is slow, JupyterLab's widget manager may draw before it has read the
        # states: then whoever looks loads the page again.
        missing = page.get_by_text("Error displaying widget: model not found")
        for _ in range(3):
            notebook.open()
            expect(board.or_(missing).first).to_be_visible()
            if board.count():
                break
        shows(board, ["finished"] * 3)
        assert "0.375" in board.inner_text()
    finally:
        page.evaluate(toggle)
