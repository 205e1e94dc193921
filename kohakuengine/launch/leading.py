"""The imports with which a script begins: those that can be made before it without its noticing.

They are the ones before its first statement that does anything else, so that what a script sets
before an import (`os.environ["OMP_NUM_THREADS"] = "1"`) is still set before it. Local modules
aren't imported, but what they begin with is.
"""

from __future__ import annotations

import ast
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    # A module, and the names that are imported from it: none for `import module`.
    Import = tuple[str, list[str]]

_PLAIN = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.BinOp)
_PLAIN_PARTS = (*_PLAIN, ast.expr_context, ast.operator)
_LITERAL_PARTS = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp),
    *(ast.unaryop, ast.expr_context),
)


def leading_imports(source: bytes, folder: str) -> list[Import]:
    """The imports with which a script begins, in their order.

    Args:
        source: The script's.
        folder: In which its local modules lie.

    Returns:
        Modules with the names imported from them; none that lies in the folder.
    """
    found: list[Import] = []
    _collect(source, folder, found, set())
    return found


def _collect(source: bytes, folder: str, found: list[Import], seen: set[str]) -> bool:
    """Add what a file begins with; tell whether that is all it does."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # whoever runs it says what is wrong
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for wanted in _wanted(statement):
                if not _add(wanted, folder, found, seen):
                    return False
        elif not _is_inert(statement):
            return False
    return True


def _wanted(statement: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    if isinstance(statement, ast.Import):
        yield from ((alias.name, []) for alias in statement.names)
    elif statement.level:
        yield "", []
    elif statement.module != "__future__":
        yield str(statement.module), [alias.name for alias in statement.names]


def _add(wanted: Import, folder: str, found: list[Import], seen: set[str]) -> bool:
    """Add an import, or what a local module begins with; False where nothing is to follow."""
    module, names = wanted
    if not module:
        return False  # relative to a package, which is local
    place = os.path.join(folder, module.partition(".")[0])
    if os.path.isdir(place):
        return False  # it may be a local package: which of its files are run is decided elsewhere
    if not os.path.isfile(f"{place}.py"):
        found.append((module, names))
        return True
    if place in seen:
        return True
    seen.add(place)
    try:
        with open(f"{place}.py", "rb") as file:
            return _collect(file.read(), folder, found, seen)
    except OSError:
        return False


def _is_inert(statement: ast.stmt) -> bool:
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
        return (
            plain and all(map(_is_plain, statement.bases)) and all(map(_is_inert, statement.body))
        )
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
