"""The processes that descend from this one, and their memory: by /proc, else by psutil; and whether
the kernel has ended one of them for want of it.

On Linux nothing is imported for it: a run's init is to load no more than it must.
"""

from __future__ import annotations

import os
import time

from ..runs.outcome import OUT_OF_MEMORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
else:  # what is below `signal`, as in `init`
    import _signal as signal

# What lasts as long as the longer one, in seconds, is seen; a run that is shorter than the first one
# costs no look.
_FIRST_LOOK = 0.1
_LOOKS = 0.5

_GROUPS = "/proc/self/cgroup"  # which groups of processes this one is in
_GROUP_FILES = "/sys/fs/cgroup"  # and where the kernel's files of them are

# Whether the kernel lists processes there, with their children: Linux, if it was built with that.
_HAS_PROC = os.path.exists("/proc/thread-self/children")


class MemoryWatch:
    """The memory of a run. Of all its processes together, as far as that is seen, or of one the
    greatest counts.

    Attributes:
        peak: That, in bytes.
        due: When it is to be looked at next, as `time.monotonic()` counts.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._pause = _FIRST_LOOK
        self.due = time.monotonic() + self._pause
        self._kills = kills_for_memory()

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

    def reason(self, code: int | None) -> str | None:
        """Why a process of the run ended with an exit code, where the kernel's count tells: it has
        ended one for want of memory since the run began.
        """
        if code != -signal.SIGKILL or self._kills is None:
            return None
        return OUT_OF_MEMORY if (kills_for_memory() or 0) > self._kills else None


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


_counter = ""  # the file that says so, once it has been looked for


def kills_for_memory() -> int | None:
    """How many processes the kernel has ended for want of memory: of those that share a limit with
    this one, or, where these aren't counted, of all. None where nothing is counted.
    """
    global _counter
    _counter = _counter or _find_counter()
    try:
        words = _read(_counter).split()
        return int(words[words.index(b"oom_kill") + 1])
    except (OSError, ValueError):
        return None


def _find_counter() -> str:
    for controllers, group in _groups():
        # Version 1 has a tree of groups for each controller, version 2 one for all.
        tree, file = ("/memory", "memory.oom_control") if controllers else ("", "memory.events")
        # The first one upwards that has it: a group's own may not be counted, and in a container its
        # name may be that which it has outside.
        names = group.strip("/").split("/")
        for depth in range(len(names), -1, -1):
            path = "/".join([_GROUP_FILES + tree, *names[:depth], file])
            if os.path.exists(path):
                return path
    return "/proc/vmstat"


def _groups() -> Iterator[tuple[str, str]]:
    """The groups of processes that this one is in and that may limit memory (cgroups(7)): each with
    the controllers of its tree, of which version 2's has none.
    """
    try:
        lines = os.fsdecode(_read(_GROUPS)).splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            yield controllers, group


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read() or b""
