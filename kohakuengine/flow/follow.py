"""Show a flow that another process coordinates, from what it leaves in the store."""

from __future__ import annotations

import time

from ..runs.outcome import FINAL, FINISHED
from ..runs.output import OutputFollower, OutputReader
from ..runs.watch import CHUNK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..runs.store import RunStore
    from .attached import AttachedFlow
    from .view import View

_TICK = 0.1  # how often the store is looked at, in seconds


def follow_flow(
    flow: AttachedFlow, store: RunStore, view: View, since: float | None = None
) -> None:
    """Tell a view what happens in a flow, until it has ended.

    Args:
        flow: The flow.
        store: Where it is kept.
        view: Is told.
        since: When the flow was begun or gone on with, in seconds since the epoch: what has
            happened since is told, too. None for what happens from now on: of runs that have ended
            by then, what they printed isn't shown.
    """
    follower = _Follower(flow.id, store, view, since)
    view.flow_began(flow.id, store.flow(flow.id)["total"])
    try:
        follower.begin()
        while flow.live:
            follower.look()
            time.sleep(_TICK)
        follower.look()  # at what happened since
    finally:
        view.flow_ended(flow.status)


class _Follower:
    """Asks the index for what is new alone: a flow may have a hundred thousand runs."""

    def __init__(self, flow: str, store: RunStore, view: View, since: float | None) -> None:
        self._flow = flow
        self._since = since
        self._store = store
        self._view = view
        self._going: dict[tuple[str, int], _Attempt] = {}
        self._waiting: set[str] = set()  # runs that have begun no attempt
        self._before: dict[str, int] = {}  # attempts of runs that may be run again
        self._seen = 0  # how many runs of the flow have been met

    def begin(self) -> None:
        """Count what has ended before."""
        for row in self._store.iterate(flow=self._flow):
            self._seen += 1
            if row["status"] not in FINAL or self._is_news(row):
                self._meet(row)
            elif self._since is None:
                self._view.run_began(row)
                self._view.run_ended(row, None)
            elif row["status"] == FINISHED:
                self._view.run_kept(row)
            else:  # it is run again, if it is still one of the flow's
                self._before[row["id"]] = row["attempts"] or 0

    def _is_news(self, row: dict[str, Any]) -> bool:
        return self._since is not None and (row["ended"] or 0) >= self._since

    def look(self) -> None:
        """Follow what goes on, and tell what has ended."""
        fresh = self._store.select(flow=self._flow, where=f"position >= {self._seen}")
        running = self._store.select(flow=self._flow, status="running")
        waiting = self._store.select(ids=list(self._waiting)) if self._waiting else []
        again = [*self._run_again()]
        for row in {row["id"]: row for row in [*waiting, *running, *fresh, *again]}.values():
            self._meet(row)
        self._seen += len(fresh)
        self._look_at_those_going()

    def _run_again(self) -> Iterator[dict[str, Any]]:
        """Those of the runs that hadn't finished before which have begun another attempt."""
        for row in self._store.select(ids=list(self._before)) if self._before else ():
            if (row["attempts"] or 0) > self._before[row["id"]]:
                del self._before[row["id"]]
                yield row

    def _meet(self, row: dict[str, Any]) -> None:
        """Follow an attempt from now on, or keep an eye on a run that has begun none."""
        key = (row["id"], row["attempts"] or 0)
        if row["status"] == "queued":
            self._waiting.add(row["id"])
        elif key not in self._going:
            self._waiting.discard(row["id"])
            self._going[key] = _Attempt(self._store, row, self._view)

    def _look_at_those_going(self) -> None:
        if not self._going:
            return
        ids = list({id for id, _ in self._going})
        rows = {row["id"]: row for row in self._store.select(ids=ids)}
        for (id, number), attempt in list(self._going.items()):
            row = rows.get(id)
            attempt.look()
            if row is not None:
                attempt.take_metrics(row)
            if row is None or row["status"] in FINAL or (row["attempts"] or 0) > number:
                attempt.end(row)
                del self._going[id, number]


class _Attempt:
    def __init__(self, store: RunStore, row: dict[str, Any], view: View) -> None:
        self._row = row
        self._view = view
        self._reader = OutputReader()
        paths = store.paths.run(row["id"])
        self._log = paths.attempt(max(1, row["attempts"] or 1)).output
        self._follower = OutputFollower(self._log)
        view.run_began(row)

    def look(self) -> None:
        """Tell what has been printed since."""
        while data := self._follower.read(CHUNK):
            if lines := self._reader.feed(data):
                self._view.output(self._row, lines)
        self._view.live(self._row, self._reader.live)

    def take_metrics(self, row: dict[str, Any]) -> None:
        """Take in what its metrics are now: a view has been given this row."""
        self._row["metrics"] = row["metrics"]

    def end(self, row: dict[str, Any] | None) -> None:
        """Tell the rest, and how it ended, where that is known."""
        self.look()
        if lines := self._reader.close():
            self._view.output(self._row, lines)
        if row is not None and row["status"] in FINAL:
            self._view.run_ended({**row, "log": self._log}, None)
