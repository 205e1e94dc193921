"""SweepLauncher: a form made of a script's own parameters, that becomes a sweep and launches it."""

from __future__ import annotations

import os
import warnings
from html import escape

import ipywidgets as widgets
import traitlets

from ...config.base import Config
from ...engine.compiler import compile_program
from ...engine.parameters import parameters
from ...engine.script import Script
from ...engine.source import check
from ...errors import CheckError, ConfigError, KogineError
from .board_place import BoardPlace
from .choices_box import ChoicesBox
from .closing import close_all
from .controls import button, plain
from .estimate import median_duration, time_text
from .files_box import FilesBox
from .form import Form
from .form_code import config_text, python_text, yaml_text
from .form_reading import state_of, state_of_file
from .form_state import FormState, configs_of
from .form_words import line_text, shell_text
from .keys import key_guard
from .last_state import LastStates
from .launch_choices import LaunchChoices, choices_of, unusual
from .launch_panel import LaunchPanel, all_runs
from .preview import count_of, preview_html
from .static_view import static_html

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...flow.base import Workflow

_TEXTS = ("line", "python", "shell", "file", "yaml")
_CLASS = "kogine-launcher"


class SweepLauncher(widgets.VBox):  # type: ignore[misc]  # it comes without types
    """A form of a script's parameters, with which its runs are launched and watched.

    Args:
        script: `"train.py"`, `"train.py:func"`, `"pkg.mod"`, or a `Script`.
        configs: What the form shows at first: a Config, a Sweep, a list of Configs; what varies, as
            `sweep()` takes it; or a config file. None for the script's own values.
        cell: The text of the cell that the script is, if it is one.
        choices: How the runs are to go on: `sequential`, `detached`, and all that `Options` takes.

    Attributes:
        form: The form, a widget: `form.rows["lr"]` is the row of a parameter.
        files: The controls that load, save and copy what the form says.
        choices: The controls that say how runs go on.
        panel: Start, Pause, Resume, Stop and Retry failed.
        state: What the form says, as a `FormState`; can be set.
        config: What will be run: a Config, or a Sweep; None while something is wrong.
        problems: What is wrong, by the names of parameters; the empty name is for the whole.
        flow: The handle of the flow that was launched last, or None.
        runs: Its runs so far, or None.

    Raises:
        KogineError: There is no such script; or no form can show the configs.

    Example:
        >>> launcher = SweepLauncher("train.py")  # doctest: +SKIP
        >>> launcher.form.rows["lr"].mode.value = "list"  # doctest: +SKIP
        >>> launcher.config  # doctest: +SKIP
        <Sweep of grid(lr=[0.1])>
    """

    state = traitlets.Any()
    config = traitlets.Any(None, allow_none=True)
    problems = traitlets.Dict()
    flow = traitlets.Any(None, allow_none=True)
    runs = traitlets.Any(None, allow_none=True)
    _closed = False

    def __init__(
        self,
        script: str | os.PathLike[str] | Script,
        configs: Any = None,
        *,
        cell: str | None = None,
        **choices: Any,
    ) -> None:
        self.script = script if isinstance(script, Script) else Script(script)
        self._cell = cell
        self._source = self._sound_source()
        self._each: float | None = None
        self._notes: list[str] = []
        found = parameters(self._source, self.script.path)
        self.form = Form(found, self.script.name)
        self.choices = ChoicesBox()
        self.panel = LaunchPanel(self._workflow)
        self._make_parts()
        super().__init__(self._laid_out())
        self.add_class(_CLASS)
        if choices:
            self.choices.show(choices_of(choices))
        if configs is not None:
            given = os.fspath(configs) if isinstance(configs, os.PathLike) else configs
            is_file = isinstance(given, str)
            state = state_of_file(given, self.script) if is_file else None
            self.form.show(state or state_of(given, script=self.script))
        self._look_back()
        self._connect()
        self._update()

    @classmethod
    def attach(cls, id: str) -> SweepLauncher:
        """A launcher for a flow that is there already, as a detached one after the kernel ended.

        Its form shows what has begun of the flow; the buttons and the runs are those of the flow.

        Args:
            id: The beginning of the flow's id, or its name.

        Raises:
            KogineError: There is no such flow, or nothing of it has begun; or its script is gone.
        """
        from ...flow.attached import AttachedFlow
        from .taken_up import script_of_flow, state_of_flow, store_and_row

        store, row = store_and_row(id)
        flow = AttachedFlow(store, row["id"])
        launcher = cls(script_of_flow(flow), detached=True, **unusual(row["options"]))
        try:
            launcher.form.show(state_of_flow(flow))
        except ConfigError as error:
            launcher.panel.tell(str(error), problem=True)
        launcher.panel.take(flow)
        return launcher

    # ---- parts ----

    def _make_parts(self) -> None:
        self._title = widgets.HTML(value=f"<h3>{escape(plain(self.script.name))}</h3>")
        self.summary = widgets.HTML()
        self.preview = widgets.HTML()
        self.files = FilesBox(self.text_of, self._show_file)
        self.refresh = button("Refresh form", "read the script anew; what is set stays")
        self.anyway = button("Start anyway", "run the script as it is now")
        self._edited = widgets.HBox(layout={"display": "none"})
        self._edited.children = [
            widgets.HTML(
                '<span role="alert">the script was changed since this form was made.</span>'
            ),
            self.refresh,
            self.anyway,
        ]
        self.board = BoardPlace()
        self._lasts = LastStates(self.board.token, self._static)

    def _laid_out(self) -> list[Any]:
        how = widgets.Accordion([self.choices], titles=["how runs go on"], selected_index=0)
        return [
            *(self._title, self.form, self.summary, self.preview, self.files, how),
            *(self._edited, self.panel, self.board, *key_guard(_CLASS, self.board.token)),
        ]

    def _connect(self) -> None:
        self.form.observe(lambda change: self._update(), ["state", "problems"])
        self.choices.observe(lambda change: self._update(), ["choices", "problem"])
        self.observe(self._on_state, "state")
        self.panel.observe(self._on_flow, "flow")
        self.panel.observe(lambda change: setattr(self, "runs", change["new"]), "runs")
        self.panel.observe(self._on_end, "ended")
        self.board.observe(lambda change: self._on_retried(change["new"]), "retried")
        self.panel.said.observe(lambda change: self._lasts.renew(), "value")
        self.refresh.on_click(lambda _: self.panel.do(self.refresh_form))
        self.anyway.on_click(lambda _: self._start_anyway())

    # ---- what the form says ----

    def _on_state(self, change: Any) -> None:
        if change["new"] != self.form.state:
            self.form.show(change["new"])

    def _update(self) -> None:
        """Show what the form comes to now."""
        problems = dict(self.form.problems)
        if self.choices.problem:
            problems.setdefault("", self.choices.problem)
        config: Any = None
        self._notes = []
        if not problems:
            try:
                config = configs_of(self.form.state)
                self._notes = self._checked(config)
            except CheckError as error:
                problems = {fault.key or "": str(fault) for fault in error.faults}
            except KogineError as error:
                problems[""] = str(error)
            self._place({name: text for name, text in problems.items() if name})
        with self.hold_trait_notifications():
            self.problems = problems
            self.config = None if problems else config
            self.state = self.form.state
        self.summary.value = self._summary()
        self.preview.value = "" if self.config is None else self._previewed()
        self.panel.allow_start(self.config is not None)
        self._lasts.renew(last=True)

    def _place(self, faults: dict[str, str]) -> None:
        """Show what is wrong beside the parameters that it is of."""
        for name, row in self.form.rows.made.items():
            row.tell_fault(next((t for key, t in faults.items() if key.split(".")[0] == name), ""))

    def _checked(self, config: Any) -> list[str]:
        """What is worth a note of what would be run; raises what would refuse it."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self._flow_of(config).check()
        self._check_entry(config if isinstance(config, Config) else config[0])
        return [str(warning.message) for warning in told]

    def _check_entry(self, config: Config) -> None:
        """Refuse a function that the script hasn't."""
        if self.script.entrypoint:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they are for those who run the script
                compile_program(self.script, config)

    def _previewed(self) -> str:
        try:
            return preview_html(self.config)
        except KogineError as error:  # such as a condition that can't be told
            return f"<p>{escape(plain(str(error)))}</p>"

    def _summary(self) -> str:
        if self.problems:
            listed = "".join(f"<li>{escape(plain(text))}</li>" for text in self.problems.values())
            return f'<div role="alert" style="color:#c62828"><ul>{listed}</ul></div>'
        count = count_of(self.config)
        runs = "1 run" if count == 1 else f"{count:,} runs"
        took = time_text(self._each, count, self._workers())
        said = "".join(f"<br>{escape(plain(note))}" for note in self._notes)
        return f'<div role="status"><b>{runs}</b>, {took}{said}</div>'

    def _workers(self) -> int:
        from ...flow.options import cores

        choices: LaunchChoices = self.choices.choices
        return 1 if choices.sequential else choices.workers or cores()

    def _look_back(self) -> None:
        self._each = median_duration(self.script)

    # ---- as a text ----

    def text_of(self, kind: str) -> str:
        """What the form says, as a text.

        Args:
            kind: `"line"` (a magic), `"python"`, `"shell"`, `"file"` (a config file in Python),
                `"yaml"`.

        Raises:
            ConfigError: Something is wrong in the form; or such a text can't say it.
        """
        self._refuse_problems()
        state: FormState = self.form.state
        choices: LaunchChoices = self.choices.choices
        if kind == "line":
            return line_text(state, self.script, choices, self._cell)
        if kind == "python":
            return python_text(state, self.script, choices)
        if kind == "shell":
            return shell_text(state, self.script, choices)
        if kind == "file":
            return config_text(state, os.path.basename(self.script.name))
        if kind == "yaml":
            return yaml_text(state, self.script)
        raise ConfigError(f"there is no text {kind!r}; there are {', '.join(_TEXTS)}.")

    def _show_file(self, path: str) -> None:
        self.form.show(state_of_file(path, self.script))

    def _refuse_problems(self) -> None:
        if self.problems:
            raise ConfigError(f"first mend this: {next(iter(self.problems.values()))}")

    # ---- the flow ----

    def _flow_of(self, config: Any) -> Workflow:
        from ...flow.parallel import Parallel
        from ...flow.sequential import Sequential

        choices: LaunchChoices = self.choices.choices
        flow = Sequential if choices.sequential else Parallel
        return flow(self.script, config, options=choices.options())

    def _workflow(self) -> tuple[Workflow, bool]:
        """The flow that Start is to begin."""
        self._refuse_problems()
        if self.script.read() != self._source:
            self._edited.layout.display = ""
            raise ConfigError("nothing was started: see above.")
        return self._flow_of(self.config), self.choices.choices.detached

    def refresh_form(self) -> None:
        """Read the script anew, and show its parameters as they are now; what is set stays.

        Raises:
            KogineError: The script can't be read.
        """
        source = self._sound_source()
        found = parameters(source, self.script.path)
        self._source = source
        self._edited.layout.display = "none"
        self.form.use(found)
        self.panel.tell("the form is as the script is now.")

    def _sound_source(self) -> bytes:
        """The script as it is now, which Python can compile."""
        source = self.script.read()
        check(source, self.script.code_file)
        return source

    def _start_anyway(self) -> None:
        self.panel.do(self._take_as_it_is)
        self.panel.start.click()

    def _take_as_it_is(self) -> None:
        self._source = self.script.read()
        self._edited.layout.display = "none"

    def _on_flow(self, change: Any) -> None:
        self.flow = change["new"]
        self.board.take(change["new"])

    def _on_retried(self, flow: Any) -> None:
        """The board has gone on with the flow: the buttons are for that from now on."""
        self.panel.do(lambda: self.panel.take(flow))

    def _on_end(self, change: Any) -> None:
        self._look_back()
        self.summary.value = self._summary()
        self.board.look()
        self._lasts.renew(last=True)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait until the flow that was launched last has ended, and give its runs.

        Raises:
            ConfigError: Nothing was launched.
            TimeoutError: They haven't ended within so many seconds.
        """
        if self.flow is None:
            raise ConfigError("nothing was launched yet: click Start first.")
        self.flow.wait(timeout)
        self.panel.join(timeout)
        return all_runs(self.flow)

    def close(self) -> None:
        """Take the form away, and all that belongs to it. What was launched goes on."""
        if self._closed:
            return
        self._closed = True
        parts = vars(self)  # of which there may be few yet, where it couldn't be made
        if "_lasts" in parts:
            self._lasts.let_go()
        if "panel" in parts:
            self.panel.let_go()
        mine = [part for part in parts.values() if isinstance(part, widgets.Widget)]
        close_all(*mine, *self.children, self.layout)
        super().close()

    # ---- without a kernel ----

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        given: Any = super()._repr_mimebundle_(**kwargs)
        bundle = given[0] if isinstance(given, tuple) else given
        return {
            **(bundle or {}),
            "text/plain": self.said_as_text(),
            "text/html": self.static_html(),
        }

    def _ipython_display_(self) -> None:
        """Show it, and below the last state."""
        from IPython import display

        show: Any = display.display  # it comes without types
        bundle = self._repr_mimebundle_()
        del bundle["text/html"]
        show({**bundle, "text/plain": repr(self)}, raw=True)
        self.show_last()

    def show_last(self) -> None:
        """Show, for who opens the notebook without its kernel, the last state: plain tables."""
        self._lasts.show()

    def __repr__(self) -> str:
        return self.said_as_text().partition("\n")[0]

    def said_as_text(self) -> str:
        """What is set, and how far the runs are, in a line or two."""
        count = "something is wrong" if self.config is None else f"{count_of(self.config)} runs"
        runs = "" if self.runs is None else f"\n{self.runs!r}"
        return f"<SweepLauncher of {self.script.name}: {count}>{runs}"

    def _static(self) -> dict[str, str]:
        return {"text/plain": self.said_as_text(), "text/html": self.static_html()}

    def static_html(self) -> str:
        """What is set, and the runs, as HTML that needs neither a kernel nor scripts."""
        return static_html(self.script.name, self.form.state, self.summary.value, self.runs)
