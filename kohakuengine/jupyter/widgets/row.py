"""One row of a form: a parameter, the way in which it varies, and what is wrong with that."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from html import escape

import ipywidgets as widgets
import traitlets

from ...engine.parameters import Parameter
from ...errors import ConfigError
from . import entries, row_parts
from .closing import close_all
from .controls import Control, control_for, has_lines, plain
from .entries import FIXED, LABELS, LIST, NOTHING, RANDOM, STEPS
from .row_parts import MOST, TIES
from .settings import LINEAR, LOG, Drawn, Listed, Span, Steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .settings import Setting


class Fixed:
    """One value, which is set."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Row(widgets.VBox):  # type: ignore[misc]  # it comes without types
    """A parameter in a form.

    Its parts are widgets that can be set, restyled and observed: `mode`, `value`, `values`, `start`,
    `stop`, `step`, `num`, `distribution`, `low`, `high`, `count`, `seed`, `tie`, `reset`, `note`.

    Args:
        parameter: The parameter.
        known: All that are known, by which texts are typed.
        script: The script's name, for messages.
        place: Where people find it in the script; empty where they don't.

    Attributes:
        said: What it says: None (as the script has it), a `Fixed`, or a setting.
        problem: What is wrong with what stands in it; empty where nothing is.
        changes: Counts what is changed by whoever uses the form.
    """

    problem = traitlets.Unicode()
    changes = traitlets.Int()

    def __init__(
        self, parameter: Parameter, known: Sequence[Parameter], script: str, place: str
    ) -> None:
        self.parameter = parameter
        self.name = parameter.name
        self._known = known
        self._script = script
        self._quiet = 0
        self._width = "initial"
        self.said: Fixed | Setting | None = None
        self._plain = plain(self.name)
        self._named: list[Any] = []
        self._stale: list[Control] = []  # which aren't shown any more
        self.mode = row_parts.mode_of(parameter, self._plain)
        self.reset = row_parts.reset_of(self._plain)
        self._control = control_for(parameter, self._own)
        self._line = widgets.HBox(
            layout={"flex_flow": "row wrap", "align_items": "center", "width": "100%"}
        )
        self._help = widgets.HTML(value=_about(parameter, place))
        super().__init__([self._line, self._help], _dom_classes=["kogine-row"])
        self._hear_control()
        self.mode.observe(self._on_mode, "value")
        self.reset.on_click(self._on_reset)
        self._lay_out()

    # ---- parts, of which most are made only when they are first shown: a script may have hundreds of
    # parameters, and each part is three models for the browser ----

    @cached_property
    def values(self) -> Any:
        return self._part(row_parts.values_of(self._plain, has_lines(self._own)), named=True)

    @cached_property
    def start(self) -> Any:
        made = row_parts.number_of(f"{self._plain} from", "the first value", first=True)
        return self._part(made, named=True)

    @cached_property
    def stop(self) -> Any:
        return self._part(row_parts.number_of("to", "the last value"))

    @cached_property
    def step(self) -> Any:
        return self._part(row_parts.number_of("step", "from each to the next"))

    @cached_property
    def num(self) -> Any:
        return self._part(row_parts.count_of("points", "how many values", 1, MOST, 5))

    @cached_property
    def distribution(self) -> Any:
        return self._part(row_parts.distribution_of(self._plain), named=True)

    @cached_property
    def low(self) -> Any:
        return self._part(row_parts.number_of("low"))

    @cached_property
    def high(self) -> Any:
        return self._part(row_parts.number_of("high"))

    @cached_property
    def count(self) -> Any:
        return self._part(row_parts.count_of("draws", "how many values are drawn", 1, MOST, 5))

    @cached_property
    def seed(self) -> Any:
        tooltip = "of the same seed come the same values"
        return self._part(row_parts.count_of("seed", tooltip, 0, 2**31, 0))

    @cached_property
    def tie(self) -> Any:
        made = row_parts.tie_of(self._plain)
        made.observe(self._on_tie, "value")
        return made

    @cached_property
    def note(self) -> Any:
        made = widgets.HTML(layout={"display": "none"})
        self.children = [self._line, self._help, made]
        return made

    def _part(self, made: Any, named: bool = False) -> Any:
        """Hear a part; one with the parameter's name stands below those of the other rows."""
        if named:
            self._named.append(made)
            made.style.description_width = self._width
        made.observe(self._on_part, "value")
        return made

    @property
    def tied(self) -> str:
        """By what it is tied to others; empty where it isn't."""
        return self.tie.value if "tie" in vars(self) else ""

    @property
    def value(self) -> Any:
        """The widget that shows the one value, where it is fixed."""
        return self._control.widget

    @property
    def _own(self) -> Any:
        """The script's own value, where it is known."""
        parameter = self.parameter
        if parameter.literal:
            return parameter.default
        if parameter.enum is not None and parameter.expression:
            from ...config.members import EnumMember

            member = parameter.expression.rpartition(".")[2]
            if member in (parameter.choices or ()):
                return EnumMember(parameter.enum, member)
        return NOTHING

    # ---- shown from outside ----

    def show(self, said: Fixed | Setting | None, tie: str = "") -> None:
        """Show what a state says of the parameter."""
        with self._quietly():
            self.said = said
            self._fill(said)
            if tie != self.tied:
                self.tie.value = tie if tie in TIES else ""
        self._tell("")

    def _fill(self, said: Fixed | Setting | None) -> None:
        mode = FIXED
        if said is None or isinstance(said, Fixed):
            self._use_control(self._own if said is None else said.value)
        elif isinstance(said, Listed):
            mode = LIST
            self.values.value = plain(self._list_text(said.values))
        elif isinstance(said, Span):
            mode = said.kind
            self.start.value, self.stop.value = repr(said.start), repr(said.stop)
            self.num.value = said.num
        elif isinstance(said, Steps):
            mode = STEPS
            self.start.value, self.stop.value = repr(said.start), repr(said.stop)
            self.step.value = repr(said.step)
        else:
            mode = RANDOM
            self._fill_draws(said)
        if mode not in [value for _, value in self.mode.options]:
            self.mode.options = [*self.mode.options, (LABELS[mode], mode)]
        self.mode.value = mode
        self._lay_out()

    def _fill_draws(self, said: Drawn) -> None:
        self.distribution.value = said.distribution
        self.count.value, self.seed.value = said.count, said.seed
        if said.distribution == "choice":
            self.values.value = plain(self._list_text(said.arguments[0]))
        else:
            self.low.value, self.high.value = map(repr, said.arguments)

    def _list_text(self, values: Sequence[Any]) -> str:
        return entries.list_for(self.name, values, self._typed_by())

    def _typed_by(self) -> Parameter | None:
        return next((p for p in self._known if p.name == self.name), None)

    def align(self, width: str) -> None:
        """Have names be so wide, a length of CSS, so that rows stand below each other."""
        self._width = width
        for part in (self.value, *self._named):
            part.style.description_width = width

    def _use_control(self, value: Any) -> None:
        if self._control.show(value):
            return
        self._stale.append(self._control)
        self._control = control_for(self.parameter, value)
        self.value.style.description_width = self._width
        self._hear_control()

    def _hear_control(self) -> None:
        self._control.widget.observe(self._on_value, "value")

    def _lay_out(self) -> None:
        """Show the controls of the mode."""
        mode = self.mode.value
        shown: list[Any]
        if mode == FIXED:
            shown = [self.value]
        elif mode == LIST:
            shown = [self.values]
        elif mode == STEPS:
            shown = [self.start, self.stop, self.step]
        elif mode == RANDOM:
            choice = self.distribution.value == "choice"
            shown = [self.distribution, *([self.values] if choice else [self.low, self.high])]
            shown += [self.count, self.seed]
            normal = self.distribution.value == "normal"
            self.low.description = "mean" if normal else "low"
            self.high.description = "deviation" if normal else "high"
        else:
            shown = [self.start, self.stop, self.num]
        tie = [] if mode == FIXED else [self.tie]
        # In the same box, with the mode at its front: so that keeps the focus.
        self._line.children = [self.mode, *shown, *tie, self.reset]
        while self._stale:
            close_all(self._stale.pop().widget)

    # ---- what is done with it ----

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def _on_value(self, change: Any) -> None:
        if not self._quiet and change["owner"] is self._control.widget:
            self._read()

    def _on_part(self, change: Any) -> None:
        if self._quiet:
            return
        if change["owner"] is self.distribution:
            self._lay_out()
        self._read()

    def _on_tie(self, change: Any) -> None:
        if not self._quiet:
            self.changes += 1

    def _on_mode(self, change: Any) -> None:
        if self._quiet:
            return
        mode = change["new"]
        with self._quietly():
            if mode == FIXED:
                self.said = None
                self._fill(None)
            else:
                value = self._before(change["old"])
                self._fill(entries.first_setting(mode, self.parameter, value))
        self._read()

    def _before(self, mode: str) -> Any:
        """The value that was there before it is to vary."""
        said = self.said
        if isinstance(said, Fixed):
            return said.value
        if isinstance(said, Listed) and said.values:
            return said.values[0]
        if isinstance(said, (Span, Steps)):
            return said.start
        return self._own

    def _on_reset(self, button: Any) -> None:
        self.show(None)
        self.changes += 1

    def _read(self) -> None:
        """Read what stands in the row."""
        try:
            self.said = self._reading()
            problem = ""
        except ConfigError as error:
            problem = str(error)
        self._tell(problem)
        self.changes += 1

    def _reading(self) -> Fixed | Setting | None:
        mode, name = self.mode.value, self.name
        if mode == FIXED:
            return self._reading_value()
        if mode == LIST:
            return entries.listed_of(name, self.values.value, self._known, self._script)
        if mode in (LINEAR, LOG):
            whole = self._is_whole()
            return entries.span_of(
                mode, name, self.start.value, self.stop.value, self.num.value, whole
            )
        if mode == STEPS:
            return entries.steps_of(name, self.start.value, self.stop.value, self.step.value)
        distribution, count, seed = self.distribution.value, self.count.value, self.seed.value
        if distribution == "choice":
            values = entries.listed_of(name, self.values.value, self._known, self._script)
            if not isinstance(values, Listed):
                raise ConfigError(f"{name}: write the values themselves.", key=name)
            return Drawn("choice", (values.values,), count, seed)
        return entries.drawn_of(distribution, name, self.low.value, self.high.value, count, seed)

    def _is_whole(self) -> bool:
        if isinstance(self.said, Span) and self.said.kind == self.mode.value:
            return self.said.whole  # as the state says, which was shown
        return entries.is_whole(self.parameter)

    def _reading_value(self) -> Fixed | None:
        value = self._control.read()
        if value is NOTHING:
            return None
        if self._control.typed:
            if value == "" and not entries.takes_empty_text(self.parameter):
                return None
            value = entries.fixed_of(self.name, value, self._known, self._script)
        return Fixed(value)

    def _tell(self, problem: str) -> None:
        self.tell_fault(problem)
        self.problem = problem
        self.reset.disabled = self.said is None and not problem
        set_apart = self.add_class if self.said is not None else self.remove_class
        set_apart("kogine-set")

    def tell_fault(self, text: str) -> None:
        """Show what is wrong with the value, as whoever checks it says; nothing where nothing is."""
        if not text and "note" not in vars(self):
            return
        said = escape(plain(text))
        self.note.value = f'<span role="alert" style="color:#c62828">{said}</span>' if text else ""
        self.note.layout.display = "" if text else "none"


def _about(parameter: Parameter, place: str) -> str:
    """Type, help and place of a parameter, as HTML."""
    facts = [parameter.type or "", parameter.help or ""]
    facts.append(place or "the script has no such parameter")
    said = " · ".join(escape(plain(fact)) for fact in facts if fact)
    return f'<small style="opacity:0.75">{said}</small>'
