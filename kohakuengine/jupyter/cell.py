"""A notebook's cell as a script."""

from __future__ import annotations

import ast
import os
import warnings

from ..engine.notebook import is_ipython
from ..engine.script import Script
from ..engine.source import syntax_error
from ..errors import ConfigError, ScriptSyntaxError
from ..runs.home import find_home
from ..runs.paths import StorePaths
from ..runs.sources import digest_of
from ..runs.values import write_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ..config.base import Config
    from ..config.generator import ConfigGenerator
    from ..config.sweep import Sweep
    from .face import Face

_DIGITS = 12  # of the digest that names a cell
_NEWLINE = "\n"

# What IPython has among its builtins.
_OF_NOTEBOOKS = ("display", "get_ipython")


class Cell:
    """A cell below a magic.

    Args:
        line: What follows `%%kogine`; behind a backslash at its end it goes on in the next line.
        text: The lines below.

    Attributes:
        line: All of what is the magic's.
        text: What is the script's.
        above: How many lines are the magic's: a line of the script has the number that it has in the
            cell.
    """

    def __init__(self, line: str, text: str) -> None:
        self.above = 1
        while line.endswith("\\") and text:
            more, _, text = text.partition("\n")
            line = f"{line[:-1]} {more}"
            self.above += 1
        self.line = line
        self.text = text


def script_of_cell(
    cell: Cell,
    *,
    entrypoint: str | None = None,
    argv: Sequence[str] = (),
    given: Mapping[str, object] | None = None,
) -> Script:
    """The script that a cell is; the same one for the same text.

    It is a file of the store, so that tracebacks, debuggers and `inspect` find its lines, and so
    that it can be resumed; its imports find what the notebook's do.

    Args:
        cell: The cell.
        entrypoint: The function to call.
        argv: Its command line.
        given: Objects of the notebook's that it is to have.

    Raises:
        ConfigError: There is nothing in the cell.
        ScriptSyntaxError: It holds what only IPython understands.
    """
    if not cell.text.strip():
        raise ConfigError("the cell is empty below its first line: there is nothing to run.")
    refuse_bad_syntax(cell)
    source = f"{_NEWLINE * cell.above}{cell.text.rstrip()}\n".encode()
    path = os.path.join(StorePaths(find_home()).cells, f"cell_{digest_of(source)[:_DIGITS]}.py")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_bytes(path, source)
    return Script(
        path, entrypoint=entrypoint, argv=argv, text=source, folder=os.getcwd(), given=given
    )


def cell_as_script(cell: Cell) -> Script:
    """The script that a cell is, for whoever only reads it: nothing is checked or written."""
    source = f"{_NEWLINE * cell.above}{cell.text}\n".encode()
    return Script("cell.py", text=source, folder=os.getcwd())


def refuse_bad_syntax(cell: Cell) -> None:
    """Refuse what is no Python, and name the line that IPython alone would understand, if any.

    Raises:
        ScriptSyntaxError: There is one.
    """
    source = _NEWLINE * cell.above + cell.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whoever compiles it warns
            ast.parse(source)
        return
    except SyntaxError as error:
        fault = syntax_error(error, "the cell's", source)
        found = next(_ipython_lines(cell), None)
    except (ValueError, RecursionError, MemoryError):  # whoever compiles it says so
        return
    if found is not None:
        number, line = found
        raise ScriptSyntaxError(
            f"line {number} of the cell is IPython's, and a run is plain Python: {line.strip()}; "
            "put it into a cell of its own.",
            path="the cell",
            line=number,
        )
    raise fault


def _ipython_lines(cell: Cell) -> Iterator[tuple[int, str]]:
    """Lines with magics, shell commands or questions, with their numbers in the cell."""
    for number, line in enumerate(cell.text.split("\n"), cell.above + 1):
        if is_ipython(line):
            yield number, line


def named(passed: Iterable[str], names: Mapping[str, Any]) -> dict[str, object]:
    """The objects that `--with` names.

    Raises:
        ConfigError: The notebook has no such variable.
    """
    found: dict[str, object] = {}
    for text in passed:
        for name in filter(None, (part.strip() for part in text.split(","))):
            if name not in names:
                raise _unknown(name, names)
            found[name] = names[name]
    return found


def _unknown(name: str, names: Mapping[str, Any]) -> ConfigError:
    from ..config.overrides import nearest

    similar = nearest(name, [known for known in names if not known.startswith("_")], 1)
    hint = f"; did you mean {similar[0]}?" if similar else "."
    return ConfigError(f"--with {name}: the notebook has no variable of that name{hint}", key=name)


def check_reads(
    script: Script,
    configs: Config | ConfigGenerator | Sweep,
    given: Mapping[str, object],
    face: Face,
) -> None:
    """Refuse a cell that reads variables of the notebook that aren't passed to it.

    Raises:
        ConfigError: It names them: each run would fail at the first of them.
    """
    set_already = _names_set(configs)
    if set_already is None:
        return
    known = {*given, *set_already}
    free = [name for name in free_names(script.read().decode()) if name not in known]
    for name in (name for name in free if name in _OF_NOTEBOOKS):
        raise ConfigError(f"the cell uses {name}, which only a notebook has: a run can print.")
    hidden = face.shell.user_ns_hidden
    missing = [name for name in free if name in face.names and name not in hidden]
    if missing:
        listed = ", ".join(missing)
        raise ConfigError(
            f"the cell reads {listed}, which only the notebook has: pass it on by "
            f"--with {','.join(missing)}, or bind it in the cell."
        )


def _names_set(configs: Any) -> set[str] | None:
    """The variables that configs set; None where that isn't known before they are made."""
    from ..config.base import Config
    from ..config.sweep import Sweep

    source = configs if isinstance(configs, (Config, Sweep)) else configs.source
    if isinstance(source, Config):
        return set(source.globals_dict)
    if isinstance(source, Sweep):
        return {*source.base.globals_dict, *(name.partition(".")[0] for name in source.names)}
    return None


def free_names(source: str) -> list[str]:
    """The names that a script reads and never binds, in any of its scopes, builtins aside."""
    import builtins
    import symtable

    try:
        top = symtable.symtable(source, "cell", "exec")
    except SyntaxError:  # whoever runs it says what is wrong
        return []
    bound: set[str] = set()
    read: set[str] = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            is_global = table is top or symbol.is_global()
            if is_global and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
            elif is_global and symbol.is_referenced():
                read.add(symbol.get_name())
    if any(isinstance(one, ast.ImportFrom) and one.names[0].name == "*" for one in _all(source)):
        return []
    return sorted(read - bound - {*vars(builtins)}.difference(_OF_NOTEBOOKS))


def _all(source: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(source))
