"""`%kogine board`"""

from __future__ import annotations

import click

from ..cli.ids import FLOW
from ..config.given import NO_OBJECT, given_object
from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .face import Face

BOARD = "board"


def board_command(face: Face) -> click.Command:
    """`board`: a live table of a flow's runs, or of all runs."""

    @click.command(BOARD, short_help="A live table of runs: progress, logs, curves, stop, retry.")
    @click.argument("flow", metavar="[FLOW]", required=False, type=FLOW)
    def board(flow: str | None) -> object:
        """Show a live board of the runs of a FLOW, or of the newest runs of all flows."""
        if not face.in_kernel:
            raise ConfigError(
                "a board needs a notebook: in a terminal, %kogine runs lists runs, and %kogine "
                "attach follows a flow."
            )
        from .widgets.board import RunBoard

        known = given_object(flow)
        return face.show(RunBoard(flow if known is NO_OBJECT else known))

    return board
