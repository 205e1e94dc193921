"""Refuse before a run is started what can't be run."""

from __future__ import annotations

from ..engine.process import one_at_a_time
from ..engine.program import compile_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..config.base import Config
    from ..engine.script import Script


class Checks:
    """Checks configs against their scripts; those that set the same names are checked once.

    Args:
        strict: Refuse overrides of names that have no default in the script.
    """

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._done: set[tuple[object, ...]] = set()

    def warnings(self, script: Script, config: Config) -> list[str]:
        """What a config does to a script that its user may not expect, one sentence each.

        Raises:
            ScriptError, OverrideError: They don't go together, because of what the message says.
        """
        shape = (script, *config.globals_dict, None, len(config.args), *config.kwargs)
        if shape in self._done:
            return []
        self._done.add(shape)
        return check(script, config, self._strict)


def check(script: Script, config: Config, strict: bool) -> list[str]:
    """Compile a script for a config, and give the warnings of that; see `Checks.warnings`."""
    import warnings

    with one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of Python's compiler come from the process itself
        return compile_program(script, config, strict=strict).warnings
