"""Which modules a file imports, read from its syntax."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def imported_names(text: bytes, package: str = "", *, is_init: bool = False) -> list[str]:
    """The full names of what a module imports, wherever in it the imports stand.

    Args:
        text: The module's bytes.
        package: The package it is in, which relative imports start from; its own name where it is
            a package.
        is_init: Whether it is an `__init__.py`, whose `__all__` may name modules, too.

    Returns:
        Each name once, as they come. `from a import b` is `a.b`, whether that is a module or not.
        Empty where the text doesn't parse.

    Example:
        >>> imported_names(b"import os.path\\nfrom . import model", "pkg")
        ['os.path', 'pkg.model']
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names: dict[str, None] = {}
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            names.update(dict.fromkeys(_names_from(node, package)))
        elif is_init and isinstance(node, ast.Assign):
            names.update(dict.fromkeys(f"{package}.{listed}" for listed in _all(node)))
    return list(names)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements, however deep; expressions, which hold no imports, aren't walked."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for field in ("cases", "handlers", "finalbody", "orelse", "body"):
            todo += reversed(getattr(node, field, ()))


def _names_from(node: ast.ImportFrom, package: str) -> list[str]:
    base = node.module or ""
    if node.level:
        parts = package.split(".") if package else []
        if node.level > len(parts):  # Python says: beyond the top-level package
            return []
        base = ".".join(parts[: len(parts) - node.level + 1] + [base] * bool(base))
    return [base if alias.name == "*" else f"{base}.{alias.name}" for alias in node.names]


def _all(node: ast.Assign) -> list[str]:
    """The names in a package's `__all__`: `from package import *` imports its modules among them."""
    target = node.targets[0]
    if not (isinstance(target, ast.Name) and target.id == "__all__"):
        return []
    try:
        listed = ast.literal_eval(node.value)
        return [item for item in listed if isinstance(item, str) and item.isidentifier()]
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return []
