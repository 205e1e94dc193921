"""Run each script in this process."""

from __future__ import annotations

import os
import time
import traceback
from contextlib import contextmanager
from functools import partial

from ..engine.executor import ScriptExecutor
from ..engine.takeover import without_our_frames
from ..errors import ScriptExit
from ..runs.ending import ending_of
from ..runs.outcome import CANCELLED, FAILED, FINISHED, write_outcome
from .base import check_limits
from .tee import logged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import ModuleType

    from .base import Job


class Inline:
    """Runs scripts in this process, which is afterwards as it was, one after the other.

    Nothing can end a run before it ends by itself, but a Ctrl-C.

    Args:
        echo: Whether what the scripts print is also printed here.
    """

    lacks = ("timeout", "max_log")

    def __init__(self, echo: bool = False) -> None:
        self._echo = echo

    def submit(self, job: Job) -> None:
        """Run a script from beginning to end."""
        check_limits(type(self), job)
        try:
            execute(job, echo=self._echo, warn=False)  # its flow has told the warnings
        except KeyboardInterrupt:
            raise
        except BaseException:  # of the script; it is recorded
            return

    def poll(self, ids: Sequence[str]) -> list[str]:
        """All of them: they ended before `submit()` returned."""
        return list(ids)

    def cancel(self, ids: Sequence[str], how: str) -> None:
        """Nothing goes on that could be ended."""

    def wake_fds(self) -> list[int]:
        """None."""
        return []

    def close(self) -> None:
        """Nothing is kept between runs."""


def execute(
    job: Job,
    *,
    echo: bool,
    warn: bool = True,
    ran: Callable[[ModuleType], None] = lambda module: None,
    call: Callable[[Callable[[], object]], object] = lambda script: script(),
) -> object:
    """Run a script in this process, record how it ended, and give its entrypoint's value.

    Args:
        job: The attempt.
        echo: Whether what the script prints is also printed here.
        warn: Whether to warn of what its overrides do that their user may not expect.
        ran: Is given the script's module, however it ended.
        call: Calls what runs the script, which nothing but the script is in.

    Raises:
        BaseException: What the script raised.
    """
    assert job.script is not None and job.config is not None
    executor = ScriptExecutor(job.script, strict=job.strict, warn=warn)
    started, before = time.time(), os.times()
    error: BaseException | None = None
    value: object = None
    with _environment(job.variables(), job.cwd), logged(job.attempt.output, echo):
        try:
            value = call(partial(executor.execute, job.config))
        except BaseException as raised:
            error = raised
            error.__traceback__ = without_our_frames(error.__traceback__)
            if not echo and not isinstance(error, ScriptExit):  # nobody else tells it
                traceback.print_exception(type(error), error, error.__traceback__)
    if executor.module is not None:
        ran(executor.module)
    _record(job, value, error, started, before)
    if error is not None:
        raise error
    return value


def _record(
    job: Job, value: object, error: BaseException | None, started: float, before: os.times_result
) -> None:
    if isinstance(error, ScriptExit):
        ending = ending_of(job.attempt, result=value, said=error.said)
    else:
        ending = ending_of(job.attempt, result=value, error=error)
    status, code = FINISHED, 0
    if isinstance(error, KeyboardInterrupt):
        status, code = CANCELLED, 1
    elif error is not None:
        status, code = FAILED, error.exit_code or 1 if isinstance(error, ScriptExit) else 1
    now = os.times()
    used = now.user + now.system - before.user - before.system
    write_outcome(
        job.attempt,
        status,
        code,
        started=started,
        ended=time.time(),
        reason="it was interrupted" if status == CANCELLED else None,
        slot=job.slot,
        cpu_seconds=round(used, 3),
        ending=ending,
    )


@contextmanager
def _environment(variables: Mapping[str, str], cwd: str | None) -> Iterator[None]:
    """Have this process in another environment for a while."""
    saved = {name: os.environ.get(name) for name in variables}
    folder = os.getcwd() if cwd else None
    os.environ.update(variables)
    try:
        if cwd:
            os.chdir(cwd)
        yield
    finally:
        if folder:
            os.chdir(folder)
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
