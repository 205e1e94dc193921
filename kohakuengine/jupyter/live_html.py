"""What a `LiveView` shows, as HTML that every notebook keeps, and as text.

No classes, scripts or style sheets: tables, inline styles, `<progress>` and `<details>` are what
JupyterLab's sanitizer, VS Code and a static export have in common. Colours are such as can be read
on white and on black.
"""

from __future__ import annotations

import time
from html import escape

from ..runs.cells import duration_text, one_line, shown
from ..runs.listing import ID_WIDTH, MOST_METRICS, MOST_PARAMS, metric_names, varying
from ..runs.output import plain
from .ansi import to_html

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .live import Failure, LiveView

    Row = dict[str, Any]

COLOURS = {
    "running": "#2f7fd1",
    "paused": "#b8860b",
    "finished": "#2e9e4f",
    "failed": "#d14343",
    "timed_out": "#d14343",
    "cancelled": "#b8860b",
    "interrupted": "#b8860b",
}
FAINT = "opacity:0.7"
_CELL = "text-align:left;padding:1px 12px 1px 0;white-space:nowrap"
PRE = (
    "margin:4px 0;padding:6px 8px;max-height:24em;overflow:auto;white-space:pre-wrap;"
    "border-left:3px solid #8884;font-size:12px;line-height:1.35"
)
_TEXT_LINES = 20  # of the log, where there is no HTML
_ROWS = 50  # of runs
_LINES = 50  # of the log, while it grows
_TRACEBACK = "Traceback (most recent call last)"


def live_html(view: LiveView) -> str:
    """All that a view shows."""
    parts = [_head(view)]
    if not view.alone:
        parts.append(_runs(view))
        parts += [_failure(one, first=not n) for n, one in enumerate(view.failures)]
        if view.failed > len(view.failures):
            parts.append(f"<div>and {view.failed - len(view.failures)} more that failed</div>")
    parts += [f'<div style="{FAINT}">{escape(note)}</div>' for note in view.notes]
    parts.append(_log(view))
    return f'<div style="font-size:13px">{"".join(parts)}</div>'


def live_text(view: LiveView) -> str:
    """The same in a few lines."""
    lines = [f"{view.status}: {' · '.join(_facts(view))}"]
    if not view.alone:
        lines += [f"✗ {one.row['name']} {one.said}\n{one.traceback}" for one in view.failures]
    lines += [*view.notes]
    if _shows_log(view):
        lines += [plain(line) for line in shown_lines(view)[-_TEXT_LINES:]]
    return "\n".join(line.rstrip() for line in lines)


def _head(view: LiveView) -> str:
    bar = ""
    if view.tally.total and not view.alone and view.status in ("running", "paused"):
        bar = (
            f'<progress value="{view.tally.done}" max="{view.tally.total}" '
            'style="width:14em;vertical-align:middle"></progress> '
        )
    facts = escape(" · ".join(_facts(view)))
    flow = f' <span style="{FAINT}">flow {escape(view.flow[:ID_WIDTH])}</span>'
    return f"<div>{bar}{_status(view.status)} {facts}{flow}</div>"


def _facts(view: LiveView) -> list[str]:
    tally = view.tally
    if view.alone:
        return [duration_text(tally.seconds)]
    facts = [tally.counts()]
    if view.status in ("running", "paused"):
        facts.append(f"{len(tally.going)} running")
        left = tally.time_left()
        if left is not None:
            facts.append(f"about {duration_text(left)} left")
    return facts


def _status(status: str) -> str:
    colour = COLOURS.get(status, "inherit")
    return f'<b style="color:{colour}">{escape(status.replace("_", " "))}</b>'


def _runs(view: LiveView) -> str:
    """A table: those that go on, those that failed, and the newest of the others."""
    rows = chosen_rows(view)
    if not rows:
        return ""
    params, metrics = varying(rows)[:MOST_PARAMS], metric_names(rows)[:MOST_METRICS]
    if len(rows) == 1:
        params = [*rows[0]["params"]][:MOST_PARAMS]
    heads = ["run", "status", *params, *metrics, "time", ""]
    head = "".join(f'<th style="{_CELL}">{escape(one_line(name, 24))}</th>' for name in heads)
    body = "".join(_line(view, row, params, metrics) for row in rows)
    more = view.tally.done + len(view.tally.going) - len(rows)
    caption = f'<div style="{FAINT}">and {more} more</div>' if more > 0 else ""
    return (
        '<table style="border-collapse:collapse;margin:4px 0;font-size:12px">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{caption}"
    )


def chosen_rows(view: LiveView, most: int = _ROWS) -> list[Row]:
    """The rows that are shown, in the order of their submission."""
    going = [one["row"] for one in view.tally.going.values()]
    failed = [one.row for one in view.failures]
    chosen: dict[str, Row] = {}
    for row in (*going, *failed, *reversed(view.rows)):
        if len(chosen) < most:
            chosen.setdefault(row["id"], row)
    return sorted(chosen.values(), key=lambda row: row["position"] or 0)


def _line(view: LiveView, row: Row, params: Sequence[str], metrics: Sequence[str]) -> str:
    going = view.tally.going.get(row["id"])
    if going is not None:
        status, seconds = "running", time.monotonic() - going["since"]
        live = view.lives.get(row["id"]) or next(iter(reversed(view.tails[row["id"]])), "")
    else:
        status, live = row["status"], one_line(row["error"] or "", 80)
        seconds = max(0.0, (row["ended"] or 0) - (row["started"] or row["ended"] or 0))
    held = [shown(row["params"][n], 24) if n in row["params"] else "" for n in params]
    held += [shown(row["metrics"][n], 24) if n in row["metrics"] else "" for n in metrics]
    cells = [f"<code>{row['id'][:ID_WIDTH]}</code>", _status(status), *map(escape, held)]
    cells += [duration_text(seconds), f'<code style="{FAINT}">{to_html(live)}</code>']
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _failure(failure: Failure, *, first: bool) -> str:
    row = failure.row
    name = escape(one_line(row["name"] or row["id"][:ID_WIDTH]))
    said = escape(one_line(failure.said, 300))
    colour = COLOURS.get(row["status"], "inherit")
    head = f'<b style="color:{colour}">✗ {name}</b> {said}'
    command = f"%kogine logs {row['id'][:ID_WIDTH]}"
    body = f'<pre style="{PRE}">{escape(failure.traceback)}</pre>' if failure.traceback else ""
    return (
        f"<details{' open' if first else ''}><summary>{head}</summary>{body}"
        f'<div style="{FAINT}"><code>{command}</code></div></details>'
    )


def _shows_log(view: LiveView) -> bool:
    """A sweep's log is for while it goes on; a run's own is what it is run for."""
    return view.alone or view.status in ("running", "paused")


def _log(view: LiveView) -> str:
    if not _shows_log(view):
        return ""
    lines = shown_lines(view)
    unseen = view.unseen
    if view.status in ("running", "paused"):
        unseen += len(view.log) - len(lines)
    live = view.lives.get(view.log_of, "") if view.log_of else next(iter(view.lives.values()), "")
    text = "\n".join(map(to_html, [*lines, *([live] if live.strip() else [])]))
    if not text:
        return ""
    more = f'<span style="{FAINT}">{unseen} lines before these</span>\n' if unseen > 0 else ""
    if view.alone:
        return f'<pre style="{PRE}">{more}{text}</pre>'
    which = escape(_name_of(view))
    return (
        f'<details open><summary>{which}</summary><pre style="{PRE}">{more}{text}</pre></details>'
    )


def shown_lines(view: LiveView) -> list[str]:
    """The lines of the log that are shown: all that there are when it is a run's only output."""
    lines = [*view.log]
    if view.status in ("running", "paused"):
        return lines[-_LINES:]
    if view.traceback_is_told and view.failures and view.failures[0].traceback:
        starts = [n for n, line in enumerate(lines) if plain(line).startswith(_TRACEBACK)]
        return lines[: starts[-1]] if starts else lines
    return lines


def _name_of(view: LiveView) -> str:
    going = view.tally.going.get(view.log_of)
    rows: Iterable[Row] = [going["row"]] if going else view.rows
    return next((one_line(r["name"] or "") for r in rows if r["id"] == view.log_of), "output")
