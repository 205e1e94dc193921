"""Run: what is known of one run."""

from __future__ import annotations

import os

from ..errors import RunError, ScriptDied, ScriptExit
from .outcome import CANCELLED, FINAL, FINISHED, INTERRUPTED, TIMED_OUT, read_outcome
from .spec import read_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from types import ModuleType
    from typing import Any

    from ..config.base import Config
    from .journal import Point
    from .outcome import Outcome
    from .paths import AttemptPaths, RunPaths
    from .store import RunStore


# Of the newest run in this process of each script: they may hold much memory.
_modules: dict[str, tuple[str, ModuleType]] = {}


class Run:
    """One run, as its directory and the index have it.

    What has ended doesn't change, but for a run that is tried again; of one that goes on, each look
    gives what is known now.

    Args:
        store: Where it is kept.
        id: Its id.
        row: What the index says of it, where that has just been read.
    """

    def __init__(self, store: RunStore, id: str, row: dict[str, Any] | None = None) -> None:
        self._store = store
        self._paths: RunPaths = store.paths.run(id)
        self._row = row if row is not None and row["status"] in FINAL else None
        self._outcome: Outcome | None = None
        self.id = id

    @property
    def row(self) -> dict[str, Any]:
        """What the index says of the run: a dict of columns."""
        row = self._row
        if row is not None and not self._has_gone_on(row):
            return row
        row = self._store.run(self.id)
        self._row = row if row["status"] in FINAL else None
        return row

    def _has_gone_on(self, row: dict[str, Any]) -> bool:
        """Whether it has been tried again since."""
        if row["status"] == FINISHED or self._paths.last_attempt() <= (row["attempts"] or 0):
            return False
        self._outcome = None
        return True

    @property
    def name(self) -> str:
        """What it is called: most often what its config sets."""
        return self.row["name"]  # type: ignore[no-any-return]

    @property
    def flow(self) -> str:
        """The id of the flow it belongs to."""
        return self.row["flow"]  # type: ignore[no-any-return]

    @property
    def script(self) -> str:
        """The path of its script, or the name of a module."""
        return self.row["script"]  # type: ignore[no-any-return]

    @property
    def status(self) -> str:
        """queued, running, finished, failed, timed_out, cancelled or interrupted."""
        return self.row["status"]  # type: ignore[no-any-return]

    @property
    def params(self) -> dict[str, Any]:
        """What its config sets, as JSON holds it; `config` has the values themselves."""
        return self.row["params"]  # type: ignore[no-any-return]

    @property
    def config(self) -> Config:
        """What it was run with.

        Raises:
            Exception: An object in it can't be unpickled here.
        """
        return read_spec(self._paths)[1]

    @property
    def metrics(self) -> dict[str, float]:
        """The newest value of each metric: printed, logged, or in a returned dict."""
        return self.row["metrics"]  # type: ignore[no-any-return]

    def history(self, metric: str) -> list[Point]:
        """The values of a metric in the last attempt, in order: `step`, `value` and `time` of each.

        Args:
            metric: Its name. One that was never printed or logged has no values.
        """
        from .journal import history

        return [point for point in history(self._attempt().journal) if point.name == metric]

    @property
    def tags(self) -> list[str]:
        """The words by which it is found."""
        return self.row["tags"]  # type: ignore[no-any-return]

    @property
    def launcher(self) -> str:
        """The launcher that it was given to; where that gave it a new interpreter instead,
        `outcome.fallback` says why.
        """
        return self.row["launcher"]  # type: ignore[no-any-return]

    @property
    def slot(self) -> int | None:
        """The 0-based number of the slot it ran in."""
        return self.row["slot"]  # type: ignore[no-any-return]

    @property
    def exit_code(self) -> int | None:
        """The exit status of its process, negative for a signal; None where nobody knows."""
        return self.row["exit_code"]  # type: ignore[no-any-return]

    @property
    def started(self) -> datetime | None:
        """When the last attempt began, in local time."""
        return _time(self.row["started"])

    @property
    def ended(self) -> datetime | None:
        """When it ended, in local time."""
        return _time(self.row["ended"])

    @property
    def duration(self) -> float | None:
        """How long the last attempt took, or has taken so far, in seconds."""
        import time

        row = self.row
        if row["started"] is None:
            return None
        end = row["ended"] or (time.time() if row["status"] == "running" else row["started"])
        return max(0.0, end - row["started"])  # type: ignore[no-any-return]

    @property
    def attempts(self) -> int:
        """How many attempts there were."""
        return self._paths.last_attempt()

    @property
    def path(self) -> str:
        """Its directory."""
        return self._paths.folder

    @property
    def log(self) -> str:
        """The path of what the last attempt printed."""
        return self._attempt().output

    @property
    def output(self) -> str:
        """What the last attempt printed, stdout and stderr in order; progress bars as they ended.

        A byte that isn't text is U+FFFD.
        """
        from .output import OutputReader

        try:
            with open(self.log, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return ""
        reader = OutputReader()
        return "".join(f"{line}\n" for line in [*reader.feed(data), *reader.close()])

    @property
    def outcome(self) -> Outcome | None:
        """How the last attempt ended, or None where it hasn't."""
        if self._outcome is None:
            self._outcome = read_outcome(self._attempt())
        return self._outcome

    @property
    def result(self) -> Any:
        """The value of the entrypoint.

        Raises:
            RunError: The run hasn't finished.
            Exception: What the script raised; its cause shows where.
        """
        error = self.error
        if error is not None:
            raise error
        if self.outcome is None:
            raise RunError(
                f"the directory of run {self.id[:8]} ({self.name}) is gone: {self.path}."
            )
        return self.outcome.result

    @property
    def error(self) -> BaseException | None:
        """What reading the result raises; None where the run has finished."""
        status = self.status
        if status == FINISHED:
            return None
        outcome = self.outcome if status in FINAL else None
        if outcome is None:
            return RunError(f"run {self.id[:8]} ({self.name}) is {status}: it has no result.")
        return error_of(outcome, f"run {self.id[:8]} ({self.name})", self.log)

    @property
    def module(self) -> ModuleType | None:
        """The script's module, `vars()` of which are its variables; None but for a run in this
        process by `%kogine run --inline`, the newest one of its script.
        """
        id, module = _modules.get(self.script, ("", None))
        return module if id == self.id else None

    def keep_module(self, module: ModuleType) -> None:
        """Have `module` give this from now on, in place of an earlier run's of the same script."""
        _modules[self.script] = (self.id, module)

    @property
    def artifacts(self) -> Artifacts:
        """The files that the script left in `artifacts/` of its run's folder."""
        return Artifacts(self._paths.artifacts)

    def _attempt(self) -> AttemptPaths:
        return self._paths.attempt(max(1, self._paths.last_attempt()))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .html import run_bundle

        return run_bundle(self._store, self.id)

    def __eq__(self, other: object) -> bool:
        return self.path == other.path if isinstance(other, Run) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<Run {self.id[:8]} {self.name!r} {self.status}>"


def error_of(outcome: Outcome, name: str, log: str | None = None) -> BaseException:
    """The error that says how an attempt ended which didn't finish.

    Args:
        outcome: How it ended.
        name: What the run is called in messages.
        log: Where its output is, or None where that has been seen.
    """
    if outcome.status == INTERRUPTED or outcome.status in (CANCELLED, TIMED_OUT):
        how = {"timed_out": "was ended", "cancelled": "was cancelled"}.get(outcome.status)
        text = f"{name} {how or 'was interrupted'}: {outcome.reason}"
        return RunError(_with_log(text, log), exit_code=outcome.exit_code)
    if outcome.error is not None:
        return outcome.error
    killed = outcome.exit_code is not None and outcome.exit_code < 0
    kind = ScriptExit if outcome.told and not killed else ScriptDied
    early = "" if outcome.told or killed else " before it could tell its result"
    text = f"{name} {outcome.reason}{early}"
    return kind(_with_log(text, log), exit_code=outcome.exit_code)


def _with_log(text: str, log: str | None) -> str:
    return f"{text}; its output is in {log}" if log else f"{text}."


def _time(seconds: float | None) -> datetime | None:
    from datetime import datetime

    return None if seconds is None else datetime.fromtimestamp(seconds).astimezone()


class Artifacts:
    """The files of a run, by their names relative to its `artifacts/`.

    Example:
        >>> "model.pt" in run.artifacts  # doctest: +SKIP
        True
        >>> with run.artifacts.open("model.pt") as file: ...  # doctest: +SKIP
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __iter__(self) -> Any:
        names = []
        for folder, folders, files in os.walk(self.folder):
            folders.sort()
            names += [os.path.relpath(os.path.join(folder, name), self.folder) for name in files]
        return iter(sorted(names))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in list(iter(self))

    def path(self, name: str) -> str:
        """Where a file is.

        Raises:
            KeyError: There is none of that name.
        """
        if name not in self:
            raise KeyError(f"there is no artifact {name!r}; there are {', '.join(self) or 'none'}.")
        return os.path.join(self.folder, name)

    def open(self, name: str, mode: str = "rb", **options: Any) -> Any:
        """Open a file to read it, in binary unless another mode is given."""
        return open(self.path(name), mode, **options)

    def __repr__(self) -> str:
        return f"<Artifacts {list(self)}>"
