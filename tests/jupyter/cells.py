"""Cells in a real IPython shell, and in a real kernel, as the tests of the magics use them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from kernels import kernel

TRAIN = """\
lr = 0.1  # step size
steps = 2


def main():
    for step in range(steps):
        print(f"loss: {lr / (step + 1):.3g}", flush=True)
    if lr > 1:
        raise ValueError("lr is too large")
    return {"score": lr * 2}


if __name__ == "__main__":
    main()
"""

# Goes on until the file named `go` is there; says what it is told by Ctrl-C, and heeds it or not.
WAIT = """\
import os, signal, sys, time

x = 0
stubborn = False
if stubborn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
print("waiting", x, flush=True)
open(f"waiting {x}", "w").close()
while not os.path.exists("go"):
    time.sleep(0.02)
print("loss:", x)
"""
SECONDS = 60.0  # for anything to happen


class Shell:
    """An IPython shell of this process.

    Attributes:
        ip: The shell.
        out: What the last cell printed, errors included.
        shown: What it displayed, the last state of each display.
        value: Its value.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self.ip = ip
        self.out = ""
        self.shown: list[dict[str, str]] = []
        self.value: Any = None

    def cell(self, text: str) -> Any:
        """Execute a cell; give its value. Raises what it raises."""
        with capture_output() as captured:
            result = self.ip.run_cell(text)
        self.out = captured.stdout + captured.stderr
        self.shown = [one.data for one in captured.outputs]
        self.value = result.result
        result.raise_error()
        return self.value


@pytest.fixture
def shell(folder: Path) -> Iterator[Shell]:
    """A shell with the magics; no kernel, so that what is shown is the terminal's."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    ip = InteractiveShell.instance(config=config)
    ip.run_line_magic("load_ext", "kohakuengine")
    try:
        yield Shell(ip)
    finally:
        ip.run_line_magic("unload_ext", "kohakuengine")
        ip.reset(new_session=False)
        InteractiveShell.clear_instance()


class Outputs(NamedTuple):
    """What a cell came to: its error if any, what it printed, displays by id, its value as text."""

    error: dict[str, Any] | None
    text: str
    displays: dict[str, dict[str, str]]
    value: str | None
    messages: list[dict[str, Any]]


class Kernel:
    """A kernel, spoken to by its protocol."""

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self.manager, self.client = self._stack.enter_context(kernel(folder))
        self.home: dict[str, str] = {}  # by display: the message whose cell it stands under
        self.displays: dict[str, dict[str, str]] = {}

    def enter(self, folder: Path) -> None:
        """Begin anew in a folder."""
        self.home.clear()
        self.displays.clear()
        done = self.cell(
            "get_ipython().reset(new_session=False)\nimport os\n"
            f"os.chdir({str(folder)!r})\nos.environ['KOGINE_HOME'] = {str(folder / 'store')!r}\n"
            "%reload_ext kohakuengine"
        )
        assert done.error is None, done.error

    def start(self, text: str) -> str:
        """Begin a cell; give the id of the message."""
        return str(self.client.execute(text))

    def cell(self, text: str) -> Outputs:
        """Execute a cell to its end."""
        return self.finish(self.start(text))

    def finish(self, request: str) -> Outputs:
        """What a cell came to, when it has ended."""
        seen: list[dict[str, Any]] = []

        def is_over(message: dict[str, Any]) -> bool:
            if message["parent_header"].get("msg_id") != request:
                return False
            seen.append(message)
            idle = message["content"].get("execution_state") == "idle"
            return bool(message["msg_type"] == "status" and idle)

        self.read_until(is_over)
        return self._outputs(seen)

    def read_until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read messages until one is what is waited for."""
        deadline = time.monotonic() + SECONDS
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            self._take(message)
            if is_it(message):
                return dict(message)

    def shows(self, text: str) -> dict[str, Any]:
        """Read messages until a display shows a text."""
        return self.read_until(
            lambda m: "display_data" in m["msg_type"]
            and text in m["content"]["data"].get("text/html", "")
        )

    def _take(self, message: dict[str, Any]) -> None:
        content = message["content"]
        id = content.get("transient", {}).get("display_id")
        if id is not None:
            self.home.setdefault(id, message["parent_header"]["msg_id"])
            self.displays[id] = content["data"]

    def _outputs(self, seen: list[dict[str, Any]]) -> Outputs:
        by_kind: dict[str, list[Any]] = {}
        for message in seen:
            by_kind.setdefault(message["msg_type"], []).append(message["content"])
        text = "".join(content["text"] for content in by_kind.get("stream", ()))
        shown: dict[str, dict[str, str]] = {}
        for content in (*by_kind.get("display_data", ()), *by_kind.get("update_display_data", ())):
            shown[content["transient"].get("display_id", "")] = content["data"]
        values = [content["data"]["text/plain"] for content in by_kind.get("execute_result", ())]
        errors = by_kind.get("error", [])
        value = values[-1] if values else None
        return Outputs(errors[-1] if errors else None, text, shown, value, seen)

    def interrupt(self) -> None:
        """As the interrupt button does."""
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        """As the restart button does; whatever goes on."""
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=120)

    @property
    def pid(self) -> int:
        """Of its process."""
        return int(self.manager.provisioner.pid)

    def close(self) -> None:
        """Shut it down."""
        self._stack.close()


def belonging(folder: Path) -> set[int]:
    """The processes but this one that have the store of a folder in their environment."""
    wanted = f"KOGINE_HOME={folder / 'store'}".encode()
    found = set()
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):  # it has just ended
            if wanted in Path(f"/proc/{name}/environ").read_bytes().split(b"\0"):
                found.add(int(name))
    return found - {os.getpid()}


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something to become true, and fail when it doesn't in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.01)
