"""Runs and flows as they are named on the command line: by the beginning of an id, or the newest."""

from __future__ import annotations

import os
import re

import click
from click.shell_completion import CompletionItem

from ..config.given import NO_OBJECT, given_object
from ..errors import KogineError, NotFoundError
from ..runs.home import find_home
from ..runs.store import RunStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Completions = list[CompletionItem[str]]
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType  # which takes no brackets before click 8.4

_COMPLETIONS = 50
_SHORT = 8

_NTH = re.compile(r"[-@]([1-9]\d{0,8})")


class NthCommand(click.Command):
    """A command that takes `-1` for the newest run or flow, `-2` for the one before; and objects
    of a notebook's that are runs or flows.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        pairs = zip(["", *args], args)
        words = [word for before, said in pairs for word in self._words(before, said)]
        return super().parse_args(ctx, words)

    def _words(self, before: str, word: str) -> list[str]:
        """A word as click takes it: to click `-1` is an option, so that it has to be `@1`."""
        if self._takes_value(before):
            return [word]
        return [f"@{word[1:]}"] if _NTH.fullmatch(word) else with_ids(word)

    def _takes_value(self, word: str) -> bool:
        options = [param for param in self.params if isinstance(param, click.Option)]
        return any(word in option.opts and not option.is_flag for option in options)


def with_ids(word: str) -> list[str]:
    """A word; where it stands for runs, or for a handle of a flow, their ids."""
    known = given_object(word)
    if known is NO_OBJECT:
        return [word]
    found = known if isinstance(known, (list, tuple)) or hasattr(known, "to_pandas") else [known]
    ids = [getattr(one, "id", None) for one in found]
    return [id for id in ids if isinstance(id, str)] if all(ids) else [word]


class _Id(_TextType):
    """The beginning of an id, or a flow's name; `last`, or `-1`, for the newest.

    Args:
        kinds: What can be meant: `run`, `flow`, or both.
    """

    name = "id"

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Completions:
        if not re.fullmatch("[0-9a-f]*", incomplete) or not os.path.isdir(find_home()):
            return []
        try:
            store = RunStore(create=False)
            found = [c for kind in self.kinds for c in _beginning(store, kind, incomplete)]
        except KogineError:
            return []
        width = max(_SHORT, len(incomplete))
        return [CompletionItem(row["id"][:width], help=_summary(row)) for row in found]


RUN = _Id("run")
FLOW = _Id("flow")
RUN_OR_FLOW = _Id("run", "flow")


def _beginning(store: RunStore, kind: str, start: str) -> list[dict[str, Any]]:
    if kind == "flow":
        return [row for row in store.flows() if row["id"].startswith(start)][:_COMPLETIONS]
    return store.select(where=f"id == '{start}'" if start else None, limit=_COMPLETIONS)


def _summary(row: dict[str, Any]) -> str:
    from ..runs.cells import one_line

    return one_line(" ".join(filter(None, [row["status"], row["name"]])), 60)


def open_store() -> RunStore:
    """The store that is meant here, which must be there."""
    return RunStore(create=False)


def there_is_a_store() -> bool:
    """Whether anything has been recorded here."""
    return os.path.isdir(find_home())


def find(store: RunStore, text: str) -> tuple[str, dict[str, Any]]:
    """`"run"` or `"flow"`, and the row of the one that is meant.

    Raises:
        NotFoundError: There is none, or there are several.
    """
    count = _count(text)
    return ("run", _newest(store, "run", count)) if count else store.find(text)


def find_run(store: RunStore, text: str) -> dict[str, Any]:
    """The row of the run that is meant; errors as `find`."""
    count = _count(text)
    return _newest(store, "run", count) if count else store.run(text)


def find_flow(store: RunStore, text: str) -> dict[str, Any]:
    """The row of the flow that is meant; errors as `find`."""
    count = _count(text)
    return _newest(store, "flow", count) if count else store.flow(text)


def _count(text: str) -> int:
    """Which of the newest is meant, from 1 on; 0 where it is named otherwise."""
    found = _NTH.fullmatch(text)
    return int(found[1]) if found else int(text == "last")


def _newest(store: RunStore, kind: str, count: int) -> dict[str, Any]:
    if kind == "flow":
        rows = store.flows(limit=count)
    else:
        ids = store.ids(limit=count)
        rows = store.select(ids=ids[count - 1 :])
    if kind == "flow" and len(rows) < count or not rows:
        number = "no" if count == 1 else f"fewer than {count}"
        raise NotFoundError(
            f"there are {number} {kind}s in the store {store.paths.home}.", path=store.paths.home
        )
    return rows[-1]


def settled(store: RunStore) -> RunStore:
    """The store, once flows whose process is gone have been settled; a warning where they can't be."""
    from ..errors import StoreError
    from ..flow.settle import settle_all
    from .reply import warn

    store.open()  # where that fails, there is nothing to show
    try:
        settle_all(store)
    except StoreError as error:
        warn(f"what is shown as running may have ended: {error}")
    return store
