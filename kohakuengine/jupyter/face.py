"""The command as a notebook has it: the same words, other ways to show what comes of them."""

from __future__ import annotations

from ..errors import ConfigError, KogineError, RunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from IPython.core.interactiveshell import InteractiveShell

    from ..cli.run import Order
    from ..engine.script import Script
    from ..flow.attached import AttachedFlow
    from ..flow.base import Workflow
    from ..flow.handle import FlowHandle
    from ..flow.view import View
    from ..runs.store import RunStore
    from ..runs.table import Runs
    from .cell import Cell
    from .shown import Shown


class Face:
    """Does what one magic says.

    Args:
        shell: In which it stands.
        shown: Is told what has been shown already.
        names: The variables that it can see.
        cell: What stands below the line, where it is a cell's magic.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        shown: Shown,
        names: dict[str, Any],
        cell: Cell | None = None,
    ) -> None:
        self.shell = shell
        self.names = names
        self.cell = cell
        self._shown = shown

    @property
    def in_kernel(self) -> bool:
        """Whether there is a notebook, and not a terminal."""
        return getattr(self.shell, "kernel", None) is not None

    def do(self, words: list[str]) -> object:
        """Do what the words say, and give what the cell's value is."""
        if not self.in_kernel:
            return self._do(words)
        from ..cli.reply import shown_by
        from .replies import Replies

        with shown_by(Replies()):
            return self._do(words)

    def _do(self, words: list[str]) -> object:
        import click

        from ..cli.run import Order
        from .commands import group_for

        try:
            outcome = group_for(self).main(
                words or ["--help"], prog_name="%kogine", standalone_mode=False, obj=self
            )
        except click.Abort:  # what click makes of it
            raise KeyboardInterrupt from None
        except click.UsageError as error:
            if type(error).__name__ != "NoArgsIsHelpError":  # which click 8.1 hasn't
                raise
            print(error.format_message())
            return None
        if isinstance(outcome, Order):
            return self.carry_out(outcome)
        if callable(outcome):  # what takes long isn't done within click
            outcome = outcome()
        if isinstance(outcome, int):
            if outcome:
                raise KogineError(f"%kogine {' '.join(words[:1])}: see above (status {outcome}).")
            return None
        return outcome

    # ---- flows ----

    def carry_out(self, order: Order, *, alone: bool = False) -> object:
        """Do with a flow what the options say.

        Args:
            order: The flow, and the options.
            alone: Whether it is of one run, whose failure is an error.
        """
        from ..cli.flow_options import resume_of
        from ..cli.preview import show_plan

        workflow, given = order.workflow, order.given
        resume = resume_of(given["resume"])
        if given["dry_run"]:
            show_plan(workflow, resume, given["as_json"])
            return None
        if given["detach"]:
            return self.keep(given, self._detached(workflow, resume, given["as_json"]))
        if given.get("background"):
            return self.keep(given, self._in_background(workflow, resume, given))
        return self._in_foreground(workflow, resume, given, alone)

    def _detached(self, workflow: Workflow, resume: bool | str, as_json: bool) -> object:
        flow = workflow.start(resume=resume, detach=True)
        if as_json:
            from ..cli.reply import json_text, say

            say(json_text({"flow": flow.id}))
            return self.was_shown(flow)
        short = flow.id[:8]
        print(
            f"flow {short} goes on by itself: %kogine attach {short} follows it, "
            f"%kogine cancel {short} ends it."
        )
        return self.was_shown(flow)

    def _in_background(
        self, workflow: Workflow, resume: bool | str, given: dict[str, Any]
    ) -> FlowHandle:
        if workflow.inline:
            raise ConfigError("--background needs another process: leave out --launcher inline.")
        from ..flow.view import View

        view = self.view(given, hints=True) if self.in_kernel else View()
        handle = workflow.start_here(resume, view)
        view.open()
        return self.was_shown(handle) if view.leaves_table else handle

    def _in_foreground(
        self, workflow: Workflow, resume: bool | str, given: dict[str, Any], alone: bool
    ) -> Runs | None:
        from .waiting import Waiting

        view, waiting = self.view(given, alone), Waiting()
        handle = waiting.run(workflow, resume, view)
        runs: Runs = self.keep(given, handle.runs)
        interrupted = bool(waiting.interrupts) or handle.interrupted
        if not alone and not interrupted:
            self._hint(view, handle)
        view.close()
        if given["as_json"]:
            from ..cli.reply import json_text, say

            say(json_text(list(runs.rows())))
        if interrupted:
            raise self._interrupt(handle)
        if handle.fault is not None:
            self._raise(handle.fault)
        if alone:
            self._check(runs)
        if view.leaves_table:
            self.was_shown(runs)
        return None if given["as_json"] else runs

    def _hint(self, view: View, handle: FlowHandle) -> None:
        from ..runs.outcome import FINISHED
        from .live import hint

        bad = sum(row["status"] != FINISHED for row in handle.runs.rows())
        if bad and handle.fault is None:
            view.note(hint(bad, len(handle.runs), handle.id))

    def _interrupt(self, handle: FlowHandle) -> BaseException:
        from .errors import rendered

        runs = handle.runs
        said = (
            f"interrupted: {len(runs.finished)} of {len(runs)} runs begun have finished; "
            f"--resume goes on, %kogine runs {handle.id[:8]} lists them."
        )
        error = KeyboardInterrupt(said)
        rendered(error, lambda: [said])
        return error

    def _raise(self, fault: BaseException) -> None:
        if not isinstance(fault, KogineError):
            from .errors import render_local

            render_local(self.shell, fault)
        raise fault

    def _check(self, runs: Runs) -> None:
        """Raise what the one run has raised."""
        from .errors import render_remote

        for run in runs:
            error = run.error
            if error is not None:
                told = run.outcome.traceback if run.outcome and self.in_kernel else None
                where = f"run {run.id[:8]} {run.status}; its output: {run.log}"
                # An error of ours says so by itself.
                render_remote(error, told, "" if isinstance(error, RunError) else where)
                raise error

    # ---- one run in this process ----

    def inline(self, script: Script, order: Callable[[], Any], given: dict[str, Any]) -> object:
        """Run a script in this process, and give its Run."""
        from .errors import render_local

        try:
            run = order()
        except KogineError:
            raise
        except BaseException as error:
            render_local(self.shell, error)
            raise
        return self.keep(given, run)

    # ---- what is shown ----

    def warn(self, message: str) -> None:
        """Tell what may not be as it is expected to be: a note in a notebook, as for other runs."""
        from ..cli.reply import tell, warn

        tell(message) if self.in_kernel else warn(message)

    def view(self, given: dict[str, Any], alone: bool = False, hints: bool = False) -> View:
        """What shows a flow: a live display in a notebook, else what the command has."""
        if self.in_kernel and not (given["quiet"] or given["as_json"]):
            from .live import LiveView

            log = given.get("log") or ""
            return LiveView(traceback_is_told=alone, log=log, hints=hints)
        if alone and not (given["quiet"] or given["as_json"]):
            from ..flow.lines import Lines

            return Lines(end_is_told=True)
        from ..cli.sweep import view_for

        return view_for(given["quiet"], given["as_json"])

    def keep(self, given: dict[str, Any], value: Any) -> Any:
        """Give a value the name that --out says."""
        if given.get("out"):
            self.shell.user_ns[given["out"]] = value
        return value

    def was_shown(self, value: Any) -> Any:
        """Have a value not be shown once more as the cell's own."""
        if self.in_kernel:
            self._shown.note(value)
        return value

    def show(self, value: Any) -> Any:
        """Show a value now."""
        from IPython import display

        show: Any = display.display  # it comes without types
        show(value)
        return self.was_shown(value)

    def follow(
        self, flow: AttachedFlow, store: RunStore, as_json: bool, log: str | None
    ) -> Runs | None:
        """Follow a flow of another process until it has ended, or an interrupt comes."""
        from ..cli.reply import json_text, say
        from ..flow.follow import follow_flow

        view = self.view({"quiet": False, "as_json": as_json, "log": log}, hints=True)
        try:
            follow_flow(flow, store, view)
        except KeyboardInterrupt:
            print(f"flow {flow.id[:8]} goes on; %kogine cancel {flow.id[:8]} ends it.")
        view.close()
        runs = flow.runs
        if as_json:
            say(json_text(list(runs.rows())))
            return None
        if view.leaves_table:
            self.was_shown(runs)
        return runs
