"""What can be chosen for a flow."""

from __future__ import annotations

import os

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ..launch.base import Launcher

ANY_CODE = "any-code"  # to resume with what finished before the scripts were changed
ON_ERROR = ("continue", "stop", "cancel")
RETRY_DELAY = 1.0  # before the first retry, in seconds; doubled before each further one


class Options:
    """What can be chosen for a flow.

    Args:
        name: What the flow is called.
        tags: Words by which its runs are found again.
        launcher: Where the runs' processes live: the name of a launcher, or what makes one; None
            or `"auto"` for the best there is.
        workers: How many runs go on at once; None for one a GPU, where `gpus` are given, else one
            a core that this process may use.
        on_error: What a run that doesn't finish means for the others: `"continue"`, `"stop"` (no
            further ones are started) or `"cancel"` (those going on are ended, too).
        retries: How often a run that failed or took too long is tried again.
        retry_delay: Seconds before the first retry; doubled before each further one.
        retry_on: What is tried again: statuses (`"failed"`, `"timed_out"`), exit statuses, names
            of exception types.
        timeout: Seconds after which a run is ended, with all that it has started; None for never.
        env: Environment variables of the runs, above those of this process.
        cwd: The working directory of the runs; None for that of this process.
        gpus: Which GPUs the slots get, one each: `"auto"`, or ids as for `CUDA_VISIBLE_DEVICES`.
        max_log: How many bytes of a run's output are kept: its first half, and its end.
        metrics: Whether printed numbers are metrics: True, False, or a regular expression with the
            groups `name` and `value`, perhaps `step`.
        strict: Refuse overrides of names that have no default in a script.

    Raises:
        ConfigError: An option has a value that it can't have.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        launcher: str | Callable[[], Launcher] | None = None,
        workers: int | None = None,
        on_error: str = "continue",
        retries: int = 0,
        retry_delay: float = RETRY_DELAY,
        retry_on: Sequence[str | int] = ("failed", "timed_out"),
        timeout: float | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        gpus: str | Sequence[int | str] | None = None,
        max_log: int | None = None,
        metrics: bool | str = True,
        strict: bool = False,
    ) -> None:
        self.name = name
        self.tags = [tags] if isinstance(tags, str) else list(tags)
        self.launcher = launcher
        self.workers = workers
        self.on_error = on_error
        self.retries = retries
        self.retry_delay = retry_delay
        one = isinstance(retry_on, (str, int))
        self.retry_on: list[str | int] = [retry_on] if one else list(retry_on)  # type: ignore[list-item]
        self.timeout = timeout
        self.env = dict(env or {})
        self.cwd = None if cwd is None else os.path.abspath(cwd)
        self.gpus = gpus
        self.max_log = max_log
        self.metrics = metrics
        self.strict = strict
        self._check()

    def _check(self) -> None:
        _number("workers", self.workers, 1, whole=True)
        _number("retries", self.retries, 0, whole=True)
        _number("retry_delay", self.retry_delay, 0)
        _number("timeout", self.timeout, 0, above=True)
        _number("max_log", self.max_log, 1024, whole=True)
        if self.on_error not in ON_ERROR:
            raise _wrong("on_error", f"one of {', '.join(ON_ERROR)}", self.on_error)
        if self.gpus is not None and not isinstance(self.gpus, str):
            ids = list(self.gpus) if isinstance(self.gpus, (list, tuple, range)) else []
            if not ids or not all(isinstance(gpu, (int, str)) for gpu in ids):
                raise _wrong("gpus", '"auto" or a list of ids', self.gpus)
            self.gpus = ids
        if self.cwd is not None and not os.path.isdir(self.cwd):
            raise ConfigError(f"cwd: there is no folder {self.cwd}.")
        for name, value in self.env.items():
            if not (isinstance(name, str) and isinstance(value, str)):
                raise _wrong("env", "a dict of str by str", {name: value})
            if not name or "=" in name or "\0" in name + value:
                raise _wrong("env", "names without = and texts without NUL", {name: value})
        for tag in self.tags:
            if not isinstance(tag, str) or not tag:
                raise _wrong("tags", "a list of words", self.tags)
        if not isinstance(self.metrics, bool):
            from ..runs.scalars import ScalarReader

            ScalarReader(self.metrics)  # says what is wrong with a pattern

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it, for the record: keyword arguments that make the same options."""
        name = None if self.launcher is None else launcher_name(self.launcher)
        return {**vars(self), "launcher": name}


def launcher_name(launcher: str | Callable[[], Launcher]) -> str:
    """What a launcher is called in the record."""
    return launcher if isinstance(launcher, str) else getattr(launcher, "__name__", "own")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _number(
    name: str, value: object, least: float, *, above: bool = False, whole: bool = False
) -> None:
    if value is None:
        return
    kinds = (int,) if whole else (int, float)
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    if not fits or not (value > least if above else value >= least):  # type: ignore[operator]
        kind = "a whole number" if whole else "a number"
        raise _wrong(name, f"{kind} {'above' if above else 'of at least'} {least:g}", value)


def _wrong(name: str, wanted: str, value: object) -> ConfigError:
    return ConfigError(f"{name} must be {wanted}, got {value!r}.")
