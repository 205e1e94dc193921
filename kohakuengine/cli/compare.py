"""kogine compare"""

from __future__ import annotations

import click

from .ids import RUN_OR_FLOW, NthCommand, find, open_store, settled
from .reply import json_text, say, say_table, tell
from .terminal import on_terminal, show_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.store import RunStore

_ACROSS = 4  # runs that stand side by side; more of them stand one below the other


@click.command(cls=NthCommand, short_help="Show what differs between runs.")
@click.argument("which", metavar="RUN|FLOW...", nargs=-1, required=True, type=RUN_OR_FLOW)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def compare(which: tuple[str, ...], as_json: bool) -> int:
    """Show in which parameters, metrics and facts runs differ; a flow stands for all of its runs."""
    from ..runs.compare import compare as compared

    rows = _rows(settled(open_store()), which)
    if len(rows) < 2:
        raise click.UsageError("Nothing to compare: give two runs, or a flow that has several.")
    ids = [row["id"] for row in rows]
    differences = compared(rows)
    if as_json:
        say(json_text({"runs": ids, "differences": differences}))
    elif not differences:
        tell(f"these {len(rows)} runs don't differ.")
    else:
        _show(differences, ids)
    return 0


def _rows(store: RunStore, which: tuple[str, ...]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for text in which:
        kind, row = find(store, text)
        several = [row] if kind == "run" else store.select(flow=row["id"])
        rows.update((one["id"], one) for one in several)
    return list(rows.values())


def _show(differences: dict[str, dict[str, Any]], ids: list[str]) -> None:
    from ..runs.display import comparison_table
    from ..runs.listing import comparison_cells

    across = len(ids) <= _ACROSS
    if on_terminal():
        show_table(comparison_table(differences, ids, across=across))
    else:
        say_table(comparison_cells(differences, ids, across=across), heads=True)
