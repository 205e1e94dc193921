"""Run a flow from the command line, and give the command's exit status."""

from __future__ import annotations

import os
import signal
import sys

from ..errors import KogineError
from ..runs.outcome import FINISHED
from .reply import fail, give_up, json_text, say, say_error, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..flow.base import Workflow
    from ..flow.handle import FlowHandle
    from ..flow.view import View
    from ..runs.table import Runs


def run_flow(workflow: Workflow, resume: bool | str, *, quiet: bool, as_json: bool) -> int:
    """Run a flow at this terminal, and give the exit status.

    One Ctrl-C ends it, a second one kills what is left. Scripts that run in this process do so in
    its main thread, as they expect: there they get the Ctrl-C themselves.
    """
    view = view_for(quiet, as_json)
    try:
        handle = workflow.start_here(resume, view, wait=workflow.inline)
        interrupted = wait_for(handle) or handle.interrupted
        runs = handle.runs
        fault = None if interrupted else handle.fault
    except KogineError as error:
        return fail(error)
    lost = view.fault
    try:
        if as_json:
            say(json_text(list(runs.rows())))
    except OSError as error:
        lost = error
    if lost is not None:
        give_up(lost)
    if fault is not None:
        return fail(fault) if isinstance(fault, KogineError) else _told(fault, workflow.plan.raised)
    total, begun = workflow.plan.total, None
    if workflow.partly:  # what of the flow isn't in the plan, since it was never begun, counts, too
        from ..flow.recorder import begun_of

        total = handle.store.flow(handle.id)["total"]
        begun = begun_of(handle.store, handle.id)
    status = finish(handle.id, runs, interrupted, total, begun)
    quietly = lost is None or (isinstance(lost, BrokenPipeError) and not as_json)
    return status or (0 if quietly else 1)


def wait_for(handle: FlowHandle) -> bool:
    """Wait for a flow to end, and tell whether Ctrl-C ended it.

    It is cancelled when this process is told to end, or its terminal is closed; not where whoever has
    started us has it ignore that, as `nohup` does: then the runs do so, too.
    """

    interrupts = seen = 0
    waiting = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal interrupts, waiting
        interrupts += 1
        if waiting:  # else it is seen to next, and doesn't get into what is done for the one before
            waiting = False
            raise KeyboardInterrupt

    def end(number: int, frame: object) -> None:
        handle.cancel("terminate")

    handlers = {signal.SIGTERM: end, signal.SIGHUP: end, signal.SIGINT: interrupt}
    heard = [n for n in handlers if signal.getsignal(n) is not signal.SIG_IGN]
    before = {n: signal.signal(n, handlers[n]) for n in heard}
    if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
        stop = lambda number, frame: handle.store.stop_process()
        before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, stop)
    try:
        while True:
            try:
                waiting = True
                over = seen == interrupts and handle.join()
                waiting = False
            except KeyboardInterrupt:
                over = False
            if over:
                return bool(interrupts)
            while seen < interrupts:
                seen += 1
                handle.cancel("interrupt" if seen == 1 else "kill")
                if seen == 1:
                    tell("ending the runs; once more kills them.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def finish(
    flow: str,
    runs: Runs,
    interrupted: bool,
    total: int | None = None,
    begun: int | None = None,
) -> int:
    """Tell what became of a flow where that isn't plain to see, and give the exit status.

    Args:
        flow: Its id.
        runs: Those that it was to run now.
        interrupted: Whether Ctrl-C ended it.
        total: How many there should be in the end, or None where that isn't known.
        begun: How many of them have begun; None for as many as there are in `runs`.
    """
    rows = list(runs.rows())
    bad = [row for row in rows if row["status"] != FINISHED]
    if interrupted:
        done = len(rows) - len(bad)
        tell(f"interrupted: {done} of {len(rows)} runs begun have finished; --resume goes on.")
        return 130
    left = (total or 0) - (len(rows) if begun is None else begun)
    if left > 0:
        tell(f"{left} of {total} runs were never begun; --resume begins them.")
    if bad:
        tell(
            f"{len(bad)} of {len(rows)} runs didn't finish: kogine runs {flow[:8]} lists them, "
            f"kogine retry {flow[:8]} runs them again."
        )
    return 1 if bad or left > 0 else 0


def view_for(quiet: bool, as_json: bool) -> View:
    """What shows a flow: a live display on a terminal, else lines."""
    from ..flow.lines import Lines
    from ..flow.view import View

    if quiet or as_json or sys.stdout is None:
        return View()
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from .progress import Progress

        return Progress()
    return Lines()


def _told(fault: BaseException, raised: BaseException | None) -> int:
    """Show what kept a flow from going on: what a generator raised, or else a fault of ours."""
    import traceback

    from ..engine.takeover import without_our_frames

    frames = fault.__traceback__
    if fault is raised:
        tell("a generator of configs raised this:")
        frames = without_our_frames(frames)
    else:
        say_error("this is a bug of KohakuEngine's, please report it:")
    traceback.print_exception(type(fault), fault, frames)
    return 1
