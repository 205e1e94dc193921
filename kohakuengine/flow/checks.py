"""Refuse before a run is started what can't be run."""

from __future__ import annotations

from ..config.siblings import one_at_a_time
from ..engine.compiler import compile_program
from ..engine.program import has_plain_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config.base import Config
    from ..engine.script import Script


class Checks:
    """Checks configs against their scripts; those that set the same names are checked once.

    Args:
        strict: Refuse overrides of names that have no default in the script.
        keep: Keeps a program as bytes for the runs' processes, and gives the name under which.
    """

    def __init__(self, strict: bool, keep: Callable[[bytes], str]) -> None:
        self._strict = strict
        self._keep = keep
        self._done: dict[tuple[object, ...], str | None] = {}

    def warnings(self, script: Script, config: Config) -> list[str]:
        """What a config does to a script that its user may not expect, one sentence each.

        Raises:
            ScriptError, OverrideError: They don't go together, because of what the message says.
            StoreError: The program can't be kept.
        """
        shape = _shape(script, config)
        if shape in self._done:
            return []
        self._done[shape] = None
        checked = Checked(script, config, self._strict)
        if checked.program is not None:
            self._done[shape] = self._keep(checked.program)
        return checked.warnings

    def program(self, script: Script, config: Config) -> str | None:
        """The name of the program that a checked config runs; None where there is none to keep."""
        name = self._done[_shape(script, config)]
        return name if name and has_plain_values(config.globals_dict) else None


def _shape(script: Script, config: Config) -> tuple[object, ...]:
    return (script, *config.globals_dict, None, len(config.args), *config.kwargs)


class Checked:
    """A config that has been checked against its script.

    Attributes:
        warnings: What it does that its user may not expect, one sentence each.
        program: The program, for other processes; None where they have to compile it.

    Raises:
        ScriptError, OverrideError: They don't go together, because of what the message says.
    """

    def __init__(self, script: Script, config: Config, strict: bool) -> None:
        import warnings

        with one_at_a_time, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            program = compile_program(script, config, strict=strict)
        self.warnings = program.warnings
        # What Python's compiler has to say, the run's own process is to say.
        self.program = None if said else program.to_bytes()
