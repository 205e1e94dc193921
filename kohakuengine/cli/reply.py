"""What the commands print: texts, tables, JSON, errors."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar

from ..runs.shown import jsonable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    Table = tuple[Sequence[Sequence[str]], bool]  # rows, and whether the first ones are heads

    class Elsewhere(Protocol):
        """Shows tables and notes where that is no terminal, as in a notebook."""

        def tables(self, tables: Sequence[Table]) -> None: ...
        def note(self, text: str) -> None: ...


_elsewhere: ContextVar[Elsewhere | None] = ContextVar("elsewhere", default=None)


@contextmanager
def shown_by(elsewhere: Elsewhere) -> Iterator[None]:
    """Have tables and notes be shown there, and not be printed."""
    token = _elsewhere.set(elsewhere)
    try:
        yield
    finally:
        _elsewhere.reset(token)


def say(text: str) -> None:
    """Print a text to stdout, also where its encoding lacks some of the characters."""
    if sys.stdout is not None:  # which it is when the caller closed it
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # as of what captures it
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def say_table(rows: Sequence[Sequence[str]], *, heads: bool = False) -> None:
    """Print rows in columns; the first one may be what stands above them."""
    say_tables([(rows, heads)])


def say_tables(tables: Sequence[Table], text: str | None = None) -> None:
    """Print tables, one below the other.

    Args:
        tables: Each with whether its first row is what stands above its columns.
        text: What is printed, if that isn't just their rows.
    """
    elsewhere = _elsewhere.get()
    if elsewhere is not None:
        elsewhere.tables(tables)
    elif text is not None:
        say(text)
    else:
        from ..runs.cells import table

        say("\n\n".join(table(rows) for rows, _ in tables))


def warn(message: str) -> None:
    """Tell a warning on stderr."""
    _tell(f"kogine: warning: {message}")


def fail(error: Exception) -> int:
    """Tell an error on stderr, and give the exit status for it."""
    say_error(str(error))
    return 2


def give_up(error: OSError) -> int:
    """End after an error of the system, most likely that our own output can't be written: tell it,
    and give the exit status.
    """
    # The interpreter writes what is left at its end, and is not to fail at that with a message.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):  # as of `kogine params train.py | head -1`
        return 1
    say_error(f"{_what_failed(error)}.")
    return 2


def _what_failed(error: OSError) -> str:
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    try:
        os.getcwd()
    except FileNotFoundError:
        return "the working directory was removed: cd into one that is there"
    return f"the output can't be written: {error.strerror or error}"


def say_error(message: str) -> None:
    """Tell on stderr what went wrong."""
    _tell(f"kogine: error: {message}")


def tell_interrupted(script: str) -> None:
    """Tell on stderr that Ctrl-C ended a script."""
    tell(f"{script} was interrupted.")


def tell(text: str) -> None:
    """Tell on stderr what isn't the result; a notebook, in which that is for errors, has a note."""
    elsewhere = _elsewhere.get()
    if elsewhere is not None:
        elsewhere.note(text)
        return
    _tell(f"kogine: {text}")


def _tell(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        print(text, file=sys.stderr, flush=True)  # its encoding replaces what it lacks
    except OSError:
        return  # there is nowhere else to say it; the exit status tells something


def say_status(kind: str, id: str, status: str, as_json: bool) -> None:
    """Print how a run or flow is now.

    Args:
        kind: `run` or `flow`.
        id: Its whole id.
        status: How it is.
        as_json: Whether as JSON.
    """
    if as_json:
        say(json_text({"kind": kind, "id": id, "status": status}))
    else:
        say(f"{kind} {id[:8]} is {status}")


def json_text(document: object) -> str:
    """A document as JSON; values that JSON can't hold as their repr."""
    import json

    return json.dumps(jsonable(document), indent=2, allow_nan=False)
