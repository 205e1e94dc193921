"""RunBoard: a live table of runs, with what they print, their curves, and a hand on them."""

from __future__ import annotations

import contextvars
import os
import threading
import time
from html import escape

import anywidget
import traitlets

from ...errors import KogineError
from .board_actions import Actions
from .board_feed import Feed
from .board_source import Source
from .board_watch import LINES, Watch
from .last_state import LastStates, remember_in_boxes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ...runs.table import Runs

TICK = 0.2  # how often the page is told of changes at most, in seconds
_IDLE = 1.0  # how often is looked where nothing goes on, in seconds
_HERE = os.path.dirname(os.path.abspath(__file__))


class RunBoard(anywidget.AnyWidget):
    """A live table of runs in a notebook: how far each is, its metrics, what it prints.

    Several views of it show the same, also after the page was reloaded. A notebook that is opened
    without its kernel shows a plain table of the last state.

    Args:
        runs: A flow's handle, the beginning of a flow's id or its name; `Runs`, or a list of `Run`;
            a `RunStore`. If None, the store that is found from here.
        last: The token of its `LastState`, if it shares one with what it stands in.

    Attributes:
        counts: How many runs have each status; can be observed.
        live: Whether anything may still change by itself; can be observed.
        retried: The handle with which its Retry has gone on with a flow that had ended, the last time;
            can be observed.

    Raises:
        ConfigError: It is something else.
        NotFoundError: There is no such flow.

    Example:
        >>> handle = Parallel("train.py", config=configs).start()  # doctest: +SKIP
        >>> RunBoard(handle)  # doctest: +SKIP
    """

    _esm = os.path.join(_HERE, "board.js")
    _css = os.path.join(_HERE, "board.css")

    # What a page is given when it is loaded. What changes goes by messages, so that the whole of it
    # isn't sent each time: the value here is but its version.
    state = traitlets.Int(0).tag(
        sync=True, to_json=lambda version, board: board._snapshot(), echo_update=False
    )
    counts = traitlets.Dict()
    live = traitlets.Bool(True)
    retried = traitlets.Any(None, allow_none=True)

    def __init__(self, runs: Any = None, *, last: str | None = None, **options: Any) -> None:
        self._woken = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._source = Source(runs)
        self._feed = Feed(self._source)
        self._watch = Watch(self._source, self._feed)
        self._actions = Actions(self._feed, self._say, self._begun_again)
        self._lock = threading.RLock()
        self._version = 0
        self._selected: list[str] = []
        self._token = last or os.urandom(8).hex()
        self._lasts = LastStates(self._token, self._static)
        self._feed.look()
        super().__init__(**options)
        self._note_counts()
        self.on_msg(self._on_message)
        remember_in_boxes()
        self._begin()

    # ---- for its users ----

    @property
    def runs(self) -> Runs:
        """The runs that are shown."""
        with self._lock:
            return self._source.runs(self._feed.number)

    @property
    def selected(self) -> Runs:
        """The runs that are selected."""
        with self._lock:
            return self._source.runs(self._selected)

    def stop(self, *ids: str) -> None:
        """End runs, without being asked; all, and begin no others, if none are named."""
        self._actions.stop(list(ids) or None, sure=True)
        self._wake()

    def retry(self, *ids: str) -> None:
        """Run again what didn't finish of these runs, or of all."""
        with self._lock:
            self._actions.retry(list(ids) or None)
        self._wake()

    def pause(self) -> None:
        """Begin no further runs; those that go on do so."""
        self._actions.pause(True)
        self._wake()

    def unpause(self) -> None:
        """Begin runs again."""
        self._actions.pause(False)
        self._wake()

    def look(self) -> None:
        """Look at all of it now, rather than in a moment."""
        with self._lock:
            self._feed.look_closely()
            self.tick()
        self._lasts.renew(last=True)

    def close(self) -> None:
        """Let go of its thread. The runs go on."""
        self._closed = True
        self._woken.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        if hasattr(self, "_watch"):
            self._watch.close()
        super().close()

    # ---- looking ----

    def _begin(self) -> None:
        """Look on from now, in a thread, as long as anything changes by itself."""
        with self._lock:
            if self._closed or self._thread is not None:
                return
            context = contextvars.copy_context()
            self._thread = threading.Thread(
                target=context.run, args=(self._work,), name="kogine board", daemon=True
            )
            self._thread.start()

    def _work(self) -> None:
        quiet = 0.0  # since when nothing has changed
        fault = ""
        while not self._closed:
            due = time.monotonic() + TICK
            try:
                changed = self.tick()
                fault = ""
            except (KogineError, OSError) as error:  # such as a store that is gone for a moment
                if str(error) != fault:  # it is said once, not at each look
                    fault = str(error)
                    self._say(fault, True)
                changed = False
            now = time.monotonic()
            quiet = 0.0 if changed else quiet or now
            with self._lock:
                if not self._goes_on:
                    self._thread = None
                    break
            if changed:
                self._lasts.renew()
            self._woken.wait(_IDLE if quiet and now - quiet > 5 and self._is_at_rest else TICK)
            self._woken.clear()
            while not self._closed and (left := due - time.monotonic()) > 0:
                time.sleep(left)
        self._lasts.renew(last=True)

    @property
    def _goes_on(self) -> bool:
        return self._feed.live or self._actions.waits

    @property
    def _is_at_rest(self) -> bool:
        return not any(flow["live"] for flow in self._feed.flows.values())

    def _begun_again(self, ids: Iterable[str], handle: Any) -> None:
        with self._lock:
            self._feed.reopen(ids)
        self._wake()
        if handle is not None and not self._closed:
            self.retried = handle  # not in the lock: who is told may wait for what looks

    def _wake(self) -> None:
        """Look soon: something has been asked for."""
        if self._closed:
            return
        self._feed.look_closely()
        self._woken.set()
        self._begin()

    def tick(self) -> bool:
        """Look once, and tell the page what has changed, in one message; tell whether anything has."""
        with self._lock:
            rows, flows = self._feed.look()
            changes = {row["n"]: row for row in rows}
            parts = self._watch.look(changes)
            self._actions.go_on()
            live = self._goes_on
            if not (changes or flows or parts or live != self.live):
                return False
            told: dict[str, Any] = {"t": time.time(), "live": live, **parts}
            if changes:
                told["rows"] = list(changes.values())
            if flows:
                told["flows"] = flows
            self._tell(told)
        with self.hold_sync():
            self._note_counts()
            self.live = live  # last: who waits for the end finds the last counts
        return True

    def _note_counts(self) -> None:
        self.counts = {status: n for status, n in self._feed.counts.items() if n}

    # ---- to the page ----

    def _tell(self, parts: dict[str, Any]) -> None:
        """Send a change of the state."""
        self._version += 1
        self.send({"kind": "delta", "v": self._version, **parts})

    def _say(self, text: str, is_fault: bool) -> None:
        """Show a sentence."""
        self.send({"kind": "said", "text": text, "fault": is_fault})

    def _snapshot(self) -> dict[str, Any]:
        """The whole state, as a page is given it that knows nothing yet."""
        with self._lock:
            return {
                "v": self._version,
                "t": time.time(),
                "live": self._goes_on,
                "rows": [dict(row) for row in self._feed.rows],
                "flows": dict(self._feed.flows),
                "selected": list(self._selected),
                "store": self._source.is_store,
                "last": self._token,
            }

    # ---- from the page ----

    def _on_message(self, widget: object, message: Any, buffers: object) -> None:
        """Do what a view asks for. Called by the kernel, in whichever thread."""
        do = _DOES.get(str(message.get("do"))) if isinstance(message, dict) else None
        if do is None or self._closed:
            return
        try:
            with self._lock:
                do(self, message)
        except KogineError as error:
            self._say(str(error), True)
        except (TypeError, ValueError, KeyError) as error:  # a page of another version
            self._say(f"the board was asked for what it doesn't know: {error!r}.", True)

    def _hello(self, message: dict[str, Any]) -> None:
        if message.get("v") != self._version or message.get("all"):
            self.send({"kind": "state", "state": self._snapshot()})
        self._wake()

    def _look_at_logs(self, message: dict[str, Any]) -> None:
        self._watch.watch_logs(
            str(message["view"]), _ids(message) or [], int(message.get("lines", LINES))
        )
        self._look_now()

    def _look_at_curves(self, message: dict[str, Any]) -> None:
        self._watch.watch_curves(str(message["view"]), _ids(message) or [])
        self._look_now()

    def _look_now(self) -> None:
        """Give what has just been asked for at once, also where nothing goes on."""
        parts = self._watch.look({})
        if parts:
            self._tell({"t": time.time(), "live": self._goes_on, **parts})

    def _open(self, message: dict[str, Any]) -> None:
        details = self._watch.open(str(message["run"]))
        if details:
            self.send({"kind": "details", "details": details})

    def _sparks(self, message: dict[str, Any]) -> None:
        self.send({"kind": "sparks", "sparks": self._watch.sparks(_ids(message) or [])})

    def _select(self, message: dict[str, Any]) -> None:
        self._selected = [id for id in _ids(message) or [] if id in self._feed.number]
        self.send({"kind": "selected", "runs": self._selected, "view": message.get("view")})

    def _stop(self, message: dict[str, Any]) -> None:
        ids = _ids(message)
        question = self._actions.stop(ids, bool(message.get("sure")))
        if question:
            again = {"do": "stop", "runs": ids, "sure": True}
            view = message.get("view")
            self.send({"kind": "ask", "text": question, "again": again, "view": view})
        self._wake()

    def _retry(self, message: dict[str, Any]) -> None:
        self._actions.retry(_ids(message))
        self._wake()

    # ---- without a page ----

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        told = super()._repr_mimebundle_(**options)
        data, metadata = told if told is not None else ({}, {})
        return {**data, **self._static()}, metadata

    def _ipython_display_(self) -> None:
        """Show it, and below the last state."""
        from IPython import display

        data, metadata = super()._repr_mimebundle_() or ({}, {})
        show: Any = display.display  # it comes without types
        show({**data, "text/plain": repr(self)}, metadata=metadata, raw=True)
        self.show_last()

    def show_last(self) -> None:
        """Show, for who opens the notebook without its kernel, the last state: a plain table."""
        self._lasts.show()

    def _static(self) -> dict[str, str]:
        """The last state, as a table that needs neither kernel nor scripts."""
        with self._lock:
            counts = dict(self.counts)
            at = time.strftime("%Y-%m-%d %H:%M:%S")
            said = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in counts.items())
            head = f"{said or 'no runs'}" + (f" (at {at})" if self._goes_on else "")
            runs = self.runs
        bundle = runs._repr_mimebundle_()
        return {
            "text/plain": f"{head}\n{bundle.get('text/plain', '')}",
            "text/html": f"<div>{escape(head)}</div>{bundle.get('text/html', '')}",
        }

    def __repr__(self) -> str:
        said = ", ".join(f"{n} {status}" for status, n in self.counts.items())
        return f"<RunBoard: {said or 'no runs'}>"


def _ids(message: dict[str, Any]) -> list[str] | None:
    """The runs that a message names; None where it means all."""
    ids = message.get("runs")
    return None if ids is None else [str(id) for id in ids]


# What a view can ask for.
_DOES: dict[str, Callable[[RunBoard, dict[str, Any]], None]] = {
    "hello": RunBoard._hello,
    "see": lambda board, message: board._watch.see(
        str(message["view"]), [int(number) for number in message["rows"]]
    ),
    "logs": RunBoard._look_at_logs,
    "curves": RunBoard._look_at_curves,
    "open": RunBoard._open,
    "sparks": RunBoard._sparks,
    "select": RunBoard._select,
    "stop": RunBoard._stop,
    "retry": RunBoard._retry,
    "pause": lambda board, message: board.pause(),
    "unpause": lambda board, message: board.unpause(),
    "refresh": lambda board, message: board._wake(),
    "bye": lambda board, message: board._watch.leave(str(message["view"])),
}
