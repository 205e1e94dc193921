"""Run each script in a new interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from ..errors import LauncherError
from .init import KILL, Orders, hold_interrupts
from .starting import interpreter
from .survivors import end_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import Job

# `python -m` would look for our modules, and those we need, in the working directory first.
SIGNALS = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM, "kill": KILL}


class Fresh:
    """Gives each attempt a new interpreter: full isolation, on every platform."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._fds: dict[str, int] = {}

    def submit(self, job: Job, fallback: str | None = None) -> None:
        """Start an attempt in a new interpreter, its output going to its log.

        Args:
            job: The attempt.
            fallback: Why it has one, where another launcher was asked for.
        """
        with open(job.attempt.output, "ab") as log:
            streams = (subprocess.DEVNULL, log.fileno(), log.fileno())
            process = start(job, *streams, fallback=fallback)
        self._processes[job.id] = process
        if hasattr(os, "pidfd_open"):
            self._fds[job.id] = os.pidfd_open(process.pid)

    def poll(self, ids: Sequence[str]) -> list[str]:
        """Those whose process, the run's init, has ended."""
        return [id for id in ids if id not in self._processes or self._has_ended(id)]

    def _has_ended(self, id: str) -> bool:
        if self._processes[id].poll() is None:
            return False
        del self._processes[id]
        if id in self._fds:
            os.close(self._fds.pop(id))
        return True

    def cancel(self, ids: Sequence[str], how: str) -> None:
        """Tell the runs' inits, which see to the rest."""
        for id in ids:
            if id in self._processes:
                self._processes[id].send_signal(SIGNALS[how])

    def force(self, ids: Sequence[str]) -> None:
        """Kill inits that don't do what they are told, with all that is theirs."""
        for id in ids:
            if id in self._processes:
                end_tree(self._processes[id].pid)

    def wake_fds(self) -> list[int]:
        """Those of the processes."""
        return list(self._fds.values())

    def close(self) -> None:
        """Nothing is kept between runs."""


def start(
    job: Job,
    stdin: int | None,
    stdout: int | None,
    stderr: int | None,
    *,
    foreground: bool = False,
    fallback: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start the process of an attempt.

    Raises:
        LauncherError: It can't be started.
    """
    orders = Orders(os.getpid(), job.timeout, job.max_log, job.slot, foreground, fallback)
    command = interpreter(
        f"{__package__}.worker", job.paths.folder, str(job.number), orders.to_text()
    )
    # A Ctrl-C before the script has begun would end in a traceback of ours.
    mask = hold_interrupts()
    job.begun = time.monotonic()
    try:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=job.cwd,
            env={**os.environ, **job.variables()},
            start_new_session=not foreground,
        )
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise LauncherError(f"no process can be started: {what}{error.strerror}.") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
