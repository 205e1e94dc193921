"""kogine workflow"""

from __future__ import annotations

import click

from ..engine.script import Script
from ..errors import ConfigError
from .arguments import CONFIG_ARG, FILE, OVERRIDE, Choice, is_said
from .configs import configs_of
from .flow_options import flow_options, options_of
from .groups import Group
from .run import Order, RunCommand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MODES = {"subprocess": None, "pool": "pool"}  # and the launchers that they mean


@click.group(cls=Group, short_help="Run several scripts.")
def workflow() -> None:
    """Run several scripts, one after the other or at once."""


def _command(name: str, text: str) -> None:
    @workflow.command(name, cls=RunCommand, short_help=text)
    @click.argument("scripts", nargs=-1, required=True, type=FILE)
    @click.option("--config", type=FILE, metavar="F", help="A config file, for each of them.")
    @CONFIG_ARG
    @click.option(
        "--set", "overrides", multiple=True, type=OVERRIDE, metavar="K=V", help="Set a variable."
    )
    @click.option(
        "--mode",
        type=Choice(list(_MODES)),
        help="A process for each run (the default), or workers that are used again.",
    )
    @flow_options
    def command(
        scripts: tuple[str, ...],
        config: str | None,
        config_args: tuple[str, ...],
        overrides: tuple[str, ...],
        mode: str | None,
        launcher: str | None,
        **given: Any,
    ) -> int | Callable[[], int]:
        from ..flow.flow import Flow

        targets = [Script(script) for script in scripts]
        configs = [configs_of(config, overrides, None, target, config_args) for target in targets]
        pairs = list(zip(targets, configs))
        if name == "sequential":
            _refuse_workers(given)
        if mode is not None and launcher is not None:
            if is_said("mode") is is_said("launcher"):
                raise ConfigError(f"--mode {mode} and --launcher {launcher}: give one of them.")
            if is_said("launcher"):  # which goes before a default, as the mode does
                mode = None
        options = options_of(given, launcher if mode is None else _MODES[mode])
        return Order(Flow(pairs, mode=name, options=options), given)

    if name == "sequential":
        workers = next(param for param in command.params if param.name == "workers")
        assert isinstance(workers, click.Option)
        workers.hidden = True  # it is there to be refused
    command.help = f"{text} Each SCRIPT runs with each config that the file gives."


def _refuse_workers(given: dict[str, Any]) -> None:
    """Refuse several workers; a default in pyproject.toml is for the other commands."""
    workers = given["workers"]
    if is_said("workers") and workers != 1:
        raise ConfigError(
            f"--workers {workers}: kogine workflow sequential runs one script after the other, "
            "kogine workflow parallel several at once."
        )
    given["workers"] = None


_command("sequential", "Run scripts one after the other.")
_command("parallel", "Run scripts at once, as many as there are workers.")
