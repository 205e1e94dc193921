"""Show a flow on a terminal: how far it is, what runs, and what has failed."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..flow.lines import ending, traceback_in
from ..flow.tally import Tally
from ..flow.view import View
from ..runs.cells import STYLES, duration_text
from ..runs.outcome import FINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_MOST_RUNS = 8  # of those that go on, shown at once
_LAST_LINES = 20  # of a run, in which its traceback is looked for


class Progress(View):
    """A live display on top of which failures, and all that is worth a sentence, go by.

    Args:
        console: Where to show it.
    """

    wants_output = True

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._lock = threading.Lock()
        self._tally = Tally()
        self._tails: dict[str, str] = {}  # by the run's id: what is shown of it while it goes on
        self._last: dict[str, deque[str]] = {}  # and its last lines
        self._shown_traceback = ""
        self._live = Live(
            console=self._console,
            refresh_per_second=10,
            transient=True,
            get_renderable=self._shown,
            redirect_stderr=sys.stderr is not None and sys.stderr.isatty(),
        )

    def flow_began(self, flow: str, total: int | None) -> None:
        """Begin to show it."""
        self._tally.begin(total)
        self._live.start()
        self._say(Text(f"flow {flow[:8]}", style="dim"))

    def run_kept(self, row: dict[str, Any]) -> None:
        """It counts as done."""
        with self._lock:
            self._tally.kept()

    def run_began(self, row: dict[str, Any]) -> None:
        """One more goes on."""
        with self._lock:
            self._tally.began(row)

    def output(self, row: dict[str, Any], lines: Sequence[str]) -> None:
        """The last line that isn't empty is shown."""
        shown = [line for line in lines[-_LAST_LINES:] if line.strip()]
        if shown:
            with self._lock:
                self._tails[row["id"]] = shown[-1]
                self._last.setdefault(row["id"], deque(maxlen=_LAST_LINES)).extend(shown)

    def live(self, row: dict[str, Any], text: str) -> None:
        """A progress bar is shown in place of the last line."""
        if text.strip():
            with self._lock:
                self._tails[row["id"]] = text

    def run_ended(self, row: dict[str, Any], again: float | None) -> None:
        """Failures are told when they happen."""
        with self._lock:
            self._tally.ended(row, again=again is not None)
            self._tails.pop(row["id"], None)
            last = self._last.pop(row["id"], ())
        if row["status"] != FINISHED:
            self._tell_failure(row, again, traceback_in(last))

    def _tell_failure(self, row: dict[str, Any], again: float | None, traceback: str) -> None:
        style = STYLES[row["status"]]
        text = Text.assemble((f"✗ {row['name']} ", f"bold {style}"), ending(row, again))
        if traceback != self._shown_traceback:  # else many that fail alike would fill the screen
            self._shown_traceback = traceback
            text.append(traceback)
        text.append(f"\n  kogine logs {row['id'][:8]}", style="dim")
        if row.get("log"):
            text.append(f"   {row['log']}", style="dim")
        self._say(text)

    def note(self, text: str) -> None:
        """Told above the display."""
        self._say(Text(text, style="yellow"))

    def flow_ended(self, status: str) -> None:
        """End the display, and say what came of the flow."""
        self._live.stop()
        said = Text.assemble((status, STYLES.get(status, "")), " ", self._tally.counts())
        self._console.print(said, soft_wrap=True)

    def _say(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

    def _shown(self) -> Table:
        with self._lock:
            going = list(self._tally.going.values())[:_MOST_RUNS]
            more = len(self._tally.going) - len(going)
            tails = dict(self._tails)
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        grid.add_row(self._bar(), self._head())
        for one in going:
            row, took = one["row"], duration_text(time.monotonic() - one["since"])
            label = Text(f"{row['name']} {took}", style="cyan")
            grid.add_row(label, Text.from_ansi(tails.get(row["id"], "")))
        if more:
            grid.add_row(Text(f"and {more} more", style="dim"), "")
        return grid

    def _bar(self) -> Text:
        total = self._tally.total
        if not total:
            return Text("running", style="bold")
        width = 24
        full = min(width, width * self._tally.done // total)
        return Text.assemble(("━" * full, "green"), ("━" * (width - full), "bright_black"))

    def _head(self) -> Text:
        parts = [self._tally.counts(), f"{len(self._tally.going)} running"]
        left = self._tally.time_left()
        if left is not None:
            parts.append(f"about {duration_text(left)} left")
        return Text(" · ".join(parts))
