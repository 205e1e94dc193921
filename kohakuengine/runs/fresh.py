"""Which runs of a flow are new, to who looks again and again."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .store import RunStore

LAG = 5.0  # how much older a run may be than one that was met before it, in seconds


class NewRuns:
    """The runs of a flow that haven't been met, which may have a hundred thousand others.

    They are told by when they were made: in a flow that was resumed, positions repeat.

    Args:
        store: Where the flow is kept.
        flow: Its whole id.
    """

    def __init__(self, store: RunStore, flow: str) -> None:
        self._store = store
        self._flow = flow
        self._since: float | None = None
        self._met: set[str] = set()  # of those made since

    def look(self) -> Iterator[dict[str, Any]]:
        """Their rows of the index, in order."""
        ids = self._store.ids(flow=self._flow, since=self._since)
        fresh = [id for id in ids if id not in self._met]
        self._met = set(ids)
        for row in self._store.iterate(ids=fresh):
            self._since = max(self._since or 0.0, row["created"] - LAG)
            yield row
