"""Runs as notebooks show them."""

from __future__ import annotations

from ..ansi import ansi_to_html
from ..errors import KogineError
from ..markup import FAINT, MONO, bundle, fold, joined, lines, note, table, tag, value, visible
from .cells import STYLES, counted, duration_text, one_line, shown
from .cells import table as text_table
from .listing import columns, fitting, script_name
from .outcome import FINISHED
from .output import plain, tail
from .sections import run_sections, section_lines
from .summary import Summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ..markup import Html
    from .listing import Column
    from .sections import Section
    from .store import RunStore
    from .table import Runs

    Row = dict[str, Any]

MOST = 60  # runs in a table
_COMMON = 12  # parameters that all have in common
_ERROR = 80  # of an error in a table, in characters
_VALUE = 300  # of a value, in characters
_ROWS = 200  # of a section
_TAIL = 20  # lines of the output
_LINE = 2_000  # of a line of the output, in characters
_TRACEBACK = 16_000  # of a traceback, in characters: recursion makes long ones

# Colours that can be read on light pages and dark ones.
_COLOURS = {"green": "#14964a", "red": "#d8413c", "yellow": "#a87900", "cyan": "#0c86a0"}
_NUMBERS = ("metric", "duration")


def status_html(status: str, text: str | None = None) -> Html:
    """A status in its colour; or another text in it."""
    colour = STYLES.get(status, "")
    style = FAINT if colour == "dim" else f"color:{_COLOURS[colour]}" if colour else ""
    return tag("span", text or status.replace("_", " "), style=style)


# ---- many ----


def runs_bundle(runs: Runs) -> dict[str, str]:
    """A table of runs, as HTML and as text."""
    try:
        summary = Summary(runs.rows(), MOST)
    except KogineError as error:
        return bundle(tag("div", str(error)), str(error))
    if not summary.total:
        return bundle(tag("div", "no runs"), "no runs")
    head = tag("div", tag("b", counted(summary.total, "run")), ": ", counts_html(summary.counts))
    return bundle(tag("div", head, *runs_parts(summary)), runs_text(summary))


def runs_parts(summary: Summary) -> list[Html]:
    """What runs have in common, and a table of them."""
    said = _common(summary)
    parts = [*([note("all with ", value(said))] if said else []), runs_html(summary)]
    more = summary.total - len(summary.first)
    if more:
        parts.append(note(f"and {more} more: runs[{MOST}:], or runs.to_pandas() for all"))
    return parts


def counts_html(counts: Mapping[str, int]) -> Html:
    """How many runs have each status."""
    told = [status_html(s, f"{counts[s]} {s.replace('_', ' ')}") for s in STYLES if counts.get(s)]
    return joined(told, ", ")


def _common(summary: Summary) -> str:
    """What all have in common, told once."""
    if summary.total < 2:
        return ""
    scripts = list(summary.scripts)
    told = [script_name(scripts[0])] if len(scripts) == 1 else []
    pairs = list(summary.common.items())
    told += [f"{one_line(name, 24)}={shown(item, 40)}" for name, item in pairs[:_COMMON]]
    left_out = len(pairs) - _COMMON
    return ", ".join([*told, *([f"and {left_out} more"] if left_out > 0 else [])])


def runs_html(summary: Summary) -> Html:
    """A table of runs alone."""
    found = columns(summary.first, params=summary.varying, metrics=summary.metrics)
    columns_of_cells = [_cells(column) for column in found]
    heads: list[str] = [value(column.name) for column in found]
    errors = [row["error"] for row in summary.first]
    if any(errors):
        heads.append("error")
        columns_of_cells.append([value(one_line(error or "", _ERROR)) for error in errors])
    right = [n for n, column in enumerate(found) if column.kind in _NUMBERS or _is_numeric(column)]
    return table(heads, zip(*columns_of_cells), right, sortable=True)


def _cells(column: Column) -> list[Html]:
    if column.kind == "status":
        return [status_html(cell) for cell in column.cells]
    if column.kind == "id":
        return [tag("span", cell, style=f"{FAINT};{MONO}") for cell in column.cells]
    return [value(cell) for cell in column.cells]


def _is_numeric(column: Column) -> bool:
    return column.kind == "param" and all(_is_number(cell) for cell in column.cells if cell)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def runs_text(summary: Summary) -> str:
    """The same for where only text can be shown, as wide as the terminal."""
    import shutil

    found = columns(summary.first, params=summary.varying, metrics=summary.metrics)
    kept = fitting(found, shutil.get_terminal_size((120, 24)).columns)
    heads = [column.name for column in kept]
    text = text_table([heads, *zip(*(column.cells for column in kept))])
    more = summary.total - len(summary.first)
    said = _common(summary)
    notes = [
        *([f"and {counted(more, 'run')} more"] if more else []),
        *([f"all with {said}"] if said else []),
    ]
    return "\n".join([text, *notes])


# ---- one ----


def run_bundle(store: RunStore, id: str) -> dict[str, str]:
    """All that is known of a run, as HTML and as text."""
    from .detail import describe_run

    try:
        run = describe_run(store, store.run(id), unpickle=False)
    except KogineError as error:
        return bundle(tag("div", str(error)), str(error))
    sections = run_sections(run, _VALUE)
    printed = tail(run["log"], _TAIL) if run["log"] else []
    html = tag("div", _head(run), *_reason(run), *_parts(run, sections, printed))
    return bundle(html, _text(run, printed))


def _head(run: Row) -> Html:
    took = duration_text(run["duration"])
    name = one_line(run["name"] or "", _VALUE)
    parts = [tag("b", "run "), tag("span", run["id"][:8], style=MONO), " ", value(name), " "]
    return tag("div", *parts, status_html(run["status"]), f" {took}")


def _reason(run: Row) -> list[Html]:
    if not run["reason"] or run["status"] in ("queued", "running"):
        return []
    return [tag("div", status_html(run["status"], one_line(run["reason"], 1_000)))]


def _parts(run: Row, sections: Iterable[Section], printed: list[str]) -> list[Html]:
    """What matters most stands open; where it was run, and what it printed, can be unfolded."""
    rows = dict(sections)
    facts = rows.pop("")
    parts = _traceback(run["traceback"])
    for head in ("parameters", "metrics", "result", "artifacts", "warnings"):
        if head in rows:
            parts.append(_section(head, rows.pop(head)))
    if printed:
        is_open = run["status"] != FINISHED and not run["traceback"]
        parts.append(_output(printed, is_open))
    parts.append(fold("facts", _rows(facts)))
    return parts + [fold(head, _rows(of_head)) for head, of_head in rows.items()]


def _traceback(text: str | None) -> list[Html]:
    if text is None:
        return []
    return [fold("traceback", lines(ansi_to_html(_middle(text))), shown=True)]


def _output(printed: list[str], is_open: bool) -> Html:
    text = ansi_to_html("\n".join(line[:_LINE] for line in printed))
    return fold(f"output, the last {counted(len(printed), 'line')}", lines(text), shown=is_open)


def _section(head: str, rows: list[tuple[str, ...]]) -> Html:
    return tag("div", tag("div", head, style=f"{FAINT};margin-top:6px"), _rows(rows))


def _rows(rows: list[tuple[str, ...]]) -> Html:
    more = len(rows) - _ROWS
    filled = [column for column in zip(*rows[:_ROWS]) if any(column)]
    drawn = [[_wrapped(cell) for cell in row] for row in zip(*filled)]
    return joined([table((), drawn), *([note(f"and {more} more")] if more > 0 else [])])


def _wrapped(text: str) -> Html:
    shown_text = value(text, 10 * _VALUE)
    return tag("span", shown_text, style="overflow-wrap:anywhere") if len(text) > 40 else shown_text


def _middle(text: str) -> str:
    """A text without its middle, where it is very long."""
    if len(text) <= _TRACEBACK:
        return text
    half = _TRACEBACK // 2
    return f"{text[:half]}\n... {len(text) - 2 * half:,} characters left out ...\n{text[-half:]}"


def _text(run: Row, printed: list[str]) -> str:
    parts = ["\n".join(section_lines(run_sections(run)))]
    if run["traceback"]:
        parts.append(_told(_middle(run["traceback"])).rstrip())
    if printed and not run["traceback"]:
        parts.append("\n  ".join(["output", *(_told(line[:_LINE]) for line in printed)]))
    return "\n\n".join(parts)


def _told(text: str) -> str:
    return visible(plain(text))
