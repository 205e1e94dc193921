"""The options by which several commands choose runs."""

from __future__ import annotations

import click

from ..runs.terms import STATUSES
from .arguments import Choice
from .reply import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..runs.store import RunStore

_OPTIONS = (
    click.option("--status", multiple=True, type=Choice(STATUSES), help="Only those; repeatable."),
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


def tell_strange_names(store: RunStore, which: Mapping[str, Any]) -> None:
    """Tell on stderr what a filter or an order names that no run has.

    Args:
        store: Where the runs are kept.
        which: What was chosen.
    """
    if which["tag"] or which["script"]:
        from ..runs.names import strange_choices

        for sentence in strange_choices(store, **which):
            tell(sentence)
    if which["where"] or which["sort"]:
        from ..runs.names import strange_names

        for sentence in strange_names(store, **which):
            tell(sentence)


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
