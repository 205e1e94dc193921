"""A flow as notebooks show it: how far it is, and its runs."""

from __future__ import annotations

from typing import Protocol

from ..errors import KogineError
from ..markup import MONO, Html, bundle, tag, value
from ..runs.cells import counted
from ..runs.html import MOST, counts_html, runs_parts, runs_text, status_html
from ..runs.listing import progress
from ..runs.outcome import FINAL
from ..runs.summary import Summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..runs.store import RunStore
    from ..runs.table import Runs


class Handle(Protocol):
    """What goes on, or has ended."""

    id: str

    @property
    def status(self) -> str:
        """How it is now."""

    @property
    def runs(self) -> Runs:
        """Those that have begun."""


def flow_bundle(store: RunStore, handle: Handle) -> dict[str, str]:
    """How many runs of a flow have each status, and a table of its runs.

    Args:
        store: Where it is kept.
        handle: The flow.
    """
    id = handle.id
    try:
        status = handle.status
        flow = store.flow(id)
        summary = Summary(handle.runs.rows(), MOST)
    except KogineError as error:
        return bundle(tag("div", str(error)), str(error))
    flow |= {"status": status, "counts": summary.counts}
    name = [value(flow["name"], 80), " "] if flow["name"] else []
    words = [tag("b", "flow "), tag("span", id[:8], style=MONO), " ", *name, status_html(status)]
    ended, _, _ = progress(flow).partition(",")
    head = tag("div", *words, " ", *_bar(flow["total"], summary), ended)
    counts = tag("div", counts_html(summary.counts))
    parts = runs_parts(summary) if summary.total else []
    text = f"flow {id[:8]} is {status}: {progress(flow)} ({counted(summary.total, 'run')} begun)"
    if summary.total:
        text += f"\n{runs_text(summary)}"
    return bundle(tag("div", head, counts, *parts), text)


def _bar(total: int | None, summary: Summary) -> list[Html]:
    if not total:
        return []
    ended = sum(number for status, number in summary.counts.items() if status in FINAL)
    return [tag("progress", value=str(ended), max=str(total)), Html(" ")]
