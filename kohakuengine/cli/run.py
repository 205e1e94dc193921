"""kogine run"""

from __future__ import annotations

import os
from functools import partial

import click

from ..config.base import Config
from ..engine.script import Script
from ..errors import KogineError
from ..flow.options import ANY_CODE, own_options
from ..launch.registry import launcher_of_one
from .arguments import CONFIG_ARG, FILE, FUNCTION, OVERRIDE, ScriptCommand
from .axes import ALL, axes_options, space_of
from .configs import configs_of
from .flow_options import flow_options, options_of, resume_of
from .reply import fail, give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..flow.base import Workflow


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

    What follows -- is the script's own command line. What --set says wins over the config file.
    Several --sweep make a grid: each combination of their values is a run.
    """
    target = Script(script, entrypoint=entrypoint, argv=args)
    options = options_of(given, launcher)
    configs = configs_of(config, overrides, space_of(given, target), target, config_args)
    alone = launcher_of_one(launcher)
    if isinstance(configs, Config) and not _is_flow(given, alone, configs):
        from .foreground import run_in_terminal

        return partial(run_in_terminal, target, configs, options, alone)
    from ..flow.parallel import Parallel

    return partial(do, Parallel(target, configs, options=options), given)


def do(workflow: Workflow, given: dict[str, Any]) -> int:
    """Do with a flow what the options say, and give the exit status."""
    from . import sweep

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
