"""The `kogine` command: its commands, and what becomes of their errors."""

from __future__ import annotations

import os

import click

from ..errors import KogineError
from .reply import fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

COMPLETION = "_KOGINE_COMPLETE"  # the variable by which a shell asks for completions

_HOMES = {
    "run": "run",
    "params": "params",
    "config": "config",
    "completion": "completion",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed.

    Args:
        homes: For each command the module of this package that holds it, under its own name.
    """

    def __init__(self, *args: Any, homes: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._homes:
            return None
        from importlib import import_module

        module = import_module(f".{self._homes[cmd_name]}", __package__)
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing and args[0] not in self._homes and args[0][:1] != "-":
            from ..config.overrides import nearest

            similar = nearest(args[0], self._homes)
            hint = f" Did you mean {similar[0]!r}?" if similar else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, homes=_HOMES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kohakuengine", message="kogine %(version)s")
def kogine() -> None:
    """Run the scripts you already have under every configuration you want to try."""


def parse_command(arguments: Sequence[str]) -> int | Callable[[], int]:
    """Do what a command line says, but for running a script.

    Args:
        arguments: What follows the command's own name.

    Returns:
        The exit status; of `kogine run` a function that runs the script and gives it.
    """
    if COMPLETION in os.environ:
        from .shells import SHELLS  # noqa: F401  tells click how to talk to them
    try:
        outcome = kogine.main(
            list(arguments), prog_name="kogine", complete_var=COMPLETION, standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except KogineError as error:
        return fail(error)
    if callable(outcome):
        return outcome  # type: ignore[no-any-return]
    return outcome or 0
