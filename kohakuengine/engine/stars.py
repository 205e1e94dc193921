"""Which names a `from m import *` brings, read from the syntax of modules beside the script."""

from __future__ import annotations

import ast
import os

from ..errors import ScriptError
from .bindings import STAR, bound_names, find_bindings
from .source import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .bindings import StarNames


def star_names(folder: str, within: frozenset[str] = frozenset()) -> StarNames:
    """A function that tells which names a star import brings, None where that can't be known.

    Args:
        folder: Where the script lies, whose modules come first.
        within: The files whose star imports are being followed, so that circles end.
    """

    def names(node: ast.ImportFrom) -> frozenset[str] | None:
        path = None if node.level else module_file(folder, node.module or "")
        if path is None or path in within:
            return None
        try:
            with open(path, "rb") as file:
                tree = parse(file.read(), path)
        except (OSError, ScriptError):  # the import will say what is wrong with it
            return None
        return _public_names(tree, star_names(folder, within | {path}))

    return names


def module_file(folder: str, module: str) -> str | None:
    """The file of a module that lies in a folder, if it does."""
    stem = os.path.join(folder, *module.split("."))
    return next(
        (p for p in (f"{stem}.py", os.path.join(stem, "__init__.py")) if os.path.isfile(p)), None
    )


def _public_names(tree: ast.Module, follow: StarNames) -> frozenset[str] | None:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and "__all__" in bound_names(statement.targets[0]):
            try:
                return frozenset(ast.literal_eval(statement.value))
            except (ValueError, TypeError):
                return None
    found = find_bindings(tree, follow)
    if any(binding.kind == STAR and binding.name == "*" for binding in found):
        return None
    return frozenset(binding.name for binding in found if not binding.name.startswith("_"))
