"""kogine params"""

from __future__ import annotations

import click

from ..engine.script import Script
from ..engine.source import check
from .arguments import FILE
from .reply import json_text, say, say_table, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..engine.parameters import Parameter


@click.command(short_help="Show the parameters of a script.")
@click.argument("script", type=FILE)
@click.option("--all", "everything", is_flag=True, help="Also names whose default is computed.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def params(script: str, everything: bool, as_json: bool) -> None:
    """Show the parameters of a SCRIPT: name, default, type, line and help. Nothing of it is run."""
    target = Script(script)
    # Reading the parameters passes over what is in functions.
    check(target.read(), target.code_file)
    found = target.parameters()
    shown = [parameter for parameter in found if everything or not parameter.computed]
    if as_json:
        document = {"script": target.path, "parameters": [p.to_dict() for p in shown]}
        say(json_text(document))
        return
    if shown:
        heads = ("name", "default", "type", "line", "help")
        say_table([heads, *map(_row, shown)], heads=True)
    if not shown:
        hidden = f"; {len(found)} with computed defaults: see --all" if found else ""
        tell(f"{target.name} has no parameters{hidden}.")


def _row(parameter: Parameter) -> tuple[str, str, str, str, str]:
    return (
        parameter.name,
        one_line(parameter.expression or ""),
        one_line(parameter.described_type or ""),
        parameter.place.removeprefix("line "),
        parameter.help or "",
    )


def one_line(text: str, width: int = 48) -> str:
    """A text of source code on one line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 3]}..."
