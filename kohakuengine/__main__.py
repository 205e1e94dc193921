"""The `kogine` command, and `python -m kohakuengine`."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:  # what is below `signal`, which imports enum
    import _signal as signal


def main() -> int:
    """Do what the command line says, and give the exit status."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # A Ctrl-C ends this process without a word; whoever has more to do then says so. As an
        # exception it would be lost where Python ignores those, as in the locks of its imports.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # what is loaded now stays to the end: to look through it would only take time
    try:
        outcome = _outcome(sys.argv[1:])
    except OSError as error:  # most likely of writing our own output
        from .cli.reply import give_up

        return give_up(error)
    gc.freeze()  # neither are scripts to pay for it, which may run in forks of this process
    gc.enable()
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


if __name__ == "__main__":
    sys.exit(main())
