"""Show a flow on a terminal: how far it is, what runs, and what has failed."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..flow.lines import ending
from ..flow.view import View
from ..runs.cells import STYLES, duration_text
from ..runs.listing import unfinished
from ..runs.outcome import FINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
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
        self._total: int | None = None
        self._began = time.monotonic()
        self._ends: Counter[str] = Counter()  # how many runs have ended in each way
        self._spent: list[float] = []  # how long the last runs took, in seconds
        self._going: dict[str, dict[str, Any]] = {}
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
        self._total = total
        self._live.start()
        self._say(Text(f"flow {flow[:8]}", style="dim"))

    def run_kept(self, row: dict[str, Any]) -> None:
        """It counts as done."""
        with self._lock:
            self._ends[FINISHED] += 1

    def run_began(self, row: dict[str, Any]) -> None:
        """One more goes on."""
        with self._lock:
            self._going[row["id"]] = {**row, "since": time.monotonic()}

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
            going = self._going.pop(row["id"], None)
            self._tails.pop(row["id"], None)
            last = self._last.pop(row["id"], ())
            if going is not None:
                self._spent = [*self._spent[-19:], time.monotonic() - going["since"]]
            if again is None:
                self._ends[row["status"]] += 1
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
        said = Text.assemble((status, STYLES.get(status, "")), " ", self._counts())
        self._console.print(said, soft_wrap=True)

    def _say(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

    def _counts(self) -> str:
        total = "" if self._total is None else f" of {self._total}"
        parts = [f"{self._ends[FINISHED]}{total} finished", *unfinished(self._ends)]
        return f"{', '.join(parts)} in {duration_text(time.monotonic() - self._began)}"

    def _shown(self) -> Table:
        with self._lock:
            going = list(self._going.values())[:_MOST_RUNS]
            more = len(self._going) - len(going)
            tails = dict(self._tails)
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        grid.add_row(self._bar(), self._head())
        for row in going:
            took = duration_text(time.monotonic() - row["since"])
            label = Text(f"{row['name']} {took}", style="cyan")
            grid.add_row(label, Text.from_ansi(tails.get(row["id"], "")))
        if more:
            grid.add_row(Text(f"and {more} more", style="dim"), "")
        return grid

    def _bar(self) -> Text:
        if not self._total:
            return Text("running", style="bold")
        width = 24
        full = min(width, width * self._ends.total() // self._total)
        return Text.assemble(("━" * full, "green"), ("━" * (width - full), "bright_black"))

    def _head(self) -> Text:
        parts = [self._counts(), f"{len(self._going)} running"]
        left = self._time_left()
        if left is not None:
            parts.append(f"about {duration_text(left)} left")
        return Text(" · ".join(parts))

    def _time_left(self) -> float | None:
        """From how long the last runs took, and how many go on at once; in seconds."""
        if self._total is None or not self._spent or not self._going:
            return None
        each = sum(self._spent) / len(self._spent)
        left = self._total - self._ends.total()
        return max(0.0, each * left / len(self._going))


def traceback_in(lines: Iterable[str]) -> str:
    """The last traceback among lines, each indented and after a newline; empty if there is none."""
    from ..runs.output import plain

    shown = [plain(line) for line in lines]
    starts = [n for n, line in enumerate(shown) if line.startswith("Traceback (most recent call")]
    return "".join(f"\n  {line}" for line in shown[starts[-1] :]) if starts else ""
