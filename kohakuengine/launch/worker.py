"""What a run's process does: `python -m kohakuengine.launch.worker RUN_DIR ATTEMPT ORDERS`.

It is handed the run's directory and what its init has to know, and nothing else.
"""

from __future__ import annotations

import os
import sys

from ..runs.paths import AttemptPaths, RunPaths
from .init import Orders, leave_script_to_child, take_interrupts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..engine.program import Program
    from ..engine.script import Script
    from ..engine.takeover import Ending


def main(folder: str, number: str, orders: str) -> int:
    """Run what the directory says, in a process that is watched over; write how it ended.

    Args:
        folder: The run's directory.
        number: That of the attempt.
        orders: For the run init, as `Orders.to_text()` gives them.

    Returns:
        The exit status of the script.
    """
    paths = RunPaths(os.path.abspath(folder))
    attempt = paths.attempt(int(number))
    leave_script_to_child(attempt, Orders.from_text(orders))
    return run_script(paths, attempt)


def run_script(
    paths: RunPaths, attempt: AttemptPaths, ready: tuple[Script, Program] | None = None
) -> int:
    """Run what a run's directory says as this process' own script, and give its exit status.

    Args:
        paths: The run's directory.
        attempt: That of the attempt.
        ready: What the directory says, where somebody has read that already.
    """
    from ..errors import KogineError
    from ..runs.ending import write_ending
    from .prepared import prepared

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
    from ..engine.takeover import take_over
    from ..errors import EntrypointError
    from ..runs.ending import write_ending

    process = os.getpid()

    def ended(ending: Ending) -> None:
        if os.getpid() != process:
            return  # a child that the script forked and that came to the end of the script
        try:
            write_ending(attempt, result=ending.value, error=ending.error, said=ending.said)
        except OSError as error:  # most likely no room: say so, and let the script end as it does
            print(f"kogine: error: the result can't be kept: {error}.", file=sys.stderr)
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


if __name__ == "__main__":
    from ..engine.process import leave_own_folder

    leave_own_folder()
    sys.exit(main(*sys.argv[1:]))
