"""A script's syntax tree without what is inside its functions and classes.

Building the tree of a long script costs far more than reading its top level, and what stands in
functions and classes is of no interest for its parameters. So their bodies are blanked out before
the text is parsed. That is done only as long as it is certain where a body ends: text at the margin
may also belong to a string or a bracket.

- Strings: a stretch of text is blanked or passed over only if it surely ends outside of any string
  (`_ends_in_code`); from the first stretch on for which that is uncertain, all text is kept.
- Brackets: no `def` or `class` can stand inside of brackets, so where a body's end was mistaken for
  being outside, its closing bracket is left over in what is kept, which then doesn't parse; the
  script is parsed whole in that case.
"""

from __future__ import annotations

import ast
import re

from ..errors import ScriptSyntaxError
from .source import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# A function or class at the margin: its header up to a line that ends with a colon, and the lines
# that belong to it.
_BLOCK = re.compile(
    r"""
    ^(?:def|class|async[ \t]+def)\b
    [^\n]*? (?: \n (?: [ \t)] [^\n]*? )? )*?   # a header over several lines
    :[ \t]* (?: \#[^\n]* )? \n
    (?P<body> (?: (?: [ \t#] [^\n]* )? \n )* [ \t]+ [^\s#] [^\n]* \n )
    """,
    re.MULTILINE | re.VERBOSE,
)
_TRIPLE = re.compile(r'"""|' + "'''")


class Place:
    """A statement of the top level, and what is around it.

    Attributes:
        statement: The statement.
        end: The last statement on the line on which it ends: itself, but for `a = 1; b = 2`.
        above: The 1-based last line of the code before it, as far as that is known.
    """

    __slots__ = ("statement", "end", "above")

    def __init__(self, statement: ast.stmt, end: ast.stmt, above: int) -> None:
        self.statement = statement
        self.end = end
        self.above = above


class Outline:
    """A script's top level.

    Attributes:
        tree: Its syntax tree; bodies of functions and classes may be missing from it.
        text: What was parsed: blank where something is missing.
        lines: The lines of the script, whole.
    """

    def __init__(self, text: str, path: str) -> None:
        if not text.endswith("\n"):
            text += "\n"
        self.lines = text.split("\n")
        self._path = path
        self.text = blanked(text)
        try:
            self.tree = parse(self.text, path)
        except ScriptSyntaxError:
            self.text = text
            self.tree = parse(text, path)

    def places(self) -> Iterator[Place]:
        """The statements of the top level, and those in the bodies of `if` and `try` there."""
        return _places(self.tree.body, 0)

    def segment(self, node: ast.expr) -> str:
        """The source text of an expression."""
        first, last = node.lineno, node.end_lineno or node.lineno
        lines = [line.encode("utf-8", "surrogatepass") for line in self.lines[first - 1 : last]]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode("utf-8", "surrogatepass")

    def string_lines(self) -> set[int]:
        """The 1-based lines that start within a string, as far as strings are in the tree."""
        lines: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Constant, ast.JoinedStr)):
                lines.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
        return lines

    def whole(self, definition: ast.ClassDef) -> ast.ClassDef:
        """A class of the top level with its body."""
        if definition not in self.tree.body:  # within an `if`, where nothing is ever blanked
            return definition
        following = self.tree.body[self.tree.body.index(definition) + 1 :]
        end = first_line(following[0]) - 1 if following else len(self.lines)
        source = "\n".join(self.lines[definition.lineno - 1 : end])
        try:
            found = parse(source, self._path).body[0]
        except ScriptSyntaxError:
            return definition
        return found if isinstance(found, ast.ClassDef) else definition


def _places(body: list[ast.stmt], above: int) -> Iterator[Place]:
    for index, statement in enumerate(body):
        end = statement
        for place in range(index + 1, len(body)):
            following = body[place]
            if following.lineno != end.end_lineno:
                break
            end = following
        yield Place(statement, end, above)
        for block, code_above in _blocks(statement):
            yield from _places(block, code_above)
        above = statement.end_lineno or statement.lineno


def _blocks(statement: ast.stmt) -> Iterator[tuple[list[ast.stmt], int]]:
    """The blocks of an `if` or `try`, each with the last line of the code before it."""
    if isinstance(statement, ast.If):
        yield statement.body, statement.test.end_lineno or 0
        yield statement.orelse, statement.body[-1].end_lineno or 0
    elif type(statement).__name__ in ("Try", "TryStar"):
        before = statement.lineno
        for name in ("body", "handlers", "orelse", "finalbody"):
            block: list[ast.stmt] = getattr(statement, name)
            if name != "handlers":
                yield block, before
            before = block[-1].end_lineno or before if block else before


def first_line(statement: ast.stmt) -> int:
    """The 1-based line on which a statement starts, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def blanked(text: str) -> str:
    """The script with the bodies of its functions and classes left empty, line numbers unchanged.

    Example:
        >>> blanked("def f():\\n    x = 1\\n    return x\\ny = 2\\n")
        'def f():\\n 0\\n\\ny = 2\\n'
    """
    kept = []
    done = 0
    for block in _BLOCK.finditer(text):
        start, end = block.span("body")
        if not (_ends_in_code(text[done:start]) and _ends_in_code(text[start:end])):
            break
        kept.append(text[done:start])
        kept.append(" 0" + "\n" * text.count("\n", start, end))
        done = end
    kept.append(text[done:])
    return "".join(kept)


def _ends_in_code(text: str) -> bool:
    """Whether whole lines that start outside of any string surely end outside of one.

    Only triple-quoted strings, and what a backslash joins, go on to a next line. They are
    understood where they have a plain form: on its first line nothing that quotes or comments
    precedes it, on its last nothing follows that quotes.
    """
    position = 0
    while opening := _TRIPLE.search(text, position):
        line = text.rfind("\n", 0, opening.start()) + 1
        before = text[line : opening.start()]
        closing = text.find(opening.group(), opening.end())
        if closing < 0 or "#" in before or _quotes(before) or text.endswith("\\\n", 0, line):
            return False
        if not _is_plain(before, text[opening.end() : closing]):
            return False
        end = text.find("\n", closing)
        position = len(text) if end < 0 else end
        if _quotes(text[closing + 3 : position]):
            return False
    return not text.endswith("\\\n")


def _is_plain(before: str, content: str) -> bool:
    """Whether the quotes after this content of a string end it.

    They don't if they are escaped, or in the braces of an f-string.
    """
    formatted = not {"f", "t"}.isdisjoint(before[-2:].lower())
    return not content.endswith("\\") and not (
        formatted and content.count("{") != content.count("}")
    )


def _quotes(text: str) -> bool:
    return '"' in text or "'" in text
