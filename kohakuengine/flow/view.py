"""Those who look on while a flow goes on."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class View:
    """Is told what happens in a flow, by its coordinator's thread. This one shows nothing.

    A run is told of by its row of the index, a dict of columns; when an attempt has ended, with the
    path of its "log", if there is one.

    Attributes:
        wants_output: Whether the runs' output is to be read for it.
        leaves_table: Whether the runs are in view when the flow has ended, as they are below a cell.
        fault: Why it couldn't go on to show the flow, or None.
    """

    wants_output = False
    leaves_table = False
    fault: OSError | None = None

    def open(self) -> None:
        """The flow goes on; told by whoever began it, in his own thread."""

    def close(self) -> None:
        """The flow is over: wait until all of it is shown; told by the same."""

    def flow_began(self, flow: str, total: int | None) -> None:
        """A flow begins; `total` is how many runs it has, where that is known."""

    def run_kept(self, row: dict[str, Any]) -> None:
        """A run had finished before, and isn't run again."""

    def run_began(self, row: dict[str, Any]) -> None:
        """An attempt at a run begins."""

    def output(self, row: dict[str, Any], lines: Sequence[str]) -> None:
        """A run has printed lines."""

    def live(self, row: dict[str, Any], text: str) -> None:
        """The unfinished line of a run, most often a progress bar, shows this now."""

    def run_ended(self, row: dict[str, Any], again: float | None) -> None:
        """An attempt has ended; `again` is in how many seconds it is tried again, or None."""

    def flow_paused(self, paused: bool) -> None:
        """No further runs are begun from now on, or they are again."""

    def note(self, text: str) -> None:
        """Something is worth a sentence: told on stderr, also where nothing else is shown."""
        if sys.stderr is not None:
            print(f"kogine: {text}", file=sys.stderr, flush=True)

    def flow_ended(self, status: str) -> None:
        """The flow has ended."""


class Shielded(View):
    """Passes everything on to a view until that can't show it any more: the runs go on.

    Args:
        view: The view.
    """

    def __init__(self, view: View) -> None:
        self._view = view

    @property
    def wants_output(self) -> bool:  # type: ignore[override]
        """As the view."""
        return self._view.wants_output

    def _show(self, show: Callable[[View], None]) -> None:
        try:
            show(self._view)
        except (OSError, ValueError):  # its terminal is gone, or its stream is closed
            self._view = View()

    def flow_began(self, flow: str, total: int | None) -> None:
        """Passed on."""
        self._show(lambda view: view.flow_began(flow, total))

    def run_kept(self, row: dict[str, Any]) -> None:
        """Passed on."""
        self._show(lambda view: view.run_kept(row))

    def run_began(self, row: dict[str, Any]) -> None:
        """Passed on."""
        self._show(lambda view: view.run_began(row))

    def output(self, row: dict[str, Any], lines: Sequence[str]) -> None:
        """Passed on."""
        self._show(lambda view: view.output(row, lines))

    def live(self, row: dict[str, Any], text: str) -> None:
        """Passed on."""
        self._show(lambda view: view.live(row, text))

    def run_ended(self, row: dict[str, Any], again: float | None) -> None:
        """Passed on."""
        self._show(lambda view: view.run_ended(row, again))

    def flow_paused(self, paused: bool) -> None:
        """Passed on."""
        self._show(lambda view: view.flow_paused(paused))

    def note(self, text: str) -> None:
        """Passed on."""
        self._show(lambda view: view.note(text))

    def flow_ended(self, status: str) -> None:
        """Passed on."""
        self._show(lambda view: view.flow_ended(status))
