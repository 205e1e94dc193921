"""What a run's process does: `python -m kohakuengine.launch.worker RUN_DIR ATTEMPT ORDERS`.

It is handed the run's directory and what its init has to know, and nothing else.
"""

from __future__ import annotations

import os
import sys

from ..runs.paths import RunPaths
from .init import Orders, leave_script_to_child


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
    from .script_run import run_script  # its init doesn't need what that loads

    return run_script(paths, attempt)


if __name__ == "__main__":
    from ..engine.process import leave_own_folder

    leave_own_folder()
    sys.exit(main(*sys.argv[1:]))
