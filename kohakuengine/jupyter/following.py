"""Follow what a run prints, under a cell: the newest lines, however many there are."""

from __future__ import annotations

import threading
from collections import deque

from ..ansi import ansi_to_html
from ..cli.reply import tell
from ..markup import FAINT, bundle, joined, tag, visible
from ..markup import lines as as_lines
from ..runs.cells import one_line
from ..runs.output import plain
from .live import short
from .renew import Renewed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .renew import Bundle

LINES = 200  # while it grows
MOST = 1_000  # of what is there, if it isn't said how many


class Tail:
    """The newest lines of a log; as a `Printer` of `kogine logs` it can take their place.

    Args:
        labelled: Whether each line stands behind its run's name.
        most: How many lines are shown.
    """

    def __init__(self, labelled: bool = False, most: int = LINES) -> None:
        self._labelled = labelled
        self._lines: deque[str] = deque(maxlen=most)
        self.seen = 0
        self._live = ""
        self._note = ""
        self._lock = threading.Lock()
        self._shown = Renewed(self._render)
        self._shown.open()

    def lines(self, row: dict[str, Any], lines: list[str]) -> None:
        """Take lines of a run."""
        label = f"[{one_line(row['name'] or row['id'][:8])}] " if self._labelled else ""
        with self._lock:
            self.seen += len(lines)
            self._lines.extend(label + short(line) for line in lines[-(self._lines.maxlen or 0) :])
        self._shown.touch()

    def live(self, text: str) -> None:
        """Show the unfinished line as it is now."""
        if text != self._live:
            self._live = short(text)
            self._shown.touch()

    def note(self, text: str) -> None:
        """Tell what isn't output."""
        self._note = text
        self._shown.touch()

    def close(self) -> None:
        """Show it for the last time."""
        self._live = ""
        self._shown.touch()
        self._shown.close()

    def _render(self) -> Bundle:
        with self._lock:
            lines = [*self._lines, *([self._live] if self._live.strip() else [])]
        unseen = self.seen - len(self._lines)
        said = [f"{unseen} lines before these"] if unseen > 0 else []
        notes = [self._note] if self._note else []
        parts: list[str] = [tag("span", text, style=FAINT) for text in said]
        parts += [*map(ansi_to_html, lines), *(tag("span", text, style=FAINT) for text in notes)]
        text = "\n".join([*said, *map(plain, lines), *notes])
        return bundle(as_lines(joined(parts, "\n")), visible(text))


def last_logs(which: str, attempt: int | None, tail: int | None) -> None:
    """Show the newest output of a run or a flow, of which there may be more than a page can hold."""
    from ..cli.logs import show_logs

    most = MOST if tail is None else tail
    made: list[Tail] = []

    def make(labelled: bool) -> Tail:
        made.append(Tail(labelled, most))
        return made[0]

    show_logs(which, make, follow=False, attempt=attempt, tail=most)
    if tail is None and made and made[0].seen >= MOST:
        tell(f"these are the last {MOST:,} lines: see --tail.")


def follow_logs(which: str, attempt: int | None, tail: int | None) -> None:
    """Show the newest output of a run or a flow until it has ended; an interrupt leaves it alone."""
    from ..cli.logs import show_logs

    try:
        show_logs(which, Tail, follow=True, attempt=attempt, tail=tail)
    except KeyboardInterrupt:
        print("it goes on; %kogine logs -f follows it again.")
