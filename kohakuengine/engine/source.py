"""A script's bytes, read and parsed as Python does, with clear errors where that fails."""

from __future__ import annotations

import ast

from ..errors import ScriptSyntaxError

_BOM = b"\xef\xbb\xbf"

# What the compiler says of `await` and its kin where no function is around them.
_TOP_LEVEL_AWAIT = (
    "'await' outside function",
    "'async for' outside async function",
    "'async with' outside async function",
    "asynchronous comprehension outside of an asynchronous function",
)


def decode(source: bytes, path: str) -> str:
    r"""The text of a script, by its byte order mark or coding line, else as UTF-8.

    Args:
        source: The file's bytes.
        path: The file, for messages.

    Returns:
        The text, without the byte order mark, each line ended by `\n` alone.

    Raises:
        ScriptSyntaxError: The bytes aren't text in that encoding.

    Example:
        >>> decode(b"# coding: latin-1\r\nname = '\xe9'\r\n", "train.py")
        "# coding: latin-1\nname = 'é'\n"
    """
    encoding = _declared_encoding(source, path)
    source = source.removeprefix(_BOM)
    try:
        return unified(source.decode(encoding))
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        what = "UTF-8" if encoding == "utf-8" else f"{encoding}, as it declares"
        raise ScriptSyntaxError(
            f"{path} is not {what}: line {line} holds the byte 0x{source[error.start]:02x}; save it"
            " as UTF-8, or name its encoding in its first line, like # -*- coding: latin-1 -*-.",
            path=path,
            line=line,
        ) from None
    except LookupError:  # a codec that isn't for text, like rot13
        raise _bad_encoding(path, f"{encoding} is no encoding of text") from None


def unified(text: str) -> str:
    r"""The text with each line ended by `\n` alone, as Python reads it."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _declared_encoding(source: bytes, path: str) -> str:
    first_lines = source.split(b"\n", 2)[:2]
    if not any(b"coding" in line for line in first_lines):
        return "utf-8"  # by far the most; the others pay for the import of tokenize
    from tokenize import detect_encoding

    try:
        encoding, _ = detect_encoding(iter(source.splitlines(keepends=True)).__next__)
    except SyntaxError as error:
        raise _bad_encoding(path, str(error.msg)) from None
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _bad_encoding(path: str, reason: str) -> ScriptSyntaxError:
    message = f"{path} has a coding line that can't be followed: {reason}."
    return ScriptSyntaxError(message, path=path, line=1)


def parse(source: bytes | str, path: str) -> ast.Module:
    """The syntax tree of a script; nothing of it is executed.

    Warnings of the parser are issued as Python does.

    Args:
        source: The script; bytes are decoded as Python does.
        path: The file, for messages and warnings.

    Raises:
        ScriptSyntaxError: It isn't valid Python, or not text.
    """
    _refuse_null_bytes(source, path)
    try:
        return ast.parse(source, path)
    except SyntaxError as error:
        if isinstance(source, bytes):
            source = decode(source, path)  # says more clearly what is wrong with the encoding
        raise syntax_error(error, path, source) from None
    except UnicodeEncodeError as error:
        line = error.object.count("\n", 0, error.start) + 1
        message = f"{path} can't be parsed: line {line} holds half of a surrogate pair."
        raise ScriptSyntaxError(message, path=path, line=line) from None
    except (MemoryError, RecursionError):
        message = f"{path} can't be parsed: its expressions are nested too deeply for Python."
        raise ScriptSyntaxError(message, path=path) from None


def check(source: bytes, path: str) -> None:
    """Have Python compile a script and throw the result away, for the errors only it can find.

    Raises:
        ScriptSyntaxError: It isn't valid Python, or not text.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are for those who run the script
        tree = parse(source, path)
        try:
            compile(tree, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise syntax_error(error, path, decode(source, path)) from None
        except (MemoryError, RecursionError):
            message = f"{path} can't be compiled: it is nested too deeply for Python."
            raise ScriptSyntaxError(message, path=path) from None


def _refuse_null_bytes(source: bytes | str, path: str) -> None:
    null = source.find("\0") if isinstance(source, str) else source.find(b"\0")
    if null >= 0:
        before = source[:null]
        line = before.count("\n") if isinstance(before, str) else before.count(b"\n")
        message = f"{path} is not a Python script: line {line + 1} holds a null byte."
        raise ScriptSyntaxError(message, path=path, line=line + 1)


def syntax_error(error: SyntaxError, path: str, source: str | None = None) -> ScriptSyntaxError:
    """What Python says of a script's syntax, as an error of ours.

    Args:
        error: Of the parser or the compiler.
        path: The file, for the message.
        source: The script's text, for the line that the error doesn't bring itself.

    Returns:
        An error whose message is a sentence, then the line of the script, then the caret.
    """
    where = f"{path} line {error.lineno}" if error.lineno else path
    message = f"{where} is not valid Python: {error.msg}"
    if error.msg in _TOP_LEVEL_AWAIT:
        message += "; put it in an async def main()"
    if not message.endswith("?"):  # as "Did you mean print(...)?" does
        message += "."
    line = error.lineno or None
    return ScriptSyntaxError(message + _excerpt(error, source), path=path, line=line)


def _excerpt(error: SyntaxError, source: str | None) -> str:
    """The line in question and a caret line below it, each after a newline."""
    text = error.text
    if text is None and source is not None and error.lineno:
        text = "".join(source.split("\n")[error.lineno - 1 : error.lineno])
    if not text or not text.strip():
        return ""
    line = text.split("\n")[0].rstrip()
    shown = line.lstrip()
    if error.offset is None or error.offset < 1:
        return f"\n    {shown}"
    start = max(error.offset - 1 - (len(line) - len(shown)), 0)
    # Tabs are kept, so that the caret stands below its place however wide they are shown.
    before = "".join(c if c.isspace() else " " for c in shown[:start].ljust(start))
    return f"\n    {shown}\n    {before}{'^' * _width(error, line)}"


def _width(error: SyntaxError, line: str) -> int:
    start = error.offset or 1
    end = error.end_offset or 0
    if error.end_lineno is not None and error.end_lineno != error.lineno:
        end = len(line) + 1
    return max(min(end, len(line) + 1) - start, 1)
