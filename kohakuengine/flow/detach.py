"""Run a flow in a process of its own, which outlives this one, its terminal and its kernel."""

from __future__ import annotations

import os
import signal
import sys

from ..errors import KogineError, LauncherError
from ..runs.store import RunStore
from .attached import AttachedFlow
from .lines import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TextIO

    from .base import Workflow

_START = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    f"from {__name__} import main; main(*sys.argv[1:])"
)


def fork_detached(workflow: Workflow, resume: bool | str) -> str:
    """Begin a flow in a fork of this process, which must have one thread; give the flow's id.

    Raises:
        KogineError: It couldn't begin.
    """
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        _leave()
        _run(workflow, resume, write)
    os.close(write)
    return _announced(read, child)


def spawn_detached(workflow: Workflow, resume: bool | str) -> AttachedFlow:
    """Begin a flow in a new interpreter, and give a handle for it.

    Raises:
        LauncherError: The flow can't be sent there: it is over an iterator, or an object in it
            can't be pickled.
        KogineError: It couldn't begin.
    """
    import subprocess
    import tempfile

    import cloudpickle

    from ..config.siblings import import_folders

    try:
        data = cloudpickle.dumps((workflow, resume))
    except Exception as error:  # objects have many ways to say that they can't be pickled
        raise LauncherError(
            f"the flow can't be detached: {error}. Give its configs as a list, or by a generator "
            "function."
        ) from error
    read, write = os.pipe()
    with tempfile.TemporaryFile() as file:
        file.write(cloudpickle.dumps((import_folders(), data)))
        file.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(write)],
            stdin=file,
            stdout=subprocess.DEVNULL,
            pass_fds=[write],
            start_new_session=True,
        )
        process.returncode = 0  # nobody waits for it
    os.close(write)
    return AttachedFlow(RunStore(), _announced(read, process.pid))


def main(write: str) -> NoReturn:
    """What the new interpreter does: the flow comes on its standard input."""
    import pickle

    folders, data = pickle.load(sys.stdin.buffer)
    sys.path += [folder for folder in folders if folder not in sys.path]
    workflow, resume = pickle.loads(data)
    _leave()
    _run(workflow, resume, int(write))


def _leave() -> None:
    """Leave the terminal: its session, its signals, its input."""
    if os.getpgrp() != os.getpid():
        os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)


def _run(workflow: Workflow, resume: bool | str, write: int) -> NoReturn:
    """Run a flow, saying on a descriptor what its id is, or why it couldn't begin."""
    status = 1
    view = _Announcing(write)
    try:
        handle = workflow.start_here(resume, view, wait=workflow.inline)
        if handle.live:
            signal.signal(signal.SIGTERM, lambda number, frame: handle.cancel("terminate"))
        handle.join()
        status = 0
    except KogineError as error:
        view.announce(f"!{error}")
    except BaseException:
        import traceback

        view.announce(f"!{traceback.format_exc()}")
    finally:
        os._exit(status)


class _Announcing(Lines):
    """Says on a descriptor what the flow's id is when it has begun, and shows it in its log."""

    def __init__(self, write: int) -> None:
        super().__init__(open(os.devnull, "w"), labelled=True)  # until there is a log
        self._write = write

    def flow_began(self, flow: str, total: int | None) -> None:
        """From now on nobody has to wait."""
        self.stream = _log_to(RunStore().paths.flow(flow).log)
        self.announce(flow)

    def announce(self, text: str) -> None:
        """Say something, once: there is nobody who listens any longer."""
        if self._write >= 0:
            os.write(self._write, text.encode("utf-8", "replace"))
            os.close(self._write)
            self._write = -1


def _log_to(path: str) -> TextIO:
    """Have all that this process says from now on in a file."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for fd in (1, 2):
        os.dup2(log, fd)
    sys.stdout = sys.stderr = open(2, "w", buffering=1, closefd=False, errors="backslashreplace")
    return sys.stdout


def _announced(read: int, child: int) -> str:
    """The id of the flow, which a process says; a Ctrl-C before that ends it."""
    with open(read, "rb") as pipe:
        try:
            said = pipe.read().decode("utf-8", "replace")
        except BaseException:
            os.kill(child, signal.SIGTERM)  # it is ours, and nobody has waited for it
            raise
    if not said or said.startswith("!"):
        raise LauncherError(said[1:] or "the flow's process ended before it could begin.")
    return said
