"""The processes that descend from this one, and their memory: by /proc, else by psutil.

On Linux nothing is imported for it: a run's init is to load no more than it must.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# What lasts as long as the longer one, in seconds, is seen; a run that is shorter than the first one
# costs no look.
_FIRST_LOOK = 0.1
_LOOKS = 0.5

# Whether the kernel lists processes there, with their children: Linux, if it was built with that.
_HAS_PROC = os.path.exists("/proc/thread-self/children")


class MemoryWatch:
    """The greatest memory of a run: of all its processes together, as far as that is seen, or of one.

    Attributes:
        peak: That, in bytes.
        due: When it is to be looked at next, as `time.monotonic()` counts.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._pause = _FIRST_LOOK
        self.due = time.monotonic() + self._pause

    def note(self, memory: int) -> None:
        """Take in the most memory that one of the processes had, in bytes."""
        self.peak = max(self.peak, memory)

    def look(self) -> None:
        """Look, if it is time: soon after the start, then ever more seldom."""
        if time.monotonic() < self.due:
            return
        self.note(memory_of_tree())
        self._pause = min(2 * self._pause, _LOOKS)
        self.due = time.monotonic() + self._pause


def descendants() -> list[int]:
    """The living processes that this one has started, or inherited, and theirs."""
    if not _HAS_PROC:
        return _descendants_by_psutil()
    children: dict[int, list[int]] = {}
    living = set()
    # All are asked for their parents: the kernel's lists of children may lack one while others end.
    for pid, state, parent in _processes():
        children.setdefault(parent, []).append(pid)
        if state not in (b"Z", b"X"):
            living.add(pid)
    found = list(children.get(os.getpid(), ()))
    for pid in found:
        found += children.get(pid, ())
    return [pid for pid in found if pid in living]


def _processes() -> Iterator[tuple[int, bytes, int]]:
    """Id, state and parent of each process there is."""
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            facts = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()  # proc(5)
            yield int(name), facts[0], int(facts[1])
        except (OSError, IndexError):
            continue  # it has just ended


def _descendants_by_psutil() -> list[int]:
    import psutil

    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue  # it has just ended
    return found


def memory_of_tree() -> int:
    """The resident memory of all processes that descend from this one together, in bytes; what
    several of them share counts for each.
    """
    if not _HAS_PROC:
        return _memory_by_psutil()
    found = list(_children(os.getpid()))
    for pid in found:
        found += _children(pid)
    pages = 0
    for pid in found:
        try:
            pages += int(_read(f"/proc/{pid}/statm").split()[1])  # proc(5)
        except (OSError, IndexError):
            continue  # it has just ended
    return pages * os.sysconf("SC_PAGE_SIZE")


def _children(pid: int) -> Iterator[int]:
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            yield from map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        return  # it has just ended


def _memory_by_psutil() -> int:
    import psutil

    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue  # it has just ended
    return total


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read() or b""
