"""kogine pause"""

from __future__ import annotations

import click

from ..errors import StoreError
from ..flow.attached import AttachedFlow
from .ids import FLOW, NthCommand, find_flow, open_store
from .reply import say_status


@click.command(cls=NthCommand, short_help="Begin no further runs of a flow.")
@click.argument("flow", metavar="FLOW", type=FLOW)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def pause(flow: str, as_json: bool) -> int:
    """Begin no further runs of a FLOW; those that go on do so, until kogine unpause."""
    return ask(flow, True, as_json)


def ask(prefix: str, paused: bool, as_json: bool) -> int:
    """Ask a flow to pause, or to go on, and wait until it does."""
    store = open_store()
    flow = AttachedFlow(store, find_flow(store, prefix)["id"])
    if not flow.live:
        raise StoreError(f"flow {flow.id[:8]} isn't going on: it is {flow.status}.")
    (flow.pause if paused else flow.unpause)()
    wanted = "paused" if paused else "running"
    flow.wait_until(lambda: flow.status == wanted or not flow.live, 10.0)
    say_status("flow", flow.id, flow.status, as_json)
    return 0
