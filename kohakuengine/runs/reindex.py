"""Make the index anew from the directories of flows and runs."""

from __future__ import annotations

import os

from ..errors import StoreError
from .columns import COLUMNS, encoded
from .lock import flow_is_live
from .outcome import FINISHED
from .rows import row_of_flow, row_of_run
from .schema import COMPLETE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .paths import FlowPaths, StorePaths
    from .store import RunStore

_BATCH = 500


def reindex(store: RunStore) -> dict[str, Any]:
    """Make the index anew from the directories, flows and order included.

    Others can use the index meanwhile: they see the old rows, then the new ones. An index that is
    damaged is moved aside, to `kogine.db.broken-` and the time.

    Returns:
        `flows` and `runs`: how many there are; `broken`: the directories that can't be understood,
        which are left out; `moved`: where a damaged index is now, or None.

    Raises:
        StoreError: The index can't be written, or is of a newer version.
    """
    moved = None
    try:
        counts = _filled(store)
    except StoreError as error:
        if not error.corrupt:
            raise
        store.close()
        moved = _moved_aside(store.index)
        counts = _filled(store)
    return {**counts, "moved": moved}


def _filled(store: RunStore) -> dict[str, Any]:
    """What is counted; an index that is filled because it is opened isn't filled a second time."""
    return store.open() or fill(store) or {}


def _moved_aside(index: str) -> str:
    import time

    aside = f"{index}.broken-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        for end in ("-shm", "-wal", ""):
            if os.path.exists(index + end):
                os.replace(index + end, aside + end)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"the damaged index {index} can't be moved aside: {reason}; remove it yourself."
        raise StoreError(message, path=index) from error
    return aside


def complete(index: sqlite3.Connection) -> bool:
    """Whether an index has ever held all that the directories say."""
    return bool(index.execute("PRAGMA application_id").fetchone()[0] == COMPLETE)


def fill(store: RunStore, again: bool = True) -> dict[str, Any] | None:
    """Fill the index from the directories; as `reindex`, but a damaged index is an error.

    Args:
        store: Whose index it is.
        again: Whether an index that is complete is filled, too. If not, None is returned where
            another process has completed it by now.
    """
    with store.connected() as index:
        _check(index, store.index)
        reading = _Reading(store.paths, index)
        try:
            reading.read()
            with store.transaction():
                # Reading takes long, and coordinators must not wait for so long. Now they do: what
                # changed meanwhile is read again.
                if not again and complete(index):
                    return None
                reading.catch_up()
                reading.replace()
                index.execute(f"PRAGMA application_id={COMPLETE}")
            return reading.counts()
        finally:
            reading.drop()


def _check(index: sqlite3.Connection, path: str) -> None:
    found = index.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        message = (
            f"the store's index {path} is damaged ({found}): `kogine store reindex` rebuilds it."
        )
        raise StoreError(message, path=path, corrupt=True)


class _Reading:
    """The rows that the directories say, in a table that only this connection sees."""

    def __init__(self, paths: StorePaths, index: sqlite3.Connection) -> None:
        self._paths = paths
        self._index = index
        self._live: dict[str, bool] = {}
        self._flows: dict[str, dict[str, Any] | None] = {}
        self._broken: set[str] = set()
        self.drop()
        index.execute("CREATE TEMP TABLE read_runs AS SELECT * FROM runs WHERE 0")
        index.execute("CREATE UNIQUE INDEX temp.read_ids ON read_runs (id)")

    def drop(self) -> None:
        self._index.execute("DROP TABLE IF EXISTS temp.read_runs")

    def read(self) -> None:
        self._flows = self._read_flows()
        self._add(_run_ids(self._paths))

    def catch_up(self) -> None:
        """Read again what may have changed: what came or went, what isn't finished of flows that
        aren't over. What is finished stays so, and is most."""
        before, self._flows = self._flows, self._read_flows()
        changed = {id for id, row in self._flows.items() if not _over(row) or row != before.get(id)}
        there = set(_run_ids(self._paths))
        stale: set[str] = set()
        fresh: set[str] = set()
        for id, flow, status in self._index.execute("SELECT id, flow, status FROM temp.read_runs"):
            gone = id not in there
            open_yet = flow in changed and status != FINISHED
            (stale if gone or open_yet else fresh).add(id)
        self._index.executemany("DELETE FROM temp.read_runs WHERE id = ?", [(id,) for id in stale])
        self._live.clear()
        self._add(there - fresh)

    def _read_flows(self) -> dict[str, dict[str, Any] | None]:
        ids = _folders(self._paths.flows)
        return {id: row_of_flow(self._paths.flow(id)) for id in ids}

    def _is_live(self, flow: FlowPaths) -> bool:
        if flow.folder not in self._live:
            self._live[flow.folder] = flow_is_live(flow)
        return self._live[flow.folder]

    def _add(self, ids: Iterable[str]) -> None:
        rows = []
        for id in ids:
            paths = self._paths.run(id)
            row = row_of_run(paths, self._is_live)
            if row is None:
                self._broken.add(paths.folder)
            else:
                self._broken.discard(paths.folder)
                rows.append(encoded("runs", row))
            if len(rows) == _BATCH:
                self._keep(rows)
                rows.clear()
        self._keep(rows)

    def _keep(self, rows: list[dict[str, object]]) -> None:
        alone = not self._index.in_transaction
        if alone:
            self._index.execute("BEGIN")  # which locks nothing but our own table
        self._index.executemany(f"INSERT INTO temp.read_runs VALUES ({_marks('runs')})", rows)
        if alone:
            self._index.execute("COMMIT")

    def replace(self) -> None:
        """Put all rows into the place of the old ones."""
        flows = [encoded("flows", row) for row in self._flows.values() if row is not None]
        self._index.execute("DELETE FROM flows")
        self._index.executemany(f"INSERT INTO flows VALUES ({_marks('flows')})", flows)
        self._index.execute("DELETE FROM runs")
        self._index.execute(
            "INSERT INTO runs SELECT * FROM temp.read_runs ORDER BY created, position"
        )

    def counts(self) -> dict[str, Any]:
        lost = [self._paths.flow(id).folder for id, row in self._flows.items() if row is None]
        return {
            "flows": len(self._flows) - len(lost),
            "runs": self._index.execute("SELECT count(*) FROM temp.read_runs").fetchone()[0],
            "broken": sorted(lost) + sorted(path for path in self._broken if os.path.exists(path)),
        }


def _marks(table: str) -> str:
    return ", ".join(f":{name}" for name in COLUMNS[table])


def _over(row: dict[str, Any] | None) -> bool:
    """Whether a flow ended in order, so that nobody changes its runs, but to take it up again."""
    return row is not None and row["ended"] is not None


def _folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
    except FileNotFoundError:
        return []


def _run_ids(paths: StorePaths) -> Iterator[str]:
    for group in _folders(paths.runs):
        yield from _folders(os.path.join(paths.runs, group))
