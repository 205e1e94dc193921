"""The script's process under the warm launcher: made to be as a new interpreter's, and ended as one.

It has been forked from a process that has made the script's leading imports, and nothing else.
"""

from __future__ import annotations

import os
import sys

from .init import call_c, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any, NoReturn
else:  # what is below `signal`, as in `init`
    import _signal as signal

# In the environment of a server, so that the ids of runs can be written over it: what a script
# forks without executing anything keeps that memory, by which it is found.
IDS = ("KOGINE_RUN_ID", "KOGINE_FLOW_ID")
ROOM = 64  # bytes for each
MARKS: Mapping[str, str] = {name: "." * ROOM for name in IDS}  # which stand there until then

# What CPython takes away from `sys` when it begins to end (finalize_modules_delete_special() in
# Python/pylifecycle.c).
_TAKEN_FROM_SYS = (
    *("path", "argv", "ps1", "ps2", "last_type", "last_value", "last_traceback", "last_exc"),
    *("path_hooks", "path_importer_cache", "meta_path", "__interactivehook__"),
)


# What is found out before the fork: what a fork looks at for the first time the system copies.
by_chance: list[Any] = []  # the bit generators of numpy's that were seeded by chance
loaded: frozenset[str] = frozenset()  # the modules
_ours: list[str] = []  # of these, those of a server


def note_modules() -> None:
    """Note which modules are loaded; called when there will be no more before the fork."""
    global loaded, _ours
    loaded = frozenset(sys.modules)
    _ours = [name for name in loaded if name.startswith(f"{__package__}.warm_")]


def ids_as_bytes(variables: Mapping[str, str | None]) -> bytes:
    """The ids of a run and its flow as an environment holds them, of the same length for any ids.

    Example:
        >>> len(ids_as_bytes({})) == len(ids_as_bytes({"KOGINE_RUN_ID": "5d1c0a4b"}))
        True
    """
    values = [(variables.get(name) or "").encode()[:ROOM].ljust(ROOM, b"\0") for name in IDS]
    return b"".join(f"{n}=".encode() + value + b"\0" for n, value in zip(IDS, values))


def place_of_ids() -> object:
    """Where in this process' memory the ids are, for `write_ids()`.

    Raises:
        OSError, ValueError: They can't be found.
    """
    from _ctypes import _SimpleCData

    class Address(_SimpleCData):  # type: ignore[type-arg]  # as ctypes.c_void_p
        _type_ = "P"

    with open("/proc/self/stat", "rb") as file:
        facts = file.read().rpartition(b")")[2].split()
    start, end = int(facts[47]), int(facts[48])  # env_start and env_end, of which state is the 3rd
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        memory.seek(start)
        block = memory.read(end - start)
    return Address(start + block.rindex(ids_as_bytes(MARKS)))


def write_ids(place: object, variables: Mapping[str, str | None]) -> None:
    """Write the ids of a run and its flow where `ps` and we look for them."""
    data = ids_as_bytes(variables)
    call_c("memcpy", place, data, len(data))


def renew() -> None:
    """Give this process what each new interpreter has for itself."""
    modules = sys.modules
    for bits in by_chance:  # random does so by itself
        bits.state = type(bits)().state
    if "multiprocessing.process" in modules:
        process = modules["multiprocessing.process"]
        process.current_process()._config["authkey"] = process.AuthenticationString(os.urandom(32))
    if "logging" in modules:
        import time

        now = time.time_ns if sys.version_info >= (3, 13) else time.time
        vars(modules["logging"])["_startTime"] = now()
    for name in _ours:
        del modules[name]


def run_to_the_end(run: Callable[[], int]) -> NoReturn:
    """Run a script, and end this process as the interpreter would after it.

    The whole of that would take down all that the process was forked with, for nothing: what the
    script has left is seen to, in the interpreter's order, and then the process ends.

    Args:
        run: Runs the script and gives its exit status, or raises what is to end the process.
    """
    interrupted = False
    try:
        status = run()
    except SystemExit as error:
        status = _status(error)
    except KeyboardInterrupt:  # it has been shown
        status, interrupted = 1, True
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    _join_threads()
    _run_exit_functions()
    if not _flush():
        status = 120
    if _has_threads():  # they would meet with what is half taken down
        _restore_status(status, interrupted)
    _take_down()
    if not _flush():
        status = 120
    _flush_c()
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status & 0xFF)


def _status(error: SystemExit) -> int:
    from ..engine.process import exit_status

    if error.code is not None and not isinstance(error.code, int):
        print(error.code, file=sys.stderr)
    return exit_status(error)


def _join_threads() -> None:
    threading = sys.modules.get("threading")
    if threading is None:
        return
    try:
        threading._shutdown()
    except BaseException as error:
        _unraisable(error, threading)


def _run_exit_functions() -> None:
    import atexit

    try:
        atexit._run_exitfuncs()
    except BaseException:
        return  # the function has been reported; the interpreter goes on, too


def _unraisable(error: BaseException, what: object) -> None:
    class Args:
        exc_type = type(error)
        exc_value = error
        exc_traceback = error.__traceback__
        err_msg = None
        object = what

    sys.unraisablehook(Args)  # type: ignore[arg-type]


def _flush() -> bool:
    """Flush the standard streams; False where what was printed is lost."""
    done = True
    for stream in (sys.stdout, sys.stderr):
        if stream is None or getattr(stream, "closed", False):
            continue
        try:
            stream.flush()
        except BaseException as error:
            if stream is sys.stdout:
                _unraisable(error, stream)
                done = False
    return done


def _has_threads() -> bool:
    import _thread

    return _thread._count() > 0


def _restore_status(status: int, interrupted: bool) -> NoReturn:
    """End by way of the interpreter."""
    import atexit

    atexit._clear()
    if interrupted:
        raise KeyboardInterrupt
    sys.exit(status)


def _take_down() -> None:
    """Let go of the script, and of the modules that have been loaded since the fork."""
    import gc
    from _weakref import ref

    for name in _TAKEN_FROM_SYS:
        if hasattr(sys, name):
            setattr(sys, name, None)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, getattr(sys, f"__{name}__"))
    modules = sys.modules
    kept = []
    for name in [name for name in modules if name not in loaded or name == "__main__"]:
        if name.startswith("kohakuengine"):
            continue  # we are still at work
        if isinstance(modules[name], type(sys)):  # else a script has put it there
            kept.append(ref(modules[name]))
        modules[name] = None  # type: ignore[assignment]
    gc.collect()
    for module in reversed([module() for module in kept]):
        if module is not None:
            _clear(module)


def _clear(module: ModuleType) -> None:
    """As _PyModule_ClearDict() in Objects/moduleobject.c: what begins with one underscore first."""
    # Its own dict: to ask a module that loads itself on the first look would load it now.
    names: dict[str, Any] = vars(type(sys))["__dict__"].__get__(module)
    for name in list(names):
        if name.startswith("_") and not name.startswith("__"):
            names[name] = None
    for name in list(names):
        if name != "__builtins__":
            names[name] = None


def _flush_c() -> None:
    """Flush what extensions have printed by C's own functions."""
    call_c("fflush", 0)


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends."""
    prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
