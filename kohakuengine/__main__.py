"""The `kogine` command, and `python -m kohakuengine`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Do what the command line says, and give the exit status."""
    try:
        outcome = _outcome(sys.argv[1:])
    except KeyboardInterrupt:
        return 130  # what a shell says of a command that was ended by Ctrl-C
    except OSError as error:  # most likely of writing our own output
        return _give_up(error)
    # Nothing of click is on the stack any more: a script may use click, exit or be interrupted,
    # and all of that is its own.
    return outcome if isinstance(outcome, int) else outcome()


def _outcome(arguments: list[str]) -> int | Callable[[], int]:
    if arguments == ["--version"]:  # answered without importing anything
        print("kogine", sys.modules[__package__].__version__, flush=True)  # loaded already
        return 0
    from .engine.process import leave_own_folder

    leave_own_folder()
    from .cli.app import parse_command

    return parse_command(arguments)


def _give_up(error: OSError) -> int:
    # The interpreter writes what is left at its end, and is not to fail at that with a message.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):  # as of `kogine params train.py | head -1`
        return 1
    print(f"kogine: error: {error.strerror or error}.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
