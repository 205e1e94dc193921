"""kogine config new"""

from __future__ import annotations

import os

import click

from ..engine.script import Script
from ..errors import ConfigError
from .arguments import FILE
from .reply import say, tell

_SUFFIX = ".py"


@click.command(short_help="Write a config file from a script's parameters.")
@click.argument("script", type=FILE)
@click.option("--output", "-o", type=FILE, metavar="FILE", help="Where to; else it is printed.")
@click.option("--force", "-f", is_flag=True, help="Replace a FILE that is there.")
@click.option("--all", "everything", is_flag=True, help="Also names whose default is computed.")
def new(script: str, output: str | None, force: bool, everything: bool) -> int:
    """Write a commented config file from the parameters of a SCRIPT, of which nothing is run.

    As it stands it sets the script's own defaults, and so changes nothing.
    """
    from ..engine.new_config import new_config

    target = Script(script)
    if output is None:
        say(new_config(target, everything=everything).removesuffix("\n"))
        return 0
    _check(output, force)
    text = new_config(target, output, everything=everything)
    _write(output, text, force)
    tell(f"{output} is written.")
    return 0


def _check(path: str, force: bool) -> None:
    suffix = os.path.splitext(path)[1]
    if suffix.lower() != _SUFFIX:
        raise ConfigError(
            f"{path}: only Python files, *{_SUFFIX}, are written by kogine config new now.",
            path=path,
        )
    if os.path.isdir(path):
        raise ConfigError(f"{path} is a directory: name the file in it.", path=path)
    if os.path.lexists(path) and not force:
        raise _is_there(path)


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
