"""A commented config file made from a script's parameters, which changes nothing as it stands."""

from __future__ import annotations

import ast
from functools import partial

from .bindings import ASSIGN, DECLARE, find_bindings
from .config_check import FITS, check_keys
from .source import check, parse
from .stars import star_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from .parameters import Parameter
    from .script import Script

# Variables that a config file gives a meaning of its own, or that it can't set.
_RESERVED = ("CONFIG", "config_gen", "TYPE_CHECKING")
_WIDTH = 96
_SWEPT = 2  # parameters in the example of a sweep

_HEAD = """\
# A config file, written by `kogine config new`. What it sets are the script's own defaults: change
# what you want to have otherwise, and take away the rest. What is commented out stays as the script
# says.
#
#   kogine run {script} --config {file}
#   kogine config check {script} --config {file}
"""
_SWEEP = """\
# Several values of one name, or of several, make a run for each combination (docs: Sweeps):
#
"""


def new_config(
    script: Script, file: str = "FILE", *, everything: bool = False, format: str = "py"
) -> str:
    """The text of a config file with all parameters of a script.

    Where a default is a literal, or in Python a path, it is set; where it is computed, where the
    script gives several, where nothing in the script reads it, and where the format can't hold it,
    it is commented out. JSON has no comments: there it is left out.

    Args:
        script: The script; nothing of it is executed.
        file: Where the file will be, as it is to be named in its first lines.
        everything: Also names whose default is computed.
        format: `"py"`, `"yaml"`, `"toml"` or `"json"`.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
    """
    from shlex import quote

    check(script.read(), script.path)
    found = [p for p in script.parameters() if everything or not p.computed]
    live, reasons = _live(script, found)
    comments = partial(_comments, reasons)
    if format == "json":
        from .new_text_config import json_text

        return json_text(found, live)
    words = {"script": _one_line(quote(script.name)), "file": _one_line(quote(file))}
    axes = list(_axes([p for p in found if p.name in live]))[:_SWEPT]
    if format == "py":
        parts, sweep = _python_parts(found, live, comments), _python_sweep(axes)
    else:
        from .new_text_config import text_parts, text_sweep

        parts = text_parts(found, live, format, comments)
        sweep = text_sweep(axes, format)
    if not found:
        parts.append("# The script has no parameters that can be read from its text.\n")
    if sweep:
        parts.append(_SWEEP + sweep)
    return "\n".join([_HEAD.format(**words), *parts])


def _python_parts(
    found: Sequence[Parameter], live: set[str], comments: Callable[[Parameter], list[str]]
) -> list[str]:
    """What a Python file says of parameters, each with an empty line behind it."""
    imports = dict.fromkeys(line for p in found if p.name in live for line in _imports(p))
    parts = ["\n".join(imports) + "\n"] if imports else []
    return [*parts, *(_entry(p, p.name in live, comments(p)) for p in found)]


def _python_sweep(axes: Sequence[tuple[str, list[Any]]]) -> str:
    lines = "".join(f'#     "{name}": {values!r},\n' for name, values in axes)
    return f"# _sweep = {{\n{lines}# }}\n" if lines else ""


def _live(script: Script, found: Sequence[Parameter]) -> tuple[set[str], dict[str, str]]:
    """The names whose default can stand in the file, and changes nothing there; and of others why
    it is commented out, where there is more to say than that it is no such default.
    """
    tree = parse(script.read(), script.path)
    bindings = find_bindings(tree, star_names(script.folder))
    defaults: dict[str, list[str]] = {}
    for binding in bindings:
        if not binding.update:
            defaults.setdefault(binding.name, []).append(binding.kind)
    once = {
        name
        for name, kinds in defaults.items()
        if kinds.count(ASSIGN) == 1 and set(kinds) <= {ASSIGN, DECLARE}
    }
    some = [p for p in found if p.name in once and p.name not in _RESERVED and _written(p)]
    checked = check_keys(script, {p.name: p.default for p in some if p.literal})
    wrong = {one.key: one.note or "" for one in checked if one.status != FITS or one.note}
    return {p.name for p in some} - set(wrong), wrong


def _written(parameter: Parameter) -> str | None:
    """The default as the file can have it: the text of the script, or another that gives the same."""
    text = parameter.expression
    if text is None:
        return None
    if not parameter.literal:
        return text if parameter.type == "Path" and _is_call(text) else None
    for written in (text, f"(\n{text}\n)", repr(parameter.default)):
        if _gives(written, parameter.default):
            return written
    return None


def _is_call(text: str) -> bool:
    """Whether it is `Path(...)`, and not another expression that an annotation calls a Path."""
    from .parameters import is_path

    try:
        return is_path(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _gives(text: str, value: object) -> bool:
    """Whether a text is a literal of that value, of the same types."""
    import warnings

    from .literals import NotLiteral, literal_value

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"x = {text}")
        return len(tree.body) == 1 and repr(literal_value(tree.body[0].value)) == repr(value)  # type: ignore[attr-defined]
    except (SyntaxError, ValueError, NotLiteral, RecursionError, MemoryError):
        return False


def _imports(parameter: Parameter) -> Iterator[str]:
    if not parameter.literal:
        name = (parameter.expression or "").partition("(")[0]
        yield "import pathlib" if "." in name else f"from pathlib import {name}"


def _comments(reasons: Mapping[str, str], parameter: Parameter) -> list[str]:
    from .new_text_config import in_comment

    text = (parameter.help or "").splitlines()
    lines = [f"# {in_comment(line)}" for line in text if line.strip()]
    reason = " ".join(reasons.get(parameter.name, "").split())
    more = [_said(parameter), in_comment(reason)]
    return [*lines, *(f"# {one}" for one in more if one)]


def _entry(parameter: Parameter, live: bool, comments: list[str]) -> str:
    lines = list(comments)
    if live:
        lines.append(f"{parameter.name} = {_written(parameter)}")
    else:
        text = parameter.expression or "..."
        lines += [f"# {line}".rstrip() for line in f"{parameter.name} = {text}".splitlines()]
    return "\n".join(lines) + "\n"


def _said(parameter: Parameter) -> str:
    """What a value has to be, where the default doesn't say it."""
    if parameter.enum and parameter.choices:
        names = ", ".join(f"{parameter.enum}.{name}" for name in parameter.choices)
        return f"{_one_line(f'one of {names}')}: --set {parameter.name}={parameter.choices[-1]}"
    if parameter.choices:
        return _one_line(f"one of {', '.join(map(repr, parameter.choices))}")
    if parameter.annotation is None or parameter.type == type(parameter.default).__name__:
        return ""
    return _one_line(parameter.type or "")


def _axes(parameters: Sequence[Parameter]) -> Iterator[tuple[str, list[Any]]]:
    """Values that may be tried, of those parameters for which some come to mind."""
    for parameter in parameters:
        value = parameter.default
        if not parameter.literal:
            continue
        if parameter.choices and not parameter.enum:
            yield parameter.name, list(parameter.choices)
        elif type(value) is bool:
            yield parameter.name, [value, not value]
        elif type(value) is int and abs(value) < 2**31:
            yield parameter.name, [value, 2 * value or 1]
        elif type(value) is float and abs(value) < 1e100:
            yield parameter.name, [value, float(f"{10 * value:.12g}") or 0.1]


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    printable = line if line.isprintable() else ascii(line)[1:-1]
    return printable if len(printable) <= _WIDTH else f"{printable[: _WIDTH - 3]}..."
