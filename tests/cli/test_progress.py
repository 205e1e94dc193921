"""The live display of a flow, drawn on a console that is recorded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from kohakuengine.cli.progress import Progress


class Screen:
    """A display, and what it has shown."""

    def __init__(self, width: int = 100) -> None:
        self._console = Console(
            record=True, force_terminal=True, width=width, height=30, file=io.StringIO()
        )
        self.view = Progress(self._console)

    def shown(self) -> str:
        """What is on the screen now; it is drawn anew for that, and at no other time."""
        self._console.export_text()  # forget what was shown before
        self.view._live.refresh()
        return self._console.export_text()

    def all(self) -> str:
        """What has been shown since it was looked at last."""
        return self._console.export_text()


def row(id: str = "a1", status: str = "running", **facts: Any) -> dict[str, Any]:
    """A run's row of the index, as far as a view looks at it."""
    times = {"started": 100.0, "ended": None if status == "running" else 102.5}
    facts = {"metrics": {}, "error": None, **facts}
    return {"id": id.ljust(32, "0"), "name": f"run={id}", "status": status, **times, **facts}


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Screen]]:
    """A display of a flow of four runs, that has just begun."""
    monkeypatch.setattr("kohakuengine.cli.progress.Live", partial(Live, auto_refresh=False))
    made: list[Screen] = []

    def make(total: int | None = 4, width: int = 100) -> Screen:
        made.append(Screen(width))
        made[-1].view.flow_began("f" * 32, total)
        return made[-1]

    yield make
    for one in made:
        one.view.flow_ended("cancelled")


def test_the_flow_is_named(screen: Callable[..., Screen]) -> None:
    """By the beginning of its id, which other commands take."""
    assert "flow ffffffff\n" in screen().all()


def test_runs_are_counted(screen) -> None:
    """Done, failed and running."""
    one = screen()
    for id in ("a1", "a2", "a3"):
        one.view.run_began(row(id))
    one.view.run_ended(row("a1", "finished"), None)
    one.view.run_ended(row("a2", "failed", error="oh"), None)
    text = one.shown()
    assert "1 of 4 finished, 1 failed in " in text and "· 1 running" in text
    assert "left" in text


def test_what_was_stopped_has_not_failed(screen) -> None:
    """Runs that didn't finish are counted by how they ended."""
    one = screen()
    for id, status in {"a1": "timed_out", "a2": "cancelled", "a3": "interrupted"}.items():
        one.view.run_began(row(id))
        one.view.run_ended(row(id, status, error="oh"), None)
    text = one.shown()
    assert "0 of 4 finished, 1 timed out, 1 cancelled, 1 interrupted in " in text
    assert "failed" not in text


def test_without_a_total_there_is_none_to_be_told(screen) -> None:
    """Of a generator nobody knows how many runs it will give, or how long they take."""
    one = screen(total=None)
    one.view.run_began(row("a1"))
    one.view.run_ended(row("a1", "finished"), None)
    one.view.run_began(row("a2"))
    text = one.shown()
    assert "1 finished in " in text and " of " not in text and "left" not in text


def test_a_total_of_nothing_is_no_fault(screen) -> None:
    """As of a flow over no configs."""
    assert "0 of 0 finished" in screen(total=0).shown()


def test_the_time_left_needs_a_run_that_has_ended(screen) -> None:
    """Before that nobody knows it."""
    one = screen()
    one.view.run_began(row("a1"))
    assert "left" not in one.shown()


def test_each_run_has_a_line(screen) -> None:
    """With its name, how long it has run, and what it printed last."""
    one = screen()
    one.view.run_began(row("a1"))
    one.view.run_began(row("a2"))
    one.view.output(row("a1"), ["one", "two", "  "])
    first, second = one.shown().splitlines()[1:3]
    assert first.startswith("run=a1 ")
    assert first.rstrip().endswith(" two") and second.rstrip().startswith("run=a2 ")


def test_a_progress_bar_is_one_line_that_is_replaced(screen) -> None:
    """The newest state stands there."""
    one = screen()
    one.view.run_began(row())
    for percent in (10, 50, 90):
        one.view.live(row(), f"{percent}%|###   |")
    text = one.shown()
    assert "90%|###" in text and "50%" not in text
    one.view.live(row(), "   ")
    assert "90%|###" in one.shown()


def test_colours_are_kept_and_no_control_gets_through(screen) -> None:
    """What a script prints can't move the display's cursor."""
    one = screen()
    one.view.run_began(row())
    one.view.output(row(), ["\x1b[31mred\x1b[0m\x1b[2Jand plain"])
    assert "redand plain" in one.shown()


def test_markup_of_a_script_is_text(screen) -> None:
    """Brackets in output, names and errors mean nothing to us."""
    one = screen()
    one.view.run_began({**row(), "name": "x=[bold]"})
    one.view.output(row(), ["[red]text[/nothing]"])
    text = one.shown()
    assert "x=[bold]" in text and "[red]text[/nothing]" in text
    one.view.run_ended({**row(status="failed", error="[/oh]"), "name": "x=[bold]"}, None)
    assert "✗ x=[bold] failed after 2.5 s: [/oh]" in one.all()


def test_long_lines_are_cut_to_the_screen(screen) -> None:
    """A run takes one line, however much it prints into one."""
    one = screen(width=60)
    one.view.run_began(row())
    one.view.output(row(), ["word " * 100])
    lines = one.shown().splitlines()
    assert max(map(len, lines)) <= 60 and len(lines) <= 3


def test_no_more_runs_are_shown_than_there_is_room_for(screen) -> None:
    """The others are counted."""
    one = screen(total=40)
    for number in range(12):
        one.view.run_began(row(f"{number:02}"))
    text = one.shown()
    assert text.count("run=") == 8 and "and 4 more" in text


def test_failures_are_told_when_they_happen(screen) -> None:
    """With the reason, and how to see more."""
    one = screen()
    one.view.run_began(row())
    one.view.run_ended(row(status="failed", error="ValueError: oh"), None)
    text = one.all()
    assert "✗ run=a1 failed after 2.5 s: ValueError: oh\n" in text
    assert "kogine logs a1000000" in text


def test_a_failure_is_told_with_its_traceback(screen) -> None:
    """The last one that the run has printed, once where many fail alike, and where its log is."""
    one = screen()
    lines = ["Traceback (most recent call last):", "an earlier one", "epoch 1", "\x1b[31mTraceback"]
    lines[-1] += " (most recent call last):\x1b[0m"
    for id in ("a1", "a2"):
        one.view.run_began(row(id))
        one.view.output(row(id), [*lines, "ValueError: oh"])
        one.view.run_ended({**row(id, "failed", error="ValueError: oh"), "log": f"/log/{id}"}, None)
    text = one.all()
    told = "\n  Traceback (most recent call last):\n  ValueError: oh\n  kogine logs a1000000   /log/a1\n"
    assert told in text
    assert text.count("Traceback") == 1 and "an earlier one" not in text
    assert "kogine logs a2000000   /log/a2\n" in text


def test_a_run_that_is_tried_again_is_neither_done_nor_failed(screen) -> None:
    """It is told when the next attempt begins."""
    one = screen()
    one.view.run_began(row())
    one.view.run_ended(row(status="timed_out", error="it took longer than 2 s"), 4.0)
    assert "timed out after 2.5 s: it took longer than 2 s; it is tried again in 4 s" in one.all()
    assert "0 of 4 finished in" in one.shown()
    one.view.run_began(row())
    one.view.run_ended(row(status="finished"), None)
    assert "1 of 4 finished in" in one.shown()


def test_runs_that_finish_go_by_in_silence(screen) -> None:
    """They are counted, and that is all."""
    one = screen()
    one.view.run_began(row())
    one.all()
    one.view.run_ended(row(status="finished"), None)
    assert "run=a1" not in one.shown()


def test_notes_are_told(screen) -> None:
    """Above the display."""
    one = screen()
    one.view.note("nothing binds [lrr].")
    assert "nothing binds [lrr].\n" in one.all()


def test_in_the_end_one_line_is_left() -> None:
    """How the flow ended, and how many runs did how."""
    one = Screen()
    one.view.flow_began("f" * 32, 2)
    for id, status in (("a1", "finished"), ("a2", "failed")):
        one.view.run_began(row(id))
        one.view.run_ended(row(id, status), None)
    one.all()
    one.view.flow_ended("failed")
    assert one.all().splitlines()[-1].startswith("failed 1 of 2 finished, 1 failed in ")


def test_a_flow_is_shown_on_a_narrow_terminal(screen) -> None:
    """Nothing breaks where there is no room."""
    one = screen(width=10)
    one.view.run_began(row())
    one.view.output(row(), ["text"])
    assert one.shown()
