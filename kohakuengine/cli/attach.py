"""kogine attach"""

from __future__ import annotations

import signal

import click

from ..flow.attached import AttachedFlow
from ..flow.follow import follow_flow
from .ids import FLOW, NthCommand, find_flow, open_store
from .reply import json_text, say, tell
from .sweep import finish, view_for


@click.command(cls=NthCommand, short_help="Follow a flow of another process.")
@click.argument("flow", metavar="FLOW", type=FLOW)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON at the end.")
def attach(flow: str, as_json: bool) -> int:
    """Follow a FLOW that goes on in another process until it has ended; Ctrl-C leaves it alone."""
    store = open_store()
    attached = AttachedFlow(store, find_flow(store, flow)["id"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        follow_flow(attached, store, view_for(False, as_json))
    except KeyboardInterrupt:
        tell(f"flow {attached.id[:8]} goes on; kogine cancel {attached.id[:8]} ends it.")
        return 0
    if as_json:
        say(json_text(list(attached.runs.rows())))
    return finish(attached.id, attached.runs, False)
