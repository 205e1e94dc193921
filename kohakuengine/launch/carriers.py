"""The processes that have a variable in their environment, by which what is left of a run is found."""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# How long a process is waited for that is becoming another program, in seconds.
_PATIENCE = 0.5


def carrying(values: Iterable[str], variable: str) -> set[int]:
    """The living processes that have a variable with one of these values, but for this one.

    A process shows the environment with which its program was started, or that of the process that
    it was forked from.
    """
    import psutil

    entries = {os.fsencode(f"{variable}={value}") for value in values}
    found: set[int] = set()
    seen = {os.getpid()}
    patience = time.monotonic() + _PATIENCE
    # Until none is new: one that ended before we looked at it may have started another meanwhile.
    while new := set(psutil.pids()) - seen:
        for pid in new:
            carries = _carries(pid, entries)
            if carries is None and time.monotonic() < patience:
                continue  # it is looked at again
            seen.add(pid)
            if carries:
                found.add(pid)
        if not new <= seen:
            time.sleep(0.001)
    return found


def _carries(pid: int, entries: set[bytes]) -> bool | None:
    """Whether a process has one of these entries; None where that can't be told now."""
    if sys.platform != "linux":
        return _carries_by_psutil(pid, entries)
    try:
        environ = _read(f"/proc/{pid}/environ")
        if not environ:
            return None if _is_in_exec(pid) else False
        return not entries.isdisjoint(environ.split(b"\0"))
    except (OSError, IndexError):
        return False  # it has ended, or belongs to another user


def _is_in_exec(pid: int) -> bool:
    """Whether a process that had no environment may just have been becoming another program: then
    the kernel shows none, and not where it is in memory either."""
    facts = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    state, start, end = facts[0], int(facts[47]), int(facts[48])  # env_start, env_end: proc(5)
    if state in (b"Z", b"X") or start == end != 0:
        return False  # ended; or there is none, truly
    if end:
        return True  # by now it has become that
    try:
        return bool(os.readlink(f"/proc/{pid}/exe"))
    except FileNotFoundError:
        return False  # of the kernel, or about to end


def _carries_by_psutil(pid: int, entries: set[bytes]) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        items = process.environ().items()
    except psutil.Error:
        return False  # as above
    return not entries.isdisjoint(os.fsencode(f"{name}={value}") for name, value in items)


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()
