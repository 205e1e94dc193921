"""Conditions on the values of a sweep: a function of them, or a text such as `lr < 0.1`."""

from __future__ import annotations

import ast
import operator
import os
import sys

from ..errors import ConfigError
from .annotations import dotted
from .members import EnumMember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
}
# Without powers: by these a few letters take more memory than there is.
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_POSSIBLE = "write comparisons such as optimizer == 'sgd' and lr < 0.1"
_WORDS = {"true": True, "false": False, "null": None}  # as YAML and JSON write them


class Condition:
    """Something that is true of some points of a sweep.

    A text is read as an expression of Python: comparisons, `and`, `or`, `not`, arithmetic but for
    powers, literals, and names, also dotted ones. Nothing else is taken, and nothing is executed. A path is
    looked at as its text, a member of an Enum by its name.

    Args:
        source: A function whose arguments are named as the variables that it looks at; or a text.

    Attributes:
        names: The variables that it looks at.
        shown: What it is called in messages.
        text: The source, where it is a text, else None; `source` is kept, too.

    Raises:
        ConfigError: It is neither, or looks at nothing.

    Example:
        >>> Condition("lr < 0.1 and optimizer == 'sgd'").holds({"lr": 0.01, "optimizer": "sgd"})
        True
        >>> Condition(lambda lr: lr < 0.1).names
        ('lr',)
    """

    def __init__(self, source: Callable[..., object] | str | Condition) -> None:
        self.source: Callable[..., object] | str
        self.shown: str
        self.text: str | None = source if isinstance(source, str) else None
        self.names: tuple[str, ...]
        self._decide: Callable[[Mapping[str, Any]], object]
        self.source = source.source if isinstance(source, Condition) else source
        if isinstance(source, Condition):
            self.shown, self.names, self._decide = source.shown, source.names, source._decide
            self.text = source.text
        elif isinstance(source, str):
            self.shown = " ".join(source.split())
            text = _Text(source)
            self.names, self._decide = tuple(text.names), text.value
        elif callable(source):
            self.shown = getattr(source, "__name__", type(source).__name__)
            self.names = names = _arguments(source, self.shown)
            self._decide = lambda values: source(**{name: values[name] for name in names})
        else:
            raise ConfigError(
                f"a condition must be a function or a text, got {type(source).__name__}: "
                f"{_POSSIBLE}."
            )
        if not self.names:
            raise ConfigError(
                f"the condition {self.shown} looks at no variable, so that it is the same for all "
                f"points: {_POSSIBLE}."
            )

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true of these values; false where a variable that it looks at isn't set.

        Raises:
            ConfigError: It can't be told, as of a text that is compared with a number.
        """
        if not all(name in values for name in self.names):
            return False
        try:
            return bool(self._decide(values))
        except Exception as error:
            shown = ", ".join(f"{name}={values[name]!r}" for name in self.names)
            raise ConfigError(
                f"the condition {self.shown} can't be told for {shown}: "
                f"{type(error).__name__}: {error}."
            ) from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shown!r})"


def _arguments(function: Callable[..., object], shown: str) -> tuple[str, ...]:
    from inspect import Parameter, signature

    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]  # built in, and doesn't say
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    if not parameters or any(p.kind not in named for p in parameters):
        raise ConfigError(
            f"the condition {shown} must name the variables that it looks at as its arguments, as "
            "lambda lr, optimizer: ... does."
        )
    return tuple(p.name for p in parameters if p.default is Parameter.empty)


class _Text:
    """An expression, and what it comes to."""

    def __init__(self, text: str) -> None:
        self._text = " ".join(text.split())
        self.names: dict[str, None] = {}
        import warnings

        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # of escapes like "\d", which are the user's own text
                self._tree = ast.parse(text.strip(), mode="eval").body
            self._check(self._tree)
        except SyntaxError as error:
            self._fail(error.msg)
        except (ValueError, RecursionError, MemoryError):
            self._fail("it is too deep, or has a character that is no text")

    def value(self, values: Mapping[str, Any]) -> object:
        """What the expression comes to with these values of its names."""
        return self._of(self._tree, values)

    def _fail(self, why: str) -> NoReturn:
        from .fit import short

        message = f"the condition {short(self._text)} can't be understood: {why}; {_POSSIBLE}."
        raise ConfigError(message)

    def _check(self, node: ast.expr) -> None:
        """Refuse what isn't understood, and note the names."""
        name = dotted(node)
        if name is not None:
            if name not in _WORDS:
                self.names[name] = None
            return
        parts = _parts(node)
        if parts is None:
            self._fail(f"{ast.unparse(node)} is no part of a comparison")
        for part in parts:
            self._check(part)

    def _of(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        name = dotted(node)
        if name is not None:
            return _WORDS[name] if name in _WORDS else _as_text(values[name])
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BoolOp):
            both = isinstance(node.op, ast.And)
            return (all if both else any)(self._of(part, values) for part in node.values)
        if isinstance(node, ast.UnaryOp):
            inner = self._of(node.operand, values)
            return not inner if isinstance(node.op, ast.Not) else -inner
        if isinstance(node, ast.BinOp):
            left, right = self._of(node.left, values), self._of(node.right, values)
            return _ARITHMETIC[type(node.op)](left, right)
        if isinstance(node, ast.Compare):
            return self._compared(node, values)
        assert isinstance(node, (ast.List, ast.Tuple, ast.Set))
        return [self._of(item, values) for item in node.elts]

    def _compared(self, node: ast.Compare, values: Mapping[str, Any]) -> bool:
        left = self._of(node.left, values)
        for by, side in zip(node.ops, node.comparators):
            right = self._of(side, values)
            if not _COMPARISONS[type(by)](left, right):
                return False
            left = right
        return True


def _as_text(value: Any) -> Any:
    """A value as a text can name it: a path by its text, a member of an Enum by its name."""
    kind = type(value)
    if kind.__module__ == "builtins":
        return value
    if hasattr(kind, "__fspath__"):
        return os.fspath(value)
    enum = sys.modules.get("enum")  # without which there are no members
    is_member = enum is not None and isinstance(value, enum.Enum)
    if is_member and isinstance(value, (int, str)):
        return value  # it is its own value
    return value.name if is_member or kind is EnumMember else value


def _parts(node: ast.expr) -> list[ast.expr] | None:
    """What an expression is made of; None where it is none that we understand."""
    if isinstance(node, ast.Constant):
        return []
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        return [node.operand]
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return [node.left, node.right]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else None
