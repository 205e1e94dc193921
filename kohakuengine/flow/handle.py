"""FlowHandle: a flow that goes on, to be waited for, looked at, and ended."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager

from ..runs.idlist import Ids
from ..runs.record import Run
from ..runs.table import Runs
from .requests import check_how, has_ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator
    from typing import Any

    from ..runs.store import RunStore
    from .coordinator import Coordinator

# How often a wait is left, in seconds: a signal that comes in the moment before Python waits is
# handled when that wait is over.
_TICK = 0.5
# How long the end of a flow with failed runs waits for loops over its runs, in seconds.
_TURN = 1.0


class FlowHandle:
    """A flow that goes on in this process.

    It can be iterated over, by `for` or `async for`, which gives each Run when it has ended; and
    awaited, which gives the Runs when all have.

    Attributes:
        id: The flow's id.

    Example:
        >>> handle = Parallel("train.py", config=configs).start()  # doctest: +SKIP
        >>> for run in handle:  # doctest: +SKIP
        ...     print(run.name, run.metrics)
    """

    def __init__(self, id: str, store: RunStore) -> None:
        self.id = id
        self.store = store
        self._coordinator: Coordinator | None = None
        self._thread: threading.Thread | None = None
        self.process = 0  # the id of the one in which the flow goes on
        self._news = threading.Condition()
        self._ended = Ids()
        self._readers: dict[object, int] = {}  # loops, and how many runs each has dealt with
        self._over = False
        # By itself: each end of a run would wake those who wait for the flow's.
        self._done = threading.Event()
        self._listeners: list[Callable[[], None]] = []

    # ---- for the workflow that makes it ----

    def begin(self, coordinator: Coordinator, *, here: bool = False) -> None:
        """Have a coordinator begin, in a thread of its own, or in this one."""
        self._coordinator = coordinator
        self.process = os.getpid()
        if here:
            self._work()
            return
        # A daemon: what is live at the interpreter's end is cancelled then, not waited for.
        self._thread = threading.Thread(target=self._work, name=f"flow {self.id[:8]}", daemon=True)
        _live_until_exit(self)
        self._thread.start()

    def note_end(self, run: str) -> None:
        """A run has ended for good."""
        self._announce(lambda: self._ended.append(run))

    def hear_readers(self) -> None:
        """Wait a moment until the loops over the runs have dealt with all that have ended."""
        with self._news:
            self._news.wait_for(
                lambda: all(dealt == len(self._ended) for dealt in self._readers.values()), _TURN
            )

    def _work(self) -> None:
        assert self._coordinator is not None
        try:
            self._coordinator.run()
        finally:
            self._announce(self._finish)

    def _finish(self) -> None:
        self._over = True
        self._done.set()
        _at_exit.discard(self)

    def _announce(self, change: Callable[[], None]) -> None:
        with self._news:
            change()
            self._news.notify_all()
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    # ---- for its users ----

    @property
    def runs(self) -> Runs:
        """The runs that have begun so far, in the order of their submission."""
        assert self._coordinator is not None
        return Runs(self.store, self._coordinator.order)

    @property
    def status(self) -> str:
        """running, paused, finished, failed, cancelled or interrupted."""
        assert self._coordinator is not None
        return self._coordinator.status

    @property
    def interrupted(self) -> bool:
        """Whether a Ctrl-C ended the flow, in the thread in which its scripts ran, too."""
        return self._coordinator is not None and self._coordinator.interrupted

    @property
    def fault(self) -> BaseException | None:
        """What kept the flow from going on, or None."""
        return self._coordinator.fault if self._coordinator is not None else None

    def join(self, timeout: float | None = None) -> bool:
        """Wait until all runs have ended, for so many seconds at most; tell whether they have."""
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while not self._done.wait(max(0, min(_TICK, end - time.monotonic()))):
            if time.monotonic() >= end:
                return False
        return True

    def wait(self, timeout: float | None = None) -> Runs:
        """Wait until all runs have ended, and give them.

        Args:
            timeout: For how many seconds; None for ever.

        Raises:
            TimeoutError: They haven't ended by then. The flow goes on.
            Exception: What kept the flow from going on: a generator's exception, or a KogineError.
        """
        if not self.join(timeout):
            raise TimeoutError(f"flow {self.id[:8]} hasn't ended within {timeout:g} s.")
        if self.fault is not None:
            raise self.fault
        return self.runs

    def cancel(self, how: str = "terminate", run: str | None = None) -> None:
        """End the flow: no further runs begin, and those that go on are ended; or end one run.

        Args:
            how: `"interrupt"` as Ctrl-C does, `"terminate"`, or `"kill"`.
            run: The id of a run, to end it alone.

        Raises:
            ConfigError: `how` is something else.
        """
        check_how(how)
        self._call(lambda coordinator: coordinator.cancel(how, run))

    def retry(self, run: str) -> None:
        """Try a run again, as soon as a slot is free, that has ended and not finished.

        A loop over the runs may do so with each of them, also the last one.

        Args:
            run: Its id.

        Raises:
            StoreError: The flow has ended: `Retry` goes on with it.
        """
        if not self._call(lambda coordinator: coordinator.retry(run)):
            raise has_ended(self.id, self.store.paths.flow(self.id).folder)

    def pause(self) -> None:
        """Begin no further runs; those that go on do so."""
        self._call(lambda coordinator: coordinator.pause(True))

    def unpause(self) -> None:
        """Begin runs again."""
        self._call(lambda coordinator: coordinator.pause(False))

    def _call(self, task: Callable[[Coordinator], None]) -> bool:
        coordinator = self._coordinator
        assert coordinator is not None
        return coordinator.call(lambda: task(coordinator))

    @property
    def live(self) -> bool:
        """Whether the flow goes on."""
        return not self._over

    def __iter__(self) -> Iterator[Run]:
        given = 0
        with self._reader() as note:
            while True:
                note(given)
                with self._news:
                    while not self._news.wait_for(
                        lambda: self._over or len(self._ended) > given, _TICK
                    ):
                        continue
                    if len(self._ended) == given:
                        return
                    id = self._ended[given]
                given += 1
                yield Run(self.store, id)

    async def __aiter__(self) -> AsyncIterator[Run]:
        given = 0
        with self._reader() as note:
            while True:
                note(given)
                await self._something(lambda: self._over or len(self._ended) > given)
                if len(self._ended) == given:
                    return
                given += 1
                yield Run(self.store, self._ended[given - 1])

    @contextmanager
    def _reader(self) -> Iterator[Callable[[int], None]]:
        """A loop over the runs, which notes how many it has dealt with."""
        reader = object()

        def note(dealt: int) -> None:
            with self._news:
                self._readers[reader] = dealt
                self._news.notify_all()

        try:
            yield note
        finally:
            with self._news:
                self._readers.pop(reader, None)
                self._news.notify_all()

    def __await__(self) -> Generator[Any, None, Runs]:
        yield from self._something(lambda: self._over).__await__()
        return self.wait()

    async def _something(self, has_happened: Callable[[], bool]) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        happened = asyncio.Event()

        def listener() -> None:
            try:
                loop.call_soon_threadsafe(happened.set)
            except RuntimeError:  # the loop has been closed: nobody waits any more
                return

        with self._news:
            self._listeners.append(listener)
        try:
            while not has_happened():
                await happened.wait()
                happened.clear()
        finally:
            with self._news:
                self._listeners.remove(listener)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .html import flow_bundle

        return flow_bundle(self.store, self)

    def __repr__(self) -> str:
        return f"<Flow {self.id[:8]} {self.status}, {len(self.runs)} runs>"


_at_exit: set[FlowHandle] = set()


def _live_until_exit(handle: FlowHandle) -> None:
    """Have a handle that is live at the interpreter's end cancelled, with one line that says so."""
    import atexit

    atexit.unregister(_cancel_live)
    atexit.register(_cancel_live)
    _at_exit.add(handle)


def _cancel_live() -> None:
    import sys

    # Where a flow goes on in the process that this one was forked from, it isn't ours to end.
    live = [h for h in list(_at_exit) if h.live and h.process == os.getpid()]
    for handle in live:
        handle.cancel()
        if sys.stderr is not None:
            print(
                f"kogine: flow {handle.id[:8]} was still going on, and is cancelled "
                "(detach=True lets a flow outlive its process).",
                file=sys.stderr,
            )
    for handle in live:
        try:
            handle.wait(timeout=30)
        except Exception:  # nobody is left to be told but the record
            continue
