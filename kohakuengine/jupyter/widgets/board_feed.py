"""What a board shows, from the store: all of it, and then what has changed since the last look."""

from __future__ import annotations

import json
import os
import time

from ...config.varied import flattened
from ...errors import NotFoundError
from ...flow.attached import AttachedFlow
from ...runs.cells import one_line, shown
from ...runs.columns import decoded_value, encoded
from ...runs.fresh import LAG
from ...runs.outcome import FINAL, FINISHED
from .board_source import MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .board_source import Source

    Row = dict[str, Any]

_NEW = (
    "id flow position name script params created".split()
)  # what doesn't change, of a run that is met
_CHANGING = ("status", "started", "ended", "attempts", "slot", "error", "metrics")
_WIDTH = 1 + len(_CHANGING)  # of what is read of a run that is known
_SHORT = {  # as the page knows them
    "status": "st",
    "started": "b",
    "ended": "e",
    "attempts": "a",
    "slot": "s",
    "error": "err",
    "metrics": "m",
}
_SLOW = 1.0  # how often is looked at what seldom changes, in seconds
_MANY = 50  # runs that go on and are all looked at each time
_VALUE = 200  # characters of a parameter in a table
_METRICS = 30  # of a run


class Feed:
    """The rows of a board. Each has a number, in the order in which the feed met it.

    Args:
        source: What is shown.

    Attributes:
        rows: All of them, as the page is given them; changed in place.
        number: The number of each run, by its id.
        flows: By id, what the page is told of each flow that has runs here.
        seen: The numbers of the rows that views show; only these are told of at once where many go on.
        counts: How many rows have each status.
        live: Whether anything may still change by itself.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._store = source.store
        self.rows: list[Row] = []
        self.number: dict[str, int] = {}
        self.flows: dict[str, dict[str, Any]] = {}
        self.seen: set[int] = set()
        self.counts: dict[str, int] = {}
        self.live = True
        self._raw: list[tuple[Any, ...]] = []  # what changes of each row, as the index holds it
        self._open: dict[str, None] = {}  # runs that haven't ended
        self._attached: dict[str, Any] = {}
        self._going: set[str] = set()  # flows
        self._unknown: set[str] = set()  # likewise, of which the page hasn't been told
        self._created = 0.0
        self._slow_due = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether so many go on that what nobody sees of them is looked at once a second only.

        To read the metrics of hundreds of rows, and to tell a page of them, is what costs most.
        """
        return len(self._open) > _MANY

    def look(self) -> tuple[list[Row], dict[str, dict[str, Any]]]:
        """What has changed: of each row its number and what is new of it, and of flows likewise."""
        changes: dict[int, Row] = {}
        now = time.monotonic()
        is_slow = now >= self._slow_due
        flows: dict[str, dict[str, Any]] = {}
        if is_slow:
            self._slow_due = now + _SLOW
            self._take(self._given(), changes)  # first: by them is known which flows may go on
            self._settle()
            self._take(self._going_again(), changes)
        for rows in (self._fresh(is_slow), self._those_open(is_slow)):
            self._take(rows, changes)
        if is_slow:
            flows = self._flows()
        return list(changes.values()), flows

    def look_closely(self) -> None:
        """Look at all of it the next time."""
        self._slow_due = 0.0

    def going(self) -> list[Row]:
        """Those that run now."""
        rows = (self.rows[self.number[id]] for id in self._open)
        return [row for row in rows if row["st"] == "running"]

    def reopen(self, ids: Iterable[str]) -> None:
        """Look once more at those of these runs that had ended and not finished.

        They may have gone on again, and ended, between two looks.
        """
        for id in ids:
            number = self.number[id]
            if self.rows[number]["st"] != FINISHED:
                self._open[id] = None
                self._raw[number] = (id, *[None] * len(_CHANGING))

    def watch(self, ids: Iterable[str]) -> None:
        """Look at these, which had ended, each time until their status or attempts have changed."""
        self._open.update(dict.fromkeys(ids))

    def attempts_of(self, ids: Iterable[str]) -> dict[str, int]:
        """How many attempts runs have had by now."""
        return {id: n or 0 for id, n in self._store.glance(["id", "attempts"], ids=ids)}

    # ---- from the index ----

    def _given(self) -> Iterator[tuple[Any, ...]]:
        """Runs that are given one by one, of which the index may not know the latest yet."""
        if self.rows or self._source.ids is None:
            return
        names = [*_NEW, *_CHANGING]
        found = {row[0]: row for row in self._store.glance(names, ids=self._source.ids)}
        for id in self._source.ids:
            if id in found:
                yield found[id]
            elif row := self._store.unindexed(id):  # else it has been removed
                held = encoded("runs", row)
                yield tuple(held[name] for name in names)

    def _fresh(self, is_slow: bool) -> Iterator[tuple[Any, ...]]:
        """Runs that weren't known."""
        if self._source.flow is not None:
            if not is_slow and self._has_all(self._source.flow):
                return
            which: dict[str, Any] = {"flow": self._source.flow}
        elif self._source.ids is not None or not is_slow:
            return
        else:
            which = {"limit": MOST}
        if self.rows:  # by when they were made: in a flow that was resumed, positions repeat
            ids = self._store.ids(since=self._created - LAG, **which)
            which = {"ids": [id for id in ids if id not in self.number]}
        found = self._store.glance([*_NEW, *_CHANGING], **which)
        yield from reversed(found) if self._source.is_store else found

    def _has_all(self, flow: str) -> bool:
        """Whether no other runs are to be expected of a flow."""
        total = self.flows.get(flow, {}).get("total")
        return total is not None and len(self.rows) >= total

    def _those_open(self, is_slow: bool) -> Iterable[tuple[Any, ...]]:
        """Runs that haven't ended; where many go on, only those that are seen, but now and then."""
        ids = list(self._open)
        if self.is_busy and not is_slow:
            ids = [id for id in ids if self.number[id] in self.seen]
        return self._store.glance(["id", *_CHANGING], ids=ids) if ids else ()

    def _going_again(self) -> Iterator[tuple[Any, ...]]:
        """Runs that had ended, and have begun another attempt."""
        which: dict[str, Any] = {"status": ["running", "queued"]}
        if self._source.flow is not None:
            which["flow"] = self._source.flow
        for row in self._store.glance(["id", *_CHANGING], **which):
            if row[0] in self.number and row[0] not in self._open:
                yield row

    def _take(self, found: Iterable[tuple[Any, ...]], changes: dict[int, Row]) -> None:
        for values in found:
            if len(values) > _WIDTH:
                values = self._meet(values, changes)
            number = self.number[values[0]]
            before = self._raw[number]
            if values == before:
                continue
            change = _changed(before, values)
            self._raw[number] = values
            row = self.rows[number]
            if (values[1], values[4]) != (before[1], before[4]):  # the status, the attempts
                self._note_status(values[0], row.get("st"), values[1])
            row.update(change)
            known = changes.get(number)
            if known is None:
                changes[number] = {"n": number, **change}
            elif known is not row:
                known.update(change)

    def _note_status(self, id: str, before: str | None, now: str) -> None:
        if before != now:
            self.counts[now] = self.counts.get(now, 0) + 1
            if before is not None:
                self.counts[before] -= 1
        if now in FINAL:
            self._open.pop(id, None)
        else:
            self._open[id] = None

    def _meet(self, values: tuple[Any, ...], changes: dict[int, Row]) -> tuple[Any, ...]:
        """Take in a run, if it isn't known, and give what changes of it."""
        raw = (values[0], *values[-len(_CHANGING) :])
        if values[0] in self.number:
            return raw
        number = len(self.rows)
        facts = dict(zip(_NEW, values))
        params = flattened(decoded_value("params", facts["params"]))
        row = {
            "n": number,
            "id": facts["id"],
            "flow": facts["flow"],
            "pos": facts["position"],
            "name": one_line(facts["name"] or "", _VALUE),
            "script": one_line(os.path.basename(facts["script"] or ""), _VALUE),
            "p": {one_line(name, _VALUE): for_page(value) for name, value in params.items()},
            "c": facts["created"],
        }
        self.rows.append(row)
        changes[number] = row
        self._raw.append((values[0], *[None] * len(_CHANGING)))
        self.number[facts["id"]] = number
        if facts["flow"] and facts["flow"] not in self.flows:
            self._unknown.add(facts["flow"])
        self._created = max(self._created, facts["created"] or 0.0)
        return raw

    # ---- flows ----

    def flow_of(self, id: str) -> Any:
        """The handle by which a flow is asked to do something."""
        given = self._source.handle
        if given is not None and given.id == id:
            # One that has ended may be going on again, as another process or `Retry` has it.
            if given.live or isinstance(given, AttachedFlow):
                return given
        if id not in self._attached:
            self._attached[id] = AttachedFlow(self._store, id)
        return self._attached[id]

    def _settle(self) -> None:
        """See which flows go on. What became of those that don't is then in the index."""
        ids = {self.rows[self.number[id]]["flow"] for id in self._open}
        if self._source.flow is not None:
            ids.add(self._source.flow)
        ids.update(id for id, flow in self.flows.items() if flow["live"])
        self._going = {id for id in ids if id and self._goes_on(id)}

    def _goes_on(self, id: str) -> bool:
        try:
            return bool(self.flow_of(id).live)
        except NotFoundError:
            return False

    def _flows(self) -> dict[str, dict[str, Any]]:
        """What has changed of flows; and whether anything goes on at all."""
        wanted = self._unknown | self._going
        wanted |= {id for id, flow in self.flows.items() if flow["live"]}
        if self._source.flow is not None:
            wanted.add(self._source.flow)
        self._unknown.clear()
        changed = {}
        for id in wanted:
            told = self._flow(id)
            if told != self.flows.get(id):
                self.flows[id] = changed[id] = told
                self.reopen(row["id"] for row in self.rows if row["flow"] == id)
        self.live = bool(self._going) or self._source.is_store
        return changed

    def _flow(self, id: str) -> dict[str, Any]:
        try:
            row = self._store.flow(id)
        except NotFoundError:
            return {"name": id[:8], "status": "", "total": None, "live": False}
        return {
            "name": one_line(row["name"] or id[:8], _VALUE),
            "status": row["status"],
            "total": row["total"],
            "live": id in self._going,
            "ended": row["ended"],
        }


def _changed(before: tuple[Any, ...], now: tuple[Any, ...]) -> Row:
    """What has changed of a row, as the page is told."""
    if before[:-1] == now[:-1]:  # of one that goes on, most often
        return {"m": _metrics(now[-1])}
    before, now = before[1:], now[1:]
    return {
        _SHORT[name]: _for_page(name, value)
        for name, old, value in zip(_CHANGING, before, now)
        if old != value
    }


def _for_page(name: str, value: Any) -> Any:
    if name == "metrics":
        return _metrics(value)
    return one_line(value) if name == "error" and value else value


def _metrics(text: str | None) -> dict[str, Any]:
    """The metrics of a row; most often they are fit for the page as they are."""
    numbers: dict[str, Any] = _scan(text, 0)[0] if text else {}
    if len(numbers) <= _METRICS and all(name in _plain_names for name in numbers):
        for name, number in numbers.items():
            if number is None:  # how the index holds nan
                numbers[name] = "nan"
            elif not abs(number) < _LARGEST:
                numbers[name] = for_page(number)
        return numbers
    for name in numbers:
        if len(_plain_names) < 10_000 and one_line(name, _VALUE) == name:
            _plain_names.add(name)
    pairs = list(numbers.items())[:_METRICS]
    return {
        one_line(name, _VALUE): "nan" if number is None else for_page(number)
        for name, number in pairs
    }


# Names of metrics that are shown as they are: the same few come all the time.
_plain_names: set[str] = set()
_scan: Any = getattr(
    json.JSONDecoder(), "scan_once"
)  # half the time of json.loads, for many short texts of ours
_LARGEST = float(2**53)


def for_page(value: Any) -> Any:
    """A value as JSON that every browser reads: numbers and texts; all else as its short text."""
    if isinstance(value, (bool, type(None))):
        return str(value)
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    return shown(value, _VALUE)
