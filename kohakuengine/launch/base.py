"""Launcher: where a run's process lives."""

from __future__ import annotations

from ..errors import LauncherError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from ..config.base import Config
    from ..engine.script import Script
    from ..runs.paths import AttemptPaths, RunPaths

    class Launcher(Protocol):
        """Starts attempts at runs, tells which have ended, and ends them when asked to.

        An attempt is handed over as a `Job`, whose run directory holds all that is to be done. The
        launcher, or what it starts, writes the attempt's output and, last, its outcome. Where a
        process ends without that, the launcher says that the attempt has ended, and whoever asks
        finds no outcome.

        The methods are called by one thread. A class that can't keep a run to one of the limits
        `timeout` and `max_log` names it in an attribute `lacks`, a tuple: then such a run is
        refused before anything of it is made.

        One that leaves the end of an attempt to another process may have a method `force(ids)`,
        for when that process does nothing of what it has been told, as one that was stopped: it
        kills that process with all that it has started, and `poll()` sees that the attempts have
        ended. It has each job say when it was `begun`, if it keeps runs to their timeouts so.
        """

        def submit(self, job: Job) -> None:
            """Start an attempt.

            Raises:
                LauncherError: It can't be started here, because of what the message says.
            """
            ...

        def poll(self, ids: Sequence[str]) -> list[str]:
            """Of the runs with these ids, those whose attempt has ended. Doesn't wait."""
            ...

        def cancel(self, ids: Sequence[str], how: str) -> None:
            """End attempts: they are seen to have ended soon after, by `poll()`.

            Args:
                ids: Of the runs; those that have ended are passed over.
                how: `"interrupt"` as Ctrl-C does, `"terminate"`, or `"kill"`. The first two are
                    followed by harsher ways when the run hasn't ended 2 s later.
            """
            ...

        def wake_fds(self) -> list[int]:
            """File descriptors that become readable when it is worth while to poll; may be none."""
            ...

        def close(self) -> None:
            """Let go of what is kept between runs; no attempt is going on any more."""
            ...

    class Limited(Protocol):
        """What has limits: a `Job`, or the options of a flow."""

        timeout: float | None
        max_log: int | None


def check_limits(launcher: object, limits: Limited) -> None:
    """Refuse limits that a launcher can't keep a run to.

    Args:
        launcher: The launcher's class, or what makes one.
        limits: What a run is to be kept to.

    Raises:
        LauncherError: One of them is among those that the launcher `lacks`.
    """
    for name in getattr(launcher, "lacks", ()):
        if getattr(limits, name) is not None:
            called = getattr(launcher, "__name__", "chosen").lower()
            raise LauncherError(f"the {called} launcher can't keep a run to a {name}: use fresh.")


class Job:
    """One attempt at a run, as a launcher is handed it.

    Attributes:
        begun: When a process was handed it, as `time.monotonic()` counts, or None: its timeout is
            counted from then on.

    Args:
        id: The run's id.
        paths: The run's directory, with its spec in it.
        number: The attempt's number; its folder is there.
        environ: Environment variables of the run's process, above those of this one.
        cwd: Its working directory, or None for this process' own.
        slot: The 0-based number of the slot it runs in.
        timeout: After how many seconds it is to be ended, or None.
        max_log: How many bytes of its output are kept, or None for all.
        script: The script, for launchers whose runs are in this process.
        config: The config, likewise, with the very objects it was made of.
        strict: Refuse overrides of names that have no default in the script.
    """

    def __init__(
        self,
        id: str,
        paths: RunPaths,
        number: int,
        *,
        environ: Mapping[str, str] = {},
        cwd: str | None = None,
        slot: int = 0,
        timeout: float | None = None,
        max_log: int | None = None,
        script: Script | None = None,
        config: Config | None = None,
        strict: bool = False,
    ) -> None:
        self.id = id
        self.paths = paths
        self.number = number
        self.attempt: AttemptPaths = paths.attempt(number)
        self.environ = dict(environ)
        self.cwd = cwd
        self.slot = slot
        self.timeout = timeout
        self.max_log = max_log
        self.script = script
        self.config = config
        self.strict = strict
        self.begun: float | None = None

    def variables(self) -> dict[str, str]:
        """What the run's process finds in its environment, above what this process has."""
        return {
            **self.environ,
            "KOGINE_RUN_ID": self.id,
            "KOGINE_RUN_DIR": self.paths.folder,
            "KOGINE_ATTEMPT_DIR": self.attempt.folder,
            "KOGINE_WORKER_ID": str(self.slot),
        }
