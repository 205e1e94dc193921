"""Every error and warning a user can meet.

KogineError
├── ConfigError              a configuration is wrong
│   ├── ConfigTypeError      a field of a Config, or what a generator gave, has the wrong type
│   ├── ConfigFileError      a config file can't be loaded
│   └── NoKeyError           a config can't be told from others: a value in it has no digest
├── OverrideError            an override can't be applied
│   └── CheckError           a config doesn't fit its script or its schema (a ConfigError, too)
├── ScriptError              a script can't be run as it is
│   ├── ScriptNotFoundError  there is no such file or module
│   ├── ScriptSyntaxError    it isn't valid Python
│   └── EntrypointError      there is no such entrypoint, or it doesn't take these arguments
├── LauncherError            there is no such launcher, or it can't do its work here
├── StoreError               the store can't be read or written
│   └── NotFoundError        there is no such run or flow, or there are several
└── RunError                 a run ended badly
    ├── RunsFailed           several runs were asked for their results, and some have none
    ├── ScriptExit           the script ended itself with a status other than 0
    └── ScriptDied           the script's process ended without telling how

OverrideWarning              an override does something its user may not expect
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class KogineError(Exception):
    """Base of every error that KohakuEngine raises on purpose.

    The message is one sentence that says what failed, where, and what to do; the same facts are
    attributes. Survives pickling to another process with its attributes.
    """

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.__dict__.update(facts)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.__dict__.copy())


def _rebuild(kind: type[KogineError], message: str, facts: dict[str, object]) -> KogineError:
    return kind(message, **facts)


class ConfigError(KogineError):
    """A configuration is wrong."""


class ConfigTypeError(ConfigError, TypeError):
    """A field of a Config, or what a generator gave, has the wrong type.

    Attributes:
        field: The field or the function that is wrong, e.g. `"args"`.
        got: The name of the type that came instead.
    """

    field: str
    got: str


class ConfigFileError(ConfigError):
    """A config file can't be loaded.

    Attributes:
        path: The file.
        line: The 1-based line the cause points to, or None.
    """

    path: str
    line: int | None = None


class NoKeyError(ConfigError):
    """A config can't be told from others, since a value in it has no digest.

    Attributes:
        place: Where the value is, e.g. `globals_dict['model'].layers[2]`.
    """

    place: str


class OverrideError(KogineError):
    """An override can't be applied.

    Attributes:
        key: The overridden name, or None when several are wrong.
    """

    key: str | None = None


class CheckError(OverrideError, ConfigError):
    """A config doesn't fit its script or its schema; all of its faults are told at once.

    Attributes:
        faults: Each of them, as a `kohakuengine.config.faults.Fault`.
    """

    faults: tuple[Any, ...] = ()


class ScriptError(KogineError):
    """A script can't be run as it is.

    Attributes:
        path: The script, as given.
    """

    path: str | None = None


class ScriptNotFoundError(ScriptError):
    """There is no such file or module."""


class ScriptSyntaxError(ScriptError):
    """The script isn't valid Python.

    Attributes:
        line: The 1-based line.
    """

    line: int | None = None


class EntrypointError(ScriptError):
    """There is no such entrypoint, there are several, or it doesn't take these arguments.

    Attributes:
        candidates: The names of the functions to choose from.
    """

    candidates: tuple[str, ...] = ()


class LauncherError(KogineError):
    """There is no such launcher, or it can't do its work here."""


class StoreError(KogineError):
    """The store can't be read or written.

    Attributes:
        path: The file or folder that it is about, or None.
        corrupt: Whether it is an index that can't be read, which a reindex makes anew.
        full: Whether it is an index whose disk seems to be full.
    """

    path: str | None = None
    corrupt: bool = False
    full: bool = False


class NotFoundError(StoreError):
    """There is no such run or flow, or there are several.

    Attributes:
        candidates: The ids to choose from where there are several, the first few.
    """

    candidates: tuple[str, ...] = ()


class RunError(KogineError):
    """A run ended badly.

    Attributes:
        exit_code: The exit status of the run's process; negative for the number of a signal.
    """

    exit_code: int | None = None


class RunsFailed(RunError):
    """Several runs were asked for their results, and some have none.

    Attributes:
        ids: The ids of those.
    """

    ids: tuple[str, ...] = ()


class ScriptExit(RunError):
    """The script ended itself with a status other than 0, e.g. by `sys.exit(3)`.

    Attributes:
        said: What it gave to `sys.exit()` in place of a status, as far as that is known; or None.
    """

    said: object = None


class ScriptDied(RunError):
    """The script's process ended without telling how: killed, crashed, or by `os._exit`."""


class OverrideWarning(UserWarning):
    """An override does something its user may not expect."""


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn, pointing to the line that called into KohakuEngine."""
    import sys
    import warnings

    package = __name__.partition(".")[0]
    frame = sys._getframe(1)
    level = 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
