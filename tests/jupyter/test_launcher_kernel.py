"""The launcher in a kernel that is interrupted, busy, and started anew, over its protocol."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cells import Kernel, Shell, shell, wait_until  # noqa: F401

pytestmark = pytest.mark.process

LAUNCH = """
from kohakuengine.jupyter.widgets import SweepLauncher

launcher = SweepLauncher("wait.py", workers=2, detached={detached})
row = launcher.form.rows["x"]
row.mode.value, row.values.value = "list", "1,2"
launcher.panel.start.click()
launcher.flow.id
"""


def statuses(kernel: Kernel, launcher: str = "launcher") -> str | None:
    return kernel.cell(f"sorted(run.status for run in {launcher}.runs)").value


def test_a_detached_flow_is_taken_up_after_a_restart(own_kernel: Kernel, folder: Path) -> None:
    """`SweepLauncher.attach`: the form says what goes on, and its buttons have hold of it."""
    flow = own_kernel.cell(LAUNCH.format(detached=True)).value
    assert flow is not None
    wait_until(lambda: statuses(own_kernel) == "['running', 'running']")
    own_kernel.restart()
    own_kernel.enter(folder)
    again = own_kernel.cell(
        "from kohakuengine.jupyter.widgets import SweepLauncher\n"
        f"again = SweepLauncher.attach({flow}[:8])\n"
        "again.state.settings['x'].values, again.panel.live, again.choices.where.value"
    )
    assert again.value == "((1, 2), True, 'detached')"
    own_kernel.cell("again.panel.pause.click()")
    wait_until(lambda: own_kernel.cell("again.panel.status").value == "'paused'")
    own_kernel.cell("again.panel.resume.click()")
    (folder / "go").touch()
    done = own_kernel.cell("[run.status for run in again.wait(60)]")
    assert done.error is None and done.value == "['finished', 'finished']"
    assert own_kernel.cell("again.panel.start.disabled, again.panel.stop.disabled").value == (
        "(False, True)"
    )


def test_an_interrupt_ends_the_waiting_alone(kernel: Kernel, folder: Path) -> None:
    """What was launched in the background goes on, and Stop still ends it."""
    assert kernel.cell(LAUNCH.format(detached=False)).error is None
    wait_until(lambda: statuses(kernel) == "['running', 'running']")
    request = kernel.start("print('now')\nlauncher.wait()")
    kernel.read_until(lambda message: message["content"].get("text") == "now\n")
    kernel.interrupt()
    done = kernel.finish(request)
    assert done.error is not None and done.error["ename"] == "KeyboardInterrupt"
    assert statuses(kernel) == "['running', 'running']"
    kernel.cell("launcher.panel.stop.click()")
    assert kernel.cell("{run.status for run in launcher.wait(60)}").value == "{'cancelled'}"
    kernel.cell("launcher.close()")


def test_a_notebook_is_launched_by_a_magic(shell: Shell, folder: Path) -> None:
    """`%kogine launch study.ipynb`: a form of the notebook's code, filled in from the line."""
    source = ["lr = 0.1  # step size\n", "steps = 2"]
    cells = [{"cell_type": "code", "metadata": {}, "source": source}]
    (folder / "study.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    shell.cell("%kogine launch study.ipynb --sweep lr=1,2 --set steps=3 --out form")
    form = shell.ip.user_ns["form"]
    assert [c.globals_dict for c in form.config] == [{"steps": 3, "lr": n} for n in (1, 2)]
    assert form.text_of("line").startswith("%kogine run study.ipynb --set steps=3 --sweep lr=1")
    form.panel.start.click()
    assert len(form.wait(60).finished) == 2
    form.close()
