"""The index: its tables, their versions, and what is said when SQLite can't."""

from __future__ import annotations

import os
from contextlib import contextmanager

from ..errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

# How long a writer waits for others, in seconds.
PATIENCE = 30.0

# In the header of an index that holds all that the directories say: "KOGI".
COMPLETE = 0x4B4F4749

# The tables of version 1. A later version leaves them as they are and adds a step.
_FIRST = """
CREATE TABLE flows (
    id TEXT PRIMARY KEY, name TEXT, created REAL, ended REAL, status TEXT, scripts TEXT,
    options TEXT, tags TEXT, host TEXT, pid INTEGER, total INTEGER
);
CREATE INDEX flows_created ON flows (created);
CREATE INDEX flows_status ON flows (status, created);
CREATE TABLE runs (
    id TEXT PRIMARY KEY, flow TEXT, position INTEGER, name TEXT, script TEXT, entrypoint TEXT,
    launcher TEXT, status TEXT, created REAL, started REAL, ended REAL, attempts INTEGER,
    slot INTEGER, key TEXT, params TEXT, metrics TEXT, result TEXT, error TEXT, exit_code INTEGER,
    peak_memory INTEGER, cpu_seconds REAL, tags TEXT
);
CREATE INDEX runs_created ON runs (created, position);
CREATE INDEX runs_status ON runs (status, created, position);
CREATE INDEX runs_flow ON runs (flow, position)
"""


def _first(index: sqlite3.Connection) -> None:
    for statement in _FIRST.split(";"):
        index.execute(statement)


# Each step makes of the version that is its 0-based place the next one.
STEPS: list[Callable[[sqlite3.Connection], None]] = [_first]
VERSION = len(STEPS)


def open_index(path: str) -> sqlite3.Connection:
    """A connection to the index, which is made or brought to this version if need be.

    It commits each statement by itself, but for what stands between BEGIN IMMEDIATE and COMMIT.
    Where the folder can't be written, the index can only be read. Where its disk is full, it keeps
    all others from the index, as `shuts_out_others()` tells.

    Raises:
        StoreError: It can't be opened, is of a newer version, or isn't an index.
    """
    import sqlite3

    with _alone_if_new(path), sqlite_errors(path):
        there = os.path.exists(path)
        try:
            return _opened(path)
        except sqlite3.OperationalError as error:
            if not there or not _may_be_full(error):
                raise
        return _opened(path, alone=True)


def _opened(path: str, alone: bool = False) -> sqlite3.Connection:
    index = _connected(path)
    try:
        if alone:  # then SQLite needs no file of shared memory, for which there is no room
            index.execute("PRAGMA locking_mode=EXCLUSIVE")
        _brought_up(index, path)
    except BaseException:
        index.close()
        raise
    return index


def shuts_out_others(index: sqlite3.Connection) -> bool:
    """Whether nobody else can read or write an index as long as it is open here."""
    return bool(index.execute("PRAGMA locking_mode").fetchone()[0] == "exclusive")


@contextmanager
def _alone_if_new(path: str) -> Iterator[None]:
    """Have one process at a time make an index that isn't there, and clear its place first.

    Who removes the index alone leaves its log: SQLite can't read a new one with that.
    """
    if os.path.exists(path):
        yield
        return
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        _lock(folder)
        for end in ("-wal", "-shm"):
            if not os.path.exists(path) and os.path.exists(path + end):
                os.unlink(path + end)
        yield
    finally:
        os.close(folder)


def _lock(folder: int) -> None:
    try:
        from fcntl import LOCK_EX, flock

        flock(folder, LOCK_EX)
    except (ImportError, OSError):
        return  # not to be had here: then two that make an index at the same time may disturb it


def _connected(path: str) -> sqlite3.Connection:
    import sqlite3

    place, as_uri = path, False
    if os.path.exists(path) and not _writable(path):
        from urllib.parse import quote

        # A log that was left beside holds the newest rows. Without one nobody is writing, and only
        # "immutable" opens a file in a folder in which SQLite can make nothing.
        how = "mode=ro" if os.path.exists(path + "-wal") else "immutable=1"
        place, as_uri = f"file:{quote(os.fsencode(path))}?{how}", True
    return sqlite3.connect(
        place, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=as_uri
    )


def _writable(path: str) -> bool:
    effective = os.access in os.supports_effective_ids
    places = (path, os.path.dirname(path))
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in places)


def _brought_up(index: sqlite3.Connection, path: str) -> None:
    """Bring the tables to this version: once, whoever else does the same right now."""
    index.execute("PRAGMA synchronous=NORMAL")
    version = _version(index)
    _refuse(version, path)
    if version == VERSION:
        return
    _write_ahead(index)
    index.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[_version(index) :]:
            step(index)
        index.execute(f"PRAGMA user_version={VERSION}")
        index.execute("COMMIT")
    except BaseException:
        if index.in_transaction:
            index.execute("ROLLBACK")
        raise


def refuse_newer(path: str) -> None:
    """Refuse an index of a later version, as far as that can be told without opening it.

    Raises:
        StoreError: It is.
    """
    try:
        header = _header(path)
    except OSError:
        return  # whoever opens it says so
    # The user version: https://sqlite.org/fileformat2.html#database_header
    _refuse(int.from_bytes(header[60:64], "big", signed=True), path)


# Descriptors of indices by device and inode. To close one would take from this process the locks
# that SQLite holds on the same file, and others would write it at the same time
# (https://sqlite.org/howtocorrupt.html, 2.2).
_never_closed: dict[tuple[int, int], int] = {}


def _header(path: str) -> bytes:
    status = os.stat(path)
    key = (status.st_dev, status.st_ino)
    if key not in _never_closed:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        opened = os.fstat(file)
        key = (opened.st_dev, opened.st_ino)
        _never_closed[key] = file
    return os.pread(_never_closed[key], 100, 0)


def _refuse(version: int, path: str) -> None:
    if version > VERSION:
        raise StoreError(
            f"the store's index {path} is of version {version}, and this KohakuEngine reads up to"
            f" version {VERSION}: upgrade KohakuEngine, as by `pip install -U kohakuengine`.",
            path=path,
        )


def _version(index: sqlite3.Connection) -> int:
    return int(index.execute("PRAGMA user_version").fetchone()[0])


def _write_ahead(index: sqlite3.Connection) -> None:
    """Let readers and a writer work at the same time; the file remembers it.

    SQLite doesn't wait for others here, whatever the timeout, so we do.
    """
    import sqlite3
    import time

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            index.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


@contextmanager
def sqlite_errors(path: str) -> Iterator[None]:
    """Turn what SQLite raises into a StoreError that says what to do."""
    import sqlite3

    try:
        yield
    except sqlite3.ProgrammingError:  # a mistake of ours
        raise
    except sqlite3.Error as error:
        raise _in_our_words(path, error) from error


# What SQLite says, and what that means to a user. Python 3.10 knows no error codes.
_MEANINGS = {
    "locked": "the store's index {path} is locked by another process, which doesn't let go"
    " of it: end what holds it, then try again.",
    "full": "the disk is full, so the store's index {path} can't be written: make room, then try"
    " again; `kogine store reindex` adds what is missing in it.",
    "readonly": "the store's index {path} can't be written: make it and its folder writable, or"
    " name another folder in the variable KOGINE_HOME.",
    "unable to open": "the store's index {path} can't be opened: see that its folder is there and"
    " can be written, or name another folder in the variable KOGINE_HOME.",
    "disk i/o": "the store's index {path} can't be read or written, as its disk fails or is full:"
    " make room or move the store, then run `kogine store reindex`.",
}
# Those that a full disk can bring about: there is no room for the index, for its log, or for the file
# of its shared memory.
_OF_FULL_DISKS = ("full", "disk i/o")
# Of these, only the ones about a table or column can come from an index that SQLite can read.
_CORRUPT = ("not a database", "malformed", "corrupt", "no such table", "no such column")


def _may_be_full(error: sqlite3.Error) -> bool:
    return any(sign in str(error).lower() for sign in _OF_FULL_DISKS)


def _in_our_words(path: str, error: sqlite3.Error) -> StoreError:
    text = str(error).lower()
    for sign, meaning in _MEANINGS.items():
        if sign in text:
            message = meaning.format(path=path, patience=PATIENCE)
            return StoreError(message, path=path, full=_may_be_full(error))
    corrupt = any(sign in text for sign in _CORRUPT)
    problem = "is damaged" if corrupt else "can't be used"
    return StoreError(
        f"the store's index {path} {problem} ({error}): `kogine store reindex` rebuilds it.",
        path=path,
        corrupt=corrupt,
    )
