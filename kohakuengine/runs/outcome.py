"""How an attempt at a run ended, as a file."""

from __future__ import annotations

import os

from .ending import opening
from .values import read_json, read_record, write_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .paths import AttemptPaths, RunPaths

# How a run can have ended.
FINISHED = "finished"  # by itself, with exit status 0
FAILED = "failed"  # by itself, otherwise
TIMED_OUT = "timed_out"  # by us, since its time was over
CANCELLED = "cancelled"  # by us, since somebody asked for it
INTERRUPTED = "interrupted"  # with its coordinator, or since its init was killed
FINAL = (FINISHED, FAILED, TIMED_OUT, CANCELLED, INTERRUPTED)

# The reason for a failure by SIGKILL, where the kernel tells that it sends them.
OUT_OF_MEMORY = "was killed by SIGKILL; the kernel killed a process for want of memory while it ran"


class RemoteTraceback(Exception):
    """Where, in the script's process, an exception was raised."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


class Outcome:
    """How an attempt ended.

    Attributes:
        status: One of `FINAL`.
        exit_code: The exit status of the script's process, negative for the number of the signal
            that ended it; None where nobody knows.
        started: When the process was started, in seconds since 1970.
        ended: When it had ended, with all that it left behind.
        slot: The 0-based number of the slot in which it ran, or None.
        peak_memory: The greatest resident memory of its process tree, in bytes, or None.
        cpu_seconds: The processor time of its process tree, in seconds, or None.
        survivors: How many processes it left behind, which were then ended.
        fallback: Why it had a new interpreter, where another launcher was asked for; or None.
        warning: Why the result is not the value itself but its repr, or None.
        log_fault: Why the log isn't whole, where the reader was there when it was written.
        output_fault: Why not all that it printed could be passed on, likewise.
        interrupts: How many Ctrl-C came meanwhile, likewise.
    """

    log_fault: OSError | None = None
    output_fault: OSError | None = None
    interrupts: int = 0

    def __init__(self, paths: AttemptPaths, record: dict[str, Any]) -> None:
        self._paths = paths
        self._ending: dict[str, Any] = record.get("ending") or {}
        self._reason: str | None = record.get("reason")
        self.status: str = record["status"]
        self.exit_code: int | None = record.get("exit_code")
        self.started: float = record["started"]
        self.ended: float = record["ended"]
        self.slot: int | None = record.get("slot")
        self.peak_memory: int | None = record.get("peak_memory")
        self.cpu_seconds: float | None = record.get("cpu_seconds")
        self.survivors: int = record.get("survivors") or 0
        self.fallback: str | None = record.get("fallback")
        self.warning: str | None = self._ending.get("warning")

    @property
    def told(self) -> bool:
        """Whether the script's process came to tell how it ended."""
        return bool(self._ending)

    @property
    def reason(self) -> str | None:
        """Why the status is not finished, in a few words; None where it is."""
        if self.status == FINISHED:
            return None
        if self._reason is not None:
            return self._reason
        if "error" in self._ending:
            described = self._ending["error"]
            lines = described["message"].strip().splitlines() or [""]
            return f"{described['type']}: {lines[0]}".removesuffix(": ")
        return manner(self.exit_code, self._ending.get("said"))

    @property
    def shown_result(self) -> object:
        """The result as JSON can hold it: itself, or a text that shows it."""
        return self._ending.get("repr") if self._ending.get("pickled") else self.stored_result

    @property
    def stored_result(self) -> object:
        """The result where JSON holds it, else None."""
        return self._ending.get("result")

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers in a result that is a dict, by name."""
        from .scalars import numbers_in

        kept: dict[str, float] | None = self._ending.get("numbers")
        return numbers_in(self.stored_result) if kept is None else kept

    @property
    def result(self) -> object:
        """The value of the entrypoint.

        Raises:
            RunError: It can't be unpickled here.
        """
        return _read_result(self._paths) if self._ending.get("pickled") else self.stored_result

    @property
    def traceback(self) -> str | None:
        """The traceback of what the script raised, or None."""
        return self._ending["error"]["traceback"] if "error" in self._ending else None

    @property
    def error_type(self) -> str | None:
        """The name of the type of what the script raised, or None."""
        return self._ending["error"]["type"] if "error" in self._ending else None

    @property
    def error(self) -> BaseException | None:
        """What the script raised, its cause showing where; None where it raised nothing."""
        return _read_error(self._paths, self._ending["error"]) if "error" in self._ending else None


def manner(exit_code: int | None, said: str | None = None) -> str:
    """The way in which a process ended, in words.

    Args:
        exit_code: Its exit status, negative for the number of a signal; None where nobody knows.
        said: The text that it gave to `sys.exit()`, if it did.

    Example:
        >>> manner(3), manner(1, "no data"), manner(-9)[:21]
        ('exited with status 3', 'exited with status 1: no data', 'was killed by SIGKILL')
    """
    if exit_code is None:
        return "ended nobody knows how"
    if exit_code >= 0:
        return f"exited with status {exit_code}" + (f": {said}" if said else "")
    import signal

    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    # Nobody tells who sent it; that the kernel did, for want of memory, is the most frequent case.
    return f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def write_outcome(
    paths: AttemptPaths,
    status: str,
    exit_code: int | None,
    *,
    started: float,
    ended: float,
    reason: str | None = None,
    slot: int | None = None,
    peak_memory: int | None = None,
    cpu_seconds: float | None = None,
    survivors: int = 0,
    fallback: str | None = None,
    ending: bytes | None = None,
) -> None:
    """Write how an attempt ended, and take up what its process said of it.

    It has ended for others when this returns. Imports nothing: the run init calls this. `ending`
    is what `ending_of()` gives, where that isn't in a file.

    Raises:
        OSError: It can't be written.
    """
    facts: dict[str, object] = {
        "status": status,
        "exit_code": exit_code,
        "reason": reason,
        "started": started,
        "ended": ended,
        "slot": slot,
        "peak_memory": peak_memory,
        "cpu_seconds": cpu_seconds,
        "survivors": survivors,
        "fallback": fallback,
    }
    lines = ",\n".join(f'"{name}": {_as_json(value)}' for name, value in facts.items())
    rest = f"{lines}}}\n".encode()
    if ending is None and _complete(paths, rest):
        return
    said = b"null" if ending is None else ending
    try:
        write_bytes(paths.outcome, opening(said) + rest)
    except OSError:
        if said == b"null":
            raise
        write_bytes(paths.outcome, opening(b"null") + rest)  # the disk is full: better than nothing


def _complete(paths: AttemptPaths, rest: bytes) -> bool:
    """Make the outcome of what the attempt's process has said of its end, where it has.

    The same file becomes it, rather than one more that is deleted: for minutes, ext4 passes over
    each inode that was, whenever it looks for a free one.
    """
    try:
        with open(paths.ending, "r+b", buffering=0) as file:
            said = file.readall()
            end = said.find(b"\n", said.find(b"\n") + 1) + 1
            if not end:
                return False  # it isn't of ours
            if end < len(said):  # whoever wrote the rest was killed at that
                file.truncate(file.seek(end))
            while rest:
                rest = rest[file.write(rest) :]
    except OSError:  # it has said nothing, or the disk is full
        return False
    os.replace(paths.ending, paths.outcome)
    return True


def _as_json(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):  # of ours: printable, but a script's name may be in it
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return (
            '"'
            + "".join(c if c.isprintable() else f"\\u{min(ord(c), 0xFFFD):04x}" for c in escaped)
            + '"'
        )
    return repr(value)


def read_outcome(paths: AttemptPaths) -> Outcome | None:
    """How an attempt ended, or None where it hasn't, or nobody could tell."""
    try:
        return Outcome(paths, read_record(paths.outcome))
    except FileNotFoundError:
        return None


# What reading a file raises that is cut short, of another kind, or not to be read.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def readable_outcome(paths: AttemptPaths) -> Outcome | None:
    """As `read_outcome()`; a damaged file, as one that lost its content with the power, is none."""
    try:
        return read_outcome(paths)
    except UNREADABLE:
        return None


def is_tried_again(paths: RunPaths, number: int, options: Mapping[str, Any]) -> bool:
    """Whether a run goes on, or is tried again, after an attempt, as long as its flow goes on.

    Args:
        paths: The run.
        number: Of the attempt, from 1 on.
        options: Those of the flow, above which the run may have its own.
    """
    outcome = readable_outcome(paths.attempt(number))
    if outcome is None or outcome.status == INTERRUPTED:  # the latter when it was resumed
        return True
    if outcome.status in (FINISHED, CANCELLED):
        return False
    try:
        spec = read_json(paths.spec)
        chosen = {**options, **(spec.get("options") or {})}
    except UNREADABLE:
        spec, chosen = {}, {**options}
    signs = (outcome.status, outcome.exit_code, outcome.error_type)
    if not any(wanted in signs for wanted in chosen.get("retry_on") or ()):
        return False
    retries = chosen.get("retries") or 0
    return number <= retries or _was_resumed_within(
        paths, spec.get("flow"), outcome, number, retries
    )


def _was_resumed_within(
    paths: RunPaths, flow: str | None, outcome: Outcome, number: int, retries: int
) -> bool:
    """Whether who goes on with the flow has made an attempt, and not so many before it.

    The attempts before that don't count for the retries.
    """
    from .lock import held_since

    first = readable_outcome(paths.attempt(number - retries))
    if first is None or flow is None:
        return False
    try:
        return first.started < held_since(paths.store.flow(flow)) <= outcome.started
    except OSError:
        return False


def _read_result(paths: AttemptPaths) -> object:
    from ..errors import RunError
    from .unpickle import read_beside, script_folder

    try:
        return read_beside(paths, paths.result)
    except Exception as fault:
        raise RunError(
            f"the script has run, but its result can't be unpickled here: {fault}; have what it is "
            f"made of in {script_folder(paths)}, or in a folder that PYTHONPATH names.",
            exit_code=0,
        ) from fault


def _read_error(paths: AttemptPaths, described: dict[str, str]) -> BaseException:
    from ..errors import RunError

    from .unpickle import read_beside

    error: BaseException
    try:
        error = read_beside(paths, paths.error)
    except Exception:  # an exception whose class can't be had here, or that was never picklable
        text = f"the script raised {described['type']}: {described['message']}"
        error = RunError(text, exit_code=1)
    error.__cause__ = RemoteTraceback(described["traceback"])
    return error
