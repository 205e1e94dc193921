"""kogine show"""

from __future__ import annotations

import click

from .ids import RUN_OR_FLOW, NthCommand, find, open_store, settled
from .reply import json_text, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.sections import Section

    Document = dict[str, Any]


@click.command(cls=NthCommand, short_help="Show all that is known of a run or flow.")
@click.argument("which", metavar="RUN|FLOW", type=RUN_OR_FLOW)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(which: str, as_json: bool) -> int:
    """Show all that is known of a run or flow, by the beginning of its id or a flow's name.

    The newest run is `last`, or -1; the one before is -2.
    """
    from ..runs.detail import describe_flow, describe_run
    from ..runs.sections import run_sections, section_lines

    store = settled(open_store())
    kind, row = find(store, which)
    document = (describe_run if kind == "run" else describe_flow)(store, row)
    if as_json:
        say(json_text({"kind": kind, **document}))
    else:
        sections = run_sections(document) if kind == "run" else _of_flow(document)
        say("\n".join(section_lines(sections)))
    return 0


def _of_flow(flow: Document) -> list[Section]:
    from ..flow.options import Options
    from ..runs.sections import flow_sections

    usual = {**Options().to_json(), "name": flow["name"]}
    chosen = {name: value for name, value in flow["options"].items() if value != usual.get(name)}
    return flow_sections(flow, chosen)
