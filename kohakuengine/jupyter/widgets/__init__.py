"""Widgets for notebooks: what one clicks. Imported only where one is asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .board import RunBoard as RunBoard
    from .launcher import SweepLauncher as SweepLauncher

_HOMES = {"RunBoard": "board", "SweepLauncher": "launcher"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
