"""What the magics cost in a kernel, over its protocol: as a user waits for them."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from statistics import median
from typing import Any

from .cases import ROOT
from .table import Limit

RUNS = 1_000
SECONDS = 10  # of a script that prints much
RATE = 100_000  # lines a second

HEAVY = "import pandas, sklearn.linear_model\nprint('loaded')\n"
SHORT = "x = 0\nprint('loss:', x / 1000)\n"
CHATTY = f"""\
import time
began, n = time.time(), 0
while time.time() - began < {SECONDS}:
    print("\\n".join(f"line {{n + k}}" for k in range(1000)))
    n += 1000
    time.sleep(max(0, began + n / {RATE} - time.time()))
print("printed", n)
"""


def notebook_figures(folder: Path, repeat: int) -> list[Limit]:
    """Measure them all; takes a minute.

    Args:
        folder: In which the kernel works.
        repeat: How often the short ones are made, times ten.
    """
    shutil.copy(ROOT / "examples" / "scripts" / "hello.py", folder / "hello.py")
    for name, text in (("heavy.py", HEAVY), ("short.py", SHORT), ("chatty.py", CHATTY)):
        (folder / name).write_text(text)
    kernel = _Kernel(folder)
    try:
        return [*_waits(kernel, repeat), *_sweep(kernel, repeat), *_chatty(kernel)]
    finally:
        kernel.close()


def _waits(kernel: _Kernel, repeat: int) -> list[Limit]:
    load = kernel.cell("%load_ext kohakuengine")
    hello, heavy = (
        [kernel.cell(f"%kogine run {name}.py").seconds for _ in range(10 * repeat + 1)][1:]
        for name in ("hello", "heavy")
    )
    return [
        Limit("%load_ext kohakuengine", 1000 * load.seconds, "ms", 100),
        Limit("%kogine run hello.py, warm", 1000 * median(hello), "ms", 60),
        Limit("a script that imports pandas and sklearn, warm", 1000 * median(heavy), "ms", 150),
    ]


def _sweep(kernel: _Kernel, repeat: int) -> list[Limit]:
    """Of many short runs, what the display takes beside the same sweep without one.

    Most of what either takes is the recording of the runs, whose time differs from one sweep to
    the next by more than the display takes: hence the medians, of turns of both.
    """
    line = f"%kogine run short.py --sweep x=range({RUNS})"
    kernel.cell(f"runs = {line}")  # what is imported once
    quiet, took, dones = [], [], []
    for _ in range(2 * repeat + 1):
        quiet.append(kernel.processor_time(f"runs = {line} --quiet"))
        took.append(kernel.processor_time(f"runs = {line}"))
        dones.append(kernel.last)
    seconds = median(done.seconds for done in dones)
    share = 100 * max(0.0, median(took) - median(quiet)) / seconds
    rate = max(len(done.displays) / done.seconds for done in dones)
    size = max((len(json.dumps(content)) for done in dones for content in done.displays), default=0)
    return [
        Limit(f"{RUNS} runs: the display's part of the kernel's processor", share, "%", 10),
        Limit(f"{RUNS} runs: messages", rate, "/s", 10),
        Limit(f"{RUNS} runs: what the notebook keeps", size / 1000, "kB", 1000),
    ]


def _chatty(kernel: _Kernel) -> list[Limit]:
    kernel.cell("handle = %kogine run chatty.py --background")
    waits = []
    for _ in range(SECONDS - 3):
        time.sleep(1)
        waits.append(kernel.cell("1 + 1").seconds)
    kernel.cell("lines = handle.wait()[0].output.splitlines()")
    lost = kernel.cell("print(int(lines[-1].split()[1]) - len(lines) + 1)")
    told = f"{RATE:,} lines a second"
    return [
        Limit(f"{told}: another cell answers in", 1000 * max(waits), "ms", 300),
        Limit(f"{told}: lines that are lost", float(lost.text or "nan"), "", 0),
    ]


class _Done:
    """A cell that was executed: how long it took, what it displayed, what it printed."""

    def __init__(self, seconds: float, displays: list[Any], text: str) -> None:
        self.seconds = seconds
        self.displays = displays
        self.text = text


class _Kernel:
    def __init__(self, folder: Path) -> None:
        from jupyter_client.manager import start_new_kernel

        environ = {**os.environ, "KOGINE_HOME": str(folder / "store")}
        self._manager, self._client = start_new_kernel(
            kernel_name="python3", cwd=str(folder), env=environ
        )
        self.last = self.cell("pass")

    def cell(self, text: str) -> _Done:
        """Execute a cell, and see what comes of it."""
        began = time.perf_counter()
        request = self._client.execute(text)
        displays, printed = [], ""
        while True:
            message = self._client.get_iopub_msg(timeout=300)
            content = message["content"]
            if "display_data" in message["msg_type"]:
                displays.append(content)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            if message["msg_type"] == "stream":
                printed += content["text"]
            if content.get("execution_state") == "idle":
                self.last = _Done(time.perf_counter() - began, displays, printed.strip())
                return self.last

    def processor_time(self, text: str) -> float:
        """Execute a cell, and give the seconds of the kernel's processor that it took."""
        clock = "import time; print(time.process_time())"
        before = self.cell(clock).text
        done = self.cell(text)
        after = self.cell(clock).text
        self.last = done
        return float(after) - float(before)

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
