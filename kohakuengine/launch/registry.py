"""The launchers by name, each imported when it is used."""

from __future__ import annotations

import os
import sys

from ..config.near import did_you_mean
from ..errors import LauncherError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .base import Launcher

# Where a third party names its own: `[project.entry-points."kohakuengine.launchers"]`, and in it
# `slurm = "package.module:Slurm"`, a class or function that is called without arguments.
GROUP = "kohakuengine.launchers"

_OURS = {
    "inline": ("inline", "Inline"),
    "fresh": ("fresh", "Fresh"),
    "warm": ("warm", "Warm"),
    "pool": ("pool", "Pool"),
    "fake": ("fake", "Fake"),
}
AUTO = "auto"  # the best for what is to be run
LAUNCHERS = (AUTO, "inline", "fresh", "warm", "pool")

# The launcher that is taken where none is chosen.
VARIABLE = "KOGINE_LAUNCHER"


def launcher_of_flow(name: str | None, runs: int | None) -> str:
    """The name of the launcher for a flow.

    Where the choice is left to us that is `$KOGINE_LAUNCHER`, if it is set. Else runs are forked
    from a warm server, on Linux, where there are several, or where this process is a notebook's
    kernel, in which the server stays for the next flow.

    Args:
        name: What was chosen; `"auto"` or None for the best there is.
        runs: How many there are; None where that isn't known yet.

    Raises:
        LauncherError: The variable names no launcher.
    """
    name = _chosen(name)
    if name != AUTO:
        return name
    return "warm" if can_fork() and (runs != 1 or in_kernel()) else "fresh"


def launcher_of_one(name: str | None) -> str:
    """The name of the launcher for one run that its caller waits for, with his streams.

    As for a flow, but outside of a kernel it is run in this process.
    """
    name = _chosen(name)
    if name != AUTO:
        return name
    return "warm" if can_fork() and in_kernel() else "inline"


def _chosen(name: str | None) -> str:
    if name not in (None, AUTO):
        return str(name)
    chosen = os.environ.get(VARIABLE) or AUTO
    check_launcher(chosen)
    return chosen


def can_fork() -> bool:
    """Whether there can be warm servers here."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def in_kernel() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def get_launcher(name: str) -> Callable[[], Launcher]:
    """What makes the launcher of that name.

    Raises:
        LauncherError: There is none, or it can't be imported.
    """
    from importlib import import_module

    if name in _OURS:
        module, kind = _OURS[name]
        return getattr(import_module(f".{module}", __package__), kind)  # type: ignore[no-any-return]
    others = _others()
    if name not in others:
        raise _unknown(name, [*LAUNCHERS, *others])
    try:
        return others[name].load()  # type: ignore[no-any-return]
    except Exception as error:
        raise LauncherError(
            f"the launcher {name} can't be imported from {others[name].value}: {error}."
        ) from error


def check_launcher(name: str) -> None:
    """Refuse a name that no launcher has, without importing any.

    Raises:
        LauncherError: There is none of that name.
    """
    if name != AUTO and name not in _OURS and name not in _others():
        raise _unknown(name, [*LAUNCHERS, *_others()])


def _others() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _unknown(name: str, known: list[str]) -> LauncherError:
    meant = did_you_mean(name, known, f": there are {', '.join(known)}.", 1)
    return LauncherError(f"there is no launcher {name}{meant}")
