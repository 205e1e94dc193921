"""Run a run's script as this process' own, and keep what comes of it."""

from __future__ import annotations

import os
import sys

from ..engine.takeover import take_over
from ..errors import EntrypointError, KogineError
from ..runs.ending import write_ending
from .init import forget_interrupts, hold_interrupts, take_interrupts
from .prepared import prepared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..engine.program import Program
    from ..engine.script import Script
    from ..engine.takeover import Ending
    from ..runs.paths import AttemptPaths, RunPaths


def run_script(
    paths: RunPaths, attempt: AttemptPaths, ready: tuple[Script, Program] | None = None
) -> int:
    """Run what a run's directory says as this process' own script, and give its exit status.

    Args:
        paths: The run's directory.
        attempt: That of the attempt.
        ready: What the directory says, where somebody has read that already.
    """
    try:
        script, program = ready or prepared(paths)
    except KogineError as error:
        write_ending(attempt, error=error)
        return 2
    return run_program(script, program, attempt)


def run_program(
    script: Script,
    program: Program,
    attempt: AttemptPaths,
    kept: Callable[[int], None] = lambda status: None,
) -> int:
    """Run a script as this process' own, keep what comes of it, and give its exit status.

    Args:
        script: The script.
        program: The script, compiled.
        attempt: Where what comes of it is kept.
        kept: Is called with the exit status when that has been done.
    """
    try:
        program.reveal()
    except KogineError as error:
        write_ending(attempt, error=error)
        kept(2)
        return 2
    process = os.getpid()

    def ended(ending: Ending) -> None:
        if os.getpid() != process:
            return  # a child that the script forked and that came to the end of the script
        mask = hold_interrupts()
        try:
            write_ending(attempt, result=ending.value, error=ending.error, said=ending.said)
        except OSError as error:  # most likely no room: say so, and let the script end as it does
            print(f"kogine: error: the result can't be kept: {error}.", file=sys.stderr)
        finally:
            forget_interrupts(mask)
        kept(ending.status)

    write_lines_at_once()
    try:
        return take_over(script, program, ended, take_interrupts).status
    except EntrypointError as error:
        if error is not program.refusal:
            raise
        write_ending(attempt, error=error)
        return 2


def write_lines_at_once() -> None:
    """Have what the script prints seen line by line while it runs."""
    if sys.stdout is not None and not sys.stdout.line_buffering:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
