"""kogine run"""

from __future__ import annotations

import os
from functools import partial

import click

from ..config.base import Config
from ..config.overrides import parse_overrides
from ..engine.script import Script
from ..errors import ConfigError, KogineError
from ..flow.options import ANY_CODE, own_options
from ..launch.registry import launcher_of_one
from .arguments import FILE, FUNCTION, OVERRIDE, ScriptCommand
from .flow_options import flow_options, grid, options_of, resume_of
from .reply import fail, give_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..config.generator import ConfigGenerator
    from ..config.sweep import Sweep
    from ..flow.base import Workflow


class RunCommand(ScriptCommand):
    """A command that runs scripts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        args = _joined_resume(args[:end]) + args[end:]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = f"{error.message} Options of the script itself go behind --."
            raise click.NoSuchOption(
                error.option_name, message, error.possibilities, error.ctx
            ) from None


def _joined_resume(args: list[str]) -> list[str]:
    """A command line with the value of `--resume` in the same word.

    It needs a =, since what follows may be the script. But what else would `any-code` be, where no
    file is called so?
    """
    joined: list[str] = []
    for word in args:
        if word == ANY_CODE and joined[-1:] == ["--resume=yes"] and not os.path.exists(word):
            joined[-1] = f"--resume={word}"
        else:
            joined.append("--resume=yes" if word == "--resume" else word)
    return joined


@click.command(cls=RunCommand, short_help="Run a script, once or as a sweep.")
@click.argument("script", type=FILE)
@click.argument("args", nargs=-1, type=FILE)
@click.option("--config", type=FILE, metavar="F", help="A config file.")
@click.option(
    "--set", "overrides", multiple=True, type=OVERRIDE, metavar="K=V", help="Set a variable."
)
@click.option(
    "--sweep", "axes", multiple=True, type=OVERRIDE, metavar="K=A,B", help="Try each of the values."
)
@click.option("--entrypoint", type=FUNCTION, metavar="NAME", help="The function to call.")
@flow_options
def run(
    script: str,
    args: tuple[str, ...],
    config: str | None,
    overrides: tuple[str, ...],
    axes: tuple[str, ...],
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
    configs = configs_of(config, overrides, axes, target)
    alone = launcher_of_one(launcher)
    if isinstance(configs, Config) and not _is_flow(given, alone, configs):
        from .foreground import run_in_terminal

        return partial(run_in_terminal, target, configs, options, alone)
    from ..flow.parallel import Parallel

    names = [text.partition("=")[0] for text in axes]
    return partial(do, Parallel(target, configs, axes=names, options=options), given)


def do(workflow: Workflow, given: dict[str, Any]) -> int:
    """Do with a flow what the options say, and give the exit status."""
    from . import sweep

    try:
        resume = resume_of(given["resume"])
        if given["dry_run"]:
            return sweep.show_plan(workflow, resume, given["as_json"])
        if given["detach"]:
            from .detach import detach

            return detach(workflow, resume, given["as_json"])
        return sweep.run_flow(workflow, resume, quiet=given["quiet"], as_json=given["as_json"])
    except KogineError as error:
        return fail(error)
    except BrokenPipeError as error:  # as of `kogine run ... --json | head -1`
        return give_up(error)


def _is_flow(given: dict[str, Any], launcher: str, config: Config) -> bool:
    """Whether options ask for what one run at this terminal can't do."""
    names = ("resume", "detach", "dry_run", "retries", "quiet", "as_json")
    retries = own_options(config).get("retries")
    return bool(any(given[n] for n in names) or retries or launcher not in ("inline", "fresh"))


def configs_of(
    path: str | None, overrides: tuple[str, ...], axes: tuple[str, ...], script: Script
) -> Config | ConfigGenerator | Sweep:
    """What a script is to be run with.

    Raises:
        ConfigError: The file can't be loaded, or a text can't be understood.
    """
    base = Config()
    if path is not None:
        from ..config.loader import load_config

        loaded = load_config(path)
        if not isinstance(loaded, Config):
            return _above_each(loaded, overrides, axes, script, path)
        base = loaded
    top = with_overrides(base, overrides, script)
    if not axes:
        return top
    swept = grid(axes, top, script)
    for name in swept.names:
        if any(text.partition("=")[0].strip() == name for text in overrides):
            raise ConfigError(f"{name} is both in --set and in --sweep: say it in one of them.")
    return swept


def _above_each(
    configs: ConfigGenerator,
    overrides: tuple[str, ...],
    axes: tuple[str, ...],
    script: Script,
    path: str,
) -> ConfigGenerator:
    """What `--set` says, above each config of a file that gives several."""
    if axes:
        raise ConfigError(f"{path} gives several configs: they can't be combined with --sweep.")
    if not overrides:
        return configs
    from ..config.generator import ConfigGenerator

    top = with_overrides(Config(), overrides, script).globals_dict

    def merged() -> Iterator[Config]:
        for config in configs:
            values = {**config.globals_dict, **top}
            outcome = yield Config(values, config.args, config.kwargs, config.metadata)
            configs.tell(outcome)

    return ConfigGenerator(merged, name=path)


def with_overrides(config: Config, texts: tuple[str, ...], script: Script) -> Config:
    """A config, and above it what `KEY=VALUE` texts say, typed by the script's parameters."""
    if not texts:
        return config
    from ..engine.parameters import parameters

    known = parameters(script.read(), script.path, whole=True)
    values = parse_overrides(texts, known, script.name)
    return Config({**config.globals_dict, **values}, config.args, config.kwargs, config.metadata)
