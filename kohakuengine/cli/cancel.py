"""kogine cancel"""

from __future__ import annotations

import click

from ..errors import StoreError
from ..flow.attached import AttachedFlow
from ..runs.outcome import FINAL
from .ids import RUN_OR_FLOW, NthCommand, find, open_store
from .reply import say_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..runs.store import RunStore

# How long what is cancelled is waited for: longer than the gentle ways of ending it take, in seconds.
_PATIENCE = 20.0


@click.command(cls=NthCommand, short_help="End a run, or a flow.")
@click.argument("which", metavar="RUN|FLOW", type=RUN_OR_FLOW)
@click.option("--kill", is_flag=True, help="At once, without time to clean up.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def cancel(which: str, kill: bool, as_json: bool) -> int:
    """End a run that goes on, or a flow with all of its runs."""
    store = open_store()
    kind, row = find(store, which)
    how = "kill" if kill else "terminate"
    flow = AttachedFlow(store, row["flow"] if kind == "run" else row["id"])
    again = kind == "run" and flow.tries_again(row)
    if not flow.live or (kind == "run" and row["status"] in FINAL and not again):
        status = (store.run if kind == "run" else store.flow)(row["id"])["status"]
        raise StoreError(f"{kind} {row['id'][:8]} isn't going on: it is {status}.")
    flow.cancel(how, run=row["id"] if kind == "run" else None)
    if kind == "run":
        flow.wait_until(lambda: _is_over(store, flow, row["id"]), _PATIENCE)
        status = store.run(row["id"])["status"]
    else:
        flow.wait_until(lambda: not flow.live, _PATIENCE)
        status = flow.status
    if status not in (*FINAL, "failed"):
        raise StoreError(
            f"{kind} {row['id'][:8]} hasn't ended within {_PATIENCE:g} s: it is {status}."
        )
    say_status(kind, row["id"], status, as_json)
    return 0


def _is_over(store: RunStore, flow: AttachedFlow, run: str) -> bool:
    """Whether a run has ended, and the flow, if it goes on, has taken up that it is to be ended."""
    if not flow.live:
        return True
    row = store.run(run)
    last = store.paths.run(run).last_attempt()  # the index may not know it yet
    return flow.has_heard and row["status"] in FINAL and row["attempts"] == last
