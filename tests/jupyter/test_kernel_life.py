"""What a kernel that ends or is restarted leaves behind, and its completion, over its protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cells import SECONDS, Kernel, belonging, wait_until

pytestmark = pytest.mark.process


def test_a_restart_leaves_no_process(own_kernel: Kernel, folder: Path) -> None:
    """The runs of the cell, and those in the background, end with the kernel."""
    own_kernel.cell("handle = %kogine run wait.py --sweep x=1,2 --background")
    own_kernel.start("%kogine run wait.py --set x=7")
    own_kernel.shows("waiting 7")
    before = belonging(folder)
    own_kernel.restart()
    wait_until(lambda: not before & belonging(folder))
    own_kernel.enter(folder)
    assert own_kernel.cell("%kogine runs --status running --json").text == "[]\n"
    done = own_kernel.cell("runs = %kogine runs\nsorted({run.status for run in runs})")
    assert done.value is not None and "running" not in done.value


def test_a_detached_flow_outlives_a_restart(own_kernel: Kernel, folder: Path) -> None:
    """`%kogine attach` takes it up again with the live display, and sees it to its end."""
    own_kernel.cell("%kogine run wait.py --sweep x=1,2 --detach")
    request = own_kernel.start("%kogine attach last")
    own_kernel.shows("2 running")
    own_kernel.restart()
    own_kernel.enter(folder)
    request = own_kernel.start("runs = %kogine attach last")
    own_kernel.shows("2 running")
    (folder / "go").touch()
    done = own_kernel.finish(request)
    assert done.error is None
    [shown] = done.displays.values()
    assert "2 of 2 finished" in shown["text/html"]
    assert own_kernel.cell("[run.status for run in runs]").value == "['finished', 'finished']"
    wait_until(lambda: belonging(folder) <= {own_kernel.pid})


def test_a_shut_down_kernel_leaves_no_process(own_kernel: Kernel, folder: Path) -> None:
    """Asked to end while a flow goes on in the background, it does, and all of it with it."""
    own_kernel.cell("handle = %kogine run wait.py --sweep x=1,2 --background")
    own_kernel.shows("waiting")
    own_kernel.client.stop_channels()
    own_kernel.manager.shutdown_kernel()
    wait_until(lambda: not belonging(folder))


def test_the_kernel_answers_after_an_interrupt(kernel: Kernel, folder: Path) -> None:
    """No process of the flow is left, and the next one goes as if nothing had been."""
    request = kernel.start("%kogine run wait.py --sweep x=1,2 --launcher fresh")
    kernel.shows("waiting")
    before = belonging(folder)
    kernel.interrupt()
    kernel.finish(request)
    wait_until(lambda: not before & belonging(folder))
    done = kernel.cell("runs = %kogine run train.py --sweep lr=0.5,0.25\nlen(runs.finished)")
    assert done.error is None and done.value == "2"


def test_two_flows_in_the_background_have_a_display_each(kernel: Kernel, folder: Path) -> None:
    """Each goes on living under its own cell, whatever is executed meanwhile."""
    requests = [
        kernel.start(f"h{n} = %kogine run wait.py --sweep x={n}1,{n}2 --background") for n in (1, 2)
    ]
    for request in requests:
        assert kernel.finish(request).error is None
    kernel.cell("for n in range(3): print(n)")
    (folder / "go").touch()
    done = kernel.cell("h1.wait(), h2.wait()\nh1.id[:8], h2.id[:8]")
    assert done.value is not None and done.text == ""
    first, second = eval(done.value)
    while not all("2 of 2 finished" in one["text/html"] for one in kernel.displays.values()):
        kernel.shows("2 of 2 finished")
    by_cell = {kernel.home[id]: data["text/html"] for id, data in kernel.displays.items()}
    assert list(by_cell) == requests
    assert first in by_cell[requests[0]] and second in by_cell[requests[1]]


def completed(kernel: Kernel, text: str) -> tuple[list[str], list[str]]:
    """What a line becomes by each completion at its end, and what is told of each."""
    reply: dict[str, Any] = kernel.client.complete(text, reply=True, timeout=SECONDS)["content"]
    assert reply["status"] == "ok" and reply["cursor_end"] == len(text)
    details = reply["metadata"]["_jupyter_types_experimental"]
    lines = [text[: reply["cursor_start"]] + match for match in reply["matches"]]
    return lines, [one["type"].replace("\xa0", " ") for one in details]


def test_lines_are_completed(kernel: Kernel, folder: Path) -> None:
    """Commands, files, a script's parameters with their defaults, objects, ids and launchers."""
    kernel.cell("rates = [1, 2]")
    assert completed(kernel, "%kogine compa")[0] == ["%kogine compare"]
    assert completed(kernel, "runs = %kogine run tr")[0] == ["runs = %kogine run train.py"]
    line = "x = 1\n%kogine run train.py --launcher warm --sweep l"
    assert completed(kernel, line) == ([line + "r="], ["0.1 step size"])
    line = "%kogine run train.py --sweep lr="
    assert completed(kernel, line) == ([line + "{rates}"], ["list"])
    assert completed(kernel, "%kogine run train.py --launcher i")[0][0].endswith("inline")
    done = kernel.cell("runs = %kogine run train.py --launcher inline\nruns[0].id[:8]")
    assert done.value is not None
    assert f"%kogine show {eval(done.value)}" in completed(kernel, "%kogine show ")[0]


def test_a_cell_is_completed(kernel: Kernel) -> None:
    """What it binds and what it reads, with its own text sent along."""
    kernel.cell("data = [1, 2]")
    text = "%%kogine run --with da\nalpha = data"
    reply = kernel.client.complete(text, text.index("\n"), reply=True, timeout=SECONDS)["content"]
    assert reply["matches"] == ["data"]


def test_a_kernel_that_loses_displays_is_refused(kernel: Kernel) -> None:
    """ipykernel 7.0, with the reason and the way out."""
    done = kernel.cell(
        "%unload_ext kohakuengine\nimport ipykernel._version as v\nkept = v.version_info\n"
        "v.version_info = (7, 0, 1)\n%load_ext kohakuengine"
    )
    kernel.cell("v.version_info = kept\n%load_ext kohakuengine")
    told = done.text if done.error is None else "\n".join(done.error["traceback"])
    assert "loses what threads display" in told and "ipykernel!=7.0.*" in told
    assert "kohakuengine/jupyter" not in told
