"""What the live board costs, in the kernel and in the browser: each figure beside its limit.

It needs the extras `test` and `browser`, and Debian's Chromium: the page and the JupyterLab are those
of the tests in `tests/browser`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from .cases import ROOT
from .table import Limit

ROWS = 5_000
SECONDS = 20  # for which 200 runs are looked at

# How long it takes until 5,000 rows are drawn, from when the state is there.
_FIRST_DRAW = """async (state) => {
    const { default: make } = await import('./board.js');
    const model = { get: () => state, on() {}, off() {}, send() {} };
    const widget = make();
    const root = document.createElement('div');
    document.body.append(root);
    const began = performance.now();
    await widget.initialize({ model });
    const remove = await widget.render({ model, el: root });
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const spent = performance.now() - began;
    window.measured = root.kogineView;
    return spent;
}"""
# How long it takes to sort or filter, and until that is drawn.
_TIMED = """async (what) => {
    const view = window.measured;
    const began = performance.now();
    what.sort ? view.sortBy(what.sort) : view.setFilter(what.filter);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - began;
}"""
# Notes of each update how long it takes in the browser, and how late it is drawn.
_WATCH = """() => {
    const view = document.querySelector('.kogine-board').parentElement.kogineView;
    const { board } = view;
    window.late = [];
    window.busy = [];
    const hear = board._hear;
    board.model.off('msg:custom', hear);
    board.model.on('msg:custom', (message) => {
        const began = performance.now();
        hear(message);
        let spent = performance.now() - began;
        if (!message.rows) return;
        requestAnimationFrame(() => {
            window.late.push(Date.now() - message.t * 1000);
            window.busy.push(spent + view.timings.draw);
        });
    });
}"""


def board_figures(folder: Path, repeat: int) -> list[Limit]:
    """Measure them all; takes about a minute."""
    sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "tests")]
    import shutil

    from lab import FLAGS  # type: ignore[import-not-found, unused-ignore]
    from playwright.sync_api import sync_playwright  # type: ignore[import-not-found, unused-ignore]

    with sync_playwright() as driver:
        program = shutil.which("chromium") or "chromium"
        browser = driver.chromium.launch(executable_path=program, args=[*FLAGS])
        figures = [*many_rows(folder, browser, repeat), *busy_rows(folder, browser)]
        browser.close()
    return figures


def many_rows(folder: Path, browser: Any, repeat: int) -> list[Limit]:
    """5,000 runs that have ended, in a page of their own."""
    from boards import row, served, state  # type: ignore[import-not-found, unused-ignore]

    place = folder / "page"
    place.mkdir()
    told = state([row(n) for n in range(ROWS)], live=False, status="finished")
    first, sorts, filters = [], [], []
    with served(place, state([])) as address:
        for _ in range(repeat):
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto(address)
            page.wait_for_function("window.ready")
            first.append(page.evaluate(_FIRST_DRAW, told))
            sorts += [page.evaluate(_TIMED, {"sort": key}) for key in ("m:loss", "p:optimizer")]
            for text in ("adam", "lr<0.1 accuracy>0.5", ""):
                filters.append(page.evaluate(_TIMED, {"filter": text}))
            page.close()
    return [
        Limit(f"board, {ROWS} rows: first draw", median(first), "ms", 500),
        Limit(f"board, {ROWS} rows: sort", max(sorts), "ms", 100),
        Limit(f"board, {ROWS} rows: filter", max(filters), "ms", 100),
    ]


def busy_rows(folder: Path, browser: Any) -> list[Limit]:
    """200 runs that go on, in JupyterLab."""
    from lab import Lab, Notebook  # type: ignore[import-not-found, unused-ignore]

    base = folder / "lab"
    base.mkdir()
    lab = Lab(base)
    try:
        lab.wait()
        told = base / "root" / "told.json"
        lab.write(
            "busy.ipynb",
            f"import sys; sys.path.insert(0, {str(ROOT)!r})",
            "from benchmarks.board_child import Busy\nbusy = Busy()\nbusy.board",
            "busy.start()",
        )
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(60_000)
        notebook = Notebook(lab, page, "busy.ipynb")
        notebook.run_all()
        page.wait_for_selector(".kb-row")
        page.wait_for_timeout(2_000)
        page.evaluate(_WATCH)
        page.wait_for_timeout(SECONDS * 1_000)
        late, busy = page.evaluate("[window.late, window.busy]")
        report = f"import json\njson.dump(busy.report({SECONDS + 2}), open({str(told)!r}, 'w'))"
        _execute(page, report)
        while not (told.exists() and told.read_text().endswith("}")):
            page.wait_for_timeout(100)
        figures = json.loads(told.read_text())
        page.close()
    finally:
        lab.close()
    drawn_in_time = sorted(late)[int(len(late) * 0.95) - 1]
    return [
        Limit("board, 200 rows: kernel time an update", figures["kernel"], "ms", 2),
        Limit("board, 200 rows: browser time an update", median(busy), "ms", 20),
        Limit("board, 200 rows: messages", figures["messages"], "/s", 10),
        Limit("board, 200 rows: 95% are drawn within", drawn_in_time, "ms", 100),
        Limit("board, 200 rows: updates", figures["updates"], "/s", None),
    ]


def _execute(page: Any, code: str) -> None:
    """Have the kernel do something that no cell says."""
    page.evaluate(
        """(code) => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestExecute({ code }) && null""",
        code,
    )
