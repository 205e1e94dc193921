"""Put overrides where a script binds its defaults.

An override replaces a name's default; updates run, working on from it. The rules are in
docs/overrides.md. They are applied to the script's syntax tree: a default of one name gets another
right-hand side, and where a statement binds a name in some other way, a *pin* (`x = <override>`)
stands right behind the binding.
"""

from __future__ import annotations

import ast

from ..errors import OverrideError
from . import bindings as B
from .constants import NOWHERE, Constants, nowhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .bindings import Binding

# What Python itself keeps in a module; to override it would break the script rather than configure
# it.
PROTECTED = frozenset(
    "__annotate__ __annotate_func__ __annotations__ __builtins__ __cached__ __class__ "
    "__conditional_annotations__ __debug__ __dict__ __doc__ __file__ __loader__ __name__ "
    "__package__ __path__ __spec__ __warningregistry__".split()
)


def check_names(names: Iterable[str]) -> None:
    """Refuse what can't be the name of a script's variable.

    Raises:
        OverrideError: A name isn't an identifier, is a keyword, or is one that Python keeps in
            every module.
    """
    from keyword import iskeyword

    for name in names:
        if not name.isidentifier() or iskeyword(name):
            part = name.partition(".")[0]
            dotted = "." in name and part.isidentifier()
            way_out = f"; give the whole of {part}, or a part of it with --set or run()"
            message = f"{name!r} can't be overridden: it isn't a name in Python"
            raise OverrideError(f"{message}{way_out if dotted else ''}.", key=name)
        if name in PROTECTED:
            raise OverrideError(
                f"{name} can't be overridden: Python keeps it in every module.", key=name
            )


def inject(
    tree: ast.Module,
    found: list[Binding],
    overrides: Mapping[str, object],
    constants: Constants,
) -> dict[str, object]:
    """Change a script's syntax tree so that its defaults are the overrides.

    Args:
        tree: The script; changed in place.
        found: Its bindings, by `find_bindings(tree)`.
        overrides: Names and their values; an `EnumMember`, also in a list and such, is
            evaluated where it is bound.
        constants: Takes the values.

    Returns:
        The overrides that no statement has as a default: to be set before the first line.
    """
    injection = _Injection(tree, overrides, constants)
    for binding in found:
        if not binding.update:
            injection.replace(binding)
    tree.body = injection.block(tree.body)
    return {name: overrides[name] for name in unbound(found, overrides)}


def unbound(found: list[Binding], names: Iterable[str]) -> list[str]:
    """Those of the names which no statement of the script has as a default for sure."""
    defaults = {binding.name for binding in found if not binding.update}
    return [name for name in names if name not in defaults]


class _Injection:
    def __init__(
        self, tree: ast.Module, overrides: Mapping[str, object], constants: Constants
    ) -> None:
        self._overrides = overrides
        self._constants = constants
        futures = [n for n in tree.body if getattr(n, "module", None) == "__future__"]
        self._last_future = futures[-1] if futures else None
        # Pins by the id of the node they belong to: behind a statement, or at the start of a body.
        self._behind: dict[int, list[ast.stmt]] = {}
        self._inside: dict[int, list[ast.stmt]] = {}

    def replace(self, binding: Binding) -> None:
        name, node = binding.name, binding.node
        if binding.kind == B.STAR:
            names = self._overrides if name == "*" else [name] if name in self._overrides else []
            pins = [self._pin_if_brought(n, node) for n in names]  # type: ignore[arg-type]
            self._behind.setdefault(id(node), []).extend(pins)
        elif name not in self._overrides:
            return
        elif binding.kind == B.WALRUS:
            self._replace_walrus(name, node)  # type: ignore[arg-type]
        elif binding.kind == B.DECLARE or (
            binding.kind == B.ASSIGN and not _binds_other(name, node)
        ):
            self._replace_value(name, node)  # type: ignore[arg-type]
        elif isinstance(node, ast.match_case) and node.guard is not None:
            node.guard = self._guard(name, node.guard)
        elif binding.kind in (B.FOR, B.WITH, B.EXCEPT, B.CASE):
            self._inside.setdefault(id(node), []).append(self._pin(name))
        elif isinstance(node, ast.ImportFrom) and node.module == "__future__":
            # Nothing but such imports may stand between them.
            self._behind.setdefault(id(self._last_future), []).append(self._pin(name))
        else:
            self._behind.setdefault(id(node), []).append(self._pin(name))

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """The statements with the pins among them, through all the module scope."""
        pinned = []
        for statement in statements:
            pinned += [statement, *self._behind.get(id(statement), ())]
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            for owner in _block_owners(statement):
                for field in ("body", "orelse", "finalbody"):
                    body = getattr(owner, field, None)
                    if body:
                        pins = self._inside.get(id(owner), ()) if field == "body" else ()
                        setattr(owner, field, [*pins, *self.block(body)])
        return pinned

    def _value(self, name: str) -> ast.expr:
        return self._constants.expression(self._overrides[name], name)

    def _pin(self, name: str) -> ast.stmt:
        return ast.Assign([ast.Name(name, ast.Store(), **NOWHERE)], self._value(name), **NOWHERE)

    def _pin_if_brought(self, name: str, node: ast.ImportFrom) -> ast.stmt:
        """`if <the module's star names hold name>: name = <override>`, without a frame of ours."""
        public = "vars.__call__(module)" if not name.startswith("_") else "()"
        text = f"{name!r} in getattr.__call__(module, '__all__', {public})"
        module = "import_.__call__(path, globals.__call__(), None, ('*',), level)"
        known = {
            "import_": __import__,
            "getattr": getattr,
            "globals": globals,
            "vars": vars,
            "path": node.module or "",
            "level": node.level,
        }
        expression = ast.parse(text.replace("module", module), mode="eval").body
        test = _Filling(known, self._constants).visit(expression)
        nowhere(test)
        return ast.If(test, [self._pin(name)], [], **NOWHERE)

    def _replace_value(self, name: str, node: ast.Assign | ast.AnnAssign) -> None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        node.value = _placed(self._value(name), target)

    def _replace_walrus(self, name: str, node: ast.NamedExpr) -> None:
        value = _placed(self._value(name), node.target)
        if _binds_other(name, node):
            both = ast.Tuple([node.value, value], ast.Load())
            last = ast.Subscript(both, ast.Constant(1), ast.Load())
            for made in (both, last, last.slice):
                ast.copy_location(made, node.target)
            node.value = last
        else:
            node.value = value

    def _guard(self, name: str, guard: ast.expr) -> ast.expr:
        """`(guard, name := <override>)[0]`: the guard sees the capture, and nothing after it does.

        Without a jump, and all where the guard ends: with `or` more lines would be traced.
        """
        pin = ast.NamedExpr(ast.Name(name, ast.Store()), self._value(name))
        both = ast.Tuple([ast.Constant(None), pin], ast.Load())
        first = ast.Subscript(both, ast.Constant(0), ast.Load())
        line = guard.end_lineno or guard.lineno
        end = ast.Constant(None, lineno=line, end_lineno=line)
        end.col_offset = end.end_col_offset = guard.end_col_offset or 0
        _placed(first, end)
        both.elts[0] = guard
        return first


def _placed(expression: ast.expr, place: ast.expr) -> ast.expr:
    """An expression of ours, all of it at a place of the script's.

    Where branches of the script meet, the compiler couldn't tell the place of what has none.
    """
    for child in ast.walk(expression):
        ast.copy_location(child, place)
    return expression


class _Filling(ast.NodeTransformer):
    """Puts objects where an expression names them."""

    def __init__(self, known: Mapping[str, object], constants: Constants) -> None:
        self._known = known
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._constants.node(self._known[node.id])


def _block_owners(statement: ast.stmt) -> list[ast.AST]:
    """The statement and its clauses, each of which may hold blocks."""
    return [
        statement,
        *getattr(statement, "handlers", ()),
        *getattr(statement, "cases", ()),
    ]


def _binds_other(name: str, node: ast.AST) -> bool:
    """Whether evaluating the value of an assignment or `:=` binds a further name of the module."""
    value = node.value  # type: ignore[attr-defined]
    return value is not None and any(
        binding.name != name for binding in B.find_bindings(ast.Module([ast.Expr(value)], []))
    )
