"""Time spans on the command line."""

from __future__ import annotations

import re

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    _FloatType = click.ParamType[float]
else:
    _FloatType = click.ParamType  # which takes no brackets before click 8.4

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class _Duration(_FloatType):
    """A number and its unit, such as `30d`; in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", str(value).strip().lower())
        if found is None:
            self.fail(f"{value!r} is no time span: write 2w, 30d, 12h, 90m or 45s.", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


DURATION = _Duration()
