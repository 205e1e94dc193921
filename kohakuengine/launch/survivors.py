"""See to an attempt whose init was killed: end what is left of it, and write its outcome."""

from __future__ import annotations

import os
import time

from ..runs.outcome import FAILED, INTERRUPTED, write_outcome
from .carriers import carrying
from .init import GRACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    import psutil

    from ..runs.paths import AttemptPaths

# How long it is tried, in seconds: what is being killed may still start others.
_PATIENCE = 10.0

_TREE = 2.0  # and how long what is below one process, by that process

# After how long a run that is told to end is ended by force, in seconds: its init goes on to harsher
# ways, and then to what the run has left, after GRACE each.
_FORCE = 5.0
LIMITS = {"interrupt": 3 * GRACE + _FORCE, "terminate": 2 * GRACE + _FORCE, "kill": _FORCE}

IGNORED = ", and its init did nothing about it"
INIT_KILLED = "the process that watched over it, its init, was killed"

_RUN = "KOGINE_RUN_ID"


def settle_attempt(
    run: str,
    attempt: AttemptPaths,
    *,
    status: str = INTERRUPTED,
    reason: str = INIT_KILLED,
    slot: int | None = None,
) -> None:
    """Give an attempt an outcome where it has none, once nothing of it is left.

    Args:
        run: The run's id.
        attempt: The attempt, whose init must have ended.
        status: How it ended, where nobody else said so.
        reason: Why, in a few words.
        slot: The slot it was in.

    Raises:
        OSError: The outcome can't be written.
    """
    if os.path.isdir(attempt.outcome):  # which isn't of ours, and would stay in the way
        os.rename(attempt.outcome, f"{attempt.outcome}.moved")
        status, reason = FAILED, f"it made a folder in place of its outcome, {attempt.outcome}"
    if os.path.exists(attempt.outcome):
        return
    survivors = end_survivors([run])
    if os.path.exists(attempt.outcome):
        return
    began = os.stat(attempt.folder).st_mtime
    write_outcome(
        attempt,
        status,
        None,
        started=began,
        ended=time.time(),
        reason=reason,
        slot=slot,
        survivors=survivors,
    )


def is_alive(run: str) -> bool:
    """Whether any process of a run is left, its init included."""
    return bool(carrying([run], _RUN))


def end_survivors(ids: Iterable[str], variable: str = _RUN) -> int:
    """Kill every process that has one of these ids in its environment.

    Args:
        ids: Of runs, or of flows.
        variable: Where in the environment.

    Returns:
        How many there were.
    """
    wanted = set(ids)
    killed: set[int] = set()
    patience = time.monotonic() + _PATIENCE
    while wanted and time.monotonic() < patience:
        found = carrying(wanted, variable)
        if not found:
            break
        killed |= found
        for pid in found:
            _kill(pid)
        time.sleep(0.005)
    return len(killed)


def end_descendants() -> None:
    """Kill all that this process has started, and what it has inherited of that."""
    import psutil

    patience = time.monotonic() + _PATIENCE
    while time.monotonic() < patience:
        found = _below(psutil.Process())
        if not found:
            return
        for one in found:
            _kill(one)
        time.sleep(0.005)


def end_tree(pid: int) -> None:
    """Kill a process and all that it has started, where it can't be relied on to do so itself."""
    import psutil

    patience = time.monotonic() + _TREE
    try:
        process = psutil.Process(pid)
        process.suspend()  # so that it takes no notice, and what loses its parent still becomes its
        while time.monotonic() < patience:
            found = _below(process)
            if not found:
                break
            for one in found:
                _kill(one)
            time.sleep(0.005)
    except psutil.Error:
        return  # it has just ended
    _kill(pid)


def _below(process: psutil.Process) -> list[int]:
    """The living processes that descend from one; where it has ended, psutil's error."""
    for _ in range(2):  # what was started by one that ended while we looked is its own by now
        found = [one.pid for one in process.children(recursive=True) if _is_running(one)]
        if found:
            return found
    return []


def _is_running(process: psutil.Process) -> bool:
    import psutil

    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False  # it has just ended


def _kill(pid: int) -> None:
    import psutil

    try:
        psutil.Process(pid).kill()
    except psutil.Error:
        return  # it has just ended
