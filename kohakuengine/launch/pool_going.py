"""What the init of a pool's worker knows of the run that goes on."""

from __future__ import annotations

import os
import time

from ..runs.outcome import FAILED, FINISHED, write_outcome
from ..runs.paths import RunPaths
from .tree import MemoryWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Going:
    """A run that goes on.

    Args:
        message: How the coordinator hands it over.
    """

    def __init__(self, message: dict[str, Any]) -> None:
        self.id: str = message["run"]
        self.attempt = RunPaths(message["folder"]).attempt(message["attempt"])
        self.slot: int = message["slot"]
        self.timeout: float | None = message["timeout"]
        self.started = time.time()
        now = time.monotonic()
        self.deadline = now + self.timeout if self.timeout else None
        self.harsher: tuple[float, int] | None = None  # when the worker is sent which signal next
        self.memory = MemoryWatch()
        self.begun = False  # whether the script has, so that a Ctrl-C reaches it
        self.held = False  # whether one waits for that
        self.done: dict[str, Any] | None = None  # what the worker says of its end
        self.cause: str | None = None  # the status that it gets, where that isn't its own
        self.reason: str | None = None
        self.hurry = False  # whether nothing of it is given any more time
        self.survivors = 0
        self.reaped = _reaped_time()  # the processor time of others before it, in seconds

    def write(self, code: int | None, worker_time: float, *, alive: bool) -> None:
        """Write its outcome.

        Args:
            code: The exit status of the script.
            worker_time: The processor time that the worker had used before the run, in seconds.
            alive: Whether the worker is there for the next one.

        Raises:
            OSError: It can't be written.
        """
        done = self.done or {}
        status = done.get("status") or (FINISHED if code == 0 else FAILED)
        reason = done.get("reason") or self.memory.reason(code)
        if self.cause is not None:
            status, reason = self.cause, self.reason
        self.memory.note(done.get("memory", 0))
        # A worker that has ended is among those that have been collected.
        used = _reaped_time() - self.reaped - worker_time + (done["time"] if alive else 0.0)
        write_outcome(
            self.attempt,
            status,
            code,
            started=self.started,
            ended=time.time(),
            reason=reason,
            slot=self.slot,
            peak_memory=self.memory.peak or None,
            cpu_seconds=round(max(used, 0.0), 3),
            survivors=self.survivors,
        )


def _reaped_time() -> float:
    """The processor time of the children that have been collected, and theirs, in seconds."""
    times = os.times()
    return times.children_user + times.children_system
