"""Show a flow as plain lines: what its runs print, each with its label, and how they end."""

from __future__ import annotations

import sys

from ..runs.cells import one_line
from ..runs.output import plain
from ..runs.outcome import FINISHED
from .view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, TextIO


class Lines(View):
    """Prints what runs print, line by line as it comes.

    Args:
        stream: Where to; `sys.stdout` if None.
        labelled: Whether each line begins with its run's name; None for where there are several.
        colour: Whether colours that the runs print are kept; None for where the stream is a
            terminal.
        end_is_told: Whether somebody else tells how the only run ends.
    """

    wants_output = True

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        labelled: bool | None = None,
        colour: bool | None = None,
        end_is_told: bool = False,
    ) -> None:
        self.stream = stream or sys.stdout
        self._labelled = labelled
        self._colour = self.stream.isatty() if colour is None else colour
        self._end_is_told = end_is_told
        self._closed = False
        self._kept = 0

    def flow_began(self, flow: str, total: int | None) -> None:
        """A single run needs no label."""
        if self._labelled is None:
            self._labelled = total != 1

    def run_kept(self, row: dict[str, Any]) -> None:
        """They are counted."""
        self._kept += 1

    def output(self, row: dict[str, Any], lines: Sequence[str]) -> None:
        """Print the lines, each with its run's label."""
        label = f"[{one_line(row['name'])}] " if self._labelled else ""
        self._say("".join(f"{label}{self._shown(line)}\n" for line in lines))

    def _shown(self, line: str) -> str:
        """A line, whose colours don't run into the next one."""
        if not self._colour:
            return plain(line)
        return f"{line}\x1b[0m" if "\x1b" in line else line

    def run_ended(self, row: dict[str, Any], again: float | None) -> None:
        """Say how a run ended, where it isn't alone or hasn't finished."""
        is_over = row["status"] == FINISHED or (self._end_is_told and again is None)
        if not self._labelled and is_over:
            return
        label = f"[{one_line(row['name'])}]"
        self._say(f"{label} {ending(row, again)}\n")
        if row["status"] != FINISHED and again is None and row.get("log"):
            self._say(f"{label} its log: {row['log']}\n")

    def flow_ended(self, status: str) -> None:
        """Say how many runs weren't run again: where all had finished, that is all there is."""
        if self._kept:
            runs = "1 run" if self._kept == 1 else f"{self._kept} runs"
            self.note(f"{runs} had finished before.")

    def _say(self, text: str) -> None:
        if self._closed:
            return
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        try:
            self.stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self.stream.flush()
        except (OSError, ValueError) as error:  # as with `| head -1`: nobody looks; the runs go on
            self._closed = True
            self.fault = error if isinstance(error, OSError) else None


def ending(row: dict[str, Any], again: float | None = None) -> str:
    """How a run ended, in one line.

    Args:
        row: The run's row of the index.
        again: In how many seconds it is tried again, or None.
    """
    seconds = row["ended"] - row["started"] if row["ended"] and row["started"] else 0.0
    text = f"{row['status'].replace('_', ' ')} after {seconds:.1f} s"
    if row["metrics"]:
        numbers = (f"{name}={value:.6g}" for name, value in list(row["metrics"].items())[:4])
        text += f" ({', '.join(numbers)})"
    if row["status"] != FINISHED and row["error"]:
        text += f": {row['error']}"
    if again is not None:
        text += f"; it is tried again in {again:g} s"
    return text


def traceback_in(lines: Iterable[str]) -> str:
    """The last traceback among lines, each indented and after a newline; empty if there is none."""
    shown = [plain(line) for line in lines]
    starts = [n for n, line in enumerate(shown) if line.startswith("Traceback (most recent call")]
    return "".join(f"\n  {line}" for line in shown[starts[-1] :]) if starts else ""
