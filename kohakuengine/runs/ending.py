"""What a script's process says of its own end: its result or its error, as files."""

from __future__ import annotations

import sys

from .values import FORMAT, json_holds, pickled, to_json, write_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .paths import AttemptPaths

# Is loaded wherever there is a secret, and hardly anywhere else.
_SECRET = f"{__package__.rpartition('.')[0]}.config.secret"

# A value as people are shown it, in characters.
_LONGEST = 200


def write_ending(
    paths: AttemptPaths,
    *,
    result: object = None,
    error: BaseException | None = None,
    said: object = None,
) -> None:
    """Write what came of a script, as the beginning of the outcome.

    Args and errors are those of `ending_of()`.
    """
    write_bytes(paths.ending, opening(ending_of(paths, result=result, error=error, said=said)))


def opening(ending: bytes) -> bytes:
    """The first two lines of an outcome, with what its process says of its end, as JSON."""
    return b'{"format": %d,\n"ending": %b,\n' % (FORMAT, ending)


def ending_of(
    paths: AttemptPaths,
    *,
    result: object = None,
    error: BaseException | None = None,
    said: object = None,
) -> bytes:
    """What came of a script, as JSON: the value of its entrypoint, or what it raised.

    What JSON can't hold is written into a file of its own.

    Args:
        paths: The attempt's files.
        result: The value of its entrypoint.
        error: What it raised.
        said: What it gave to `sys.exit()` in place of a status.

    Raises:
        OSError: That can't be written. Most likely there is no room.
    """
    record: dict[str, Any] = {}
    if said is not None:
        record["said"] = " ".join(_safely(str, said)[:_LONGEST].split())
    if error is not None:
        record["error"] = _described(error)
        _pickled(paths.error, error)
    elif json_holds(result):
        record["result"] = result
    else:
        from .scalars import numbers_in

        if numbers := numbers_in(result):  # whoever fills the index unpickles nothing
            record["numbers"] = numbers
        if fault := _pickled(paths.result, result):
            record["result"] = _safely(repr, result)
            record["warning"] = f"the result can't be pickled, so this is its repr: {fault}"
        else:
            record["pickled"] = True
            record["repr"] = glimpse(result)
    secret = sys.modules.get(_SECRET)
    return to_json(record if secret is None else secret.masked(record))


def _pickled(path: str, value: object) -> str | None:
    """Pickle a value; where that can't be done, say why."""
    try:
        data = pickled(value)
        # It may hold what nobody meant to keep: the globals of a function that is pickled by value.
        secret = sys.modules.get(_SECRET)
        told = secret and secret.told_in(data)
        if told:
            return f"it holds the value of {told}"
        write_bytes(path, data)
    except (OSError, KeyboardInterrupt):
        raise
    except BaseException as fault:  # objects have many ways to say that they can't be pickled
        return f"{type(fault).__name__}: {_safely(str, fault)}"
    return None


def glimpse(value: object) -> str:
    """A value's repr for people, in at most 200 characters, whatever the value is."""
    import reprlib

    shortened = reprlib.Repr()
    shortened.maxstring = shortened.maxother = 150
    return _safely(shortened.repr, value)[:_LONGEST]


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
