"""What an override does that its user may not expect, told before anything runs."""

from __future__ import annotations

import ast

from ..config.near import nearest
from . import bindings as B

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .bindings import Binding
    from .script import Script


class Surprise:
    """One thing that an override does and that its user may not expect.

    Attributes:
        name: The overridden name.
        message: One sentence that says what it means.
        refused: Whether a strict run refuses it.
        nearest: What the name may mean.
    """

    __slots__ = ("name", "message", "refused", "nearest")

    def __init__(
        self, name: str, message: str, refused: bool, nearest: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.message = message
        self.refused = refused
        self.nearest = nearest


def find_surprises(
    tree: ast.Module, found: list[Binding], overrides: Mapping[str, object], script: str
) -> Iterator[Surprise]:
    """What the overrides do to this script that their user may not expect.

    Args:
        tree: The script.
        found: Its bindings, by `find_bindings(tree)`.
        overrides: Names and their values.
        script: The script's name, for the messages.
    """
    for name, value in overrides.items():
        own = [binding for binding in found if binding.name == name]
        if not any(not binding.update for binding in own):
            yield Surprise(name, _nothing_binds(name, own, found, script), refused=True)
        elif all(binding.kind in _ODD for binding in own):
            first = own[0]
            meaning = _ODD[first.kind].format(line=first.line, name=name, value=_shown(value))
            yield Surprise(name, f"{name} is no variable with a default: {meaning}.", refused=True)
    for name, owner, line in B.find_globals(tree):
        if name in overrides:
            message = f"{owner} (line {line}) declares {name} global: what it assigns wins."
            yield Surprise(name, message, refused=False)
    yield from _relaunches(tree, overrides)


def find_unread(
    tree: ast.Module, found: list[Binding], overrides: Iterable[str], script: Script
) -> Iterator[Surprise]:
    """The overrides of defaults that nothing in the script can be reading.

    Args:
        tree: The script, as it is.
        found: Its bindings.
        overrides: Names.
        script: The script.
    """
    lines = {b.name: b.line for b in reversed(found) if b.kind in (B.ASSIGN, B.UNPACK, B.DECLARE)}
    names = [name for name in overrides if name in lines]
    if not names:
        return
    from .unread import unread

    for name in unread(tree, names, script.folder, script.path):
        place = script.place_of_line(lines[name])
        message = f"nothing in {script.name} reads {name} ({place}): it changes nothing."
        yield Surprise(name, message, refused=False)


_ODD = {
    B.FOR: "every iteration of line {line} runs with {value}",
    B.IMPORT: "line {line} imports it, and right after that it is {value}",
    B.WITH: "the body of the with on line {line} runs with {value} in place of what it opens",
    B.EXCEPT: "the except clause on line {line} sees {value} in place of the exception",
}


def _shown(value: object) -> str:
    from reprlib import repr as short_repr

    return short_repr(value)


def _nothing_binds(name: str, own: list[Binding], found: list[Binding], script: str) -> str:
    if own:
        return (
            f"{name} has no default in {script}, line {own[0].line} only updates it: "
            "the override is set before the first line."
        )
    stars = [binding.line for binding in found if binding.name == "*"]
    if stars:
        also = f", and again after the star import on line {stars[0]} if that brings it"
        return f"{script} doesn't bind {name} by name: it is set before the first line{also}."
    similar = nearest(name, {binding.name for binding in found})
    hint = f" Did you mean {' or '.join(similar)}?" if similar else ""
    return (
        f"nothing at the top level of {script} binds {name}: it is set before the first line.{hint}"
    )


def _relaunches(tree: ast.Module, overrides: Mapping[str, object]) -> Iterator[Surprise]:
    for node in ast.walk(tree) if overrides else ():
        if isinstance(node, ast.Call) and _starts_process(node.func):
            if any(_names_script(argument) for argument in [*node.args, *node.keywords]):
                message = (
                    f"line {node.lineno} seems to start the script anew from sys.argv or __file__: "
                    "that process runs the plain script, without the overrides."
                )
                yield Surprise("", message, refused=False)


def _starts_process(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and (
            function.value.id == "subprocess"
            or (
                function.value.id == "os"
                and function.attr.startswith(("exec", "spawn", "posix_spawn"))
            )
            or (function.value.id == "asyncio" and function.attr.startswith("create_subprocess"))
        )
    )


def _names_script(node: ast.AST) -> bool:
    """Whether an argument holds `__file__`, `sys.argv` whole, or `sys.argv[0]`."""
    if isinstance(node, ast.Subscript) and getattr(node.value, "attr", None) == "argv":
        return isinstance(node.slice, ast.Constant) and node.slice.value == 0
    return (
        getattr(node, "attr", None) == "argv"
        or getattr(node, "id", None) == "__file__"
        or any(_names_script(child) for child in ast.iter_child_nodes(node))
    )
