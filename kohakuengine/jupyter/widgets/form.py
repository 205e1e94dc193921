"""The form of a script's parameters: rows in groups, and what is said of the whole sweep."""

from __future__ import annotations

import threading

import ipywidgets as widgets
import traitlets

from ...engine.parameters import Parameter
from ...errors import ConfigError
from .closing import close_all
from .controls import WIDE, plain
from .form_state import FormState, configs_of
from .row import Fixed, Row
from .row_groups import MANY, Rows, folded, grouped, in_pieces
from .row_parts import MOST, TIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_WIDEST = 24  # characters of a name for which others make room


class Form(widgets.VBox):  # type: ignore[misc]  # it comes without types
    """A form of parameters.

    Args:
        parameters: Of the script.
        script: Its name, for messages.

    Attributes:
        rows: By the names of the parameters; each is made when it is first looked at.
        search: A field that narrows the rows, where there are many.
        excluded: A condition a line.
        sample: How many points are tried; 0 for all.
        sample_seed: The seed of that.
        repeat: How often each is run.
        state: What is said, as a `FormState`; the last one that could be read.
        problems: What is wrong, by the names of the parameters; the empty name is for the whole.
    """

    state = traitlets.Any()
    problems = traitlets.Dict()

    def __init__(
        self,
        parameters: Sequence[Parameter],
        script: str,
    ) -> None:
        self._script = script
        self._width = "initial"  # of the names
        self._order: list[str] = []  # of what varies, as it came to do so
        self._kept = FormState()  # what no control shows
        self._lines: tuple[str, tuple[str, ...]] = ("", ())  # a text, and the conditions it is of
        self._busy = False
        self._lock = threading.RLock()  # whoever clicks, clicks in any thread
        self.rows = Rows(self._row)
        self._make_whole()
        self._box = widgets.VBox()
        super().__init__()
        self.add_class("kogine-form")
        self.use(parameters)

    def _make_whole(self) -> None:
        self.search = widgets.Text(
            placeholder="search",
            description="find",
            tooltip="show the parameters whose name or help has this in it",
            style=WIDE,
        )
        self.search.observe(lambda change: self._group(), "value")
        self.excluded = widgets.Textarea(
            description="leave out",
            placeholder="lr > 0.1 and epochs == 2",
            tooltip="conditions, one a line: what one of them holds for is left out",
            continuous_update=False,
            rows=2,
            style=WIDE,
            layout={"width": "auto", "min_width": "16em", "flex": "1 1 20em"},
        )
        number = {"style": WIDE, "layout": {"width": "11em"}}
        self.sample = widgets.BoundedIntText(
            description="sample", tooltip="only so many, at random; 0: all", max=MOST, **number
        )
        self.sample_seed = widgets.BoundedIntText(
            description="seed", tooltip="of the sample", max=2**31, **number
        )
        self.repeat = widgets.BoundedIntText(
            description="repeat", tooltip="run each so often", min=1, max=MOST, value=1, **number
        )
        whole = [self.excluded, self.sample, self.sample_seed, self.repeat]
        for control in whole:
            control.observe(self._on_change, "value")
        self._whole = widgets.HBox(whole, layout={"flex_flow": "row wrap", "align_items": "center"})

    # ---- from outside ----

    def use(self, parameters: Sequence[Parameter]) -> None:
        """Show these parameters, and keep what is set."""
        said = {
            n: (row.said, row.tied) for n, row in self.rows.made.items() if row.said is not None
        }
        self.parameters = list(parameters)
        before = list(self.rows.made.values())
        self.rows = Rows(self._row)
        for name in [*(parameter.name for parameter in parameters), *said]:
            self.rows.add(name)
        for name, (what, tie) in said.items():
            self.rows[name].show(what, tie)
        self._group()
        self._read()
        close_all(*before)

    def show(self, state: FormState) -> None:
        """Show a state.

        Raises:
            ConfigError: More groups are tied than a form shows.
        """
        if len(state.ties) >= len(TIES):
            raise ConfigError(f"{len(state.ties)} groups are tied, and a form has {len(TIES) - 1}.")
        with self._lock:
            self._show(state)

    def _show(self, state: FormState) -> None:
        self._busy = True
        try:
            self._kept = state
            settings = state.settings
            ties = {name: TIES[n] for n, tie in enumerate(state.ties, 1) for name in tie}
            said = {name: Fixed(value) for name, value in state.fixed.items()} | settings
            for name in said:
                self.rows.add(name)
            for name in {**self.rows.made, **said}:
                self.rows[name].show(said.get(name), ties.get(name, ""))
            self._order = list(settings)
            text = plain("\n".join(" ".join(c.split()) for c in state.excluded))
            self.excluded.value = text
            self._lines = (self.excluded.value, state.excluded)
            self.sample.value, self.sample_seed.value = state.sample or (0, 0)
            self.repeat.value = state.repeat
        finally:
            self._busy = False
        self._group()
        self._read()

    # ---- rows ----

    def _row(self, name: str) -> Row:
        """Make the row of a parameter."""
        from ...engine.defaults import nested_parameters

        parameter = next((p for p in self.parameters if p.name == name), None)
        if parameter is None:
            inner = nested_parameters(self.parameters, [name])
            parameter = inner[0] if inner else Parameter(name)
        known = [*self.parameters, *([parameter] if "." in name else [])]
        place = parameter.place if parameter.line else ""
        row = Row(parameter, known, self._script, place)
        row.align(self._width)
        row.observe(self._on_change, "changes")
        return row

    def _group(self) -> None:
        """Lay out the rows that are searched for."""
        longest = max(map(len, self.rows), default=0)
        self._width = f"{min(longest, _WIDEST) + 6}ch"  # " from" stands behind some
        for row in self.rows.made.values():
            row.align(self._width)
        head = [self.search] if len(self.rows) > MANY else []
        names = [name for name in self.rows if not head or self._is_found(name)]
        groups = in_pieces(grouped(names)) if head else {}
        before = self._box.children
        if len(groups) > 1:
            self._box.children = [folded(groups, self.rows)]
        else:
            self._box.children = [self.rows[name] for name in names] or [self._nothing()]
        self.children = [*head, self._box, self._whole]
        close_all(*before, but=(Row,))

    def _nothing(self) -> Any:
        said = "no parameter has that in its name or help"
        if not self.rows:
            said = "the script has no parameters at its top level"
        return widgets.HTML(f"<em>{said}</em>")

    def _is_found(self, name: str) -> bool:
        wanted = self.search.value.strip().lower()
        help = next((p.help for p in self.parameters if p.name == name), None)
        return wanted in f"{name} {help or ''}".lower()

    # ---- what is said ----

    def _on_change(self, change: Any) -> None:
        if not self._busy:
            self._read()

    def _read(self) -> None:
        with self._lock:
            self._take_in()

    def _take_in(self) -> None:
        """Have `state` and `problems` be what stands in the rows."""
        problems = {name: row.problem for name, row in self.rows.made.items() if row.problem}
        try:
            state = self._reading()
            if not problems:
                configs_of(state)
                self.state = state
        except ConfigError as error:
            name = str(getattr(error, "key", "") or "")
            problems.setdefault(name if name in self.rows else "", str(error))
        for name, row in self.rows.made.items():
            row.tell_fault(problems.get(name, ""))
        self.problems = problems

    def _reading(self) -> FormState:
        said = {name: row.said for name, row in self.rows.made.items()}
        varying = [n for n, what in said.items() if what and not isinstance(what, Fixed)]
        self._order = [n for n in self._order if n in varying]
        self._order += [n for n in varying if n not in self._order]
        fixed = [*(n for n in self._kept.fixed if n in said), *said]  # in the order of the file
        ties = [tuple(n for n in self._order if self.rows[n].tied == tie) for tie in TIES[1:]]
        sample = (self.sample.value, self.sample_seed.value) if self.sample.value else None
        return FormState(
            fixed={n: what.value for n in fixed if isinstance(what := said[n], Fixed)},
            swept=tuple((n, said[n]) for n in self._order),  # type: ignore[misc]
            ties=tuple(tie for tie in ties if len(tie) > 1),
            excluded=self._conditions(),
            sample=sample,
            repeat=self.repeat.value,
            args=self._kept.args,
            kwargs=self._kept.kwargs,
            metadata=self._kept.metadata,
        )

    def _conditions(self) -> tuple[str, ...]:
        text, conditions = self._lines
        if self.excluded.value == text:
            return conditions
        lines = (line.strip() for line in self.excluded.value.splitlines())
        return tuple(line for line in lines if line)
