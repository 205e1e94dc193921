"""Run one script with one config in this process, and leave the process as it was."""

from __future__ import annotations

import os

from ..config.base import Config
from ..config.members import holds_members
from ..config.siblings import one_at_a_time
from ..errors import ConfigTypeError, OverrideWarning, ScriptExit, warn_user
from .borrow import borrowed, overrides_in_children
from .compiler import compile_program
from .process import exit_status, main_module, said_at_exit
from .script import Script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


class ScriptExecutor:
    """Runs a script in this process.

    Args:
        script: What to run; a str is what `Script` takes.
        strict: Refuse overrides of names that have no default in the script.
        warn: Warn of what overrides do that their user may not expect.

    Attributes:
        module: The script's module after the run: `vars(executor.module)` are its globals. None
            before the first run.

    Example:
        >>> executor = ScriptExecutor(Script("train.py"))  # doctest: +SKIP
        >>> executor.execute(Config({"lr": 0.1}))  # doctest: +SKIP
        {'loss': 0.25}
        >>> executor.module.lr  # doctest: +SKIP
        0.1
    """

    def __init__(self, script: Script | str, *, strict: bool = False, warn: bool = True) -> None:
        self.script = script if isinstance(script, Script) else Script(script)
        self.strict = strict
        self.warn = warn
        self.module: ModuleType | None = None

    def execute(self, config: Config | None = None) -> object:
        """Run the script as `python script.py` would, with the config's overrides and arguments.

        The process is as it was afterwards: the main module, `sys.argv`, `sys.path`, the working
        directory, standard streams, warning filters, signal handlers; modules that the script
        imported from its own folder are forgotten. A second thread waits for its turn.

        Returns:
            The value of the script's entrypoint.

        Raises:
            ScriptError, OverrideError, ConfigError: Nothing was run, because of what the message
                says.
            ScriptExit: The script ended itself with a status other than 0.
            Exception: What the script raised and didn't catch.
        """
        config = checked_config(config)
        if config.origin is not None:
            from .readings import as_wanted  # which values of text files need

            config = as_wanted(config, self.script)
        if holds_members(config):
            from .own_members import OwnMembers

            config = OwnMembers(self.script).read(config)
        with one_at_a_time:
            return self._execute(config)

    def _execute(self, config: Config) -> object:
        program = compile_program(self.script, config, strict=self.strict)
        program.given = self.script.given
        for message in program.warnings if self.warn else ():
            warn_user(message, OverrideWarning)
        program.reveal()
        module = main_module(self.script)
        self.module = module
        hooked = overrides_in_children(self.script, program, module)
        with borrowed(self.script, module), hooked:
            try:
                return program.execute(vars(module))
            except SystemExit as error:
                check_exit(error, self.script.name)
            return program.kept_value


def checked_config(config: object) -> Config:
    """A config, empty for None.

    Raises:
        ConfigTypeError: It is something else.
    """
    if config is None:
        return Config()
    if not isinstance(config, Config):
        kind = type(config).__name__
        hint = ": write Config({...})" if isinstance(config, dict) else ""
        if isinstance(config, (str, os.PathLike)):
            hint = f": for a file, say config_path={os.fspath(config)!r}"
        raise ConfigTypeError(
            f"config must be a Config, got {kind}{hint}.", field="config", got=kind
        )
    return config


def check_exit(error: SystemExit, name: str) -> None:
    """Raise ScriptExit where `sys.exit()` was given a status other than 0, or a text."""
    status = exit_status(error)
    if status == 0:
        return
    said = said_at_exit(error)
    text = f"{name} exited with status {status}" + ("" if said is None else f": {said}")
    raise ScriptExit(f"{text}.", exit_code=status, said=said) from None
