"""Show a flow that another process coordinates, from what it leaves in the store."""

from __future__ import annotations

import time

from ..runs.fresh import NewRuns
from ..runs.outcome import FINAL, FINISHED, readable_outcome
from ..runs.output import OutputFollower, OutputReader
from ..runs.rows import outcome_columns
from ..runs.watch import CHUNK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.store import RunStore
    from .attached import AttachedFlow
    from .view import View

_TICK = 0.1  # how often the store is looked at, in seconds
_SHARE = 20  # to look at many runs that failed may take a twentieth of the time


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
        follower.look(last=True)  # at what happened since
    finally:
        view.flow_ended(flow.status)


class _Follower:
    """Asks the index for what is new alone: a flow may have a hundred thousand runs."""

    def __init__(self, flow: str, store: RunStore, view: View, since: float | None) -> None:
        self._flow = flow
        self._since = since
        self._store = store
        self._view = view
        self._new = NewRuns(store, flow)
        self._going: dict[str, _Attempt] = {}
        self._waiting: set[str] = set()  # runs that have begun no attempt
        self._last: dict[str, int] = {}  # the attempt met last of each run that hasn't finished
        self._again_due = 0.0

    def begin(self) -> None:
        """Count what has ended before."""
        for row in self._new.look():
            if row["status"] not in FINAL or self._is_news(row["ended"]):
                if not self._is_news(row["created"]):
                    self._last[row["id"]] = _number(row) - 1
                self._meet(row)
                continue
            if self._since is None:
                self._view.run_began(row)
                self._view.run_ended(row, None)
            elif row["status"] == FINISHED:
                self._view.run_kept(row)
            if row["status"] != FINISHED:  # it may be run again
                self._last[row["id"]] = row["attempts"] or 0

    def _is_news(self, when: float | None) -> bool:
        return self._since is not None and (when or 0) >= self._since

    def look(self, last: bool = False) -> None:
        """Follow what goes on, and tell what has ended.

        Args:
            last: Whether nothing happens any more.
        """
        running = self._store.select(flow=self._flow, status="running")
        fresh = self._new.look()  # those that run among them: nothing is met twice
        waiting = self._store.select(ids=list(self._waiting)) if self._waiting else []
        again = self._run_again(last)
        for row in {row["id"]: row for row in [*waiting, *running, *fresh, *again]}.values():
            self._meet(row)
        self._look_at_those_going()

    def _run_again(self, last: bool) -> list[dict[str, Any]]:
        """Those that have begun another attempt, which may have ended, too."""
        began = time.monotonic()
        if began < self._again_due and not last:
            return []
        attempts = self._store.glance(["id", "attempts"], ids=list(self._last))
        grown = [id for id, number in attempts if (number or 0) > self._last[id]]
        found = self._store.select(ids=grown) if grown else []
        self._again_due = began + _SHARE * (time.monotonic() - began)
        return found

    def _meet(self, row: dict[str, Any]) -> None:
        """Follow each attempt that hasn't been met, or keep an eye on a run that has begun none."""
        id, now = row["id"], _number(row)
        if row["status"] == "queued":
            self._waiting.add(id)
            return
        self._waiting.discard(id)
        for number in range(self._last.get(id, 0) + 1, now + 1):
            self._end(id, row)
            self._going[id] = _Attempt(self._store, {**row, "attempts": number}, self._view)
        self._last[id] = now

    def _look_at_those_going(self) -> None:
        if not self._going:
            return
        rows = {row["id"]: row for row in self._store.select(ids=list(self._going))}
        for id, attempt in list(self._going.items()):
            row = rows.get(id)
            attempt.look()
            if row is None:
                self._end(id, None)
            elif _number(row) == attempt.number:  # else the next look meets the one after it
                attempt.take_metrics(row)
                if row["status"] in FINAL:
                    self._end(id, row)

    def _end(self, id: str, row: dict[str, Any] | None) -> None:
        """Tell the end of the attempt of a run that goes on, if one does."""
        if id in self._going:
            self._going.pop(id).end(row)
            if row is None or row["status"] == FINISHED:
                self._last.pop(id, None)


class _Attempt:
    def __init__(self, store: RunStore, row: dict[str, Any], view: View) -> None:
        self.number = _number(row)
        self._row = row
        self._view = view
        self._reader = OutputReader()
        self._paths = store.paths.run(row["id"]).attempt(self.number)
        self._log = self._paths.output
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
        """Tell the rest, and how it ended, where that is known; the row may be of a later attempt."""
        self.look()
        if lines := self._reader.close():
            self._view.output(self._row, lines)
        if row is not None and _number(row) > self.number:
            outcome = readable_outcome(self._paths)
            if outcome is not None:
                self._view.run_ended({**self._row, **outcome_columns(outcome, {})}, 0.0)
        elif row is not None and row["status"] in FINAL:
            self._view.run_ended({**row, "log": self._log}, None)


def _number(row: dict[str, Any]) -> int:
    """The number of a run's last attempt; 1 where none has begun."""
    return max(1, row["attempts"] or 0)
