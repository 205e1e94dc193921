"""Run a script in a new interpreter."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from ..config.siblings import siblings
from ..engine.process import one_at_a_time
from ..engine.program import compile_program
from ..errors import (
    EntrypointError,
    LauncherError,
    OverrideWarning,
    ScriptDied,
    ScriptExit,
    warn_user,
)
from ..runs.outcome import read_outcome
from ..runs.paths import RunPaths
from ..runs.spec import write_spec
from .ending import end, passing_signals_to, wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from ..config.base import Config
    from ..engine.script import Script


def run(script: Script, config: Config, *, strict: bool = False) -> object:
    """Run a script in a new interpreter, and give its entrypoint's value.

    What the script prints goes where this process' own standard output goes.

    Raises:
        ScriptError, OverrideError: Nothing was run, because of what the message says.
        ScriptExit: The script ended itself with a status other than 0.
        ScriptDied: Its process ended without telling how.
        Exception: What the script raised; its cause shows the traceback of the script's process.
    """
    for message in _checked(script, config, strict):
        warn_user(message, OverrideWarning)
    with _run_directory(script, config, strict) as paths:
        with _worker(paths) as process:
            try:
                status = process.wait()
            except BaseException:  # interrupted: the script isn't to outlive us
                end(process)
                raise
        with one_at_a_time, siblings(script.folder):  # classes from modules beside the script
            outcome = read_outcome(paths.attempt(1))
    if outcome is not None and isinstance(outcome.error, KeyboardInterrupt):
        raise outcome.error
    if outcome is None or outcome.exit_code != status:
        raise ScriptDied(f"{script.name} {_manner(status)}.", exit_code=status)
    if outcome.error is not None:
        raise outcome.error
    if status != 0:
        raise ScriptExit(f"{script.name} exited with status {status}.", exit_code=status)
    if outcome.warning is not None:
        warn_user(outcome.warning, RuntimeWarning)
    return outcome.result


def run_command(
    script: Script, config: Config, *, strict: bool = False, warn: Callable[[str], None]
) -> int:
    """Run a script in a new interpreter, and give its exit status; negative for a signal.

    Raises:
        ScriptError, OverrideError: Nothing was run, because of what the message says.
    """
    for message in _checked(script, config, strict):
        warn(message)
    with _run_directory(script, config, strict) as paths:
        with _worker(paths) as process, passing_signals_to(process):
            status = wait(process)
        outcome = read_outcome(paths.attempt(1))
    if outcome is not None and isinstance(outcome.error, EntrypointError):
        raise outcome.error
    return status


def _checked(script: Script, config: Config, strict: bool) -> list[str]:
    """Refuse before a process is started what can't be run; give the warnings."""
    import warnings

    with one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of Python's compiler come from the process itself
        return compile_program(script, config, strict=strict).warnings


# `python -m` would look for our modules, and those we need, in the working directory first.
_START = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    f"from {__package__}.worker import main; sys.exit(main(sys.argv[1]))"
)


@contextmanager
def _run_directory(script: Script, config: Config, strict: bool) -> Iterator[RunPaths]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="kogine-") as folder:
        paths = RunPaths(folder)
        made_of = {
            "target": script.name,
            "entrypoint": script.entrypoint,
            "argv": list(script.argv),
        }
        try:
            write_spec(paths, made_of, config, strict)
        except Exception as error:  # objects have many ways to say that they can't be pickled
            raise LauncherError(
                f"the config can't be sent to a new process: {error}. Run it inline, "
                "or have the script make that object."
            ) from error
        yield paths


def _worker(paths: RunPaths) -> subprocess.Popen[bytes]:
    import subprocess

    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    command = [sys.executable, *flags, "-c", _START, paths.folder]
    return subprocess.Popen(command)


def _manner(status: int) -> str:
    if status >= 0:
        return f"ended with status {status} before it could tell its result"
    import signal

    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was killed by {name}"
