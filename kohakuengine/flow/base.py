"""Workflow: scripts, what to run them with, and how; the base of the flows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from ..engine.script import Script
from ..errors import ConfigError
from ..launch.base import check_limits
from ..launch.registry import get_launcher, launcher_of_flow
from ..runs.store import RunStore
from .checks import Examiners
from .coordinator import Coordinator
from .handle import FlowHandle
from .options import check_secrets, cores, launcher_name, options_of
from .plan import Plan
from .recorder import Recorder
from .slots import Slots, gpu_ids
from .view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..runs.table import Runs
    from .options import Options
    from .attached import AttachedFlow
    from .coordinator import EarlierRuns
    from .plan import ConfigLike, ScriptLike


class Workflow:
    """Scripts with their configs, and the choices under which they are run.

    Args:
        scripts: One script or several: paths, `Script`s, or pairs of a script and its configs.
        config: What the scripts without configs of their own are run with: a Config, a
            ConfigGenerator, an iterable of Configs, or None. Each script runs with each config.
        axes: The names that vary, by which runs are called.
        options: What is chosen; or the arguments of `Options` themselves, by keyword.
        plan: In place of scripts, config and axes.

    Raises:
        KogineError: There is no such script, or an option has a value that it can't have.
    """

    partly = False  # whether it is some runs of a flow that is there
    workers: int | None = None  # how many runs go on at once; None for what the options say

    def __init__(
        self,
        scripts: ScriptLike | Iterable[ScriptLike | tuple[ScriptLike, ConfigLike]],
        config: ConfigLike = None,
        *,
        axes: Sequence[str] = (),
        options: Options | None = None,
        plan: Plan | None = None,
        **choices: Any,
    ) -> None:
        self.plan = plan or Plan([_pair(item, config) for item in _listed(scripts)], axes)
        if not self.plan.items:
            raise ConfigError("a flow needs at least one script.")
        self.options = options_of(choices) if options is None else options
        if self.workers is not None and self.options.workers not in (None, self.workers):
            raise ConfigError(
                f"workers must be {self.workers} where runs go on one after the other, got "
                f'{self.options.workers}: Parallel, or Flow with mode="parallel", runs several at '
                "once."
            )
        chosen = self.options.launcher
        if chosen is None or isinstance(chosen, str):
            chosen = launcher_of_flow(chosen, self.plan.total)
        self._make_launcher = get_launcher(chosen) if isinstance(chosen, str) else chosen
        self._launcher = launcher_name(chosen)

    def run(
        self, *, resume: bool | str = False, show: bool | View = False, detach: bool = False
    ) -> Runs:
        """Run all, and give the runs in the order of their submission.

        Failed runs are no errors of the flow: `Runs.failed` has them.

        Args:
            resume: Go on with the newest flow of these scripts: what finished isn't run again.
                `"any-code"` keeps also what finished before the scripts were changed; else the id
                of a flow.
            show: Print what the runs print, as it comes, and how they end; or the view that is to
                be told.
            detach: Run it in a process of its own, which goes on when this one ends, and also
                after a Ctrl-C here. What its generator raises is in the flow's `coordinator.log`.

        Raises:
            KogineError: The flow can't go on, because of what the message says.
            KeyboardInterrupt: A Ctrl-C came; the runs have been ended, unless they are detached.
            Exception: What a generator of configs raised.
        """
        if detach:
            return self._followed(resume, _view(show))
        handle = self.start_here(resume, _view(show), wait=self.inline)
        interrupts = seen = 0
        while True:
            try:
                while seen < interrupts:
                    handle.cancel("kill" if seen else "interrupt")
                    seen += 1
                if handle.join():
                    break
            except KeyboardInterrupt:  # also one that comes while another is seen to
                interrupts += 1
        runs = handle.wait()
        if interrupts or handle.interrupted:
            raise KeyboardInterrupt
        return runs

    def start(
        self, *, resume: bool | str = False, show: bool | View = False, detach: bool = False
    ) -> FlowHandle | AttachedFlow:
        """Begin, and give a handle at once; a thread of this process sees to the rest.

        A handle that is live when the interpreter ends is cancelled, unless it is of a detached
        flow. Arguments and errors are those of `run()`, but what happens later is raised by the
        handle's `wait()`, and of a detached flow nothing is shown.
        """
        return self._detached(resume) if detach else self.start_here(resume, _view(show))

    @property
    def inline(self) -> bool:
        """Whether the scripts run in this process, and expect its main thread."""
        return self._launcher == "inline"

    def start_here(self, resume: bool | str, view: View, *, wait: bool = False) -> FlowHandle:
        """Begin in a thread of this process; what `start()` does where it isn't to detach.

        Args:
            resume: As for `run()`.
            view: Is told what happens.
            wait: See it through in the caller's thread instead, before the handle is given.
        """
        return self._begin(resume, view, here=wait)

    def _followed(self, resume: bool | str, view: View) -> Runs:
        from .follow import follow_flow

        begun = time.time()
        flow = self._detached(resume)
        if type(view) is not View:  # which shows nothing
            follow_flow(flow, RunStore(), view, begun)
        return flow.wait()

    def _detached(self, resume: bool | str) -> AttachedFlow:
        from .detach import spawn_detached

        self.check()  # what is wrong is told here, as what it is
        return spawn_detached(self, resume)

    def _begin(self, resume: bool | str, view: View, *, here: bool = False) -> FlowHandle:
        self.check()
        gpus = gpu_ids(self.options.gpus)
        workers = self.workers or self.options.workers or (len(gpus) if gpus else cores())
        store = RunStore()
        store.open()  # what can't be understood is refused before anything is written
        flow = self._flow(store, resume)
        recorder = Recorder(store, self.options, self._launcher, flow)
        try:  # nobody else changes the flow from here on
            earlier = self._earlier(store, flow, resume) if flow else None
            recorder.keep_flow(
                self.plan.scripts,
                self.plan.total,
                workers=self.workers or self.options.workers,
                partly=self.partly,
            )
            handle = FlowHandle(recorder.id, store)
            coordinator = Coordinator(
                self.plan,
                self.options,
                recorder,
                self._make_launcher(),
                Slots(workers, gpus),
                view,
                earlier,
                handle.note_end,
                handle.hear_readers,
            )
        except BaseException:
            recorder.let_go()
            raise
        handle.begin(coordinator, here=here)
        return handle

    def check(self) -> None:
        """Refuse what can't be run so.

        Raises:
            CheckError: Configs don't fit their scripts or schemas; all of their faults are told.
            LauncherError: The launcher can't keep a run to one of the limits.
            ConfigError: An option would record a secret of a config.
        """
        Examiners(self.options).check_plan(self.plan)
        for own in ({}, *self.plan.own):
            check_limits(self._make_launcher, self.options.with_own(own))
        for config in self.plan.there():
            check_secrets(config, self.options.env)

    def _flow(self, store: RunStore, resume: bool | str) -> str | None:
        """The flow to go on with, if any."""
        if not resume:
            return None
        from .resume import find_flow, forget_unmade

        forget_unmade(store, self.plan)
        return find_flow(store, self.plan, self.options, resume)

    def _earlier(self, store: RunStore, flow: str, resume: bool | str) -> EarlierRuns:
        """What became of the flow's runs before; its lock is held."""
        from .resume import read_earlier

        return read_earlier(store, flow, self.plan, resume)


def _view(show: bool | View) -> View:
    if isinstance(show, View):
        return show
    if not show:
        return View()
    from .lines import Lines

    return Lines()


def _listed(scripts: object) -> list[Any]:
    if isinstance(scripts, (str, os.PathLike, Script)):
        return [scripts]
    if isinstance(scripts, tuple) and len(scripts) == 2 and not _is_script(scripts[1]):
        return [scripts]  # one pair
    if not isinstance(scripts, Iterable):
        raise ConfigError(f"scripts must be a script or a list of them, got {scripts!r}.")
    return list(scripts)


def _is_script(item: object) -> bool:
    return isinstance(item, (str, os.PathLike, Script, tuple))


def _pair(item: Any, config: ConfigLike) -> tuple[Script, ConfigLike]:
    script, own = item if isinstance(item, tuple) else (item, config)
    if isinstance(own, (str, os.PathLike)):
        from ..config.loader import load_config

        own = load_config(own)
    return script if isinstance(script, Script) else Script(script), own
