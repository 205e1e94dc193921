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
    or in `[tool.kogine.NAME]` for one command, or one group of commands, alone.

    Raises:
        ConfigFileError: The file can't be read, or has a key that no option has.
    """
    path = _pyproject()
    if path is None:
        return
    table = _table(path)
    if not table:
        return
    _check(ctx, path, table)
    own = table.get(name, {})
    general = {key: value for key, value in table.items() if not isinstance(value, dict)}
    chosen = _defaults(command, {**general, **own})
    if chosen:
        ctx.default_map = {**(ctx.default_map or {}), name: chosen}


def _defaults(command: click.Command, given: dict[str, Any]) -> dict[str, Any]:
    """Defaults by the names that click knows; for a group those of each of its commands."""
    if isinstance(command, click.Group):
        chosen = {name: _defaults(one, given) for name, one in command.commands.items()}
        return {name: one for name, one in chosen.items() if one}
    options = _options(command)
    return {
        str(options[key].name): _value(options[key], value)
        for key, value in given.items()
        if key in options
    }


def _check(ctx: click.Context, path: str, table: dict[str, Any]) -> None:
    """Refuse names that nothing has."""
    commands = {command.name or "": command for command in _all(ctx.command, ctx)}
    known = {option for command in commands.values() for option in _keys(command)}
    for key, value in table.items():
        if not isinstance(value, dict):
            if key not in known:
                raise _unknown(path, "[tool.kogine]", "option", key, known)
        elif key not in commands:
            raise _unknown(path, "[tool.kogine]", "command", key, set(commands))
        else:
            for option in value:
                if option not in _keys(commands[key]):
                    section = f"[tool.kogine.{key}]"
                    raise _unknown(path, section, "option", option, _keys(commands[key]))


def _keys(command: click.Command) -> set[str]:
    if isinstance(command, click.Group):
        return {key for one in command.commands.values() for key in _keys(one)}
    return set(_options(command))


def _all(group: click.Command, ctx: click.Context) -> list[click.Command]:
    assert isinstance(group, click.Group)
    commands = (group.get_command(ctx, name) for name in group.list_commands(ctx))
    return [command for command in commands if command is not None]


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


def _value(option: click.Option, value: object) -> object:
    """A value as it would stand on the command line, for click to convert."""
    if option.multiple:
        items = value if isinstance(value, list) else [value]
        return [str(item) for item in items]
    if isinstance(value, bool):
        return "yes" if value and not option.is_flag else value or None
    return str(value)


def _unknown(path: str, section: str, kind: str, key: str, known: set[str]) -> ConfigFileError:
    near = nearest(key, sorted(known), 1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return ConfigFileError(f"{path}: {section} has no {kind} {key}{hint}", path=path)
