"""Run the scripts you already have under every configuration you want to try.

The names below are imported on first use, so that `import kohakuengine` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers read it as True; importing typing would cost 3 ms
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .config import axes
    from .config.base import Config
    from .config.capture import use
    from .config.compose import use_config
    from .config.env import env
    from .config.generator import ConfigGenerator
    from .config.loader import load_config
    from .engine.entrypoint import entrypoint
    from .engine.executor import ScriptExecutor
    from .engine.script import Script
    from .errors import KogineError, OverrideWarning, RunsFailed
    from .flow.base import Workflow
    from .flow.flow import Flow
    from .flow.options import Options
    from .flow.parallel import Parallel
    from .flow.sequential import Sequential
    from .main import run, sweep
    from .runs.log import log
    from .runs.record import Run
    from .runs.store import RunStore
    from .runs.table import Runs

__version__ = "0.1.0"

_HOMES = {
    "Config": "config.base",
    "ConfigGenerator": "config.generator",
    "Flow": "flow.flow",
    "KogineError": "errors",
    "Options": "flow.options",
    "OverrideWarning": "errors",
    "Parallel": "flow.parallel",
    "Run": "runs.record",
    "RunStore": "runs.store",
    "Runs": "runs.table",
    "RunsFailed": "errors",
    "Script": "engine.script",
    "ScriptExecutor": "engine.executor",
    "Sequential": "flow.sequential",
    "Workflow": "flow.base",
    "entrypoint": "engine.entrypoint",
    "env": "config.env",
    "load_config": "config.loader",
    "log": "runs.log",
    "run": "main",
    "sweep": "main",
    "use": "config.capture",
    "use_config": "config.compose",
}
_MODULES = {"axes": "config.axes"}

__all__ = [
    "Config",
    "ConfigGenerator",
    "Flow",
    "KogineError",
    "Options",
    "OverrideWarning",
    "Parallel",
    "Run",
    "RunStore",
    "Runs",
    "RunsFailed",
    "Script",
    "ScriptExecutor",
    "Sequential",
    "Workflow",
    "__version__",
    "axes",
    "entrypoint",
    "env",
    "load_config",
    "log",
    "run",
    "sweep",
    "use",
    "use_config",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES and name not in _MODULES:
        from .config.near import did_you_mean

        meant = "" if name.startswith("_") else did_you_mean(name, __all__, "", 1)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{meant}")
    from importlib import import_module

    value: object
    if name in _MODULES:
        value = import_module(f"{__name__}.{_MODULES[name]}")
    else:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext kohakuengine`: the magics `%kogine` and `%%kogine`."""
    from .jupyter.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext kohakuengine`: take them away again."""
    from .jupyter.extension import unload

    unload(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
