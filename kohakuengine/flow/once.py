"""Run a script once, and give its value to the caller."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from ..errors import OverrideWarning, warn_user
from ..runs.outcome import FINISHED
from ..runs.record import Run, error_of
from .checks import Checked, as_wanted, examine_of
from .interrupts import Interrupts
from .options import own_options
from .single import Single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

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
    from ..launch.inline import Inline

    check_limits(Inline, options.with_own(own_options(config)))
    return _carried_out(Single(script, config, options, "inline"))


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
    from ..launch.inline import Inline

    config = as_wanted(config, script)
    examine = examine_of(script, config, options)
    for message in Checked(script, config, options.strict, examine).warnings:
        warn(message)
    check_limits(Inline, options.with_own(own_options(config)))
    single = Single(script, config, options, "inline")
    run = Run(single.recorder.store, single.id)
    _carried_out(single, ran=run.keep_module)
    return run


def _carried_out(single: Single, **how: Any) -> object:
    """Run it in this process: a Ctrl-C is the script's own.

    Args:
        single: The run.
        how: More arguments of `execute()`.
    """
    from ..launch.inline import execute

    with _whole() as interrupts:

        def call(script: Callable[[], object]) -> object:
            interrupts.to_user()
            try:
                return script()
            finally:
                interrupts.to_flow()

        try:
            single.began()
            return execute(single.job, echo=True, warn=False, call=call, **how)
        finally:
            _end(single)


@contextmanager
def _whole() -> Iterator[Interrupts]:
    """A Ctrl-C amid our own records is raised when these are whole."""
    came: list[bool] = []
    with Interrupts(lambda: came.append(True)) as interrupts:
        yield interrupts
    if came:
        raise KeyboardInterrupt


def _end(single: Single) -> Outcome:
    outcome = single.ended()
    if single.fault is not None:
        warn_user(single.fault, RuntimeWarning)
    return outcome


def _fresh(single: Single) -> object:
    out, err = _writer("stdout"), _writer("stderr")
    seen = single.run(out=out, err=err, started=single.began)
    with _whole():
        outcome = _end(single)
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
