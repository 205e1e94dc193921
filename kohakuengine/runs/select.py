"""Which runs are meant, and in which order, as SQL."""

from __future__ import annotations

from .columns import RUN_COLUMNS, encoded, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


_MOST = 2**63 - 1  # rows, as SQLite counts


def bounded(limit: int | None) -> int:
    """A limit of rows as SQLite takes it: -1 for none."""
    return -1 if limit is None else min(max(limit, 0), _MOST)


class Selection:
    """The runs that are meant: those to which all applies that is given.

    Args:
        flow: The whole id of their flow.
        status: One status, or several.
        script: Their script, as it was named, or the end of its path.
        tag: A tag that they have.
        since: When they were made at the earliest, in seconds since 1970; for who asks for the newest
            again and again.
        where: A filter, see `compile_where`.
        sort: A metric, parameter or column, `-` before it for descending order; runs without that
            come last. If None: as in `ids`, else by position in the flow, else the newest first.
        limit: How many at most.
        ids: Their whole ids.

    Raises:
        ConfigError: The filter or the order can't be understood.
    """

    def __init__(
        self,
        *,
        flow: str | None = None,
        status: str | Iterable[str] | None = None,
        script: str | None = None,
        tag: str | None = None,
        since: float | None = None,
        where: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        ids: Iterable[str] | None = None,
    ) -> None:
        self._table = "runs"
        self._conditions: list[str] = []
        self._parameters: list[object] = []
        if ids is not None:
            self._only(ids)
        if since is not None:
            self._add("runs.created >= ?", since)
        if flow is not None:
            # The + has SQLite go through the few runs made since, not through all of the flow.
            self._add("runs.flow = ?" if since is None else "+runs.flow = ?", flow)
        if status is not None:
            statuses = [status] if isinstance(status, str) else list(status)
            self._add(f"runs.status IN ({', '.join('?' * len(statuses))})", *statuses)
        if script is not None:
            self._ran(plain(script))
        if tag is not None:
            self._add("EXISTS (SELECT 1 FROM json_each(runs.tags) WHERE value = ?)", plain(tag))
        if where is not None:
            from .where import compile_where

            condition, values = compile_where(where)
            self._add(f"({condition})", *values)
        self._order, self._sorted_by = _order(flow is not None, sort, ids is not None)
        self._limit = bounded(limit)

    def _add(self, condition: str, *values: object) -> None:
        self._conditions.append(condition)
        self._parameters += values

    def _only(self, ids: Iterable[str]) -> None:
        import json

        # One question mark holds any number of ids; SQLite takes not too many of them. CROSS keeps
        # SQLite from looking through all runs instead.
        self._table = "json_each(?) AS wanted CROSS JOIN runs ON runs.id = wanted.value"
        self._parameters.append(json.dumps(list(dict.fromkeys(ids))))

    def _ran(self, script: str) -> None:
        end = "/" + script.removeprefix("./")
        same = "runs.script IN (?, ?)"
        self._add(f"({same} OR substr(runs.script, ?) = ?)", script, end[1:], -len(end), end)

    def statement(self, columns: Sequence[str]) -> tuple[str, list[object]]:
        """The statement that gives columns of these runs, and the values of its question marks."""
        named = ", ".join(f"runs.{name}" for name in columns)
        sql = f"SELECT {named} FROM {self._table}{self._where()} ORDER BY {self._order} LIMIT ?"
        return sql, [*self._parameters, *self._sorted_by, self._limit]

    def count(self) -> tuple[str, list[object]]:
        """The statement that counts them."""
        inner = f"SELECT 1 FROM {self._table}{self._where()} LIMIT ?"
        return f"SELECT count(*) FROM ({inner})", [*self._parameters, self._limit]

    def _where(self) -> str:
        return f" WHERE {' AND '.join(self._conditions)}" if self._conditions else ""


def _order(in_flow: bool, sort: str | None, by_ids: bool) -> tuple[str, tuple[object, ...]]:
    """The terms of ORDER BY, and the values of their question marks."""
    default = "runs.position" if in_flow else "runs.created DESC, runs.position DESC"
    if sort is None:
        return "wanted.key" if by_ids else default, ()
    from .terms import order

    term = order(sort)
    return f"{term.sql}, {default}", term.parameters


def matching(rows: Iterable[dict[str, Any]], where: str) -> list[str]:
    """The ids of those rows, of all columns, that a filter holds for; they needn't be in an index.

    Raises:
        ConfigError: The filter can't be understood.
    """
    import sqlite3
    from contextlib import closing

    from .schema import STEPS

    with closing(sqlite3.connect(":memory:")) as index:
        for step in STEPS:
            step(index)
        columns = (encoded("runs", row) for row in rows)
        values = ([held[name] for name in RUN_COLUMNS] for held in columns)
        names, marks = ", ".join(RUN_COLUMNS), ", ".join("?" * len(RUN_COLUMNS))
        index.executemany(f"INSERT INTO runs ({names}) VALUES ({marks})", values)
        return [id for (id,) in index.execute(*Selection(where=where).statement(["id"]))]
