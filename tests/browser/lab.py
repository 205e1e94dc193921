"""What the tests in a browser share: a JupyterLab of their own, and notebooks open in it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from kernels import OPTION

SECONDS = 60.0  # for anything to happen
TOKEN = "a-token-of-the-tests"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# A click on Run All may come to nothing while the kernel is still being connected to.
RUN_ALL = """async () => {
    const context = window.jupyterapp.shell.currentWidget.sessionContext;
    await context.ready;
    await context.session.kernel.info;
    window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
READY = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel != null"

TRAIN = """\
lr = 0.1  # step size
epochs = 3  # passes over the data
"""

# Ends as soon as there is a file named as its x; fails where x is negative.
GATED = """\
import os, time

x = 0
if x < 0:
    raise ValueError(f"there is no square root of {x}")
print("waiting for", x, flush=True)
while not os.path.exists(f"go{x}"):
    time.sleep(0.02)
print("loss:", x / 8)
"""


# By the module that is run: what makes the application known to the page, and where a notebook is.
SERVERS = {
    "jupyterlab": ("LabApp", "lab/workspaces/{stem}/tree/{name}"),
    "notebook": ("JupyterNotebookApp", "notebooks/{name}"),
}


class Lab:
    """A JupyterLab, or a Notebook 7, whose files lie in a folder of its own.

    Args:
        base: Where all that it keeps is kept.
        program: One of `SERVERS`.
    """

    def __init__(self, base: Path, program: str = "jupyterlab") -> None:
        self._program = program
        self.root = base / "root"
        self.store = base / "store"
        self.root.mkdir()
        self._write_settings(base / "config")
        self._runtime = tempfile.mkdtemp(prefix="lab")  # the names of sockets have to be short
        self.port = free_port()
        own = {
            **{f"JUPYTER_{kind.upper()}_DIR": base / kind for kind in ("config", "data")},
            "JUPYTER_RUNTIME_DIR": self._runtime,
            "IPYTHONDIR": base / "ipython",
            "KOGINE_HOME": self.store,
        }
        self._log = (base / "server.log").open("w")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", program, "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0"),
                *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={self.root}"),
                *(f"--{SERVERS[program][0]}.expose_app_in_browser=True", OPTION),
            ],
            env={**os.environ, **{name: str(path) for name, path in own.items()}},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self.root,
        )

    def _write_settings(self, config: Path) -> None:
        disabled = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
        page = config / "labconfig" / "page_config.json"
        page.parent.mkdir(parents=True)
        page.write_text(json.dumps(disabled))

    def url(self, path: str) -> str:
        """Of a page."""
        return f"http://127.0.0.1:{self.port}/{path}?token={TOKEN}"

    def url_of(self, name: str) -> str:
        """Of a notebook; in a workspace of its own, so that what other tests opened isn't opened anew."""
        stem = name.partition(".")[0]
        return self.url(SERVERS[self._program][1].format(stem=stem, name=name))

    def wait(self) -> None:
        """Until it answers."""

        def answers() -> bool:
            assert self._process.poll() is None, Path(self._log.name).read_text()
            with suppress(URLError, OSError), urlopen(self.url("api/status"), timeout=5) as reply:
                return bool(reply.status == 200)
            return False

        wait_until(answers)

    def write(self, name: str, *cells: str) -> None:
        """Write a notebook."""
        write_notebook(self.root / name, *cells)

    def runs_going(self) -> list[int]:
        """The processes of runs that go on."""
        wanted = f"KOGINE_HOME={self.store}".encode()
        found = []
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with suppress(OSError):  # it has just ended
                held = Path(f"/proc/{name}/environ").read_bytes().split(b"\0")
                if wanted in held and any(one.startswith(b"KOGINE_RUN_ID=") for one in held):
                    found.append(int(name))
        return found

    def close(self) -> None:
        """End it, and its kernels with it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self._runtime, ignore_errors=True)


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells that haven't been executed."""
    made = [
        {
            **{"cell_type": "code", "id": f"cell{n}", "metadata": {}, "source": text},
            **{"execution_count": None, "outputs": []},
        }
        for n, text in enumerate(cells)
    ]
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    whole = {"cells": made, "metadata": spec, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(whole))


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, lab: Lab, page: Any, name: str) -> None:
        self.lab = lab
        self.page = page
        self.name = name
        self.open()

    def open(self) -> None:
        """Open it, or open it again."""
        self.page.goto(self.lab.url_of(self.name))
        self.page.wait_for_function(READY)

    def save(self) -> None:
        """Save it, and wait until it is."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
        )

    def in_theme(self, theme: str) -> None:
        """Show it `light` or `dark`, as all notebooks of the server."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
            f"JupyterLab {theme.title()}",
        )
        said = str(theme == "light").lower()
        self.page.wait_for_function("(is) => document.body.dataset.jpThemeLight === is", arg=said)

    def run_all(self) -> None:
        """Begin to run all cells."""
        self.page.evaluate(RUN_ALL)

    def cell(self, number: int) -> Any:
        """A cell, from 0 on."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, number: int) -> Any:
        """What stands under a cell."""
        return self.cell(number).locator(".jp-OutputArea-output")

    def shows(self, number: int, *texts: str) -> None:
        """Wait until all of these stand under a cell."""
        from playwright.sync_api import expect

        for text in texts:
            expect(self.output(number).first).to_contain_text(text)

    def prompt(self, number: int) -> str:
        """`[*]:` while the cell is executed, `[3]:` then."""
        return str(self.cell(number).locator(".jp-InputPrompt").inner_text())

    def ends(self, number: int) -> None:
        """Wait until a cell has been executed."""
        from playwright.sync_api import expect

        expect(self.cell(number).locator(".jp-InputPrompt")).not_to_contain_text("*")
        expect(self.cell(number).locator(".jp-InputPrompt")).not_to_contain_text("[ ]")


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something to become true, and fail when it doesn't in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port that nobody listens on, and that the system gives to nobody by itself."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium isn't installed: apt-get install chromium")
    with api.sync_playwright() as playwright:
        api.expect.set_options(timeout=1000 * SECONDS)
        started = playwright.chromium.launch(executable_path=program, args=[*FLAGS])
        yield started
        started.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Lab]:
    """A JupyterLab for all tests, since one takes seconds to start."""
    made = Lab(tmp_path_factory.mktemp("lab"))
    try:
        made.wait()
        yield made
    finally:
        made.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of its own, with nothing remembered; of a test that fails, what it says is told."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(1000 * SECONDS)
    made = context.new_page()
    # A page with unsaved changes asks whether it may be left.
    made.on("dialog", lambda dialog: dialog.accept())
    said: list[str] = []
    made.on("console", lambda message: said.append(f"{message.type}: {message.text[:1000]}"))
    yield made
    print("the page's console:", *said[-40:], sep="\n")  # which pytest shows where a test fails
    context.close()


@pytest.fixture
def open_notebook(lab: Lab, page: Any) -> Iterator[Callable[..., Notebook]]:
    """Write a notebook with these cells, below one that loads the magics, and open it."""
    for old in lab.root.glob("go*"):
        old.unlink()
    (lab.root / "gated.py").write_text(GATED)
    (lab.root / "train.py").write_text(TRAIN)

    def make(*cells: str) -> Notebook:
        name = f"notebook_{os.urandom(4).hex()}.ipynb"
        lab.write(name, "%load_ext kohakuengine", *cells)
        return Notebook(lab, page, name)

    yield make
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
