"""The end of a run's process under the warm launcher, as the interpreter would end it.

The whole of that would take down all that the process was forked with, for nothing: what the script
has left is seen to, in the order of `Py_FinalizeEx()` in CPython's Python/pylifecycle.c, and then
the process ends.
"""

from __future__ import annotations

import os
import sys
from io import BufferedRandom, BufferedWriter, TextIOWrapper

from . import warm_child
from .init import call_c

# Loaded before a process is forked, which would take long for it; a script loads them itself.
_loaded = set(sys.modules)
from _weakref import ref  # noqa: E402
from atexit import _clear as clear_exit_functions  # noqa: E402
from atexit import _run_exitfuncs as run_exit_functions  # noqa: E402
from gc import collect, get_objects  # noqa: E402

for _name in {"_weakref", "atexit", "gc"} - _loaded:
    del sys.modules[_name]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any, NoReturn
else:  # what is below `signal`, as in `init`
    import _signal as signal

# What CPython takes away from `sys` when it begins to end (finalize_modules_delete_special() in
# Python/pylifecycle.c).
_TAKEN_FROM_SYS = (
    *("path", "argv", "ps1", "ps2", "last_type", "last_value", "last_traceback", "last_exc"),
    *("path_hooks", "path_importer_cache", "meta_path", "__interactivehook__"),
)
_STREAMS = ("stdin", "stdout", "stderr")
_HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook")

_FLUSHING = "Exception ignored on flushing sys.stdout"  # what it says from Python 3.13 on


def ending_of(error: BaseException) -> int:
    """The exit status that an exception which nobody has caught gives the process, once shown."""
    from ..engine.process import exit_status

    if type(error) is KeyboardInterrupt:  # as run_eval_code_obj() in CPython's Python/pythonrun.c
        return -signal.SIGINT  # it has been shown
    if not isinstance(error, SystemExit):
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    if error.code is not None and not isinstance(error.code, int):
        try:
            said = str(error.code)
        except BaseException:
            said = ""  # as the interpreter has it
        if sys.stderr is not None:
            print(said, file=sys.stderr)
    return exit_status(error)


def end(status: int) -> NoReturn:
    """End this process, whose script has come to its end.

    Args:
        status: Its exit status; that of an interrupt where it is negative.
    """
    _join_threads()
    _run_exit_functions()
    if not _flush():
        status = 120
    if _has_threads():  # they would meet with what is half taken down
        _leave_to_interpreter(status)
    from_sys = _as_from_sys()
    _take_down(from_sys)
    _flush(aloud=False)  # what is lost now the interpreter loses, too
    _let_go_of_the_rest(from_sys)
    _flush_files(get_objects())
    call_c("fflush", 0)  # what extensions have printed by C's own functions
    if status < 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status & 0xFF)


def _join_threads() -> None:
    threading = sys.modules.get("threading")
    if threading is None:
        return
    try:
        threading._shutdown()
    except BaseException as error:
        _tell_unraisable(error, threading)


def _run_exit_functions() -> None:
    try:
        run_exit_functions()
    except BaseException:
        return  # the function has been reported; the interpreter goes on, too


def _tell_unraisable(error: BaseException, what: object, message: str | None = None) -> None:
    """Tell of an error at which nothing can be done, as the interpreter does.

    Args:
        error: The error.
        what: In which it was raised, if that is to be said.
        message: What is said in place of that.
    """
    from types import SimpleNamespace

    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    facts = SimpleNamespace(
        exc_type=type(error), exc_value=error, exc_traceback=traceback, err_msg=message, object=what
    )
    try:
        if sys.unraisablehook is not sys.__unraisablehook__:
            sys.unraisablehook(facts)
        elif sys.stderr is not None:  # whose own hook takes nothing that isn't made by itself
            from traceback import format_tb

            kind = type(error)
            whole = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
            head = "Traceback (most recent call last):\n" if traceback else ""
            shown = f"{head}{''.join(format_tb(traceback))}{whole}: {error}"
            where = f"{message}:" if message else f"Exception ignored in: {what!r}"
            print(f"{where}\n{shown}", file=sys.stderr)
    except BaseException:
        return  # nobody is left to be told


def _flush(aloud: bool = True) -> bool:
    """Flush the standard streams; False where what was printed is lost."""
    done = True
    for stream in (sys.stdout, sys.stderr):
        if stream is None or _is_closed(stream):
            continue
        try:
            stream.flush()
        except BaseException as error:
            done = False
            if aloud and stream is sys.stdout:
                said = (None, _FLUSHING) if sys.version_info >= (3, 13) else (stream,)
                _tell_unraisable(error, *said)
    return done


def _is_closed(stream: Any) -> bool:
    try:
        return bool(stream.closed)
    except BaseException:
        return False  # to flush it fails, too, if it has been detached


def _has_threads() -> bool:
    import _thread

    return _thread._count() > 0


def _leave_to_interpreter(status: int) -> NoReturn:
    clear_exit_functions()
    if status < 0:
        raise KeyboardInterrupt
    sys.exit(status)


def _take_down(from_sys: Callable[..., object]) -> None:
    """Let go of the script, and of the modules that have been loaded since the fork."""
    sys.is_finalizing = lambda: True
    _let_go_of_handlers()
    # Before anything is taken away: garbage that refers to the script still finds it. It also has
    # files that nobody closed come before the buffers and descriptors on which they write.
    from_sys(collect, _oldest())
    for name in _TAKEN_FROM_SYS:
        if hasattr(sys, name):
            from_sys(setattr, sys, name, None)
    for name in _STREAMS:
        from_sys(setattr, sys, name, getattr(sys, f"__{name}__"))
    removed = _remove_modules(from_sys)
    _restore_builtins(from_sys)
    from_sys(collect, _oldest())
    for module in reversed([module() for module in removed.values()]):
        if module is not None:
            _clear(_dict_of(module), from_sys)
    del module


def _let_go_of_the_rest(from_sys: Callable[..., object]) -> None:
    """Let go of what `sys` and preloaded modules refer to; nothing of it is printed any more."""
    for name in _STREAMS:
        setattr(sys, name, None)
    for name in _HOOKS:
        from_sys(setattr, sys, name, getattr(sys, f"__{name}__", None))
    # The names of modules that are gone, but to whose functions something refers.
    left = [one for one in get_objects() if type(one) is dict and "__builtins__" in one]
    for names in left:
        if names.get("__name__") not in warm_child.loaded:
            _clear(names, from_sys)
    from_sys(collect, _oldest())


def _oldest() -> int:
    """Up to which generation there is something to collect; of the last one also free lists go."""
    return 1 if sys.version_info < (3, 14) and not get_objects(2) else 2


def _as_from_sys() -> Callable[..., object]:
    """What calls a function as if no Python code did: warnings then say that they are of `sys`."""
    call: Any = lambda function, *arguments: function(*arguments)  # on one line
    # As setup_context() in Python/_warnings.c has it where there is no frame.
    name, line = ("<sys>", 0) if sys.version_info >= (3, 13) else ("sys", 1)
    code = call.__code__.replace(co_filename=name, co_firstlineno=line)
    names = {"__name__": "sys", "__builtins__": sys.modules["builtins"]}
    from_sys: Callable[..., object] = type(call)(code, names)
    return from_sys


def _let_go_of_handlers() -> None:
    """Put back the signals that the script handles, as _PySignal_Fini() does."""
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)) and number not in warm_child.handled:
            signal.signal(number, signal.SIG_DFL)


def _remove_modules(from_sys: Callable[..., object]) -> dict[str, Callable[[], ModuleType | None]]:
    """Take the script's modules out of `sys.modules`; give a way to those that something keeps."""
    modules = sys.modules
    removed: dict[str, Callable[[], ModuleType | None]] = {}
    for name in warm_child.loaded_since():
        if name.startswith("kohakuengine"):
            continue  # we are still at work
        if isinstance(modules[name], type(sys)):  # else a script has put it there
            removed[name] = ref(modules[name])
        from_sys(modules.__setitem__, name, None)
    modules["io"] = None  # type: ignore[assignment]  # with it, tracebacks would show lines of code
    return removed


def _restore_builtins(from_sys: Callable[..., object]) -> None:
    """Let go of what the script has put into `builtins`, as finalize_restore_builtins() does."""
    if warm_child.has_builtins_as_before():
        return
    names = sys.modules["builtins"].__dict__
    before = names.copy()
    names.clear()  # nothing is freed yet: what that calls would find no builtins
    names.update(warm_child.builtins)
    from_sys(before.clear)


def _dict_of(module: ModuleType) -> dict[str, Any]:
    """Its own dict: to ask a module that loads itself on the first look would load it now."""
    names: dict[str, Any] = vars(type(sys))["__dict__"].__get__(module)
    return names


def _clear(names: dict[str, Any], from_sys: Callable[..., object]) -> None:
    """As _PyModule_ClearDict() in Objects/moduleobject.c: what begins with one underscore first."""
    for name in list(names):
        if isinstance(name, str) and name.startswith("_") and not name.startswith("__"):
            from_sys(names.__setitem__, name, None)
    for name in list(names):
        if name != "__builtins__":
            from_sys(names.__setitem__, name, None)


def _flush_files(objects: list[Any]) -> None:
    """Write what is still in the buffers of files to which something preloaded refers."""
    kinds = (TextIOWrapper, BufferedWriter, BufferedRandom)
    left = [one for one in objects if isinstance(one, kinds)]
    for file in sorted(left, key=lambda file: not isinstance(file, TextIOWrapper)):
        try:
            if not file.closed:
                file.flush()
        except Exception:
            continue  # as for a file that is closed without anybody's looking
