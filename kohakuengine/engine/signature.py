"""Whether a function takes the arguments it is to be called with, said before the call."""

from __future__ import annotations

import ast

from ..errors import EntrypointError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .entry_calls import Definition
    from .entrypoint import Arguments


def check_definition(definition: Definition, arguments: Arguments) -> None:
    """Refuse arguments that a function of the script doesn't take, by its syntax alone.

    Raises:
        EntrypointError: It names the argument.
    """
    # A lambda of the same shape, without the annotations and with defaults that need nothing.
    shape = ast.parse("lambda: 0", mode="eval")
    shape.body.args = _bare(definition.args)  # type: ignore[attr-defined]
    stand_in = eval(compile(ast.fix_missing_locations(shape), "<signature>", "eval"))
    check_call(stand_in, definition.name, arguments)


def _bare(args: ast.arguments) -> ast.arguments:
    def plain(each: list[ast.arg]) -> list[ast.arg]:
        return [ast.arg(a.arg) for a in each]

    return ast.arguments(
        posonlyargs=plain(args.posonlyargs),
        args=plain(args.args),
        vararg=args.vararg and ast.arg(args.vararg.arg),
        kwonlyargs=plain(args.kwonlyargs),
        kw_defaults=[default and ast.Constant(...) for default in args.kw_defaults],
        kwarg=args.kwarg and ast.arg(args.kwarg.arg),
        defaults=[ast.Constant(...) for _ in args.defaults],
    )


def check_call(function: Callable[..., Any], name: str, arguments: Arguments) -> None:
    """Refuse arguments that a function doesn't take.

    Raises:
        EntrypointError: It names the argument.
    """
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C don't tell
        return
    try:
        signature.bind(*arguments.args, **arguments.kwargs)
    except TypeError as error:
        raise EntrypointError(f"{name}{signature} can't be called so: {error}.") from None
