"""What a run has used of a process that others use, too."""

from __future__ import annotations

import os

from .init import MEMORY_UNIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Usage:
    """Measures this process from now on."""

    def __init__(self) -> None:
        self._child = _largest_child()
        self._reset = _reset_peak()

    def to_message(self) -> dict[str, Any]:
        """The greatest memory of this process, or of a child that it has collected, in bytes; and
        all the processor time that it has ever used, in seconds."""
        child = _largest_child()
        memory = max(_peak(self._reset), child if child > self._child else 0)
        return {"memory": memory, "time": processor_time()}


def processor_time() -> float:
    """The processor time that this process and its collected children have used, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _reset_peak() -> bool:
    """Have the peak of this process' memory counted from now on; False where that can't be done."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # proc(5)
    except OSError:
        return False
    return True


def _peak(reset: bool) -> int:
    """The greatest resident memory of this process, in bytes: since it was reset, or ever."""
    if reset:
        with open("/proc/self/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    from resource import RUSAGE_SELF, getrusage

    return getrusage(RUSAGE_SELF).ru_maxrss * MEMORY_UNIT


def _largest_child() -> int:
    """The greatest resident memory that one of the collected children had, in bytes."""
    from resource import RUSAGE_CHILDREN, getrusage

    return getrusage(RUSAGE_CHILDREN).ru_maxrss * MEMORY_UNIT
