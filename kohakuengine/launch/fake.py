"""A scripted launcher: no process, no script, and all the files of real runs. For tests."""

from __future__ import annotations

import os
import time

from ..errors import LauncherError
from ..runs.ending import ending_of
from ..runs.outcome import CANCELLED, FAILED, FINISHED, write_outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .base import Job

_CODES = {"interrupt": -2, "terminate": -15, "kill": -9}  # the signals that end a script so


class FakeEnd:
    """How a run is to end.

    Args:
        status: One of `kohakuengine.runs.outcome.FINAL`.
        exit_code: The exit status of the script's process, negative for the number of a signal;
            left out, 0 for a run that finishes, else 1.
        output: What the script prints.
        result: The value of its entrypoint.
        error: What it raises.
        reason: Why it isn't `finished`, where that isn't told by the error or the exit code.
    """

    def __init__(
        self,
        status: str = FINISHED,
        exit_code: int | None = None,
        output: str | bytes = b"",
        result: object = None,
        *,
        error: BaseException | None = None,
        reason: str | None = None,
    ) -> None:
        self.status = status
        self.exit_code = int(status != FINISHED) if exit_code is None else exit_code
        self.output = output.encode() if isinstance(output, str) else output
        self.result = result
        self.error = error
        self.reason = reason

    @property
    def is_told(self) -> bool:
        """Whether the script's process comes to tell more of its end than that it has ended."""
        came_to_its_end = self.status == FAILED and self.exit_code >= 0
        return self.result is not None or self.error is not None or came_to_its_end


class Fake:
    """Ends runs as it is told to, and runs nothing.

    Each attempt gets the files that a real one has: `outcome.json`, with `result.pkl` or
    `error.pkl` where they are needed, and `output.log` where something is printed.

    Args:
        outcomes: Is called with each job when it is submitted, and gives how it ends: a `FakeEnd`,
            an exception that the script raises, or any other value, which is the run's result. An
            exception that it raises itself counts like one that it gives, but for a LauncherError:
            that is what `submit()` raises. Without it each result is None.
        polls: A run ends at which poll after its submission; the first is 1.
        hold: Whether runs go on until `release()`.
        keep: Whether `submitted` is kept, which grows.

    Attributes:
        submitted: The ids of all jobs, in the order of their submission; empty unless `keep`.

    Example:
        >>> from kohakuengine.launch.fake import Fake, FakeEnd
        >>> def outcomes(job):
        ...     if job.slot == 1:
        ...         return FakeEnd("timed_out", -15, output="epoch 1\\n")
        ...     return {"loss": 0.5}
        >>> launcher = Fake(outcomes)
    """

    def __init__(
        self,
        outcomes: Callable[[Job], object] | None = None,
        *,
        polls: int = 1,
        hold: bool = False,
        keep: bool = False,
    ) -> None:
        self.submitted: list[str] = []
        self._outcomes = outcomes
        self._polls = polls
        self._hold = hold
        self._keep = keep
        self._going: dict[str, _Going] = {}
        self._always: int | None = None  # a descriptor that is always readable

    def submit(self, job: Job) -> None:
        """Have a run going on, until it is polled, released or cancelled.

        Raises:
            LauncherError: `outcomes` says so.
        """
        end = self._end_of(job)
        self._going[job.id] = _Going(job, end, self._polls, self._hold)
        if self._keep:  # last: who sees it there, in another thread, may release it
            self.submitted.append(job.id)

    def _end_of(self, job: Job) -> FakeEnd:
        try:
            end = self._outcomes(job) if self._outcomes else None
        except LauncherError:
            raise
        except Exception as error:
            end = error
        if isinstance(end, FakeEnd):
            return end
        if isinstance(end, BaseException):
            return FakeEnd(FAILED, error=end)
        return FakeEnd(result=end)

    def poll(self, ids: Sequence[str]) -> list[str]:
        """Those that end now, or have ended."""
        return [id for id in ids if id not in self._going or self._has_ended(self._going[id])]

    def _has_ended(self, going: _Going) -> bool:
        if going.held:
            return False
        going.polls -= 1
        if going.polls > 0:
            return False
        del self._going[going.job.id]
        going.write()
        return True

    def cancel(self, ids: Sequence[str], how: str) -> None:
        """Have runs end as cancelled at the next poll, held or not."""
        for id in ids:
            if id in self._going:
                going = self._going[id]
                end = FakeEnd(CANCELLED, _CODES[how], going.end.output, reason="it was cancelled")
                self._going[id] = _Going(going.job, end, 1, False, going.started)

    def release(self, ids: Iterable[str] | None = None) -> None:
        """Let runs end that are held.

        Args:
            ids: Of the runs; None for all that have been submitted. Later ones are held.
        """
        for id in list(self._going) if ids is None else ids:
            going = self._going.get(id)  # another thread may let it end meanwhile
            if going is not None:
                going.held = False

    def wake_fds(self) -> list[int]:
        """One that is readable whenever a poll gets on with something."""
        if all(going.held for going in self._going.values()):
            return []
        if self._always is None:
            self._always, write = os.pipe()
            os.close(write)
        return [self._always]

    def close(self) -> None:
        """Forget all runs."""
        self._going.clear()
        if self._always is not None:
            os.close(self._always)
            self._always = None


class _Going:
    def __init__(
        self, job: Job, end: FakeEnd, polls: int, held: bool, started: float | None = None
    ) -> None:
        self.job = job
        self.end = end
        self.polls = polls
        self.held = held
        self.started = started or time.time()

    def write(self) -> None:
        """Write how the run ended."""
        attempt, end = self.job.attempt, self.end
        if end.output:
            with open(attempt.output, "ab") as file:
                file.write(end.output)
        told = ending_of(attempt, result=end.result, error=end.error) if end.is_told else b"null"
        write_outcome(
            attempt,
            end.status,
            end.exit_code,
            started=self.started,
            ended=time.time(),
            reason=end.reason,
            slot=self.job.slot,
            ending=told,
        )
