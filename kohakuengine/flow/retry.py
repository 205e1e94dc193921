"""Run again what didn't finish in a flow, from what its directories say."""

from __future__ import annotations

import os

from ..engine.script import Script
from ..errors import StoreError
from ..runs.outcome import FINISHED
from ..runs.spec import read_spec
from ..runs.store import RunStore
from ..runs.values import read_record
from .base import Workflow
from .options import Options
from .plan import Plan, Planned
from .recorder import begun_of
from .settle import settle_flow, settle_held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from typing import Any

    from .view import View


class Retry(Workflow):
    """The runs of a flow that didn't finish, with the configs that they had, in the same flow.

    The scripts are taken as they are now, so that what was mended in them counts.

    Args:
        flow: The beginning of the flow's id, or its name.
        runs: The ids of those that are meant; all if None.

    Raises:
        StoreError: There is no such flow, it is going on, or all of its runs have finished.
    """

    partly = True

    def __init__(self, flow: str, runs: Container[str] | None = None) -> None:
        store = RunStore(create=False)
        self._id: str = store.flow(flow)["id"]
        if not settle_flow(store, self._id, patient=True):
            raise StoreError(f"flow {self._id[:8]} is going on: wait for its end, or cancel it.")
        rows = [
            row
            for row in store.select(flow=self._id)
            if row["status"] != FINISHED and (runs is None or row["id"] in runs)
        ]
        record = read_record(store.paths.flow(self._id).record)
        if not rows:
            raise StoreError(
                _all_finished(self._id, (record["total"] or 0) - begun_of(store, self._id))
            )
        options = Options(**record["options"])
        if record.get("single") and options.launcher == "inline":
            # It was the command's only run, most often in a fork of it; here nothing of the script
            # is to reach the process that looks after it.
            options.launcher = "fresh"
        super().__init__([], options=options, plan=_StoredPlan(store, rows))

    def _flow(self, store: RunStore, resume: bool | str) -> str:
        return self._id

    def _earlier(self, store: RunStore, flow: str, resume: bool | str) -> _Known:
        assert isinstance(self.plan, _StoredPlan)
        settle_held(store, flow)
        now = {row["id"]: row for row in store.select(flow=flow)}
        return _Known(flow, [now.get(row["id"], row) for row in self.plan.rows])


def _all_finished(flow: str, left: int) -> str:
    if left > 0:
        return (
            f"all runs of flow {flow[:8]} that have begun have finished; {left} were never begun: "
            "--resume begins them."
        )
    return f"all runs of flow {flow[:8]} have finished."


class _StoredPlan(Plan):
    """A plan of runs that are in the store already."""

    def __init__(self, store: RunStore, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self._store = store
        self._scripts: dict[tuple[Any, ...], Script] = {}
        specs = [self._spec(row) for row in rows]
        super().__init__([(self._script(spec), None) for spec in specs])

    def _spec(self, row: dict[str, Any]) -> dict[str, Any]:
        paths = self._store.paths.run(row["id"])
        try:
            spec: dict[str, Any] = read_spec(paths)[0]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"run {row['id'][:8]} can't be tried again, since what it was to do can't be read "
                f"({paths.spec}: {error}): --resume makes it anew.",
                path=paths.spec,
            ) from error
        return spec

    def _script(self, spec: dict[str, Any]) -> Script:
        made_of = spec["script"]
        target = spec.get("path") or made_of["target"]
        is_module = not os.path.isabs(target)
        folder = made_of.get("folder") or (spec.get("cwd") if is_module else None)
        key = (target, made_of["entrypoint"], tuple(made_of["argv"]), folder)
        if key not in self._scripts:
            self._scripts[key] = Script(
                target, entrypoint=made_of["entrypoint"], argv=made_of["argv"], folder=folder
            )
        return self._scripts[key]

    @property
    def total(self) -> int:
        """How many runs there are."""
        return len(self.rows)

    def runs(self) -> Iterator[Planned]:
        """The runs, in the order of their submission."""
        for item, row in enumerate(self.rows):
            spec, config = read_spec(self._store.paths.run(row["id"]))
            config.metadata["options"] = spec.get("options") or {}  # checked, its paths whole
            planned = Planned(row["position"], self._script(spec), config, item=item)
            planned.name = row["name"]
            yield planned


class _Known:
    """Gives each run of a `_StoredPlan` its own row; as `Earlier` does for a resumed flow."""

    def __init__(self, flow: str, rows: list[dict[str, Any]]) -> None:
        self.flow = flow
        self._rows = rows

    def take(self, planned: Planned) -> dict[str, Any]:
        """The row of a run."""
        return self._rows[planned.item]

    def note_if_strange(self, plan: Plan, view: View, *, over: bool) -> None:
        """They are the flow's own."""

    def attempts_of(self, run: str) -> int:
        """How many attempts a run had before."""
        return next(row["attempts"] or 0 for row in self._rows if row["id"] == run)
