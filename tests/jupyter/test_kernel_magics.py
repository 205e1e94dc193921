"""The magics over the kernel's protocol: what lands under which cell, and interrupts."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from cells import Kernel, belonging, wait_until
from pages import Page

pytestmark = pytest.mark.process


def test_a_sweep_is_shown_in_one_display(kernel: Kernel) -> None:
    """It isn't repeated as the cell's value; the variable has the runs all the same."""
    done = kernel.cell("lrs = [0.5, 0.25]\n%kogine run train.py --sweep lr={lrs} --out runs")
    assert done.error is None and done.value is None and done.text == ""
    [shown] = done.displays.values()
    assert "2 of 2 finished" in shown["text/html"] and ">0.25<" in shown["text/html"]
    assert "2 of 2 finished" in shown["text/plain"]
    assert kernel.cell("len(runs), runs[0].result").value == "(2, {'score': 1.0})"


def test_what_was_shown_is_shown_when_it_is_asked_for(kernel: Kernel) -> None:
    """By `display()`, and as the value of a later cell."""
    first = kernel.cell("runs = %kogine run train.py --sweep lr=0.5,0.25\ndisplay(runs)\nruns")
    assert len(first.displays) == 2 and first.value is None
    assert kernel.cell("runs").value is not None


def test_one_run_shows_its_output(kernel: Kernel) -> None:
    """Colours included, markup not."""
    done = kernel.cell("%%kogine run\nprint('\\x1b[31m<b>red</b>\\x1b[0m')")
    [shown] = done.displays.values()
    assert "&lt;b&gt;red&lt;/b&gt;</span>" in shown["text/html"]
    assert "<b>red" not in shown["text/html"] and "<b>red</b>" in shown["text/plain"]


def test_a_failed_run_is_an_error_of_the_cell(kernel: Kernel) -> None:
    """With the script's own traceback, once, and no frame of ours."""
    done = kernel.cell("%kogine run train.py --set lr=2")
    assert done.error is not None and done.error["ename"] == "ValueError"
    told = "\n".join(done.error["traceback"])
    assert 'train.py", line 9, in main' in told and "kohakuengine/" not in told
    [shown] = done.displays.values()
    assert "loss: 2" in shown["text/html"] and "Traceback" not in shown["text/html"]


def test_our_errors_are_one_sentence(kernel: Kernel) -> None:
    """No stack."""
    done = kernel.cell("%kogine run nofile.py")
    assert done.error is not None and len(done.error["traceback"]) == 1
    assert "there is no file nofile.py" in done.error["traceback"][0]


def test_what_is_no_error_does_not_look_like_one(kernel: Kernel) -> None:
    """Notes are displays: in a notebook stderr is red. `--json` on stdout is JSON alone."""
    done = kernel.cell("%kogine runs")
    [note] = done.displays.values()
    assert done.text == "" and "there are no runs yet" in note["text/html"]
    kernel.cell("runs = %kogine run train.py --sweep lr=0.5,0.25 --launcher inline")
    done = kernel.cell("%kogine runs --limit 1 --json")
    assert [one["params"] for one in json.loads(done.text)] == [{"lr": 0.25}]
    [note] = done.displays.values()
    assert note["text/plain"] == "these are 1 of 2 runs: see --limit."
    assert "Usage:" in kernel.cell("%kogine").text and kernel.cell("%kogine store").error is None


def test_tables_are_tables(kernel: Kernel) -> None:
    """Of what differs between runs, of flows, of what a dry run or the store has."""
    kernel.cell("runs = %kogine run train.py --sweep lr=0.5,0.25 --launcher inline")
    for line in ("compare last -2", "runs --flows", "run train.py --sweep lr=1,2 --dry-run",
                 "store du", "doctor", "params train.py --all"):  # fmt: skip
        done = kernel.cell(f"%kogine {line}")
        assert done.error is None
        [shown] = done.displays.values()
        assert "<table" in shown["text/html"] and len(shown["text/plain"].splitlines()) > 1, line
        Page(shown["text/html"]).assert_harmless()


def test_nobody_is_asked_where_nobody_is(kernel: Kernel) -> None:
    """A notebook that is executed by itself is told what to say."""
    kernel.cell("runs = %kogine run train.py --launcher inline")
    done = kernel.finish(kernel.client.execute("%kogine store rm last", allow_stdin=False))
    assert done.text == "UsageError: Nobody is there to be asked: say --yes.\n"
    assert kernel.cell("%kogine store rm last --yes").text.startswith("removed 1 run")


def test_that_configs_differ_is_no_error(kernel: Kernel, folder: Path) -> None:
    """A notebook goes on behind it."""
    (folder / "a.py").write_text("lr = 1\n")
    (folder / "b.py").write_text("lr = 2\n")
    done = kernel.cell("%kogine config diff a.py b.py")
    assert done.error is None and "1 -> 2" in [*done.displays.values()][0]["text/plain"]


def test_a_failure_is_shown_while_others_go_on(kernel: Kernel, folder: Path) -> None:
    """With its traceback, before the cell has ended."""
    (folder / "mixed.py").write_text(
        "import os, time\nx = 0\nassert x != 1, 'one is bad'\n"
        "while not os.path.exists('go'): time.sleep(0.02)\n"
    )
    request = kernel.start("runs = %kogine run mixed.py --sweep x=1,2 --workers 2")
    seen = kernel.shows("one is bad")
    assert "mixed.py&quot;, line 3" in seen["content"]["data"]["text/html"]
    kernel.shows("1 running")
    (folder / "go").touch()
    assert kernel.finish(request).error is None


def test_a_background_flow_lives_on_under_its_cell(kernel: Kernel, folder: Path) -> None:
    """The kernel is free, and later cells have outputs of their own alone."""
    request = kernel.start("handle = %kogine run wait.py --sweep x=1,2 --background")
    launched = kernel.finish(request)
    [id] = [m["content"]["transient"]["display_id"] for m in launched.messages if _shows(m)]
    other = kernel.cell("print('busy')\n1 + 1")
    assert other.value == "2" and other.text == "busy\n"
    kernel.shows("waiting")
    (folder / "go").touch()
    kernel.cell("handle.wait()")
    if "2 of 2 finished" not in kernel.displays[id]["text/html"]:
        kernel.shows("2 of 2 finished")
    assert list(kernel.displays) == [id] and kernel.home[id] == request


def _shows(message: dict[str, Any]) -> bool:
    return bool(message["msg_type"] == "display_data")


def test_a_background_flow_can_be_paused(kernel: Kernel, folder: Path) -> None:
    """From another cell; the display says so."""
    kernel.cell("handle = %kogine run wait.py --sweep x=1,2 --workers 1 --background")
    kernel.shows("waiting")
    kernel.start("%kogine pause last")
    kernel.shows("paused")
    (folder / "go").touch()
    kernel.shows("1 of 2 finished")
    kernel.start("handle.unpause()")
    kernel.shows("2 of 2 finished")


def test_an_interrupt_ends_the_flow(kernel: Kernel, folder: Path) -> None:
    """The runs are cancelled, what finished is kept, and the cell ends as interrupted."""
    (folder / "some.py").write_text(
        "import time\nx = 0\nprint('loss:', x, flush=True)\nif x: time.sleep(600)\n"
    )
    request = kernel.start("%kogine run some.py --sweep x=0,1,2,3 --workers 2 --out runs")
    kernel.shows("1 of 4 finished")
    kernel.interrupt()
    done = kernel.finish(request)
    assert done.error is not None and done.error["ename"] == "KeyboardInterrupt"
    assert len(done.error["traceback"]) == 1 and "have finished" in done.error["evalue"]
    statuses = kernel.cell("sorted({run.status for run in runs})").value
    assert statuses == "['cancelled', 'finished']"


def test_a_second_interrupt_kills(kernel: Kernel, folder: Path) -> None:
    """Where a script goes on after the first."""
    request = kernel.start("%kogine run wait.py --sweep x=1,2 --set stubborn=True --out runs")
    wait_until(lambda: len(list(folder.glob("waiting *"))) == 2)
    kernel.interrupt()
    kernel.shows("once more kills them")
    kernel.interrupt()
    assert kernel.finish(request).error is not None
    assert kernel.cell("[run.exit_code for run in runs]").value == "[-9, -9]"


def test_an_interrupt_of_attach_leaves_the_flow_alone(kernel: Kernel, folder: Path) -> None:
    """It can be attached to again, and is seen to its end."""
    kernel.cell("%kogine run wait.py --sweep x=1,2 --detach")
    request = kernel.start("%kogine attach last")
    kernel.shows("waiting")
    kernel.interrupt()
    assert "goes on" in kernel.finish(request).text
    request = kernel.start("%kogine attach last")
    kernel.shows("2 running")
    (folder / "go").touch()
    done = kernel.finish(request)
    assert done.error is None
    [shown] = done.displays.values()
    assert "2 of 2 finished" in shown["text/html"]


def test_logs_are_followed(kernel: Kernel, folder: Path) -> None:
    """The newest lines, until the run has ended."""
    kernel.cell("handle = %kogine run wait.py --background --set x=7")
    kernel.shows("waiting 7")
    request = kernel.start("%kogine logs -f last")
    kernel.shows("waiting 7")
    (folder / "go").touch()
    shown = list(kernel.finish(request).displays.values())
    assert any("loss: 7" in one["text/html"] for one in shown)


def test_logs_are_shown_in_their_colours(kernel: Kernel, folder: Path) -> None:
    """The last lines, where there are more than a page can hold; `--raw` is what was printed."""
    (folder / "much.py").write_text(
        "for n in range(5000): print(f'\\x1b[31mline {n}\\x1b[0m', flush=n == 0)\nprint('<b>')\n"
    )
    kernel.cell("run = %kogine run much.py --launcher fresh --quiet --no-metrics")
    done = kernel.cell("%kogine logs {run[0]}")
    shown, note = done.displays.values()
    assert done.error is None and done.text == "" and "&lt;b&gt;" in shown["text/html"]
    assert "line 4999</span>" in shown["text/html"] and "line 4000<" not in shown["text/html"]
    assert note["text/plain"] == "these are the last 1,000 lines: see --tail."
    done = kernel.cell("%kogine logs {run[0]} --tail 2")
    [shown] = done.displays.values()
    assert shown["text/plain"] == "line 4999\n<b>"
    done = kernel.cell("%kogine logs -f {run[0]} --attempt 9")
    assert done.error is not None and not done.displays  # which nobody would end
    assert (
        kernel.cell("%kogine logs {run[0]} --raw --tail 2").text
        == "\x1b[31mline 4999\x1b[0m\n<b>\n"
    )


def test_a_killed_kernel_leaves_no_process(own_kernel: Kernel, folder: Path) -> None:
    """Neither of its runs, nor of what it has for the next ones."""
    own_kernel.start("%kogine run wait.py --sweep x=1,2")
    own_kernel.shows("waiting")
    os.kill(own_kernel.manager.provisioner.pid, signal.SIGKILL)
    wait_until(lambda: not belonging(folder))


def test_few_messages_tell_of_many_runs(kernel: Kernel) -> None:
    """And small ones."""
    done = kernel.cell("runs = %kogine run train.py --sweep lr=range(200) --launcher inline")
    sizes = [len(str(message["content"])) for message in done.messages]
    assert max(sizes) < 100_000
    assert done.error is None and kernel.cell("len(runs)").value == "200"
