"""What can be chosen for a flow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from copy import copy

from ..config.near import did_you_mean, nearest
from ..errors import ConfigError, ConfigTypeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..config.base import Config
    from ..launch.base import Launcher

ANY_CODE = "any-code"  # to resume with what finished before the scripts were changed
STATUSES = ("failed", "timed_out")  # that can be tried again
ON_ERROR = ("continue", "stop", "cancel")
_RETRY_ON = "a list of statuses, exit statuses and names of exceptions"
RETRY_DELAY = 1.0  # before the first retry, in seconds; doubled before each further one

# What a Config can choose for its own run, in the "options" of its metadata.
OF_A_RUN = ("timeout", "retries", "retry_delay", "retry_on", "env", "cwd", "max_log", "tags")


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
        check: Whether values are checked, by the scripts' annotations and by schemas.
        schema: What the configs have to fit: a pydantic model or a dataclass, the class itself.

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
        check: bool = True,
        schema: Any = None,
    ) -> None:
        self.name = name
        self.tags = _listed("tags", tags, "a list of words")
        self.launcher = launcher
        self.workers = workers
        self.on_error = on_error
        self.retries = retries
        self.retry_delay = retry_delay
        self.retry_on: list[str | int] = _listed("retry_on", retry_on, _RETRY_ON)
        self.timeout = timeout
        if not isinstance(env, (Mapping, type(None))):
            raise _wrong("env", "a dict of str by str", env)
        self.env = dict(env or {})
        if not isinstance(cwd, (str, os.PathLike, type(None))):
            raise _wrong("cwd", "a path", cwd)
        self.cwd = None if cwd is None else os.path.abspath(cwd)
        self.gpus = gpus
        self.max_log = max_log
        self.metrics = metrics
        self.strict = strict
        self.check = check
        self.schema = schema
        self._check()

    def _check(self) -> None:
        _number("workers", self.workers, 1, whole=True)
        _number("retries", self.retries, 0, whole=True, needed=True)
        _number("retry_delay", self.retry_delay, 0, needed=True)
        _number("timeout", self.timeout, 0, above=True)
        _number("max_log", self.max_log, 1024, whole=True)
        if self.on_error not in ON_ERROR:
            raise _no_choice("on_error", ON_ERROR, self.on_error)
        if isinstance(self.gpus, str) and self.gpus.isalpha() and self.gpus != "auto":
            raise _wrong("gpus", '"auto" or a list of ids', self.gpus)
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
        for sign in self.retry_on:
            if not isinstance(sign, (str, int)):
                raise _wrong("retry_on", _RETRY_ON, self.retry_on)
            if isinstance(sign, str) and sign.islower() and sign not in STATUSES:
                if near := nearest(sign, STATUSES, 1):
                    raise ConfigError(f"retry_on: there is no {sign}; did you mean {near[0]}?")
        for tag in self.tags:
            if not isinstance(tag, str) or not tag:
                raise _wrong("tags", "a list of words", self.tags)
        if self.schema is not None:
            from ..config.schema import check_schema

            check_schema(self.schema)
        if not isinstance(self.metrics, bool):
            from ..runs.scalars import ScalarReader

            ScalarReader(self.metrics)  # says what is wrong with a pattern

    def with_own(self, own: Mapping[str, Any]) -> Options:
        """These options, and above them those that a run has of its own.

        Args:
            own: As `own_options` gives them. Variables and tags are added to those of the flow.
        """
        if not own:
            return self
        both = copy(self)
        vars(both).update(own)
        both.env = {**self.env, **own.get("env", {})}
        both.tags = [*dict.fromkeys([*self.tags, *own.get("tags", ())])]
        return both

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it, for the record: keyword arguments that make the same options.

        But for a schema, which no JSON can hold: the values of runs that are run again fitted it.
        """
        name = None if self.launcher is None else launcher_name(self.launcher)
        return {**vars(self), "launcher": name, "schema": None}


def own_options(config: Config) -> dict[str, Any]:
    """What a config chooses for its own run, in `options` of its metadata; checked.

    Raises:
        ConfigError: A run can't have such an option, or the option such a value.

    Example:
        >>> from kohakuengine import Config
        >>> own_options(Config({"lr": 1}, metadata={"options": {"timeout": 60, "tags": "slow"}}))
        {'timeout': 60, 'tags': ['slow']}
    """
    given = config.metadata.get("options")
    if given is None:
        return {}
    try:
        return _checked(given)
    except ConfigError as error:
        from ..runs.shown import label, shown_params

        called = label(shown_params(config))
        which = f"the config of {called}" if called else "a config"
        raise ConfigError(f"the options in the metadata of {which}: {error}") from None


def _checked(given: object) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise _wrong("they", "a dict of values by name", given)
    for name in given:
        if name not in OF_A_RUN:
            meant = did_you_mean(name, OF_A_RUN, f"; there are {', '.join(OF_A_RUN)}.", 1)
            raise ConfigError(f"a run has no option {name}{meant}")
    options = Options(**given)
    return {name: getattr(options, name) for name in given}


def check_secrets(config: Config, env: Mapping[str, str]) -> None:
    """Refuse environment variables of a run, which are recorded, that its config holds as secrets.

    Raises:
        ConfigError: There is one.
    """
    secret = sys.modules.get("kohakuengine.config.secret")  # wherever there is a secret
    if secret is None or not env:
        return
    for one in secret.secrets_in(config):
        if one.variable in env:
            raise ConfigError(
                f"{one.variable} is a secret of the config, and what env= and --env say is recorded: "
                "set it in the environment in which kogine is started instead.",
                key=one.variable,
            )


def launcher_name(launcher: str | Callable[[], Launcher]) -> str:
    """What a launcher is called in the record."""
    return launcher if isinstance(launcher, str) else getattr(launcher, "__name__", "own")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _number(
    name: str,
    value: object,
    least: float,
    *,
    above: bool = False,
    whole: bool = False,
    needed: bool = False,
) -> None:
    if value is None and not needed:
        return
    kinds = (int,) if whole else (int, float)
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    if not fits or not (value > least if above else value >= least):  # type: ignore[operator]
        kind = "a whole number" if whole else "a number"
        raise _wrong(name, f"{kind} {'above' if above else 'of at least'} {least:g}", value)


def _listed(name: str, value: object, wanted: str) -> list[Any]:
    """A list of what was given, which may be one alone."""
    if isinstance(value, (str, int)):
        return [value]
    if not isinstance(value, Iterable):
        raise _wrong(name, wanted, value)
    return list(value)


def options_of(choices: Mapping[str, Any]) -> Options:
    """The options that keyword arguments choose.

    Raises:
        ConfigTypeError: There is no option of a name.
        ConfigError: An option has a value that it can't have.
    """
    known = list(vars(Options()))
    for name in choices:
        if name not in known:
            meant = did_you_mean(name, known, f": there are {', '.join(known)}.", 1)
            raise ConfigTypeError(f"there is no option {name}{meant}", field=name, got=name)
    return Options(**choices)


def _no_choice(name: str, choices: Sequence[str], value: object) -> ConfigError:
    meant = did_you_mean(str(value), choices)
    return ConfigError(f"{name} must be one of {', '.join(choices)}, got {value!r}{meant}")


def _wrong(name: str, wanted: str, value: object) -> ConfigError:
    return ConfigError(f"{name} must be {wanted}, got {value!r}.")
