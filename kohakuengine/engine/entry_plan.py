"""Find a script's entrypoint, and change the script so that its value is kept.

In order: the function that the user names; the one marked `@kohakuengine.entrypoint`; the main
block, executed whole; `main()`; `run()`; else the script itself, top to bottom. The rules are in
docs/running.md; which calls count as entry calls is in entry_calls.py.
"""

from __future__ import annotations

import ast
from collections import deque

from ..config.members import holds_stand_in
from ..config.near import did_you_mean
from ..errors import EntrypointError
from .bindings import find_bindings
from .entry_calls import definitions, entry_calls, main_blocks, scope_nodes
from .entrypoint import Arguments, Entry
from .program import KEPT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .constants import Constants
    from .entry_calls import EntryCall


def plan_entry(
    tree: ast.Module,
    constants: Constants,
    *,
    named: str | None = None,
    arguments: Arguments | None = None,
    folder: str = "",
    script: str = "the script",
) -> Entry:
    """Find a script's entrypoint, and change its syntax tree so that its value is kept.

    Args:
        tree: The script; changed in place where it has to be.
        constants: Takes the objects that the changed tree holds.
        named: The function that the user named, if any.
        arguments: What replaces the arguments of the entry call, if anything.
        folder: Where the script lies: functions from modules there count as its own.
        script: The script's name, for the messages.

    Raises:
        EntrypointError: There is no such function, there are several to choose from, or the one
            there is doesn't take the arguments.
    """
    return _Plan(tree, constants, arguments or Arguments(), folder, script).entry(named)


class _Plan:
    def __init__(
        self,
        tree: ast.Module,
        constants: Constants,
        arguments: Arguments,
        folder: str,
        script: str,
    ) -> None:
        self._tree = tree
        self._constants = constants
        self._arguments = arguments
        self._folder = folder
        self._script = script
        self._defined = definitions(tree.body)

    def entry(self, named: str | None) -> Entry:
        blocks = main_blocks(self._tree)
        chosen = named or self._marked()
        if chosen is not None:
            self._check_bound(chosen)
            for block in blocks:  # the function is called in place of the main block
                block.test = ast.copy_location(ast.Constant(False), block.test)
        elif blocks:
            calls = entry_calls(
                [s for block in blocks for s in block.body], self._tree, self._folder
            )
            return self._keep(_preferred(calls))
        else:
            calls = entry_calls(self._tree.body, self._tree, self._folder)
            own = _preferred([call for call in calls if call.name in ("main", "run")])
            if own:
                return self._keep(own)
            chosen = self._uncalled()
        if chosen is None:
            self._need_no_arguments("has no entrypoint")
        else:
            self._check_arguments(chosen)
        changed = chosen is not None and bool(blocks)
        return Entry(chosen, self._arguments, deque(maxlen=1), changed, named or self._marked())

    def _marked(self) -> str | None:
        """The function marked as the entrypoint."""
        marks = _entrypoint_marks(self._tree)
        marked = [
            name
            for name, nodes in self._defined.items()
            for node in nodes
            if any(ast.dump(decorator) in marks for decorator in node.decorator_list)
        ]
        if len(marked) > 1:
            raise EntrypointError(
                f"{self._script} marks {' and '.join(dict.fromkeys(marked))} as entrypoints: mark one, "
                "or name one with entrypoint=.",
                path=self._script,
                candidates=tuple(marked),
            )
        return marked[0] if marked else None

    def _check_bound(self, name: str) -> None:
        """Refuse a function that the script can't have, before anything runs."""
        bound = {binding.name for binding in find_bindings(self._tree)}
        if name not in bound and "*" not in bound:
            raise EntrypointError(
                f"{self._script} has no function {name}{self._choice()}"
                f"{did_you_mean(name, self._defined)}",
                path=self._script,
                candidates=tuple(self._defined),
            )

    def _uncalled(self) -> str | None:
        """`main`, else `run`, where the script defines it and leaves it to others to call.

        A function that the script mentions anywhere, or that a decorator may have registered
        somewhere, is the script's own to call: we must not call it a second time.
        """
        name = "main" if "main" in self._defined else "run"
        mentioned = any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(self._tree))
        return name if self._is_plain(name) and not mentioned else None

    def _is_plain(self, name: str) -> bool:
        """Whether a name is what one undecorated `def` says, and nothing else binds it."""
        bindings = [b.node for b in find_bindings(self._tree) if b.name == name]
        return (
            len(bindings) == 1
            and bindings[0] in self._tree.body
            and isinstance(bindings[0], (ast.FunctionDef, ast.AsyncFunctionDef))
            and not bindings[0].decorator_list
        )

    def _check_arguments(self, name: str) -> None:
        """Refuse arguments before anything runs, where the syntax tells what the function takes."""
        if self._is_plain(name):
            self._arguments.check_definition(self._defined[name][-1])
        else:
            self._arguments.prepare()

    def _keep(self, calls: list[EntryCall]) -> Entry:
        """Have the values of the entry calls kept, and their arguments replaced."""
        names = list(dict.fromkeys(call.name for call in calls))
        if not calls:
            self._need_no_arguments("calls no function of its own in its main block")
        if self._arguments and len(names) > 1:
            raise EntrypointError(
                f"{self._script} calls {', '.join(names)}: which of them takes the arguments? "
                "Name one with entrypoint=.",
                path=self._script,
                candidates=tuple(names),
            )
        values: deque[Any] = deque(maxlen=1 + max((len(c.consumers) for c in calls), default=0))
        keeper = _Keeper(calls, self._arguments, values, self._constants)
        if self._arguments:
            self._check_arguments(names[0])
        keeper.visit(self._tree)
        return Entry(None, self._arguments, values, bool(calls))

    def _need_no_arguments(self, lack: str) -> None:
        if self._arguments:
            raise EntrypointError(
                f"{self._script} {lack}, so nothing takes args or kwargs{self._choice()}.",
                path=self._script,
                candidates=tuple(self._defined),
            )

    def _choice(self) -> str:
        return f"; its functions are {', '.join(self._defined)}" if self._defined else ""


def _preferred(calls: list[EntryCall]) -> list[EntryCall]:
    """Those of `main` where there are any, else those of `run`, else all."""
    for name in ("main", "run"):
        own = [call for call in calls if call.name == name]
        if own:
            return own
    return calls


def _entrypoint_marks(tree: ast.Module) -> set[str]:
    """How this script may write our decorator, as dumps of syntax."""
    marks = set()
    for node in scope_nodes(tree.body):
        if isinstance(node, ast.ImportFrom) and node.module == "kohakuengine" and not node.level:
            marks |= {a.asname or a.name for a in node.names if a.name == "entrypoint"}
        elif isinstance(node, ast.Import):
            own = [a.asname or a.name for a in node.names if a.name == "kohakuengine"]
            marks |= {f"{name}.entrypoint" for name in own}
    return {ast.dump(ast.parse(mark, mode="eval").body) for mark in marks}


class _Keeper(ast.NodeTransformer):
    """Turns entry calls, and the calls that consume them, into ones that keep their value.

    `call` becomes `values.append((is_entry_call, call)) or values.__getitem__(-1)[1]`: no name is
    added to the script, and there is never a frame of ours above the script's. (`values[-1]` would
    be folded by the compiler, which sees a constant.)
    """

    def __init__(
        self,
        calls: list[EntryCall],
        arguments: Arguments,
        values: deque[Any],
        constants: Constants,
    ) -> None:
        self._names = {id(call.node): call.name for call in calls}
        self._consumers = {id(node) for call in calls for node in call.consumers}
        self._arguments = arguments
        self._values = values
        self._constants = constants

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = self._names.get(id(node))
        consumes = id(node) in self._consumers
        if name is not None and self._arguments:
            self._replace_arguments(node, name)
        else:
            self.generic_visit(node)
        return node if name is None and not consumes else self._kept(node, name is not None)

    def _kept(self, call: ast.Call, is_entry_call: bool) -> ast.expr:
        kept = ast.parse("VALUES.append((0, 0)) or VALUES.__getitem__(-1)[1]", mode="eval").body
        for node in ast.walk(kept):
            if "lineno" in node._attributes:
                ast.copy_location(node, call)
        append, last = kept.values  # type: ignore[attr-defined]
        append.func.value = self._constants.node(self._values, KEPT)
        last.value.func.value = self._constants.node(self._values, KEPT)
        append.args[0].elts = [ast.copy_location(ast.Constant(is_entry_call), call), call]
        return kept

    def _given(self, value: object) -> ast.expr:
        """These very objects; but members of the script's own Enums are what it calls them."""
        if not holds_stand_in(value):
            return self._constants.node(value)
        return self._constants.expression(value, "")

    def _replace_arguments(self, call: ast.Call, name: str) -> None:
        arguments = self._arguments

        def checked(function: Callable[..., object]) -> Callable[..., object]:
            arguments.check_call(function, name)
            return function

        check = ast.Attribute(self._constants.node(checked), "__call__", ast.Load())
        ast.copy_location(check, call.func)
        call.func = ast.copy_location(ast.Call(check, [call.func], []), call.func)
        args = ast.copy_location(self._given(arguments.args), call)
        kwargs = ast.copy_location(self._given(arguments.kwargs), call)
        call.args = [ast.copy_location(ast.Starred(args, ast.Load()), call)]
        call.keywords = [ast.copy_location(ast.keyword(None, kwargs), call)]
