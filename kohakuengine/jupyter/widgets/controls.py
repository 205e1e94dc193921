"""The controls of a form's row: one that fits the type of its parameter."""

from __future__ import annotations

import math

import ipywidgets as widgets

from ...config.annotations import BOOL, FLOAT, INT
from .entries import NOTHING, bounds_of, choices_of, shapes_of, text_for
from .value_code import same, shown_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...engine.parameters import Parameter

_SAFE = 2**53  # above that, numbers in a browser aren't exact
WIDE = {"description_width": "initial"}


def plain(text: str) -> str:
    """A text that can travel to a browser."""
    return text.encode("utf-8", "replace").decode()


def has_lines(value: Any) -> bool:
    """Whether a value is a text of several lines, of which a field of one line would take some."""
    return isinstance(value, str) and "\n" in value


def button(text: str, tooltip: str, style: str = "", icon: str = "") -> Any:
    """A button as wide as its text."""
    return widgets.Button(
        description=text, tooltip=tooltip, button_style=style, icon=icon, layout={"width": "auto"}
    )


class Control:
    """Shows one value, and tells what it is made.

    Args:
        parameter: Whose value it is.
        value: What is shown; `NOTHING` where that isn't known.

    Attributes:
        widget: What is shown.
        typed: Whether it holds a text that is still to be read.
    """

    typed = False

    def __init__(self, parameter: Parameter, value: Any) -> None:
        self.parameter = parameter
        self.widget: Any = self.make(value)
        self.widget.description = plain(parameter.name)
        self.widget.style.description_width = WIDE["description_width"]
        self.widget.tooltip = plain(parameter.help or f"the value of {parameter.name}")
        self.widget.layout.width = "auto"
        self.widget.layout.min_width = "16em"
        self.widget.layout.flex = "1 1 16em"

    def make(self, value: Any) -> Any:
        """The widget."""
        raise NotImplementedError

    def read(self) -> Any:
        """The value that is shown."""
        return self.widget.value

    def show(self, value: Any) -> bool:
        """Show another value in the same widget, and tell whether it can."""
        if _kind(self.parameter, value) is not type(self):
            return False
        shown = self.widget_value(value)
        if shown is None:
            return False
        self.widget.value = shown
        return True

    def widget_value(self, value: Any) -> Any:
        """What stands in the widget for a value; None where another widget has to."""
        raise NotImplementedError


class _Check(Control):
    def make(self, value: Any) -> Any:
        return widgets.Checkbox(value=value is True, indent=True)

    def widget_value(self, value: Any) -> Any:
        return value is True


class _Number(Control):
    def _is_whole(self, value: Any) -> bool:
        return type(value) is int and FLOAT not in shapes_of(self.parameter)

    def widget_value(self, value: Any) -> Any:
        is_whole = isinstance(self.widget, (widgets.IntText, widgets.BoundedIntText))
        return value if is_whole == self._is_whole(value) else None

    def make(self, value: Any) -> Any:
        whole = self._is_whole(value)
        low, high = bounds_of(self.parameter)
        if low is None and high is None:
            kind = widgets.IntText if whole else widgets.FloatText
            return kind(value=value, step=1 if whole else None)
        least, most = (-_SAFE if low is None else low), (_SAFE if high is None else high)
        if whole:
            return widgets.BoundedIntText(
                value=value, min=math.ceil(least), max=math.floor(most), step=1
            )
        return widgets.BoundedFloatText(value=value, min=least, max=most, step=None)


class _Choice(Control):
    def make(self, value: Any) -> Any:
        self._values = choices_of(self.parameter)
        names = [plain(shown_text(one)) for one in self._values]
        options = [
            (name if names.count(name) == 1 else plain(repr(one)), n)
            for n, (name, one) in enumerate(zip(names, self._values))
        ]
        chosen = self._place(value)
        if chosen < 0:
            options.insert(0, (plain(f"({self.parameter.expression or 'not set'})"), -1))
        return widgets.Dropdown(options=options, value=chosen)

    def _place(self, value: Any) -> int:
        return next((n for n, one in enumerate(self._values) if same(one, value)), -1)

    def widget_value(self, value: Any) -> Any:
        place = self._place(value)
        return place if place in [number for _, number in self.widget.options] else None

    def read(self) -> Any:
        chosen = self.widget.value
        return NOTHING if chosen < 0 else self._values[chosen]


class _Text(Control):
    typed = True

    def make(self, value: Any) -> Any:
        own = self.parameter.expression or "not set"
        kind = widgets.Textarea if has_lines(value) else widgets.Text
        return kind(value=self._text(value), placeholder=plain(own)[:200], continuous_update=False)

    def _text(self, value: Any) -> str:
        name = self.parameter.name
        return plain("" if value is NOTHING else text_for(name, value, self.parameter))

    def widget_value(self, value: Any) -> Any:
        lines = isinstance(self.widget, widgets.Textarea)
        return self._text(value) if lines == has_lines(value) else None


def control_for(parameter: Parameter, value: Any) -> Control:
    """The control that can show a value of a parameter, just as it is."""
    return _kind(parameter, value)(parameter, value)


def _kind(parameter: Parameter, value: Any) -> type[Control]:
    shapes = shapes_of(parameter)
    if shapes == {BOOL} and value in (True, False) and type(value) is bool:
        return _Check
    choices = choices_of(parameter)
    if choices and (value is NOTHING or any(same(one, value) for one in choices)):
        return _Choice
    numbers = shapes <= {INT, FLOAT} and (shapes == {INT} or FLOAT in shapes)
    if numbers and type(value) in (int, float) and _fits(parameter, value):
        return _Number
    return _Text


def _fits(parameter: Parameter, value: float) -> bool:
    if not math.isfinite(value) or abs(value) >= _SAFE:
        return False
    if type(value) is float and FLOAT not in shapes_of(parameter):
        return False
    low, high = bounds_of(parameter)
    return (low is None or low <= value) and (high is None or value <= high)
