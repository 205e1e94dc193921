"""Which runs of a flow are tried again, and when."""

from __future__ import annotations

import time

from ..runs.outcome import FINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..runs.outcome import Outcome
    from .going import Going
    from .options import Options
    from .plan import Planned

    Ended = tuple[Planned, dict[str, Any]]  # what was run, and its row of the index

_KEPT = 10_000  # runs that didn't finish which can be asked for before the flow's end


class Retries:
    """The runs that wait to be tried again, and those that somebody may ask for.

    Args:
        options: What was chosen for the flow.
        attempts_before: How many attempts a run had before the flow was resumed; None where the
            flow is a new one.
    """

    def __init__(self, options: Options, attempts_before: Callable[[str], int] | None) -> None:
        self._options = options
        self._attempts_before = attempts_before
        self._waiting: list[tuple[float, Planned, dict[str, Any]]] = []
        self._ended_badly: dict[str, Ended] = {}
        self._asked: set[str] = set()

    def __bool__(self) -> bool:
        """Whether any run waits."""
        return bool(self._waiting)

    def delay(self, going: Going, outcome: Outcome) -> float | None:
        """In how many seconds to try a run again; None where it isn't to be."""
        options = self._options.with_own(going.planned.own)
        before = self._attempts_before(going.job.id) if self._attempts_before else 0
        tried = going.job.number - before
        if tried > options.retries or not _counts(outcome, options.retry_on):
            return None
        return float(options.retry_delay * 2 ** (tried - 1))

    def add(self, delay: float, planned: Planned, row: dict[str, Any]) -> None:
        """Have a run tried again in so many seconds."""
        self._waiting.append((time.monotonic() + delay, planned, row))

    def take(self) -> Ended | None:
        """A run whose time has come; None where there is none."""
        now = time.monotonic()
        for place, (due, planned, row) in enumerate(self._waiting):
            if due <= now:
                del self._waiting[place]
                return planned, row
        return None

    def patience(self) -> float:
        """In how many seconds the next run's time comes, 0 at least; infinite where none waits."""
        soonest = min((due for due, *_ in self._waiting), default=float("inf"))
        return max(0.0, soonest - time.monotonic())

    def drop(self, run: str | None = None) -> list[Ended]:
        """Those that aren't tried again after all: one, or, without a name, all that wait."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if run not in (None, one[2]["id"]):
                self._waiting.append(one)
        return [one[1:] for one in waiting if run in (None, one[2]["id"])]

    # ---- those that somebody asks for ----

    def keep(self, planned: Planned, row: dict[str, Any]) -> None:
        """A run has ended for good, and hasn't finished."""
        if len(self._ended_badly) < _KEPT:
            self._ended_badly[row["id"]] = planned, row

    def ask(self, run: str) -> str | None:
        """Have a run tried again at once.

        Returns:
            How it had ended; None where it can't be tried again.
        """
        if run not in self._ended_badly:
            return None
        planned, row = self._ended_badly.pop(run)
        self._asked.add(run)
        self.add(0.0, planned, row)
        return str(row["status"])

    @property
    def can_ask(self) -> bool:
        """Whether there are any that somebody could ask for."""
        return bool(self._ended_badly)

    def was_asked(self, run: str) -> bool:
        """Whether somebody has asked for it."""
        return run in self._asked


def _counts(outcome: Outcome, retry_on: list[str | int]) -> bool:
    """Whether a run that ended so is one of those to be tried again."""
    if outcome.status == FINISHED:
        return False
    kind = outcome.error_type
    return any(wanted in (outcome.status, outcome.exit_code, kind) for wanted in retry_on)
