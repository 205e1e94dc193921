"""The `kogine` command, and `python -m kohakuengine`."""

from __future__ import annotations

import os
import sys

from . import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Do what the command line says, and give the exit status."""
    try:
        outcome = _outcome(sys.argv[1:])
    except KeyboardInterrupt:
        return 130  # what a shell says of a command that was ended by Ctrl-C
    except BrokenPipeError:  # as of `kogine params train.py | head -1`
        # The interpreter flushes stdout at its end, and is not to meet the broken pipe there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    # Nothing of click is on the stack any more: a script may use click, exit or be interrupted,
    # and all of that is its own.
    return outcome if isinstance(outcome, int) else outcome()


def _outcome(arguments: list[str]) -> int | Callable[[], int]:
    if arguments == ["--version"]:  # answered without importing anything
        print(f"kogine {__version__}", flush=True)
        return 0
    from .engine.process import leave_own_folder

    leave_own_folder()
    from .cli.app import parse_command

    return parse_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
