"""What a new process takes over from this one: a server must have been started with the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from .registry import in_kernel
from .warm_child import OWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .base import Job

LOOKS = 0.05  # how long what has been seen is taken to be so still, in seconds

# Of /proc/thread-self/status, see proc_pid_status(5).
_INHERITED = frozenset(
    "Umask Uid Gid Groups SigBlk SigIgn CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp"
    " Cpus_allowed Mems_allowed THP_enabled".split()
)
_INTERRUPT = 1 << (signal.SIGINT - 1)  # in a mask


class Surroundings:
    """What processes that this one starts would find; looked at anew after a while."""

    def __init__(self) -> None:
        self._until = 0.0
        self._base: tuple[object, ...] = ()
        self._shared: dict[str, str] = {}
        self._own: dict[str, str | None] = {}
        self._folders: dict[str, tuple[object, ...]] = {}

    def key(self, job: Job) -> tuple[object, ...]:
        """Equal for attempts whose processes would find the same but for what each run has its own."""
        self._look()
        folder = job.cwd or "."
        if folder not in self._folders:
            self._folders[folder] = folder_identity(folder)
        return (*self._base, *sorted(shared(job.environ).items()), self._folders[folder])

    def environment(self, job: Job) -> dict[str, str]:
        """What of the environment is the same for all runs of a server."""
        self._look()
        return {**self._shared, **shared(job.environ)}

    def variables(self, job: Job) -> dict[str, str | None]:
        """What each run has its own of in the environment; None where it isn't to be set."""
        self._look()
        return {**self._own, **job.variables()}

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._until:
            return
        self._until = now + LOOKS
        self._folders.clear()
        environ = dict(os.environ)
        self._shared = shared(environ)
        self._own = {**dict.fromkeys(OWN), **{n: environ[n] for n in environ.keys() - self._shared}}
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        self._base = (sys.executable, *flags, *sorted(self._shared.items()), *_process_state())


def shared(environ: Mapping[str, str]) -> dict[str, str]:
    """Of environment variables those that don't differ from run to run."""
    return {n: v for n, v in environ.items() if not n.startswith("KOGINE_") and n not in OWN}


def folder_identity(folder: str) -> tuple[object, ...]:
    """Tells a folder from one that is later put in its place; the current one may have no name."""
    try:
        status = os.stat(folder)
    except OSError:
        return (folder,)  # nothing can be started there, which is told when it is tried
    return folder, status.st_dev, status.st_ino


def _process_state() -> tuple[object, ...]:
    status = [line.partition(":") for line in _read("/proc/thread-self/status").splitlines()]
    inherited = {name: value for name, _, value in status if name in _INHERITED}
    if in_kernel() and "SigIgn" in inherited:  # which differs between its cells, see `starting`
        inherited["SigIgn"] = f"{int(inherited['SigIgn'], 16) & ~_INTERRUPT:x}"
    return (
        *sorted(inherited.items()),
        _read("/proc/self/limits"),
        _read("/proc/self/oom_score_adj"),
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getscheduler(0),
        os.sched_getparam(0).sched_priority,
    )


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return opened.read()
    except OSError:
        return ""  # an older kernel doesn't tell, or this process mayn't look
