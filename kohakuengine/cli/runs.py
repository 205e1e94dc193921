"""kogine runs"""

from __future__ import annotations

import click

from ..runs.cells import counted
from .ids import FLOW, NthCommand, find_flow, open_store, settled, there_is_a_store
from .reply import json_text, say, say_table, tell
from .selection import selected, selection_options, tell_strange_names
from .terminal import on_terminal, show_table, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..runs.store import RunStore
    from ..runs.table import Runs


@click.command(cls=NthCommand, short_help="List runs.")
@click.argument("flow", required=False, type=FLOW)
@selection_options
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, metavar="N")
@click.option("--flows", is_flag=True, help="List flows in place of runs.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def runs(flow: str | None, limit: int, flows: bool, as_json: bool, **chosen: Any) -> int:
    """List runs, the newest first, or those of a FLOW; at most N, with --limit 0 all."""
    which = selected(**chosen)
    if flows and (flow is not None or any(which.values())):
        raise click.UsageError("--flows lists all flows: the filters are for runs.")
    if not there_is_a_store():
        return _none(as_json, "there are no runs yet: kogine run SCRIPT records the first.")
    store = settled(open_store())
    if flows:
        return _list_flows(store, limit, as_json)
    if flow is not None:
        which |= {"flow": find_flow(store, flow)["id"], "sort": which["sort"] or "-created"}
    rows = store.select(**which, limit=limit or None)
    tell_strange_names(store, which)
    if not rows:
        chosen_any = any(value for name, value in which.items() if name != "sort")
        return _none(as_json, "there are no such runs." if chosen_any else "there are no runs yet.")
    total = store.count(**which) if len(rows) == limit else len(rows)
    _list(store, rows, total, as_json)
    return 0


def chosen_runs(flow: str | None, limit: int, chosen: Mapping[str, Any]) -> Runs:
    """The runs that the command lists, for who shows them in another way.

    Args:
        flow: A flow, or None.
        limit: How many at most; 0 for all.
        chosen: What `selection_options` say.
    """
    from ..runs.table import Runs

    store = open_store()
    if not there_is_a_store():
        tell("there are no runs yet: %kogine run SCRIPT records the first.")
        return Runs(store, [])
    which = selected(**chosen)
    settled(store)
    if flow is not None:
        which |= {"flow": find_flow(store, flow)["id"], "sort": which["sort"] or "-created"}
    ids = store.ids(**which, limit=limit or None)
    tell_strange_names(store, which)
    if len(ids) == limit and (total := store.count(**which)) > limit:
        tell(f"these are {limit} of {total} runs: see --limit.")
    return Runs(store, ids)


def _none(as_json: bool, sentence: str) -> int:
    if as_json:
        say("[]")
    else:
        tell(sentence)
    return 0


def _list(store: RunStore, rows: Sequence[dict[str, Any]], total: int, as_json: bool) -> None:
    if not as_json and on_terminal():
        from ..runs.display import runs_table

        show_table(runs_table(rows, total, width=width(), ages=True))
        return
    if as_json:
        say(json_text([_document(store, row) for row in rows]))
    else:
        from ..runs.listing import columns

        found = columns(rows, ages=True)
        heads = [column.name for column in found]
        say_table([heads, *zip(*(column.cells for column in found))], heads=True)
    if total > len(rows):
        tell(f"these are {len(rows)} of {total} runs: see --limit.")


def _document(store: RunStore, row: dict[str, Any]) -> dict[str, Any]:
    from ..runs.listing import duration

    return {**row, "duration": duration(row), "path": store.paths.run(row["id"]).folder}


def _list_flows(store: RunStore, limit: int, as_json: bool) -> int:
    from ..runs.detail import counts

    found = store.flows(limit=limit + 1 if limit else None)
    more = limit and len(found) > limit
    rows = [{**row, "counts": counts(store, row["id"])} for row in found[: limit or None]]
    if not rows:
        return _none(as_json, "there are no flows yet.")
    if as_json:
        say(json_text(rows))
    elif on_terminal():
        from ..runs.display import flows_table

        show_table(flows_table(rows))
    else:
        from ..runs.listing import FLOW_HEADS, flow_cells

        say_table([FLOW_HEADS, *map(flow_cells, rows)], heads=True)
    if more:
        tell(f"these are the newest {counted(limit, 'flow')}: see --limit.")
    return 0
