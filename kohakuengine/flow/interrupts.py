"""What a Ctrl-C means while a flow goes on in the main thread, where its scripts run, too."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType


class Interrupts:
    """While active, a Ctrl-C is raised in code of the user's, and else only noted.

    So it is the script's own where one runs, as in plain python, and none of our records is left
    half written where none does. Where somebody else handles Ctrl-C, or in another thread than the
    main one, nothing is changed.

    Args:
        note: Is called when a Ctrl-C comes while no code of the user's runs. It is called amid
            whatever the main thread does, and must wait for nothing.
    """

    def __init__(self, note: Callable[[], None]) -> None:
        self._note = lambda number, frame: note()
        self._before: object = None

    def __enter__(self) -> Interrupts:
        ours = (signal.SIG_DFL, signal.default_int_handler)
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) in ours:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        self._have(self._before)

    def to_user(self) -> None:
        """Code of the user's is to run now."""
        self._have(signal.default_int_handler)

    def to_flow(self) -> None:
        """It has ended."""
        self._have(self._note)

    @contextmanager
    def starting_threads(self) -> Iterator[None]:
        """Threads that are started meanwhile never get a Ctrl-C.

        The system gives it to any thread that takes it, and a script that sleeps in the main one
        would sleep on.
        """
        if self._before is None:
            yield
            return
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _have(self, handler: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]
