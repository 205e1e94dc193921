"""Show what would run: what is the same once, what varies as a table, and how many runs there are."""

from __future__ import annotations

from ..config.varied import Varied
from .params import one_line
from .reply import json_text, say, say_tables, tell, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..flow.base import Workflow
    from ..flow.plan import Planned
    from ..flow.preview import Preview
    from .reply import Table

_SHOWN = 50  # rows of a dry run


def show_plan(workflow: Workflow, resume: bool | str, as_json: bool) -> int:
    """Show what would run, and how many runs that is."""
    from ..flow.preview import Preview

    total = workflow.plan.total
    preview = Preview(workflow, resume, _SHOWN if total is None or not as_json else total)
    for message in preview.warnings:
        warn(message)
    if as_json:
        say(json_text([_described(one, preview) for one in preview.first]))
        if resume or preview.count is None:
            tell("; ".join(_counted(preview, resume)))
        return 0
    if preview.first:
        say_tables(_planned(preview, workflow.plan.swept))
    say("\n".join(_counted(preview, resume)))
    return 0


def parted(same: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> list[Table]:
    """What is the same for all, a line each, and below it a table of what varies.

    Args:
        same: Names and their values, and what else there is to say of them.
        rows: The table, its header first; one of which all cells but the first are empty is left out.
    """
    parts: list[Table] = [(same, False)] if same else []
    if any(cell for cell in rows[0][1:]):
        parts.append((rows, True))
    return parts


def _planned(preview: Preview, axes: Sequence[str]) -> list[Table]:
    shown = preview.first
    whole = preview.count == len(shown)
    varied = Varied([_values(one, axes) for one in shown], axes, whole=whole)
    scripts = [one.script.name for one in shown]
    several = len(set(scripts)) > 1
    same = [] if several else [("script", scripts[0])]
    same += [(name, _cell(value)) for name, value in varied.same.items()]
    header = ["", *(["script"] if several else []), *varied.names]
    rows = [header + (["status"] if preview.known else [])]
    for one, script, values in zip(shown, scripts, varied.rows):
        row = [str(one.position), *([script] if several else [])]
        row += [_cell(values.get(name, "")) for name in varied.names]
        if preview.known:
            row.append("finished" if one.position in preview.known else "")
        rows.append(row)
    return parted(same, rows)


def _values(planned: Planned, axes: Sequence[str]) -> dict[str, Any]:
    """What a run's config sets, with the whole of the dictionaries of which a part is swept."""
    roots = {name.partition(".")[0] for name in axes if "." in name}
    given = planned.config.globals_dict
    return {**planned.params, **{root: given[root] for root in roots if root in given}}


def _counted(preview: Preview, resume: bool | str) -> Iterator[str]:
    """How many runs there are beyond those that are shown, and in all, as far as that is known."""
    gone = preview.finished if resume else 0
    if preview.fault is not None:
        yield f"... the rest depends on how runs end ({_cell(preview.fault, 200)})"
    elif preview.count is None:
        yield "... and perhaps more: they are made one by one"
    elif more := preview.count - gone - len(preview.first):
        yield f"... and {more} more"
    some = f"{preview.made} run(s) or more" if preview.count is None else f"{preview.count} run(s)"
    if resume:
        yield f"{some}, {preview.finished} finished already"
    elif preview.flow:
        first = f" of the first {preview.looked_at}" if preview.looked_at else ""
        yield (
            f"{some}, {preview.finished}{first} finished already in flow {preview.flow[:8]}: "
            "--resume leaves them out"
        )
    else:
        yield some


def _described(planned: Planned, preview: Preview) -> dict[str, object]:
    return {
        "position": planned.position,
        "script": planned.script.name,
        "name": planned.name,
        "params": planned.params,
        "finished": planned.position in preview.known,
    }


def _cell(value: object, width: int = 48) -> str:
    return one_line(str(value), width)
