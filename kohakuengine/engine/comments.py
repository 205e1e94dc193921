"""The comments that explain a statement."""

from __future__ import annotations

import ast
import re

# Comments for tools, not for people. To compile this takes longer than to read most scripts, and
# few have any comment.
_PRAGMA = (
    r"(?:type:\s*ignore|(?:noqa|nosec)\b|(?:pragma|pylint|mypy|pyright|ruff|flake8|fmt|isort):"
    r"|!|%%|-\*-|coding[:=])"
)
_TRAILING_PRAGMA = rf"\s+#\s*{_PRAGMA}.*"


def help_of(statement: ast.stmt, end: ast.stmt, code_above: int, lines: list[str]) -> str | None:
    """What the comments of a statement say: the one on its line, else those right above it.

    Args:
        statement: Where it starts.
        end: The last statement on the line on which it ends.
        code_above: The 1-based last line of what precedes it, as far as that is known.
        lines: The script's lines.

    Returns:
        The text without its `#`, on one line; None where there is none.
    """
    return (
        _behind(end, lines)
        or _behind_first_line(statement, lines)
        or _above(statement, code_above, lines)
    )


def _behind(end: ast.stmt, lines: list[str]) -> str | None:
    if end.end_lineno is None or end.end_col_offset is None:
        return None
    line = lines[end.end_lineno - 1].encode("utf-8", "surrogatepass")
    rest = line[end.end_col_offset :].decode("utf-8", "surrogatepass").lstrip("; \t\f")
    return _text(rest)


def _behind_first_line(statement: ast.stmt, lines: list[str]) -> str | None:
    """The comment on the first line of a statement that has more: `sizes = [  # of the layers`."""
    if statement.end_lineno == statement.lineno:
        return None
    line = lines[statement.lineno - 1].encode("utf-8", "surrogatepass")
    for node in ast.walk(statement):
        if _is_string(node) and getattr(node, "lineno", 0) == statement.lineno:
            line = _masked(line, node)
    code, hash_sign, comment = line.partition(b"#")
    return _text("#" + comment.decode("utf-8", "replace")) if hash_sign else None


def _is_string(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes))
    return type(node).__name__ in ("JoinedStr", "TemplateStr")


def _masked(line: bytes, node: ast.AST) -> bytes:
    """The line with this string's part of it blank."""
    start: int = node.col_offset  # type: ignore[attr-defined]
    end: int = node.end_col_offset  # type: ignore[attr-defined]
    if node.end_lineno != node.lineno:  # type: ignore[attr-defined]
        end = len(line)
    return line[:start] + b" " * (end - start) + line[end:]


def _above(statement: ast.stmt, code_above: int, lines: list[str]) -> str | None:
    """The block of comments that ends on the line above, at the same indentation."""
    indent = lines[statement.lineno - 1][: statement.col_offset]
    block: list[str] = []
    for number in range(statement.lineno - 1, code_above, -1):
        line = lines[number - 1]
        if not line.startswith(f"{indent}#"):
            break
        if line.lstrip("# \t").startswith("%%"):
            break  # the head of a notebook cell
        block.append(_text(line.strip()) or "")
    return " ".join(filter(None, reversed(block))) or None


def _text(comment: str) -> str | None:
    """What a comment says, if it says anything to people."""
    if not comment.startswith("#"):
        return None
    text = re.sub(_TRAILING_PRAGMA, "", comment.lstrip("#:").strip())
    if re.match(_PRAGMA, text) or not any(c.isalnum() for c in text):
        return None
    return text
