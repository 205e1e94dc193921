"""What a board's views look at more closely: progress bars, logs, curves of metrics, one run's facts."""

from __future__ import annotations

from collections import OrderedDict

from ...runs.cells import one_line, shown, time_text
from ...runs.journal import JournalFollower, history
from ...runs.logs import RunLog
from ...runs.outcome import FINAL, readable_outcome
from .board_feed import for_page
from .progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .board_feed import Feed, Row
    from .board_source import Source

LINES = 2_000  # of a log that are given at first
_MOST_LINES = 100_000  # that can be asked for
_TICK_LINES = 1_000  # that are given at once, while it grows
_LINE = 20_000  # characters of a line
_VIEWS = 8  # views that are remembered: those of a page that was reloaded never say good-bye
_LOGS = 4  # logs that a view looks at
_CURVES = 24  # runs whose curves a view looks at
_POINTS = 600  # of a curve, at first
_SPARK = 24  # points of a sparkline
_SPARKS = 60  # runs whose sparklines are given at once
_FILES = 256  # logs that are kept open, at most, beside those that are seen; to open one costs most
_OTHERS = 3  # progress bars of unseen runs that are looked at in a tick
_TRACEBACK = 50_000  # characters
_LONG = 5_000  # characters of a value


class Watch:
    """What views look at, and what is new of that.

    Args:
        source: The runs.
        feed: Their rows.
    """

    def __init__(self, source: Source, feed: Feed) -> None:
        self._store = source.store
        self._feed = feed
        self._seen: OrderedDict[str, list[int]] = OrderedDict()
        self._logs_of: OrderedDict[str, list[str]] = OrderedDict()
        self._curves_of: OrderedDict[str, list[str]] = OrderedDict()
        self._logs: dict[str, Log] = {}
        self._curves: dict[str, JournalFollower | None] = {}
        self._attempts: dict[str, int] = {}
        self._progress: dict[tuple[str, int], Progress] = {}
        self._turn = 0
        self._opened: dict[str, tuple[Any, ...]] = {}
        self._files = _files()

    # ---- what a view says ----

    def see(self, view: str, numbers: list[int]) -> None:
        """A view shows these rows."""
        _remember(self._seen, view, [n for n in numbers[:200] if 0 <= n < len(self._feed.rows)])
        self._note_seen()

    def watch_logs(self, view: str, ids: list[str], lines: int = LINES) -> None:
        """A view shows the logs of these runs, each from its last lines on."""
        ids = self._known(ids)[:_LOGS]
        _remember(self._logs_of, view, ids)
        for id in ids:  # anew, also for other views that have it: they all start from the same line
            self._logs[id] = Log(self._store.paths.run(id), id, max(1, min(lines, _MOST_LINES)))
        self._forget(self._logs, self._logs_of)

    def watch_curves(self, view: str, ids: list[str]) -> None:
        """A view shows the curves of these runs' metrics."""
        ids = self._known(ids)[:_CURVES]
        _remember(self._curves_of, view, ids)
        for id in ids:
            self._curves[id] = None
        self._forget(self._curves, self._curves_of)

    def open(self, id: str) -> list[dict[str, Any]]:
        """All that is known of a run, which is told again when its status changes."""
        if not self._known([id]):
            return []
        self._opened = {id: self._state_of(id), **self._opened}
        while len(self._opened) > _VIEWS:
            self._opened.popitem()
        return [self._detail(id)]

    def leave(self, view: str) -> None:
        """A view is gone."""
        for kept in (self._seen, self._logs_of, self._curves_of):
            kept.pop(view, None)
        self._note_seen()
        self._forget(self._logs, self._logs_of)
        self._forget(self._curves, self._curves_of)

    def _note_seen(self) -> None:
        self._feed.seen = {number for numbers in self._seen.values() for number in numbers}

    def sparks(self, ids: list[str]) -> list[dict[str, Any]]:
        """The course of the metrics of runs, a few points each."""
        found = []
        for id in self._known(ids)[:_SPARKS]:
            values: dict[str, list[float]] = {}
            for point in history(self._store.paths.run(id).attempt(self._attempt(id)).journal):
                values.setdefault(point.name, []).append(point.value)
            thin = {
                one_line(name, 200): [for_page(value) for value in thinned(held, _SPARK)]
                for name, held in values.items()
            }
            found.append({"id": id, "m": thin})
        return found

    # ---- what is new ----

    def look(self, changes: dict[int, Row]) -> dict[str, list[Any]]:
        """Look at all of it, note progress among the rows' changes, and give the rest by its kind."""
        self._look_at_progress(changes)
        told: dict[str, list[Any]] = {
            "logs": [part for log in list(self._logs.values()) for part in log.look()],
            "curves": [part for id in list(self._curves) for part in self._curve(id)],
            "details": [],
        }
        for id, state in list(self._opened.items()):
            if (now := self._state_of(id)) != state:
                self._opened[id] = now
                told["details"].append(self._detail(id))
        return {kind: parts for kind, parts in told.items() if parts}

    def _look_at_progress(self, changes: dict[int, Row]) -> None:
        rows = self._feed.rows
        running = {row["n"] for row in self._feed.going()}
        seen = self._feed.seen & running
        others = sorted(running - seen)
        turn = self._turn % (len(others) or 1)
        self._turn = turn + _OTHERS
        for number in seen:
            self._look_at_bar(rows[number], changes, keep=True)
        for number in (others + others)[turn : turn + min(_OTHERS, len(others))]:
            self._look_at_bar(rows[number], changes, keep=len(self._progress) < self._files)
        for key in [key for key in self._progress if self._feed.number[key[0]] not in running]:
            self._progress.pop(key).close()

    def close(self) -> None:
        """Let go of all files."""
        for progress in self._progress.values():
            progress.close()
        self._progress.clear()

    def _look_at_bar(self, row: Row, changes: dict[int, Row], *, keep: bool = False) -> None:
        key = (row["id"], row["a"] or 1)
        if key not in self._progress:
            paths = self._store.paths.run(row["id"]).attempt(key[1])
            self._progress[key] = Progress(paths.output)
        told = self._progress[key].look(keep=keep)
        if told is not None:
            change = {"pr": told[0] and round(told[0], 4), "live": told[1]}
            row.update(change)
            known = changes.setdefault(row["n"], {"n": row["n"]})
            if known is not row:
                known.update(change)

    def _curve(self, id: str) -> list[dict[str, Any]]:
        follower, attempt = self._curves[id], self._attempt(id)
        is_new = follower is None or self._attempts.get(id) != attempt
        if follower is None or is_new:
            follower = JournalFollower(self._store.paths.run(id).attempt(attempt).journal)
            self._curves[id] = follower
            self._attempts[id] = attempt
        points: dict[str, list[Any]] = {}
        for point in follower.look():
            pair = [for_page(point.step), for_page(point.value)]
            points.setdefault(one_line(point.name, 200), []).append(
                [None if point.step is None else pair[0], pair[1]]
            )
        if not points and not is_new:
            return []
        if is_new:
            points = {name: thinned(held, _POINTS) for name, held in points.items()}
        return [{"id": id, "reset": is_new, "points": points}]

    # ---- one run ----

    def _state_of(self, id: str) -> tuple[Any, ...]:
        row = self._feed.rows[self._feed.number[id]]
        return row.get("st"), row.get("a")

    def _detail(self, id: str) -> dict[str, Any]:
        row = self._store.run(id)
        paths = self._store.paths.run(id)
        attempt = paths.attempt(max(1, row["attempts"] or 1))
        outcome = readable_outcome(attempt) if row["status"] in FINAL else None
        traceback = (outcome.traceback if outcome else None) or ""
        facts = {
            "status": row["status"].replace("_", " "),
            "reason": (outcome.reason if outcome else None) or row["error"],
            "result": None if row["result"] is None else shown(row["result"], _LONG),
            "started": time_text(row["started"]),
            "ended": time_text(row["ended"]),
            "exit code": row["exit_code"],
            "launcher": row["launcher"],
            "attempts": row["attempts"],
            "tags": ", ".join(row["tags"]),
            "script": row["script"],
            "flow": row["flow"],
            "folder": paths.folder,
        }
        return {
            "id": id,
            "params": {name: shown(value, _LONG) for name, value in row["params"].items()},
            "metrics": {name: for_page(value) for name, value in row["metrics"].items()},
            "facts": {name: str(fact) for name, fact in facts.items() if fact not in (None, "")},
            "traceback": traceback[-_TRACEBACK:],
        }

    def _attempt(self, id: str) -> int:
        return max(1, self._feed.rows[self._feed.number[id]].get("a") or 1)

    def _known(self, ids: Iterable[str]) -> list[str]:
        return [id for id in dict.fromkeys(ids) if id in self._feed.number]

    def _forget(self, kept: dict[str, Any], wanted: OrderedDict[str, list[str]]) -> None:
        """Let go of what no view looks at any more."""
        for id in [id for id in kept if not any(id in ids for ids in wanted.values())]:
            del kept[id]


class Log:
    """The last lines of a run's log, and what comes after them."""

    def __init__(self, paths: Any, id: str, lines: int) -> None:
        self._id = id
        self._log = RunLog(paths, tail=lines)
        self._most = lines
        self._reset = True
        self._live = ""

    def look(self) -> list[dict[str, Any]]:
        """What is new, as the page is told; nothing where nothing is."""
        lines: list[str] = []
        dropped = 0
        limit = self._most if self._reset else _TICK_LINES
        while (more := self._log.look()) is not None:
            lines += more
            if len(lines) > limit:
                dropped += len(lines) - limit
                lines = lines[-limit:]
        attempt = self._log.number
        live = "" if self._log.over else self._log.live
        begins_anew = self._log.over and self._log.next_attempt()
        if not (lines or self._reset or live != self._live):
            return []
        told = {
            "id": self._id,
            "attempt": attempt,
            "reset": self._reset,
            "lines": [cut(line) for line in lines],
            "live": cut(live),
            "dropped": dropped,
            "most": self._most,
        }
        self._live = live
        self._reset = begins_anew
        return [told]


def _files() -> int:
    """How many logs are kept open: a part of what a process may have open at all."""
    try:
        from resource import RLIMIT_NOFILE, getrlimit
    except ImportError:  # Windows
        return _FILES // 4
    limit = getrlimit(RLIMIT_NOFILE)[0]
    return min(_FILES, limit // 4) if limit > 0 else _FILES


def cut(line: str) -> str:
    """A line as long as anybody reads."""
    return line if len(line) <= _LINE else f"{line[:_LINE]}… ({len(line):,} characters)"


def thinned(values: list[Any], most: int) -> list[Any]:
    """Some of many values, at even distances, the last one included."""
    if len(values) <= most:
        return values
    step = (len(values) - 1) / (most - 1)
    return [values[round(place * step)] for place in range(most)]


def _remember(kept: OrderedDict[str, Any], view: str, what: Any) -> None:
    kept[view] = what
    kept.move_to_end(view)
    while len(kept) > _VIEWS:
        kept.popitem(last=False)
