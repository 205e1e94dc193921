"""Values of expressions that are known without executing anything."""

from __future__ import annotations

import ast

# An int of more bits isn't worked out: 2 ** 10 ** 9 would take all memory, and Python refuses to
# show one of more than 4,300 digits.
_MAX_BITS = 10_000

_UNARY = {ast.UAdd: "__pos__", ast.USub: "__neg__", ast.Invert: "__invert__"}
_BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitOr: "or_",
    ast.BitAnd: "and_",
    ast.BitXor: "xor",
}


class NotLiteral(ValueError):
    """An expression whose value is known only once it is executed."""


def literal_value(node: ast.expr) -> object:
    """The value of a constant, a container of literals, or arithmetic on numbers.

    Raises:
        NotLiteral: It is some other expression, or one that fails.

    Example:
        >>> literal_value(ast.parse("[60 * 60, -1e-3]", mode="eval").body)
        [3600, -0.001]
    """
    try:
        return _value(node)
    except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise NotLiteral(str(error)) from None


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Constant):
        return _checked(node.value)
    if isinstance(node, ast.Tuple):
        return tuple(map(_value, node.elts))
    if isinstance(node, ast.List):
        return list(map(_value, node.elts))
    if isinstance(node, ast.Set):
        return set(map(_value, node.elts))
    if isinstance(node, ast.Dict) and None not in node.keys:
        keys = [_value(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(_value, node.values)))
    if isinstance(node, ast.UnaryOp):
        return _unary(node)
    if isinstance(node, ast.BinOp):
        return _binary(node)
    if isinstance(node, ast.Call) and ast.dump(node) == _EMPTY_SET:
        return set()
    raise NotLiteral("not a literal")


_EMPTY_SET = ast.dump(ast.parse("set()", mode="eval").body)


def _unary(node: ast.UnaryOp) -> object:
    value = _value(node.operand)
    if isinstance(node.op, ast.Not):
        return not value
    return getattr(_number(value), _UNARY[type(node.op)])()


def _binary(node: ast.BinOp) -> object:
    import operator

    left, right = _number(_value(node.left)), _number(_value(node.right))
    if isinstance(left, int) and isinstance(right, int):
        _refuse_large(node.op, left, right)
    operation = getattr(operator, _BINARY.get(type(node.op), "matmul"))
    return _checked(operation(left, right))


def _refuse_large(operator: ast.operator, left: int, right: int) -> None:
    bits = 0
    if isinstance(operator, ast.Pow):
        bits = left.bit_length() * max(right, 0)
    elif isinstance(operator, ast.LShift):
        bits = left.bit_length() + max(right, 0)
    if bits > _MAX_BITS:
        raise NotLiteral("too large")


def _number(value: object) -> int | float | complex:
    if isinstance(value, (int, float, complex)):
        return value
    raise NotLiteral("not a number")


def _checked(value: object) -> object:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise NotLiteral("too large")
    return value
