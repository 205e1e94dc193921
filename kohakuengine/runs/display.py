"""Runs as tables of rich, for terminals and notebooks."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from .cells import STYLES, counted
from .listing import FLOW_HEADS, columns, comparison_cells, fitting, flow_cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from rich.console import JustifyMethod

    from .listing import Column

_NUMBERS = ("metric", "duration", "age")


def runs_table(
    rows: Sequence[dict[str, Any]], total: int, *, width: int | None = None, ages: bool = False
) -> Table:
    """A table of runs: what tells them apart, how they went, their metrics.

    Args:
        rows: Rows of the index, of the runs that are shown.
        total: How many runs there are.
        width: Of the terminal, in characters: what doesn't fit side by side is left out.
        ages: Whether to say how long ago each was made.
    """
    found = columns(rows, ages=ages)
    kept = found if width is None else fitting(found, width)
    table = _table()
    for column in kept:
        _add_column(table, column)
    for cells in zip(*(column.cells for column in kept)):
        table.add_row(*(_cell(column, cell) for column, cell in zip(kept, cells)))
    caption = _caption(len(rows), total, len(found) - len(kept))
    table.caption = Text(caption, style="dim") if caption else None
    return table


def _table() -> Table:
    # What a script made is text here, never markup.
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, caption_justify="left")


def _add_column(table: Table, column: Column) -> None:
    justify: JustifyMethod = "right" if column.kind in _NUMBERS else "left"
    whole = column.kind in ("id", "status", "duration", "age")
    table.add_column(Text(column.name), justify=justify, no_wrap=whole, overflow="fold")


def _cell(column: Column, text: str) -> Text:
    if column.kind == "status":
        return status_text(text)
    return Text(text, style="dim" if column.kind in ("id", "age") else "")


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status.replace("_", " "), style=STYLES.get(status, ""))


def _caption(there: int, total: int, left_out: int) -> str:
    parts = [f"{there} of {counted(total, 'run')}"] if total > there else []
    if left_out:
        parts.append(f"{counted(left_out, 'column')} left out for want of width")
    return "; ".join(parts)


def comparison_table(
    differences: Mapping[str, Mapping[str, object]], ids: Sequence[str], *, across: bool = True
) -> Table:
    """A table of what differs between runs.

    Args:
        differences: As `compare` gives it.
        ids: The runs, in order.
        across: Whether each run has a column; else it has a row.
    """
    table = _table()
    lines = comparison_cells(differences, ids, across=across)
    for head in lines[0]:
        table.add_column(Text(head), overflow="fold")
    for name, *cells in lines[1:]:
        styled = (status_text(c) if c in STYLES else Text(c) for c in cells)
        table.add_row(Text(name, style="" if across else "dim"), *styled)
    return table


def flows_table(flows: Sequence[dict[str, Any]]) -> Table:
    """A table of flows.

    Args:
        flows: Rows of the index, each with `counts`: how many runs have each status.
    """
    table = _table()
    for head in FLOW_HEADS:
        table.add_column(Text(head), no_wrap=head in ("id", "status"), overflow="fold")
    for flow in flows:
        id, name, status, *others = flow_cells(flow)
        table.add_row(Text(id, style="dim"), Text(name), status_text(status), *map(Text, others))
    return table
