"""Keys of dictionaries that replace those which a script writes out: slips of the pen.

A dictionary that an override gives replaces the script's as a whole, and may well be another one: so
that it has other keys is no fault. Told is a key that looks like one which the script's has and this
one lacks, where the script doesn't mention it; and a key that it lacks and that the script reads.
"""

from __future__ import annotations

import ast

from ..config.near import nearest
from .bindings import bound_names
from .checks import Surprise
from .unknown_keys import mentioned_in, written_dictionary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..config.origin import Origin
    from .bindings import Binding
    from .script import Script

    Path = tuple[str, ...]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class ReplacedKeys:
    """Looks at the dictionaries of configs that replace those of one script.

    Args:
        tree: The script.
        found: Its bindings.
        script: The script.
    """

    def __init__(self, tree: ast.Module, found: list[Binding], script: Script) -> None:
        self._tree = tree
        self._found = found
        self._script = script
        self._written: dict[str, dict[Any, Any] | None] = {}
        self._reads: dict[str, dict[Path, int]] = {}
        self._mentioned: set[str] | None = None

    def find(self, values: Mapping[str, Any], origin: Origin) -> Iterator[Surprise]:
        """What is amiss with the dictionaries of a config.

        Args:
            values: The overrides.
            origin: Of the config.
        """
        for name, value in values.items():
            if type(value) is dict and self._script_has(name):
                yield from self._of(name, value, origin)

    def _script_has(self, name: str) -> bool:
        if name not in self._written:
            own = [binding for binding in self._found if binding.name == name]
            # Of several it isn't known which holds; and what is updated, it may complete itself.
            self._written[name] = written_dictionary(own) if len(own) == 1 else None
        return bool(self._written[name])

    def _of(self, name: str, value: dict[Any, Any], origin: Origin) -> Iterator[Surprise]:
        written = self._written[name] or {}
        line = next(binding.line for binding in self._found if binding.name == name)
        place = f"{self._script.name} {self._script.place_of_line(line)}"
        replaced = f"{name} ({place}) is replaced as a whole, by a dictionary"
        meant: set[Path] = set()
        for path, near in _misspelt((name,), written, value):
            key = ".".join(path)
            if key in origin.added or self._mentions(path[-1]):
                continue
            meant.update((*path[:-1], one) for one in near)
            there = "" if len(path) == 2 else f" in {'.'.join(path[1:-1])}"
            message = (
                f"{replaced} with a key that it doesn't have{there}, {path[-1]}. Did you mean "
                f"{' or '.join(near)}?"
            )
            yield Surprise(key, message, refused=True, nearest=near)
        lacking = self._lacking(name, written, value)
        told = {path: line for path, line in lacking.items() if path not in meant}
        if told:
            keys = ", ".join(".".join(path[1:]) for path in told)
            kept = next((key for key in value if key in written), next(iter(written)))
            message = (
                f"{replaced} without {keys}, which {self._script.place_of_line(min(told.values()))} "
                f"reads. --set {name}.{kept}=... sets one key, and leaves the others."
            )
            yield Surprise(name, message, refused=False)

    def _mentions(self, key: str) -> bool:
        if self._mentioned is None:
            self._mentioned = mentioned_in(self._tree)
        return key in self._mentioned

    def _lacking(
        self, name: str, written: Mapping[Any, Any], given: Mapping[Any, Any]
    ) -> dict[Path, int]:
        """What the script has and reads, and isn't given: the path, and the line of the first read."""
        if name not in self._reads:
            reads = _Reads(name)
            reads.visit(self._tree)
            self._reads[name] = reads.lines
        found: dict[Path, int] = {}
        for path, line in self._reads[name].items():
            theirs: Any = written
            ours: Any = given
            for depth, key in enumerate(path, 1):
                if not isinstance(theirs, dict) or key not in theirs or type(ours) is not dict:
                    break
                if key not in ours:
                    found.setdefault((name, *path[:depth]), line)
                    break
                theirs, ours = theirs[key], ours[key]
        return found


def _misspelt(
    place: Path, written: Mapping[Any, Any], given: Mapping[Any, Any]
) -> Iterator[tuple[Path, Path]]:
    """The keys that look like some which aren't given, and these."""
    missing = [key for key in written if isinstance(key, str) and key not in given]
    for key, value in given.items():
        if not isinstance(key, str):
            continue
        theirs = written.get(key)
        if key not in written:
            near = nearest(key, missing) if missing else []
            if near:
                yield (*place, key), tuple(near)
        elif type(value) is dict and isinstance(theirs, dict):
            yield from _misspelt((*place, key), theirs, value)


class _Reads(ast.NodeVisitor):
    """Finds where a script surely reads keys of a dictionary, as `model["layers"]`.

    Nothing is found where the script may put keys into it, or looks which there are.

    Args:
        name: The variable.

    Attributes:
        lines: The keys, and the first line on which each is read.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.lines: dict[Path, int] = {}

    def visit_Module(self, node: ast.Module) -> None:
        for part in ast.walk(node):
            if self._is_used_otherwise(part):
                return
        self.generic_visit(node)

    def _is_used_otherwise(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Compare):  # if "layers" in model
            return any(self._leads_there(one) for one in node.comparators)
        if isinstance(node, ast.Call):  # complete(model), model.setdefault(...)
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            method = isinstance(node.func, ast.Attribute) and self._leads_there(node.func.value)
            return method or any(self._is_it(one) for one in given)
        return (
            isinstance(node, ast.Subscript)
            and not isinstance(node.ctx, ast.Load)
            and self._leads_there(node.value)
        )

    def _is_it(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self._name

    def _leads_there(self, node: ast.AST) -> bool:
        while isinstance(node, ast.Subscript):
            node = node.value
        return self._is_it(node)

    def visit_Try(self, node: ast.Try) -> None:
        """What is tried may be meant to fail."""

    visit_TryStar = visit_Try

    def visit_If(self, node: ast.If) -> None:
        if _is_main(node.test):
            self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        keys: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant):
            if isinstance(inner.slice.value, str):
                keys.insert(0, inner.slice.value)
            inner = inner.value
        if keys and self._is_it(inner):
            self.lines.setdefault(tuple(keys), node.lineno)
        else:
            self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, _FUNCTIONS) and self._is_local(node):
            return
        if isinstance(node, (ast.IfExp, ast.BoolOp, ast.While, ast.Match)):
            return  # it may never be evaluated
        super().generic_visit(node)

    def _is_local(self, function: ast.AST) -> bool:
        """Whether a function has a variable of its own of that name."""
        for part in ast.walk(function):
            if isinstance(part, ast.arg) and part.arg == self._name:
                return True
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                if self._name in bound_names(part):
                    return True
        return False


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"
