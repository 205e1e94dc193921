"""Where the board of a launcher stands: it shows the flow that was launched last."""

from __future__ import annotations

import os
from contextlib import suppress

import ipywidgets as widgets
import traitlets

from ...errors import KogineError
from .board import RunBoard
from .closing import close_all
from .last_state import LastStates, remember_in_boxes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BoardPlace(widgets.VBox):  # type: ignore[misc]  # it comes without types
    """A box for a board, which can be put anywhere before there is one.

    Attributes:
        token: Of its `LastState`, which the board hides, too.
        board: The board, or None.
        retried: As of the board.
    """

    retried = traitlets.Any(None, allow_none=True)

    def __init__(self) -> None:
        self.token = os.urandom(8).hex()
        self.board: RunBoard | None = None
        self._lasts = LastStates(self.token, self._static)
        super().__init__()
        remember_in_boxes()

    def take(self, flow: Any) -> None:
        """Show the runs of a flow, in place of the one before."""
        if flow is self.retried:
            return  # the board has gone on with it itself, and shows it
        before, self.board = self.board, RunBoard(flow, last=self.token)
        self.children = [self.board]
        self.board.observe(self._renew, ["counts", "live"])
        self.board.observe(lambda change: setattr(self, "retried", change["new"]), "retried")
        self._lasts.renew(last=True)
        if before is not None:
            close_all(before)

    def look(self) -> None:
        """Have the board, and what is kept of it, be as the runs are now."""
        if self.board is not None:
            with suppress(KogineError, OSError):  # of which the board itself tells
                self.board.look()
        self._lasts.renew(last=True)

    def close(self) -> None:
        """Let go of the board. The runs go on."""
        if self.board is not None:
            self.board.close()
        super().close()

    def _renew(self, change: Any) -> None:
        self._lasts.renew(last=not self.board.live if self.board is not None else True)

    # ---- without a page ----

    def show_last(self) -> None:
        """Show, for who opens the notebook without its kernel, the last state: a plain table."""
        self._lasts.show()

    def _ipython_display_(self) -> None:
        """Show it, and below the last state."""
        from IPython import display

        show: Any = display.display  # it comes without types
        show({**self._repr_mimebundle_(), "text/plain": repr(self)}, raw=True)
        self.show_last()

    def _static(self) -> dict[str, str]:
        if self.board is None:  # nothing is to be seen, then as now
            return {"text/plain": "", "text/html": ""}
        return self.board._static()

    def __repr__(self) -> str:
        return f"<BoardPlace: {self.board!r}>" if self.board is not None else "<BoardPlace: empty>"
