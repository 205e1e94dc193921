"""The controls by which a form's runs are launched: workers, retries and so on."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets
import traitlets

from ...errors import ConfigError
from ...flow.options import ON_ERROR
from .controls import WIDE, plain
from .launch_choices import LaunchChoices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# All but inline, which wants the kernel's main thread, and would keep it.
LAUNCHERS = ("auto", "warm", "fresh", "pool")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class ChoicesBox(widgets.VBox):  # type: ignore[misc]  # it comes without types
    """How the runs are to go on.

    Attributes:
        order: `"parallel"` or `"sequential"`.
        workers: How many at once; 0 for as many as there are cores.
        launcher: Where runs live.
        retries: How often a bad run is tried again.
        timeout: A text such as `90` or `5m`; empty for never.
        on_error: What a bad run means for the others.
        tags: Words with commas between them.
        flow_name: What the flow is called.
        where: `"background"` or `"detached"`.
        choices: All of it, as `LaunchChoices`.
        problem: What is wrong with it; empty where nothing is.
    """

    choices = traitlets.Any(LaunchChoices())
    problem = traitlets.Unicode()

    def __init__(self) -> None:
        wide = {"style": WIDE, "layout": {"width": "auto", "min_width": "10em"}}
        text = {**wide, "continuous_update": False}
        self.order = widgets.Dropdown(
            options=["parallel", "sequential"],
            description="order",
            tooltip="several runs at once, or one after the other",
            **wide,
        )
        self.workers = widgets.BoundedIntText(
            description="workers",
            min=0,
            max=10_000,
            tooltip="how many runs go on at once; 0: one a core",
            **wide,
        )
        self.launcher = widgets.Dropdown(
            options=list(LAUNCHERS),
            description="launcher",
            tooltip="where the runs' processes live",
            **wide,
        )
        self.retries = widgets.BoundedIntText(
            description="retries",
            min=0,
            max=1000,
            tooltip="how often a run that didn't finish is tried again",
            **wide,
        )
        self.timeout = widgets.Text(
            description="timeout", placeholder="never: 90, 5m, 2h", tooltip="ends a run", **text
        )
        self.on_error = widgets.Dropdown(
            options=list(ON_ERROR),
            description="on failure",
            tooltip="what a bad run means for the others",
            **wide,
        )
        self.tags = widgets.Text(
            description="tags", placeholder="first,try", tooltip="to find the runs by", **text
        )
        self.flow_name = widgets.Text(description="name", tooltip="what the flow is called", **text)
        self.where = widgets.Dropdown(
            options=[("in this kernel", "background"), ("detached", "detached")],
            description="runs",
            tooltip="a detached flow goes on when the kernel ends",
            **wide,
        )
        self.controls = [
            *(self.order, self.workers, self.launcher, self.retries, self.timeout),
            *(self.on_error, self.tags, self.flow_name, self.where),
        ]
        box = widgets.HBox(self.controls, layout={"flex_flow": "row wrap"})
        self._said = widgets.HTML()
        super().__init__([box, self._said])
        self._quiet = False
        self._more: tuple[tuple[str, Any], ...] = ()
        for control in self.controls:
            control.observe(self._on_change, "value")

    def show(self, choices: LaunchChoices) -> None:
        """Show choices."""
        self._quiet = True
        self._more = choices.more
        more = ", ".join(f"{name}={value!r}" for name, value in choices.more)
        self._said.value = f"<small>also: {escape(plain(more))}</small>" if more else ""
        try:
            self.order.value = "sequential" if choices.sequential else "parallel"
            self.workers.value = choices.workers or 0
            launcher = choices.launcher or "auto"
            if launcher not in self.launcher.options:  # one of a third party
                self.launcher.options = [*self.launcher.options, launcher]
            self.launcher.value = launcher
            self.retries.value = choices.retries
            self.timeout.value = "" if choices.timeout is None else f"{choices.timeout:g}"
            self.on_error.value = choices.on_error
            self.tags.value = plain(",".join(choices.tags))
            self.flow_name.value = plain(choices.name or "")
            self.where.value = "detached" if choices.detached else "background"
        finally:
            self._quiet = False
        self._read()

    def _on_change(self, change: Any) -> None:
        if not self._quiet:
            self._read()

    def _read(self) -> None:
        sequential = self.order.value == "sequential"
        self.workers.disabled = sequential
        try:
            choices = LaunchChoices(
                sequential=sequential,
                workers=None if sequential else self.workers.value or None,
                launcher=None if self.launcher.value == "auto" else self.launcher.value,
                retries=self.retries.value,
                timeout=seconds_of(self.timeout.value),
                on_error=self.on_error.value,
                tags=tuple(filter(None, (tag.strip() for tag in self.tags.value.split(",")))),
                name=self.flow_name.value.strip() or None,
                detached=self.where.value == "detached",
                more=self._more,
            )
            choices.options()
        except ConfigError as error:
            self.problem = str(error)
            return
        self.problem = ""
        self.choices = choices


def seconds_of(text: str) -> float | None:
    """A time such as `90`, `5m` or `2h`, in seconds; None for an empty text.

    Raises:
        ConfigError: It is none.

    Example:
        >>> seconds_of("5m")
        300.0
    """
    text = text.strip().lower()
    if not text:
        return None
    unit = text[-1] if text[-1] in "smhd" else ""
    try:
        return float(text.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        raise ConfigError(
            f"timeout: {text!r} is no time: a number, perhaps with s, m, h or d behind it."
        ) from None
