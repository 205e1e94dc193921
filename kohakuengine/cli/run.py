"""kogine run"""

from __future__ import annotations

import os
from functools import partial

import click

from ..config.base import Config
from ..config.given import given_object
from ..engine.script import Script
from ..errors import ConfigError, KogineError
from ..flow.options import ANY_CODE, own_options
from ..launch.registry import launcher_of_one
from .arguments import CONFIG_ARG, FILE, FUNCTION, OVERRIDE, ScriptCommand
from .axes import ALL, Asked, axes_options
from .configs import configs_of
from .flow_options import flow_options, options_of, resume_of
from .reply import fail, give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..config.generator import ConfigGenerator
    from ..config.sweep import Sweep
    from ..flow.base import Workflow
    from ..flow.options import Options


class RunCommand(ScriptCommand):
    """A command that runs scripts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        args = _joined(args[:end]) + args[end:]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = f"{error.message} Options of the script itself go behind --."
            raise click.NoSuchOption(
                error.option_name, message, error.possibilities, error.ctx
            ) from None


def _joined(args: list[str]) -> list[str]:
    """A command line with the values of `--resume` and `--zip` in the same word.

    They need a =, since what follows may be the script. But what else would `any-code` be, where no
    file is called so?
    """
    bare = {"--resume": "--resume=yes", "--zip": f"--zip={ALL}"}
    joined: list[str] = []
    for word in args:
        if word == ANY_CODE and joined[-1:] == ["--resume=yes"] and not os.path.exists(word):
            joined[-1] = f"--resume={word}"
        else:
            joined.append(bare.get(word, word))
    return joined


@click.command(cls=RunCommand, short_help="Run a script, once or as a sweep.")
@click.argument("script", type=FILE)
@click.argument("args", nargs=-1, type=FILE)
@click.option("--config", type=FILE, metavar="F", help="A config file.")
@CONFIG_ARG
@click.option(
    "--set", "overrides", multiple=True, type=OVERRIDE, metavar="K=V", help="Set a variable."
)
@axes_options
@click.option("--entrypoint", type=FUNCTION, metavar="NAME", help="The function to call.")
@flow_options
def run(
    script: str,
    args: tuple[str, ...],
    config: str | None,
    config_args: tuple[str, ...],
    overrides: tuple[str, ...],
    entrypoint: str | None,
    launcher: str | None,
    **given: Any,
) -> int | Callable[[], int]:
    """Run a SCRIPT: a file, a module (pkg.train), or a function in one (train.py:main).

    What follows -- is the script's own command line. What --set and --sweep say wins over the
    config file.
    Several --sweep make a grid: each combination of their values is a run.
    """
    target = script_of(script, entrypoint, args)
    wanted = wanted_of(target, config, overrides, launcher, config_args, given)
    alone = launcher_of_one(launcher)
    if isinstance(wanted.configs, Config) and not _is_flow(given, alone, wanted.configs):
        from .foreground import run_in_terminal

        return partial(run_in_terminal, target, wanted.configs, wanted.options, alone)
    return wanted.order()


class Wanted:
    """What is to be run, and how, as options say it.

    Attributes:
        script: What.
        configs: With what.
        options: How.
        given: The options that say what is done with the flow: resume, detach, dry_run, ...
    """

    def __init__(
        self,
        script: Script,
        configs: Config | ConfigGenerator | Sweep,
        options: Options,
        given: dict[str, Any],
    ) -> None:
        self.script = script
        self.configs = configs
        self.options = options
        self.given = given

    def order(self) -> Order:
        """The same as a flow."""
        from ..flow.parallel import Parallel

        return Order(Parallel(self.script, self.configs, options=self.options), self.given)


def script_of(script: str, entrypoint: str | None, args: Sequence[str]) -> Script:
    """The script that a command line names, or a text that stands for a `Script`.

    Raises:
        KogineError: There is no such script, or it is to be another one.
    """
    known = given_object(script)
    if not isinstance(known, Script):
        return Script(str(script), entrypoint=entrypoint, argv=[str(arg) for arg in args])
    if entrypoint is not None or args:
        raise ConfigError("give entrypoint and argv to Script, or name the script by its path.")
    return known


def wanted_of(
    script: Script,
    config: str | None,
    overrides: tuple[str, ...],
    launcher: str | None,
    config_args: tuple[str, ...],
    given: dict[str, Any],
) -> Wanted:
    """What the options of `kogine run` say.

    Raises:
        KogineError: They can't be understood.
    """
    options = options_of(given, launcher)
    configs = configs_of(config, overrides, Asked(given, script), script, config_args)
    return Wanted(script, configs, options, given)


class Order:
    """A flow that a command line asks for; called, it is done at this terminal.

    Attributes:
        workflow: The flow.
        given: The options that say what is done with it.
    """

    def __init__(self, workflow: Workflow, given: dict[str, Any]) -> None:
        self.workflow = workflow
        self.given = given

    def __call__(self) -> int:
        """Do with the flow what the options say, and give the exit status."""
        from . import sweep

        workflow, given = self.workflow, self.given
        try:
            resume = resume_of(given["resume"])
            if given["dry_run"]:
                from .preview import show_plan

                return show_plan(workflow, resume, given["as_json"])
            if given["detach"]:
                from .detach import detach

                return detach(workflow, resume, given["as_json"])
            return sweep.run_flow(workflow, resume, quiet=given["quiet"], as_json=given["as_json"])
        except KogineError as error:
            return fail(error)
        except OSError as error:  # of our own output, as of `kogine run ... --dry-run | head -1`
            return give_up(error)


def _is_flow(given: dict[str, Any], launcher: str, config: Config) -> bool:
    """Whether options ask for what one run at this terminal can't do."""
    names = ("resume", "detach", "dry_run", "retries", "quiet", "as_json")
    retries = own_options(config).get("retries")
    return bool(any(given[n] for n in names) or retries or launcher not in ("inline", "fresh"))
