"""What a flow would run, found out without running or recording anything."""

from __future__ import annotations

from ..errors import ConfigTypeError
from ..runs.outcome import FINISHED
from ..runs.record import Run
from ..runs.store import RunStore
from .view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .base import Workflow
    from .plan import Planned
    from .resume import Earlier


class Preview:
    """What a flow would run.

    A generator of configs is told how runs ended that finished before, and nothing of others: what
    depends on those can't be known.

    Args:
        workflow: The flow.
        resume: As for `Workflow.run`.
        shown: How many runs are shown. Of a plan that doesn't tell its length, which may have no
            end, only one more is made.

    Attributes:
        first: The first runs that would be run, so many at most.
        count: How many runs there are, finished ones included; None where that isn't known.
        finished: How many of them have finished already.
        fault: What a generator raised in place of giving more, or None.

    Raises:
        KogineError: The flow would be refused, or can't be resumed.
        Exception: What a generator raised before it gave anything.
    """

    def __init__(self, workflow: Workflow, resume: bool | str, shown: int) -> None:
        workflow.check()
        self._plan = workflow.plan
        self._shown = shown
        self._store = RunStore(create=False)
        self._earlier = self._look_for_earlier(workflow, resume)
        self.first: list[Planned] = []
        self.finished = 0
        self.made = 0
        self.fault: Exception | None = None
        whole = self._make()
        self.count = self.made if whole else self._plan.total
        if self._earlier and whole:
            self._earlier.note_if_strange(self._plan, View(), over=True)

    def _look_for_earlier(self, workflow: Workflow, resume: bool | str) -> Earlier | None:
        if not resume:
            return None
        from .resume import find_flow, look_at_earlier

        flow = find_flow(self._store, self._plan, workflow.options, resume)
        return look_at_earlier(self._store, flow, self._plan, resume)

    def _make(self) -> bool:
        """Make runs, and tell whether these are all there are."""
        runs = self._plan.runs()
        # Of a plan with a length, all are made only to see which of them have finished.
        some = self._plan.total is None or self._earlier is None
        new = 0
        while not some or new <= self._shown:
            planned = self._next(runs)
            if planned is None:
                return self.fault is None
            if self._has_finished(planned):
                continue
            new += 1
            if new <= self._shown:
                self.first.append(planned)
        return False

    def _next(self, runs: Iterator[Planned]) -> Planned | None:
        try:
            planned = next(runs, None)
        except ConfigTypeError:
            raise
        except Exception as error:  # of the user's generator, which may have asked for an outcome
            if not self.made:
                raise
            self.fault = error
            return None
        self.made += planned is not None
        return planned

    def _has_finished(self, planned: Planned) -> bool:
        row = self._earlier.take(planned) if self._earlier else None
        if row is None or row["status"] != FINISHED:
            return False
        self.finished += 1
        self._plan.tell(planned, Run(self._store, row["id"], row))
        return True
