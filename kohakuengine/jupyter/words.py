"""The line of a magic, split into words as a shell would, with the notebook's objects in braces.

IPython's own expansion turns objects into text, and gives up on the whole line at one odd brace.
"""

from __future__ import annotations

from ..config.given import Given
from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from ..config.given import Span

_BEFORE_VALUE = ("", "=", ",")  # what a whole value comes behind


def split_line(line: str, names: dict[str, Any]) -> list[str]:
    r"""Split a line into words.

    Quotes and backslashes are as in a POSIX shell; `$NAME` is left alone. An expression in braces
    is evaluated, within quotes, too: as a whole word, or as a value behind `=` or between commas,
    it is the object itself; within other text it is the object's `str()`. Braces that hold no
    expression stay as they are, and so do constants within other text (`\w{2}`), `${NAME}`, and
    braces behind a backslash.

    Args:
        line: What stands behind `%kogine`.
        names: The notebook's variables.

    Returns:
        The words; those that objects stand in are `Given`.

    Raises:
        ConfigError: A quote has no end, or an expression can't be evaluated.

    Example:
        >>> split_line("run 'my script.py' --set n={n} --name run-{n}", {"n": 3})
        ['run', 'my script.py', '--set', 'n=3', '--name', 'run-3']
    """
    return _Splitter(line, names).words()


def split_unfinished(line: str, names: dict[str, Any]) -> Unfinished | None:
    """Split a line that is still being typed; nothing in it is evaluated but names in braces.

    Args:
        line: What stands between `%kogine` and the cursor.
        names: The notebook's variables.

    Returns:
        Its words; None where the cursor is in braces, in which Python is to be completed.
    """
    splitter = _Unfinished(line, names)
    unfinished = splitter.unfinished()
    return None if splitter.in_braces else unfinished


class Unfinished:
    """The words of a line that is still being typed.

    Attributes:
        before: The whole words.
        last: The one that the cursor is in, less its quotes; empty behind a space.
        typed: The same as it is typed.
        quote: The quote that is open in it, or an empty text.
    """

    def __init__(self, before: list[str], last: str, typed: str, quote: str) -> None:
        self.before = before
        self.last = last
        self.typed = typed
        self.quote = quote


class _Splitter:
    def __init__(self, line: str, names: dict[str, Any]) -> None:
        self._line = line
        self._names = names
        self._words: list[str] = []
        self._text = ""
        self._spans: list[Span] = []
        self._begun = False  # whether there is a word, which may be empty: ''
        self._quote = ""

    def words(self) -> list[str]:
        self._take_all()
        if self._quote:
            raise ConfigError(f"a quote has no end: {self._quote} in {self._line.strip()}")
        self._end()
        return self._words

    def _take_all(self) -> None:
        at = 0
        while at < len(self._line):
            at = self._take(at)

    def _take(self, at: int) -> int:
        """Take what stands at a place; give where to go on."""
        line, character = self._line, self._line[at]
        if character == "{" and line[at - 1 : at] != "$":
            end = self._expression(at)
            if end is not None:
                return end
        if character == "\\" and self._quote != "'" and at + 1 < len(line):
            if not self._quote or line[at + 1] in '"\\{}':
                return self._add(line[at + 1], at + 2)
        elif self._quote:
            if character == self._quote:
                self._quote = ""
                return at + 1
        elif character in "'\"":
            self._quote, self._begun = character, True
            return at + 1
        elif character.isspace():
            self._end()
            return at + 1
        return self._add(character, at + 1)

    def _add(self, text: str, end: int) -> int:
        self._text += text
        self._begun = True
        return end

    def _end(self) -> None:
        if self._begun:
            self._words.append(Given(self._text, self._spans) if self._spans else self._text)
        self._text, self._spans, self._begun = "", [], False

    def _expression(self, at: int) -> int | None:
        """Take the expression in braces that begins at a place; None where there is none."""
        end = self._line.find("}", at)
        while end >= 0:
            source = self._line[at + 1 : end].strip()
            code = _compiled(source)
            if code is not None:
                whole = self._text[-1:] in _BEFORE_VALUE and self._ends_value(end + 1)
                if not whole and not code.co_names:
                    return None  # a constant within text is meant as it stands
                self._put(self._value(code, source), whole)
                return end + 1
            end = self._line.find("}", end + 1)
        return None

    def _ends_value(self, at: int) -> bool:
        following = self._line[at : at + 1]
        return not following or following.isspace() or following == "," or following == self._quote

    def _put(self, value: object, whole: bool) -> None:
        text = str(value)
        if whole:
            start = len(self._text)
            self._spans.append((start, start + len(text), value))
        self._add(text, 0)

    def _value(self, code: CodeType, source: str) -> object:
        try:
            return eval(code, self._names)
        except NameError as error:
            raise ConfigError(
                f"{{{source}}}: {error}; write \\{{{source}\\}} if the braces are meant as text."
            ) from None
        except Exception as error:
            raise ConfigError(f"{{{source}}}: {type(error).__name__}: {error}.") from error


class _Unfinished(_Splitter):
    """Splits what is being typed."""

    in_braces = False
    _start = 0  # of the last word

    def unfinished(self) -> Unfinished:
        self._take_all()
        return Unfinished(self._words, self._text, self._line[self._start :], self._quote)

    def _take(self, at: int) -> int:
        if not self._begun:
            self._start = at
        self.in_braces = self.in_braces or self._opens(at)
        end = super()._take(at)
        if not self._begun:
            self._start = end
        return end

    def _opens(self, at: int) -> bool:
        """Whether an expression begins at a place, and has no end yet."""
        line = self._line
        begins = line[at] == "{" and line[at - 1 : at] not in ("$", "\\")
        return begins and "}" not in line[at:]

    def _value(self, code: CodeType, source: str) -> object:
        return self._names.get(source, f"{{{source}}}")


def _compiled(source: str) -> CodeType | None:
    """An expression, compiled; None where a text is none, or would be a set with the braces."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval")
            if isinstance(tree.body, (ast.Tuple, ast.Starred)) and source[:1] != "(":
                return None
            return compile(tree, "<braces>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
