"""kogine retry"""

from __future__ import annotations

import click

from .ids import FLOW, NthCommand, find_flow, open_store
from .run import Order


@click.command(cls=NthCommand, short_help="Run again what didn't finish.")
@click.argument("flow", metavar="FLOW", type=FLOW)
@click.option("--quiet", "-q", is_flag=True, help="Don't show what the runs print.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON at the end.")
def retry(flow: str, quiet: bool, as_json: bool) -> Order:
    """Run the runs of a FLOW that didn't finish again, with the configs and options they had.

    The scripts are taken as they are now.
    """
    from ..flow.retry import Retry

    given = {"resume": None, "dry_run": False, "detach": False, "quiet": quiet, "as_json": as_json}
    return Order(Retry(find_flow(open_store(), flow)["id"]), given)
