"""Completion of `%kogine` and `%%kogine`: what a shell is offered, and the notebook's own names."""

from __future__ import annotations

import os
import re

from IPython.core.completer import SimpleCompletion, context_matcher

from .words import split_unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from click.shell_completion import CompletionItem
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

    from .cell import Cell
    from .face import Face
    from .words import Unfinished

    Result = dict[str, Any]  # IPython's own type for it asks for what is optional
    FaceOf = Callable[[Cell | None], Face]

IDENTIFIER = "kohakuengine"

_LINE = re.compile(r"\s*(?:[^=%'\"]*=\s*)?%kogine\s")
_CELL = re.compile(r"\s*%%kogine\s")
_AUTO = re.compile(r"kogine\s")  # IPython takes the first word of a cell for a magic
_NAME = re.compile(r"(?<![\w.])(?:[^\W\d]\w*)?$")  # the beginning of one
_LONGEST = 60  # characters of what is told of a completion
_SPECIAL = re.compile(r"[\s'\"\\]")  # what a word can't hold as it stands


def add(shell: InteractiveShell, face_of: FaceOf) -> None:
    """Have a shell complete the magics.

    Args:
        shell: The shell.
        face_of: Gives what would carry out a magic, of a cell or without one.
    """

    @context_matcher(identifier=IDENTIFIER)  # type: ignore[untyped-decorator, unused-ignore]
    def matcher(context: CompletionContext) -> Result:
        typed = _Typed.at(context, shell)
        if typed is None:
            return {"completions": []}
        line = split_unfinished(typed.line, shell.user_ns)
        if line is None:
            return _names(typed.line, face_of(None))
        # Where there is nothing to offer, IPython would go on to offer its own magics and Python's
        # names: unlike no completion, one that changes nothing suppresses them.
        behind = split_unfinished(_without_word(typed.behind, line.quote), shell.user_ns)
        if behind is not None:
            line.before = _with_words_behind(line.before, behind)
        found = [*_completions(line, face_of(typed.cell))] or [SimpleCompletion(line.typed)]
        return _result(found, line.typed)

    remove(shell)
    _matchers(shell).append(matcher)


def remove(shell: InteractiveShell) -> None:
    """Have a shell complete as before."""
    matchers = _matchers(shell)
    matchers[:] = [one for one in matchers if _identifier(one) != IDENTIFIER]


def _matchers(shell: InteractiveShell) -> list[Any]:
    found: list[Any] = shell.Completer.custom_matchers
    return found


def _identifier(matcher: object) -> object:
    return getattr(matcher, "matcher_identifier", None)


class _Typed:
    """What is typed of a magic.

    Attributes:
        line: What stands between its name and the cursor, continued lines joined.
        behind: What stands behind the cursor.
        cell: The cell, where it is one's.
    """

    def __init__(self, line: str, behind: str, cell: Cell | None) -> None:
        self.line = line
        self.behind = behind
        self.cell = cell

    @classmethod
    def at(cls, context: CompletionContext, shell: InteractiveShell) -> _Typed | None:
        """The magic that the cursor is in; None where it is in none."""
        lines = context.full_text.split("\n")
        number, typed = context.cursor_line, context.text_until_cursor
        while number and lines[number - 1].endswith("\\"):
            number -= 1
            typed = f"{lines[number][:-1]} {typed}"
        last = context.cursor_line
        behind = lines[last][len(context.text_until_cursor) :]
        while behind.endswith("\\") and last + 1 < len(lines):
            last += 1
            behind = f"{behind[:-1]} {lines[last]}"
        found = _CELL.match(typed)
        if found is not None and not any(map(str.strip, lines[:number])):
            from .cell import Cell

            below = "\n".join(lines[number + 1 :])
            return cls(typed[found.end() :], behind, Cell(lines[number], below))
        found = _LINE.match(typed)
        if found is None and not number and shell.automagic and "kogine" not in shell.user_ns:
            found = _AUTO.match(typed)
        return cls(typed[found.end() :], behind, None) if found is not None else None


def _without_word(behind: str, quote: str) -> str:
    """What stands behind the cursor, without the end of the word that the cursor is in."""
    found = re.search(re.escape(quote) if quote else r"\s", behind)
    return behind[found.start() + len(quote) :] if found is not None else ""


def _with_words_behind(before: list[str], behind: Unfinished) -> list[str]:
    """The words before the cursor and those behind it, such as the script, as if all stood before.

    An option whose value the cursor is at stays the last one.
    """
    if "--" in before:
        return before
    words = [*behind.before, *([behind.last] if behind.last else [])]
    at = len(before) - (before[-1:] != [] and before[-1].startswith("-"))
    return [*before[:at], *words, *before[at:]]


def _result(found: list[SimpleCompletion], fragment: str) -> Result:
    return {
        "completions": found,
        "matched_fragment": fragment,
        "suppress": True,
        "ordered": True,
    }


def _names(line: str, face: Face) -> Result:
    """The notebook's variables, in braces; what stands behind a dot there is left to IPython."""
    from .variables import Notebook

    start = _NAME.search(line)
    if start is None:
        return {"completions": []}
    found = [
        SimpleCompletion(name, type=kind)
        for name, kind in Notebook(face).variables().items()
        if name.startswith(start[0])
    ]
    return _result(found, start[0])


def _completions(line: Unfinished, face: Face) -> Iterator[SimpleCompletion]:
    from ..cli.shells import option_of

    before = option_of(line.last)
    for item in _items(line, face):
        if item.type == "plain":
            told = _short(" ".join((item.help or "").split()), face.in_kernel)
            yield SimpleCompletion(_quoted(before + item.value, line.quote), type=told or "value")
            continue
        for path in _paths(item.value, only_folders=item.type == "dir"):
            yield SimpleCompletion(_quoted(before + path, line.quote), type="path")


def _short(told: str, in_kernel: bool) -> str:
    """What stands beside a completion; the type is what terminals and JupyterLab show there."""
    text = told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"
    # JupyterLab has lines of it overlap where it may be broken; terminals underline such spaces.
    return text.replace(" ", "\xa0") if in_kernel else text


def _items(line: Unfinished, face: Face) -> list[CompletionItem[Any]]:
    """What click offers."""
    import click
    from click.shell_completion import ShellComplete

    from ..errors import KogineError
    from .commands import group_for
    from .variables import Notebook

    group: click.Group = group_for(face)
    try:
        complete = ShellComplete(group, {"obj": Notebook(face)}, "%kogine", "")
        return complete.get_completions(line.before, line.last)
    except (click.ClickException, KogineError, OSError):
        return []  # whoever runs the line is told what is wrong


def _paths(start: str, *, only_folders: bool) -> Iterator[str]:
    """Files and folders that a path may go on to be: Python's first, hidden ones where asked for."""
    folder, name = os.path.split(start)
    try:
        with os.scandir(folder or ".") as entries:
            found = [(entry.name, entry.is_dir()) for entry in entries]
    except OSError:
        return
    fitting = [
        (entry, is_folder)
        for entry, is_folder in found
        if entry.startswith(name) and (name or entry[0] not in "._") and entry != "__pycache__"
    ]
    for entry, is_folder in sorted(fitting, key=_by_use):
        if is_folder or not only_folders:
            yield os.path.join(folder, entry) + ("/" if is_folder else "")


def _by_use(entry: tuple[str, bool]) -> tuple[bool, bool, str]:
    name, is_folder = entry
    return not name.endswith((".py", ".ipynb")), not is_folder, name


def _quoted(word: str, quote: str) -> str:
    """A word as it is to stand in the line, in the quote that has been opened, if any."""
    is_whole = not word.endswith(("=", "/"))
    if quote:
        inner = word if quote == "'" else re.sub(r'(["\\])', r"\\\1", word)
        return quote + inner + (quote if is_whole else "")
    return _SPECIAL.sub(lambda found: "\\" + found[0], word)
