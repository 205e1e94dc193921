"""Give this process over to a script for good, as `python script.py` would.

What the script leaves for the interpreter's end (threads, atexit functions, its own objects) is
seen to then, as for any script: nothing is put back here.
"""

from __future__ import annotations

import os
import sys

from ..config.siblings import script_folder_first, siblings
from .children import hook_children
from .process import become, enter_package, exit_status, main_module, said_at_exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .program import Program
    from .script import Script

_OUR_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Ending:
    """How a script came to its end.

    Attributes:
        status: The exit status that Python would give it.
        value: The value of its entrypoint, None where it has none or didn't get there.
        error: What it raised and didn't catch, or None.
        said: What it gave to `sys.exit()` in place of a status, mostly a text; or None.
    """

    def __init__(
        self,
        status: int,
        value: object = None,
        error: BaseException | None = None,
        said: object = None,
    ) -> None:
        self.status = status
        self.value = value
        self.error = error
        self.said = said


def take_over(
    script: Script,
    program: Program,
    ended: Callable[[Ending], None] = lambda ending: None,
    begin: Callable[[], None] = lambda: None,
) -> Ending:
    """Run a script as this process' own, for good.

    An exception that the script doesn't catch is handed to its `sys.excepthook`, without our
    frames in the traceback.

    Args:
        script: What to run.
        program: The script, compiled.
        ended: Is called when the script has come to its end, also where this function raises.
        begin: Is called right before the script begins; what it raises counts as the script's.

    Raises:
        SystemExit: The script ended itself.
        KeyboardInterrupt: It was interrupted. Its traceback has been shown, and the interpreter
            will say nothing more; uncaught, this ends the process by SIGINT, as Python does.
        EntrypointError: There is no such entrypoint after all.
    """
    module = main_module(script)
    folder = script.folder
    imports = siblings(folder, first=script_folder_first())
    imports.stay()  # sys.path and modules are the script's
    hook_children(script, folder, program, module)
    become(script, module)
    try:
        begin()
        enter_package(script)
        ending = Ending(0, program.execute(vars(module)))
    except SystemExit as error:
        with imports.suspended():
            said = said_at_exit(error)
            ended(Ending(exit_status(error), program.kept_value, said=said))
        error.__traceback__ = None
        raise
    except BaseException as error:
        if error is program.refusal:
            raise
        error.__traceback__ = without_our_frames(error.__traceback__)
        ending = Ending(1, error=error)
    with imports.suspended():
        ended(ending)
    if ending.error is not None:
        if script.is_notebook and sys.version_info < (3, 13):
            _read_lines_in_memory()
        # Outside of the except clause: for its excepthook no other exception is being handled.
        _report(ending.error)
    if isinstance(ending.error, KeyboardInterrupt):
        sys.excepthook = lambda kind, value, traceback: None
        raise ending.error
    return ending


def without_our_frames(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback less the frames of KohakuEngine."""
    frames = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(_OUR_FOLDER):
            frames.append(traceback)
        traceback = traceback.tb_next
    for frame, following in zip(frames, [*frames[1:], None]):
        frame.tb_next = following
    return frames[0] if frames else None


def _read_lines_in_memory() -> None:
    """Have tracebacks show lines of a text that is no file, as Python 3.13 does by itself."""
    if getattr(sys, "excepthook", None) is sys.__excepthook__:
        import traceback

        sys.excepthook = traceback.print_exception


def _report(error: BaseException) -> None:
    """Hand an uncaught exception to the script's excepthook, as the interpreter would."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    if not hasattr(sys, "excepthook"):  # the script has deleted it
        _say("sys.excepthook is missing\n")
        sys.__excepthook__(type(error), error, error.__traceback__)
        return
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit:
        raise
    except BaseException as failure:
        failure.__traceback__ = without_our_frames(failure.__traceback__)
        _say("Error in sys.excepthook:\n")
        sys.__excepthook__(type(failure), failure, failure.__traceback__)
        _say("\nOriginal exception was:\n")
        sys.__excepthook__(type(error), error, error.__traceback__)


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
