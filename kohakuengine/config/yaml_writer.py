"""A Config in YAML."""

from __future__ import annotations

from datetime import date, datetime

import yaml

from .documents import Unreadable
from .plain_values import PlainValues
from .printing import WIDTH, written_names
from .yaml_text import Ambiguous, plain_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .base import Config

_TAG = "tag:yaml.org,2002:"


def to_yaml(config: Config) -> str:
    """A Config in YAML.

    Raises:
        Unwritable: It holds what can't stand there.
    """
    values = PlainValues([bytes, set, date, datetime], keys=True)
    tree = {name: values.of(value, name) for name, value in written_names(config).items()}
    if not tree:
        return "{}\n"
    pieces = yaml.dump(
        _Top(tree),
        Dumper=_Dumper,
        default_flow_style=None,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH,
    )
    return str(pieces)


class _Top(dict[str, "Any"]):
    """All of a file: a name a line."""


class _Dumper(yaml.SafeDumper):
    """Writes without quotes what `plain_value()` reads as it is."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return f"{_TAG}{'seq' if kind is yaml.SequenceNode else 'map'}"
        return _tag_of(value) if implicit[0] else f"{_TAG}str"


def _tag_of(text: str) -> str:
    """What a text would be, if it stood there without quotes."""
    if text == "<<":
        return f"{_TAG}merge"
    try:
        kind = type(plain_value(text)).__name__
    except (Ambiguous, Unreadable):
        return f"{_TAG}none"
    return f"{_TAG}{'null' if kind == 'NoneType' else kind}"


def _of_top(dumper: yaml.SafeDumper, value: _Top) -> yaml.MappingNode:
    return dumper.represent_mapping(f"{_TAG}map", value, flow_style=False)


def _of_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if value.isprintable() else '"'  # else some line breaks become spaces
    lines = value.split("\n")
    if len(lines) > 1 and all(x.isprintable() and x == x.strip() for x in lines):
        style = "|"  # where it can be; else in quotes, too
    return dumper.represent_scalar(f"{_TAG}str", value, style=style)


def _of_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value)
    return dumper.represent_scalar(
        f"{_TAG}float", f"{text[:-3]}.{text[-3:]}" if text[-1] in "fn" else text
    )


def _of_set(dumper: yaml.SafeDumper, value: set[Any]) -> yaml.MappingNode:
    ordered = {item: None for item in sorted(value, key=repr)}  # the same text each time
    return dumper.represent_mapping(f"{_TAG}set", ordered, flow_style=True)


def _of_time(dumper: yaml.SafeDumper, value: date) -> yaml.ScalarNode:
    return dumper.represent_scalar(f"{_TAG}timestamp", value.isoformat())


_Dumper.add_representer(_Top, _of_top)
_Dumper.add_representer(str, _of_text)
_Dumper.add_representer(float, _of_float)
_Dumper.add_representer(set, _of_set)
_Dumper.add_representer(date, _of_time)
_Dumper.add_representer(datetime, _of_time)
