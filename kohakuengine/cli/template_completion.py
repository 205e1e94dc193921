"""The arguments that a config file takes, read from its syntax, for completion."""

from __future__ import annotations

import ast


def arguments_in(path: str) -> dict[str, tuple[str, list[str]]]:
    """Each argument's declaration, and what it may be where that is known; nothing is executed."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "config_gen":
            found = _arguments(node.args)
    return found


def _arguments(declared: ast.arguments) -> dict[str, tuple[str, list[str]]]:
    from ..config.annotations import BOOL, Expected, read_annotation

    positional = [*declared.posonlyargs, *declared.args]
    without = len(positional) - len(declared.defaults)
    defaults = [*[None] * without, *declared.defaults, *declared.kw_defaults]
    found = {}
    for argument, default in zip([*positional, *declared.kwonlyargs], defaults):
        if argument.arg == "worker_id" or argument in declared.posonlyargs:
            continue
        kind = "" if argument.annotation is None else ast.unparse(argument.annotation)
        said = "" if default is None else f"= {ast.unparse(default)}"
        expected = read_annotation(kind) if kind else Expected("any")
        choices = ["True", "False"] if expected.shape == BOOL else map(str, expected.choices)
        found[argument.arg] = (" ".join(filter(None, [kind, said])), list(choices))
    return found
