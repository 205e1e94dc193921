"""Run a script in this process."""

from __future__ import annotations

from ..engine.executor import ScriptExecutor
from ..engine.takeover import take_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config.base import Config
    from ..engine.script import Script


def run(script: Script, config: Config, *, strict: bool = False) -> object:
    """Run a script in this process, which is afterwards as it was; give its entrypoint's value."""
    return ScriptExecutor(script, strict=strict).execute(config)


def run_command(
    script: Script, config: Config, *, strict: bool = False, warn: Callable[[str], None]
) -> int:
    """Run a script as the whole work of this process, and give its exit status.

    Raises:
        SystemExit: The script ended itself.
        KeyboardInterrupt: It was interrupted; that has been told.
        ScriptError, OverrideError: Nothing was run, because of what the message says.
    """
    return take_over(script, config, strict=strict, warn=warn).status
