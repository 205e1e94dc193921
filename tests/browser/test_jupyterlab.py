"""What a user of JupyterLab sees, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lab import Lab, Notebook, wait_until

pytestmark = [pytest.mark.process, pytest.mark.browser]

SWEEP = "runs = %kogine run gated.py --sweep x=1,2,3 --workers 3"


def go(lab: Lab, *values: int) -> None:
    """Let runs end."""
    for value in values:
        (lab.root / f"go{value}").touch()


def test_the_table_changes_while_the_cell_goes_on(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """Which run goes on, what the others came to, and the progress, before the cell has ended."""
    notebook = open_notebook(SWEEP, "len(runs)")
    notebook.run_all()
    notebook.shows(1, "3 running", "waiting for 2")
    go(lab, 2)
    notebook.shows(1, "1 of 3 finished", "0.25")
    assert notebook.output(1).locator("progress").get_attribute("value") == "1"
    go(lab, 3)
    notebook.shows(1, "2 of 3 finished", "0.375")
    assert notebook.prompt(1) == "[*]:"
    go(lab, 1)
    notebook.shows(1, "3 of 3 finished")
    notebook.ends(2)
    assert notebook.output(2).inner_text() == "3"
    assert notebook.output(1).count() == 1  # the table isn't repeated as the cell's value


def test_a_failure_is_shown_while_others_go_on(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """With the script's traceback, unfolded, before the cell has ended."""
    notebook = open_notebook("runs = %kogine run gated.py --sweep x=-1,2 --workers 2")
    notebook.run_all()
    notebook.shows(1, "there is no square root of -1", "1 running")
    told = notebook.output(1).locator("details[open] pre").first
    assert 'gated.py", line 5' in told.inner_text()
    assert notebook.prompt(1) == "[*]:"
    go(lab, 2)
    notebook.ends(1)
    notebook.shows(1, "1 of 2 finished")


def test_the_interrupt_button_ends_the_runs(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """What has finished is shown, no process is left, and the kernel goes on."""
    notebook = open_notebook(SWEEP + " --out runs", "[run.status for run in runs]")
    notebook.run_all()
    notebook.shows(1, "3 running")
    go(lab, 1)
    notebook.shows(1, "1 of 3 finished")
    notebook.page.click('[data-command="notebook:interrupt-kernel"]')
    notebook.ends(1)
    notebook.shows(1, "1 of 3 finished", "2 cancelled")
    assert "1 of 3 runs begun have finished" in notebook.output(1).last.inner_text()
    wait_until(lambda: not lab.runs_going())
    notebook.cell(2).click()
    notebook.page.keyboard.press("Shift+Enter")
    notebook.shows(2, "['finished', 'cancelled', 'cancelled']")


def test_a_sweep_outlives_a_reload_of_the_page(
    open_notebook: Callable[..., Notebook], lab: Lab
) -> None:
    """It goes on, and the same kernel has its runs; `%kogine attach` shows it live again."""
    notebook = open_notebook(
        "handle = %kogine run gated.py --sweep x=1,2,3 --workers 3 --background",
    )
    notebook.run_all()
    notebook.shows(1, "3 running")
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    go(lab, 1)
    notebook.shows(1, "1 of 3 finished")
    notebook.open()
    notebook.shows(1, "3 running")  # as it was saved
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:insert-cell-below')")
    typed(notebook, "%kogine attach {handle.id}")
    notebook.page.keyboard.press("Shift+Enter")
    number = notebook.page.locator(".jp-Notebook .jp-Cell").count() - 2
    notebook.shows(number, "1 of 3 finished", "2 running")
    go(lab, 2)
    notebook.shows(number, "2 of 3 finished")
    go(lab, 3)
    notebook.ends(number)
    notebook.shows(number, "3 of 3 finished")


def typed(notebook: Notebook, text: str) -> None:
    """Type into the cell that is active."""
    notebook.page.keyboard.press("Enter")
    notebook.page.keyboard.insert_text(text)


def test_tab_completes(open_notebook: Callable[..., Notebook], lab: Lab) -> None:
    """A script's parameters are offered with their defaults, and the one that is chosen is put in."""
    notebook = open_notebook("rates = [0.1, 0.2]\n%kogine params train.py", "")
    notebook.run_all()
    notebook.shows(1, "passes over the data")  # JupyterLab waits a second, imports may take longer
    notebook.cell(2).click()
    notebook.page.keyboard.insert_text("%kogine run train.py --set ")
    notebook.page.keyboard.press("Tab")
    offered = notebook.page.locator(".jp-Completer-item .jp-Completer-match")
    offered.first.wait_for()
    # JupyterLab itself adds words of the notebook.
    assert offered.all_inner_texts()[:2] == ["lr=", "epochs="]
    assert "0.1\xa0step\xa0size" in notebook.page.locator(".jp-Completer").inner_text()
    notebook.page.keyboard.press("Enter")
    editor = notebook.cell(2).locator(".cm-line")
    wait_until(lambda: editor.inner_text() == "%kogine run train.py --set lr=")


def test_a_click_on_a_head_sorts(open_notebook: Callable[..., Notebook], lab: Lab) -> None:
    """The runs of a sweep that has ended, and those that `%kogine runs` lists; and back again."""
    go(lab, 1, 2, 3)
    notebook = open_notebook("runs = %kogine run gated.py --sweep x=2,3,1,10", "runs")
    go(lab, 10)
    notebook.run_all()
    notebook.ends(2)
    for number in (1, 2):
        table = notebook.output(number).locator("table").first
        head = table.locator("th", has_text=re.compile("^x"))
        place = head.evaluate("head => head.cellIndex + 1")

        def column() -> list[str]:
            return [*table.locator(f"td:nth-child({place})").all_inner_texts()]

        assert column() == ["2", "3", "1", "10"]
        head.click()
        assert column() == ["1", "2", "3", "10"]
        head.click()
        assert column() == ["10", "3", "2", "1"]


def test_output_is_text(open_notebook: Callable[..., Notebook]) -> None:
    """Nothing that a script prints becomes markup or is run, and colours are colours."""
    notebook = open_notebook(
        '%%kogine run\nprint(\'\\x1b[31m<b id="bold">red</b>\\x1b[0m'
        '<script>document.title = "taken"</script><img src=x onerror="document.title=1">\')'
    )
    notebook.run_all()
    notebook.ends(1)
    notebook.shows(1, '<b id="bold">red</b><script>')
    red = notebook.output(1).locator("span", has_text="red").first
    colour = red.evaluate("one => getComputedStyle(one).color")
    r, g, b = map(int, re.findall(r"\d+", colour)[:3])
    assert r > 2 * max(g, b), colour
    assert notebook.page.locator("#bold").count() == 0
    assert "taken" not in notebook.page.title()
