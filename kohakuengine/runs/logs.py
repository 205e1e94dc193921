"""Read what runs printed, and go on reading while they print."""

from __future__ import annotations

import os

from .fresh import NewRuns
from .outcome import is_tried_again
from .output import OutputFollower, OutputReader
from .watch import CHUNK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .paths import AttemptPaths, RunPaths
    from .store import RunStore

_BLOCK = 1 << 16  # bytes that are searched at once for the start of the last lines


class RunLog:
    """What one run prints, line by line, from attempt to attempt.

    Args:
        paths: The run's files.
        attempt: The number of the attempt that is read; the last one if None.
        tail: How many of the last lines to begin with; all if None.

    Attributes:
        number: Of the attempt that is read; 0 where none has begun.
        over: Whether the attempt has ended, and all that it printed has been given.
    """

    def __init__(
        self, paths: RunPaths, *, attempt: int | None = None, tail: int | None = None
    ) -> None:
        self._paths = paths
        self._begin(paths.last_attempt() if attempt is None else attempt, tail)

    def _begin(self, number: int, tail: int | None = None) -> None:
        self.number = number
        self.over = False
        self._reader = OutputReader()
        self._follower = OutputFollower(self.attempt.output)
        if tail is not None:
            self._follower.offset = start_of_tail(self.attempt.output, tail)

    @property
    def attempt(self) -> AttemptPaths:
        """The files of the attempt that is read."""
        return self._paths.attempt(self.number)

    @property
    def live(self) -> str:
        """The line that has no end yet, as it shows now."""
        return self._reader.live

    def look(self) -> list[str] | None:
        """The lines that have come since the last look, or None where nothing has.

        It looks at a limited number of bytes at once: ask again until it is None.
        """
        ended = os.path.exists(self.attempt.outcome)  # before the look: nothing comes after it
        data = self._follower.read(CHUNK)
        if data:
            return self._reader.feed(data)
        if ended and not self.over:
            self.over = True
            return self._reader.close()
        return None

    def rest(self) -> Iterator[list[str]]:
        """All that is there now, the line that has no end yet included."""
        while (lines := self.look()) is not None:
            yield lines
        yield self._reader.close()

    def next_attempt(self) -> bool:
        """Go on with the run's next attempt, if there is one."""
        if self._paths.last_attempt() <= self.number:
            return False
        self._begin(self.number + 1)
        return True

    def may_go_on(self, options: Mapping[str, Any]) -> bool:
        """Whether the run is tried again by its flow, as long as that goes on.

        Args:
            options: Those of the flow, above which the run may have its own.
        """
        return is_tried_again(self._paths, self.number, options)


class FlowLogs:
    """What the runs of a flow print, of each run in order.

    Args:
        store: Where the flow is kept.
        flow: Its row of the index.
        tail: With how many of its last lines each run begins; all if None.
    """

    def __init__(self, store: RunStore, flow: Mapping[str, Any], tail: int | None = None) -> None:
        self._store = store
        self._flow = flow
        self._tail = tail
        self._new = NewRuns(store, flow["id"])
        self._open: dict[str, tuple[dict[str, Any], RunLog]] = {}
        self._closed: dict[str, int] = {}  # the last attempt that was read of those let go

    def look(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """The rows of runs with the lines that have come of each; those that are over are let go."""
        for row in self._new.look():
            self._open[row["id"]] = row, RunLog(self._store.paths.run(row["id"]), tail=self._tail)
            yield from self._look_at(row["id"])
        self._reopen()
        for id in list(self._open):
            yield from self._look_at(id)

    def rest(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """What is left, the lines that have no end yet included."""
        yield from self.look()
        for row, log in self._open.values():
            yield from ((row, lines) for lines in log.rest())
        self._open.clear()

    def _reopen(self) -> None:
        """Take up runs that were let go and are run again."""
        for row in self._store.select(flow=self._flow["id"], status="running"):
            number = self._closed.get(row["id"])
            if number is not None and row["attempts"] > number:
                del self._closed[row["id"]]
                log = RunLog(self._store.paths.run(row["id"]), attempt=number + 1)
                self._open[row["id"]] = row, log

    def _look_at(self, id: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
        row, log = self._open[id]
        if not log.number and not log.next_attempt():
            return
        while True:
            while (lines := log.look()) is not None:
                yield row, lines
            if not log.over or not log.next_attempt():
                break
        if log.over and not log.may_go_on(self._flow["options"]):
            del self._open[id]
            self._closed[id] = log.number


def start_of_tail(path: str, lines: int) -> int:
    """Where, in bytes, the last lines of a file begin; one without an end counts, too."""
    try:
        with open(path, "rb", buffering=0) as file:
            return _start_of_tail(file, lines)
    except FileNotFoundError:
        return 0


def _start_of_tail(file: Any, lines: int) -> int:
    place = size = file.seek(0, os.SEEK_END)
    if lines <= 0:
        return int(size)
    while place:
        begin = max(0, place - _BLOCK)
        file.seek(begin)
        block = file.read(place - begin)
        if place == size and block.endswith(b"\n"):
            lines += 1  # it ends the last line, and begins none
        there = block.count(b"\n")
        if there >= lines:
            return int(begin) + _nth_last(block, lines) + 1
        lines -= there
        place = begin
    return 0


def _nth_last(block: bytes, count: int) -> int:
    place = len(block)
    for _ in range(count):
        place = block.rfind(b"\n", 0, place)
    return place
