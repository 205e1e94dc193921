"""kogine config new"""

from __future__ import annotations

import os

import click

from ..engine.script import Script
from ..errors import ConfigError
from .arguments import FILE, Choice
from .reply import say, tell

_FORMATS = {".py": "py", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}


@click.command(short_help="Write a config file from a script's parameters.")
@click.argument("script", type=FILE)
@click.option("--output", "-o", type=FILE, metavar="FILE", help="Where to; else it is printed.")
@click.option("--force", "-f", is_flag=True, help="Replace a FILE that is there.")
@click.option("--all", "everything", is_flag=True, help="Also names whose default is computed.")
@click.option(
    "--format",
    type=Choice(list(dict.fromkeys(_FORMATS.values()))),
    help="Of what is printed; a FILE has that of its name.",
)
def new(script: str, output: str | None, force: bool, everything: bool, format: str | None) -> int:
    """Write a commented config file from the parameters of a SCRIPT, of which nothing is run.

    As it stands it sets the script's own defaults, and so changes nothing. JSON has no comments.
    """
    from ..engine.new_config import new_config

    target = Script(script)
    if output is None:
        text = new_config(target, everything=everything, format=format or "py")
        say(text.removesuffix("\n"))
        return 0
    known = _check(output, force, format)
    text = new_config(target, output, everything=everything, format=known)
    _write(output, text, force)
    note = f" JSON has no comments: kogine params {script} tells more." if known == "json" else ""
    tell(f"{output} is written.{note}")
    return 0


def _check(path: str, force: bool, format: str | None) -> str:
    """The format of a file that can be written there."""
    suffix = os.path.splitext(path)[1]
    known = _FORMATS.get(suffix.lower())
    if known is None:
        raise ConfigError(
            f"{path}: a config file's name must end in .py, .yaml, .yml, .toml or .json.", path=path
        )
    if format not in (None, known):
        raise ConfigError(f"{path} is a name of another format than {format}.", path=path)
    if os.path.isdir(path):
        raise ConfigError(f"{path} is a directory: name the file in it.", path=path)
    if os.path.lexists(path) and not force:
        raise _is_there(path)
    return known


def _write(path: str, text: str, force: bool) -> None:
    from ..runs.values import write_bytes

    data = text.encode("utf-8", "backslashreplace")
    try:
        if force:
            write_bytes(path, data)
        else:  # somebody may have made it meanwhile
            with open(path, "xb") as file:
                file.write(data)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}.", path=path) from error


def _is_there(path: str) -> ConfigError:
    return ConfigError(f"{path} is there already: --force replaces it.", path=path)
