"""What axe-core finds in a page: labels and roles that lack, colours that can't be told apart."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

AXE = "axe-core@4.11.0"


def axe_core(factory: pytest.TempPathFactory) -> str:
    """The text of axe-core, from npm's registry; for tests alone, and kept by nobody."""
    folder = factory.getbasetemp() / "axe"
    script = folder / "package" / "axe.min.js"
    if not script.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm isn't here, from which axe-core comes")
        folder.mkdir(exist_ok=True)
        command = ["npm", "pack", "--silent", AXE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode:
            pytest.skip(f"axe-core can't be had: {done.stderr[-200:]}")
        (archive,) = folder.glob("*.tgz")
        shutil.unpack_archive(archive, folder, filter="data")
    return script.read_text(encoding="utf-8")


def check(page: Any, axe: str, where: str) -> None:
    """Fail with what axe-core finds there that is serious."""
    page.evaluate(axe)
    # What has just come is labelled within a frame.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = page.evaluate("(where) => axe.run(where).then(({violations}) => violations)", where)
    serious = [
        (
            fault["id"],
            [node["html"][:160] + str(node["any"][:1])[:400] for node in fault["nodes"][:3]],
        )
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert not serious, serious
