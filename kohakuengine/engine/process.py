"""Make a process run a script as `python script.py` would, and put it back as it was."""

from __future__ import annotations

import os
import sys
from _thread import RLock
from contextlib import contextmanager, suppress
from types import ModuleType

from ..config.siblings import siblings
from .script import module_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .script import Script


def main_module(script: Script) -> ModuleType:
    """A module with what Python itself puts into `__main__`, in the order in which it does."""
    from importlib.machinery import SourceFileLoader

    module = ModuleType("__main__")
    names = vars(module)
    names["__loader__"] = SourceFileLoader("__main__", script.path)
    if sys.version_info < (3, 14):
        names["__annotations__"] = {}
    names["__builtins__"] = sys.modules["builtins"]
    names["__file__"] = script.path
    names["__cached__"] = None
    if script.module is not None:
        spec = module_spec(script.module)
        if spec is not None:
            names["__spec__"] = spec
            names["__package__"] = spec.parent
            names["__loader__"] = spec.loader
            names["__cached__"] = spec.cached
    return module


def leave_own_folder() -> None:
    """Take from `sys.path` what Python put there for a command of ours: no script would see it."""
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]


def become(script: Script, module: ModuleType) -> None:
    """Make this process the script's for good; the script's folder must be first on `sys.path`."""
    sys.argv = [script.path if script.module else script.name, *script.argv]
    set_main(module)


def enter_package(script: Script) -> None:
    """Import the packages around a script that is given as a module, as `python -m` does."""
    if script.module is not None:
        import runpy

        runpy._get_module_details(script.module)  # type: ignore[attr-defined]  # it warns, too


def set_main(module: ModuleType) -> None:
    """Put a module in as `__main__`, and where multiprocessing looks for it."""
    sys.modules["__main__"] = module
    if "multiprocessing" in sys.modules:
        sys.modules["__mp_main__"] = module


def exit_status(error: SystemExit) -> int:
    """The exit status that Python gives a process which `sys.exit()` ends."""
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1


# What a script is to a process (`__main__`, `sys.argv`, ...) only one can be at a time: other
# threads wait. A script that runs another one in the same thread doesn't.
one_at_a_time = RLock()


@contextmanager
def borrowed(script: Script, module: ModuleType) -> Iterator[None]:
    """Have this process run a script for a while, and leave it as it was."""
    with _attributes(), _signal_handlers(), _working_directory(), _no_running_loop():
        import warnings

        main = sys.modules["__main__"]
        with warnings.catch_warnings(), siblings(script.folder, forget=True):
            try:
                become(script, module)
                enter_package(script)
                yield
            finally:
                set_main(main)


_ATTRIBUTES = ("argv", "excepthook", "displayhook", "stdin", "stdout", "stderr")


@contextmanager
def _attributes() -> Iterator[None]:
    saved = {name: getattr(sys, name) for name in _ATTRIBUTES}
    argv = list(sys.argv)
    try:
        yield
    finally:
        for name, value in saved.items():
            _let_go(getattr(sys, name, None), value)
            setattr(sys, name, value)
        sys.argv[:] = argv


def _let_go(stream: Any, saved: Any) -> None:
    """Take from a script's `TextIOWrapper(sys.stdout.buffer)` what it would close with itself."""
    buffer = getattr(stream, "buffer", None)
    if stream is not saved and buffer is not None and buffer is getattr(saved, "buffer", None):
        with suppress(ValueError, OSError):  # closed or detached by the script
            stream.flush()
            stream.detach()


@contextmanager
def _signal_handlers() -> Iterator[None]:
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can set handlers, so the script can't either
        return
    saved = {number: signal.getsignal(number) for number in signal.valid_signals()}
    try:
        yield
    finally:
        for number, handler in saved.items():
            # None: a handler that wasn't set by Python, and that Python can't put back.
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _working_directory() -> Iterator[None]:
    try:
        saved = os.getcwd()
    except FileNotFoundError:
        yield
        return
    try:
        yield
    finally:
        with suppress(FileNotFoundError):  # the script, or somebody else, removed it
            os.chdir(saved)


@contextmanager
def _no_running_loop() -> Iterator[None]:
    """Let the script start an event loop of its own, also where one is running: in a notebook."""
    asyncio: Any = sys.modules.get("asyncio")
    running = asyncio and asyncio._get_running_loop()
    if not running:
        yield
        return
    swap = getattr(asyncio.tasks, "_swap_current_task", None)
    task = swap(running, None) if swap else None
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio.set_event_loop(running)
        asyncio._set_running_loop(running)
        if swap:
            swap(running, task)
