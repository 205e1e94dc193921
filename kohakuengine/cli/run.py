"""kogine run"""

from __future__ import annotations

import os
import signal
import sys

import click

from ..config.base import Config
from ..config.overrides import parse_overrides
from ..engine.script import Script
from ..errors import ConfigError, KogineError
from ..launch.registry import LAUNCHERS, get_launcher
from .arguments import FILE, FUNCTION, OVERRIDE, ScriptCommand
from .reply import fail, tell_interrupted, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class _Run(ScriptCommand):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = f"{error.message} Options of the script itself go behind --."
            raise click.NoSuchOption(
                error.option_name, message, error.possibilities, error.ctx
            ) from None


@click.command(cls=_Run, short_help="Run a script.")
@click.argument("script", type=FILE)
@click.argument("args", nargs=-1, type=FILE)
@click.option("--config", type=FILE, metavar="F", help="A config file.")
@click.option(
    "--set", "overrides", multiple=True, type=OVERRIDE, metavar="K=V", help="Set a variable."
)
@click.option("--entrypoint", type=FUNCTION, metavar="NAME", help="The function to call.")
@click.option("--strict", is_flag=True, help="Refuse overrides of names without a default.")
@click.option("--launcher", type=click.Choice(LAUNCHERS), default="inline", show_default=True)
def run(
    script: str,
    args: tuple[str, ...],
    config: str | None,
    overrides: tuple[str, ...],
    entrypoint: str | None,
    strict: bool,
    launcher: str,
) -> Callable[[], int]:
    """Run a SCRIPT: a file, a module (pkg.train), or a function in one (train.py:main).

    What follows -- is the script's own command line. What --set says wins over the config file.
    """
    target = Script(script, entrypoint=entrypoint, argv=args)
    merged = with_overrides(one_config(config), overrides, target)
    run_command = get_launcher(launcher).run_command

    def job() -> int:
        try:
            status = run_command(target, merged, strict=strict, warn=warn)
        except KeyboardInterrupt:  # the script's own, inline; it ends us as it ends plain python
            tell_interrupted(target.name)
            raise
        except KogineError as error:  # before the script ran: its own exceptions don't come here
            return fail(error)
        if status == -signal.SIGINT:
            tell_interrupted(target.name)
        return _as_process(status)

    return job


def one_config(path: str | None) -> Config:
    """The Config of a file, or an empty one.

    Raises:
        ConfigError: The file gives several, or can't be loaded.
    """
    if path is None:
        return Config()
    from ..config.loader import load_config

    config = load_config(path)
    if not isinstance(config, Config):
        raise ConfigError(
            f"{path} gives several configs, and kogine run can't run a sweep yet: "
            "give a file with one Config, or run them one by one from Python."
        )
    return config


def with_overrides(config: Config, texts: tuple[str, ...], script: Script) -> Config:
    """A config, and above it what `KEY=VALUE` texts say, typed by the script's parameters."""
    if not texts:
        return config
    from ..engine.parameters import parameters

    known = parameters(script.read(), script.path, whole=True)
    values = parse_overrides(texts, known, script.name)
    return Config({**config.globals_dict, **values}, config.args, config.kwargs, config.metadata)


def _as_process(status: int) -> int:
    """End by the signal that ended the script's process, if one did; else give its status."""
    if status >= 0:
        return status
    sys.stdout.flush()
    sys.stderr.flush()
    if -status not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
    return 128 - status  # where a signal doesn't end us
