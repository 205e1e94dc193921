"""In which folder a run's process is to be, where that may be removed at any moment."""

from __future__ import annotations

import os


def folder_to_start_in(cwd: str | None) -> str | None:
    """A working directory; None, for that of this process, where it is that and has been removed."""
    if cwd is None or os.path.isdir(cwd):
        return cwd
    try:
        ours = os.readlink("/proc/self/cwd")
    except OSError:  # no Linux
        return cwd
    return None if ours == f"{cwd} (deleted)" else cwd
