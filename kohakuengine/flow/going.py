"""An attempt that goes on, as the coordinator sees it."""

from __future__ import annotations

import time

from ..launch.survivors import IGNORED, INIT_KILLED, LIMITS
from ..runs.outcome import CANCELLED, INTERRUPTED, TIMED_OUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..launch.base import Job
    from ..runs.watch import Watch
    from .plan import Planned

_METRICS = 1.0  # how often the metrics of a run that goes on are put into the index, in seconds


class Going:
    """An attempt that goes on."""

    def __init__(self, planned: Planned, job: Job, row: dict[str, Any], watch: Watch) -> None:
        self.planned = planned
        self.job = job
        self.row = row
        self.watch = watch
        self.cancelled = False
        self.overdue = False  # whether its time was over before anybody cancelled it
        self.limit: float | None = None  # when it is ended by force, unless it has ended by then
        self.forced = False  # whether it has been
        self.refusal: str | None = None  # why the launcher couldn't start it
        self._metrics_due = time.monotonic() + _METRICS

    def is_told_to_end(self, how: str) -> None:
        """Take in that it is told to end, and how; the first limit counts."""
        limit = time.monotonic() + LIMITS[how]
        self.limit = limit if self.limit is None else min(self.limit, limit)

    def is_to_be_forced(self) -> bool:
        """Whether it must be ended by force now, as its init should have ended it; said once."""
        self._look_at_clock()
        if self.limit is None or time.monotonic() < self.limit or self.forced:
            return False
        self.forced = True
        return True

    def _look_at_clock(self) -> None:
        """See whether its time is over, which its init sees by itself."""
        began, timeout = self.job.begun, self.job.timeout
        if self.limit is None and began is not None and timeout is not None:
            if time.monotonic() >= began + timeout:
                self.overdue = True
                self.is_told_to_end("terminate")

    def verdict(self) -> tuple[str, str]:
        """How it ends, and why, where nobody has written that."""
        ignored = IGNORED if self.forced else ""
        if self.overdue and self.forced:
            return TIMED_OUT, f"it took longer than {self.job.timeout:g} s{ignored}"
        if self.cancelled:
            return CANCELLED, f"it was cancelled{ignored}"
        return INTERRUPTED, self.refusal or INIT_KILLED

    def new_metrics(self, now: float) -> dict[str, Any] | None:
        """Its metrics, where they have changed and it is time for the index to know them.

        Args:
            now: The time, of `time.monotonic()`.
        """
        if now < self._metrics_due:
            return None
        self._metrics_due = now + _METRICS
        metrics = self.watch.metrics()
        if metrics == self.row["metrics"]:
            return None
        self.row["metrics"] = metrics
        return metrics
