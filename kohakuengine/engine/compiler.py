"""Compile a script for one config: its overrides put in, its entrypoint planned."""

from __future__ import annotations

import ast
import sys
import warnings
from collections import deque
from contextlib import contextmanager

from ..errors import OverrideError, ScriptError
from .bindings import find_bindings
from .checks import find_surprises
from .constants import Constants
from .entry_plan import plan_entry
from .entrypoint import Arguments, Entry
from .injector import check_names, inject
from .program import Program, filled
from .source import parse, syntax_error
from .stars import star_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import CodeType
    from typing import TypeAlias

    from ..config.base import Config
    from .bindings import Binding
    from .checks import Surprise
    from .script import Script

    Examine: TypeAlias = Callable[
        [bytes, ast.Module, list[Binding], list[Surprise]], list[Surprise]
    ]


def compile_program(
    script: Script, config: Config, *, strict: bool = False, examine: Examine | None = None
) -> Program:
    """Compile a script for a config.

    Without overrides, and where no value of an entry call is to be kept, what is compiled are the
    bytes of the file.

    Args:
        script: What to run.
        config: What to run it with.
        strict: Refuse overrides of names that have no default in the script.
        examine: Is told what the script's syntax says, refuses a config that doesn't fit it, and
            gives what else there is to warn of.

    Raises:
        ScriptError: The script can't be read, isn't valid Python, or hasn't the entrypoint.
        OverrideError: An override can't be applied, or is refused.
    """
    if examine is None:
        check_names(config.globals_dict)
    source = script.read()
    with deep_calls():
        try:
            return _compiled(script, source, config, strict, examine)
        except RecursionError:
            if config.globals_dict or config.args or config.kwargs or script.entrypoint:
                raise ScriptError(
                    f"{script.name} is nested too deeply for anything but a plain run.",
                    path=script.name,
                ) from None
            entry = Entry(None, Arguments(), deque(maxlen=1), changes_script=False)
            return Program(source, {}, _compile(source, script.code_file), {}, (), entry)


def _compiled(
    script: Script, source: bytes, config: Config, strict: bool, examine: Examine | None
) -> Program:
    overrides = config.globals_dict
    parsed = _Parsed(source, script.code_file)
    found = find_bindings(parsed.tree, star_names(script.folder)) if overrides else []
    surprises = list(find_surprises(parsed.tree, found, overrides, script.name))
    more = [] if examine is None else examine(source, parsed.tree, found, surprises)
    _refuse([surprise for surprise in surprises if surprise.refused] if strict else [])
    entry = plan_entry(
        parsed.tree,
        parsed.constants,
        named=script.entrypoint,
        arguments=Arguments(config.args, config.kwargs),
        folder=script.folder,
        script=script.name,
    )
    presets = inject(parsed.tree, found, overrides, parsed.constants)
    changed = bool(overrides) or entry.changes_script
    code = parsed.compile() if changed else _compile(source, script.code_file)
    warnings = [surprise.message for surprise in [*surprises, *more]]
    program = Program(
        source, overrides, code, parsed.constants.markers, tuple(presets), entry, warnings
    )
    if script.is_notebook:
        program.note = _noting(script, source)
    return program


def _noting(script: Script, source: bytes) -> Callable[[BaseException], None]:
    """What has an exception of a notebook tell its cell."""
    from .notebook import note_cells

    return lambda error: note_cells(error, script.code_file, source.decode(), script.name)


def compile_for_child(
    source: bytes, path: str, folder: str, overrides: Mapping[str, object]
) -> tuple[CodeType, dict[str, object]]:
    """Compile a script for a process that multiprocessing started: it isn't entered there.

    Returns:
        The code, and the names to be set before its first line.
    """
    parsed = _Parsed(source, path)
    found = find_bindings(parsed.tree, star_names(folder))
    presets = inject(parsed.tree, found, overrides, parsed.constants)
    values = {name: overrides[name] for name in presets}
    return filled(parsed.compile(), parsed.constants.markers), values


def quietly_parsed(source: bytes, path: str) -> ast.Module:
    """A script's syntax tree; what the parser warns of is left to whoever runs it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parse(source, path)


@contextmanager
def deep_calls() -> Iterator[None]:
    """Let syntax trees be walked that are nested as deeply as Python's own parser takes them."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 8_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _refuse(surprises: list[Surprise]) -> None:
    if surprises:
        reasons = " ".join(surprise.message for surprise in surprises)
        raise OverrideError(f"refused because strict: {reasons}", key=surprises[0].name)


class _Parsed:
    """A script's syntax tree, which may be changed before it is compiled."""

    def __init__(self, source: bytes, path: str) -> None:
        self.constants = Constants()
        self._path = path
        # The parser warns, e.g. of "\d". If the bytes are compiled after all it will again.
        with warnings.catch_warnings(record=True) as self._warnings:
            warnings.simplefilter("always")
            self.tree = parse(source, path)

    def compile(self) -> CodeType:
        for warning in self._warnings or ():
            try:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
            except Warning as error:  # the user asked for errors: python makes them of syntax
                place = (self._path, warning.lineno, None, None)
                raise syntax_error(SyntaxError(str(error), place), self._path) from None
        return _compile(self.tree, self._path)


def _compile(code: ast.Module | bytes, path: str) -> CodeType:
    try:
        compiled = compile(code, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise syntax_error(error, path) from None
    return compiled
