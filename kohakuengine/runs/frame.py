"""Runs as a DataFrame."""

from __future__ import annotations

from .flat import TIMES, WHOLE, flat_columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import pandas

_NAN = float("nan")


def to_pandas(rows: list[dict[str, Any]]) -> pandas.DataFrame:
    """A DataFrame with one row a run, in order, indexed by id.

    Times are in UTC, durations in seconds. Whole numbers that not every run has are of the type
    `Int64`, in which they stay whole.

    Args:
        rows: Rows of the index.

    Raises:
        ImportError: pandas isn't installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_pandas() needs pandas: `pip install pandas`.") from error
    columns: dict[str, Any] = dict(flat_columns(rows))
    for name in TIMES:
        seconds = pandas.array(columns[name], dtype="Float64")
        columns[name] = pandas.to_datetime(seconds, unit="s", utc=True).as_unit("us")
    for name in ("duration", "cpu_seconds"):
        columns[name] = pandas.array(columns[name], dtype="Float64").to_numpy(float, na_value=_NAN)
    for name in WHOLE:
        columns[name] = pandas.array(columns[name], dtype="Int64")
    index = pandas.Index([row["id"] for row in rows], name="id", dtype=object)
    return pandas.DataFrame(columns, index=index)
