"""What type of value a parameter takes, read from the source text of its annotation."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Shapes of a type, as `Expected.shape`. ANY stands for whatever we know nothing of, too.
ANY, NONE, BOOL, INT, FLOAT, COMPLEX, STR, BYTES = (
    *("any", "None", "bool", "int", "float", "complex", "str", "bytes"),
)
LIST, TUPLE, SET, FROZENSET, DICT = "list", "tuple", "set", "frozenset", "dict"
PATH, ENUM, LITERAL, UNION = "Path", "Enum", "Literal", "Union"

_SHAPES = {
    **{shape: shape for shape in (BOOL, INT, FLOAT, COMPLEX, STR, BYTES)},
    **{shape: shape for shape in (LIST, TUPLE, SET, FROZENSET, DICT)},
    **dict.fromkeys(("List", "Sequence", "MutableSequence", "Iterable", "Collection"), LIST),
    **dict.fromkeys(("Set", "AbstractSet", "MutableSet"), SET),
    **dict.fromkeys(("Dict", "Mapping", "MutableMapping"), DICT),
    **dict.fromkeys(("Path", "PurePath", "PosixPath", "WindowsPath", "PathLike"), PATH),
    "Tuple": TUPLE,
    "FrozenSet": FROZENSET,
    "Text": STR,
    "None": NONE,
}
_ABSTRACT = frozenset(
    "Sequence MutableSequence Iterable Collection Set AbstractSet MutableSet Mapping "
    "MutableMapping".split()
)
_WRAPPERS = ("Annotated", "ClassVar", "Final", "InitVar", "ReadOnly", "Required", "NotRequired")


class Expected:
    """The type of value that is expected.

    Attributes:
        shape: One of the constants above.
        args: Of a container, the types of its items (of a dict: keys, values; of a tuple: one for
            each place); of a union, its alternatives. Empty where nothing is said.
        variadic: Whether it is a tuple of any length, whose items are all of the one type in args.
        choices: Of a Literal, its values; of an Enum, the names of its members.
        enum: The Enum class as the script writes it, or None.
        members: Of an Enum, the values of those members whose value is a literal.
        abstract: Whether other classes of containers will do as well, as for an `Iterable`.
    """

    __slots__ = ("shape", "args", "variadic", "choices", "enum", "members", "abstract")

    def __init__(
        self,
        shape: str,
        args: tuple[Expected, ...] = (),
        *,
        variadic: bool = False,
        choices: tuple[object, ...] = (),
        enum: str | None = None,
        members: Mapping[str, object] | None = None,
        abstract: bool = False,
    ) -> None:
        self.shape = shape
        self.args = args
        self.variadic = variadic
        self.choices = choices
        self.enum = enum
        self.members = members or {}
        self.abstract = abstract

    def __repr__(self) -> str:
        return f"Expected({self.shape!r}, {self.args!r})"

    def parts(self) -> Iterator[Expected]:
        """The type itself, or the alternatives of a union."""
        yield from self.args if self.shape == UNION else (self,)


def read_annotation(annotation: str, enum: Expected | None = None) -> Expected:
    """The type that an annotation names.

    Args:
        annotation: Its source text.
        enum: The type for each place where the annotation names the class `enum.enum`.

    Returns:
        The type; its shape is `ANY` where the annotation says nothing that we understand.

    Example:
        >>> read_annotation("Optional[list[int]]")
        Expected('Union', (Expected('list', (Expected('int', ()),)), Expected('None', ())))
    """
    try:
        return _read(ast.parse(annotation.strip(), mode="eval").body, enum)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return Expected(ANY)


def says_type(annotation: str | None) -> bool:
    """Whether an annotation says anything of the type: `Final` alone leaves it to the default."""
    return annotation is not None and annotation.rpartition(".")[2] not in _WRAPPERS


def _read(node: ast.expr, enum: Expected | None) -> Expected:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):  # "int": an annotation in quotes
            return read_annotation(node.value, enum)
        return Expected(NONE if node.value is None else ANY)
    if enum is not None and dotted(node) == enum.enum:
        return enum
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = _type_name(node)
        return Expected(_SHAPES.get(name, ANY), abstract=name in _ABSTRACT)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([_read(node.left, enum), _read(node.right, enum)])
    if isinstance(node, ast.Subscript):
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _read_subscript(_type_name(node.value), items, enum)
    return Expected(ANY)


def _read_subscript(name: str, items: list[ast.expr], enum: Expected | None) -> Expected:
    if name == "Literal":
        choices = tuple(_choices(items))
        return Expected(LITERAL, choices=choices) if choices else Expected(ANY)
    if name in _WRAPPERS:
        return _read(items[0], enum) if items else Expected(ANY)
    if name == "Optional":
        return _union([*(_read(item, enum) for item in items), Expected(NONE)])
    if name == "Union":
        return _union([_read(item, enum) for item in items])
    shape = _SHAPES.get(name, ANY)
    if shape not in (LIST, TUPLE, SET, FROZENSET, DICT):
        return Expected(shape)  # PathLike[str] is a path like others
    variadic = any(isinstance(item, ast.Constant) and item.value is ... for item in items)
    args = tuple(_read(item, enum) for item in items[: 1 if variadic else None])
    if shape == DICT and len(args) != 2:
        args = ()
    return Expected(shape, args, variadic=variadic, abstract=name in _ABSTRACT)


def _type_name(node: ast.expr) -> str:
    """`List` of `typing.List`; nothing of `torch.float`, which isn't Python's own float."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and not node.attr.islower():
        return node.attr
    return ""


def dotted(node: ast.expr) -> str | None:
    """The text of a name or of attributes of a name, else None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return base and f"{base}.{node.attr}"
    return None


def _union(parts: list[Expected]) -> Expected:
    return Expected(UNION, tuple(part for union in parts for part in union.parts()))


def _choices(items: list[ast.expr]) -> Iterator[object]:
    """The values of a Literal; none at all if one isn't known."""
    for item in items:
        if isinstance(item, ast.Subscript) and _type_name(item.value) == "Literal":
            inner = item.slice.elts if isinstance(item.slice, ast.Tuple) else [item.slice]
            yield from _choices(inner)
        else:
            yield ast.literal_eval(item)  # a member of an Enum isn't one: ValueError
