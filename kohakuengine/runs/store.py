"""The store: an index over the directories of runs and flows, for many processes at once."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager

from ..config.near import did_you_mean
from ..errors import NotFoundError, StoreError
from .columns import FLOW_COLUMNS, RUN_COLUMNS, decoded, encoded
from .home import cannot_make, find_home, index_path, make_home
from .outcome import FINAL
from .paths import StorePaths

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

# How many rows are held in memory at once where all are gone through.
_BATCH = 500
# How many of several candidates are named.
_NAMES = 1_000  # of flows that one may have meant
_NAMED = 5
# How many digits an id has, and which.
_LONG = 32
_DIGITS = "0123456789abcdef"


class RunStore:
    """What is known of all runs and flows, to be asked and told by any number of processes.

    Can be used from several threads. Nothing is opened before it is needed. An index that isn't
    there, or was not completely made, is made from the directories.

    Args:
        home: The store's folder; if None, the one that `find_home` finds.
        create: Whether the store is made where there is none.

    Attributes:
        paths: The names of its files.

    Raises:
        StoreError: By any method: the store can't be read or written, with what to do about it.

    Example:
        >>> store = RunStore()  # doctest: +SKIP
        >>> store.select(status="failed", where="lr < 0.1", sort="-loss", limit=10)  # doctest: +SKIP
    """

    def __init__(self, home: str | None = None, create: bool = True) -> None:
        self.paths = StorePaths(find_home() if home is None else home)
        self._create = create
        self._index: str | None = None
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._depth = 0  # of transactions
        self._users = 0  # those that have the connection right now
        self._in_the_way = (
            False  # whether it is in the way of other processes as long as it is open
        )

    @property
    def index(self) -> str:
        """The file of the index: in the store, or in the user's cache on a network filesystem."""
        if self._index is None:
            self._index = index_path(self.paths)
        return self._index

    def __repr__(self) -> str:
        return f"RunStore({self.paths.home!r})"

    # --- the connection

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone; what SQLite raises becomes a StoreError."""
        from .schema import sqlite_errors

        self._after_fork()
        with self._lock, sqlite_errors(self.index):
            self._users += 1
            try:
                self.open()
                yield self._connection  # type: ignore[misc]  # it is open
            finally:
                self._users -= 1
                if self._in_the_way and not self._users:
                    self.close()

    def _after_fork(self) -> None:
        """In a forked child, forget the parent's connection: SQLite's don't survive a fork."""
        if self._process != os.getpid():
            self._forsaken = self._connection  # closed when this process ends: it is the parent's
            self._reset()

    def open(self) -> dict[str, Any] | None:
        """Open the index, if it isn't open.

        Returns:
            What `reindex` counts, where the index had to be made; else None.
        """
        self._after_fork()
        with self._lock:
            return self._opened() if self._connection is None else None

    def _opened(self) -> dict[str, Any] | None:
        from .reindex import complete, fill
        from .schema import open_index, shuts_out_others, sqlite_errors

        self._make_folders()
        self._connection = open_index(self.index)
        try:
            with sqlite_errors(self.index):
                self._in_the_way = shuts_out_others(self._connection)
                return None if complete(self._connection) else fill(self, again=False)
        except BaseException:
            self.close()
            raise

    def _make_folders(self) -> None:
        if self._create:
            make_home(self.paths.home)
        elif not os.path.isdir(self.paths.home):
            raise StoreError(
                f"there is no store {self.paths.home}: go to where your runs were started, or name"
                " their store in the variable KOGINE_HOME.",
                path=self.paths.home,
            )
        folder = os.path.dirname(self.index)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise cannot_make(folder, error) from error

    def close(self) -> None:
        """Close the index; it is opened again when it is needed again."""
        if self._process == os.getpid():
            with self._lock:
                connection, self._connection = self._connection, None
                if connection is not None:
                    connection.close()

    def stop_process(self) -> None:
        """Stop this process, as Ctrl-Z does, but not amid a write: all others would wait for it."""
        import signal

        with self._lock:
            os.kill(os.getpid(), signal.SIGSTOP)

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is not None:
            self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written within is written together, or not at all if an exception leaves it.

        Fast for many writes, too. One within another is a part of it. Other threads wait.
        """
        with self.connected() as index:
            if not self._depth:
                index.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield index
                if self._depth == 1:
                    index.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and index.in_transaction:
                    index.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def set_patience(self, seconds: float) -> None:
        """Wait for others that write the index no longer than this, from now on."""
        with self.connected() as index:
            index.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    # --- writing

    def add_flow(self, **columns: object) -> None:
        """Add a flow, or replace it whole; `id` must be among the columns."""
        self._insert("flows", [columns])

    def update_flow(self, id: str, **columns: object) -> None:
        """Set columns of a flow; nothing happens if there is none with that whole id."""
        self._update("flows", id, columns)

    def add_runs(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add runs, or replace them whole; `id` must be among the columns of each."""
        self._insert("runs", rows)

    def update_run(self, id: str, **columns: object) -> None:
        """Set columns of a run; nothing happens if there is none with that whole id."""
        self._update("runs", id, columns)

    def remove_runs(self, ids: Iterable[str]) -> None:
        """Forget runs; their directories stay."""
        with self.transaction() as index:
            index.executemany("DELETE FROM runs WHERE id = ?", [(id,) for id in ids])

    def remove_flow(self, id: str) -> None:
        """Forget a flow and its runs; their directories stay."""
        with self.transaction() as index:
            index.execute("DELETE FROM runs WHERE flow = ?", (id,))
            index.execute("DELETE FROM flows WHERE id = ?", (id,))

    def _insert(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        done = [encoded(table, row) for row in rows]
        if not done:
            return
        none = dict.fromkeys(name for row in done for name in row)
        marks = ", ".join(f":{name}" for name in none)
        sql = f"INSERT OR REPLACE INTO {table} ({', '.join(none)}) VALUES ({marks})"
        with self.transaction() as index:
            index.executemany(sql, [{**none, **row} for row in done])

    def _update(self, table: str, id: str, columns: Mapping[str, object]) -> None:
        if not columns:
            return
        values = encoded(table, columns)
        places = ", ".join(f"{name} = ?" for name in values)
        with self.transaction() as index:
            index.execute(f"UPDATE {table} SET {places} WHERE id = ?", (*values.values(), id))

    # --- reading

    def flow(self, prefix: str) -> dict[str, Any]:
        """The flow whose id begins so; where there is none, the newest of that name.

        Raises:
            NotFoundError: There is none, or there are several.
        """
        return self._row("flows", self._whole(prefix, "flows")[1])

    def run(self, prefix: str) -> dict[str, Any]:
        """The run whose id begins so.

        By its whole id it is found as soon as it has a directory, and it has ended as soon as that
        says so: the index may not know it yet.

        Raises:
            NotFoundError: There is none, or there are several.
        """
        return self._row("runs", self._whole(prefix, "runs")[1])

    def find(self, prefix: str) -> tuple[str, dict[str, Any]]:
        """`"run"` or `"flow"`, and the one that is meant, as for `run()` and `flow()`.

        Raises:
            NotFoundError: There is none, or there are several.
        """
        table, id = self._whole(prefix, "runs", "flows")
        return table.removesuffix("s"), self._row(table, id)

    def _whole(self, prefix: str, *tables: str) -> tuple[str, str]:
        """The table and the whole id that a prefix stands for."""
        found = [(table, id) for table in tables for id in self._beginning(table, prefix)]
        if not found and "flows" in tables:
            found = [("flows", id) for id in self._called(prefix)]
        if not found and "runs" in tables and self.unindexed(prefix) is not None:
            found = [("runs", prefix)]
        exact = [pair for pair in found if pair[1] == prefix]
        if len(found) != 1 and len(exact) != 1:
            names = self._flow_names() if not found and "flows" in tables else []
            raise _not_found(prefix, tables, [id for _, id in found], self.paths.home, names)
        return (exact or found)[0]

    def _beginning(self, table: str, prefix: str) -> list[str]:
        """The first few ids that begin so, of which the shortest is the first."""
        if not prefix or not prefix.isprintable():
            return []
        sql = f"SELECT id FROM {table} WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        return [row[0] for row in self._read(sql, [prefix, prefix + chr(0x10FFFF), _NAMED + 1])]

    def _called(self, name: str) -> list[str]:
        """The id of the newest flow of that name, if there is one."""
        if not name or not name.isprintable():
            return []
        sql = "SELECT id FROM flows WHERE name = ? ORDER BY created DESC LIMIT 1"
        return [row[0] for row in self._read(sql, [name])]

    def _flow_names(self) -> list[str]:
        """What flows are called, the newest first."""
        sql = "SELECT name FROM flows WHERE name IS NOT NULL ORDER BY created DESC LIMIT ?"
        return [row[0] for row in self._read(sql, [_NAMES])]

    def _row(self, table: str, id: str) -> dict[str, Any]:
        names = FLOW_COLUMNS if table == "flows" else RUN_COLUMNS
        rows = self._read(f"SELECT {', '.join(names)} FROM {table} WHERE id = ?", [id])
        if rows:
            known = decoded(table, rows)[0]
            return self.caught_up(known) if table == "runs" else known
        row = self.unindexed(id) if table == "runs" else None
        if row is None:  # gone since its id was looked up
            raise _not_found(id, (table,), [], self.paths.home)
        return row

    def caught_up(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row of a run, or what its directory says where it has ended and the index lags behind.

        Args:
            row: What the index says.
        """
        number = row["attempts"]
        if row["status"] in FINAL or not number:
            return row
        if not os.path.exists(self.paths.run(row["id"]).attempt(number).outcome):
            return row
        return self.unindexed(row["id"]) or row

    def unindexed(self, id: str) -> dict[str, Any] | None:
        """The row of a run that the index doesn't know, by its directory; None where there is none.

        A coordinator tells the index of new runs a moment after they have begun, and not before it
        can be written, while who started them has their ids at once.
        """
        from .rows import row_of_run

        is_whole = len(id) == _LONG and not id.strip(_DIGITS)
        row = row_of_run(self.paths.run(id)) if is_whole else None
        if row is None:
            return None
        return decoded("runs", [tuple(encoded("runs", row).values())])[0]  # as the index has it

    def matching_unindexed(self, ids: Iterable[str], where: str) -> list[str]:
        """Those of these runs that the index doesn't know, and that a filter holds for.

        Raises:
            ConfigError: The filter can't be understood.
        """
        import json

        from .select import matching

        # In half the time of asking for those that it knows.
        sql = (
            "SELECT value FROM json_each(?) LEFT JOIN runs ON runs.id = value WHERE runs.id IS NULL"
        )
        lacking = self._read(sql, [json.dumps(list(ids))])
        rows = [row for (id,) in lacking if (row := self.unindexed(id)) is not None]
        return matching(rows, where) if rows else []

    def flows(self, status: str | None = None, limit: int | None = None) -> list[dict[str, Any]]:
        """Flows, the newest first.

        Args:
            status: Only those with this status.
            limit: How many at most.
        """
        where = "" if status is None else "WHERE status = ? "
        sql = f"SELECT {', '.join(FLOW_COLUMNS)} FROM flows {where}ORDER BY created DESC LIMIT ?"
        from .select import bounded

        rows = self._read(sql, [*([status] * bool(where)), bounded(limit)])
        return decoded("flows", rows)

    def select(self, **which: Any) -> list[dict[str, Any]]:
        """The rows of the runs that are meant.

        Args:
            which: See `Selection`.

        Raises:
            ConfigError: The filter or the order can't be understood.
        """
        from .select import Selection

        return decoded("runs", self._read(*Selection(**which).statement(RUN_COLUMNS)))

    def glance(self, columns: Sequence[str], **which: Any) -> list[tuple[Any, ...]]:
        """Columns of the rows of `select` as SQLite holds them; as `select`, but lean.

        For who looks often: what hasn't changed since needn't be decoded.
        """
        from .select import Selection

        return self._read(*Selection(**which).statement(columns))

    def ids(self, **which: Any) -> list[str]:
        """The ids of the runs that are meant; as `select`, but lean."""
        from .select import Selection

        return [row[0] for row in self._read(*Selection(**which).statement(["id"]))]

    def keys(self, **which: Any) -> list[tuple[str, str, str | None]]:
        """Id, script and config key of the runs that are meant; as `select`, but lean."""
        from .select import Selection

        rows = self._read(*Selection(**which).statement(["id", "script", "key"]))
        return [(id, script, key) for id, script, key in rows]

    def count(self, **which: Any) -> int:
        """How many runs are meant; as `select`."""
        from .select import Selection

        return int(self._read(*Selection(**which).count())[0][0])

    def iterate(self, **which: Any) -> Iterator[dict[str, Any]]:
        """The rows of `select` one after the other, a few of them in memory at once.

        Each is as it is when its turn comes; those that are gone by then are left out.
        """
        ids = self.ids(**which)
        for start in range(0, len(ids), _BATCH):
            yield from self.select(ids=ids[start : start + _BATCH])

    def _read(self, sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        with self.connected() as index:
            return index.execute(sql, parameters).fetchall()


def _not_found(
    prefix: str, tables: Sequence[str], ids: list[str], home: str, names: Sequence[str] = ()
) -> NotFoundError:
    what = " or ".join(table.removesuffix("s") for table in tables)
    if not ids:
        meant = did_you_mean(prefix, names, ": `kogine runs` lists all.")
        message = f"there is no {what} {prefix!r} in the store {home}{meant}"
        return NotFoundError(message, path=home, candidates=())
    named = ", ".join(ids[:_NAMED]) + (", ..." if len(ids) > _NAMED else "")
    message = f"{prefix!r} is the beginning of several ids, {named}: write more of it."
    return NotFoundError(message, path=home, candidates=tuple(ids[:_NAMED]))
