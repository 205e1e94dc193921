"""What the live display of a flow shows; nothing is run."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from pages import Page

from kohakuengine.jupyter.live import LINES, LiveView
from kohakuengine.jupyter.live_html import ROWS, chosen_rows


class Published(list[dict[str, str]]):
    """What has been shown, in order."""

    def __call__(self, bundle: dict[str, str]) -> None:
        self.append(bundle)

    @property
    def html(self) -> str:
        return self[-1]["text/html"]

    @property
    def text(self) -> str:
        return self[-1]["text/plain"]


@pytest.fixture
def shown() -> Published:
    return Published()


@pytest.fixture
def view(shown: Published) -> LiveView:
    return LiveView(shown)


def row(position: int, status: str = "running", **more: Any) -> dict[str, Any]:
    facts = {"id": f"{position:032x}", "position": position, "name": f"lr={position}"}
    facts |= {"status": status, "params": {"lr": position}, "metrics": {}, "error": None}
    return {**facts, "started": 100.0, "ended": None, **more}


def ended(position: int, status: str = "finished", **more: Any) -> dict[str, Any]:
    return row(position, status, ended=101.5, **more)


def see_through(view: LiveView, total: int, *rows: dict[str, Any]) -> None:
    view.flow_began("f" * 32, total)
    for one in rows:
        view.run_began(one)
        view.run_ended(one, None)
    view.flow_ended("finished")
    view.close()


def test_it_is_shown_when_it_is_opened_and_at_its_end(view: LiveView, shown: Published) -> None:
    """The cell's thread says where it stands; the last thing shown is how the flow ended."""
    view.open()
    assert "running" in shown.text
    see_through(view, 2, ended(0), ended(1))
    assert "2 of 2 finished" in shown.text and "2 of 2 finished" in shown.html


def test_a_sweep_shows_what_varies_and_how_it_went(view: LiveView, shown: Published) -> None:
    """One line a run, with parameters, metrics and time."""
    see_through(view, 2, ended(0, metrics={"loss": 0.5}), ended(1, metrics={"loss": 0.25}))
    for text in (">lr<", ">loss<", ">0.25<", ">1.50s<", "finished"):
        assert text in shown.html


@pytest.mark.parametrize("status", ["failed", "cancelled", "finished"])
def test_what_failed_can_be_retried(status: str, shown: Published) -> None:
    """A flow for whose end nobody waits says how, where it wasn't cancelled."""
    view = LiveView(shown, hints=True)
    view.flow_began("f" * 32, 2)
    for one in (ended(0), ended(1, status)):
        view.run_began(one)
        view.run_ended(one, None)
    view.flow_ended(status)
    view.close()
    said = "1 of 2 runs didn't finish: %kogine retry ffffffff runs them again."
    assert (
        (said in shown.text) == (said in shown.html.replace("&#x27;", "'")) == (status == "failed")
    )


def test_progress_is_told_while_it_goes_on(view: LiveView, shown: Published) -> None:
    """How many are done, how many go on, and the newest output of one of them."""
    view.flow_began("f" * 32, 3)
    view.run_began(row(0))
    view.run_ended(ended(0), None)
    going = row(1)
    view.run_began(going)
    view.output(going, ["epoch 1"])
    going["metrics"] = {"loss": 0.5}  # as the coordinator does
    view.live(going, " 42%|####      |")
    view.close()
    assert 'value="1" max="3"' in shown.html
    for text in ("1 of 3 finished", "1 running", "left", "epoch 1", "42%|####", ">0.5<"):
        assert text in shown.html


def test_a_pause_is_told(view: LiveView, shown: Published) -> None:
    """What goes on goes on, and no more is begun."""
    view.flow_began("f" * 32, 3)
    view.flow_paused(True)
    view.close()
    assert "paused" in shown.html and "value=" in shown.html


def test_a_failure_is_shown_with_the_scripts_own_traceback(
    view: LiveView, shown: Published
) -> None:
    """Also where the log alone has it; of runs that were cancelled nobody asks why."""
    view.flow_began("f" * 32, 3)
    bad = ended(0, "failed", error="ValueError: no")
    view.run_began(bad)
    view.output(
        bad, ["Traceback (most recent call last):", '  File "a.py", line 7', "ValueError: no"]
    )
    view.run_ended(bad, None)
    view.run_ended(ended(1, "cancelled", error="it was cancelled"), None)
    view.close()
    assert "a.py&quot;, line 7" in shown.html and "line 7" in shown.text
    assert shown.html.count("✗") == 1


def test_many_failures_are_counted(view: LiveView, shown: Published) -> None:
    """A thousand that fail alike make no page of a thousand tracebacks."""
    see_through(view, 1000, *(ended(n, "failed", error="E") for n in range(1000)))
    assert shown.html.count("✗") == 10 and "and 990 more that failed" in shown.html


def test_many_runs_are_counted(view: LiveView, shown: Published) -> None:
    """At most 50 stand in the table: those that go on before those that have ended."""
    view.flow_began("f" * 32, 1000)
    view.run_began(row(0))
    for n in range(1, 200):
        view.run_began(row(n))
        view.run_ended(ended(n), None)
    view.close()
    assert shown.html.count("<tr>") == ROWS + 1 and "and 150 more runs" in shown.html
    assert chosen_rows(view)[0]["status"] == "running"
    assert len(shown.html) < 50_000


def test_one_run_shows_its_output(view: LiveView, shown: Published) -> None:
    """It is what it is run for: the newest lines, and how many there were before."""
    view.flow_began("f" * 32, 1)
    view.run_began(row(0))
    view.output(row(0), [f"line {n}" for n in range(10_000)])
    view.close()
    assert "line 9999" in shown.html and f"{10_000 - LINES:,} lines before these" in shown.html
    assert "<table" not in shown.html


def test_nothing_a_script_says_is_markup(view: LiveView, shown: Published) -> None:
    """Names, values, errors, output and notes are text; only what sanitizers keep is used."""
    evil = "<script>alert(1)</script><style>*{}</style>"
    bad = ended(0, "failed", name=evil, error=evil, params={evil: evil, "lr": 1})
    view.flow_began("f" * 32, 2)
    view.run_began(bad)
    view.output(bad, ["Traceback (most recent call last):", evil])
    view.run_ended(bad, None)
    going = row(1, metrics={evil: 1.0})
    view.run_began(going)
    view.output(going, [evil])
    view.live(going, evil)
    view.note(evil)
    view.close()
    Page(shown.html).assert_harmless()


def test_what_is_told_at_the_end_is_shown(view: LiveView, shown: Published) -> None:
    """Also where the display has been renewed for the last time by then."""
    view.open()
    view.flow_began("f" * 32, 1)
    [thread] = [one for one in threading.enumerate() if one.name == "kogine display"]
    view.flow_ended("finished")
    thread.join()
    view.note("one more thing")
    view.close()
    assert "one more thing" in shown.text


def test_it_is_renewed_at_a_bounded_rate(view: LiveView, shown: Published) -> None:
    """However much happens, few messages tell of it."""
    began = time.monotonic()
    view.open()
    view.flow_began("f" * 32, 1000)
    for n in range(1000):
        view.run_began(row(n))
        view.run_ended(ended(n), None)
    view.flow_ended("finished")
    view.close()
    assert len(shown) <= 5 + 10 * (time.monotonic() - began)


@pytest.mark.parametrize("log", ["0" * 31 + "1", "lr=1", "bs=8, lr=1"])
def test_the_output_of_one_run_may_be_chosen(shown: Published, log: str) -> None:
    """By its id or by what its name says; whoever else prints later."""
    view = LiveView(shown, log=log)
    view.flow_began("f" * 32, 2)
    rows = [row(n, name=f"lr={n}, bs=8") for n in (0, 1, 10)]
    for one in rows:
        view.run_began(one)
        view.live(one, f"bar of {one['name']}")
    view.close()
    assert shown.html.split("<pre")[-1].count("bar of") == 1 and "bar of lr=1" in shown.html
    for one in (rows[1], rows[0], rows[2]):
        view.output(one, [f"said by {one['name']}"])
    view.close()
    assert "said by lr=1," in shown.text and shown.text.count("said by") == 1


def test_long_lines_are_cut(view: LiveView, shown: Published) -> None:
    """A line of a megabyte doesn't make a message of one."""
    view.flow_began("f" * 32, 1)
    view.run_began(row(0))
    view.output(row(0), ["x" * 1_000_000])
    view.close()
    assert len(shown.html) < 3_000
