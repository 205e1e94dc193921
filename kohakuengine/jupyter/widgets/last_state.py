"""What is left of a widget when nobody runs it: a plain table beside it, hidden while it lives."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

EVERY = 10.0  # how often it is renewed at most while things change, in seconds
_SHARE = 100  # a table that takes long is renewed so much less often that it takes a hundredth


class LastState:
    """An output below a widget's own, which a saved notebook shows when it is opened again.

    A page that can't make the widget, as its kernel is gone, shows no more than that it can't,
    whatever else stands in the same output. The widget hides this one by its class while it lives.

    Args:
        token: Of the widget, in hexadecimal digits: the class is `kogine-last-` and this.
        render: Gives the last state, as HTML and as text.
    """

    def __init__(self, token: str, render: Callable[[], dict[str, str]]) -> None:
        self._token = token
        self._render = render
        self._handle: Any = None
        self._due = 0.0

    def show(self) -> None:
        """Show it under the cell that is being executed."""
        from IPython import display

        show: Any = display.display  # it comes without types
        self._handle = show(self._bundle(), raw=True, display_id=True)
        self._due = time.monotonic() + EVERY

    def renew(self, *, last: bool = False) -> None:
        """Something has changed: show it, if it is time, or if nothing will change any more."""
        began = time.monotonic()
        if self._handle is not None and (last or began >= self._due):
            self._handle.update(self._bundle(), raw=True)
            now = time.monotonic()
            self._due = now + max(EVERY, _SHARE * (now - began))

    def _bundle(self) -> dict[str, str]:
        state = self._render()
        return {
            "text/plain": state["text/plain"],
            "text/html": f'<div class="kogine-last-{self._token}">{state["text/html"]}</div>',
        }
