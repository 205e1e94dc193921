"""What a pool's worker does: run one script after the other, each as if the process were new.

It forks before it loads much: the child is the worker, and the parent its init.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress

from .folder import folder_to_start_in
from .messages import Messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, NoReturn


# The lowest number of the descriptors that we keep during a run: scripts that close what they have
# inherited begin with 3, and seldom come this far.
_HIGH = 900


def main(control: str, owner: str) -> NoReturn:
    """Be a worker and its init.

    Args:
        control: The descriptor of the socket to the coordinator.
        owner: The coordinator's process id.
    """
    import socket

    from .init import PR_SET_PDEATHSIG, prctl

    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for scripts alone
    ours, theirs = (end.detach() for end in socket.socketpair())
    init = os.getpid()
    child = os.fork()
    if child:
        from .pool_init import be_init

        os.close(theirs)
        os.set_inheritable(int(control), False)
        be_init(child, int(owner), Messages(int(control)), Messages(ours))
    os.close(ours)
    os.close(int(control))
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # safe: the init has one thread, which doesn't end
    if os.getppid() != init:
        os._exit(1)
    os.setpgid(0, 0)  # so that a script which signals its group doesn't reach its init
    Worker(theirs, interrupt).serve()


class Worker:
    """Runs what it is handed.

    Args:
        fd: The socket to the init.
        interrupt: What a Ctrl-C does in a script, as for `signal.signal()`.
    """

    def __init__(self, fd: int, interrupt: Any) -> None:
        import gc

        # Before the first run, so that no run pays for what they all need.
        from .pool_run import Streams
        from .usage import Usage, processor_time

        self._interrupt = interrupt
        self._messages = Messages(_high(fd))
        self._null = _high(os.open(os.devnull, os.O_RDWR))
        self._kept = {fd: os.fstat(fd) for fd in (self._messages.fd, self._null)}
        self._streams = Streams()
        self._usage = Usage
        self._environ = dict(os.environ)
        self._redirect(self._null)
        gc.collect()
        gc.freeze()  # what is here now is never garbage: no run pays for looking through it
        self._messages.send(ready=processor_time())

    def serve(self) -> NoReturn:
        """Run what comes, until there is to be no more."""
        while True:
            messages = self._messages.receive()
            if messages is None:
                os._exit(0)
            for job in messages:
                self._do(job)

    def _do(self, job: Mapping[str, Any]) -> None:
        _collect_zombies()
        usage = self._usage()
        end = self._run(job)
        if not self._has_what_it_needs():
            os._exit(end["code"])  # its init takes that for the script's end, which it is
        self._messages.send(**end, **usage.to_message())

    def _has_what_it_needs(self) -> bool:
        """Whether the script has left us our descriptors."""
        try:
            return all(os.path.samestat(os.fstat(fd), was) for fd, was in self._kept.items())
        except OSError:
            return False

    def _run(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Run a script, record what came of it, and say how it ended."""
        from ..runs.paths import RunPaths
        from .pool_run import End, forget, record, run_recorded

        paths = RunPaths(job["folder"])
        attempt = paths.attempt(job["attempt"])
        process = os.getpid()
        end = End()
        try:
            folder = folder_to_start_in(job["cwd"])
            with self._environment(job["environ"], folder), self._output_to(attempt.output):
                run_recorded(paths, attempt, end, self._begin, self._interrupt)
                forget()
                if os.getpid() == process:
                    _end_helpers()
        except OSError as error:  # the run's directory is gone, or its working directory
            end.code = 1
            if os.getpid() == process:
                record(attempt, error=error)
        if os.getpid() != process:  # a child that the script forked and that came to its end
            os._exit(end.code)
        return end.to_message()

    def _begin(self) -> None:
        self._messages.send(begun=True)

    @contextmanager
    def _output_to(self, path: str) -> Iterator[None]:
        """Have all that is printed go to a log."""
        self._streams.renew()
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._redirect(log)
        os.close(log)
        try:
            yield
        finally:
            self._streams.flush()
            with suppress(OSError):  # the script has closed it
                self._redirect(self._null)

    def _redirect(self, target: int) -> None:
        os.dup2(self._null, 0)
        os.dup2(target, 1)
        os.dup2(target, 2)

    @contextmanager
    def _environment(self, changes: Mapping[str, str | None], folder: str | None) -> Iterator[None]:
        _change_environment(changes)
        try:
            if folder is not None:
                os.chdir(folder)
            yield
        finally:
            gone = dict.fromkeys(name for name in os.environ if name not in self._environ)
            _change_environment({**gone, **self._environ})


def _change_environment(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        elif os.environ.get(name) != value:
            os.environ[name] = value


def _end_helpers() -> None:
    """End the helper processes of multiprocessing in order; it starts new ones when it must."""
    import sys

    for module, helper in (
        ("multiprocessing.forkserver", "_forkserver"),
        ("multiprocessing.resource_tracker", "_resource_tracker"),
    ):
        stop = getattr(getattr(sys.modules.get(module), helper, None), "_stop", None)
        if stop is not None:
            with suppress(Exception):  # it isn't public: without it, they are ended all the same
                stop()


def _collect_zombies() -> None:
    """Collect what was ended after the last run."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def _high(fd: int) -> int:
    """The same descriptor under a high number; no program that is executed has it."""
    import fcntl

    try:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:  # the limit is lower
        return fd
    os.close(fd)
    return moved
