"""Make a process run a script for a while, and put it back as it was."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress

from ..config.siblings import script_folder_first, siblings
from .children import hook_children
from .process import become, enter_package, set_main

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from .program import Program
    from .script import Script


@contextmanager
def overrides_in_children(script: Script, program: Program, module: ModuleType) -> Iterator[None]:
    """Have processes that multiprocessing starts meanwhile see a program's overrides."""
    hook = hook_children(script, script.folder, program, module)
    try:
        yield
    finally:
        if hook is not None:
            hook.remove()


@contextmanager
def borrowed(script: Script, module: ModuleType) -> Iterator[None]:
    """Have this process run a script for a while, and leave it as it was."""
    with _attributes(), _signal_handlers(), _working_directory(), _no_running_loop():
        import warnings

        main = sys.modules["__main__"]
        imports = siblings(script.folder, forget=True, first=script_folder_first())
        with warnings.catch_warnings(), imports:
            try:
                become(script, module)
                enter_package(script)
                yield
            finally:
                set_main(main)


_ATTRIBUTES = ("argv", "orig_argv", "excepthook", "displayhook", "stdin", "stdout", "stderr")


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
