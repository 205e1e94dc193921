"""Show a flow that another process coordinates, from what it leaves in the store."""

from __future__ import annotations

import time

from ..runs.outcome import FINAL
from ..runs.output import OutputFollower, OutputReader
from ..runs.watch import CHUNK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.store import RunStore
    from .attached import AttachedFlow
    from .view import View

_TICK = 0.1  # how often the store is looked at, in seconds


def follow_flow(flow: AttachedFlow, store: RunStore, view: View) -> None:
    """Tell a view what happens in a flow, until it has ended.

    Runs that have ended by then are counted, but what they printed isn't shown.
    """
    view.flow_began(flow.id, store.flow(flow.id)["total"])
    following: dict[str, _Following] = {}
    try:
        first = True
        while True:
            live = flow.live  # before the look: what happens after it is seen by the next one
            _look(flow, store, view, following, first)
            first = False
            if not live:
                return
            time.sleep(_TICK)
    finally:
        view.flow_ended(flow.status)


def _look(
    flow: AttachedFlow,
    store: RunStore,
    view: View,
    following: dict[str, _Following],
    first: bool,
) -> None:
    for row in store.select(flow=flow.id):
        one = following.get(row["id"])
        if one is None:
            if row["status"] == "queued":
                continue
            one = following[row["id"]] = _Following(store, row, view)
            view.run_began(row)
            one.over = first and row["status"] in FINAL
            if one.over:
                view.run_ended(row, None)
        if not one.over:
            one.look()
            if row["status"] in FINAL:
                one.end(row)


class _Following:
    def __init__(self, store: RunStore, row: dict[str, Any], view: View) -> None:
        self._row = row
        self._view = view
        self._reader = OutputReader()
        paths = store.paths.run(row["id"])
        self._follower = OutputFollower(paths.attempt(max(1, row["attempts"] or 1)).output)
        self.over = False

    def look(self) -> None:
        while data := self._follower.read(CHUNK):
            lines = self._reader.feed(data)
            if lines:
                self._view.output(self._row, lines)
        self._view.live(self._row, self._reader.live)

    def end(self, row: dict[str, Any]) -> None:
        self.look()
        lines = self._reader.close()
        if lines:
            self._view.output(self._row, lines)
        self.over = True
        self._view.run_ended(row, None)
