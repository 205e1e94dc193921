"""kogine config diff"""

from __future__ import annotations

import os

import click

from ..config.base import Config
from ..config.difference import MISSING, Difference, differences
from ..config.fit import short_repr
from .arguments import FILE
from .configs import loaded_with
from .ids import NthCommand
from .reply import json_text, say, say_table, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config.generator import ConfigGenerator

_MOST = 100  # configs that are made one by one
_WIDTH = 60  # characters of a value


@click.command(cls=NthCommand, short_help="Show in what two configs differ.")
@click.argument("first", metavar="A", type=FILE)
@click.argument("second", metavar="B", type=FILE)
@click.option(
    "--a-arg", "a_args", multiple=True, metavar="K=V", help="An argument of A's config_gen()."
)
@click.option("--b-arg", "b_args", multiple=True, metavar="K=V", help="An argument of B's.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def diff(
    first: str, second: str, a_args: tuple[str, ...], b_args: tuple[str, ...], as_json: bool
) -> int:
    """Show in what two configs differ, and exit with 1 if they do, as diff does.

    A and B are config files, or runs: the beginning of an id, last, -1, ...
    """
    from .config import prints_aside

    with prints_aside(as_json):
        one, other = _loaded(first, a_args, "--a-arg"), _loaded(second, b_args, "--b-arg")
        found = differences(one, other, _MOST)
    if as_json:
        say(json_text(_document(first, second, found)))
    elif found:
        say_table([_row(one) for one in found])
    else:
        tell(f"{first} and {second} don't differ.")
    return 1 if found else 0


def _loaded(name: str, arguments: tuple[str, ...], option: str) -> Config | ConfigGenerator:
    """What a file gives, or a run was run with."""
    if not os.path.lexists(name) and not os.path.splitext(name)[1] and os.sep not in name:
        from ..runs.record import Run
        from .ids import find_run, open_store, there_is_a_store

        if there_is_a_store():
            store = open_store()
            return Run(store, find_run(store, name)["id"]).config
    return loaded_with(name, arguments, option)


def _row(one: Difference) -> tuple[str, str, str, str]:
    if one.before is MISSING:
        return "+", one.name, type(one.after).__name__, short_repr(one.after, _WIDTH)
    if one.after is MISSING:
        return "-", one.name, type(one.before).__name__, short_repr(one.before, _WIDTH)
    types = dict.fromkeys(type(value).__name__ for value in (one.before, one.after))
    values = (short_repr(value, _WIDTH) for value in (one.before, one.after))
    return "~", one.name, " -> ".join(types), " -> ".join(values)


def _document(first: str, second: str, found: Sequence[Difference]) -> dict[str, object]:
    changed = [one for one in found if MISSING not in (one.before, one.after)]
    return {
        "a": first,
        "b": second,
        "same": not found,
        "only_in_a": {one.name: one.before for one in found if one.after is MISSING},
        "only_in_b": {one.name: one.after for one in found if one.before is MISSING},
        "changed": {
            one.name: {
                "a": one.before,
                "b": one.after,
                "types": [type(one.before).__name__, type(one.after).__name__],
            }
            for one in changed
        },
    }
