"""One display, renewed in its place as often as somebody can look, and no more often."""

from __future__ import annotations

import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Bundle = dict[str, str]

TICK = 0.2  # how often it is renewed at most, in seconds
CLOCK = 1.0  # and at least, since it may show how long something takes


class Display:
    """Shows a bundle of MIME types under the cell that is executed, and later ones in its place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def __call__(self, bundle: Bundle) -> None:
        """Show a bundle."""
        from IPython import display

        if self._handle is None:
            show: Any = display.display  # it comes without types
            self._handle = show(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class Renewed:
    """Shows what changes, from a thread of its own.

    That thread isn't pinned to the cell, as the display is by its id: nbclient drops whatever comes
    for a cell that isn't the one being executed.

    Args:
        render: Gives what is to be shown now; called by that thread, and the one that opens.
        publish: Shows it.
    """

    def __init__(
        self, render: Callable[[], Bundle], publish: Callable[[Bundle], None] | None = None
    ) -> None:
        self._render = render
        self._publish = Display() if publish is None else publish
        self._changed = threading.Event()
        self._over = threading.Event()
        self._stale = False  # whether something has changed since it was rendered
        self._thread: threading.Thread | None = None

    @property
    def opened(self) -> bool:
        """Whether it is shown."""
        return self._thread is not None

    def open(self) -> None:
        """Show it from now on; called in the thread of the cell under which it is to stand."""
        if self._thread is None:
            self._renew_once()
            self._thread = threading.Thread(target=self._renew, name="kogine display", daemon=True)
            self._thread.start()

    def touch(self) -> None:
        """Something has changed."""
        self._stale = True
        self._changed.set()

    def end(self) -> None:
        """Hardly anything will change any more. It is shown as it is now, soon."""
        self.touch()
        self._over.set()

    def close(self) -> None:
        """Wait until it has been shown for the last time, with whatever has changed since its end."""
        self._over.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join()
            if self._stale:
                self._renew_once()

    def _renew(self) -> None:
        while not self._over.is_set():
            due = time.monotonic() + TICK
            self._changed.wait(CLOCK)
            self._over.wait(max(0.0, due - time.monotonic()))
            self._changed.clear()
            self._renew_once()
        if self._stale:
            self._renew_once()

    def _renew_once(self) -> None:
        self._stale = False
        self._publish(self._render())
