"""What a script's annotations ask of the values of its variables.

An annotation counts only where it is sure to mean what it says, by the syntax alone: its names are
Python's own or come from `typing` and its like, the script's own default fits it, and the script
doesn't convert the variable itself, as `x = Path(x)` does.
"""

from __future__ import annotations

import ast

from ..config import annotations as A
from ..config.faults import Fault
from ..config.fit import Misfit, short_repr, with_article
from ..config.judge import check_value
from ..config.near import nearest
from ..config.overrides import expected_type
from . import bindings as B
from .parameters import parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config.annotations import Expected
    from .parameters import Parameter
    from .script import Script

_KNOWN = ("typing", "typing_extensions", "collections.abc", "pathlib", "builtins", "os", "enum")


class Expectations:
    """What a script asks of its variables; read once, asked of many values.

    Args:
        source: The script.
        path: Its file.
        name: What it is called in messages.
        found: Its bindings, by `find_bindings()`.
    """

    def __init__(self, source: bytes, path: str, name: str, found: Sequence[B.Binding]) -> None:
        self._source = source
        self._path = path
        self._name = name
        self._found: dict[str, list[B.Binding]] = {}
        for binding in found:
            self._found.setdefault(binding.name, []).append(binding)
        self._parameters: dict[str, Parameter] | None = None
        self._asked: dict[str, Expected | None] = {}

    def fault(self, name: str, value: object, place: str | None = None) -> Fault | None:
        """What is wrong with a value; None where it fits, or nothing is asked for.

        Args:
            name: The variable.
            value: The value.
            place: Where it stands, for the message.
        """
        expected = self._asked_for(name)
        if expected is None:
            return None
        try:
            check_value(value, expected)
        except Misfit as misfit:
            parameter = self._known()[name]
            annotation = " ".join((parameter.annotation or "").split())
            return Fault(
                name,
                f"{self._name} {parameter.place} says {annotation}, and {misfit}",
                value=short_repr(value),
                place=place,
                remedy=remedy_for(name, value, expected),
                line=parameter.line,
            )
        return None

    def wanted(self, name: str) -> Expected | None:
        """What type of value a variable is read as where only a text is said; None if that isn't sure.

        It is what its annotation asks for; without one, a path or a member where its default is.
        """
        own = self._found.get(name, ())
        if any(isinstance(binding.node, ast.AnnAssign) for binding in own):
            return self._asked_for(name)
        parameter = self._known().get(name)
        if parameter is None or len(own) != 1:
            return None
        expected = expected_type(parameter)
        classes = {A.PATH: "Path", A.ENUM: expected.enum or ""}
        node = ast.parse(classes.get(expected.shape) or "()", mode="eval").body
        known = expected.shape in classes and self._is_understood(node, parameter)
        return expected if known else None

    def _asked_for(self, name: str) -> Expected | None:
        """What type of value a variable takes; None where that isn't sure."""
        if name not in self._asked:
            own = self._found.get(name, ())
            annotated = any(isinstance(binding.node, ast.AnnAssign) for binding in own)
            self._asked[name] = self._expected(name, own) if annotated else None
        return self._asked[name]

    def _known(self) -> dict[str, Parameter]:
        if self._parameters is None:
            known = parameters(self._source, self._path, whole=True)
            self._parameters = {parameter.name: parameter for parameter in known}
        return self._parameters

    def _expected(self, name: str, own: Sequence[B.Binding]) -> Expected | None:
        parameter = self._known().get(name)
        if parameter is None or not A.says_type(parameter.annotation) or _is_converted(name, own):
            return None
        nodes = [b.node.annotation for b in own if isinstance(b.node, ast.AnnAssign)]
        if len({ast.dump(node) for node in nodes}) > 1:
            return None  # which of them holds depends
        if not all(self._is_understood(node, parameter) for node in nodes):
            return None
        expected = expected_type(parameter)
        return expected if expected.shape == A.ANY else _with_default(expected, parameter)

    def _is_understood(self, node: ast.expr, parameter: Parameter) -> bool:
        """Whether each name in an annotation is what it seems to be."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value.strip(), mode="eval").body
            except (SyntaxError, ValueError):
                return False
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and not self._is_known_name(part.id, parameter):
                return False
        return True

    def _is_known_name(self, name: str, parameter: Parameter) -> bool:
        if "*" in self._found:  # which may bring anything by any name
            return False
        enum = (parameter.enum or "").partition(".")[0]
        bindings = self._found.get(name, [])
        if name == enum:
            return len(bindings) == 1
        if len(bindings) == 1 and isinstance(bindings[0].node, ast.Assign):
            value = bindings[0].node.value  # Mode = Literal[...]
            return isinstance(value, ast.Subscript) and self._is_understood(value, parameter)
        return all(_is_of_library(binding) for binding in bindings)


def expectations_of(script: Script) -> Expectations:
    """What a script asks of its variables.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
    """
    from .compiler import deep_calls, quietly_parsed
    from .stars import star_names

    source = script.read()
    with deep_calls():
        found = B.find_bindings(quietly_parsed(source, script.path), star_names(script.folder))
        return Expectations(source, script.path, script.name, found)


def _is_of_library(binding: B.Binding) -> bool:
    node = binding.node
    if isinstance(node, ast.Import):
        return all(alias.name in _KNOWN for alias in node.names)
    return (
        isinstance(node, ast.ImportFrom)
        and not node.level
        and node.module in _KNOWN
        and all(alias.asname in (None, alias.name) for alias in node.names)
    )


def _is_converted(name: str, own: Sequence[B.Binding]) -> bool:
    """Whether the script makes another value of what it is given: `x = Path(x)`."""
    return any(
        isinstance(node, ast.Call) and B.reads(name, node)
        for binding in own
        if binding.update and isinstance(binding.node, (ast.Assign, ast.AnnAssign))
        for node in ast.walk(binding.node.value or ast.Constant(None))
    )


def _with_default(expected: Expected, parameter: Parameter) -> Expected | None:
    """What is asked for, so that the script's own default fits: `x: int = None` may be None."""
    if not parameter.literal:
        return expected
    try:
        check_value(parameter.default, expected)
    except Misfit:
        if parameter.default is not None:
            return None  # the script itself doesn't keep to it
        return A.Expected(A.UNION, (*expected.parts(), A.Expected(A.NONE)))
    return expected


def remedy_for(name: str | None, value: object, expected: Expected) -> str | None:
    """What to do about a value that isn't what is asked for: a clause or a question, or None.

    Args:
        name: The variable; None for an argument of the entrypoint, which no `--set` sets.
        value: The value.
        expected: What is asked for.
    """
    parts = [part for part in expected.parts() if part.shape != A.NONE]
    choices = [choice for part in parts for choice in part.choices if isinstance(choice, str)]
    if isinstance(value, str) and choices:
        near = nearest(value, choices, 1)
        if near and not any(part.shape == A.ENUM for part in parts):
            return f"did you mean {near[0]!r}?"
    for part in parts:
        if part.shape == A.ENUM:
            named = [n for n in part.choices if n == value or part.members.get(str(n)) == value]
            like = [] if named else nearest(str(value), choices, 1)
            if like:
                return f"did you mean {like[0]}?"
            near = [str(n) for n in named] or like or choices
            said = f"{near[0]} in YAML, TOML or JSON"
            if name is None:
                return f"{said} is that member, and a Python config can import it"
            imported = "and a Python config that imports it"
            return f"--set {name}={near[0]} gives that member, as {said} does, {imported}"
        if part.shape == A.PATH and isinstance(value, str):
            said = f"a Python file can say Path({short_repr(value)})"
            return said if name is None else f"{said}, and --set {name}=... gives one"
    if len(parts) == 1 and parts[0].shape == A.INT and isinstance(value, float):
        return f"write {int(value)}" if value.is_integer() else None
    if len(parts) == 1 and not choices:
        return f"give {with_article(parts[0].shape)}"
    return None
