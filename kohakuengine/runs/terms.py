"""What a filter or an order of runs can name, in SQL: columns, metrics, parameters, values."""

from __future__ import annotations

from .columns import plain
from .outcome import FINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    # `metrics`, `params` or None where it isn't said; and the name of one of them.
    Name = tuple[str | None, str]

STATUSES = ("queued", "running", *FINAL)

_OWN = (
    "status name script launcher flow position id slot attempts exit_code error created started ended"
    " peak_memory cpu_seconds".split()
)
COLUMNS = {name: f"runs.{name}" for name in _OWN}
COLUMNS["duration"] = "(runs.ended - runs.started)"
TIMES = ("created", "started", "ended")
# Of these a beginning is enough.
IDS = ("id", "flow")
# What can be named but isn't a metric or parameter, for messages.
NAMES = (*COLUMNS, "tag")


class Term:
    """One side of a comparison.

    Attributes:
        sql: As it stands in the statement, of which the table is `runs`.
        parameters: The values of its question marks.
        column: The name of the column that it is, or None.
    """

    def __init__(self, sql: str, *parameters: object, column: str | None = None) -> None:
        self.sql = sql
        self.parameters = parameters
        self.column = column


class Literal(Term):
    """A side that is a value.

    Attributes:
        value: A number, text, bool or None.
    """

    def __init__(self, value: int | float | str | None) -> None:
        if isinstance(value, str):
            value = plain(value)
        elif isinstance(value, int) and abs(value) >= 2**63:  # too great for SQLite's integers
            value = float(value)
        super().__init__("?", value)
        self.value = value


def named(name: str) -> Term:
    """What a name means: a column, else the metric of that name, else the parameter."""
    if name == "tag":
        return Term("", column="tag")
    if name in COLUMNS:
        return Term(COLUMNS[name], column=name)
    metric, parameter = held("metrics", name), held("params", name)
    sql = f"coalesce({metric.sql}, {parameter.sql})"
    return Term(sql, *metric.parameters, *parameter.parameters)


def held(column: str, name: str) -> Term:
    """A metric or parameter.

    Args:
        column: `metrics` or `params`.
        name: Any text.
    """
    name = plain(name)
    if name.isprintable() and '"' not in name and "\\" not in name:
        return Term(f"json_extract(runs.{column}, ?)", f'$."{name}"')
    # A path has no way to say that name.
    return Term(f"(SELECT j.value FROM json_each(runs.{column}) AS j WHERE j.key = ?)", name)


def order(text: str) -> Term:
    """What `ORDER BY` needs for `loss`, `-loss` (descending), `created`, `metrics["val/loss"]`.

    Runs that have no such value come last in either direction.
    """
    from ..errors import ConfigError

    name = text.removeprefix("-").strip()
    if not name:
        raise ConfigError(f"runs can't be sorted by {text!r}: name a metric, parameter or column.")
    forced = _forced(name)
    term = held(*forced) if forced else named(name)
    if term.column == "tag":
        raise ConfigError("runs can't be sorted by tag, as they can have several.")
    direction = " DESC" if text.startswith("-") else ""
    return Term(f"{term.sql} IS NULL, {term.sql}{direction}", *term.parameters * 2)


def name_in_order(text: str) -> Iterator[Name]:
    """The metric or parameter that an order names, if it isn't a column."""
    name = text.removeprefix("-").strip()
    if name not in NAMES:
        yield _forced(name) or (None, name)


def _forced(name: str) -> tuple[str, str] | None:
    """The column and the name in `metrics["x"]` or `params["x"]`."""
    for column in ("metrics", "params"):
        for quote in "\"'":
            before, after = f"{column}[{quote}", f"{quote}]"
            if name.startswith(before) and name.endswith(after):
                return column, name[len(before) : -len(after)]
    return None
