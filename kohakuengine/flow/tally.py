"""How far a flow is: what has ended and how, what goes on, and how long it may still take."""

from __future__ import annotations

import time
from collections import Counter, deque

from ..runs.cells import duration_text
from ..runs.listing import unfinished
from ..runs.outcome import FINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LAST = 20  # runs whose time says how long the next ones may take


class Tally:
    """Counts what a view is told. Whoever uses it from several threads holds a lock.

    Attributes:
        total: How many runs there are, or None where that isn't known.
        ends: How many have ended in each way.
        going: Those that go on, by id: each run's `row`, and `since` when, of `time.monotonic()`.
    """

    def __init__(self) -> None:
        self.total: int | None = None
        self.ends: Counter[str] = Counter()
        self.going: dict[str, dict[str, Any]] = {}
        self._began = time.monotonic()
        self._over: float | None = None
        self._spent: deque[float] = deque(maxlen=_LAST)

    def begin(self, total: int | None) -> None:
        """A flow begins."""
        self.total = total

    def kept(self) -> None:
        """A run had finished before."""
        self.ends[FINISHED] += 1

    def began(self, row: dict[str, Any]) -> None:
        """An attempt begins."""
        self.going[row["id"]] = {"row": row, "since": time.monotonic()}

    def ended(self, row: dict[str, Any], *, again: bool = False) -> None:
        """An attempt has ended, and whether it is tried again."""
        going = self.going.pop(row["id"], None)
        if going is not None:
            self._spent.append(time.monotonic() - going["since"])
        if not again:
            self.ends[row["status"]] += 1

    def over(self) -> None:
        """The flow has ended: its time stands still."""
        self._over = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return (self._over or time.monotonic()) - self._began

    @property
    def done(self) -> int:
        """How many runs have ended."""
        return self.ends.total()

    def counts(self) -> str:
        """`3 of 8 finished, 1 failed in 12.0s`."""
        total = "" if self.total is None else f" of {self.total}"
        parts = [f"{self.ends[FINISHED]}{total} finished", *unfinished(self.ends)]
        return f"{', '.join(parts)} in {duration_text(self.seconds)}"

    def time_left(self) -> float | None:
        """From how long the last runs took, and how many go on at once; in seconds."""
        if self.total is None or not self._spent or not self.going:
            return None
        each = sum(self._spent) / len(self._spent)
        return max(0.0, each * (self.total - self.done) / len(self.going))
