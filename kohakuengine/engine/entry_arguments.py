"""What a script's entrypoint asks of its arguments, by its syntax, before anything runs.

An annotation of an argument counts where that of a variable would (expectations.py), and where the
function doesn't convert the argument itself, as `data = Path(data)` does.
"""

from __future__ import annotations

import ast

from ..config import annotations as A
from ..config.faults import Fault
from ..config.fit import Misfit, short_repr
from ..config.judge import check_value
from ..errors import EntrypointError
from . import bindings as B
from .compiler import deep_calls, quietly_parsed
from .constants import Constants
from .entry_plan import plan_entry
from .entrypoint import Arguments
from .expectations import Expectations, remedy_for
from .signature import stand_in
from .source import decode
from .stars import star_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..config.annotations import Expected
    from ..config.base import Config
    from ..config.origin import Origin
    from .entry_calls import Definition
    from .script import Script

_AS = "argument_"  # of a variable that stands for an argument


class Asked:
    """What is asked of one argument that a config gives.

    Attributes:
        name: The argument's, where it is given by name, else None.
        place: The 0-based place at which it is given otherwise.
        value: The config's value.
        expected: The type that is asked for; None where that isn't sure.
        line: Of the argument, in the script.
        annotation: The annotation's text.
    """

    __slots__ = ("name", "place", "value", "expected", "line", "annotation")

    def __init__(
        self,
        name: str | None,
        place: int | None,
        value: Any,
        expected: Expected | None,
        line: int,
        annotation: str,
    ) -> None:
        self.name = name
        self.place = place
        self.value = value
        self.expected = expected
        self.line = line
        self.annotation = annotation

    @property
    def key(self) -> str:
        """`args[0]`, or `kwargs.name`, as the config has it."""
        return f"args[{self.place}]" if self.name is None else f"kwargs.{self.name}"


class EntryArguments:
    """Looks at configs' arguments for the entrypoint of one script, which is read once.

    Args:
        script: The script.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._source = script.read()
        self._definitions: dict[tuple[object, ...], Definition | None | EntrypointError] = {}
        self._expected: dict[int, dict[str, Expected | None]] = {}

    def asked(self, config: Config) -> list[Asked]:
        """What is asked of each argument, as far as that is known; in the config's order.

        Raises:
            EntrypointError: The entrypoint doesn't take these arguments, or there is none.
            ScriptError: The script isn't valid Python.
        """
        definition = self._definition(config)
        if definition is None:
            return []
        return [*self._asked(definition, config)]

    def faults(self, config: Config, origin: Origin) -> list[Fault]:
        """The values that the annotations of the arguments don't allow."""
        found = []
        for one in self.asked(config):
            try:
                if one.expected is not None:
                    check_value(one.value, one.expected)
            except Misfit as misfit:
                problem = f"{self._script.name} {self._script.place_of_line(one.line)} says {one.annotation}, and {misfit}"
                found.append(
                    Fault(
                        one.key,
                        problem,
                        value=short_repr(one.value),
                        place=origin.place_of(f"_{one.key.partition('[')[0]}"),
                        remedy=remedy_for(None, one.value, one.expected or A.Expected(A.ANY)),
                        line=one.line,
                    )
                )
        return found

    def _definition(self, config: Config) -> Definition | None:
        """The function that the arguments are for, where the syntax tells what it takes."""
        shape = (len(config.args), *config.kwargs)
        if shape not in self._definitions:
            self._definitions[shape] = self._found(config)
        found = self._definitions[shape]
        if isinstance(found, EntrypointError):
            raise found
        return found

    def _found(self, config: Config) -> Definition | None | EntrypointError:
        script = self._script
        arguments = Arguments(config.args, config.kwargs)
        try:
            with deep_calls():  # what it is asked of, it changes
                plan_entry(
                    quietly_parsed(self._source, script.path),
                    Constants(),
                    named=script.entrypoint,
                    arguments=arguments,
                    folder=script.folder,
                    script=script.name,
                )
        except EntrypointError as error:
            return error
        return arguments.definition

    def _asked(self, definition: Definition, config: Config) -> Iterator[Asked]:
        import inspect

        bound = inspect.signature(stand_in(definition)).bind(*config.args, **config.kwargs)
        named = {argument.arg: argument for argument in _arguments_of(definition)}
        wanted = self._wanted(definition)
        by_position = iter(enumerate(config.args))
        for name in bound.arguments:
            argument = named.get(name)
            if argument is None:  # *args, **kwargs
                continue
            annotation = "" if argument.annotation is None else ast.unparse(argument.annotation)
            by_name = name in config.kwargs
            place, value = (None, config.kwargs[name]) if by_name else next(by_position)
            own_name = name if by_name else None
            yield Asked(own_name, place, value, wanted.get(name), argument.lineno, annotation)

    def _wanted(self, definition: Definition) -> dict[str, Expected | None]:
        """By the names of a function's arguments what their annotations surely ask for.

        They are read as annotations of variables that the script doesn't have otherwise.
        """
        if definition.lineno not in self._expected:
            annotated = [a for a in _arguments_of(definition) if a.annotation is not None]
            lines = [decode(self._source, self._script.path).rstrip("\n")]
            lines += [_as_variable(definition, a) for a in annotated]
            source = "\n".join([*lines, ""]).encode()
            with deep_calls():
                tree = quietly_parsed(source, self._script.path)
                found = B.find_bindings(tree, star_names(self._script.folder))
                asked = Expectations(source, self._script.path, self._script.name, found)
                self._expected[definition.lineno] = {
                    a.arg: None if _converts(definition, a.arg) else asked.wanted(_AS + a.arg)
                    for a in annotated
                }
        return self._expected[definition.lineno]


def _arguments_of(definition: Definition) -> list[ast.arg]:
    args = definition.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def _as_variable(definition: Definition, argument: ast.arg) -> str:
    """An argument written as a variable, with its default if it has one."""
    args = definition.args
    by_position = [*args.posonlyargs, *args.args]
    behind = by_position[len(by_position) - len(args.defaults) :]
    defaults = {
        **{a.arg: value for a, value in zip(behind, args.defaults)},
        **{a.arg: value for a, value in zip(args.kwonlyargs, args.kw_defaults)},
    }
    default = defaults.get(argument.arg)
    assert argument.annotation is not None
    said = f"{_AS}{argument.arg}: {ast.unparse(argument.annotation)}"
    return said if default is None else f"{said} = {ast.unparse(default)}"


def _converts(definition: Definition, name: str) -> bool:
    """Whether a function makes another value of an argument: `data = Path(data)`."""
    for node in ast.walk(ast.Module(definition.body, [])):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = {n for target in targets for n in B.bound_names(target)}
            calls = any(isinstance(part, ast.Call) for part in ast.walk(node.value))
            if name in bound and calls and B.reads(name, node.value):
                return True
    return False
