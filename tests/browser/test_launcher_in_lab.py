"""The launcher in JupyterLab, by mouse and keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
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


def text_field(form: Any, label: str) -> Any:
    return form.get_by_label(label, exact=True).and_(form.page.locator("input[type=text]"))


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
    form.get_by_title("how lr varies").select_option("list")
    field = text_field(form, "lr")
    field.fill("1,2,3")
    field.press("Tab")
    expect(form.get_by_text("3 runs")).to_be_visible()
    form.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    form.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    form.notebook.open()
    expect(form.get_by_text("3 runs")).to_be_visible()
    expect(text_field(form, "lr")).to_have_value("1,2,3")
    (lab.root / "go").touch()
    form.get_by_role("button", name="Start").first.click()
    expect(form.get_by_text("finished: 3 finished")).to_be_visible()
