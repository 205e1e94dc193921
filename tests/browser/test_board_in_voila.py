"""The live board in Voilà, which shows a notebook's outputs as a page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lab import GATED, free_port, write_notebook

expect = pytest.importorskip("playwright.sync_api").expect
pytest.importorskip("voila")
pytestmark = [pytest.mark.process, pytest.mark.browser]

SWEEP = """\
from kohakuengine import Config, Parallel
from kohakuengine.jupyter.widgets import RunBoard
handle = Parallel("gated.py", config=[Config({"x": x}) for x in (1, 2, 3)], workers=2).start()
RunBoard(handle)"""


def test_a_sweep_is_followed_and_steered(tmp_path: Path, page: Any) -> None:
    """Rows change, one run is stopped and retried, and its log is shown, as in JupyterLab."""
    (tmp_path / "gated.py").write_text(GATED)
    write_notebook(tmp_path / "sweep.ipynb", SWEEP)
    kinds = ("config", "data", "runtime")
    own = {f"JUPYTER_{kind.upper()}_DIR": str(tmp_path / kind) for kind in kinds}
    own |= {"IPYTHONDIR": str(tmp_path / "ipython"), "KOGINE_HOME": str(tmp_path / "store")}
    port = free_port()
    with (tmp_path / "voila.log").open("w") as log:
        voila = subprocess.Popen(
            [
                *(sys.executable, "-m", "voila", "sweep.ipynb", "--no-browser"),
                *(f"--port={port}", "--Voila.ip=127.0.0.1"),
            ],
            cwd=tmp_path,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        follow(page, f"http://127.0.0.1:{port}/", voila, tmp_path)
    finally:
        voila.terminate()
        voila.wait(60)


def follow(page: Any, address: str, voila: Any, folder: Path) -> None:
    from lab import wait_until

    def opened() -> bool:
        from playwright.sync_api import Error

        assert voila.poll() is None, (folder / "voila.log").read_text()
        try:
            page.goto(address)
        except Error:  # it doesn't answer yet
            return False
        return True

    wait_until(opened)
    rows = page.locator(".kb-row:not([hidden])")
    expect(rows).to_have_count(2)
    rows.first.click()
    expect(page.get_by_role("region", name="log")).to_contain_text("waiting for 1")
    rows.first.locator("input").click()
    chosen = page.locator(".kb-selection")
    chosen.get_by_role("button", name="Stop").click()
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("cancelled")
    chosen.get_by_role("button", name="Retry").click()
    (folder / "go2").touch()
    expect(rows.first).to_contain_text("running")
    for value in (1, 3):
        (folder / f"go{value}").touch()
    expect(page.locator(".kb-totals")).to_contain_text("3 finished")
