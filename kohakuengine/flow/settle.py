"""Settle flows whose coordinator is gone: what went on is interrupted."""

from __future__ import annotations

import os
import time

from ..errors import NotFoundError, StoreError
from ..launch.survivors import end_survivors, is_alive, settle_attempt
from ..runs.lock import FlowLock, taken
from ..runs.outcome import FINAL
from ..runs.rows import row_of_flow, row_of_run, tags_of
from ..runs.values import check_formats, read_record
from ..runs.watch import Watch
from .recorder import cannot_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.paths import RunPaths
    from ..runs.store import RunStore

# How long the inits of a dead coordinator's runs are left to do their own work, in seconds.
_PATIENCE = 5.0


def settle_all(store: RunStore) -> None:
    """Settle every flow that the index takes for a live one and that nobody holds.

    Raises:
        StoreError: The first fault, once all others have been seen to; as of a flow that belongs
            to another user.
    """
    fault: StoreError | None = None
    for status in ("running", "paused"):
        for flow in store.flows(status=status):
            try:
                settle_flow(store, flow["id"])
            except StoreError as error:
                fault = fault or error
    if fault is not None:
        raise fault


def settle_flow(store: RunStore, flow: str, *, patient: bool = False) -> bool:
    """Settle a flow from what its directories say, if nobody holds its lock.

    Nothing of it is left running afterwards. Harmless for a flow that has ended in order.

    Args:
        store: Where the flow is.
        flow: Its id.
        patient: Whether to wait where somebody else is just settling it.

    Returns:
        Whether it is settled; False where its coordinator is alive.
    """
    paths = store.paths.flow(flow)
    if not os.path.isdir(paths.folder):  # somebody removed it
        store.remove_flow(flow)
        return True
    if not patient and _is_over(store, flow):
        return True  # without the lock, which others may want: many look, and often
    lock = taken(paths) if patient else FlowLock.acquire(paths.lock)
    if lock is None:
        return False
    try:
        settle_held(store, flow)
    finally:
        lock.release()
    return True


def _is_over(store: RunStore, flow: str) -> bool:
    """Whether a flow has ended in order, and the index says so: with its end it knows all runs'."""
    paths = store.paths.flow(flow)
    check_formats(paths.record, paths.ended)
    try:
        ended, row = read_record(paths.ended), store.flow(flow)
        return bool((ended["status"], ended["ended"]) == (row["status"], row["ended"]))
    except (OSError, ValueError, KeyError, TypeError, NotFoundError):
        return False


def settle_held(store: RunStore, flow: str) -> None:
    """Settle a flow whose lock this process holds.

    Raises:
        StoreError: It is of a newer version: then nothing of it is touched. Or the store can't be
            written.
    """
    rows = []
    unsettled = _unsettled(store, flow)
    check_formats(store.paths.flow(flow).record, store.paths.flow(flow).ended)
    for paths in map(store.paths.run, unsettled):
        check_formats(paths.spec, paths.attempt(paths.last_attempt()).outcome)
    for id in unsettled:
        paths = store.paths.run(id)
        if os.path.isdir(paths.folder):
            try:
                _settle_run(id, paths)
            except OSError as error:
                raise cannot_write(paths.folder, error) from error
        row = row_of_run(paths, lambda flow: False)
        if row is None:
            store.remove_runs([id])
        else:
            rows.append(row)
    end_survivors([flow], "KOGINE_FLOW_ID")
    with store.transaction():
        for row in rows:  # it may have been tagged meanwhile
            row["tags"] = tags_of(store.paths.run(row["id"]), row["tags"])
        store.add_runs(rows)
        _settle_row(store, flow)


def rows_as_settled(store: RunStore, flow: str) -> list[dict[str, Any]]:
    """The rows of a flow's runs, by position, as they are once it is settled; nothing is changed."""
    rows = {row["id"]: row for row in store.select(flow=flow)}
    for id in _unsettled(store, flow):
        row = row_of_run(store.paths.run(id), lambda flow: False)
        if row is None:
            rows.pop(id, None)
        else:
            rows[id] = row
    return sorted(rows.values(), key=lambda row: row["position"] or 0)


def _unsettled(store: RunStore, flow: str) -> list[str]:
    """The runs of which the index may not know what their directories say."""
    rows = {row["id"]: row for row in store.select(flow=flow)}
    listed = dict.fromkeys([*rows, *store.paths.flow(flow).listed()])
    return [id for id in listed if not _is_settled(store, id, rows.get(id))]


def _is_settled(store: RunStore, id: str, row: dict[str, Any] | None) -> bool:
    if row is None or row["status"] not in FINAL:
        return False
    return bool(row["attempts"] == store.paths.run(id).last_attempt())


def _settle_row(store: RunStore, flow: str) -> None:
    row = row_of_flow(store.paths.flow(flow), settled=True)
    if row is None:  # its coordinator was killed before it had made it
        store.remove_flow(flow)
        return
    store.add_flow(**row)


def _settle_run(id: str, paths: RunPaths) -> None:
    """See to an outcome for a run's last attempt, if it has begun one."""
    number = paths.last_attempt()
    if not number:
        return
    attempt = paths.attempt(number)
    patience = time.monotonic() + _PATIENCE
    while not os.path.exists(attempt.outcome) and time.monotonic() < patience:
        if not is_alive(id):
            break
        time.sleep(0.05)
    reason = "its coordinator, the process that started it, ended before it"
    settle_attempt(id, attempt, reason=reason)
    Watch(attempt).finish()
