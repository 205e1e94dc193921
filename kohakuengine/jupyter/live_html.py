"""What a `LiveView` shows, as HTML and as text."""

from __future__ import annotations

import time

from ..ansi import ansi_to_html
from ..markup import (
    FAINT,
    MONO,
    Html,
    bundle,
    fold,
    joined,
    lines,
    note,
    table,
    tag,
    value,
    visible,
)
from ..runs.cells import counted, duration_text, one_line, shown
from ..runs.flat import opened
from ..runs.html import status_html
from ..runs.listing import ID_WIDTH, MOST_METRICS, MOST_PARAMS, metric_names, varying
from ..runs.output import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .live import Failure, LiveView

    Row = dict[str, Any]

ROWS = 50  # runs in the table
_LINES = 50  # of the output, while it grows
_TEXT_LINES = 20  # of it, where only text can be shown
_SAID = 300  # of how a run failed, in characters
_TRACEBACK = "Traceback (most recent call last)"
_GOING = ("running", "paused")


def live_bundle(view: LiveView) -> dict[str, str]:
    """All that a view shows."""
    parts = [_head(view)]
    if not view.alone:
        parts += [_runs(view), *_failures(view)]
    parts += [*(note(text) for text in view.notes), *_output(view)]
    return bundle(tag("div", *parts), _text(view))


def _text(view: LiveView) -> str:
    """The same in a few lines."""
    told = [f"{view.status}: {' · '.join(_facts(view))}"]
    if not view.alone:
        told += [f"✗ {one.row['name']} {one.said}\n{one.traceback}" for one in view.failures]
    told += view.notes
    if _shows_output(view):
        told += shown_lines(view)[-_TEXT_LINES:]
    return "\n".join(visible(plain(text)).rstrip() for text in told)


# ---- how far it is ----


def _head(view: LiveView) -> Html:
    parts: list[str] = [tag("b", status_html(view.status)), " ", " · ".join(_facts(view))]
    if view.tally.total and not view.alone and view.status in _GOING:
        numbers = {"value": str(view.tally.done), "max": str(view.tally.total)}
        bar = tag("progress", style="width:14em;vertical-align:middle", **numbers)
        parts[:0] = [bar, " "]
    return tag("div", *parts, " ", tag("span", f"flow {view.flow[:ID_WIDTH]}", style=FAINT))


def _facts(view: LiveView) -> list[str]:
    tally = view.tally
    if view.alone:
        return [duration_text(tally.seconds)]
    facts = [tally.counts()]
    if view.status in _GOING:
        facts.append(f"{len(tally.going)} running")
        left = tally.time_left()
        if left is not None:
            facts.append(f"about {duration_text(left)} left")
    return facts


# ---- the runs ----


def _runs(view: LiveView) -> Html:
    rows = [*map(opened, chosen_rows(view))]
    if not rows:
        return Html()
    params, metrics = varying(rows)[:MOST_PARAMS], metric_names(rows)[:MOST_METRICS]
    names = [*params, *metrics]
    heads = ["id", "status", *(value(one_line(name, 24)) for name in names), "time", ""]
    cells = [_cells(view, row, params, metrics) for row in rows]
    more = view.tally.done + len(view.tally.going) - len(rows)
    over = view.status not in _GOING
    parts = [table(heads, cells, range(2, len(names) + 3), sortable=over)]
    return joined([*parts, *([note(f"and {counted(more, 'more run')}")] if more > 0 else [])])


def chosen_rows(view: LiveView, most: int = ROWS) -> list[Row]:
    """Those that go on, those that failed, and the newest of the others; in order."""
    going = [one["row"] for one in view.tally.going.values()]
    failed = [one.row for one in view.failures]
    chosen: dict[str, Row] = {}
    for row in (*going, *failed, *reversed(view.rows)):
        if len(chosen) < most:
            chosen.setdefault(row["id"], row)
    return sorted(chosen.values(), key=lambda row: row["position"] or 0)


def _cells(
    view: LiveView, row: Row, params: Sequence[str], metrics: Sequence[str]
) -> list[Html | str]:
    going = view.tally.going.get(row["id"])
    if going is not None:
        status, seconds = "running", time.monotonic() - going["since"]
        last = view.lives.get(row["id"]) or next(iter(reversed(view.tails[row["id"]])), "")
        said = tag("span", ansi_to_html(last), style=f"{MONO};white-space:pre")
    else:
        status, said = row["status"], value(one_line(row["error"] or "", 80))
        seconds = max(0.0, (row["ended"] or 0) - (row["started"] or row["ended"] or 0))
    held = [shown(row["params"][n], 24) if n in row["params"] else "" for n in params]
    held += [shown(row["metrics"][n], 24) if n in row["metrics"] else "" for n in metrics]
    id = tag("span", row["id"][:ID_WIDTH], style=f"{FAINT};{MONO}")
    return [id, status_html(status), *map(value, held), duration_text(seconds), said]


# ---- what went wrong ----


def _failures(view: LiveView) -> list[Html]:
    shown_ones = [_failure(one, is_first=not n) for n, one in enumerate(view.failures)]
    more = view.failed - len(shown_ones)
    return shown_ones + ([note(f"and {more} more that failed")] if more else [])


def _failure(failure: Failure, *, is_first: bool) -> Html:
    row = failure.row
    name = value(one_line(row["name"] or row["id"][:ID_WIDTH]))
    head = joined([status_html(row["status"], "✗ "), tag("b", name), " "])
    head = joined([head, value(one_line(failure.said, _SAID))])
    body = [lines(ansi_to_html(failure.traceback))] if failure.traceback else []
    return fold(head, *body, note(f"%kogine logs {row['id'][:ID_WIDTH]}"), shown=is_first)


# ---- what is printed ----


def _shows_output(view: LiveView) -> bool:
    """A sweep's output is for while it goes on; a run's own is what it is run for."""
    return view.alone or view.status in _GOING


def shown_lines(view: LiveView) -> list[str]:
    """The lines of the output that are shown: all that are kept when it is a run's only output."""
    kept = [*view.log]
    if view.status in _GOING:
        return kept[-_LINES:]
    if view.traceback_is_told and view.failures and view.failures[0].traceback:
        starts = [n for n, line in enumerate(kept) if plain(line).startswith(_TRACEBACK)]
        return kept[: starts[-1]] if starts else kept
    return kept


def _output(view: LiveView) -> list[Html]:
    if not _shows_output(view):
        return []
    whole = shown_lines(view)
    unseen = view.unseen + (len(view.log) - len(whole) if view.status in _GOING else 0)
    live = view.lives.get(view.log_of, "") if view.log_of else view.first_live()
    text = joined(map(ansi_to_html, [*whole, *([live] if live.strip() else [])]), "\n")
    if not text:
        return []
    before = [tag("span", f"{unseen:,} lines before these\n", style=FAINT)] if unseen > 0 else []
    body = lines(joined([*before, text]))
    return [body] if view.alone else [fold(_name_of(view), body, shown=True)]


def _name_of(view: LiveView) -> Html:
    going = view.tally.going.get(view.log_of)
    rows = [going["row"]] if going else [*view.rows]
    return value(
        next((one_line(r["name"] or "") for r in rows if r["id"] == view.log_of), "output")
    )
