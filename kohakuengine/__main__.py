"""The `kogine` command, and `python -m kohakuengine`."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:  # what is below `signal`, which imports enum
    import _signal as signal


def main() -> int:
    """Do what the command line says, and give the exit status."""
    command = os.getpid()
    gc.disable()  # what is loaded now stays to the end: to look through it would only take time
    try:
        outcome = _outcome(sys.argv[1:])
    except KeyboardInterrupt:
        return 130  # what a shell says of a command that was ended by Ctrl-C
    except OSError as error:  # most likely of writing our own output
        from .cli.reply import give_up

        return give_up(error)
    gc.freeze()  # neither are scripts to pay for it, which may run in forks of this process
    gc.enable()
    # Nothing of click is on the stack any more: a script may use click, exit or be interrupted,
    # and all of that is its own.
    status = outcome if isinstance(outcome, int) else outcome()
    # All that is left to the command is to end: a Ctrl-C may do that, without a word. A script's
    # process is that of a script to its end.
    handler = signal.getsignal(signal.SIGINT)
    if os.getpid() == command and handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return status


def _outcome(arguments: list[str]) -> int | Callable[[], int]:
    if arguments == ["--version"]:  # answered without importing anything
        print("kogine", sys.modules[__package__].__version__, flush=True)  # loaded already
        return 0
    from .engine.process import leave_own_folder

    leave_own_folder()
    from .cli.app import parse_command

    return parse_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
