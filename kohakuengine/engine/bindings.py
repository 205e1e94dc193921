"""Where a script's top level binds which name, read from its syntax.

The module scope reaches into the bodies of `if`, loops, `with`, `try` and `match`, into
comprehensions (for `:=`), and into decorators, base classes and argument defaults; it ends at the
bodies of functions, lambdas and classes.
"""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    StarNames = Callable[[ast.ImportFrom], "frozenset[str] | None"]

# What binds a name, as `Binding.kind`.
ASSIGN = "assign"  # x = 1, x: int = 1: one name, whose right-hand side can be replaced
UNPACK = "unpack"  # x, z = f(); a = x = f()
DECLARE = "declare"  # x: int
AUGMENT = "augment"  # x += 1
WALRUS = "walrus"  # (x := 1)
FOR, WITH, EXCEPT, CASE = "for", "with", "except", "case"
IMPORT, STAR = "import", "star"
DEFINE = "define"  # def, class, type

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Binding:
    """One place where the top level binds a name.

    Attributes:
        name: The name.
        kind: What binds it, one of the constants above.
        node: The statement, `ast.NamedExpr`, `ast.ExceptHandler` or `ast.match_case` that binds it.
        line: Its 1-based line.
        update: Whether it works on from an earlier binding, rather than being a default: it stands
            later in the text and reads the name itself, or stands in a loop before which the
            name was bound.
    """

    __slots__ = ("name", "kind", "node", "line", "update")

    def __init__(self, name: str, kind: str, node: ast.AST, line: int, update: bool) -> None:
        self.name = name
        self.kind = kind
        self.node = node
        self.line = line
        self.update = update

    def __repr__(self) -> str:
        role = "update" if self.update else "default"
        return f"<{role} of {self.name} by {self.kind}, line {self.line}>"


def find_bindings(tree: ast.Module, star_names: StarNames | None = None) -> list[Binding]:
    """Every place where a script's top level binds a name, in the order of the text.

    Args:
        tree: The script.
        star_names: Tells which names a `from m import *` brings, or None where that can't be
            known. Each such name is a binding of kind `STAR`; for a statement that can't be known
            there is one, of the name `*`.
    """
    scope = _ModuleScope(star_names or (lambda node: None))
    scope.block(tree.body)
    return scope.found


def find_globals(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Each `global x` in a function or class: x, the function's or class's name, 1-based line."""
    owners = [node for node in ast.walk(tree) if isinstance(node, (*_FUNCTIONS, ast.ClassDef))]
    for owner in owners:
        for node in _own_nodes(owner):
            if isinstance(node, ast.Global):
                yield from ((name, owner.name, node.lineno) for name in node.names)


def bound_names(target: ast.AST) -> list[str]:
    """The names that an assignment target binds: `x, (y, *z), a[0]` gives x, y and z."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Starred):
        return bound_names(target.value)
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in bound_names(element)]
    return []


def reads(name: str, *nodes: ast.AST | None) -> bool:
    """Whether evaluating these expressions reads the name of the module.

    What a lambda reads counts only where it is part of a larger expression, which may call it: a
    lambda that is the whole expression is evaluated without reading anything, like a function's
    definition.
    """
    return any(
        _reads(name, node.args if isinstance(node, ast.Lambda) else node)
        for node in nodes
        if node is not None
    )


def _reads(name: str, node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Lambda):
        own = [a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)]
        return _reads(name, node.args) or (name not in own and _reads(name, node.body))
    if isinstance(node, _COMPREHENSIONS):
        own = [n for g in node.generators for n in bound_names(g.target)]
        first = node.generators[0].iter
        return _reads(name, first) or (
            name not in own and any(_reads(name, c) for c in ast.iter_child_nodes(node))
        )
    return any(_reads(name, child) for child in ast.iter_child_nodes(node))


def _own_nodes(owner: ast.AST) -> Iterator[ast.AST]:
    """The nodes within a function or class, but not within those nested in it."""
    for child in ast.iter_child_nodes(owner):
        yield child
        if not isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            yield from _own_nodes(child)


class _ModuleScope:
    """One walk over the module scope; what it has met so far decides default or update."""

    def __init__(self, star_names: StarNames) -> None:
        self.found: list[Binding] = []
        self._star_names = star_names
        self._bound: set[str] = set()
        self._unknown_star = False
        # For each loop around the current place, the names bound before it.
        self._loops: list[frozenset[str]] = []

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            visit = getattr(self, f"_visit_{type(statement).__name__}", None)
            if visit is None:
                self._expressions(statement)
            else:
                visit(statement)

    def _bind(self, name: str, kind: str, node: ast.AST, *read: ast.AST | None) -> None:
        in_loop = any(name in before for before in self._loops)
        # A name that reads itself must have come from somewhere: an unknown star import counts.
        later = name in self._bound or self._unknown_star
        update = in_loop or (later and reads(name, *read))
        place = node.pattern if isinstance(node, ast.match_case) else node
        line: int = place.lineno  # type: ignore[attr-defined]
        self.found.append(Binding(name, kind, node, line, update or kind == AUGMENT))
        self._bound.add(name)

    def _loop(self, body: list[ast.stmt], before: frozenset[str], *tests: ast.expr) -> None:
        self._loops.append(before)
        for test in tests:
            self._expressions(test)
        self.block(body)
        self._loops.pop()

    # Expressions: only `:=` binds there.

    def _expressions(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            if isinstance(node, ast.NamedExpr):
                self._expressions(node.value)
                self._bind(node.target.id, WALRUS, node, node.value)
            elif isinstance(node, ast.Lambda):
                self._expressions(*node.args.defaults, *node.args.kw_defaults)
            elif isinstance(node, _COMPREHENSIONS):
                self._comprehension(node)
            elif node is not None:
                self._expressions(*ast.iter_child_nodes(node))

    def _comprehension(self, node: ast.AST) -> None:
        # Its element and conditions are evaluated over and over, like a loop's body; `:=` can't
        # stand in its iterables.
        self._loops.append(frozenset(self._bound))
        self._expressions(*ast.iter_child_nodes(node))
        self._loops.pop()

    # Statements.

    def _visit_Assign(self, node: ast.Assign) -> None:
        self._expressions(node.value)
        single = len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        for target in node.targets:
            self._expressions(target)
            for name in bound_names(target):
                self._bind(name, ASSIGN if single else UNPACK, node, node.value)

    def _visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._expressions(node.value)
        if not isinstance(node.target, ast.Name):
            self._expressions(node.target)
        elif node.value is not None:
            self._bind(node.target.id, ASSIGN, node, node.value)
        elif node.target.id not in self._bound:  # after a binding it says nothing new
            self._bind(node.target.id, DECLARE, node)

    def _visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._expressions(node.value, node.target)
        for name in bound_names(node.target):
            self._bind(name, AUGMENT, node)

    def _visit_For(self, node: ast.For) -> None:
        self._expressions(node.iter)
        before = frozenset(self._bound)
        self._expressions(node.target)
        for name in bound_names(node.target):
            self._bind(name, FOR, node, node.iter)
        self._loop(node.body, before)
        self.block(node.orelse)

    def _visit_While(self, node: ast.While) -> None:
        # The test is evaluated before every pass, so it belongs to the loop.
        self._loop(node.body, frozenset(self._bound), node.test)
        self.block(node.orelse)

    def _visit_If(self, node: ast.If) -> None:
        self._expressions(node.test)
        self.block(node.body)
        self.block(node.orelse)

    def _visit_With(self, node: ast.With) -> None:
        for item in node.items:
            self._expressions(item.context_expr, item.optional_vars)
            if item.optional_vars is not None:
                for name in bound_names(item.optional_vars):
                    self._bind(name, WITH, node, item.context_expr)
        self.block(node.body)

    def _visit_Try(self, node: ast.Try) -> None:
        self.block(node.body)
        for handler in node.handlers:
            self._expressions(handler.type)
            if handler.name is not None:
                self._bind(handler.name, EXCEPT, handler, handler.type)
            self.block(handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    _visit_TryStar = _visit_Try

    def _visit_Match(self, node: ast.Match) -> None:
        self._expressions(node.subject)
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                captured = getattr(
                    pattern, "rest" if isinstance(pattern, ast.MatchMapping) else "name", None
                )
                if isinstance(captured, str):
                    self._bind(captured, CASE, case, node.subject, case.pattern)
            self._expressions(case.guard)
            self.block(case.body)

    def _visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0], IMPORT, node)

    def _visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.names[0].name != "*":
            for alias in node.names:
                self._bind(alias.asname or alias.name, IMPORT, node)
            return
        names = self._star_names(node)
        for name in ["*"] if names is None else sorted(names):
            self._bind(name, STAR, node)
        self._unknown_star |= names is None

    def _visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        evaluated = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
        self._expressions(*evaluated)
        self._bind(node.name, DEFINE, node, *evaluated)

    _visit_AsyncFunctionDef = _visit_FunctionDef

    def _visit_ClassDef(self, node: ast.ClassDef) -> None:
        evaluated = [*node.decorator_list, *node.bases, *node.keywords]
        self._expressions(*evaluated)
        self._bind(node.name, DEFINE, node, *evaluated)

    def _visit_TypeAlias(self, node: ast.AST) -> None:
        self._bind(node.name.id, DEFINE, node)  # type: ignore[attr-defined]
