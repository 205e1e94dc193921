"""Show a flow in a notebook while it goes on: one display, which is renewed in its place."""

from __future__ import annotations

import threading
from collections import deque

from ..flow.lines import ending, traceback_in
from ..flow.tally import Tally
from ..flow.view import View
from ..runs.outcome import FAILED, FINISHED, TIMED_OUT
from .live_html import ROWS
from .renew import Renewed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .renew import Bundle

LINES = 50  # of the newest output, while it goes on
_LINES_ALONE = 500  # of the output of a run that is the only one, at its end
_LAST_LINES = 20  # of each run that goes on, in which its traceback is looked for
FAILURES = 10  # that are shown with their tracebacks
_NOTES = 20
_WIDTH = 1_000  # characters of a line
_LONGEST = 8_000  # characters of a traceback


class Failure:
    """An attempt that didn't finish.

    Attributes:
        row: The run's row of the index.
        said: How it ended, in one line.
        traceback: The script's own, or an empty text.
    """

    def __init__(self, row: dict[str, Any], said: str, traceback: str) -> None:
        self.row = row
        self.said = said
        self.traceback = traceback


class LiveView(View):
    """Renews one display while a flow goes on, from a thread of its own.

    Whoever begins the flow calls `open()` then, in the cell's thread: what is shown first says
    under which cell all of it is shown.

    Attributes:
        alone: Whether there is one run, whose output is what matters.
        tally: How far the flow is.
        rows: Of the runs that have ended, the newest.
        tails: By the ids of runs that go on, their last lines; and their unfinished ones in `lives`.
        log: The newest output, each line of that run which has printed last.
        failures: The first ones.
        failed: How many there were.
        notes: What was worth a sentence.
        status: Of the flow, when it has ended.

    Args:
        publish: Shows a bundle of MIME types; the first time as a new display, then in its place.
        traceback_is_told: Whether a failure of the only run is told by the cell's own error, too.
        log: Of which runs the newest output is shown: how an id begins, or what names say, as
            `lr=0.1`; of all if empty.
        hints: Whether it says how to retry what failed, where nobody waits for the flow's end.
    """

    wants_output = True
    leaves_table = True

    def __init__(
        self,
        publish: Callable[[Bundle], None] | None = None,
        *,
        traceback_is_told: bool = False,
        log: str = "",
        hints: bool = False,
    ) -> None:
        self._lock = threading.Lock()
        self._shown = Renewed(self._render, publish)
        self.flow = ""
        self.alone = False
        self.tally = Tally()
        self.rows: deque[dict[str, Any]] = deque(maxlen=ROWS)
        self.tails: dict[str, deque[str]] = {}
        self.lives: dict[str, str] = {}
        self.log: deque[str] = deque(maxlen=LINES)
        self.log_of = ""
        self.unseen = 0  # lines of the log before those that are shown
        self.failures: list[Failure] = []
        self.failed = 0
        self.notes: deque[str] = deque(maxlen=_NOTES)
        self.status = "running"
        self.traceback_is_told = traceback_is_told
        self._chosen = log
        self._hints = hints
        self._maker = threading.get_ident()

    # ---- what the cell's thread does ----

    def open(self) -> None:
        """Show it from now on, under the cell that is being executed."""
        self._shown.open()

    def close(self) -> None:
        """Wait until it has been shown for the last time."""
        self.open()
        self._shown.close()

    # ---- what the coordinator's thread tells ----

    def flow_began(self, flow: str, total: int | None) -> None:
        """Show it, where the cell's own thread sees the flow through; else that does so."""
        with self._lock:
            self.flow, self.alone = flow, total == 1
            self.tally.begin(total)
            if self.alone:
                self.log = deque(maxlen=_LINES_ALONE)
        if threading.get_ident() == self._maker:
            self.open()

    def run_kept(self, row: dict[str, Any]) -> None:
        """It counts as done."""
        with self._lock:
            self.tally.kept()
            self.rows.append(row)
        self._shown.touch()

    def run_began(self, row: dict[str, Any]) -> None:
        """It is shown among the runs."""
        with self._lock:
            self.tally.began(row)
            self.tails[row["id"]] = deque(maxlen=_LAST_LINES)
        self._shown.touch()

    def output(self, row: dict[str, Any], lines: Sequence[str]) -> None:
        """The newest lines are shown, of the run that has printed last."""
        shown = [short(line) for line in lines[-(self.log.maxlen or 0) :]]
        with self._lock:
            if not self._shows_log_of(row):
                self._keep_tail(row, shown)
                return
            if self.log_of != row["id"]:
                self.log.clear()
                self.log_of, self.unseen = row["id"], 0
                self.log.extend(self.tails.get(row["id"], ()))
            self.unseen += max(0, len(self.log) + len(lines) - (self.log.maxlen or 0))
            self.log.extend(shown)
            self._keep_tail(row, shown)

    def first_live(self) -> str:
        """The unfinished line of a run of which the output is shown, if there is any."""
        going = (one["row"] for one in self.tally.going.values() if self._shows_log_of(one["row"]))
        return next((self.lives[row["id"]] for row in going if row["id"] in self.lives), "")

    def _keep_tail(self, row: dict[str, Any], lines: Sequence[str]) -> None:
        self.tails.setdefault(row["id"], deque(maxlen=_LAST_LINES)).extend(lines)
        self.lives.pop(row["id"], None)
        self._shown.touch()

    def _shows_log_of(self, row: dict[str, Any]) -> bool:
        if self.alone or not self._chosen or row["id"].startswith(self._chosen):
            return True
        return _words(self._chosen) <= _words(row["name"] or "")

    def live(self, row: dict[str, Any], text: str) -> None:
        """A progress bar is shown beside its run."""
        if self.lives.get(row["id"], "") != text:
            with self._lock:
                self.lives[row["id"]] = short(text)
            self._shown.touch()

    def run_ended(self, row: dict[str, Any], again: float | None) -> None:
        """Failures are told when they happen."""
        with self._lock:
            self.tally.ended(row, again=again is not None)
            last = self.tails.pop(row["id"], ())
            self.lives.pop(row["id"], None)
            if again is None:
                self.rows.append(row)
            if row["status"] in (FAILED, TIMED_OUT):
                self.failed += 1
                if len(self.failures) < FAILURES:
                    traceback = _traceback_of(row) or traceback_in(last).lstrip("\n")
                    self.failures.append(Failure(row, ending(row, again), traceback))
        self._shown.touch()

    def flow_paused(self, paused: bool) -> None:
        """It says so."""
        with self._lock:
            self.status = "paused" if paused else "running"
        self._shown.touch()

    def note(self, text: str) -> None:
        """Told below the runs."""
        with self._lock:
            if text not in self.notes:
                self.notes.append(text)
        self._shown.touch()

    def flow_ended(self, status: str) -> None:
        """Show it for the last time."""
        with self._lock:
            self.status = status
            self.tally.over()
            if self._hints and status == FAILED:
                done = self.tally.done
                self.notes.append(hint(done - self.tally.ends[FINISHED], done, self.flow))
        self._shown.end()

    def _render(self) -> Bundle:
        from .live_html import live_bundle

        with self._lock:
            return live_bundle(self)


def hint(bad: int, done: int, flow: str) -> str:
    """What can be done about runs of a flow that didn't finish."""
    return f"{bad} of {done} runs didn't finish: %kogine retry {flow[:8]} runs them again."


def _words(text: str) -> set[str]:
    return {*text.replace(",", " ").split()}


def _traceback_of(row: dict[str, Any]) -> str:
    """What the script raised, as its process told it; empty where it didn't."""
    import os

    from ..runs.outcome import readable_outcome
    from ..runs.paths import AttemptPaths

    log = row.get("log")
    outcome = readable_outcome(AttemptPaths(os.path.dirname(log))) if log else None
    told = (outcome.traceback if outcome else None) or ""
    return (
        told if len(told) <= _LONGEST else f"{told[: _LONGEST // 2]}\n…\n{told[-_LONGEST // 2 :]}"
    )


def short(line: str) -> str:
    """A line that isn't too long to be shown; a long one without its colours."""
    if len(line) <= _WIDTH:
        return line
    from ..runs.output import plain

    whole = plain(line)
    return whole if len(whole) <= _WIDTH else whole[: _WIDTH - 1] + "…"
