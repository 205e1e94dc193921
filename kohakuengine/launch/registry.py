"""The launchers by name, each imported when it is used."""

from __future__ import annotations

from ..config.overrides import nearest
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
LAUNCHERS = ("inline", "fresh", "warm", "pool")


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
    if name not in _OURS and name not in _others():
        raise _unknown(name, [*LAUNCHERS, *_others()])


def _others() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _unknown(name: str, known: list[str]) -> LauncherError:
    similar = nearest(str(name), known)
    hint = f"; did you mean {similar[0]}?" if similar else f": there are {', '.join(known)}."
    return LauncherError(f"there is no launcher {name}{hint}")
