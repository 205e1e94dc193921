"""A function of the same shape as one of a script, to ask what that takes before it exists."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .entry_calls import Definition


def stand_in(definition: Definition) -> Callable[..., object]:
    """A function that takes what a function of the script takes, and does nothing.

    Its annotations are gone, and its defaults show as `...`: they'd need the script to be evaluated.
    """
    shape = ast.parse("lambda: 0", mode="eval")
    shape.body.args = _bare(definition.args)  # type: ignore[attr-defined]
    function: Callable[..., object] = eval(
        compile(ast.fix_missing_locations(shape), "<signature>", "eval"), {"default": _Default()}
    )
    return function


class _Default:
    def __repr__(self) -> str:
        return "..."


def _default() -> ast.expr:
    return ast.Name("default", ast.Load())


def _bare(args: ast.arguments) -> ast.arguments:
    def plain(each: list[ast.arg]) -> list[ast.arg]:
        return [ast.arg(a.arg) for a in each]

    return ast.arguments(
        posonlyargs=plain(args.posonlyargs),
        args=plain(args.args),
        vararg=args.vararg and ast.arg(args.vararg.arg),
        kwonlyargs=plain(args.kwonlyargs),
        kw_defaults=[default and _default() for default in args.kw_defaults],
        kwarg=args.kwarg and ast.arg(args.kwarg.arg),
        defaults=[_default() for _ in args.defaults],
    )
