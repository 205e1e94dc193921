"""A script's parameters, read from its syntax: nothing of it is executed or imported."""

from __future__ import annotations

import ast
import os
import re

from ..config.annotations import LITERAL, NONE, dotted, read_annotation, says_type
from .comments import help_of
from .enums import UNKNOWN, Enums
from .literals import NotLiteral, literal_value
from .outline import Outline
from .source import decode, unified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .outline import Place

_PATHS = ("Path", "PurePath", "PosixPath", "WindowsPath")
_CELL = re.compile(r"^#[ \t]*%%.*", re.MULTILINE)
_PARAMETER_CELL = re.compile(
    r"""
    \#\s*%%\s*
    (?: (?:\[[^\]]*\]\s*)? (?:parameters|kogine:config)\b
      | .*["']parameters["']   # tags=["parameters"], as jupytext writes it
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Parameter:
    """A name that a script's top level gives a default, and that an override may replace.

    Attributes:
        name: The name.
        default: The default's value where it is a literal, else None.
        literal: Whether the value of the default is known: a constant, a container of them, or
            arithmetic on numbers.
        expression: The default's source text; None where there is none of its own.
        annotation: The annotation's source text, or None.
        type: The type as shown to people, by the annotation, else by the default; or None.
        choices: The values it may have, of a Literal, or the names of the members of its Enum.
        enum: Its Enum class as the script writes it, or None.
        members: Of its Enum, the values of those members whose value is a literal.
        line: The 1-based line of the binding.
        place: That line as people find it: `line 3`; in a notebook `cell 2 line 1`.
        help: The comment on that line, or the comments right above it, or None.
        computed: Whether the default is known only once the script runs, and no annotation says
            that it is meant to be set: such names are left out of listings.
    """

    __slots__ = (
        *("name", "default", "literal", "expression", "annotation", "type"),
        *("choices", "enum", "members", "line", "place", "help", "computed"),
    )

    def __init__(
        self,
        name: str,
        *,
        default: object = None,
        literal: bool = False,
        expression: str | None = None,
        annotation: str | None = None,
        type: str | None = None,
        choices: tuple[object, ...] | None = None,
        enum: str | None = None,
        members: dict[str, object] | None = None,
        line: int = 0,
        help: str | None = None,
        computed: bool = False,
    ) -> None:
        self.name = name
        self.default = default
        self.literal = literal
        self.expression = expression
        self.annotation = annotation
        self.type = type
        self.choices = choices
        self.enum = enum
        self.members = members
        self.line = line
        self.place = f"line {line}"
        self.help = help
        self.computed = computed

    @property
    def described_type(self) -> str | None:
        """The type as people are shown it, with the names of the members of its Enum."""
        if self.enum is None or not self.choices:
            return self.type
        return f"{self.type}: {', '.join(map(str, self.choices))}"

    def to_dict(self) -> dict[str, object]:
        """All that is known of it, by the names of the attributes."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parameter):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        default = "" if self.expression is None else f" = {self.expression}"
        return f"<Parameter {self.name}: {self.type}{default}, line {self.line}>"


def parameters(
    source: bytes | str, filename: str = "<script>", *, whole: bool = False
) -> list[Parameter]:
    """A script's parameters, in the order of its text.

    They are the names bound by assignments and annotations at its top level, in the bodies of `if`
    and `try` there, too; not those with a leading underscore. A region from a line
    `# %% parameters` (or `# %% kogine:config`) to the next `# %%` narrows them to what stands in
    it. What is inside functions is not read, so a mistake there is no error here.

    Args:
        source: The script; bytes are decoded as Python does.
        filename: Its file; modules beside it are asked for Enum classes that it imports.
        whole: Whether to look outside of such a region, too.

    Raises:
        ScriptSyntaxError: The script isn't valid Python.

    Example:
        >>> parameters("lr: float = 0.1  # step size\\nepochs = 10\\n")
        [<Parameter lr: float = 0.1, line 1>, <Parameter epochs: int = 10, line 2>]
    """
    import warnings

    if isinstance(source, bytes):
        text = decode(source, filename)
    else:
        text = unified(source.removeprefix("\ufeff"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the parser's are for those who run the script
        outline = Outline(text, filename)
        found = os.path.isfile(filename)
        folder = os.path.dirname(os.path.realpath(filename)) if found else None
        regions = [] if whole else list(_regions(outline))
        parameters = _Reader(outline, Enums(outline, folder)).read(regions)
    if filename.endswith(".ipynb"):
        from .notebook import place_in

        for parameter in parameters:
            parameter.place = place_in(text, parameter.line)
    return parameters


class _Binding:
    """A name and what an assignment binds it to; the value is None where that is only computed."""

    __slots__ = ("name", "value", "annotation", "place")

    def __init__(
        self, name: str, value: ast.expr | None, annotation: ast.expr | None, place: Place
    ) -> None:
        self.name = name
        self.value = value
        self.annotation = annotation
        self.place = place


class _Reader:
    def __init__(self, outline: Outline, enums: Enums) -> None:
        self._outline = outline
        self._enums = enums
        self._aliases: dict[str, str] = {}

    def read(self, regions: list[range]) -> list[Parameter]:
        """The parameters in these lines; in all of them if no lines are given."""
        found: dict[str, Parameter] = {}
        for place in self._outline.places():
            for binding in _bindings(place):
                self._note_alias(binding)
                if not regions or any(place.statement.lineno in region for region in regions):
                    self._add(binding, found)
        return list(found.values())

    def _note_alias(self, binding: _Binding) -> None:
        """Keep `Mode = Literal["a", "b"]`, which annotations may name."""
        if isinstance(binding.value, ast.Subscript):
            text = self._outline.segment(binding.value)
            if "Literal[" in text:
                self._aliases.setdefault(binding.name, text)

    def _add(self, binding: _Binding, found: dict[str, Parameter]) -> None:
        if binding.name.startswith("_"):
            return
        known = found.get(binding.name)
        if known is None:
            found[binding.name] = self._parameter(binding)
        elif known.expression is None and known.annotation and not binding.annotation:
            # `x: int` before; this is its default.
            default = self._parameter(binding, declared=known.annotation)
            default.line, default.help = known.line, known.help or default.help
            found[binding.name] = default

    def _parameter(self, binding: _Binding, declared: str | None = None) -> Parameter:
        value, place = binding.value, binding.place
        parameter = Parameter(binding.name, annotation=declared, line=place.statement.lineno)
        parameter.help = help_of(place.statement, place.end, place.above, self._outline.lines)
        if value is not None:
            parameter.expression = self._outline.segment(value)
            self._read_default(parameter, value)
        if binding.annotation is not None:
            parameter.annotation = self._outline.segment(binding.annotation)
        if parameter.annotation is not None:
            self._read_annotation(parameter, parameter.annotation)
        is_known = parameter.literal or parameter.type is not None
        parameter.computed = not is_known and parameter.annotation is None
        return parameter

    def _read_default(self, parameter: Parameter, value: ast.expr) -> None:
        try:
            parameter.default = literal_value(value)
        except NotLiteral:
            if is_path(value):
                parameter.type = "Path"
            elif isinstance(value, ast.Attribute):
                self._read_enum(parameter, dotted(value.value), value.attr)
            return
        parameter.literal = True
        parameter.type = type(parameter.default).__name__.removesuffix("Type")

    def _read_enum(self, parameter: Parameter, cls: str | None, member: str | None = None) -> bool:
        members = self._enums.members(cls) if cls else None
        if not members or (member is not None and member not in members):
            return False
        parameter.enum = parameter.type = cls
        parameter.choices = tuple(members)
        parameter.members = {name: v for name, v in members.items() if v is not UNKNOWN}
        return True

    def _read_annotation(self, parameter: Parameter, annotation: str) -> None:
        if not says_type(annotation):
            return
        for name in _names(annotation):
            if self._read_enum(parameter, name):
                break
        else:
            parts = list(read_annotation(self._aliases.get(annotation, annotation)).parts())
            choices = [choice for part in parts for choice in part.choices]
            if choices and all(part.shape in (LITERAL, NONE) for part in parts):
                optional = [None] if any(part.shape == NONE for part in parts) else []
                parameter.choices = tuple([*choices, *optional])
        parameter.type = " ".join(annotation.split())


def _names(annotation: str) -> Iterator[str]:
    """The dotted names in an annotation, which may be in quotes."""
    try:
        tree = ast.parse(annotation.strip().strip("'\""), mode="eval")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        name = dotted(node) if isinstance(node, ast.expr) else None
        if name:
            yield name


def _bindings(place: Place) -> Iterator[_Binding]:
    statement = place.statement
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield _Binding(statement.target.id, statement.value, statement.annotation, place)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for name, value in _pairs(target, statement.value):
                yield _Binding(name, value, None, place)


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    """Names and what they are bound to: `a, b = 1, 2` piece by piece, `a, b = f()` not at all."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Starred):
        yield from _pairs(target.value, None)
    elif isinstance(target, (ast.Tuple, ast.List)):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(values):
            if not any(isinstance(e, ast.Starred) for e in [*value.elts, *target.elts]):
                values = [*value.elts]
        for element, part in zip(target.elts, values):
            yield from _pairs(element, part)


def is_path(node: ast.expr) -> bool:
    """Whether it is `Path("...")`, perhaps with `/ "..."` behind."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return is_path(node.left) and isinstance(node.right, ast.Constant)
    if not isinstance(node, ast.Call) or node.keywords:
        return False
    name = dotted(node.func) or ""
    constants = all(isinstance(argument, ast.Constant) for argument in node.args)
    return constants and name.removeprefix("pathlib.") in _PATHS


def _regions(outline: Outline) -> Iterator[range]:
    """The lines of the cells that are marked as those with the parameters."""
    cells = list(_CELL.finditer(outline.text))
    if not any(_PARAMETER_CELL.match(cell.group()) for cell in cells):
        return
    strings = outline.string_lines()
    starts = [(outline.text.count("\n", 0, cell.start()) + 1, cell.group()) for cell in cells]
    starts = [(line, head) for line, head in starts if line not in strings]
    ends = [line for line, _ in starts[1:]] + [len(outline.lines) + 1]
    for (line, head), end in zip(starts, ends):
        if _PARAMETER_CELL.match(head):
            yield range(line, end)
