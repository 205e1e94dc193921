"""kogine config diff"""

from __future__ import annotations

import os

import click

from ..config.base import Config
from ..config.difference import MISSING, Difference, differences
from ..config.fit import short_repr
from ..config.members import EnumMember
from ..engine.script import Script
from ..errors import KogineError
from .arguments import FILE
from .configs import loaded_with
from .ids import NthCommand
from .reply import json_text, say, say_table, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config.generator import ConfigGenerator
    from ..runs.record import Run

_MOST = 100  # configs that are made one by one
_WIDTH = 60  # characters of a value


@click.command(cls=NthCommand, short_help="Show in what two configs differ.")
@click.argument("first", metavar="A", type=FILE)
@click.argument("second", metavar="B", type=FILE)
@click.option(
    "--a-arg", "a_args", multiple=True, metavar="K=V", help="An argument of A's config_gen()."
)
@click.option("--b-arg", "b_args", multiple=True, metavar="K=V", help="An argument of B's.")
@click.option(
    "--script", metavar="SCRIPT", help="Read both as this script does, by its types and defaults."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def diff(
    first: str,
    second: str,
    a_args: tuple[str, ...],
    b_args: tuple[str, ...],
    script: str | None,
    as_json: bool,
) -> int:
    """Show in what two configs differ, and exit with 1 if they do, as diff does.

    A and B are config files, or runs: the beginning of an id, last, -1, ...

    What YAML, TOML and JSON can't say is a text or a list there, and a path, a member of an Enum, a
    tuple or a set in Python: with --script, or beside a run of that script, it is the same.
    """
    from .config import prints_aside

    with prints_aside(as_json):
        one, ones = _loaded(first, a_args, "--a-arg")
        other, others = _loaded(second, b_args, "--b-arg")
        named = None if script is None else Script(script)
        one = _read_for(named or ones or others, one)
        other = _read_for(named or others or ones, other)
        found = differences(one, other, _MOST)
    if as_json:
        say(json_text(_document(first, second, found)))
    elif found:
        say_table([_row(one) for one in found])
    else:
        tell(f"{first} and {second} don't differ.")
    return 1 if found else 0


def _loaded(
    name: str, arguments: tuple[str, ...], option: str
) -> tuple[Config | ConfigGenerator, Script | None]:
    """What a file gives; or what a run was run with, and its script, if that is still there."""
    if not os.path.lexists(name) and not os.path.splitext(name)[1] and os.sep not in name:
        from ..runs.record import Run
        from .ids import find_run, open_store, there_is_a_store

        if there_is_a_store():
            store = open_store()
            run = Run(store, find_run(store, name)["id"])
            return run.config, _script_of(run)
    return loaded_with(name, arguments, option), None


def _script_of(run: Run) -> Script | None:
    try:
        script = Script(run.script)
        script.parameters()
    except KogineError:  # it has been removed, or is being written
        return None
    return script


def _read_for(script: Script | None, one: Config | ConfigGenerator) -> Config | ConfigGenerator:
    """What a file gives, as a script reads it."""
    if script is None:
        return one
    from ..engine.own_members import read_for

    read: Config | ConfigGenerator = read_for(script, one)
    return read


def _row(one: Difference) -> tuple[str, str, str, str]:
    if one.before is MISSING:
        return "+", one.name, _type(one.after), _shown(one.after)
    if one.after is MISSING:
        return "-", one.name, _type(one.before), _shown(one.before)
    types = dict.fromkeys(map(_type, (one.before, one.after)))
    values = map(_shown, (one.before, one.after))
    return "~", one.name, " -> ".join(types), " -> ".join(values)


def _type(value: object) -> str:
    return value.cls if isinstance(value, EnumMember) else type(value).__name__


def _shown(value: object) -> str:
    return value.expression if isinstance(value, EnumMember) else short_repr(value, _WIDTH)


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
                "types": [_type(one.before), _type(one.after)],
            }
            for one in changed
        },
    }
