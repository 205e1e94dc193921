"""Defaults for the options of commands, from `[tool.kogine]` of a pyproject.toml."""

from __future__ import annotations

import os
import sys

import click

from ..config.overrides import nearest
from ..errors import ConfigFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def add_defaults(ctx: click.Context, command: click.Command, name: str) -> None:
    """Have a command take defaults from the nearest pyproject.toml, upwards.

    A key is the long name of an option, in `[tool.kogine]` for every command that has the option,
    or in `[tool.kogine.NAME]` for one command alone.

    Raises:
        ConfigFileError: The file can't be read, or has a key that no option has.
    """
    path = _pyproject()
    if path is None:
        return
    table = _table(path)
    own = table.pop(name, {}) if isinstance(table.get(name), dict) else {}
    given = {key: value for key, value in table.items() if not isinstance(value, dict)}
    options = _options(command)
    for key in own:
        if key not in options:
            raise _unknown(path, f"[tool.kogine.{name}]", key, list(options))
    known = {option for command in _all(ctx) for option in _options(command)} if given else set()
    for key in given:
        if key not in known:
            raise _unknown(path, "[tool.kogine]", key, sorted(known))
    chosen = {
        options[key]: _text(value) for key, value in {**given, **own}.items() if key in options
    }
    if chosen:
        ctx.default_map = {**(ctx.default_map or {}), name: chosen}


def _pyproject() -> str | None:
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        return None
    while True:
        path = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(path):
            return path
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _table(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return {}  # not ours to complain of
    if b"kogine" not in data:  # spare the parser's import
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get("kogine", {})
    except ValueError as error:
        raise ConfigFileError(f"{path} isn't valid TOML: {error}.", path=path) from None
    return dict(table) if isinstance(table, dict) else {}


def _options(command: click.Command) -> dict[str, str]:
    """Each option's long name, and the name under which click knows it."""
    return {
        opt.removeprefix("--"): param.name
        for param in command.params
        if isinstance(param, click.Option) and param.name is not None
        for opt in param.opts
        if opt.startswith("--")
    }


def _all(ctx: click.Context) -> list[click.Command]:
    group = ctx.command
    assert isinstance(group, click.Group)
    commands = (group.get_command(ctx, name) for name in group.list_commands(ctx))
    return [command for command in commands if command is not None]


def _text(value: object) -> object:
    """A value as it would stand on the command line, for click to convert."""
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value)


def _unknown(path: str, section: str, key: str, known: list[str]) -> ConfigFileError:
    near = nearest(key, known, 1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return ConfigFileError(f"{path}: {section} has no option {key}{hint}", path=path)
