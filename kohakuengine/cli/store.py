"""kogine store"""

from __future__ import annotations

import os
import re
import sys
import time

import click

from ..errors import NotFoundError
from ..runs.cells import counted, one_line, size_text, table, time_text
from ..runs.terms import STATUSES
from .arguments import FILE, Choice
from .durations import DURATION
from .groups import Group
from .ids import FLOW, RUN_OR_FLOW, NthCommand, find, open_store, settled, with_ids
from .reply import json_text, say, say_table, say_tables, tell, warn
from .selection import selected, selection_options, tell_strange_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.remove import Removal, Seen
    from ..runs.store import RunStore
    from .reply import Table

_FLOWS = 20  # how many du shows
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group(cls=Group, short_help="Look after what is recorded.")
def store() -> None:
    """Look after the store, in which all runs are recorded."""


@store.command(short_help="Show how much room it takes.")
@JSON
def du(as_json: bool) -> int:
    """Show how much room the store takes on the disk, and which flows take it; and the memory that
    warm servers hold.
    """
    from ..runs.sizes import usage
    from .doctor import server_rows, servers, servers_text

    found = usage(open_store())
    alive = servers()
    if as_json:
        say(json_text({**found, "servers": alive}))
        return 0
    flows, rest = found["flows"][:_FLOWS], found["flows"][_FLOWS:]
    lines: list[tuple[str, ...]] = [
        (size_text(flow["bytes"]), *_flow_cells(flow)) for flow in flows
    ]
    if rest:
        size = sum(flow["bytes"] for flow in rest)
        lines.append((size_text(size), counted(len(rest), "other flow"), "", "", ""))
    lines.append((size_text(found["index"]), "the index", "", "", ""))
    if found["other"]:
        lines.append((size_text(found["other"]), "everything else", "", "", ""))
    lines.append((size_text(found["bytes"]), f"in all, in {found['home']}", "", "", ""))
    tables: list[Table] = [(lines, False), *([(server_rows(alive), True)] if alive else [])]
    said = [_right_aligned(lines), *([servers_text(alive)] if alive else [])]
    say_tables(tables, "\n\n".join(said))
    return 0


def _flow_cells(flow: dict[str, Any]) -> tuple[str, str, str, str]:
    name = one_line(flow["name"] or "", 24)
    return flow["id"][:8], counted(flow["runs"], "run"), time_text(flow["created"])[:16], name


def _right_aligned(lines: list[tuple[str, ...]]) -> str:
    width = max(len(line[0]) for line in lines)
    flows = iter(table([line[1:] for line in lines if line[2]]).split("\n"))
    shown = ((line[0].rjust(width), next(flows) if line[2] else line[1]) for line in lines)
    return "\n".join("  ".join(pair) for pair in shown)


@store.command(cls=NthCommand, short_help="Remove runs and flows.")
@click.argument("which", metavar="[RUN|FLOW]...", nargs=-1, type=RUN_OR_FLOW)
@click.option(
    "--older-than", type=DURATION, metavar="TIME", help="Only what ended that long ago: 30d, 12h."
)
@click.option("--status", multiple=True, type=Choice(STATUSES), help="Only those.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@JSON
def rm(
    which: tuple[str, ...],
    older_than: float | None,
    status: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> int:
    """Remove runs, and flows with their runs: what they printed, their results and artifacts.

    Without any, all runs are meant that the options leave. What goes on is never removed.
    """
    from ..runs.remove import going_on, is_going_on, it_goes_on, plan_removal, remove
    from ..runs.sizes import sizes_of

    if not which and older_than is None and not status:
        raise click.UsageError("Nothing to remove: name runs or flows, or say --older-than TIME.")
    store = settled(open_store())
    plan = plan_removal(store, *_meant(store, which, older_than, status))
    live = going_on(store, plan)
    if live and which:
        raise is_going_on(store, live[0])
    for flow in live:
        tell(it_goes_on(flow, plan.pop(flow)))
    folders = [folder for removal in plan.values() for folder in removal.folders(store.paths)]
    sizes = dict(zip(folders, sizes_of(*folders)))
    if plan and not yes and not _confirmed(plan, sum(sizes.values())):
        tell("nothing was removed.")
        return 1
    left: list[str] = []
    done = remove(store, plan, left.append)
    for text in left:
        tell(text)
    size = sum(sizes[folder] for folder in done.folders(store.paths))
    if as_json:
        say(json_text({"runs": done.runs, "flows": done.flows, "bytes": size}))
    else:
        say(
            f"removed {_counts(done)} ({size_text(size)})" if plan else "there is nothing to remove"
        )
    return int(bool(which and left))


def _meant(
    store: RunStore, which: tuple[str, ...], older_than: float | None, status: tuple[str, ...]
) -> tuple[list[Seen], list[str]]:
    """The runs, as they are now, and the ids of the flows as a whole, that are to be removed."""
    from ..runs.remove import SEEN

    filters: dict[str, Any] = {"status": list(status) or None}
    if older_than is not None:
        before = repr(time.time() - older_than)
        filters["where"] = f"ended < {before} or (ended is None and created < {before})"
    filtered = older_than is not None or bool(status)
    runs: list[Seen] = []
    flows: list[str] = []
    for text in which:
        kind, row = find(store, text)
        if kind == "flow" and not filtered:
            flows.append(row["id"])
        else:
            within: dict[str, Any] = {"flow": row["id"]} if kind == "flow" else {"ids": [row["id"]]}
            runs += store.glance(SEEN, **within, **filters)
    if not which:
        runs = store.glance(SEEN, **filters)
        if older_than is not None and not status:
            flows = _empty_flows(store, time.time() - older_than)
    return runs, flows


def _empty_flows(store: RunStore, before: float) -> list[str]:
    old = (flow["id"] for flow in store.flows() if flow["created"] < before)
    return [id for id in old if not store.count(flow=id)]


def _counts(removal: Removal) -> str:
    flows = [counted(len(removal.flows), "flow")] if removal.flows else []
    return " and ".join([counted(len(removal.runs), "run"), *flows])


def _confirmed(plan: dict[str, Removal], size: int) -> bool:
    from ..runs.remove import Removal

    runs = [id for removal in plan.values() for id in removal.runs]
    flows = [id for removal in plan.values() for id in removal.flows]
    question = f"remove {_counts(Removal(runs, flows))} ({size_text(size)})?"
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin is not None and sys.stdin.isatty():
            raise
        raise _nobody() from None
    except RuntimeError:  # of a kernel whose notebook can't ask, as when it is executed by itself
        raise _nobody() from None


def _nobody() -> click.UsageError:
    return click.UsageError("Nobody is there to be asked: say --yes.")


class _TagCommand(click.Command):
    """Takes words that begin with + and -."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = [word for said in args for word in with_ids(said)]
        changes = [word for word in args if re.fullmatch(r"\+.*|-[^-].*", word) and word != "-h"]
        which = []
        while args and args[0] in changes and re.fullmatch(r"-[1-9]\d*", args[0]):
            which.append(f"@{args[0][1:]}")  # the newest, as elsewhere
            changes.remove(args[0])
            args = args[1:]
        rest = super().parse_args(ctx, [*which, *(word for word in args if word not in changes)])
        ctx.params["changes"] = changes
        return rest


@store.command(cls=_TagCommand, short_help="Tag runs and flows.")
@click.argument("which", metavar="RUN|FLOW... [+WORD | -WORD]...", nargs=-1, type=RUN_OR_FLOW)
@JSON
def tag(which: tuple[str, ...], changes: list[str], as_json: bool) -> int:
    """Give runs the tag WORD by +WORD, and take it away by -WORD; print their tags.

    The tags of a flow are those of all its runs.
    """
    from ..runs.tags import check_ended, tag_flow, tag_run

    if not which:
        raise click.UsageError("Missing argument 'RUN|FLOW...'.")
    if any(len(change) < 2 for change in changes):
        raise click.UsageError("A tag is a word behind + or -, such as +good.")
    store = open_store()
    try:
        found = {row["id"]: kind for kind, row in (find(store, text) for text in which)}
    except NotFoundError as error:
        raise click.UsageError(f"{error} A tag is a word behind + or -, such as +good.") from None
    add = [change[1:] for change in changes if change[0] == "+"]
    remove = [change[1:] for change in changes if change[0] == "-"]
    for id, kind in found.items():
        if kind == "flow" and changes:
            check_ended(store, id)
    by_kind = {"run": tag_run, "flow": tag_flow}
    tags = {id: by_kind[kind](store, id, add, remove) for id, kind in found.items()}
    if as_json:
        say(json_text(tags))
    else:
        say_table([(id[:8], " ".join(map(one_line, words)) or "-") for id, words in tags.items()])
    return 0


@store.command(short_help="Rebuild the index from the directories.")
@JSON
def reindex(as_json: bool) -> int:
    """Rebuild the index from the directories of runs and flows, which hold all that it says."""
    from ..runs.reindex import reindex as rebuild

    counts = rebuild(open_store())
    if as_json:
        say(json_text(counts))
    else:
        say(f"{counted(counts['runs'], 'run')} of {counted(counts['flows'], 'flow')} indexed")
    if counts["moved"]:
        tell(f"the index was damaged, and is now {counts['moved']}.")
    for folder in counts["broken"]:
        warn(f"{folder} can't be understood, and is left out.")
    return 0


@store.command(short_help="Write runs to a file.")
@click.argument("file", metavar="FILE", type=FILE)
@selection_options
@click.option("--flow", metavar="FLOW", type=FLOW, help="Only the runs of that flow.")
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json"]), help="If FILE's name doesn't tell it."
)
def export(file: str, flow: str | None, kind: str | None, **chosen: Any) -> int:
    """Write all runs, or those that are chosen, to FILE.csv or FILE.json; - is stdout.

    A line or object for each run, with its parameters, metrics, status and times.
    """
    from ..runs.export import export as exported
    from ..runs.export import write_text
    from .ids import find_flow

    kind = kind or _kind(file)
    which = selected(**chosen)
    store = settled(open_store())
    if flow is not None:
        which["flow"] = find_flow(store, flow)["id"]
    rows = list(store.iterate(**which))
    tell_strange_names(store, which)
    text = exported(rows, kind)
    if file == "-":
        say(text.removesuffix("\n"))
    else:
        write_text(file, text)
        tell(f"{counted(len(rows), 'run')} written to {file}.")
    return 0


def _kind(file: str) -> str:
    """The format that a file's name tells."""
    from ..runs.export import FORMATS

    end = os.path.splitext(file)[1].lower().removeprefix(".")
    if file == "-":
        return "csv"
    if end not in FORMATS:
        raise click.UsageError(f"The name of {file} must end in .csv or .json, or say --format.")
    return end
