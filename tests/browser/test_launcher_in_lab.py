"""The launcher in JupyterLab, by mouse and keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from forms import EACH, rows_of, shows, text_field, vary
from lab import Lab, Notebook, wait_until

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.process, pytest.mark.browser]

SCRIPT = """
import os, time
from typing import Literal

lr: float = 0.1  # step size
epochs: int = 3  # passes over the data
optimizer: Literal["sgd", "adam"] = "sgd"
fast = False  # skip <b>the</b> slow part
print("waiting", flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
print("loss:", lr * epochs)
"""
LAUNCHER = """from kohakuengine.jupyter.widgets import SweepLauncher
launcher = SweepLauncher('slow.py')
launcher"""


@pytest.fixture
def form(open_notebook: Callable[..., Notebook], lab: Lab) -> Any:
    """The launcher as it stands under its cell."""
    for old in lab.root.glob("go"):
        old.unlink()
    (lab.root / "slow.py").write_text(SCRIPT)
    notebook = open_notebook(LAUNCHER, "[dict(run.params) for run in launcher.runs]")
    notebook.page.keyboard.press("Escape")
    notebook.run_all()
    notebook.shows(1, "slow.py", "1 run")
    found = notebook.output(1).first
    found.notebook = notebook
    return found


def test_a_sweep_of_two_by_three(form: Any, lab: Lab) -> None:
    """Built, launched on two workers, and watched, until all have finished."""
    form.get_by_title("how lr varies").select_option("list")
    field = text_field(form, "lr")
    field.fill("0.1,0.2")
    field.press("Tab")
    mode = form.get_by_title("how epochs varies")
    mode.focus()
    mode.press("r")  # as a keyboard chooses in a drop-down: range
    expect(form.get_by_text("6 runs")).to_be_visible()
    expect(mode).to_be_focused()
    field = form.get_by_label("workers", exact=True)
    field.fill("2")
    field.press("Tab")
    form.get_by_role("button", name="Shell").click()
    expect(form.get_by_label("to copy")).to_have_value(
        re.compile(r"kogine run slow.py --sweep lr=0.1,0.2 .*--workers 2")
    )
    start = form.get_by_role("button", name="Start", exact=False).first
    start.focus()
    start.press("Enter")
    expect(form.get_by_text("2 running").first).to_be_visible()
    (lab.root / "go").touch()
    expect(form.get_by_text("finished: 6 finished")).to_be_visible()
    expect(form.get_by_text("unknown time")).to_have_count(0)


def go(lab: Lab, *names: str) -> None:
    """Let runs end."""
    for name in names:
        (lab.root / f"go {name}").touch()


def test_from_the_form_to_a_comparison(open_notebook: Callable[..., Notebook], lab: Lab) -> None:
    """Two by three runs are built by keyboard and mouse, and launched on two workers; one is stopped
    and retried; the page is reloaded in mid-sweep; two are compared; the notebook is closed and
    opened again, at last without its kernel."""
    (lab.root / "each.py").write_text(EACH)
    notebook = open_notebook(LAUNCHER.replace("slow.py", "each.py"))
    page = notebook.page
    notebook.run_all()
    notebook.shows(1, "each.py", "1 run")
    form = page.locator(".kogine-launcher")
    for name, values in (("lr", "0.1,0.2"), ("epochs", "1,2,3")):
        vary(form, name, values)
    expect(form.get_by_text("6 runs")).to_be_visible()
    field = form.get_by_label("workers", exact=True)
    field.fill("2")
    field.press("Tab")
    form.get_by_role("button", name="Start").first.press("Enter")

    board = page.locator(".kogine-board")
    expect(rows_of(board)).to_have_count(2)
    shows(board, ["running", "running"])
    go(lab, "0.1 1")
    shows(board, ["finished", "running", "running"])
    rows_of(board).nth(1).locator("input").click()
    board.locator(".kb-selection").get_by_role("button", name="Stop").click()
    shows(board, ["finished", "cancelled", "running", "running"])
    board.locator(".kb-selection").get_by_role("button", name="Retry").click()
    go(lab, "0.1 3")
    shows(board, ["finished", "running", "finished", "running"])

    notebook.save()
    notebook.open()
    expect(form.locator("b", has_text="6 runs")).to_be_visible()
    expect(text_field(form, "lr")).to_have_value("0.1,0.2")
    shows(board, ["finished", "running", "finished", "running"])
    expect(board.get_by_text("1 selected")).to_be_visible()
    expect(form.get_by_role("button", name="Stop").first).to_be_enabled()
    go(lab, "0.1 2", "0.2 1", "0.2 2", "0.2 3")
    expect(form.get_by_text("finished: 6 finished")).to_be_visible()
    shows(board, ["finished"] * 6)

    rows_of(board).nth(5).locator("input").click()
    board.get_by_role("button", name="Compare").click()
    expect(board.get_by_role("table").nth(1)).to_contain_text("0.6 (+0.4)")
    expect(board.get_by_role("region", name="log").last).to_contain_text("waiting for 0.2 3")

    notebook.save()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
    expect(form).to_have_count(0)
    notebook.open()
    shows(board, ["finished"] * 6)
    last = page.locator("[class^=kogine-last]")
    expect(last).to_be_hidden()
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    notebook.open()
    expect(last).to_be_visible()
    # JupyterLab knows displays that change no more once the page was loaded again: it is as then.
    expect(last).to_contain_text("0.1, 0.2")
    expect(board).to_have_count(0)


@pytest.mark.parametrize(
    "shown",
    [
        "VBox([HBox([launcher.form, launcher.panel]), launcher.board])",
        "VBox([RunBoard(launcher.flow)])",
        "display(launcher.board)",
    ],
)
def test_a_board_in_a_box_of_ones_own(
    shown: str, open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """A board that was put into a box, or that came into it later, has its table of the last state."""
    (lab.root / "each.py").write_text(EACH)
    start = "launcher.panel.start.click()"
    notebook = open_notebook(
        "from ipywidgets import HBox, VBox\n"
        "from kohakuengine.jupyter.widgets import RunBoard, SweepLauncher\n"
        "launcher = SweepLauncher('each.py')" + (f"\n{start}" if "flow" in shown else ""),
        shown,
        "" if "flow" in shown else start,
    )
    notebook.run_all()
    board = notebook.page.locator(".kogine-board")
    shows(board, ["running"])
    last = notebook.page.locator("[class^=kogine-last]")
    expect(last).to_be_hidden()
    go(lab, "0.1 1")
    shows(board, ["finished"])
    wait_until(lambda: "1 finished" in (last.text_content() or ""))
    notebook.save()
    notebook.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    notebook.open()
    expect(last).to_be_visible()
    expect(last).to_contain_text("1 finished")
    expect(board).to_have_count(0)


def test_what_is_wrong_stands_beside_its_parameter(form: Any) -> None:
    """Nothing can be started meanwhile, and help is shown as text."""
    expect(form.get_by_text("skip <b>the</b> slow part")).to_be_visible()
    form.get_by_title("how epochs varies").select_option("list")
    field = text_field(form, "epochs")
    field.fill("1,many")
    field.press("Tab")
    expect(form.get_by_role("alert").filter(has_text="many is not an int").first).to_be_visible()
    expect(form.get_by_role("button", name="Start").first).to_be_disabled()
    field.fill("1,2")
    field.press("Tab")
    expect(form.get_by_text("2 runs")).to_be_visible()
    expect(form.get_by_role("alert").filter(has_text="many")).to_have_count(0)


def test_stop_and_retry(form: Any, lab: Lab) -> None:
    """What was stopped is run again, and the page may be reloaded meanwhile."""
    form.get_by_role("button", name="Start").first.click()
    expect(form.get_by_text("1 running").first).to_be_visible()
    form.get_by_role("button", name="Stop").first.click()
    expect(form.get_by_text("1 cancelled").first).to_be_visible()
    wait_until(lambda: not lab.runs_going())
    (lab.root / "go").touch()
    form.get_by_role("button", name="Retry failed").first.click()
    expect(form.get_by_text("finished: 1 finished")).to_be_visible()


def test_it_outlives_a_reload(form: Any, lab: Lab) -> None:
    """After the page was reloaded the form has what was set, and its buttons work."""
    vary(form, "lr", "1,2,3")
    expect(form.get_by_text("3 runs")).to_be_visible()
    form.notebook.save()
    form.notebook.open()
    expect(form.get_by_text("3 runs")).to_be_visible()
    expect(text_field(form, "lr")).to_have_value("1,2,3")
    (lab.root / "go").touch()
    form.get_by_role("button", name="Start").first.click()
    expect(form.get_by_text("finished: 3 finished")).to_be_visible()
