"""Tells the index what becomes of a flow and its runs."""

from __future__ import annotations

import os
import time

from ..errors import StoreError
from ..runs import schema
from ..runs.rows import tags_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..runs.store import RunStore

DELAY = 0.05  # how long the index may lag behind, in seconds

_PATIENCE = 2.0  # how long an index that others write is waited for, in seconds
_AGAIN = 5.0  # when an index that can't be written is tried again, in seconds


class IndexWriter:
    """Gathers what the index is to be told for a moment: short runs that have begun and ended
    meanwhile are then one row each, and all of them one transaction.

    The directories hold all that counts: where the index can't be written, the flow goes on, and it
    is tried again.

    Args:
        store: Whose index it is.
        flow: The id of the flow.
        note: Is told, once, that the index can't be written.
    """

    def __init__(self, store: RunStore, flow: str, note: Callable[[str], None]) -> None:
        self._store = store
        self._flow = flow
        self._note = note
        self._new: dict[str, dict[str, Any]] = {}  # rows of runs that it lacks
        self._changed: dict[str, dict[str, Any]] = {}  # columns of other runs
        self._of_flow: dict[str, Any] = {}
        self._due = 0.0
        self._failed = False

    def begin(self) -> None:
        """Don't wait long for others, from now on; for the thread that is to write."""
        self._store.set_patience(_PATIENCE)

    def add_run(self, row: dict[str, Any]) -> None:
        """Have a run added, with all columns that it has."""
        self._new[row["id"]] = dict(row)

    def update_run(self, run: str, **columns: Any) -> None:
        """Have columns of a run set."""
        waiting = self._new if run in self._new else self._changed
        waiting.setdefault(run, {}).update(columns)

    def update_flow(self, **columns: Any) -> None:
        """Have columns of the flow set."""
        self._of_flow.update(columns)

    def flush(self, *, now: bool = False, last: bool = False) -> bool:
        """Write what waits, if it is time; tell whether nothing that could be written waits any more.

        Args:
            now: Write it in any case.
            last: Likewise, and wait for others as long as anybody does: it is the last time.
        """
        moment = time.monotonic()
        if moment < self._due and not (now or last):
            return self._failed
        if not (self._new or self._changed or self._of_flow):
            return True
        self._due = moment + DELAY
        try:
            if last:
                self._store.set_patience(schema.PATIENCE)
            self._write()
        except StoreError as error:
            if not self._failed:
                self._note(f"{error} The runs go on, and are kept in their directories.")
            self._failed = True
            self._due = time.monotonic() + _AGAIN
        else:
            self._failed = False
        return True

    def _write(self) -> None:
        with self._store.transaction():
            for run, row in self._new.items():
                paths = self._store.paths.run(run)
                if os.path.exists(paths.tags):  # it was tagged before the index knew it
                    row["tags"] = tags_of(paths, row["tags"])
            self._store.add_runs(self._new.values())
            for run, columns in self._changed.items():
                self._store.update_run(run, **columns)
            self._store.update_flow(self._flow, **self._of_flow)
        for waiting in (self._new, self._changed, self._of_flow):
            waiting.clear()
