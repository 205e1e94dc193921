"""What is left of a widget when nobody runs it: a plain table beside it, hidden while it lives."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

EVERY = 10.0  # how often it is renewed at most while things change, in seconds
_SHARE = 100  # a table that takes long is renewed so much less often that it takes a hundredth
_MOST = 4  # cells that show a widget, of which the last state is kept up to date


class LastState:
    """An output beside a widget's own, which a saved notebook shows when it is opened again.

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


class LastStates:
    """The last states of a widget, under the cells that showed it last.

    Args:
        token, render: As of `LastState`.
    """

    def __init__(self, token: str, render: Callable[[], dict[str, str]]) -> None:
        self._token = token
        self._render = render
        self._shown: list[LastState] = []

    def show(self) -> None:
        """Show one under the cell that is being executed."""
        last = LastState(self._token, self._render)
        last.show()
        self._shown = [*self._shown[1 - _MOST :], last]

    def renew(self, *, last: bool = False) -> None:
        """Something has changed."""
        for one in list(self._shown):
            one.renew(last=last)

    def let_go(self) -> None:
        """Leave them as they are."""
        self._shown = []


def remember_in_boxes() -> None:
    """Have boxes of ipywidgets be displayed with the last states of what they hold.

    A box that somebody makes around a board displays itself, and the board isn't asked.
    """
    import ipywidgets
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is not None and getattr(shell, "display_formatter", None) is not None:
        formatter = shell.display_formatter.mimebundle_formatter
        if formatter.type_printers.get(ipywidgets.Box) is None:
            formatter.for_type(ipywidgets.Box, _box_with_last_states)


def _box_with_last_states(box: Any) -> Any:
    for widget in _within(box):
        widget.show_last()
    return box._repr_mimebundle_()


def _within(box: Any) -> Iterator[Any]:
    """Whatever in a box has a last state."""
    for child in box.children:
        if hasattr(child, "show_last"):
            yield child
        elif hasattr(child, "children"):
            yield from _within(child)
