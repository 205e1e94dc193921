"""The kinds of arguments that several commands take, and how a shell completes them.

Completion reads a script's syntax and never runs it. Whatever is wrong with the script, there are
then just no completions.
"""

from __future__ import annotations

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from ..config.near import did_you_mean
from ..errors import KogineError, LauncherError
from ..launch.registry import LAUNCHERS, check_launcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ..engine.parameters import Parameter
    from ..engine.script import Script

    Completions = list[CompletionItem[str]]
    _TextType = click.ParamType[str]
    _ChoiceType = click.Choice[str]
else:
    _ChoiceType = click.Choice
    _TextType = click.ParamType  # which takes no brackets before click 8.4


class Completing:
    """What is known to whoever completes a line, beyond the line; a context's object.

    Attributes:
        script: The script that the line is about, where it isn't named in it.
        values: What any parameter may be set to, each with what it is.
    """

    def __init__(self, script: Script | None = None, values: Mapping[str, str] | None = None):
        self.script = script
        self.values = values or {}


class ScriptCommand(click.Command):
    """A command with a script, whose text its other arguments may be completed from."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing and args and self._takes_value(args[-1]):
            args = args[
                :-1
            ]  # its value is what is to be completed; click would give up on the rest
        return super().parse_args(ctx, args)

    def _takes_value(self, word: str) -> bool:
        options = [param for param in self.params if isinstance(param, click.Option)]
        return any(word in option.opts and not option.is_flag for option in options)


def is_said(name: str) -> bool:
    """Whether an option of the command that is being parsed stands on its command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


class Choice(_ChoiceType):
    """One of some words, which says what a misspelt one may mean."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            meant = did_you_mean(str(value), map(str, self.choices))
            self.fail(error.message.removesuffix(".") + meant, param, ctx)


class _File(_TextType):
    name = "file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Completions:
        return [CompletionItem(incomplete, type="file")]


class _Function(_TextType):
    """A function of the script."""

    name = "function"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Completions:
        return [CompletionItem(name) for name in _functions(ctx) if name.startswith(incomplete)]


class _Override(_TextType):
    """KEY=VALUE for a variable of the script."""

    name = "override"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Completions:
        key, equals, start = incomplete.partition("=")
        parameters = _parameters(ctx)
        if not equals:
            return [
                CompletionItem(f"{parameter.name}=", help=_summary(parameter))
                for parameter in parameters
                if parameter.name.startswith(incomplete)
            ]
        choices = {
            c: None
            for parameter in parameters
            if parameter.name == key
            for c in _choices(parameter)
        }
        known = ctx.find_object(Completing)
        offered = {**choices, **(known.values if known else {})}
        return [
            CompletionItem(f"{key}={value}", help=help)
            for value, help in offered.items()
            if value.startswith(start)
        ]


class _Argument(_TextType):
    """NAME=VALUE for an argument of the config file."""

    name = "argument"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Completions:
        from .template_completion import arguments_in

        file = ctx.params.get("config") or ctx.params.get("file") or ""
        key, equals, start = incomplete.partition("=")
        found = arguments_in(str(file))
        if not equals:
            names = [name for name in found if name.startswith(incomplete)]
            return [CompletionItem(f"{name}=", help=found[name][0]) for name in names]
        choices = found[key][1] if key in found else []
        return [CompletionItem(f"{key}={c}") for c in choices if c.startswith(start)]


class _Launcher(_TextType):
    """The name of a launcher."""

    name = "launcher"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            check_launcher(value)
        except LauncherError as error:
            self.fail(str(error), param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Completions:
        return [CompletionItem(name) for name in LAUNCHERS if name.startswith(incomplete)]


FILE = _File()
LAUNCHER = _Launcher()
FUNCTION = _Function()
OVERRIDE = _Override()
CONFIG_ARG = click.option(
    "--config-arg",
    "config_args",
    multiple=True,
    type=_Argument(),
    metavar="K=V",
    help="An argument of the config file's config_gen().",
)


def _script(ctx: click.Context) -> Script:
    """The script that a line names, or is about.

    Raises:
        KogineError: There is none.
    """
    from ..config.given import given_object
    from ..engine.script import Script

    known = ctx.find_object(Completing)
    if known is not None and known.script is not None:
        return known.script
    name = ctx.params.get("script") or ""
    given = given_object(name)
    return given if isinstance(given, Script) else Script(name)


def _parameters(ctx: click.Context) -> list[Parameter]:
    try:
        found = _script(ctx).parameters()
    except KogineError:
        return []
    return [parameter for parameter in found if not parameter.computed]


def _functions(ctx: click.Context) -> Iterator[str]:
    import ast

    from ..engine.outline import Outline
    from ..engine.source import decode

    try:
        script = _script(ctx)
        outline = Outline(decode(script.read(), script.path), script.path)
    except KogineError:
        return
    for place in outline.places():
        if isinstance(place.statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield place.statement.name


def _summary(parameter: Parameter) -> str:
    """The default and what the parameter is for: `0.1  step size`."""
    from .params import one_line

    return "  ".join(filter(None, [one_line(parameter.expression or ""), parameter.help]))


def _choices(parameter: Parameter) -> list[str]:
    if parameter.choices is not None:
        return [str(choice) for choice in parameter.choices]
    return ["True", "False"] if parameter.type == "bool" else []
