"""Keys that an override adds to a dictionary, of which nothing in the script knows: slips of the pen.

It is told only where it is known what the dictionary holds: it is written out in the script, or is
of a config.
"""

from __future__ import annotations

import ast

from ..config.near import nearest
from ..config.nested import nested_values
from .checks import Surprise
from .literals import NotLiteral, literal_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..config.origin import Origin
    from .bindings import Binding


def find_unknown_keys(
    tree: ast.Module, found: list[Binding], values: Mapping[str, Any], origin: Origin, script: str
) -> Iterator[Surprise]:
    """What is added to dictionaries that have other keys, and that the script doesn't mention.

    Args:
        tree: The script.
        found: Its bindings.
        values: The overrides.
        origin: Of the config.
        script: The script's name, for the messages.
    """
    mentioned: set[str] | None = None
    for path in origin.added:
        parent, _, key = path.rpartition(".")
        root = parent.partition(".")[0]
        own = [binding for binding in found if binding.name == root and not binding.update]
        if len(own) > 1:  # which of them holds depends
            continue
        literal = nested_values({root: written_dictionary(own)}, [parent]).get(parent)
        theirs = nested_values(values, [parent]).get(parent, {})
        keys = [*(literal or ()), *(k for k in theirs if f"{parent}.{k}" not in origin.added)]
        known = [one for one in dict.fromkeys(keys) if isinstance(one, str)]
        mentioned = mentioned_in(tree) if mentioned is None else mentioned
        if not known or key in known or key in mentioned:
            continue
        where = f"{script} line {own[0].line}" if literal else origin.place_of(root)
        similar = nearest(key, known)
        hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
        there = f" ({where})" if where else ""
        message = f"{parent}{there} has no key {key}: it is added to it.{hint}"
        yield Surprise(path, message, refused=True, nearest=tuple(similar))


def written_dictionary(own: list[Binding]) -> dict[Any, Any] | None:
    """The dictionary that a script writes out as the default of a variable."""
    value = getattr(own[0].node, "value", None) if own else None
    if not isinstance(value, ast.Dict):
        return None
    try:
        literal: Any = literal_value(value)
    except NotLiteral:
        return None
    return literal if isinstance(literal, dict) else None


def mentioned_in(tree: ast.Module) -> set[str]:
    """The texts, and the names of arguments, in a script: by these it may ask for a key."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, (ast.arg, ast.keyword)) and node.arg:
            found.add(node.arg)
    return found
