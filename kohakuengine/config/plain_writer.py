"""A Config in JSON, and in TOML."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time

from .plain_values import PlainValues
from .printing import laid_out, written_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .base import Config

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_json(config: Config) -> str:
    """A Config in JSON.

    Raises:
        Unwritable: It holds what can't stand there.
    """
    values = PlainValues([])
    tree = {name: values.of(value, name) for name, value in written_names(config).items()}
    return f"{_json(tree, 0, top=True)}\n"


def _json(value: Any, indent: int, top: bool = False) -> str:
    if isinstance(value, list):
        items = [_json(item, indent + 4) for item in value]
        return laid_out("[", items, "]", indent, comma="")
    if isinstance(value, dict):
        pairs = [f"{_quoted(key)}: {_json(item, indent + 4)}" for key, item in value.items()]
        if top and pairs:  # a name a line
            return "{\n    " + ",\n    ".join(pairs) + "\n}"
        return laid_out("{", pairs, "}", indent, comma="")
    return json.dumps(value, ensure_ascii=False)


def to_toml(config: Config) -> str:
    """A Config in TOML; None is written `"${none:}"`.

    Raises:
        Unwritable: It holds what can't stand there.
    """
    values = PlainValues([date, datetime, time], none="${none:}")
    tree = {name: values.of(value, name) for name, value in written_names(config).items()}
    return "".join(_table(tree, "")).lstrip("\n")


def _table(values: dict[str, Any], name: str) -> list[str]:
    """The lines of a table, and behind them the tables within it, as TOML wants it."""
    tables = {key: value for key, value in values.items() if isinstance(value, dict) and value}
    own = {key: value for key, value in values.items() if key not in tables}
    lines = [f"\n[{name}]\n"] if name and (own or not tables) else []
    lines += [f"{_key(key)} = {_toml(value, 0)}\n" for key, value in own.items()]
    for key, value in tables.items():
        lines += _table(value, f"{name}.{_key(key)}" if name else _key(key))
    return lines


def _toml(value: Any, indent: int) -> str:
    if isinstance(value, list):
        return laid_out("[", [_toml(item, indent + 4) for item in value], "]", indent)
    if isinstance(value, dict):  # which has to be on one line
        return f"{{{', '.join(f'{_key(key)} = {_flat(item)}' for key, item in value.items())}}}"
    return _flat(value)


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    if isinstance(value, dict):
        return _toml(value, 0)
    if isinstance(value, str):
        return _quoted(value).replace("\x7f", "\\u007f")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return repr(value).lower() if isinstance(value, bool) else repr(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _flat(key)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
