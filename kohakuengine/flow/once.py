"""Run a script once, and give its value to the caller."""

from __future__ import annotations

import sys

from ..errors import OverrideWarning, warn_user
from ..runs.outcome import FINISHED
from ..runs.record import Run, error_of
from .checks import Checked, as_wanted, examine_of
from .options import own_options
from .single import Single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config.base import Config
    from ..engine.script import Script
    from ..launch.relay import Write
    from ..runs.outcome import Outcome
    from .options import Options


def run_once(script: Script, config: Config, *, launcher: str, options: Options) -> object:
    """Run a script once, recorded; see `kohakuengine.run`."""
    config = as_wanted(config, script)
    examine = examine_of(script, config, options)
    checked = Checked(script, config, options.strict, examine)  # and refuse what can't be run
    alone = not own_options(config).get("retries")
    for message in checked.warnings:
        warn_user(message, OverrideWarning)
    if launcher == "inline" and alone:
        return _inline(script, config, options)
    if launcher == "fresh" and alone:
        return _fresh(Single(script, config, options, launcher, checked.program))
    from .sequential import Sequential

    options.launcher = launcher
    [run] = Sequential(script, config=config, options=options).run(show=True)
    return run.result


def _inline(script: Script, config: Config, options: Options) -> object:
    from ..launch.base import check_limits
    from ..launch.inline import Inline, execute

    check_limits(Inline, options.with_own(own_options(config)))
    single = Single(script, config, options, "inline")
    single.began()
    try:
        return execute(single.job, echo=True, warn=False)
    finally:
        single.ended()


def run_here(script: Script, config: Config, options: Options, warn: Callable[[str], None]) -> Run:
    """Run a script once in this process, recorded, and give its Run, whose `module` is the script's.

    Args:
        script: What is run.
        config: What it is run with.
        options: How.
        warn: Is told what the config does that its user may not expect.

    Raises:
        KogineError: Nothing was run, because of what the message says.
        BaseException: What the script raised.
    """
    from ..launch.base import check_limits
    from ..launch.inline import Inline, execute

    config = as_wanted(config, script)
    examine = examine_of(script, config, options)
    for message in Checked(script, config, options.strict, examine).warnings:
        warn(message)
    check_limits(Inline, options.with_own(own_options(config)))
    single = Single(script, config, options, "inline")
    single.began()
    run = Run(single.recorder.store, single.id)
    try:
        execute(single.job, echo=True, warn=False, ran=run.keep_module)
    finally:
        single.ended()
    return run


def _fresh(single: Single) -> object:
    out, err = _writer("stdout"), _writer("stderr")
    seen = single.run(out=out, err=err, started=single.began)
    outcome = single.ended()
    if seen.interrupts and outcome.status != FINISHED:
        raise KeyboardInterrupt from outcome.error
    return _value(single, outcome)


def _value(single: Single, outcome: Outcome) -> object:
    if outcome.status != FINISHED:
        raise error_of(outcome, single.script.name)
    if outcome.warning is not None:
        warn_user(outcome.warning, RuntimeWarning)
    return outcome.result


def _writer(name: str) -> Write | None:
    """What passes output on to a stream of ours that isn't the process' own, as in a notebook."""
    stream = getattr(sys, name)
    if stream is None or stream is getattr(sys, f"__{name}__"):
        return None
    from codecs import getincrementaldecoder

    decoder = getincrementaldecoder("utf-8")("replace")

    def write(data: bytes) -> None:
        stream.write(decoder.decode(data))
        stream.flush()

    return write
