"""Run scripts in processes that are used again, each for one script after the other."""

from __future__ import annotations

import os
import select
import subprocess
import time

from ..errors import LauncherError
from ..runs.outcome import FAILED, manner
from .base import check_limits
from .messages import Messages
from .starting import interpreter
from .survivors import end_survivors, end_tree, settle_attempt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import Job

# `python -m` would look for our modules, and those we need, in the working directory first.
# A worker and all that its last run left are ended within this time, in seconds, or the kernel
# holds something that can't be.
_PATIENCE = 30.0

_FLOW = "KOGINE_FLOW_ID"


class Pool:
    """Gives each attempt a worker: a process that has been started once and is used again.

    For many tiny runs that trust each other. Each slot has a worker of its own. Between runs a
    worker puts back the main module, `sys.argv`, `sys.path`, the environment, the working
    directory, standard streams, warning filters and signal handlers, forgets the modules that lie
    beside the script, and ends the processes that the script has left behind.

    All else carries over from run to run: the state of installed modules (a script that sets
    `numpy.random.seed`, or torch's default device, sets it for the next one), memory, threads,
    open files, the umask. Functions registered with `atexit` aren't called. What Python and
    libraries read from the environment when they start is that of the worker's start or of their
    first import: `PYTHONHASHSEED`, `PYTHONPATH`, `OMP_NUM_THREADS`. Scripts that need another one
    need `fresh`.

    A script that ends its process (`os._exit`, a crash, a signal) ends its own run alone: the next
    one gets a new worker. So it is after a timeout.
    """

    lacks = ("max_log",)

    def __init__(self) -> None:
        self._idle: dict[int, _Worker] = {}  # by slot: that of another slot may hold another GPU
        self._busy: dict[str, _Worker] = {}

    def submit(self, job: Job) -> None:
        """Hand an attempt to the slot's worker.

        Raises:
            LauncherError: It can't be started here.
        """
        _refuse(job)
        worker = self._idle.pop(job.slot, None)
        if worker is None or not worker.take(job):
            if worker is not None:
                worker.close()
            worker = _Worker(job)
            if not worker.take(job):
                worker.close()
                raise LauncherError("no process can be started: it ended at once.")
        self._busy[job.id] = worker

    def poll(self, ids: Sequence[str]) -> list[str]:
        """Those whose worker is done with them, or has ended."""
        self._listen()
        return [id for id in ids if id not in self._busy]

    def cancel(self, ids: Sequence[str], how: str) -> None:
        """Tell the workers' inits, which see to the rest."""
        for id in ids:
            if id in self._busy:
                self._busy[id].cancel(id, how)

    def force(self, ids: Sequence[str]) -> None:
        """Kill inits that don't do what they are told, with their workers."""
        for id in ids:
            if id in self._busy:
                self._busy[id].kill()

    def wake_fds(self) -> list[int]:
        """Those by which the workers at work tell."""
        return [worker.messages.fd for worker in self._busy.values()]

    def close(self) -> None:
        """End the workers."""
        workers = [*self._idle.values(), *self._busy.values()]
        self._idle.clear()
        self._busy.clear()
        for worker in workers:
            worker.messages.close()
        for worker in workers:
            worker.close()

    def _listen(self) -> None:
        """Take in what the workers have told."""
        fds = {worker.messages.fd: id for id, worker in self._busy.items()}
        poll = select.poll()
        for fd in fds:
            poll.register(fd, select.POLLIN)
        for fd, _ in poll.poll(0):
            self._hear(fds[fd])

    def _hear(self, id: str) -> None:
        worker = self._busy[id]
        messages = worker.messages.receive()
        if messages is None:
            del self._busy[id]
            worker.settle()
            return
        for message in messages:
            worker.ready = True
            if message.get("ended") == id:
                del self._busy[id]
                self._keep(worker, message["last"])

    def _keep(self, worker: _Worker, last: bool) -> None:
        """Keep a worker for its slot's next run, unless the run was its last."""
        if last or worker.job.slot in self._idle:
            worker.close()
        else:
            self._idle[worker.job.slot] = worker


class _Worker:
    """A worker and its init, as they are seen from here.

    Attributes:
        messages: To and from the init.
        job: The one that it was handed last.
        ready: Whether it has come to say anything.
    """

    job: Job

    def __init__(self, job: Job) -> None:
        import socket

        # What the script forks keeps the environment with which this process starts, and what it
        # executes has the run's id: either way it can be found. So can the worker and its init, by
        # the flow's id, when this process has been killed and they don't end by themselves.
        self._mark = os.urandom(16).hex()
        self._environ = {**os.environ, "KOGINE_RUN_ID": self._mark}
        if flow := job.environ.get(_FLOW):
            self._environ[_FLOW] = flow
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = _start(theirs.fileno(), self._environ)
            self.messages = Messages(ours.detach())
        self.ready = False

    def take(self, job: Job) -> bool:
        """Hand it an attempt; False where it has ended."""
        self.job = job
        job.begun = time.monotonic()
        try:
            self.messages.send(
                run=job.id,
                folder=job.paths.folder,
                attempt=job.number,
                slot=job.slot,
                timeout=job.timeout,
                cwd=job.cwd or _working_directory(),
                environ=self._changes({**os.environ, **job.variables()}),
            )
        except OSError:
            return False
        return self._process.poll() is None

    def _changes(self, environ: dict[str, str]) -> dict[str, str | None]:
        """What must be set, or unset, for the worker to have an environment."""
        before = self._environ
        unset = dict.fromkeys(name for name in before if name not in environ)
        return {**unset, **{n: v for n, v in environ.items() if before.get(n) != v}}

    def cancel(self, id: str, how: str) -> None:
        """Tell it to end its run."""
        try:
            self.messages.send(cancel=id, how=how)
        except OSError:
            return  # it has ended, as the next look shows

    def kill(self) -> None:
        """End it by force, with all that is below its init."""
        end_tree(self._process.pid)

    def close(self) -> None:
        """End it, and all that it left."""
        self.messages.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def settle(self) -> None:
        """See to what is left of a run whose init has ended without a word."""
        self.close()
        end_survivors([self._mark, self.job.id])
        code = self._process.returncode
        if not self.ready and code >= 0:  # else it was killed, which is no fault of the run's
            self._record_failure(f"its worker {manner(code)} before it was ready")

    def _record_failure(self, reason: str) -> None:
        job = self.job
        try:
            settle_attempt(job.id, job.attempt, status=FAILED, reason=reason, slot=job.slot)
        except OSError:
            return  # whoever asks how it ended finds no outcome


def _start(fd: int, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            interpreter(f"{__package__}.pool_worker", str(fd), str(os.getpid())),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[fd],
            env=environ,
            start_new_session=True,
        )
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise LauncherError(f"no process can be started: {what}{error.strerror}.") from error


def _refuse(job: Job) -> None:
    check_limits(Pool, job)
    if job.cwd is not None and not os.access(job.cwd, os.X_OK):
        raise LauncherError(f"no script can be run in {job.cwd}: it is no folder we may enter.")


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None
