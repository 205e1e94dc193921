"""What can be done from a board: stop, retry, pause and go on, for some runs or all of a flow."""

from __future__ import annotations

import threading
import time

from ...errors import KogineError
from ...runs.cells import counted, duration_text
from ...runs.outcome import FINAL, FINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .board_feed import Feed, Row

ASKED_FROM = 60.0  # seconds of work that aren't thrown away without being asked


class Actions:
    """Does what a view asks for.

    Args:
        feed: The rows.
        say: Is told, in a sentence, what has been done or why not, and whether it is a fault.
        begun: Is called with runs that have begun again, and the handle of their flow; None where they
            have not.
    """

    def __init__(
        self,
        feed: Feed,
        say: Callable[[str, bool], None],
        begun: Callable[[Iterable[str], Any], None],
    ) -> None:
        self._feed = feed
        self._say = say
        self._begun = begun
        # Runs that are to be retried, by flow, and how many attempts each had.
        self._again: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()
        self.threads: list[threading.Thread] = []

    # ---- stop ----

    def stop(self, ids: list[str] | None, sure: bool = False) -> str | None:
        """End runs, or all flows that go on.

        Args:
            ids: The runs; None for all, and then no others begin.
            sure: Whether whoever asks has been asked.

        Returns:
            The question that is to be answered first, where much work would be lost.
        """
        going = [row for row in self._rows(ids) if row.get("st") not in FINAL]
        lost = _work_in(going)
        if lost > ASKED_FROM and not sure:
            return _question(going, lost, ids is None)
        if ids is None:
            flows = [id for id, flow in self._feed.flows.items() if flow["live"]]
            self._each(flows, lambda flow: self._feed.flow_of(flow).cancel())
        elif going:
            self._each(
                going, lambda row: self._feed.flow_of(row["flow"]).cancel("terminate", row["id"])
            )
        else:
            self._say("nothing of that goes on.", False)
        return None

    # ---- pause ----

    def pause(self, paused: bool) -> None:
        """Begin no further runs of the flows that go on, or begin them again."""
        flows = [id for id, flow in self._feed.flows.items() if flow["live"]]
        if not flows:
            self._say("no flow goes on.", False)
        self._each(
            flows,
            lambda id: (
                self._feed.flow_of(id).pause if paused else self._feed.flow_of(id).unpause
            )(),
        )

    # ---- retry ----

    def retry(self, ids: list[str] | None) -> None:
        """Run again runs that didn't finish; all such if None."""
        rows = self._rows(ids)
        bad = [row for row in rows if row.get("st") in FINAL and row["st"] != FINISHED]
        if not bad:
            self._say("none of these is to be retried: only what didn't finish is.", False)
            return
        bad_ids = [row["id"] for row in bad]
        attempts = self._feed.attempts_of(bad_ids)
        with self._lock:
            for row in bad:
                number = max(row.get("a") or 0, attempts.get(row["id"], 0))
                self._again.setdefault(row["flow"], {})[row["id"]] = number
        self._each(bad, self._ask_again)
        self._feed.watch(bad_ids)
        self.go_on()

    def _ask_again(self, row: Row) -> None:
        """Have a flow that goes on retry a run; it may be too late for that."""
        flow = self._feed.flow_of(row["flow"])
        if flow.live:
            flow.retry(row["id"])

    def go_on(self) -> None:
        """Begin again the flows that have ended with runs that are to be retried. Called often."""
        with self._lock:
            for flow, ids in list(self._again.items()):
                for id in [id for id, number in ids.items() if self._goes_again(id, number)]:
                    del ids[id]
                if not ids:
                    del self._again[flow]
            due = [flow for flow in self._again if not self._is_live(flow)]
            chosen = {flow: self._again.pop(flow) for flow in due}
        for flow, ids in chosen.items():
            thread = threading.Thread(
                target=self._begin, args=(flow, ids), name="kogine retry", daemon=True
            )
            self.threads = [*(one for one in self.threads if one.is_alive()), thread]
            thread.start()

    @property
    def waits(self) -> bool:
        """Whether runs are to be retried that haven't begun again."""
        return bool(self._again) or any(thread.is_alive() for thread in self.threads)

    def _goes_again(self, id: str, attempts: int) -> bool:
        """Whether a run has begun another attempt, which may have ended, too."""
        row = self._feed.rows[self._feed.number[id]]
        return row.get("st") not in FINAL or (row.get("a") or 0) > attempts

    def _is_live(self, flow: str) -> bool:
        try:
            return bool(self._feed.flow_of(flow).live)
        except KogineError:
            return False

    def _begin(self, flow: str, attempts: dict[str, int]) -> None:
        from ...flow.retry import Retry

        handle = None
        try:
            # Now that the flow has ended, it is certain which have gone again in it, and ended.
            now = self._feed.attempts_of(attempts)
            left = {id for id in attempts if now.get(id, 0) <= attempts[id]}
            if left:
                handle = Retry(flow, left).start()
        except KogineError as error:
            self._say(str(error), True)
        except Exception as error:  # of the user's script, which is read anew
            self._say(f"{type(error).__name__}: {error}", True)
        self._begun(attempts, handle)

    # ---- both ----

    def _rows(self, ids: Iterable[str] | None) -> list[Row]:
        if ids is None:
            return list(self._feed.rows)
        numbers = self._feed.number
        return [self._feed.rows[numbers[id]] for id in ids if id in numbers]

    def _each(self, items: Iterable[Any], do: Callable[[Any], object]) -> None:
        """Do something with each; what can't be done is said once."""
        faults: dict[str, None] = {}
        for item in items:
            try:
                do(item)
            except KogineError as error:
                faults[str(error)] = None
        for fault in faults:
            self._say(fault, True)


def _work_in(rows: Iterable[Row]) -> float:
    """How many seconds of work are lost when these are ended."""
    now = time.time()
    began = (row["b"] for row in rows if row.get("b") and row["st"] == "running")
    return float(sum(max(0.0, now - when) for when in began))


def _question(rows: list[Row], lost: float, is_all: bool) -> str:
    running = [row for row in rows if row["st"] == "running"]
    what = counted(len(running), "run") if len(running) != 1 else running[0]["name"] or "this run"
    every = "Stop all, and begin no others?" if is_all else "Stop?"
    return f"{every} {what}: {duration_text(lost)} of work would be lost."
