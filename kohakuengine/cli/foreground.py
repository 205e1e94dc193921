"""Run one script as `python script.py` would, at this terminal, and record it."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial

from ..engine.compiler import compile_program
from ..errors import ConfigError, EntrypointError, KogineError
from ..flow.checks import Checked, as_wanted, examine_of
from ..flow.single import Single
from ..launch.forked import InScript, fork
from ..launch.init import hold_interrupts
from ..launch.script_run import run_program
from ..runs.outcome import CANCELLED, FAILED, FINISHED, OUT_OF_MEMORY
from .observed import in_this_process, is_observed
from .reply import fail, give_up, say_error, tell_interrupted, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from ..config.base import Config
    from ..engine.script import Script
    from ..flow.options import Options
    from ..runs.outcome import Outcome

_LOST = 120  # what Python makes of 0 where it can't write what a script has printed


def run_in_terminal(script: Script, config: Config, options: Options, launcher: str) -> int:
    """Run a script once, and give the exit status of the command.

    With the inline launcher this returns in the process of the script, too: what it gives is then
    the script's own exit status, and all that is left to do is to end.
    """
    in_script = False
    mask = hold_interrupts()  # until they are passed on to the script
    try:
        config = as_wanted(config, script)
        examine = examine_of(script, config, options)
        if launcher == "inline":
            program = compile_program(script, config, strict=options.strict, examine=examine)
            warnings, kept = program.warnings, None
        else:
            checked = Checked(script, config, options.strict, examine)
            warnings, kept = checked.warnings, checked.program
        for message in warnings:
            warn(message)
        single = Single(script, config, options, launcher, kept)
        if launcher == "inline" and is_observed():
            _take_interrupts(mask)
            return in_this_process(single, program)
        seen = _run(single, launcher, mask)
        outcome = single.ended()
        if single.fault is not None:
            warn(single.fault)
    except InScript:
        in_script = True
    except KogineError as error:
        return fail(error)
    except KeyboardInterrupt:  # before the script has begun
        return 130
    if in_script:  # and no exception is being handled any more
        _take_interrupts()  # when it begins
        return run_program(script, program, single.job.attempt)
    if seen.log_fault is not None:
        warn(f"the log isn't whole: {seen.log_fault.strerror}.")
    lost = seen.output_fault
    if lost is not None:
        give_up(lost)
    status = _status(single, outcome, bool(seen.interrupts))
    _leave(status if lost is None or isinstance(lost, BrokenPipeError) else status or _LOST)


def _take_interrupts(mask: set[int] | None = None) -> None:
    """Have a Ctrl-C be to this process what it is to a script's."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _run(single: Single, launcher: str, mask: set[int]) -> Outcome:
    starting = fork if launcher == "inline" else None
    return single.run(
        starting=starting,
        mask=mask,
        started=partial(single.began, forking=True),
        stop=single.recorder.store.stop_process,
    )


def _status(single: Single, outcome: Outcome, interrupted: bool) -> int:
    """Tell what the script itself can't have told, and give the exit status."""
    name = single.script.name
    error = outcome.error
    if isinstance(error, EntrypointError):
        return fail(error)
    if isinstance(error, ConfigError) and outcome.exit_code == 2:  # ours: no script ends so by one
        return fail(error)
    # That a result can't be kept is in the record, for `kogine show`: plain python says nothing.
    if outcome.exit_code == -signal.SIGINT or (interrupted and outcome.status == CANCELLED):
        tell_interrupted(name)
    elif outcome.status not in (FINISHED, FAILED, CANCELLED):
        say_error(f"{name} was ended: {outcome.reason}.")
        return 1
    elif outcome.reason == OUT_OF_MEMORY:
        say_error(f"{name} {outcome.reason}.")
    return 1 if outcome.exit_code is None else _as_process(outcome.exit_code)


def _leave(status: int) -> NoReturn:
    """End this process at once: to take down what it has loaded would take as long as a script."""
    _flush()
    os._exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            continue  # no room, or nobody reads it: that has been told where it can be


def _as_process(status: int) -> int:
    """End by the signal that ended the script's process, if one did; else give its status."""
    if status >= 0:
        return status
    _flush()
    if -status not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    return 128 - status  # where a signal doesn't end us
