"""Run a script in this very process, for a debugger or a profiler that has it in view."""

from __future__ import annotations

import os
import sys
import time

from ..launch.tee import Tee
from ..launch.script_run import run_program
from ..runs.outcome import FAILED, FINISHED, write_outcome
from .reply import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..engine.program import Program
    from ..flow.single import Single

# With these, coverage.py measures forks by itself.
_FOLLOWED = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


def is_observed() -> bool:
    """Whether something follows what this process executes: pdb, coverage.py, cProfile, an IDE.

    It would lose sight of a script that ran in a fork.
    """
    if any(name in os.environ for name in _FOLLOWED):
        return False
    monitoring = getattr(sys, "monitoring", None)  # since Python 3.12
    tools = monitoring and any(monitoring.get_tool(number) for number in range(6))
    return bool(tools or sys.gettrace() or sys.getprofile())


def in_this_process(single: Single, program: Program) -> int:
    """Run a script here and record it, and give its exit status.

    Its output is kept as far as it goes through `sys.stdout` and `sys.stderr`. Where the process
    dies without coming to its end, the next look at the store finds the run interrupted.
    """
    started = time.time()
    attempt = single.job.attempt
    os.environ.update(single.job.variables())
    single.began()
    log = open(attempt.output, "ab", buffering=0)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None:
            setattr(sys, name, Tee(stream, log, echo=True))

    def kept(status: int) -> None:
        outcome = FINISHED if status == 0 else FAILED
        write_outcome(attempt, outcome, status, started=started, ended=time.time())
        single.ended()
        if single.fault is not None:
            warn(single.fault)

    return run_program(single.script, program, attempt, kept)
