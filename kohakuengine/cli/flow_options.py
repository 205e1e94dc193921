"""The options of `kogine run` and `kogine workflow` that choose how a flow goes on."""

from __future__ import annotations

import click

from ..errors import ConfigError
from ..flow.options import ANY_CODE, ON_ERROR, Options
from .arguments import FILE, LAUNCHER, Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


class _Number(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # no brackets before click 8.4
    """A number with a unit behind it."""

    def __init__(self, name: str, units: dict[str, int], bare: str) -> None:
        self.name = name
        self._units = units
        self._bare = bare

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # a default
        text = value.strip().lower().removesuffix("b" if "k" in self._units else "\0")
        unit = text[-1:] if text[-1:] in self._units else self._bare
        try:
            number = float(text.removesuffix(unit)) * self._units[unit]
        except ValueError:
            known = ", ".join(filter(None, self._units))
            self.fail(f"{value!r} is no {self.name}: a number, perhaps with {known} behind it.")
        return number


class Listed(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """Words with commas between them; a list of them in `[tool.kogine]`."""

    name = "list"


SECONDS = _Number("time", _UNITS, "s")
BYTES = _Number("size", _SIZES, "")
IDS = Listed()


class Valued(click.Option):
    """An option whose value needs a =, which its help says."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0].replace(" [=", "[="), record[1])


def flow_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of flows."""
    options = [
        click.option(
            "--launcher",
            type=LAUNCHER,
            metavar="WHERE",
            help="Where runs live: auto, inline (for one), warm, fresh, pool.",
        ),
        click.option("--workers", "-j", type=int, metavar="N", help="How many runs at once."),
        click.option("--timeout", type=SECONDS, metavar="T", help="End a run after 90, 5m, 2h."),
        click.option("--retries", type=int, default=0, metavar="N", help="Try a bad run again."),
        click.option(
            "--retry-on", multiple=True, metavar="WHAT", help="failed, timed_out, 3, ValueError."
        ),
        click.option(
            "--on-error",
            type=Choice(ON_ERROR),
            default="continue",
            help="What a bad run means for the others.",
        ),
        click.option("--name", metavar="NAME", help="What the flow is called."),
        click.option("--tag", "tags", multiple=True, metavar="TAG", help="To find its runs by."),
        click.option("--env", multiple=True, metavar="K=V", help="Set for the runs."),
        click.option("--cwd", type=FILE, metavar="DIR", help="The runs' working directory."),
        click.option("--gpus", type=IDS, metavar="IDS", help="One for each slot: auto, or 0,1."),
        click.option("--max-log", type=BYTES, metavar="SIZE", help="Of a run's log: 10M, 1G."),
        click.option("--metrics", metavar="REGEX", help="Where metrics stand in the output."),
        click.option("--no-metrics", is_flag=True, help="Take no metrics from the output."),
        click.option("--strict", is_flag=True, help="Refuse overrides of unknown names."),
        click.option(
            "--no-check", is_flag=True, help="Take values of other types than the script's."
        ),
        click.option(
            "--resume",
            cls=Valued,
            is_flag=False,
            flag_value="yes",
            metavar=f"[={ANY_CODE}]",
            help="Go on with the last flow of this script.",
        ),
        click.option("--detach", is_flag=True, help="Go on when this terminal is closed."),
        click.option("--dry-run", is_flag=True, help="Show what would run."),
        click.option("--quiet", "-q", is_flag=True, help="Don't show what the runs print."),
        click.option("--json", "as_json", is_flag=True, help="Report as JSON at the end."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def options_of(given: dict[str, Any], launcher: str | None) -> Options:
    """The `Options` that a command line means.

    Raises:
        ConfigError: An option has a value that it can't have.
    """
    max_log = given["max_log"]
    return Options(
        name=given["name"],
        tags=given["tags"],
        launcher=launcher,
        workers=given["workers"],
        on_error=given["on_error"],
        retries=given["retries"],
        retry_on=[_exit_status(text) for text in given["retry_on"]] or ("failed", "timed_out"),
        timeout=given["timeout"],
        env=dict(_pair(text) for text in given["env"]),
        cwd=given["cwd"],
        gpus=given["gpus"],
        max_log=None if max_log is None else int(max_log),
        metrics=False if given["no_metrics"] else given["metrics"] or True,
        strict=given["strict"],
        check=not given["no_check"],
    )


def resume_of(text: str | None) -> bool | str:
    """What `--resume` means to `Workflow.run`."""
    return text is not None and (True if text == "yes" else text)


def _exit_status(text: str) -> str | int:
    return int(text) if text.lstrip("-").isdecimal() else text


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--env takes NAME=VALUE, got {text!r}.")
    return name, value
