"""A Script as notebooks show it: what it can be configured by."""

from __future__ import annotations

from ..config.fit import short
from ..errors import KogineError
from ..markup import FAINT, CODE, bundle, fold, note, table, tag, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..markup import Html
    from .parameters import Parameter
    from .script import Script

_NAME = 80
_MOST = 200  # parameters
_EXPRESSION = 200  # the longest default, in characters


def script_bundle(script: Script) -> dict[str, str]:
    """A script's parameters: a table, and for texts a line each; what can't be read is told."""
    head = tag("div", tag("b", "Script "), value(script.name), *_entrypoint(script))
    try:
        found = script.parameters()
    except KogineError as error:
        return bundle(tag("div", head, tag("div", str(error))), f"{script!r}: {error}")
    shown = [parameter for parameter in found if not parameter.computed]
    computed = [parameter for parameter in found if parameter.computed]
    parts = (
        [_table(script, shown)] if shown else [note("no parameters with defaults that are known")]
    )
    if computed:
        parts.append(fold(f"{len(computed)} with computed defaults", _table(script, computed)))
    return bundle(tag("div", head, *parts), "\n  ".join([repr(script), *map(_line, shown[:_MOST])]))


def _entrypoint(script: Script) -> list[Html]:
    if script.entrypoint is None:
        return []
    return [tag("span", ", entered by ", value(f"{script.entrypoint}()"), style=FAINT)]


def _table(script: Script, parameters: Sequence[Parameter]) -> Html:
    rows: list[tuple[str, ...]] = [_row(script, p) for p in parameters[:_MOST]]
    if len(parameters) > _MOST:
        rows.append((note(f"and {len(parameters) - _MOST} more"), "", "", "", ""))
    return table(("name", "default", "type", "help", "line"), rows, {4})


def _row(script: Script, parameter: Parameter) -> tuple[Html, ...]:
    place = parameter.place.removeprefix("line ")
    return (
        value(parameter.name, _NAME),
        tag("span", value(_cut(parameter.expression or "")), style=CODE),
        value(_cut(parameter.described_type or "")),
        value(_cut(parameter.help or "")),
        tag("span", place, style=FAINT),
    )


def _cut(source: str) -> str:
    """A text of source code on one line, not too long."""
    return short(" ".join(source.split()), _EXPRESSION) if source else ""


def _line(parameter: Parameter) -> str:
    kind = f": {_cut(parameter.type)}" if parameter.type else ""
    default = "" if parameter.expression is None else f" = {_cut(parameter.expression)}"
    help = f"  # {_cut(parameter.help)}" if parameter.help else ""
    return f"{parameter.name}{kind}{default}{help}"
