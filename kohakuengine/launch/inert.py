"""Which statements only make names, and which: an import after such a one might be before it."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.BinOp)
_PLAIN_PARTS = (*_PLAIN, ast.expr_context, ast.operator)
_LITERAL_PARTS = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp),
    *(ast.unaryop, ast.expr_context),
)

# By these Python finds what is imported: who sets one of them does more than name something.
_OF_IMPORTS = frozenset(
    {"__builtins__", "__loader__", "__name__", "__package__", "__path__", "__spec__"}
)


def is_inert(statement: ast.stmt) -> bool:
    """Whether a statement only makes names, so that an import after it might be before it."""
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Assign):
        named = all(isinstance(target, ast.Name) for target in statement.targets)
        return named and _consists_of(statement.value, _LITERAL_PARTS)
    if isinstance(statement, ast.AnnAssign):
        return (
            isinstance(statement.target, ast.Name)
            and _is_plain(statement.annotation)
            and (statement.value is None or _consists_of(statement.value, _LITERAL_PARTS))
        )
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _is_inert_function(statement)
    if isinstance(statement, ast.ClassDef):
        plain = not (statement.decorator_list or statement.keywords)
        return plain and all(map(_is_plain, statement.bases)) and all(map(is_inert, statement.body))
    return isinstance(statement, ast.If) and _is_for_types(statement)


def _is_inert_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    annotations = [argument.annotation for argument in every if argument is not None]
    defaults = [*given.defaults, *given.kw_defaults]
    return (
        not function.decorator_list
        and all(_is_plain(note) for note in [*annotations, function.returns] if note is not None)
        and all(_consists_of(value, _LITERAL_PARTS) for value in defaults if value is not None)
    )


def _is_for_types(statement: ast.If) -> bool:
    test = statement.test
    name = test.id if isinstance(test, ast.Name) else getattr(test, "attr", None)
    return name == "TYPE_CHECKING" and not statement.orelse


def _is_plain(node: ast.AST) -> bool:
    """Whether an annotation or a base class is only looked up."""
    return _consists_of(node, _PLAIN_PARTS)


def _consists_of(node: ast.AST, kinds: Sequence[type[ast.AST]]) -> bool:
    return all(isinstance(part, tuple(kinds)) for part in ast.walk(node))


def bound_names(statement: ast.stmt) -> set[str]:
    """The names that an import, or a statement that does nothing else, makes.

    Example:
        >>> [*map(bound_names, ast.parse("import os.path\nfrom a import *\nx = 1").body)]
        [{'os'}, {'*'}, {'x'}]
    """
    if isinstance(statement, ast.Import):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.ImportFrom):
        return {alias.asname or alias.name for alias in statement.names}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AnnAssign):
        named = statement.value is not None and isinstance(statement.target, ast.Name)
        return {statement.target.id} if named else set()  # type: ignore[union-attr]
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    return set()


def steers_imports(statement: ast.stmt) -> bool:
    """Whether what a statement names changes what imports after it do."""
    names = bound_names(statement)
    if "TYPE_CHECKING" in names and isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return not (isinstance(statement.value, ast.Constant) and statement.value.value is False)
    return not names.isdisjoint(_OF_IMPORTS)
