"""The launchers by name, each imported when it is used."""

from __future__ import annotations

from ..config.overrides import nearest
from ..errors import LauncherError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from ..config.base import Config
    from ..engine.script import Script

    class Launcher(Protocol):
        """Where a run's process lives. Each launcher is a module with these two functions."""

        def run(self, script: Script, config: Config, *, strict: bool) -> object:
            """Run a script and give its entrypoint's value, or raise what the script raised."""
            ...

        def run_command(
            self, script: Script, config: Config, *, strict: bool, warn: Callable[[str], None]
        ) -> int:
            """Run a script as the whole work of this process, and give its exit status.

            Args:
                script: What to run.
                config: What to run it with.
                strict: Refuse overrides of names that have no default in the script.
                warn: Is called with each warning, before the script runs.

            Returns:
                The exit status; negative for the number of the signal that ended the script.
            """
            ...


LAUNCHERS = ("inline", "fresh")


def get_launcher(name: str) -> Launcher:
    """The launcher of that name.

    Raises:
        LauncherError: There is none.
    """
    if name not in LAUNCHERS:
        similar = nearest(str(name), LAUNCHERS)
        hint = (
            f"; did you mean {similar[0]}?" if similar else f": there are {', '.join(LAUNCHERS)}."
        )
        raise LauncherError(f"there is no launcher {name}{hint}")
    from importlib import import_module

    module: Launcher = import_module(f".{name}", __package__)
    return module
