"""A Config as notebooks show it."""

from __future__ import annotations

from ..markup import FAINT, CODE, bundle, joined, note, table, tag, value
from .brief import brief
from .members import EnumMember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..markup import Html
    from .base import Config

_VALUE = 300  # the longest value, in characters
_NAME = 80
_MOST = 100  # values of one kind


def config_bundle(config: Config) -> dict[str, str]:
    """What a config sets: a table, and for texts its repr, with long values cut."""
    rows = list(_rows(config))
    kind = type(config).__name__
    if not rows:
        html = joined([tag("b", kind), " that sets nothing"])
        return bundle(tag("div", html), f"{kind}()")
    shown = table(("", "name", "value", "type"), rows)
    return bundle(tag("div", tag("b", kind), shown), _text(config))


def _rows(config: Config) -> Iterator[tuple[str, ...]]:
    args = {str(number): item for number, item in enumerate(config.args)}
    kinds = {
        "variable": config.globals_dict,
        "argument": args,
        "keyword": config.kwargs,
        "metadata": config.metadata,
    }
    for kind, values in kinds.items():
        for name, item in list(values.items())[:_MOST]:
            yield _row(kind, name, item)
        if len(values) > _MOST:
            yield "", note(f"and {len(values) - _MOST} more"), "", ""


def _row(kind: str, name: str, item: object) -> tuple[Html, ...]:
    return (
        tag("span", kind, style=FAINT),
        value(name, _NAME),
        tag("span", value(brief(item, _VALUE)), style=CODE),
        tag("span", value(_type_of(item), _NAME), style=FAINT),
    )


def _type_of(item: object) -> str:
    return item.cls if isinstance(item, EnumMember) else type(item).__name__


def _text(config: Config) -> str:
    fields = []
    for field in ("globals_dict", "args", "kwargs", "metadata"):
        held = getattr(config, field)
        if not held:
            continue
        if field == "args":
            shown = f"[{', '.join(map(brief, held[:_MOST]))}{', ...' if len(held) > _MOST else ''}]"
        else:
            pairs = [f"{brief(name)}: {brief(item)}" for name, item in list(held.items())[:_MOST]]
            shown = f"{{{', '.join(pairs)}{', ...' if len(held) > _MOST else ''}}}"
        fields.append(f"{field}={shown}")
    return f"{type(config).__name__}({', '.join(fields)})"
