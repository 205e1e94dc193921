"""kogine unpause"""

from __future__ import annotations

import click

from .ids import FLOW, NthCommand
from .pause import ask


@click.command(cls=NthCommand, short_help="Begin runs of a paused flow again.")
@click.argument("flow", metavar="FLOW", type=FLOW)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def unpause(flow: str, as_json: bool) -> int:
    """Begin further runs of a paused FLOW again."""
    return ask(flow, False, as_json)
