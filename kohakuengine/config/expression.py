"""Calls written as text, such as `geomspace(1e-5, 1e-1, 5)`: of known functions, with literals."""

from __future__ import annotations

import ast

from ..errors import ConfigError
from .fit import short
from .near import did_you_mean, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn


class Function:
    """A function that texts may call.

    Args:
        call: What is called.
        conditions: The places of those arguments that are conditions, which may be written without
            quotes; a place stands for those behind it, too, where it is the last one that is named
            and `more` is true.
        more: See `conditions`.
    """

    def __init__(
        self, call: Callable[..., object], conditions: tuple[int, ...] = (), more: bool = False
    ) -> None:
        self.call = call
        self._conditions = conditions
        self._more = more

    def is_condition(self, place: int) -> bool:
        """Whether the argument at a 0-based place is a condition."""
        return place in self._conditions or self._more and place > max(self._conditions)


def is_call(text: str, functions: Mapping[str, Function]) -> bool:
    """Whether a text is a call of one of these functions, and not just some text.

    Example:
        >>> is_call("range(1, 9)", {"range": Function(range)}), is_call("range", {})
        (True, False)
    """
    name, bracket, rest = text.strip().partition("(")
    return bool(bracket) and name.strip() in functions and rest.endswith(")")


def near_call(text: str, functions: Mapping[str, Function]) -> str | None:
    """The function that may be meant by a text which looks like a call of none of these.

    Example:
        >>> near_call("linspce(0, 1, 3)", {"linspace": Function(range)})
        'linspace'
    """
    name, bracket, rest = text.strip().partition("(")
    if not bracket or not rest.endswith(")") or name.strip() in functions:
        return None
    return next(iter(nearest(name.strip(), functions, 1)), None)


def evaluate(text: str, functions: Mapping[str, Function]) -> object:
    """What a call comes to; nothing but these functions is called.

    Args:
        text: The call. Its arguments are literals of Python, calls, or conditions.
        functions: What may be called, by name.

    Raises:
        ConfigError: It can't be understood, or a function refuses its arguments.

    Example:
        >>> list(evaluate("range(1, 9, 2)", {"range": Function(range)}))
        [1, 3, 5, 7]
    """
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes like "\d", which are the user's own text
            tree = ast.parse(text.strip(), mode="eval").body
        return _Evaluation(text, functions).value(tree)
    except SyntaxError as error:
        raise ConfigError(f"{short(text)} can't be understood: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise ConfigError(
            f"{short(text)} can't be understood: it is too deep, or holds what is no text."
        ) from None


class _Evaluation:
    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._text = text.strip()
        self._functions = functions

    def value(self, node: ast.expr) -> object:
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.List):
            return [self.value(item) for item in node.elts]
        if isinstance(node, ast.Tuple):
            return tuple(self.value(item) for item in node.elts)
        if isinstance(node, ast.Dict) and None not in node.keys:
            pairs = zip(node.keys, node.values)
            return {self._literal(key): self.value(item) for key, item in pairs if key is not None}
        return self._literal(node)

    def _literal(self, node: ast.expr) -> Any:
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError):
            self._fail(
                f"{short(ast.unparse(node))} is neither a literal nor a call; put a text in quotes"
            )

    def _called(self, node: ast.Call) -> object:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        function = self._functions.get(name)
        if function is None:
            self._fail(f"there is no {short(name)}(){self._near(name)}")
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            self._fail("* can't be used")
        arguments = [
            self._condition(arg) if function.is_condition(place) else self.value(arg)
            for place, arg in enumerate(node.args)
        ]
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                self._fail("** can't be used")
            named[keyword.arg] = self.value(keyword.value)
        self._check_names(name, function, named)
        try:
            return function.call(*arguments, **named)
        except (TypeError, ValueError, ArithmeticError) as error:
            self._fail(str(error))

    def _check_names(self, name: str, function: Function, named: Mapping[str, Any]) -> None:
        """Refuse arguments by names that a function doesn't take."""
        from inspect import Parameter, signature

        taken = signature(function.call).parameters
        if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in taken.values()):
            return
        for given in named:
            if given not in taken:
                near = did_you_mean(given, taken, f": it takes {', '.join(taken)}", 1)
                self._fail(f"{name}() takes no {given}{near.rstrip('?')}")

    def _condition(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return ast.unparse(node)

    def _near(self, name: str) -> str:
        near = nearest(name, self._functions, 1)
        return f"; did you mean {near[0]}()" if near else f", but {', '.join(self._functions)}"

    def _fail(self, why: str) -> NoReturn:
        raise ConfigError(f"{short(self._text)} can't be understood: {why}.")
