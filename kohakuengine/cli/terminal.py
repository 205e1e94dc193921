"""Tables of rich on a terminal."""

from __future__ import annotations

import sys

from .reply import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.table import Table


def on_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def width() -> int:
    """How many characters a line of the terminal has."""
    from rich.console import Console

    return Console().width


def show_table(table: Table) -> None:
    """Print a table, whatever the encoding of stdout lacks."""
    from rich.console import Console

    console = Console()
    with console.capture() as captured:
        console.print(table)
    # What rich fills lines up with is of no use, and wraps where the terminal is made narrower.
    say("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))
