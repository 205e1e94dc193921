"""Run one script in a worker of the pool, and leave the worker as it was."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from io import TextIOWrapper

from ..engine.borrow import borrowed, overrides_in_children
from ..engine.process import exit_status, main_module, said_at_exit
from ..engine.takeover import _report, without_our_frames
from ..errors import KogineError
from ..runs.ending import write_ending
from ..runs.outcome import CANCELLED
from .prepared import prepared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..engine.program import Program
    from ..engine.script import Script
    from ..runs.paths import AttemptPaths, RunPaths


class End:
    """How a script ended.

    Attributes:
        code: The exit status that Python would give it.
        interrupted: Whether by a Ctrl-C.
        last: Whether this process is to run no other.
        said: What the script gave to `sys.exit()` in place of a status, or None.
    """

    def __init__(self) -> None:
        self.code = 1
        self.interrupted = False
        self.last = False
        self.said: object = None

    def to_message(self) -> dict[str, Any]:
        """As the init is told it."""
        cause = {"status": CANCELLED, "reason": "it was interrupted"} if self.interrupted else {}
        return {"code": self.code, "last": self.last, **cause}


def run_recorded(
    paths: RunPaths, attempt: AttemptPaths, end: End, begin: Callable[[], None], interrupt: Any
) -> None:
    """Run what a run's directory says, and keep what comes of it.

    Args:
        paths: The run's directory.
        attempt: Where its ending is written.
        end: Is told how it ended.
        begin: Is called when the script is open to a Ctrl-C.
        interrupt: What that does, as for `signal.signal()`.
    """
    process = os.getpid()
    value: object = None
    error: BaseException | None = None
    try:
        script, program = prepared(paths)
        program.reveal()
        value, error = execute(script, program, end, begin, interrupt)
    except KogineError as refusal:
        end.code, error = 2, refusal
    except Exception as fault:  # objects have many ways to say that they can't be unpickled
        sys.excepthook(type(fault), fault, fault.__traceback__)
        end.code, error = 1, fault
    if os.getpid() == process:  # else a child that the script forked, and that came to its end
        record(attempt, value, error, end.said)


def execute(
    script: Script, program: Program, end: End, begin: Callable[[], None], interrupt: Any
) -> tuple[object, BaseException | None]:
    """Run a script as `python script.py` would, open to a Ctrl-C, and put back the process.

    Returns:
        The value of its entrypoint, and what it raised.

    Raises:
        EntrypointError: There is no such entrypoint after all.
    """
    value: object = None
    error: BaseException | None = None
    began = ended = False
    try:
        try:
            signal.signal(signal.SIGINT, interrupt)
            begin()
            began = True
            value, error = _execute(script, program, end)
            ended = True
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt as stopped:
        # It struck outside of the script: what of the process isn't put back, nobody knows.
        end.last = began
        if not ended:
            stopped.__traceback__ = without_our_frames(stopped.__traceback__)
            end.code, error = 1, stopped
    end.interrupted = isinstance(error, KeyboardInterrupt)
    return value, error


def _execute(script: Script, program: Program, end: End) -> tuple[object, BaseException | None]:
    module = main_module(script)
    with borrowed(script, module), overrides_in_children(script, program, module):
        try:
            value = program.execute(vars(module))
        except SystemExit as error:
            end.code = exit_status(error)
            end.said = said_at_exit(error)
            if end.said is not None:
                with suppress(Exception):  # as Python does, whatever it is
                    print(end.said, file=sys.stderr)
            return program.kept_value, None
        except BaseException as error:
            if error is program.refusal:
                raise
            error.__traceback__ = without_our_frames(error.__traceback__)
            raised = error
        else:
            end.code = 0
            return value, None
        # Outside of the except clause: for its excepthook no other exception is being handled.
        _report(raised)
        return None, raised


def record(
    attempt: AttemptPaths,
    value: object = None,
    error: BaseException | None = None,
    said: object = None,
) -> None:
    """Write what came of a script; where there is no room for that, say so in its log."""
    try:
        write_ending(attempt, result=value, error=error, said=said)
    except OSError as fault:
        print(f"kogine: error: the result can't be kept: {fault}.", file=sys.stderr)


def forget() -> None:
    """Let go of a script's objects now: the files that it left open are written to their ends."""
    import gc

    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    gc.collect()


class Streams:
    """The standard streams, as Python made them; made anew where a script has closed them."""

    def __init__(self) -> None:
        self._kinds = {
            name: (stream.encoding, stream.errors or "strict")
            for name in ("stdout", "stderr")
            if isinstance(stream := getattr(sys, name), TextIOWrapper)
        }

    def renew(self) -> None:
        """Have them ready for a script: line by line, in their own encoding."""
        for name, (encoding, errors) in self._kinds.items():
            stream = getattr(sys, name)
            try:
                stream.reconfigure(encoding=encoding, errors=errors, line_buffering=True)
            except (AttributeError, ValueError):  # it is closed, detached, or a script's own
                stream = _open(name, encoding, errors)
                setattr(sys, name, stream)
                setattr(sys, f"__{name}__", stream)

    def flush(self) -> None:
        """Write what is buffered, also by libraries in C."""
        import ctypes

        for name in self._kinds:
            with suppress(OSError, ValueError):  # no room, or closed
                getattr(sys, name).flush()
        ctypes.CDLL(None).fflush(None)


def _open(name: str, encoding: str, errors: str) -> TextIOWrapper:
    number = 1 if name == "stdout" else 2
    return open(number, "w", 1, encoding=encoding, errors=errors, closefd=False)
