"""kogine logs"""

from __future__ import annotations

import shutil
import sys
import time

import click

from ..errors import NotFoundError, StoreError
from ..runs.cells import one_line
from .ids import RUN_OR_FLOW, NthCommand, find, open_store
from .reply import tell
from .terminal import on_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol

    from ..runs.paths import RunPaths
    from ..runs.store import RunStore

    class Printer(Protocol):
        """Shows what is printed."""

        def lines(self, row: dict[str, Any], lines: list[str]) -> None: ...
        def live(self, text: str) -> None: ...
        def note(self, text: str) -> None: ...
        def close(self) -> None: ...


_TICK = 0.05  # how often what is followed is looked at, in seconds
_ALIVE = 0.5  # how often it is asked whether its flow goes on, in seconds


@click.command(cls=NthCommand, short_help="Print what a run or flow printed.")
@click.argument("which", metavar="RUN|FLOW", type=RUN_OR_FLOW)
@click.option("-f", "--follow", is_flag=True, help="Go on until it has ended.")
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="That of the Nth attempt.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines.")
@click.option("--raw", is_flag=True, help="Byte by byte as it was printed, bars and all.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object for each line.")
def logs(
    which: str, follow: bool, attempt: int | None, tail: int | None, raw: bool, as_json: bool
) -> int:
    """Print what a run printed, or all runs of a flow, each line with its run's name.

    The newest run is `last`, or -1. Of several attempts at a run, the last one is meant.
    """
    make = _JsonPrinter if as_json else _Printer
    if raw and as_json:
        raise click.UsageError("--raw prints bytes as they are: it can't be used with --json.")
    return show_logs(which, make, follow=follow, attempt=attempt, tail=tail, raw=raw)


def show_logs(
    which: str,
    make: Callable[[bool], Printer],
    *,
    follow: bool,
    attempt: int | None,
    tail: int | None,
    raw: bool = False,
) -> int:
    """Show what a run or a flow printed; arguments as of the command.

    Args:
        make: Makes what shows it; is told whether each line needs its run's name.
    """
    store = open_store()
    kind, row = find(store, which)
    if kind == "flow" and (attempt is not None or raw):
        raise click.UsageError("--attempt and --raw are for one run: name one of the flow's.")
    if raw and follow:
        raise click.UsageError("--raw prints what is there: it can't be used with --follow.")
    flow = row if kind == "flow" else _flow_of(store, row)
    flow_life = _Life(store, flow["id"])
    if kind == "flow":
        return _show_flow(store, flow, flow_life, tail, follow, make(True))
    paths = store.paths.run(row["id"])
    _check(paths, row, attempt)
    if raw:
        return _copy(paths, attempt, tail)
    return _show_run(row, paths, flow, flow_life, attempt, tail, follow, make)


def _flow_of(store: RunStore, row: dict[str, Any]) -> dict[str, Any]:
    try:
        return store.flow(row["flow"])
    except NotFoundError:  # somebody removed it
        return {"id": row["flow"], "options": {}}


def _check(paths: RunPaths, row: dict[str, Any], attempt: int | None) -> None:
    import os

    last = paths.last_attempt()
    if not os.path.isdir(paths.folder):
        message = f"the folder of run {row['id'][:8]} is gone, and its log with it: {paths.folder}."
        raise StoreError(message, path=paths.folder)
    if attempt is not None and not os.path.isdir(paths.attempt(attempt).folder):
        raise StoreError(
            f"run {row['id'][:8]} has no attempt {attempt}: there were {last}.", path=paths.folder
        )


class _Life:
    """Tells whether a flow goes on; one whose process is gone is settled, so that its runs end."""

    def __init__(self, store: RunStore, flow: str) -> None:
        self._store = store
        self._flow = flow
        self._due = 0.0
        self._live = True

    @property
    def live(self) -> bool:
        """Whether it goes on, or did so just now."""
        from ..runs.lock import flow_is_live

        if self._live and time.monotonic() >= self._due:
            self._due = time.monotonic() + _ALIVE
            self._live = flow_is_live(self._store.paths.flow(self._flow))
            if not self._live:
                self._settle()
        return self._live

    def _settle(self) -> None:
        from ..flow.settle import settle_flow

        try:
            settle_flow(self._store, self._flow)
        except StoreError:  # it can only be read; what is there is shown
            return


def _show_run(
    row: dict[str, Any],
    paths: RunPaths,
    flow: dict[str, Any],
    life: _Life,
    attempt: int | None,
    tail: int | None,
    follow: bool,
    make: Callable[[bool], Printer],
) -> int:
    from ..runs.logs import RunLog

    log = RunLog(paths, attempt=attempt, tail=tail)
    if not log.number and not (follow and life.live):
        tell(f"run {row['id'][:8]} hasn't begun: it is {row['status']}.")
        return 0
    printer = make(False)
    try:
        while follow:
            live = life.live  # before the look: what is printed later is seen by the next one
            while (lines := log.look()) is not None:
                printer.lines(row, lines)
            if attempt is None and (log.over or not log.number) and log.next_attempt():
                if log.number > 1:
                    printer.note(f"attempt {log.number}")
                continue
            if not live or log.over and (attempt or not log.may_go_on(flow["options"])):
                break
            printer.live(log.live)
            time.sleep(_TICK)
        for lines in log.rest():
            printer.lines(row, lines)
    finally:
        printer.close()
    return 0


def _show_flow(
    store: RunStore,
    flow: dict[str, Any],
    life: _Life,
    tail: int | None,
    follow: bool,
    printer: Printer,
) -> int:
    from ..runs.logs import FlowLogs

    def show(found: Iterable[tuple[dict[str, Any], list[str]]]) -> None:
        for row, lines in found:
            printer.lines(row, lines)

    logs = FlowLogs(store, flow, tail)
    try:
        while follow and life.live:
            show(logs.look())
            time.sleep(_TICK)
        show(logs.rest())
    finally:
        printer.close()
    return 0


def _copy(paths: RunPaths, attempt: int | None, tail: int | None) -> int:
    """Copy a log to stdout, byte by byte."""
    from ..runs.logs import start_of_tail

    log = paths.attempt(attempt or max(1, paths.last_attempt())).output
    try:
        file = open(log, "rb")
    except FileNotFoundError:
        return 0  # nothing was printed
    with file:
        file.seek(0 if tail is None else start_of_tail(log, tail))
        out = getattr(sys.stdout, "buffer", None)
        if out is None:  # as in a notebook, which takes nothing but text
            print(file.read().decode(errors="replace"), end="", flush=True)
            return 0
        shutil.copyfileobj(file, out)
    out.flush()
    return 0


class _Printer:
    """Prints lines of output; on a terminal with their colours, and the unfinished line below.

    Args:
        labelled: Whether each line stands behind its run's name.
    """

    def __init__(self, labelled: bool = False) -> None:
        self._terminal = on_terminal()
        self._labelled = labelled
        self._shown = ""  # the unfinished line

    def lines(self, row: dict[str, Any], lines: list[str]) -> None:
        """Print lines of a run."""
        if lines:
            label = f"[{one_line(row['name'] or row['id'][:8])}] " if self._labelled else ""
            self.live("")
            self._write("".join(f"{label}{self._coloured(line)}\n" for line in lines))

    def live(self, text: str) -> None:
        """Show the unfinished line as it is now, in place of what it was; only on a terminal."""
        from ..runs.output import plain

        if not self._terminal:
            return
        shown = plain(text).expandtabs()[: shutil.get_terminal_size().columns - 1]
        if shown != self._shown:
            self._write(f"\r\x1b[K{shown}")
            self._shown = shown

    def note(self, text: str) -> None:
        """Tell on stderr what isn't output."""
        self.live("")
        tell(text)

    def close(self) -> None:
        """Leave no unfinished line behind, e.g. after Ctrl-C."""
        self.live("")

    def _coloured(self, line: str) -> str:
        from ..runs.output import plain

        if "\x1b" not in line:
            return line
        # A colour that a run leaves on isn't that of what comes next.
        return f"{line}\x1b[0m" if self._terminal else plain(line)

    def _write(self, text: str) -> None:
        if sys.stdout is not None:
            encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stdout.flush()


class _JsonPrinter(_Printer):
    """Prints an object for each line, on a line of its own: a log may be long, and may go on."""

    def lines(self, row: dict[str, Any], lines: list[str]) -> None:
        import json

        from ..runs.output import plain

        said = ({"run": row["id"], "name": row["name"], "line": plain(line)} for line in lines)
        if text := "".join(f"{json.dumps(one)}\n" for one in said):
            self._write(text)

    def live(self, text: str) -> None:
        """It is told when it is finished."""
