"""What a form of ipywidgets needs of the page: its keys for itself, and colours that fit the theme."""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_made: list[Any] = []


def key_guard(around: str, last: str = "") -> list[Any]:
    """A widget that isn't seen; keys stay within the element around it that has a class.

    Args:
        around: The class.
        last: The token of the `LastState` that is hidden meanwhile.

    Returns:
        The widget; none where it can't be had, which is no more than inconvenient.
    """
    try:
        anywidget = import_module("anywidget")
    except ImportError:
        return []
    import traitlets

    if not _made:
        traits = {
            "_esm": os.path.join(_HERE, "launcher.js"),
            "_css": os.path.join(_HERE, "launcher.css"),
            "around": traitlets.Unicode().tag(sync=True),
            "last": traitlets.Unicode().tag(sync=True),
            "__module__": __name__,
        }
        _made.append(type("KeyGuard", (anywidget.AnyWidget,), traits))
    return [_made[0](around=around, last=last)]
