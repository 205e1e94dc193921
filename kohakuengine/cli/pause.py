"""kogine pause"""

from __future__ import annotations

import click

from ..errors import StoreError
from ..flow.attached import AttachedFlow
from .ids import FLOW, NthCommand, find_flow, open_store
from .reply import say


@click.command(cls=NthCommand, short_help="Begin no further runs of a flow.")
@click.argument("flow", metavar="FLOW", type=FLOW)
def pause(flow: str) -> int:
    """Begin no further runs of a FLOW; those that go on do so, until kogine unpause."""
    return ask(flow, True)


def ask(prefix: str, paused: bool) -> int:
    """Ask a flow to pause, or to go on, and wait until it does."""
    store = open_store()
    flow = AttachedFlow(store, find_flow(store, prefix)["id"])
    if not flow.live:
        raise StoreError(f"flow {flow.id[:8]} isn't going on: it is {flow.status}.")
    (flow.pause if paused else flow.unpause)()
    wanted = "paused" if paused else "running"
    flow.wait_until(lambda: flow.status == wanted or not flow.live, 10.0)
    say(f"flow {flow.id[:8]} is {flow.status}")
    return 0
