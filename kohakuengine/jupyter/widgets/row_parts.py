"""The controls of a form's row by which a parameter varies, each made when it is first shown."""

from __future__ import annotations

import ipywidgets as widgets

from . import entries
from .controls import WIDE
from .entries import FIXED, LABELS
from .settings import DISTRIBUTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...engine.parameters import Parameter

TIES = ("", "A", "B", "C", "D")
MOST = 1_000_000
_NUMBER = {"width": "auto", "min_width": "9em", "flex": "0 1 11em"}
_FIRST = {**_NUMBER, "flex": "1 1 16em"}


def mode_of(parameter: Parameter, name: str) -> Any:
    """How the parameter varies."""
    modes = [(LABELS[mode], mode) for mode in entries.modes_of(parameter)]
    return widgets.Dropdown(
        options=modes, value=FIXED, tooltip=f"how {name} varies", layout={"width": "8em"}
    )


def values_of(name: str, lines: bool = False) -> Any:
    """Its values, as a text, perhaps of several lines."""
    kind = widgets.Textarea if lines else widgets.Text
    return kind(
        description=name,
        placeholder="0.1,0.2,0.5",
        tooltip=f"the values of {name}, with commas between them",
        continuous_update=False,
        style=WIDE,
        layout={"width": "auto", "min_width": "16em", "flex": "1 1 16em"},
    )


def number_of(description: str, tooltip: str = "", first: bool = False) -> Any:
    """A number, as a text; the first of a line has room for the parameter's name."""
    return widgets.Text(
        description=description,
        tooltip=tooltip,
        continuous_update=False,
        style=WIDE,
        layout=_FIRST if first else _NUMBER,
    )


def count_of(description: str, tooltip: str, least: int, most: int, value: int) -> Any:
    """A whole number of something."""
    return widgets.BoundedIntText(
        description=description,
        tooltip=tooltip,
        min=least,
        max=most,
        value=value,
        style=WIDE,
        layout=_NUMBER,
    )


def distribution_of(name: str) -> Any:
    """Of which its values are drawn."""
    return widgets.Dropdown(
        options=list(DISTRIBUTIONS),
        description=name,
        tooltip=f"the distribution of {name}",
        style=WIDE,
        layout={"width": "auto"},
    )


def tie_of(name: str) -> Any:
    """With which others it varies."""
    return widgets.Dropdown(
        options=[(f"tied: {tie}" if tie else "not tied", tie) for tie in TIES],
        value="",
        tooltip=f"the values of {name} and of others that are tied alike belong together",
        layout={"width": "7em"},
    )


def reset_of(name: str) -> Any:
    """The button that leaves it as the script has it."""
    return widgets.Button(
        description="reset",
        tooltip=f"leave {name} as the script has it",
        layout={"width": "auto"},
        disabled=True,
    )
