"""Overrides that can't matter: nothing in the script reads what they set, for sure."""

from __future__ import annotations

import ast
import os
import re

from .entry_calls import scope_nodes
from .stars import module_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# By these a script, or what it imports, may read a variable without naming it.
_LOOKS = frozenset(
    "exec eval compile globals locals vars dir getattr setattr __import__ __main__ modules "
    "_getframe currentframe f_globals f_locals __globals__ __dict__ breakpoint stack trace "
    "__builtins__ importlib runpy inspect gc code pdb ipdb pudb IPython fire dill unittest pytest "
    "doctest sacred gin ctypes timeit cProfile profile __all__ __getattr__ interact embed set_trace "
    "run_path run_module import_module dump_session dump_module get_ipython".split()
)
_IN_MODULES = (
    rb"import\s+__main__|['\"]__main__['\"]\s*\]|sys\.modules|_getframe|f_globals|\binspect\b"
    rb"|from\s+__main__|import_module|\bexec\b|\beval\b|\bfire\b"
)
_GUARD = rb"__name__\s*==\s*['\"]__main__['\"]"


def unread(tree: ast.Module, names: Iterable[str], folder: str, path: str) -> list[str]:
    """Those of the names which the script assigns, and which nothing can be reading.

    Where the script may look at its variables in some other way than by their names, or anything in
    it, a text included, mentions a name, that name is taken for read.

    Args:
        tree: The script.
        names: The names.
        folder: Where it lies, and the modules that it imports from there.
        path: Its file.
    """
    left = {name for name in names if not name.startswith("__")}
    looks = False
    for node in ast.walk(tree):
        if not left:
            return []
        left.difference_update(_mentioned(node))
        looks = looks or _looks(node)
    if not left or looks or _is_looked_at(tree, folder, path):
        return []
    bound = {node.id for node in scope_nodes(tree.body) if _is_stored(node)}  # type: ignore[attr-defined]
    texts = [text for node in ast.walk(tree) for text in _texts(node)]
    return [
        name
        for name in left
        if name in bound and not any(re.search(rf"\b{name}\b", text) for text in texts)
    ]


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _mentioned(node: ast.AST) -> Iterator[str]:
    """The names that a piece of syntax does more with than bind them at the top level."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Store):
            yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.AugAssign):
        if isinstance(node.target, ast.Name):
            yield node.target.id
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id  # whose value is read where it stands
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name for alias in node.names)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.With, ast.AsyncWith)):
        yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name


def _looks(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _LOOKS
    if isinstance(node, ast.Attribute):
        return node.attr in _LOOKS
    if isinstance(node, ast.Import):
        return any(_LOOKS.intersection(alias.name.split(".")) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        return "*" in names or bool(_LOOKS.intersection(names)) or bool(node.level)
    return False


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
        elif isinstance(node.value, bytes):
            yield node.value.decode("latin-1")


def _is_looked_at(tree: ast.Module, folder: str, path: str) -> bool:
    """Whether a module beside the script may look at its variables."""
    stem = re.escape(os.path.splitext(os.path.basename(path))[0]).encode()
    itself = re.compile(rb"\b(?:import|from)\s+(?:[\w.]+\s*,\s*)*" + stem + rb"\b")
    waiting, seen = [tree], {path}
    while waiting:
        for module in _imported(waiting.pop()):
            place = module_file(folder, module)
            if place is None or place in seen:
                continue
            seen.add(place)
            try:
                with open(place, "rb") as file:
                    source = file.read()
                inner = ast.parse(source)
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                return True
            if re.search(_IN_MODULES, re.sub(_GUARD, b"", source)) or itself.search(source):
                return True
            if any(isinstance(n, ast.ImportFrom) and n.level for n in ast.walk(inner)):
                return True  # of a package, whose modules aren't all followed here
            waiting.append(inner)
    return False


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
