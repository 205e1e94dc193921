"""A notebook's code cells as a script: one text, top to bottom, in which lines know their cells."""

from __future__ import annotations

import ast
import json
import re
import warnings

from ..errors import ScriptError, ScriptSyntaxError
from .source import syntax_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_HEAD = re.compile(r"^# %% \[cell (\d+)\]", re.MULTILINE)

# The line magics that only say how a notebook looks or goes on, and the cell magics under which
# code runs as it does without them.
_NOT_FOR_RUNS = frozenset(
    "aimport autoreload config kogine load_ext matplotlib reload_ext unload_ext xmode".split()
)
_AROUND_CODE = frozenset(["%capture", "%time", "%%capture", "%%time"])

# A run has no place to display anything but what it prints.
_DISPLAY = "display = print  # a run shows what it prints"


def python_of(notebook: bytes, name: str) -> bytes:
    """The script that a notebook is: its code cells, each below a line that says which it is.

    Cells are counted as *Run All* counts them: code only, empty ones left out. Magics that only say
    how the notebook looks are left out; so are the outputs, whatever they are.

    Args:
        notebook: The file's bytes.
        name: What it is called in messages.

    Raises:
        ScriptError: It is no notebook with Python in it.
        ScriptSyntaxError: A cell isn't valid Python, or holds what only IPython understands; it
            says which, and where.

    Example:
        >>> cells = [{"cell_type": "code", "source": "lr = 0.1"}]
        >>> print(python_of(json.dumps({"cells": cells}).encode(), "study.ipynb").decode())
        # The code cells of study.ipynb.
        <BLANKLINE>
        # %% [cell 1]
        lr = 0.1
        <BLANKLINE>
    """
    pieces = [f"# The code cells of {' '.join(ascii(name)[1:-1].split())}.\n"]
    cells = [cell for cell in _code_cells(notebook, name) if _text(cell).strip()]
    texts = [_as_python(_text(cell), number, name) for number, cell in enumerate(cells, 1)]
    if any(map(_displays, texts)) and not any("__future__" in text for text in texts):
        pieces.append(f"{_DISPLAY}\n")
    for number, (cell, text) in enumerate(zip(cells, texts), 1):
        tags = (cell.get("metadata") or {}).get("tags") or ()
        end = " parameters" if "parameters" in tags else ""
        pieces.append(f"\n# %% [cell {number}]{end}\n{text}\n")
    return "".join(pieces).encode("utf-8", "surrogatepass")


def _code_cells(notebook: bytes, name: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(notebook.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ScriptError(
            f"{name} can't be read as a notebook: it isn't JSON.", path=name
        ) from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise ScriptError(
            f"{name} can't be read as a notebook: it has no cells; notebooks of before 2015 are "
            "brought up to date by `jupyter nbconvert --to notebook`.",
            path=name,
        )
    language = _language(document)
    if language.lower() not in ("", "python"):
        raise ScriptError(f"{name} is a notebook in {language}, not in Python.", path=name)
    return [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _language(document: dict[str, Any]) -> str:
    metadata = document.get("metadata") or {}
    info, kernel = metadata.get("language_info") or {}, metadata.get("kernelspec") or {}
    return str(info.get("name") or kernel.get("language") or "")


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(map(str, source))
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def _as_python(text: str, number: int, name: str) -> str:
    """A cell's text with the magics left out that a run has no use for, its lines where they were.

    Raises:
        ScriptSyntaxError: It isn't Python.
    """
    lines = text.split("\n")
    for _ in lines:
        fault = _fault("\n".join(lines))
        if fault is None:
            break
        line = _ipython_line(lines, fault)
        if line is None:
            raise syntax_error(fault, f"{name} cell {number}", "\n".join(lines))
        if not _is_left_out(lines, line):
            raise ScriptSyntaxError(
                f"{name} cell {number} line {line + 1} is IPython's, and a run is plain Python: "
                f"{lines[line].strip()}; say it in Python, or leave it out of the notebook.",
                path=name,
                line=line + 1,
            )
        indent = lines[line][: -len(lines[line].lstrip())]
        lines[line] = f"{indent}{'pass  ' if indent else ''}# {lines[line].lstrip()}"
    return "\n".join(lines)


def _fault(text: str) -> SyntaxError | None:
    """What Python says of a cell, and the compiler; None where it says nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are for those who run the script
        try:
            compile(text, "<cell>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error
        except (ValueError, MemoryError, RecursionError):  # told where the whole is compiled
            return None
    return None


def _ipython_line(lines: list[str], fault: SyntaxError) -> int | None:
    """The line of IPython's at which Python stumbled, 0-based."""
    line = (fault.lineno or 1) - 1
    # Where a block is empty but for a magic, the fault is told of what follows it, or of its end.
    for candidate in (line, line - 1):
        if 0 <= candidate < len(lines) and is_ipython(lines[candidate]):
            return candidate
    return None


def is_ipython(line: str) -> bool:
    """Whether a line that isn't Python is a magic, a shell command, or a question."""
    shown = line.strip()
    _, equals, value = shown.partition("=")
    if shown.startswith(("%", "!", "?")) or shown.endswith("?"):
        return True
    return bool(equals) and value.strip().startswith(("%", "!"))


def _is_left_out(lines: list[str], line: int) -> bool:
    word, _, _ = lines[line].strip().partition(" ")
    if word in _AROUND_CODE:
        is_first = not any(map(str.strip, lines[:line]))
        return is_first if word.startswith("%%") else word == lines[line].strip()
    return word.startswith("%") and word[1:] in _NOT_FOR_RUNS


def _displays(text: str) -> bool:
    """Whether a cell reads the function `display`, which notebooks have."""
    if "display" not in text:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are for those who run the script
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return any(isinstance(node, ast.Name) and node.id == "display" for node in ast.walk(tree))


# ---- which cell a line is of ----


def cell_and_line(text: str, line: int) -> tuple[int, int] | None:
    """The cell in which a line of such a script stands, and its number there; both from 1.

    Example:
        >>> cell_and_line("# The code cells\\n\\n# %% [cell 1]\\nlr = 0.1\\n", 4)
        (1, 1)
    """
    found = None
    for head in _HEAD.finditer(text):
        start = text.count("\n", 0, head.start()) + 1
        if start >= line:
            break
        found = int(head[1]), line - start
    return found


def place_in(text: str, line: int) -> str:
    """A line of such a script as people find it in the notebook."""
    found = cell_and_line(text, line)
    return f"line {line}" if found is None else f"cell {found[0]} line {found[1]}"


def note_cells(error: BaseException, code_file: str, text: str, name: str) -> None:
    """Have an error of such a script tell the cell in which it was raised, where Python can do so.

    Args:
        error: What it raised.
        code_file: The file that its traceback names.
        text: The script.
        name: The notebook's.
    """
    lines = [line for file, line in _frames(error) if file == code_file]
    if lines and hasattr(error, "add_note"):
        error.add_note(f"in {name}, {place_in(text, lines[-1])}")


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
