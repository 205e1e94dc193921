"""Which calls of a script's main block count as calls of its entrypoint, read from its syntax.

They are the calls, by plain name, of functions which the script defines or imports from its own
folder, not nested in another such call's arguments and not in a `finally`.
"""

from __future__ import annotations

import ast

from ..errors import ScriptError
from .source import parse
from .stars import module_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class EntryCall:
    """One call of an entrypoint.

    Attributes:
        name: The function's name.
        node: The call.
        consumers: The calls in whose arguments it stands, from the innermost outwards.
    """

    __slots__ = ("name", "node", "consumers")

    def __init__(self, name: str, node: ast.Call, consumers: tuple[ast.Call, ...]) -> None:
        self.name = name
        self.node = node
        self.consumers = consumers


def main_blocks(tree: ast.Module) -> list[ast.If]:
    """The `if __name__ == "__main__":` statements of a script, `elif` and those in `try` too."""
    nodes = scope_nodes(tree.body)
    return [node for node in nodes if isinstance(node, ast.If) and _asks_for_main(node.test)]


def _asks_for_main(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_asks_for_main(value) for value in test.values)
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [test.left, *test.comparators]
    return any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides) and any(
        isinstance(s, ast.Constant) and s.value == "__main__" for s in sides
    )


def scope_nodes(nodes: list[ast.stmt] | list[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of the module scope: not those in the bodies of functions, lambdas and classes."""
    for node in nodes:
        yield node
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, (*_DEFINITIONS, ast.ClassDef)):
            inside = {id(child) for child in node.body}
            children = [child for child in children if id(child) not in inside]
        elif isinstance(node, ast.Lambda):
            children = [node.args]
        yield from scope_nodes(children)


def definitions(statements: list[ast.stmt]) -> dict[str, list[Definition]]:
    """The functions that a script's top level defines, by name, each with all its definitions."""
    found: dict[str, list[Definition]] = {}
    for node in scope_nodes(statements):
        if isinstance(node, _DEFINITIONS):
            found.setdefault(node.name, []).append(node)
    return found


def entry_calls(statements: list[ast.stmt], tree: ast.Module, folder: str) -> list[EntryCall]:
    """The entry calls among some statements of a script, in the order of the text.

    Args:
        statements: Where to look, e.g. the body of the main block.
        tree: The whole script.
        folder: Where the script lies.
    """
    own = {*definitions(tree.body), *_imported_functions(tree, folder)}
    found: list[EntryCall] = []

    def look(node: ast.AST, consumers: tuple[ast.Call, ...]) -> None:
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in own:
                found.append(EntryCall(node.func.id, node, consumers))
                return
            look(node.func, ())
            for argument in (*node.args, *node.keywords):
                look(argument, (node, *consumers))
        elif isinstance(node, (*_DEFINITIONS, ast.ClassDef, ast.Lambda)):
            return
        else:
            final = {id(statement) for statement in getattr(node, "finalbody", ())}
            for child in ast.iter_child_nodes(node):
                if id(child) not in final:
                    look(child, () if isinstance(child, ast.stmt) else consumers)

    for statement in statements:
        look(statement, ())
    return found


def _imported_functions(tree: ast.Module, folder: str) -> set[str]:
    """The names that a script imports from modules of its own folder and that aren't classes."""
    names = set()
    for node in scope_nodes(tree.body):
        if isinstance(node, ast.ImportFrom):
            path = module_file(folder, node.module or "") if folder and not node.level else None
            if path is not None:
                classes = _classes(path)
                names |= {a.asname or a.name for a in node.names if a.name not in classes}
            elif node.level:
                names |= {a.asname or a.name for a in node.names}
    return names


def _classes(path: str) -> set[str]:
    try:
        with open(path, "rb") as file:
            tree = parse(file.read(), path)
    except (OSError, ScriptError):  # the import will say what is wrong with it
        return set()
    return {node.name for node in scope_nodes(tree.body) if isinstance(node, ast.ClassDef)}
