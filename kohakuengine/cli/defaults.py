"""Defaults for the options of commands, from `[tool.kogine]` of a pyproject.toml."""

from __future__ import annotations

import os
import sys

import click

from ..config.near import nearest
from ..errors import ConfigFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def add_defaults(ctx: click.Context, command: click.Command, name: str) -> None:
    """Have a command take defaults from the nearest pyproject.toml, upwards.

    A key is the long name of an option, in `[tool.kogine]` for every command that has the option,
    or in `[tool.kogine.NAME]` for one command, or one group of commands, alone; for one command of
    a group in `[tool.kogine.GROUP.NAME]`.

    Raises:
        ConfigFileError: The file can't be read, has a key that no option has, or a list for an
            option that takes one value.
    """
    path = _pyproject()
    if path is None:
        return
    table = _table(path)
    if not table:
        return
    _check(ctx, path, "tool.kogine", ctx.command, table)
    chosen = _defaults(ctx, path, command, {**_general(table), **table.get(name, {})})
    if chosen:
        ctx.default_map = {**(ctx.default_map or {}), name: chosen}


def _general(table: dict[str, Any]) -> dict[str, Any]:
    """What a table says of options, for all commands that it is about."""
    return {key: value for key, value in table.items() if not isinstance(value, dict)}


def _defaults(
    ctx: click.Context, path: str, command: click.Command, given: dict[str, Any]
) -> dict[str, Any]:
    """Defaults by the names that click knows; for a group those of each of its commands."""
    if isinstance(command, click.Group):
        general = _general(given)
        chosen = {
            name: _defaults(ctx, path, one, {**general, **given.get(name, {})})
            for name, one in _commands(ctx, command).items()
        }
        return {name: one for name, one in chosen.items() if one}
    options = _options(command)
    return {
        str(options[key].name): _value(path, key, options[key], value)
        for key, value in given.items()
        if key in options
    }


def _check(
    ctx: click.Context, path: str, section: str, command: click.Command, table: dict[str, Any]
) -> None:
    """Refuse names that nothing has."""
    commands = _commands(ctx, command)
    known = _keys(ctx, command)
    for key, value in table.items():
        if commands and isinstance(value, dict):
            if key not in commands:
                raise _unknown(path, section, "command", key, set(commands))
            _check(ctx, path, f"{section}.{key}", commands[key], value)
        elif key not in known:
            raise _unknown(path, section, "option", key, known)


def _keys(ctx: click.Context, command: click.Command) -> set[str]:
    """The long names of all options of a command, or of the commands of a group."""
    commands = _commands(ctx, command)
    if not commands:
        return set(_options(command))
    return {key for one in commands.values() for key in _keys(ctx, one)}


def _commands(ctx: click.Context, command: click.Command) -> dict[str, click.Command]:
    """The commands of a group by name; of a command itself none."""
    if not isinstance(command, click.Group):
        return {}
    found = {name: command.get_command(ctx, name) for name in command.list_commands(ctx)}
    return {name: one for name, one in found.items() if one is not None}


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
    if not isinstance(table, dict):
        message = f"{path}: [tool.kogine] must be a table of options, got {table!r}."
        raise ConfigFileError(message, path=path)
    return dict(table)


def _options(command: click.Command) -> dict[str, click.Option]:
    """The options by their long names."""
    return {
        opt.removeprefix("--"): param
        for param in command.params
        if isinstance(param, click.Option)
        for opt in param.opts
        if opt.startswith("--")
    }


def _value(path: str, key: str, option: click.Option, value: object) -> object:
    """A value as it would stand on the command line, for click to convert."""
    if option.multiple:
        items = value if isinstance(value, list) else [value]
        return [str(item) for item in items]
    if isinstance(value, list):
        if option.type.name != "list":
            raise ConfigFileError(f"{path}: {key} takes one value, got {value!r}.", path=path)
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value and not option.is_flag else value or None
    return str(value)


def _unknown(path: str, section: str, kind: str, key: str, known: set[str]) -> ConfigFileError:
    near = nearest(key, sorted(known), 1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return ConfigFileError(f"{path}: [{section}] has no {kind} {key}{hint}", path=path)
