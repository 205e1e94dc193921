"""What a board shows: the runs of a flow, a list of runs, or all of a store."""

from __future__ import annotations

from ...errors import ConfigError
from ...runs.record import Run
from ...runs.store import RunStore
from ...runs.table import Runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MOST = 5_000  # runs of a store that are shown, the newest


class Source:
    """The runs that are shown.

    Attributes:
        store: Where they are kept.
        flow: The id of the flow whose runs they are, or None.
        ids: Their ids where they are given one by one, else None.
        handle: The flow's handle, where that was given.

    Args:
        what: A flow's handle, the beginning of its id or its name; `Runs`, or a list of `Run`; a
            `RunStore`; None for the store that is found from here.

    Raises:
        ConfigError: It is something else.
        NotFoundError: There is no such flow.
    """

    def __init__(self, what: Any = None) -> None:
        self.flow: str | None = None
        self.ids: list[str] | None = None
        self.handle: Any = None
        if what is None:
            self.store = RunStore(create=False)
        elif isinstance(what, RunStore):
            self.store = what
        elif isinstance(what, str):
            self.store = RunStore(create=False)
            self.flow = self.store.flow(what)["id"]
        elif isinstance(what, Runs):
            self.store, self.ids = _store_of(what), what.ids
        elif hasattr(what, "cancel") and hasattr(what, "runs"):
            self.store, self.flow, self.handle = _store_of(what.runs), what.id, what
        else:
            runs = list(_runs_in(what))
            self.store = _store_of(runs[0]) if runs else RunStore(create=False)
            self.ids = [run.id for run in runs]

    @property
    def is_store(self) -> bool:
        """Whether it is all of a store, in which runs may begin at any time."""
        return self.flow is None and self.ids is None

    def runs(self, ids: Iterable[str]) -> Runs:
        """Some of them."""
        return Runs(self.store, list(ids))


def _store_of(runs: Any) -> RunStore:
    store: RunStore = runs._store
    return store


def _runs_in(what: Any) -> Iterable[Run]:
    said = (
        "a board shows a flow's handle, its id, Runs, a list of Run, or a RunStore; "
        f"got {type(what).__name__}."
    )
    if isinstance(what, Run):
        return [what]
    try:
        found = list(what)
    except TypeError:
        raise ConfigError(said) from None
    if not all(isinstance(run, Run) for run in found):
        raise ConfigError(said)
    return found
