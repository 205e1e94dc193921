"""The options by which several commands choose runs."""

from __future__ import annotations

import click

from ..runs.terms import STATUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_OPTIONS = (
    click.option(
        "--status", multiple=True, type=click.Choice(STATUSES), help="Only those; repeatable."
    ),
    click.option("--script", metavar="PATH", help="Only of that script: a path, or its end."),
    click.option("--tag", metavar="WORD", help="Only those with the tag."),
    click.option("--where", metavar="FILTER", help='Only those such as "lr < 0.1 and loss < 0.3".'),
    click.option(
        "--sort",
        metavar="NAME",
        help="By a metric, parameter or column; -NAME for descending order.",
    ),
)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `selected` understands."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def selected(
    status: tuple[str, ...],
    script: str | None,
    tag: str | None,
    where: str | None,
    sort: str | None,
) -> dict[str, Any]:
    """What was chosen, as `RunStore.select` takes it."""
    given = {"status": list(status) or None, "script": script, "tag": tag}
    return {**given, "where": where, "sort": sort}
