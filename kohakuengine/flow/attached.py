"""AttachedFlow: a flow that another process coordinates."""

from __future__ import annotations

import time

from ..errors import StoreError
from ..runs.lock import flow_is_live
from ..runs.outcome import FAILED, FINAL, TIMED_OUT, is_tried_again
from ..runs.record import Run
from ..runs.table import Runs
from .requests import check_how, has_ended, has_requests, make_request
from .settle import settle_flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator
    from typing import Any

    from ..runs.store import RunStore

_TICK = 0.1  # how often the store is looked at, in seconds


class AttachedFlow:
    """A flow of another process: a detached one, or one of another notebook or terminal.

    It can be used as the handle that `start()` gives.

    Args:
        store: Where it is kept.
        id: Its whole id.

    Attributes:
        id: Its id.
    """

    def __init__(self, store: RunStore, id: str) -> None:
        self.id = id
        self._store = store
        self._paths = store.paths.flow(id)
        self._settle()

    @property
    def live(self) -> bool:
        """Whether the flow goes on."""
        return not self._settle()

    def _settle(self) -> bool:
        """Whether it is over, and the store says how it ended; it does then, where we may write."""
        if flow_is_live(self._paths):
            return False
        try:
            return settle_flow(self._store, self.id)  # False where another is just doing so
        except StoreError:  # a store that we can only read: what it says is all there is
            return True

    @property
    def runs(self) -> Runs:
        """The runs that have begun so far, in order."""
        return Runs(self._store, self._store.ids(flow=self.id))

    @property
    def status(self) -> str:
        """running, paused, finished, failed, cancelled or interrupted."""
        self._settle()
        return self._store.flow(self.id)["status"]  # type: ignore[no-any-return]

    def wait(self, timeout: float | None = None) -> Runs:
        """Wait until all runs have ended, and give them.

        Raises:
            TimeoutError: They haven't ended within so many seconds.
        """
        if not self.wait_until(lambda: not self.live, timeout):
            raise TimeoutError(f"flow {self.id[:8]} hasn't ended within {timeout:g} s.")
        return self.runs

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait for something to become true, for so many seconds at most; tell whether it has."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not condition():
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(_TICK)
        return True

    def cancel(self, how: str = "terminate", run: str | None = None) -> None:
        """End the flow, or one run of it; see `FlowHandle.cancel`."""
        check_how(how)
        self._ask({"do": "cancel", "how": how, "run": run})

    def retry(self, run: str) -> None:
        """Try a run again that has ended and not finished; see `FlowHandle.retry`."""
        if not self.live:
            raise has_ended(self.id, self._paths.folder)
        self._ask({"do": "retry", "run": run})

    def pause(self) -> None:
        """Begin no further runs; those that go on do so."""
        self._ask({"do": "pause"})

    def unpause(self) -> None:
        """Begin runs again."""
        self._ask({"do": "unpause"})

    @property
    def has_heard(self) -> bool:
        """Whether the flow has taken up all that it was asked."""
        return not has_requests(self._paths)

    def _ask(self, request: dict[str, Any]) -> None:
        from .recorder import cannot_write

        try:
            make_request(self._paths, request)
        except OSError as error:
            raise cannot_write(self._paths.folder, error) from error

    def __iter__(self) -> Iterator[Run]:
        given: dict[str, int] = {}
        while True:
            live = self.live  # before the look: what ends after it is seen by the next one
            yield from self._ended(given, live)
            if not live:
                return
            time.sleep(_TICK)

    async def __aiter__(self) -> AsyncIterator[Run]:
        import asyncio

        given: dict[str, int] = {}
        while True:
            live = await self._is_live()
            for run in self._ended(given, live):
                yield run
            if not live:
                return
            await asyncio.sleep(_TICK)

    def _ended(self, given: dict[str, int], live: bool) -> Iterator[Run]:
        """Those that have ended for good since the last look, of the attempts given before."""
        for row in self._store.select(flow=self.id, status=list(FINAL)):
            if given.get(row["id"]) == row["attempts"] or (live and self.tries_again(row)):
                continue
            given[row["id"]] = row["attempts"]
            yield Run(self._store, row["id"], row)

    def tries_again(self, row: dict[str, Any]) -> bool:
        """Whether a run that has ended is tried again, as long as the flow goes on.

        Args:
            row: What the index says of the run.
        """
        if row["status"] not in (FAILED, TIMED_OUT):
            return False
        options = self._store.flow(self.id)["options"]
        return is_tried_again(self._store.paths.run(row["id"]), row["attempts"], options)

    async def _is_live(self) -> bool:
        """In a thread, for a short while: whoever waits can give up, and no thread is left."""
        import asyncio

        return await asyncio.to_thread(lambda: self.live)

    def __await__(self) -> Generator[Any, None, Runs]:
        return (yield from self._over().__await__())

    async def _over(self) -> Runs:
        import asyncio

        while await self._is_live():
            await asyncio.sleep(_TICK)
        return self.runs

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .html import flow_bundle

        return flow_bundle(self._store, self)

    def __repr__(self) -> str:
        return f"<Flow {self.id[:8]} {self.status}, {len(self.runs)} runs>"
