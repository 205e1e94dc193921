"""Start, pause, resume, stop, retry: a flow, and the buttons by which it is told what to do."""

from __future__ import annotations

import threading
import time
from collections import Counter
from html import escape

import ipywidgets as widgets
import traitlets

from ...errors import KogineError
from ...runs.cells import duration_text
from ...runs.outcome import FINAL, FINISHED
from ...runs.table import Runs
from .controls import button, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ...flow.base import Workflow

_TICK = 0.3  # how often is looked at what becomes of the flow, in seconds
_SHARE = 20  # what takes long is looked at so much less often that it takes a twentieth of the time
_PRECIOUS = 60.0  # seconds of work that aren't thrown away without asking


class LaunchPanel(widgets.VBox):  # type: ignore[misc]  # it comes without types
    """The buttons, and what they do.

    Args:
        make: Makes the flow that Start is to begin, and tells whether it is to be detached; raises
            a KogineError where it can't.

    Attributes:
        start, pause, resume, stop, retry: The buttons.
        confirm, keep: The buttons that are shown when Stop asks first.
        said: What is going on, as a widget.
        flow: The flow's handle, or None.
        runs: Its runs so far, or None.
        status: Of the flow; empty where there is none.
        ended: How many flows have ended, with all that is shown of them.
    """

    flow = traitlets.Any(None, allow_none=True)
    runs = traitlets.Any(None, allow_none=True)
    status = traitlets.Unicode()
    ended = traitlets.Int()

    def __init__(self, make: Callable[[], tuple[Workflow, bool]]) -> None:
        self._make = make
        self._lock = threading.RLock()
        self._watched: threading.Thread | None = None
        self._handle = _nothing()
        self.start = button("Start", "run what the form says", "success", "play")
        self.pause = button("Pause", "begin no further runs", "", "pause")
        self.resume = button("Resume", "begin runs again", "", "forward")
        self.stop = button("Stop", "end the runs that go on, and begin no others", "", "stop")
        self.retry = button("Retry failed", "run again what didn't finish", "", "redo")
        self.confirm = button("Stop all the same", "the work is lost", "danger", "stop")
        self.keep = button("Go on", "stop nothing", "", "")
        self.said = widgets.HTML(value="not started")
        self._question = widgets.HTML()
        self._asking = widgets.HBox(
            [self._question, self.confirm, self.keep], layout={"display": "none"}
        )
        self._buttons = widgets.HBox(
            [self.start, self.pause, self.resume, self.stop, self.retry],
            layout={"flex_flow": "row wrap"},
        )
        super().__init__([self._buttons, self._asking, self.said])
        for pressed, does in {
            self.start: self._on_start,
            self.pause: lambda: self._handle.pause(),
            self.resume: lambda: self._handle.unpause(),
            self.stop: self._on_stop,
            self.retry: self._on_retry,
            self.confirm: self._stop_now,
            self.keep: lambda: self._ask(""),
        }.items():
            pressed.on_click(lambda _, does=does: self.do(does))
        self._allow()

    # ---- from outside ----

    @property
    def live(self) -> bool:
        """Whether a flow goes on."""
        handle = self._handle
        return handle is not None and bool(handle.live)

    def take(self, handle: Any) -> None:
        """Look after a flow, from now on in place of the one before."""
        with self._lock:
            self._handle = handle
            self._ask("")
            self.flow = handle
            self._refresh()
            thread = threading.Thread(
                target=self._watch, args=[handle], name="kogine launcher", daemon=True
            )
            self._watched = thread
        thread.start()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the flow has ended, and that is shown."""
        thread = self._watched
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def let_go(self) -> None:
        """Look after nothing any more. What goes on goes on."""
        with self._lock:
            self._handle = None
        self.join()

    def allow_start(self, allowed: bool) -> None:
        """Say whether there is anything that Start could begin."""
        self._allowed = allowed
        self._allow()

    _allowed = True

    def tell(self, text: str, problem: bool = False) -> None:
        """Say something."""
        style = ' role="alert" style="color:#c62828"' if problem else ' role="status"'
        self.said.value = f"<span{style}>{escape(plain(text))}</span>"

    # ---- what buttons do ----

    def do(self, does: Callable[[], object]) -> None:
        """Do it, and say what is wrong where that can't be done."""
        with self._lock:
            try:
                does()
            except KogineError as error:
                self.tell(str(error), problem=True)
            self._allow()

    def _on_start(self) -> None:
        if self.live:
            self.tell("the flow is going on: stop it first, or wait for its end.", problem=True)
            return
        workflow, detached = self._make()
        self._begin(workflow, detached)

    def _begin(self, workflow: Workflow, detached: bool) -> None:
        from ...flow.view import View

        self.take(workflow.start(detach=True) if detached else workflow.start_here(False, View()))

    def _on_stop(self) -> None:
        lost = lost_seconds(self._handle.runs)
        if lost <= _PRECIOUS:
            self._stop_now()
            return
        self._ask(f"that throws away {duration_text(lost)} of work. ")

    def _stop_now(self) -> None:
        self._ask("")
        self._handle.cancel()

    def _ask(self, question: str) -> None:
        self._question.value = f'<span role="alert">{escape(question)}</span>'
        self._asking.layout.display = "" if question else "none"

    def _on_retry(self) -> None:
        bad = [row["id"] for row in self._handle.runs.rows() if _is_bad(row)]
        if self.live:
            for run in bad:
                self._handle.retry(run)
            return
        from ...flow.attached import AttachedFlow
        from ...flow.retry import Retry

        self._begin(Retry(self._handle.id), isinstance(self._handle, AttachedFlow))

    # ---- what becomes of the flow ----

    def _watch(self, handle: Any) -> None:
        live, tick = True, _TICK
        while live and self._handle is handle:
            live = not handle_over(handle, tick)
            began = time.monotonic()
            try:
                self._refresh()
            except KogineError as error:  # such as a store that was removed
                self.tell(str(error), problem=True)
                return
            tick = max(_TICK, _SHARE * (time.monotonic() - began))
        if self._handle is handle:
            self.ended += 1

    def _refresh(self) -> None:
        handle = self._handle
        if handle is None:
            return
        runs = all_runs(handle)
        status = str(handle.status)
        counts = counts_of(handle, runs)
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        text = f"flow {handle.id[:8]} {status}: {said or 'no runs yet'}"
        fault = None if handle.live else getattr(handle, "fault", None)
        if fault is not None:
            text += f"; {type(fault).__name__}: {fault}"
        with self._lock, self.hold_sync():  # not amid a click, which sees to the buttons, too
            if self._handle is not handle:
                return
            if self.runs is None or self.runs.ids != runs.ids or self.runs is not runs:
                self.runs = runs
            self.status = status
            self.tell(text, problem=fault is not None)
            self._allow(counts)

    def _allow(self, counts: Mapping[str, int] | None = None) -> None:
        """Enable what can be done."""
        handle = self._handle
        live = handle is not None and bool(handle.live)
        paused = live and handle.status == "paused"
        if counts is None:
            rows = handle.runs.rows() if handle is not None else ()
            bad = any(_is_bad(row) for row in rows)
        else:
            bad = any(name in FINAL and name != FINISHED for name in counts)
        can_retry = bad and (not live or hasattr(handle, "retry"))
        for pressed, allowed in {
            self.start: not live and self._allowed,
            self.pause: live and not paused,
            self.resume: paused,
            self.stop: live,
            self.retry: can_retry,
        }.items():
            if pressed.disabled is allowed:
                pressed.disabled = not allowed


def _nothing() -> Any:
    """The handle before there is one."""
    return None


def all_runs(handle: Any) -> Any:
    """The runs of a flow, those before a retry, too, of which the handle has only what it retries."""
    runs = handle.runs
    if not isinstance(runs, Runs):
        return runs
    before = Runs(runs._store, runs._store.ids(flow=handle.id))
    return before if len(before) > len(runs) else runs


def counts_of(handle: Any, runs: Any) -> Mapping[str, int]:
    """How many runs of a flow have each status."""
    if isinstance(runs, Runs):
        return Counter(status for (status,) in runs._store.glance(["status"], flow=handle.id))
    return Counter(row["status"] for row in runs.rows())


def handle_over(handle: Any, seconds: float) -> bool:
    """Wait for a flow's end, for so long at most; tell whether it has ended."""
    if hasattr(handle, "join"):
        return bool(handle.join(seconds))
    time.sleep(seconds)
    return not handle.live


def lost_seconds(runs: Any) -> float:
    """How many seconds of work would be lost, if runs that go on were ended."""
    now = time.time()
    going = (row["started"] for row in runs.rows() if row["status"] not in FINAL)
    return float(sum(max(0.0, now - started) for started in going if started))


def _is_bad(row: dict[str, Any]) -> bool:
    return row["status"] in FINAL and row["status"] != FINISHED
