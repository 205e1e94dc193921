"""The board's module in a browser, fed by hand: what is drawn, with mouse and keyboard, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from axe import axe_core, check
from boards import row, served, state

pytestmark = [pytest.mark.browser, pytest.mark.process]

HOSTILE = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script> שלום 🎉'
STATUSES = ["finished", "finished", "failed", "running", "queued", "cancelled"]


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Show rows in a page; anything that goes wrong in it fails the test."""
    opened: list[Any] = []

    def open_page(rows: list[dict[str, Any]], width: int = 1000, **more: Any) -> Any:
        scheme = more.pop("scheme", "light")
        folder = tmp_path / f"page{len(opened)}"
        folder.mkdir()
        server = served(folder, state(rows, **more))
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: said.type == "error" and faults.append(said.text))
        opened.append((page, server, faults))
        page.goto(server.__enter__())
        page.wait_for_function("window.ready")
        return page

    yield open_page
    for page, server, faults in opened:
        page.close()
        server.__exit__(None, None, None)
        assert not faults


def rows_of(count: int) -> list[dict[str, Any]]:
    return [row(n, STATUSES[n % len(STATUSES)]) for n in range(count)]


def names(page: Any, column: int = 1) -> list[str]:
    """What stands in a column of the rows that are drawn, from top to bottom."""
    return page.evaluate(
        """(column) => [...document.querySelectorAll('.kb-row:not([hidden])')]
            .map((row) => [Number(row.getAttribute('aria-rowindex')), row.children[column].textContent])
            .sort((a, b) => a[0] - b[0]).map(([, text]) => text)""",
        column,
    )


def drawn(page: Any) -> None:
    """Wait until all that was said is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def head(page: Any, name: str) -> Any:
    return page.get_by_role("columnheader").get_by_role("button", name=name, exact=False)


def test_rows_change_as_they_are_told(show) -> None:
    """A change shows in its row, in the totals, and in the sparkline; a new run gets a row."""
    page = show([row(0, "running", m={"loss": 1.0}), row(1, "queued", m={})])
    for n in range(5):
        page.evaluate("(n) => delta({rows: [{n: 0, m: {loss: 1 / (n + 2)}, pr: n / 5}]})", n)
    page.evaluate("(added) => delta({rows: [{n: 1, st: 'failed', err: 'no'}, added]})", row(2))
    page.wait_for_selector("text=80%")
    assert names(page, 2) == ["●running", "✗failed", "✓finished"]
    assert "0.16667" in page.inner_text(".kb-row >> nth=0")
    assert len(page.get_attribute(".kb-spark polyline >> nth=0", "points").split()) >= 5
    assert "3 runs" in page.inner_text(".kb-totals") and "1 failed" in page.inner_text(".kb-totals")


def test_only_what_varies_has_a_column(show) -> None:
    """Parameters that all runs have in common are left out."""
    page = show(rows_of(6))
    heads = page.locator(".kb-head .kb-headtext").all_inner_texts()
    assert heads == ("run status progress lr optimizer seed loss accuracy time slot".split())


def test_what_has_ended_has_no_progress(show) -> None:
    """A column for it comes when something goes on, and stays."""
    page = show(rows_of(3), live=False)
    progress = page.get_by_role("columnheader").filter(has_text="progress")
    assert not progress.count()
    page.evaluate("(again) => delta({rows: [again]})", row(1, "running"))
    drawn(page)
    assert progress.is_visible()
    page.evaluate("(ended) => delta({live: false, rows: [ended]})", row(1))
    drawn(page)
    assert progress.is_visible()


def test_only_what_is_seen_is_drawn(show) -> None:
    """Of 5,000 rows a few dozen are in the page, and the last one is there when it is scrolled to."""
    page = show(rows_of(5_000))
    assert page.locator(".kb-row").count() < 60
    page.evaluate("document.querySelector('.kb-scroller').scrollTop = 1e9")
    drawn(page)
    assert page.locator(".kb-row").count() < 60
    assert names(page, 6)[-1] == "4999"


def test_rows_are_sorted(show) -> None:
    """A click on a column sorts by it, another the other way, a third takes that back."""
    page = show(rows_of(6))
    head(page, "accuracy").click()
    assert names(page, 6) == ["0", "3", "1", "4", "2", "5"]
    header = page.get_by_role("columnheader").filter(has_text="accuracy")
    assert header.get_attribute("aria-sort") == "ascending"
    head(page, "accuracy").click()
    assert names(page, 6) == ["5", "2", "4", "1", "3", "0"]
    head(page, "accuracy").click()
    assert names(page, 6) == ["0", "1", "2", "3", "4", "5"]
    assert header.get_attribute("aria-sort") == "none"


def test_missing_values_come_last(show) -> None:
    """Runs without a metric, or with nan, stand at the end, whichever way is sorted."""
    page = show(
        [row(0, m={}), row(1, m={"loss": 2.0}), row(2, m={"loss": "nan"}), row(3, m={"loss": 1.0})]
    )
    head(page, "loss").click()
    assert names(page, 6) == ["3", "1", "0", "2"]
    head(page, "loss").click()
    assert names(page, 6) == ["1", "3", "0", "2"]


@pytest.mark.parametrize(
    "text, seeds",
    [
        ("sgd", ["1", "5"]),
        ("lr<0.01", ["2", "5"]),
        ("status=failed", ["2"]),
        ("adam accuracy>=0.7", ["2"]),
        ("optimizer!=adam lr=0.1", ["3"]),
        ('"no such run"', []),
        ("<script>", []),
    ],
)
def test_rows_are_filtered(show, text: str, seeds: list[str]) -> None:
    """Words that must all be there, and comparisons of parameters and metrics."""
    page = show(rows_of(6))
    page.get_by_role("searchbox", name="filter runs").fill(text)
    assert names(page, 6) == seeds
    if not seeds:
        assert page.get_by_text("no run fits the filter").is_visible()


def test_all_is_done_by_keyboard(show) -> None:
    """Arrows go from row to row, space selects, shift extends, Enter opens, Escape closes."""
    page = show(rows_of(40))
    grid = page.get_by_role("grid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    active = grid.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-rowindex") == "3"
    page.keyboard.press("Space")
    assert page.get_by_text("1 selected").is_visible()
    page.keyboard.press("Shift+ArrowDown")
    assert page.get_by_text("2 selected").is_visible()
    page.keyboard.press("End")
    active = grid.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-rowindex") == "41"
    assert page.locator(f"#{active}").is_visible()
    page.keyboard.press("Enter")
    assert page.get_by_role("tab", name="log").evaluate("(tab) => tab === document.activeElement")
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", selected=True).inner_text() == "facts"
    page.keyboard.press("Escape")
    assert page.get_by_role("tablist").count() == 0
    assert grid.evaluate("(grid) => grid === document.activeElement")
    page.keyboard.press("Control+a")
    assert page.get_by_text("40 selected").is_visible()


def test_keys_stay_in_the_board(show) -> None:
    """What is pressed in the board doesn't reach the page around it, whose keys may delete cells."""
    page = show(rows_of(6))
    page.evaluate("document.addEventListener('keydown', () => { window.heard = true; })")
    page.get_by_role("grid").focus()
    page.keyboard.press("d")
    page.keyboard.press("ArrowDown")
    assert not page.evaluate("window.heard")


def test_focus_is_seen(show) -> None:
    """Whatever has the focus by the keyboard has an outline."""
    page = show(rows_of(6))
    for _ in range(6):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style not in ("none", "")


def test_the_row_that_is_pressed_is_the_one_that_is_meant(show) -> None:
    """Rows and columns stay where they are from a press to its click, whatever comes meanwhile."""
    page = show(rows_of(6))
    head(page, "seed").click()
    head(page, "seed").click()
    box = page.locator(".kb-row:not([hidden])").nth(1).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 10)
    page.mouse.down()
    page.evaluate("(added) => delta({rows: [added]})", row(6, m={"loss": 1, "another": 2}))
    drawn(page)
    assert names(page, 6) == ["5", "4", "3", "2", "1", "0"]
    page.mouse.up()
    assert page.evaluate("view().kept.chosen") == row(4)["id"]
    page.wait_for_function("document.querySelectorAll('.kb-row:not([hidden])').length === 7")
    assert names(page, 6) == ["6", "5", "4", "3", "2", "1", "0"]
    assert head(page, "another").is_visible()


def test_a_row_keeps_its_element(show) -> None:
    """What a screen reader or a pointer is at stays the same run, also when others come, or all are
    told anew."""
    page = show(rows_of(3))
    page.evaluate("document.querySelectorAll('.kb-row').forEach((row, n) => { row.mark = n; })")
    page.evaluate("(added) => delta({rows: [added]})", row(3))
    page.wait_for_function("document.querySelectorAll('.kb-row:not([hidden])').length === 4")
    marks = "[...document.querySelectorAll('.kb-row')].map((row) => row.mark ?? null)"
    assert page.evaluate(marks) == [0, 1, 2, None]
    page.evaluate("(state) => tell({kind: 'state', state})", state(rows_of(4)))
    drawn(page)
    assert page.evaluate(marks) == [0, 1, 2, None]
    head(page, "seed").click()
    head(page, "seed").click()
    assert names(page, 6) == ["3", "2", "1", "0"]
    assert page.evaluate(marks) == [None, 2, 1, 0]


def test_what_is_selected_is_asked_for(show) -> None:
    """Buttons send what they say, for the runs that are selected or for all."""
    page = show(rows_of(6))
    page.locator(".kb-row input").nth(2).click()
    for name in ("Stop", "Retry"):
        page.locator(".kb-selection").get_by_role("button", name=name).click()
    for name in ("Pause", "Stop all", "Retry 2"):
        page.get_by_role("button", name=name, exact=True).click()
    asked = page.evaluate("sent.filter(({do: it}) => ['stop', 'retry', 'pause'].includes(it))")
    id = row(2)["id"]
    assert [(message["do"], message.get("runs", "")) for message in asked] == [
        ("stop", [id]),
        ("retry", [id]),
        ("pause", ""),
        ("stop", None),
        ("retry", None),
    ]


def test_a_question_is_answered(show) -> None:
    """A question has the focus on the harmless answer; only the other one sends what was asked for."""
    page = show(rows_of(6))
    ask = "tell({kind: 'ask', text: 'Stop?', view: view().id, again: {do: 'stop', sure: true}})"
    page.evaluate(ask)
    dialog = page.get_by_role("alertdialog")
    assert page.evaluate("document.activeElement.textContent") == "Keep going"
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    page.evaluate(ask.replace("view().id", "'another'"))
    assert dialog.count() == 0
    page.evaluate(ask)
    dialog.get_by_role("button", name="Stop").click()
    assert page.evaluate("sent.filter((message) => message.sure).length") == 1


def log(page: Any, lines: list[str], **more: Any) -> None:
    """Tell lines of the log of the chosen run."""
    part = {"attempt": 1, "reset": False, "lines": lines, "live": "", "dropped": 0, "most": 2000}
    page.evaluate("(part) => delta({logs: [{id: view().kept.chosen, ...part}]})", {**part, **more})
    drawn(page)


def test_the_log_is_followed_and_searched(show) -> None:
    """The log of a run scrolls along until one scrolls up; hits are counted and gone through."""
    page = show(rows_of(6))
    page.locator(".kb-row").first.click()
    log(page, [f"line {n}" for n in range(200)], reset=True)
    text = page.get_by_role("region", name="log")
    at_end = "(text) => text.scrollHeight - text.clientHeight - text.scrollTop < 3"
    assert text.evaluate(at_end)
    log(page, ["\x1b[1;31mred\x1b[0m <b>line</b>"], live="30%|###")
    assert text.evaluate(at_end)
    assert "red <b>line</b>" in text.inner_text() and "30%|###" in text.inner_text()
    assert page.locator(".kb-fg-1.kb-bold").inner_text() == "red"
    search = page.get_by_role("searchbox", name="search the log")
    search.fill("line 19")
    assert page.locator(".kb-found").first.inner_text() == "11 of 11"
    search.press("Enter")
    assert page.locator(".kb-found").first.inner_text() == "1 of 11"
    assert page.locator("mark.kb-current").text_content() == "line 19"
    log(page, ["line 19 again"])
    assert page.locator(".kb-found").first.inner_text() == "1 of 12"
    assert not text.evaluate(at_end)
    page.get_by_label("follow").check()
    assert text.evaluate(at_end)


def test_a_long_log_stays_bounded(show) -> None:
    """However much comes, the page holds the last few thousand lines."""
    page = show(rows_of(6))
    page.locator(".kb-row").first.click()
    for start in range(0, 10_000, 1_000):
        log(page, [f"line {n}" for n in range(start, start + 1_000)])
    assert page.locator(".kb-lines > div").count() == 4_000
    assert page.locator(".kb-lines > div").last.inner_text() == "line 9999"


def test_two_runs_are_compared(show) -> None:
    """Of two selected runs the parameters, metrics and logs stand side by side, differences first."""
    page = show(rows_of(6))
    for place in (0, 1):
        page.locator(".kb-row input").nth(place).click()
    page.get_by_role("button", name="Compare").click()
    page.evaluate("""() => {
        const ids = [...view().board.selected];
        tell({kind: 'details', details: ids.map((id, n) => ({
            id, params: {epochs: 10, lr: n + 1}, metrics: {}, facts: {}, traceback: ''}))});
        delta({logs: ids.map((id, n) => ({
            id, attempt: 1, reset: true, lines: [`this is ${n}`], live: '', dropped: 0, most: 9}))});
    }""")
    table = page.get_by_role("table").first
    assert table.locator("tbody tr").first.inner_text().split() == ["lr", "1", "2"]
    assert "kb-differs" in table.locator("tbody tr").first.get_attribute("class")
    metrics = page.get_by_role("table").nth(1)
    assert "0.5 (-0.5)" in metrics.inner_text()
    assert page.get_by_role("region", name="log").all_inner_texts() == ["this is 0", "this is 1"]
    asked = page.evaluate("sent.filter(({do: it}) => it === 'logs').pop().runs")
    assert asked == [row(0)["id"], row(1)["id"]]


def test_curves_are_drawn(show) -> None:
    """The metrics of the selected runs are drawn, and go on as points come."""
    page = show(rows_of(6))
    for place in (0, 1):
        page.locator(".kb-row input").nth(place).click()
    page.get_by_role("button", name="Curves").click()
    points = """(from) => delta({curves: [...view().board.selected].map((id, n) => ({
        id, reset: from === 0, points: {loss: [...Array(10).keys()].map((k) => [from + k, n + 1 / (from + k + 1)]),
        bad: [[from, 'nan']]}}))})"""
    page.evaluate(points, 0)
    drawn(page)
    line = page.locator(".kb-chart polyline").first
    assert len(line.get_attribute("points").split()) == 10
    page.evaluate(points, 10)
    drawn(page)
    assert len(line.get_attribute("points").split()) == 20
    picture = page.get_by_role("img", name="loss:")
    assert "0.05" in picture.get_attribute("aria-label")
    page.get_by_label("logarithmic").check()
    picture.hover()
    assert "at" in page.locator(".kb-reading").first.inner_text()


def test_a_failure_is_told_with_its_traceback(show) -> None:
    """A run that failed has a tab with its traceback."""
    page = show(rows_of(6))
    page.locator(".kb-row").nth(2).click()
    page.get_by_role("tab", name="error").click()
    assert "it didn't converge" in page.get_by_role("region", name="error").inner_text()
    page.evaluate(
        """tell({kind: 'details', details: [{id: view().kept.chosen, params: {}, metrics: {}, facts: {},
        traceback: 'Traceback\\n  <b>line</b>'}]})"""
    )
    assert "<b>line</b>" in page.get_by_role("region", name="error").inner_text()


def test_hostile_texts_are_texts(show) -> None:
    """HTML and scripts in names, values and outputs do nothing, and show as they are."""
    bad = row(
        0, "failed", name=HOSTILE, p={HOSTILE: HOSTILE, "long": "x" * 10_000}, m={HOSTILE: 1.0}
    )
    bad |= {"err": HOSTILE, "live": HOSTILE, "script": HOSTILE}
    page = show([bad, row(1, "running", live=HOSTILE)], name=HOSTILE)
    page.locator(".kb-row").first.click()
    log(
        page,
        [HOSTILE, "y" * 10_000, "\x1b]0;title\x07\x1b[2J\x1b[31mafter"],
        reset=True,
        live=HOSTILE,
    )
    shown = page.get_by_role("region", name="log").inner_text()
    assert HOSTILE in shown and "y" * 10_000 in shown and "after" in shown and "title" not in shown
    told = {"id": bad["id"], "params": {HOSTILE: HOSTILE}, "metrics": {HOSTILE: 1}}
    told |= {"facts": {HOSTILE: HOSTILE}, "traceback": HOSTILE}
    page.evaluate("(told) => tell({kind: 'details', details: [told]})", told)
    for tab in ("error", "facts"):
        page.get_by_role("tab", name=tab).click()
    page.evaluate("(text) => tell({kind: 'said', text, fault: true})", HOSTILE)
    page.evaluate("(text) => tell({kind: 'ask', text, view: view().id, again: {}})", HOSTILE)
    page.locator(".kb-row input").nth(0).click()
    page.locator(".kb-row input").nth(1).click()
    page.get_by_role("button", name="Curves").click()
    page.evaluate(
        "([id, name]) => delta({curves: [{id, reset: true, points: {[name]: [[0, 1], [1, 2]]}}]})",
        [bad["id"], HOSTILE],
    )
    drawn(page)
    page.get_by_role("button", name="Compare").click()
    assert page.locator(".kogine-board img, .kogine-board script, .kogine-board b").count() == 0
    assert not page.evaluate("window.harmed")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_second_view_shows_the_same(show) -> None:
    """Two views of a model show the same rows and selection; one that is removed lets go."""
    page = show(rows_of(6))
    page.evaluate("() => { again(); }")
    page.locator(".kogine-board").first.locator(".kb-row input").nth(1).click()
    assert page.get_by_text("1 selected").count() == 2
    page.evaluate("delta({rows: [{n: 3, st: 'finished'}]})")
    drawn(page)
    totals = page.locator(".kb-totals").all_inner_texts()
    assert (
        totals[0] == totals[1] and "running" not in totals[0].replace("\n", " ").split("6 runs")[1]
    )
    page.evaluate("remove()")
    assert page.locator(".kogine-board").count() == 1
    assert page.evaluate("sent.filter(({do: it}) => it === 'bye').length") == 1


def test_a_view_that_takes_anothers_place_is_like_it(show) -> None:
    """A board that is drawn anew, as notebooks do, keeps its order, filter, and chosen run."""
    page = show(rows_of(6))
    head(page, "seed").click()
    head(page, "seed").click()
    page.get_by_role("searchbox", name="filter runs").fill("lr<0.1")
    page.locator(".kb-row:not([hidden])").first.click()
    before = names(page, 6)
    page.evaluate("async () => { remove(); await again(); }")
    assert names(page, 6) == before == ["5", "4", "2", "1"]
    assert page.get_by_role("tab", name="log").is_visible()


def test_a_lost_message_is_asked_for_again(show) -> None:
    """A gap in what is told has the board ask for all of it; what is older is left out."""
    page = show([row(0, "running")])
    page.evaluate("tell({kind: 'delta', v: 7, live: true, rows: [{n: 0, st: 'failed'}]})")
    assert page.evaluate("sent.filter(({all}) => all).length") == 1
    page.evaluate(
        "(state) => tell({kind: 'state', state: {...state, v: 7}})", state([row(0), row(1)])
    )
    page.evaluate("tell({kind: 'delta', v: 6, live: true, rows: [{n: 0, st: 'failed'}]})")
    drawn(page)
    assert names(page, 2) == ["✓finished", "✓finished"]


@pytest.mark.parametrize("width", [600, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_for_those_who_need_help(
    show, width: int, scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """axe-core finds nothing serious: names, roles, contrast; in both themes, narrow and wide."""
    axe = axe_core(tmp_path_factory)
    page = show(rows_of(30), width, scheme=scheme)
    page.locator(".kb-row").nth(2).click()
    log(page, ["\x1b[31mred\x1b[32mgreen\x1b[33myellow\x1b[90mgrey\x1b[0m plain"], reset=True)
    check(page, axe, ".kogine-board")
    page.locator(".kb-row input").nth(0).click()
    page.locator(".kb-row input").nth(1).click()
    page.evaluate("tell({kind: 'ask', text: 'Stop?', view: view().id, again: {}})")
    for tab in ("curves", "compare"):
        page.get_by_role("tab", name=tab).click()
        page.evaluate("""() => delta({curves: [...view().board.selected].map((id) => ({
            id, reset: true, points: {loss: [[0, 1], [1, 2]]}}))})""")
        page.evaluate(
            """tell({kind: 'details', details: [...view().board.selected].map((id, n) => ({
            id, params: {lr: n}, metrics: {}, facts: {status: 'finished'}, traceback: ''}))})"""
        )
        drawn(page)
        check(page, axe, ".kogine-board")
