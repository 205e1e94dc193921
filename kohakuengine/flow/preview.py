"""What a flow would run, found out without running or recording anything."""

from __future__ import annotations

import os
from itertools import islice

from ..errors import ConfigTypeError, KogineError
from ..runs.columns import plain
from ..runs.outcome import FINISHED
from ..runs.record import Run
from ..runs.store import RunStore
from .checks import Examiners
from .view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .base import Workflow
    from .plan import Planned
    from .resume import Earlier


# How many runs are made, at most, to see which of them have finished in an earlier flow; of that
# flow as many are looked at as are read in a moment.
_LOOKED_AT = 1_000
_READ = 100_000


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
        finished: How many of them have finished already. Without `resume` these are those of the
            flow that a resume would go on with, among the first runs alone.
        flow: Where these have finished, without `resume`; None where none has.
        looked_at: How many of the runs have been looked for there; None for all.
        known: The positions of the runs that are shown and have finished there.
        fault: What a generator raised in place of giving more, or None.
        warnings: What the configs that are shown do that their user may not expect, sentences.

    Raises:
        KogineError: The flow would be refused, or can't be resumed.
        Exception: What a generator raised before it gave anything.
    """

    def __init__(self, workflow: Workflow, resume: bool | str, shown: int) -> None:
        workflow.check()
        self._plan = workflow.plan
        self._examiners = Examiners(workflow.options)
        self._shown = shown
        self._store = RunStore(create=False)
        self._earlier = self._look_for_earlier(workflow, resume)
        self.first: list[Planned] = []
        self.finished = 0
        self.made = 0
        self.fault: Exception | None = None
        self.flow: str | None = None
        self.known: set[int] = set()
        self.looked_at: int | None = None
        self.warnings: list[str] = []
        whole = self._make()
        self.count = self.made if whole else self._plan.total
        if self._earlier and whole:
            self._earlier.note_if_strange(self._plan, View(), over=True)
        if not resume:
            self._look_for_finished(workflow)
        alike = {(one.script, tuple(one.config.globals_dict)): one.config for one in self.first}
        for (script, _), config in alike.items():
            self.warnings += self._examiners.of(script).warnings(config)

    def _look_for_earlier(self, workflow: Workflow, resume: bool | str) -> Earlier | None:
        if not resume:
            return None
        from .resume import find_flow, look_at_earlier

        flow = find_flow(self._store, self._plan, workflow.options, resume)
        return look_at_earlier(self._store, flow, self._plan, resume)

    def _look_for_finished(self, workflow: Workflow) -> None:
        """See which of the first runs have finished in the flow that a resume would go on with."""
        from .resume import find_flow

        try:
            flow = find_flow(self._store, self._plan, workflow.options, True)
            rows = self._store.keys(flow=flow, status=FINISHED, limit=_READ)
        except KogineError:  # nothing has been recorded here, or it can't be read
            return
        ids: dict[tuple[str, str | None], list[str]] = {}
        for id, script, key in reversed(rows):
            ids.setdefault((script, key), []).append(id)
        runs = self.first
        total = self._plan.total
        if total is not None and total > len(runs):  # they can be made again
            runs = list(islice(self._plan.runs(), _LOOKED_AT))
            self.looked_at = _LOOKED_AT if total > _LOOKED_AT else None
        for planned in runs:
            known = (ids.get((plain(planned.script.place), key)) for key in planned.keys())
            same = next(filter(None, known), None)
            if same and os.path.isdir(self._store.paths.run(same.pop()).folder):
                self.known.add(planned.position)
        self.finished = len(self.known)
        self.flow = flow if self.known else None

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
                self._examiners.check(planned)
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
