"""What a run's process does: `python -m kohakuengine.launch.worker RUN_DIR`.

It is handed the run's directory and nothing else.
"""

from __future__ import annotations

import os
import sys

from ..engine.process import leave_own_folder
from ..engine.script import Script
from ..engine.takeover import take_over
from ..errors import KogineError
from ..runs.outcome import Outcome, write_outcome
from ..runs.paths import RunPaths
from ..runs.spec import read_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..engine.takeover import Ending


def main(folder: str) -> int:
    """Run what the directory says, and write how it ended.

    Returns:
        The exit status of the script.
    """
    paths = RunPaths(folder)
    attempt = paths.attempt(1)

    worker = os.getpid()

    def ended(ending: Ending) -> None:
        if os.getpid() != worker:
            return  # a child that the script forked and that came to the end of the script
        try:
            write_outcome(attempt, Outcome(ending.status, ending.value, ending.error))
        except OSError as error:  # most likely no room: say so, and let the script end as it does
            print(f"kogine: error: the result can't be kept: {error}.", file=sys.stderr)

    try:
        spec, config = read_spec(paths)
        script = Script(**spec["script"])
        # Its warnings were given before this process was started.
        return take_over(
            script, config, strict=spec["strict"], warn=lambda message: None, ended=ended
        ).status
    except KogineError as error:
        write_outcome(attempt, Outcome(2, error=error))
        return 2


if __name__ == "__main__":
    leave_own_folder()
    sys.exit(main(sys.argv[1]))
