"""Go on with a flow: what finished isn't run again, the rest is."""

from __future__ import annotations

import os
from collections import deque
from itertools import islice

from ..config.near import did_you_mean
from ..errors import NotFoundError, StoreError
from ..runs.columns import plain
from ..runs.lock import goes_on
from ..runs.outcome import FINISHED
from ..runs.sources import code_digest
from ..runs.values import check_formats, read_record
from .options import ANY_CODE
from .recorder import is_going_on
from .settle import rows_as_settled, settle_flow, settle_held
from .sources import sources_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.store import RunStore
    from .options import Options
    from .plan import Plan, Planned
    from .view import View

# How many runs are made ahead, at most, to see whether any is known.
_LOOKED_AT = 10_000


class Earlier:
    """What became of a flow's runs before.

    The nth run of a script and config key takes the nth finished one of them, so that repeats
    count; then those that didn't finish, which are tried again in their own directories.

    Args:
        store: Where the flow is kept.
        flow: Its id.
        rows: The rows of its runs, by position.

    Raises:
        StoreError: What would be tried again is of a newer version.
    """

    def __init__(self, store: RunStore, flow: str, rows: list[dict[str, Any]]) -> None:
        self.flow = flow
        self._runs: dict[tuple[str, str], deque[dict[str, Any]]] = {}
        self._attempts: dict[str, int] = {}
        rows = [row for row in rows if row["key"] is not None]
        # One whose directory somebody removed is gone, whatever the index says of it.
        rows = [row for row in rows if os.path.isdir(store.paths.run(row["id"]).folder)]
        again = [row for row in rows if row["status"] != FINISHED]
        check_formats(*(store.paths.run(row["id"]).spec for row in again))
        # Nor can one be gone on with of which nobody knows any more what it was to do.
        lost = {row["id"] for row in again if not _is_readable(store.paths.run(row["id"]).spec)}
        rows = [row for row in rows if row["id"] not in lost]
        for row in sorted(rows, key=lambda row: row["status"] != FINISHED):  # a stable sort
            self._runs.setdefault((row["script"], row["key"]), deque()).append(row)
        self._strange = bool(rows)  # whether no planned run was one of these so far

    def _known(self, planned: Planned) -> deque[dict[str, Any]]:
        script = plain(planned.script.place)
        found = (self._runs.get((script, key)) for key in planned.keys())
        return next(filter(None, found), deque())

    def take(self, planned: Planned) -> dict[str, Any] | None:
        """The earlier run that a planned one is, each once; None where there is none."""
        rows = self._known(planned)
        if not rows:
            return None
        self._strange = False
        row = rows.popleft()
        self._attempts[row["id"]] = row["attempts"]
        return row

    def note_if_strange(self, plan: Plan, view: View, *, over: bool) -> None:
        """Say, once, that none of a plan's runs is one of these, where that is known.

        Args:
            plan: What is planned.
            view: Is told.
            over: Whether all of it has been made; else only what can be made again is looked at.
        """
        if self._strange and not over:
            some = plan.total is None or plan.total > _LOOKED_AT
            if some or any(map(self._known, islice(plan.runs(), _LOOKED_AT))):
                return
        if self._strange:
            self._strange = False
            view.note(
                f"none of these runs is one of those that flow {self.flow[:8]} has: their configs "
                "or arguments are others, and all are run as new ones."
            )

    def attempts_of(self, run: str) -> int:
        """How many attempts a run had before."""
        return self._attempts.get(run, 0)


def _is_readable(path: str) -> bool:
    try:
        return isinstance(read_record(path), dict)
    except (OSError, ValueError):
        return False


def find_flow(store: RunStore, plan: Plan, options: Options, resume: bool | str) -> str:
    """The id of the flow to go on with.

    Args:
        store: Where flows are kept.
        plan: Which scripts run with which configs.
        options: What was chosen; the flow has the same name.
        resume: True for the newest flow of these scripts; `"any-code"` to keep what finished
            before they were changed; else the beginning of a flow's id.

    Raises:
        StoreError: There is no such flow.
    """
    scripts = [script.place for script in plan.scripts]
    if resume in (True, ANY_CODE):
        return str(_newest(store, scripts, options)["id"])
    try:
        return str(store.flow(str(resume))["id"])
    except NotFoundError as error:
        meant = did_you_mean(str(resume), [ANY_CODE], "")
        if not meant:
            raise
        message = f"there is no flow {resume} to resume{meant}"
        raise NotFoundError(message, path=error.path, candidates=()) from None


def forget_unmade(store: RunStore, plan: Plan) -> None:
    """Take flows of these scripts out of the index whose coordinator was killed before it made them.

    It had put them there already: see `Recorder.keep_flow()`. Nobody goes on with them.

    Raises:
        StoreError: The store can't be written.
    """
    scripts = [script.place for script in plan.scripts]
    for flow in store.flows(status="running"):
        if flow["scripts"] == scripts and not os.path.exists(store.paths.flow(flow["id"]).record):
            settle_flow(store, flow["id"])


def read_earlier(store: RunStore, flow: str, plan: Plan, resume: bool | str) -> Earlier:
    """What became of the runs of a flow whose lock this process holds.

    Raises:
        StoreError: The scripts have changed.
    """
    settle_held(store, flow)
    return _checked(store, flow, plan, resume, store.select(flow=flow))


def look_at_earlier(store: RunStore, flow: str, plan: Plan, resume: bool | str) -> Earlier:
    """As `read_earlier`, for who only looks: the flow isn't settled, nor its lock taken.

    Raises:
        StoreError: The flow is going on, or the scripts have changed.
    """
    paths = store.paths.flow(flow)
    if goes_on(paths):
        raise is_going_on(paths)
    return _checked(store, flow, plan, resume, rows_as_settled(store, flow))


def _checked(
    store: RunStore, flow: str, plan: Plan, resume: bool | str, rows: list[dict[str, Any]]
) -> Earlier:
    if resume != ANY_CODE:
        _check_code(store, flow, plan, rows)
    return Earlier(store, flow, rows)


def _newest(store: RunStore, scripts: list[str], options: Options) -> dict[str, Any]:
    candidates = [
        flow
        for flow in store.flows()
        if flow["scripts"] == scripts
        and options.name in (None, flow["name"])
        and os.path.exists(store.paths.flow(flow["id"]).record)  # or somebody removed it
    ]
    # A single run, to look at something, isn't what a sweep goes on with, unless there is no other.
    several = [flow for flow in candidates if not _is_single(store, flow["id"])] or candidates
    # Nor is one that was refused before its first run, of which there is nothing to go on with.
    begun = (flow for flow in several if os.path.exists(store.paths.flow(flow["id"]).runs))
    if several:
        return next(begun, several[0])
    named = f" called {options.name}" if options.name else ""
    raise StoreError(
        f"there is no flow{named} of {', '.join(scripts)} to resume in {store.paths.home}.",
        path=store.paths.home,
    )


def _is_single(store: RunStore, flow: str) -> bool:
    try:
        return bool(read_record(store.paths.flow(flow).record).get("single"))
    except (OSError, ValueError):
        return False


def _check_code(store: RunStore, flow: str, plan: Plan, rows: list[dict[str, Any]]) -> None:
    paths = store.paths.flow(flow)
    before = read_record(paths.record).get("code", {})
    changed = []
    for script in plan.scripts:
        where = script.place
        if before.get(where) != code_digest(sources_of(script)):
            changed.append(where)
    scripts = set(map(plain, changed))
    finished = sum(row["status"] == FINISHED and row["script"] in scripts for row in rows)
    if finished:
        raise StoreError(
            f"{', '.join(changed)} changed since flow {flow[:8]} ran it: {finished} finished "
            "run(s) would run again. Keep them with --resume=any-code (resume='any-code'), or "
            "begin anew without --resume.",
            path=paths.folder,
            count=finished,
        )
