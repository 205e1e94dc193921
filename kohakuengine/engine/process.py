"""Make a process run a script as `python script.py` would."""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import SourceFileLoader  # importlib itself imports warnings

from ..config.siblings import script_folder_first
from .script import module_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from .script import Script
else:
    ModuleType = type(sys)  # `types` imports what a script that is waiting needn't wait for


def main_module(script: Script) -> ModuleType:
    """A module with what Python itself puts into `__main__`, in the order in which it does."""
    module = ModuleType("__main__")
    names = vars(module)
    names["__loader__"] = SourceFileLoader("__main__", script.path)
    if sys.version_info < (3, 14):
        names["__annotations__"] = {}
    names["__builtins__"] = sys.modules["builtins"]
    names["__file__"] = script.path
    names["__cached__"] = None
    if script.module is not None:
        spec = module_spec(script.module, script.folder)
        if spec is not None:
            names["__spec__"] = spec
            names["__package__"] = spec.parent
            names["__loader__"] = spec.loader
            names["__cached__"] = spec.cached
    return module


def leave_own_folder() -> None:
    """Take from `sys.path` what Python put there for a command of ours: no script would see it."""
    if script_folder_first():
        del sys.path[0]


def become(script: Script, module: ModuleType) -> None:
    """Make this process the script's for good, but for `sys.path`."""
    name = script.name_in(_working_directory())  # it may be another than when that was given
    sys.argv = [script.path if script.module else name, *script.argv]
    target = ["-m", script.module] if script.module else [name]
    sys.orig_argv = [sys.executable, *_flags(sys.orig_argv[1:]), *target, *script.argv]
    set_main(module)


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _flags(words: list[str]) -> list[str]:
    """The interpreter's own options, with which a command line begins: up to what it runs."""
    flags = []
    for number, word in enumerate(words):
        if word.startswith(("-X", "-W", "--")):
            flags.append(word)
        elif words[number - 1] in ("-X", "-W") and number:
            flags.append(word)  # the value
        elif word.startswith("-"):
            letters = word[1:].partition("c")[0].partition("m")[0]  # -c and -m end the options
            flags += [f"-{letters}"] if letters else []
            if word[1:] != letters:
                break
        else:
            break
    return flags


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
    if not isinstance(error.code, int):
        return 1
    fits = -(2**63) <= error.code < 2**63  # else a C long holds none of it
    return error.code & 0xFF if fits else 255


def said_at_exit(error: SystemExit) -> object:
    """What `sys.exit()` was given in place of a status, which Python prints; else None."""
    return None if isinstance(error.code, int) else error.code
