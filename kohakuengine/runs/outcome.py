"""How an attempt at a run ended: its outcome, its result and its error, as files."""

from __future__ import annotations

import os

from .values import json_holds, read_json, read_pickle, write_json, write_pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .paths import AttemptPaths


class Outcome:
    """How an attempt ended.

    Attributes:
        exit_code: The exit status with which the script ended.
        result: The value of its entrypoint.
        error: What the script raised, or None; an exception whose cause shows where it was raised.
        warning: Why the result is not the value itself but its repr, or None.
    """

    def __init__(
        self,
        exit_code: int,
        result: object = None,
        error: BaseException | None = None,
        warning: str | None = None,
    ) -> None:
        self.exit_code = exit_code
        self.result = result
        self.error = error
        self.warning = warning


class RemoteTraceback(Exception):
    """Where, in the script's process, an exception was raised."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def write_outcome(paths: AttemptPaths, outcome: Outcome) -> None:
    """Write how an attempt ended. It has ended for others when this returns."""
    os.makedirs(paths.folder, exist_ok=True)
    record: dict[str, Any] = {"format": 1, "exit_code": outcome.exit_code}
    if outcome.error is not None:
        record["error"] = _described(outcome.error)
        _pickled(paths.error, outcome.error)
    elif json_holds(outcome.result):
        record["result"] = outcome.result
    elif fault := _pickled(paths.result, outcome.result):
        record["result"] = _safely(repr, outcome.result)
        record["warning"] = f"the result can't be pickled, so this is its repr: {fault}"
    else:
        record["pickled"] = True
    write_json(paths.outcome, record)


def _pickled(path: str, value: object) -> str | None:
    """Pickle a value; where that can't be done, say why."""
    try:
        write_pickle(path, value)
    except (OSError, KeyboardInterrupt):
        raise
    except BaseException as fault:  # objects have many ways to say that they can't be pickled
        return f"{type(fault).__name__}: {_safely(str, fault)}"
    return None


def _safely(say: Callable[[object], str], value: object) -> str:
    """What `repr` or `str` says of a value of the script's; if that fails, what the value is."""
    try:
        return say(value)
    except Exception:
        return object.__repr__(value)


def _described(error: BaseException) -> dict[str, str]:
    import traceback

    return {
        "type": type(error).__qualname__,
        "message": _safely(str, error),
        "traceback": "".join(traceback.format_exception(error)),
    }


def read_outcome(paths: AttemptPaths) -> Outcome | None:
    """How an attempt ended, or None where it hasn't, or its process died before it could tell."""
    try:
        record = read_json(paths.outcome)
    except FileNotFoundError:
        return None
    error = _read_error(paths, record["error"]) if "error" in record else None
    result = _read_result(paths) if record.get("pickled") else record.get("result")
    return Outcome(record["exit_code"], result, error, record.get("warning"))


def _read_result(paths: AttemptPaths) -> object:
    from ..errors import RunError

    try:
        return read_pickle(paths.result)
    except Exception as fault:
        raise RunError(
            f"the script has run, but its result can't be unpickled here: {fault}.", exit_code=0
        ) from fault


def _read_error(paths: AttemptPaths, described: dict[str, str]) -> BaseException:
    from ..errors import RunError

    error: BaseException
    try:
        error = read_pickle(paths.error)
    except Exception:  # an exception whose class can't be had here, or that was never picklable
        text = f"the script raised {described['type']}: {described['message']}"
        error = RunError(text, exit_code=1)
    error.__cause__ = RemoteTraceback(described["traceback"])
    return error
