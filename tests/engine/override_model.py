"""A model of the override rules, made from the design's text alone: what a script comes to.

`predict(source, overrides)` interprets a small part of Python statement by statement, and applies
the rules where a name gets bound. It rewrites nothing, so it shares no idea with the engine. To
check it, read it beside "Overrides" in the design; it has two steps, as the text has:

1. `Rules` reads the script from top to bottom and calls every binding a *default* or an *update*;
2. `Interpreter` runs it: a default gives the override, an update what Python gives.

What the text leaves open is in `open_questions`: the names for which tests should ask nothing.
"""

from __future__ import annotations

import ast
import importlib
import operator
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

DEFAULT, UPDATE, NOTHING = "default", "update", "nothing"
LOOSE_SITES = (ast.For, ast.Import, ast.ImportFrom, ast.withitem, ast.ExceptHandler)
FIRM_SITES = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.FunctionDef, ast.ClassDef)


# ---- Which names does a piece of syntax read, and which does it bind?


def reads(*nodes: ast.AST | None) -> set[str]:
    """The names read here and now: not in a lambda that is all there is, no comprehension's own."""
    return set().union(*(_reads(node) for node in nodes if not isinstance(node, ast.Lambda)))


def _reads(node: ast.AST | None) -> set[str]:
    match node:
        case None:
            return set()
        case ast.Name(ctx=ast.Load()):
            return {node.id}
        case ast.ListComp(generators=[loop]):
            inside = _reads(node.elt).union(*map(_reads, loop.ifs)) - names_of(loop.target)
            return inside | _reads(loop.iter)
    return set().union(*map(_reads, ast.iter_child_nodes(node)))


def names_of(*targets: ast.AST | None) -> set[str]:
    """The names an assignment target or a case's pattern binds."""
    nodes = [node for target in targets if target for node in ast.walk(target)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    captured = [node.name for node in nodes if isinstance(node, (ast.MatchAs, ast.MatchStar))]
    return stored.union(filter(None, captured))


def walruses(*nodes: ast.AST | None) -> list[ast.NamedExpr]:
    """The `name := value` in these expressions."""
    found = [inner for node in nodes if node for inner in ast.walk(node)]
    return [node for node in found if isinstance(node, ast.NamedExpr)]


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The names an import statement binds; for `from m import *` those that m has."""
    if node.names[0].name == "*":
        module = importlib.import_module(node.module or "")
        return {name for name in vars(module) if not name.startswith("_")}
    return {alias.asname or alias.name.partition(".")[0] for alias in node.names}


# ---- Step 1: default or update?


class Reading(NamedTuple):
    """How two questions are answered which the text leaves open."""

    own_target: bool = True  # `for x in ...: x = 2`: does the target bind x "before that loop"?
    star: bool = True  # does `from m import *` bind the names it brings, for what comes later?


class Rules:
    """Calls every binding of a script's top level a default or an update, by its text alone.

    kinds: (the node that binds, the name) -> DEFAULT, UPDATE or NOTHING, in textual order.
    preset: can be asked whether a name is set before the first line, for want of a default.
    """

    def __init__(self, tree: ast.Module, reading: Reading = Reading()) -> None:
        self.kinds: dict[tuple[ast.AST, str], str] = {}
        self.self_reading_first: set[str] = set()
        self._reading = reading
        self._bound: set[str] = set()
        self._before_loop: frozenset[str] = frozenset()  # bound before the innermost loop around
        self._block(tree.body)
        for (site, name), _ in self.kinds.items():
            if all(isinstance(other, ast.AugAssign) for other in self.sites(name)):
                self.kinds[site, name] = UPDATE

    def sites(self, name: str) -> list[ast.AST]:
        return [site for site, bound in self.kinds if bound == name]

    def preset(self, name: str) -> bool:
        """Nothing binds it, or only `name += ...` does, which is no default."""
        return all(isinstance(site, ast.AugAssign) for site in self.sites(name))

    def _bind(self, site: ast.AST, names: Iterable[str], read: Iterable[str] = ()) -> None:
        for name in sorted(names):
            later = name in self._bound
            update = later and (name in read or name in self._before_loop)
            self.kinds[site, name] = UPDATE if update else DEFAULT
            if not later and name in read:
                self.self_reading_first.add(name)
            self._bound.add(name)

    def _bare_annotation(self, site: ast.AnnAssign, name: str) -> None:
        self.kinds[site, name] = NOTHING if name in self._bound else DEFAULT
        self._bound.add(name)

    @contextmanager
    def _loop(self, before: Iterable[str]) -> Iterator[None]:
        outer, self._before_loop = self._before_loop, frozenset(before)
        yield
        self._before_loop = outer

    def _expressions(self, *nodes: ast.AST | None) -> None:
        """Find the walruses; what a comprehension says for each element stands in a loop."""
        for node in filter(None, nodes):
            match node:
                case ast.Lambda():
                    continue
                case ast.ListComp(elt=element, generators=[loop]):
                    self._expressions(loop.iter)
                    with self._loop(self._bound):
                        self._expressions(*loop.ifs, element)
                    continue
                case ast.NamedExpr(target=ast.Name(id=name), value=value):
                    self._bind(node, {name}, reads(value))
            self._expressions(*ast.iter_child_nodes(node))

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._expressions(value)
                self._bind(node, names_of(*targets), reads(value))
            case ast.AnnAssign(target=ast.Name(id=name), value=None):
                self._bare_annotation(node, name)
            case ast.AnnAssign(target=target, value=value):
                self._expressions(value)
                self._bind(node, names_of(target), reads(value))
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                self._expressions(value)
                self._bind(node, {name}, {name})
            case ast.Expr(value=value):
                self._expressions(value)
            case ast.FunctionDef(name=name, args=arguments, decorator_list=decorators):
                self._bind(node, {name}, reads(*arguments.defaults, *decorators))
            case ast.ClassDef(name=name, bases=bases, decorator_list=decorators):
                self._bind(node, {name}, reads(*bases, *decorators))
            case ast.Import() | ast.ImportFrom():
                if self._reading.star or node.names[0].name != "*":
                    self._bind(node, imported(node))
            case _:
                self._compound(node)

    def _compound(self, node: ast.stmt) -> None:
        match node:
            case ast.If():
                self._expressions(node.test)
                self._block(node.body)
            case ast.For():
                self._expressions(node.iter)
                before = set(self._bound)
                self._bind(node, names_of(node.target), reads(node.iter))
                with self._loop(self._bound if self._reading.own_target else before):
                    self._block(node.body)
            case ast.While():
                with self._loop(self._bound):
                    self._expressions(node.test)
                    self._block(node.body)
            case ast.With():
                for item in node.items:
                    self._expressions(item.context_expr)
                    self._bind(item, names_of(item.optional_vars), reads(item.context_expr))
                self._block(node.body)
            case ast.Try():
                self._block(node.body)
                for handler in node.handlers:
                    self._bind(handler, filter(None, [handler.name]))
                    self._block(handler.body)
            case ast.Match():
                self._expressions(node.subject)
                for case in node.cases:
                    self._bind(case, names_of(case.pattern), reads(node.subject))
                    self._expressions(case.guard)
                    self._block(case.body)
        self._block(getattr(node, "orelse", []))  # a loop's `else` stands outside that loop
        self._block(getattr(node, "finalbody", []))


# ---- Step 2: run it


class OutsideTheModel(BaseException):
    """The script says something that the model doesn't interpret."""


class _Break(BaseException):
    pass


class _Continue(BaseException):
    pass


class Interpreter:
    """Runs a script as Python does, but for its defaults: those give the override.

    names: the script's globals.
    given: name -> what its defaults would give, one entry for each time one is carried out: the
        value, or the exception that computing it raised.
    """

    def __init__(self, source: str, overrides: Mapping[str, object] | None = None) -> None:
        self._tree = ast.parse(source)
        self._rules = Rules(self._tree)
        self._overrides = dict(overrides or {})
        self.given: dict[str, list[object]] = {}
        self.names: dict[str, Any] = {"__name__": "__main__"}
        for name in self._overrides:
            if self._rules.preset(name):
                self._override(name)

    def run(self) -> None:
        self._block(self._tree.body)

    # Binding: the rules are these functions.

    def _override(self, name: str) -> None:
        """Bind the override: that very object, but a new list each time, as `x = []` makes one."""
        value = self._overrides[name]
        self.names[name] = list(value) if isinstance(value, list) else value

    def _replaced(self, site: ast.AST, name: str) -> bool:
        return name in self._overrides and self._rules.kinds.get((site, name)) == DEFAULT

    def _bind(self, site: ast.AST, name: str, value: object) -> None:
        if self._rules.kinds.get((site, name)) == DEFAULT:
            self.given.setdefault(name, []).append(value)
        if self._replaced(site, name):
            self._override(name)
        else:
            self.names[name] = value

    def _bind_single(self, site: ast.AST, name: str, value: ast.expr) -> None:
        """A single name's default isn't computed, unless computing it binds another name."""
        others = {walrus.target.id for walrus in walruses(value)} - {name}
        if self._replaced(site, name) and not others:
            self._override(name)
            return
        try:
            computed = self._value(value)
        except Exception as error:
            self.given.setdefault(name, []).append(error)
            raise
        self._bind(site, name, computed)

    def _assign(self, site: ast.AST, target: ast.expr, value: Any) -> None:
        match target:
            case ast.Name(id=name):
                self._bind(site, name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                values = list(value)
                if isinstance(parts[-1], ast.Starred):
                    parts = [*parts[:-1], parts[-1].value]
                    values[len(parts) - 1 :] = [values[len(parts) - 1 :]]
                for part, given in zip(parts, values, strict=True):
                    self._assign(site, part, given)
            case ast.Subscript(value=container, slice=key):
                self._value(container)[self._value(key)] = value
            case _:
                raise OutsideTheModel(ast.dump(target))

    # Statements.

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._bind_single(node, name, value)
            case ast.Assign(targets=targets, value=value):
                computed = self._value(value)
                for target in targets:
                    self._assign(node, target, computed)
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                self._annotated(node, name, value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                before = self._value(ast.parse(name, mode="eval").body)
                change = {ast.Add: operator.iadd, ast.Mult: operator.imul}[type(op)]
                self._bind(node, name, change(before, self._value(value)))
            case ast.Expr(value=value):
                self._value(value)
            case ast.Delete(targets=[ast.Name(id=name)]):
                if name not in self.names:
                    raise NameError(name)
                del self.names[name]
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                self._as_python(node, {name})
            case ast.Import() | ast.ImportFrom():
                self._as_python(node, imported(node))
            case ast.Raise(exc=error):
                raise self._value(error)
            case ast.Pass():
                pass
            case _:
                self._compound(node)

    def _annotated(self, node: ast.AnnAssign, name: str, value: ast.expr | None) -> None:
        if value is not None:
            self._bind_single(node, name, value)
        elif self._replaced(node, name):
            self._override(name)

    def _as_python(self, node: ast.stmt, bound: set[str]) -> None:
        """Definitions and imports are carried out, and their names pinned right after."""
        exec(compile(ast.Module([node], []), "<model>", "exec"), self.names)
        for name in bound:
            self._bind(node, name, self.names[name])

    def _compound(self, node: ast.stmt) -> None:
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                self._block(body if self._value(test) else orelse)
            case ast.For():
                self._for(node)
            case ast.While():
                self._while(node)
            case ast.With(items=items, body=body):
                self._with(items, body)
            case ast.Try():
                self._try(node)
            case ast.Match():
                self._match(node)
            case ast.Break():
                raise _Break
            case ast.Continue():
                raise _Continue
            case _:
                raise OutsideTheModel(ast.dump(node))

    def _for(self, node: ast.For) -> None:
        for value in self._value(node.iter):
            self._assign(node, node.target, value)
            try:
                self._block(node.body)
            except _Continue:
                continue
            except _Break:
                return
        self._block(node.orelse)

    def _while(self, node: ast.While) -> None:
        while self._value(node.test):
            try:
                self._block(node.body)
            except _Continue:
                continue
            except _Break:
                return
        self._block(node.orelse)

    def _with(self, items: list[ast.withitem], body: list[ast.stmt]) -> None:
        if not items:
            self._block(body)
            return
        with self._value(items[0].context_expr) as entered:
            if items[0].optional_vars:
                self._assign(items[0], items[0].optional_vars, entered)
            self._with(items[1:], body)

    def _try(self, node: ast.Try) -> None:
        try:
            try:
                self._block(node.body)
            except Exception as error:
                if not self._handled(node.handlers, error):
                    raise
            else:
                self._block(node.orelse)
        finally:
            self._block(node.finalbody)

    def _handled(self, handlers: list[ast.ExceptHandler], error: Exception) -> bool:
        for handler in handlers:
            if handler.type and not isinstance(error, self._value(handler.type)):
                continue
            if handler.name:
                self._bind(handler, handler.name, error)
            try:
                self._block(handler.body)
            finally:
                self.names.pop(handler.name or "", None)  # the end of `except ... as x` deletes
            return True
        return False

    def _match(self, node: ast.Match) -> None:
        subject = self._value(node.subject)
        for case in node.cases:
            captured = captures(case.pattern, subject)
            if captured is None:
                continue
            self.names.update(captured)  # the guard sees the captured value ...
            try:
                taken = case.guard is None or self._value(case.guard)
            finally:
                for name, value in captured.items():  # ... every statement after it the override
                    self._bind(case, name, value)
            if taken:
                self._block(case.body)
                return

    # Expressions.

    def _value(self, node: ast.expr) -> Any:
        if not walruses(node):
            return eval(compile(ast.Expression(node), "<model>", "eval"), self.names)
        match node:
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self._bind_single(node, name, value)
                return self.names[name]
            case ast.Call(func=function, args=arguments):
                called = self._value(function)
                return called(*[self._value(argument) for argument in arguments])
            case ast.Compare(left=left, ops=[ast.Gt() | ast.Lt() as op], comparators=[right]):
                compare = operator.gt if isinstance(op, ast.Gt) else operator.lt
                return compare(self._value(left), self._value(right))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._value(left) + self._value(right)
            case ast.BoolOp(op=ast.And(), values=[left, right]):
                return self._value(left) and self._value(right)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._value(body) if self._value(test) else self._value(orelse)
            case ast.Tuple(elts=parts):
                return tuple([self._value(part) for part in parts])
            case ast.ListComp(elt=element, generators=[loop]):
                return list(self._elements(element, loop))
        raise OutsideTheModel(ast.dump(node))

    def _elements(self, element: ast.expr, loop: ast.comprehension) -> Iterator[Any]:
        """A comprehension that holds a walrus; its own variable must be a name of no other use."""
        (own,) = names_of(loop.target)
        try:
            for self.names[own] in self._value(loop.iter):
                if all(self._value(condition) for condition in loop.ifs):
                    yield self._value(element)
        finally:
            self.names.pop(own, None)


def captures(pattern: ast.pattern, subject: Any) -> dict[str, Any] | None:
    """What a `case` pattern captures from its subject, or None where it doesn't match."""
    match pattern:
        case ast.MatchValue(value=ast.Constant(value=value)):
            return {} if subject == value else None
        case ast.MatchAs(pattern=inner, name=name):
            found = captures(inner, subject) if inner else {}
            return found if found is None or name is None else {**found, name: subject}
        case ast.MatchSequence(patterns=[first, ast.MatchStar(name=name)]):
            if not isinstance(subject, (list, tuple)) or not subject:
                return None
            found = captures(first, subject[0])
            return found if found is None or name is None else {**found, name: list(subject[1:])}
        case ast.MatchSequence(patterns=parts):
            if not isinstance(subject, (list, tuple)) or len(subject) != len(parts):
                return None
            each = [captures(part, value) for part, value in zip(parts, subject)]
            return (
                None if None in each else {k: v for part in each if part for k, v in part.items()}
            )
    raise OutsideTheModel(ast.dump(pattern))


# ---- What tests ask


class Prediction(NamedTuple):
    """What a script comes to: its globals, and the type of the exception that ended it."""

    names: dict[str, Any]
    error: type[BaseException] | None
    given: dict[str, list[object]]


def predict(source: str, overrides: Mapping[str, object] | None = None) -> Prediction:
    """What the script comes to under these overrides, by the design."""
    interpreter = Interpreter(source, overrides)
    try:
        interpreter.run()
    except Exception as error:
        return Prediction(interpreter.names, type(error), interpreter.given)
    return Prediction(interpreter.names, None, interpreter.given)


def warned(source: str, name: str) -> bool | None:
    """Whether overriding this name must bring a warning; None where the design doesn't say."""
    tree = ast.parse(source)
    rules = Rules(tree)
    sites = [site for site in rules.sites(name) if rules.kinds[site, name] != NOTHING]
    if any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(tree)):
        return True
    if rules.preset(name) or all(isinstance(site, LOOSE_SITES) for site in sites):
        return True
    return False if any(isinstance(site, FIRM_SITES) for site in sites) else None


def open_questions(source: str) -> dict[str, str]:
    """The names whose override does what the design's text doesn't settle, and why."""
    tree = ast.parse(source)
    rules = Rules(tree)
    found = {}
    for name in sorted({name for _, name in rules.kinds}):
        if name in rules.self_reading_first and not rules.preset(name):
            found[name] = "its first binding reads the name itself"
    for reading, why in (
        (Reading(own_target=False), "rebound in the body of the `for` that binds it first"),
        (Reading(star=False), "depends on what a star import brings"),
        (Reading(own_target=False, star=False), "depends on what a star import brings"),
    ):
        other = Rules(tree, reading)
        for site, name in rules.kinds:
            kind = rules.kinds[site, name]
            kinds_differ = other.kinds.get((site, name), kind) != kind
            if kinds_differ or other.preset(name) != rules.preset(name):
                found[name] = why
    for node in ast.walk(tree):
        for name in _entangled(node):
            found[name] = "a walrus or capture binds it in a statement that uses it otherwise too"
    return found


def _entangled(node: ast.AST) -> set[str]:
    match node:
        case ast.Assign(targets=targets, value=value):
            return _mixed(names_of(*targets), value)
        case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
            return _mixed(names_of(target), value)
        case ast.For(target=target, iter=value):
            return _mixed(names_of(target), value)
        case ast.With(items=items):
            targets = names_of(*(item.optional_vars for item in items))
            values = [item.context_expr for item in items]
            later = reads(*values[1:]) & targets  # read between its binding and the body
            return later.union(*(_mixed(targets, value) for value in values))
        case ast.Expr(value=value) | ast.If(test=value) | ast.While(test=value):
            return _mixed(set(), value)
        case ast.Match(subject=subject, cases=cases):
            captured = names_of(*(case.pattern for case in cases))
            mixed = _mixed(captured, subject) | (captured & reads(subject))
            earlier: set[str] = set()  # captured by a case before, whose guard may have failed
            for case in cases:
                mixed |= _mixed(captured, case.guard)
                mixed |= (earlier - names_of(case.pattern)) & reads(case.guard)
                earlier |= names_of(case.pattern)
            return mixed
    return set()


def _mixed(targets: set[str], value: ast.expr | None) -> set[str]:
    """The names bound by a walrus in `value` and bound again, or read outside that walrus."""
    found = walruses(value)
    bound = [walrus.target.id for walrus in found]
    mixed = {name for name in bound if name in targets or bound.count(name) > 1}
    for walrus in found:
        name = walrus.target.id
        if _loads(value, name) > _loads(walrus.value, name):
            mixed.add(name)
    return mixed


def _loads(node: ast.AST | None, name: str) -> int:
    nodes = ast.walk(node) if node else ()
    return sum(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in nodes
    )
