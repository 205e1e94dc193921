"""What a launcher shows where no kernel runs it: what is set, and the runs."""

from __future__ import annotations

from ...markup import Html, joined, table, tag, value
from ...runs.cells import shown
from .settings import Listed, values_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .form_state import FormState
    from .settings import Setting

_CELL = 80  # characters
_VALUES = 20  # of a list: more don't fit


def static_html(script: str, state: FormState, summary: str, runs: Any) -> Html:
    """What is set, and the runs, as HTML that needs neither a kernel nor scripts.

    Args:
        script: The script's name.
        state: What the form says.
        summary: What comes of it, as HTML.
        runs: The runs so far, or None.
    """
    rows = [(value(name), value(shown(given, _CELL))) for name, given in state.fixed.items()]
    rows += [(value(name), value(_varied(setting))) for name, setting in state.swept]
    parts = [tag("h4", value(script)), Html(summary)]
    if rows:
        parts.append(table(("parameter", "value"), rows))
    if runs is not None:
        parts.append(Html(runs._repr_mimebundle_()["text/html"]))
    return joined(parts)


def _varied(setting: Setting) -> str:
    if not isinstance(setting, Listed):
        return repr(values_of(setting))
    return shown(", ".join(shown(given, _CELL) for given in setting.values[:_VALUES]), _CELL)
