"""The `kogine` command: its commands, and what becomes of their errors."""

from __future__ import annotations

import os

import click

from ..errors import KogineError
from .groups import LazyGroup
from .reply import fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMPLETION = "_KOGINE_COMPLETE"  # the variable by which a shell asks for completions

NAMES = (  # of the commands
    *("run", "workflow", "params", "config"),
    *("runs", "show", "logs", "compare", "attach", "cancel", "pause", "unpause", "retry"),
    *("store", "doctor", "completion"),
)


@click.group(cls=LazyGroup, names=NAMES, context_settings={"help_option_names": ["-h", "--help"]})
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
    except click.Abort:
        return 130  # what a shell says of a command that was ended by Ctrl-C
    except KogineError as error:
        return fail(error)
    if callable(outcome):
        return outcome  # type: ignore[no-any-return]
    return outcome or 0
