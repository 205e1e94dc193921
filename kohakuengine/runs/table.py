"""Runs: a list of runs, with what one asks of many."""

from __future__ import annotations

from collections.abc import Sequence

from ..config.near import did_you_mean
from ..errors import RunsFailed
from .idlist import Ids
from .outcome import FAILED, FINISHED, TIMED_OUT
from .record import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, overload

    import pandas
    from matplotlib.axes import Axes
    from rich.table import Table

    from .store import RunStore

_BATCH = 500  # how many rows are read from the index at once


class Runs(Sequence[Run]):
    """Runs, in the order of their submission; a sequence of `Run`.

    Holds their ids alone: what is known of them is read from the store when it is asked for.

    Args:
        store: Where they are kept.
        ids: Their ids.

    Example:
        >>> runs = sweep("train.py", {"lr": [0.1, 0.01]})  # doctest: +SKIP
        >>> runs.best("loss", mode="min").params  # doctest: +SKIP
        {'lr': 0.01}
        >>> runs.to_pandas()  # doctest: +SKIP
    """

    def __init__(self, store: RunStore, ids: Sequence[str]) -> None:
        self._store = store
        self._ids = Ids(ids)

    @property
    def ids(self) -> list[str]:
        """The ids, in order."""
        return list(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Run: ...

        @overload
        def __getitem__(self, index: slice) -> Runs: ...

    def __getitem__(self, index: int | slice) -> Run | Runs:
        if isinstance(index, slice):
            return Runs(self._store, self._ids[index])
        return Run(self._store, self._ids[index])

    def __iter__(self) -> Iterator[Run]:
        for row in self.rows():
            yield Run(self._store, row["id"], row)

    def __eq__(self, other: object) -> bool:
        return self._ids == other._ids if isinstance(other, Runs) else NotImplemented

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows of the index, in order, a few of them in memory at once."""
        for start in range(0, len(self._ids), _BATCH):
            ids = list(self._ids[start : start + _BATCH])
            found = {row["id"]: row for row in self._store.select(ids=ids)}
            for id in ids:
                row = found.get(id) or self._store.unindexed(id)
                if row is not None:  # else it has been removed
                    yield self._store.caught_up(row)

    def __add__(self, other: Runs) -> Runs:
        return Runs(self._store, [*self._ids, *other._ids])

    # ---- choosing ----

    @property
    def finished(self) -> Runs:
        """Those that finished."""
        return self._with(lambda row: row["status"] == FINISHED)

    @property
    def failed(self) -> Runs:
        """Those that failed or took too long; what was cancelled or interrupted has done neither."""
        return self._with(lambda row: row["status"] in (FAILED, TIMED_OUT))

    def filter(self, condition: str | Callable[[Run], bool]) -> Runs:
        """Those that a condition holds for.

        Args:
            condition: A function of a Run, or a text such as `"lr < 0.1 and loss < 0.3"`.

        Raises:
            ConfigError: The text can't be understood.
        """
        if isinstance(condition, str):
            chosen = set(self._store.ids(where=condition))
            ids = self.ids
            left = [id for id in ids if id not in chosen]
            chosen.update(self._store.matching_unindexed(left, condition))
            if not chosen:
                self._tell_strange(condition)
            return Runs(self._store, [id for id in ids if id in chosen])
        return Runs(self._store, [run.id for run in self if condition(run)])

    def _tell_strange(self, condition: str) -> None:
        """Warn of names in a filter that no run has: most often a slip of the pen."""
        from ..errors import warn_user
        from .names import strange_names

        for sentence in strange_names(self._store, where=condition):
            warn_user(sentence, UserWarning)

    def _with(self, condition: Callable[[dict[str, Any]], bool]) -> Runs:
        return Runs(self._store, [row["id"] for row in self.rows() if condition(row)])

    def best(self, metric: str, mode: str = "min") -> Run:
        """The finished run whose metric is the lowest, or the highest; the first of equal ones.

        Args:
            metric: The name of a metric.
            mode: `"min"` or `"max"`.

        Raises:
            ValueError: The mode is another one.
            KeyError: No finished run has that metric; the message names those there are.
        """
        if mode not in ("min", "max"):
            raise ValueError(f'mode must be "min" or "max", got {mode!r}.')
        sign = 1 if mode == "min" else -1
        known: dict[str, None] = {}
        best: tuple[float, dict[str, Any]] | None = None
        for row in self.rows():
            if row["status"] != FINISHED:
                continue
            known.update(dict.fromkeys(row["metrics"]))
            value = row["metrics"].get(metric)
            if value is None or value != value:  # not a number
                continue
            if best is None or sign * value < best[0]:
                best = (sign * value, row)
        if best is None:
            raise KeyError(
                f"no finished run has a metric {metric!r}"
                + did_you_mean(metric, known, f"; there are {', '.join(known) or 'none'}.")
            )
        return Run(self._store, best[1]["id"], best[1])

    # ---- values ----

    @property
    def results(self) -> list[Any]:
        """The value of each run's entrypoint, in order.

        Raises:
            RunsFailed: Some runs haven't finished; it names them.
        """
        bad = [row for row in self.rows() if row["status"] != FINISHED]
        if bad:
            raise runs_failed(bad, len(self))
        return [run.result for run in self]

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with one row a run, in order, indexed by id.

        Its columns are name, status, the parameters, the metrics (`metrics.loss` where a parameter
        has that name, too), result, error, started and ended (UTC), duration (seconds), and more.

        Raises:
            ImportError: pandas isn't installed.
        """
        from .frame import to_pandas

        return to_pandas(list(self.rows()))

    def compare(self, *which: int | str | Run) -> dict[str, dict[str, Any]]:
        """What differs between runs.

        Args:
            which: The runs, their positions or their ids; all if none are given.

        Returns:
            For each parameter, metric or fact in which they differ, its value by run id.
        """
        from .compare import compare

        return compare(self.rows_of(which) if which else list(self.rows()))

    def rows_of(self, which: Sequence[int | str | Run]) -> list[dict[str, Any]]:
        """The rows of runs, of those at these positions, or of those with ids that begin so."""
        return [self._row_of(one) for one in which]

    def _row_of(self, which: int | str | Run) -> dict[str, Any]:
        if isinstance(which, Run):
            return which.row
        return self._store.run(which if isinstance(which, str) else self._ids[which])

    # ---- pictures ----

    def plot(
        self, metric: str | None = None, *, by: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Draw a metric step by step, a line for each run.

        Where no run has more than one value of it, the last values are drawn against the parameter
        `by`, and the next parameter that varies gives the colours.

        Args:
            metric: Its name; if None, the one that most runs have several values of.
            by: The parameter that gives the colours; if None, the first that varies.
            ax: Where to draw; in a new figure if None.

        Raises:
            ImportError: matplotlib isn't installed.
            KeyError: No run has that metric or parameter.
        """
        from .plots import plot

        return plot(self._store, list(self.rows()), metric, by, ax)

    def plot_grid(
        self,
        x: str | None = None,
        y: str | None = None,
        metric: str | None = None,
        *,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a heat map of a metric over two parameters.

        A cell is the mean of the finished runs in it; one without any is hatched. Numbers of more
        than 24 values are put into ranges.

        Args:
            x: The parameter from left to right; if None, the first that varies.
            y: The parameter upwards; if None, the next that varies.
            metric: Its name; if None, the first that isn't the same for all.
            ax: Where to draw; in a new figure if None.

        Raises:
            ImportError: matplotlib isn't installed.
            KeyError: No finished run has that metric or parameter.
            ValueError: No two parameters differ between the finished runs.
        """
        from .plots import plot_grid

        return plot_grid(list(self.rows()), x, y, metric, ax)

    def plot_parallel(
        self,
        metric: str | None = None,
        params: Sequence[str] | None = None,
        *,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw parallel coordinates: an axis for each parameter, a line for each run.

        A metric is the last axis and gives the colours; runs that haven't finished with it are grey.
        What doesn't set a parameter stands below its axis.

        Args:
            metric: Its name; if None, the first that isn't the same for all.
            params: The parameters; if None, the first ten that vary.
            ax: Where to draw; in a new figure if None.

        Raises:
            ImportError: matplotlib isn't installed.
            KeyError: No finished run has that metric, or no run that parameter.
            ValueError: No parameter differs between the runs.
        """
        from .plots import plot_parallel

        return plot_parallel(list(self.rows()), metric, params, ax)

    def plot_importance(self, metric: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw how much of a metric's variance each parameter explains alone.

        It is epsilon squared (Kelley 1935), a correlation ratio that isn't raised by chance where
        there are few runs; `kohakuengine.runs.importance` says more.

        Args:
            metric: Its name; if None, the first that isn't the same for all.
            ax: Where to draw; in a new figure if None.

        Raises:
            ImportError: matplotlib isn't installed.
            KeyError: No finished run has that metric.
            ValueError: No parameter differs between the finished runs.
        """
        from .plots import plot_importance

        return plot_importance(list(self.rows()), metric, ax)

    # ---- display ----

    def table(self, limit: int = 50) -> Table:
        """A rich table: what varies, status, metrics, time; the first `limit` runs."""
        from .display import runs_table

        return runs_table(list(self[:limit].rows()), len(self))

    def __rich__(self) -> Table:
        return self.table()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .html import runs_bundle

        return runs_bundle(self)

    def __repr__(self) -> str:
        from collections import Counter

        counts = Counter(row["status"] for row in self.rows())
        return f"<Runs: {', '.join(f'{n} {status}' for status, n in counts.items()) or 'none'}>"


def runs_failed(bad: Sequence[dict[str, Any]], total: int) -> RunsFailed:
    """The error that names runs which haven't finished."""
    named = "; ".join(
        f"{row['id'][:8]} ({row['name']}) {row['status']}"
        + (f": {row['error']}" if row["error"] else "")
        for row in bad[:5]
    )
    more = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
    return RunsFailed(
        f"{len(bad)} of {total} runs have no result: {named}{more}.",
        ids=tuple(row["id"] for row in bad),
    )
