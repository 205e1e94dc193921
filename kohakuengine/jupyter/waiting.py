"""Wait for a flow under a cell, which may be interrupted."""

from __future__ import annotations

import signal
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..flow.base import Workflow
    from ..flow.handle import FlowHandle
    from ..flow.view import View


class Waiting:
    """Begins a flow and sees it through; the first interrupt ends its runs, a second one kills them.

    Attributes:
        interrupts: How many there were.
    """

    def __init__(self) -> None:
        self.interrupts = 0
        self._handle: FlowHandle | None = None
        self._note: Callable[[str], None] = lambda text: None

    def run(self, workflow: Workflow, resume: bool | str, view: View) -> FlowHandle:
        """Run a flow to its end.

        Args:
            workflow: The flow.
            resume: As for `Workflow.run`.
            view: Is told what happens.

        Raises:
            KogineError: It can't be run, because of what the message says.
        """
        self._note = view.note
        if workflow.inline or threading.current_thread() is not threading.main_thread():
            handle = workflow.start_here(resume, view, wait=workflow.inline)
            view.open()
            handle.join()
            return handle
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            self._handle = handle = workflow.start_here(resume, view)
            if self.interrupts:  # it came before there was anything to be ended
                handle.cancel("interrupt")
            view.open()
            handle.join()
        finally:
            # None: somebody's handler that isn't Python's, and that can't be put back.
            signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)
        return handle

    def _interrupt(self, number: int, frame: object) -> None:
        self.interrupts += 1
        if self._handle is None:
            return
        self._handle.cancel("interrupt" if self.interrupts == 1 else "kill")
        if self.interrupts == 1:
            # From another thread: this one may be amid anything, with a lock that a view needs.
            note = "ending the runs; to interrupt once more kills them."
            threading.Thread(target=self._note, args=[note], daemon=True).start()
