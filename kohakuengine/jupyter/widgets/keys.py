"""Keys that are meant for a form, and not for the notebook around it.

JupyterLab takes keys such as arrows and Enter for itself where a drop-down or a button under a cell
has the focus: `r` would make the cell a raw one. It leaves alone what is within an element that says so.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# `el` is put into the page after this was called. What has the focus itself has to say so: where keys
# are looked up, an element around it would come too late.
_MODULE = """
function keep(event) {
  event.target.dataset.lmSuppressShortcuts = "true";
}
function render({ model, el }) {
  el.style.display = "none";
  let left = 100;
  function listen() {
    const form = el.closest("." + model.get("around"));
    if (form) form.addEventListener("focusin", keep);
    else if (left-- > 0) requestAnimationFrame(listen);
  }
  listen();
}
export default { render };
"""
_made: list[Any] = []


def key_guard(around: str) -> list[Any]:
    """A widget that isn't seen; keys stay within the element around it that has a class.

    Args:
        around: The class.

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
            "_esm": _MODULE,
            "around": traitlets.Unicode().tag(sync=True),
            "__module__": __name__,
        }
        _made.append(type("KeyGuard", (anywidget.AnyWidget,), traits))
    return [_made[0](around=around)]
