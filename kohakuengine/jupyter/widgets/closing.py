"""Let go of widgets: each is a model in the page, too, which stays until it is closed."""

from __future__ import annotations

import ipywidgets as widgets

from .controls import Control
from .row_groups import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def close_all(*tops: Any, but: tuple[type, ...] = ()) -> None:
    """Close widgets and all that they hold: their children, layouts and styles, and their parts.

    Args:
        tops: The widgets.
        but: Those of these classes are left alone.
    """
    waiting = list(tops)
    seen: set[int] = set()
    while waiting:
        widget = waiting.pop()
        if id(widget) in seen or isinstance(widget, but):
            continue
        seen.add(id(widget))
        waiting += _held_by(widget)
        widget.close()


def _held_by(widget: Any) -> Iterator[Any]:
    yield from getattr(widget, "children", ())
    for name in ("layout", "style"):
        if widget.has_trait(name):
            yield getattr(widget, name)
    for part in list(vars(widget).values()):
        if isinstance(part, Control):
            yield part.widget
        elif isinstance(part, Rows):
            yield from part.made.values()
        elif isinstance(part, (list, tuple, dict)):
            parts = part.values() if isinstance(part, dict) else part
            yield from (one for one in parts if isinstance(one, widgets.Widget))
        elif isinstance(part, widgets.Widget):
            yield part
