"""kogine config"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext, redirect_stdout
from itertools import islice

import click

from ..config.base import Config
from ..config.difference import named_values
from ..config.fit import short_repr
from ..config.printing import FORMATS
from ..config.schema import check_by_own
from ..config.sweep import Sweep
from ..engine.config_check import BREACH, check_configs, check_texts
from ..engine.script import Script
from ..errors import ConfigError
from ..flow.options import own_options
from .arguments import CONFIG_ARG, FILE, OVERRIDE, Choice, ScriptCommand
from .config_diff import diff
from .config_new import new
from .config_several import count_of, show_several, varied_of
from .configs import loaded_with, with_overrides
from .groups import Group
from .reply import fail, json_text, say, say_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from ..config.generator import ConfigGenerator
    from ..engine.config_check import KeyCheck

JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
CONFIG_FILE = click.argument("file", type=FILE)


@click.group(cls=Group)
def config() -> None:
    """Look at config files."""


config.add_command(diff)
config.add_command(new)


@config.command(cls=ScriptCommand, short_help="Tell whether a config file can be loaded.")
@CONFIG_FILE
@CONFIG_ARG
@JSON
def validate(file: str, config_args: tuple[str, ...], as_json: bool) -> int:
    """Tell whether a config FILE can be loaded; of several configs, the first."""
    try:
        with prints_aside(as_json):
            loaded = loaded_with(file, config_args)
            first = loaded if isinstance(loaded, Config) else next(iter(loaded), None)
        own_options(first or Config())
        check_by_own(first or Config())
    except ConfigError as error:
        if not os.path.exists(file):
            raise  # there is nothing to validate
        if not as_json:
            fail(error)
        else:
            line = getattr(error, "line", None)
            say(json_text({"file": file, "valid": False, "error": str(error), "line": line}))
        return 1
    kind = _kind(loaded)
    keys = list(first.globals_dict) if first else []
    if as_json:
        say(json_text({"file": file, "valid": True, "kind": kind, "keys": keys}))
    else:
        count = 1 if isinstance(loaded, Config) else count_of(loaded)
        what = "one config" if count == 1 else f"{count} configs"
        what = "several configs, made as they are asked for" if count is None else what
        sets = f", {'that sets' if count == 1 else 'that set'} {', '.join(keys)}" if keys else ""
        say(f"{file} is valid: {what}{sets}.")
    return 0


@config.command(cls=ScriptCommand, short_help="Show what a config file comes to.")
@CONFIG_FILE
@CONFIG_ARG
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, metavar="N")
@click.option("--format", type=Choice(FORMATS), help="As a config file in that format.")
@JSON
def show(
    file: str, config_args: tuple[str, ...], limit: int, format: str | None, as_json: bool
) -> int:
    """Show what a config FILE comes to, with types.

    Of several configs: what is the same for all, and what varies among the first N.
    """
    if as_json and format is not None:
        raise click.UsageError("--format and --json are two ways to show it: give one.")
    if format is not None:
        with prints_aside(True):
            text = _only_one(loaded_with(file, config_args), file, limit).to_text(format)
        say(text.removesuffix("\n"))
        return 0
    with prints_aside(as_json):
        loaded = loaded_with(file, config_args)
    if as_json:
        with prints_aside(as_json):
            configs = [loaded] if isinstance(loaded, Config) else [*islice(loaded, limit)]
        shown = [{**c.to_dict(), "types": dict(_types(c))} for c in configs]
        say(
            json_text(
                {
                    "file": file,
                    "kind": _kind(loaded),
                    **_facts(loaded, configs, limit),
                    "configs": shown,
                }
            )
        )
    elif isinstance(loaded, Config):
        rows = [*_rows(loaded)]
        say_table(rows) if rows else say("an empty config")
    else:
        show_several(loaded, limit)
    return 0


@config.command(cls=ScriptCommand, short_help="Compare a config with a script.")
@click.argument("script", type=FILE)
@click.option("--config", "file", type=FILE, metavar="F", help="The config file.")
@CONFIG_ARG
@click.option("--set", "overrides", multiple=True, type=OVERRIDE, metavar="K=V", help="Add a key.")
@JSON
def check(
    script: str,
    file: str | None,
    config_args: tuple[str, ...],
    overrides: tuple[str, ...],
    as_json: bool,
) -> int:
    """Compare the keys of a config with the variables of a SCRIPT; exit with 1 if one doesn't fit.

    A sweep is looked at axis by axis; of configs that are made one by one, the first.
    """
    if file is None and not overrides:
        raise click.UsageError("Nothing to check: give --config F, or --set K=V.")
    target = Script(script)
    configs: Config | Sweep = Config()
    if file is not None:
        with prints_aside(as_json):
            configs = _to_check(loaded_with(file, config_args))
    texts = check_texts(target, overrides)
    if isinstance(configs, Config) and _ok(texts):
        configs = with_overrides(configs, overrides, target)
    checks = [*_above(check_configs(target, configs), texts)]
    if as_json:
        fields = ("key", "status", "nearest", "note")
        keys = [{field: getattr(one, field) for field in fields} for one in checks]
        say(json_text({"script": script, "config": file, "ok": _ok(checks), "keys": keys}))
    else:
        rows = [(one.key, one.status, _told(one)) for one in checks]
        say_table(rows) if rows else say("there are no keys")
    return 0 if _ok(checks) else 1


def _only_one(loaded: Config | ConfigGenerator, file: str, limit: int) -> Config:
    """The Config to print as a file, which holds one."""
    if isinstance(loaded, Config):
        return loaded
    first = [*islice(loaded, 2 if limit > 1 else 1)]
    if len(first) != 1:
        several = "several configs" if first else "no config"
        hint = "; --limit 1 shows the first of them" if first else ""
        raise ConfigError(f"{file} gives {several}, and --format is for one{hint}.", path=file)
    return first[0]


def _to_check(loaded: Config | ConfigGenerator) -> Config | Sweep:
    """What of a config file can be looked at without anything being run."""
    if isinstance(loaded, Config):
        return loaded
    return loaded.source if isinstance(loaded.source, Sweep) else next(iter(loaded), Config())


def prints_aside(as_json: bool) -> AbstractContextManager[object]:
    """Have what a config file prints go to stderr, where stdout is for JSON alone."""
    return redirect_stdout(sys.stderr) if as_json else nullcontext()


def _above(checks: list[KeyCheck], texts: list[KeyCheck]) -> Iterator[KeyCheck]:
    """What is found of a config's keys, but for those that `--set` says, unless they are amiss."""
    said = {one.key for one in texts}
    amiss = {one.key: one for one in checks if one.status == BREACH}
    yield from (one for one in checks if one.key not in said)
    yield from (amiss.get(one.key, one) for one in texts)


def _ok(checks: list[KeyCheck]) -> bool:
    return all(one.ok for one in checks)


def _told(one: KeyCheck) -> str:
    if one.nearest:
        return f"did you mean {' or '.join(one.nearest)}?"
    return one.note or ""


def _kind(loaded: Config | ConfigGenerator) -> str:
    return "config" if isinstance(loaded, Config) else "generator"


def _facts(
    loaded: Config | ConfigGenerator, configs: list[Config], limit: int
) -> dict[str, object]:
    """How many configs there are, and what varies, as far as that is known."""
    if isinstance(loaded, Config):
        return {"count": 1, "varies": []}
    count = count_of(loaded)
    whole = len(configs) < limit or count == limit
    return {"count": count, "varies": varied_of(loaded, configs, whole).names}


def _rows(config: Config) -> Iterator[tuple[str, str, str]]:
    """Name, type and value of all that a config holds."""
    for name, value in named_values(config):
        yield name, type(value).__name__, short_repr(value, 72)


def _types(config: Config) -> Iterator[tuple[str, str]]:
    for name, kind, _ in _rows(config):
        yield name, kind
