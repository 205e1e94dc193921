"""Reading a script's bytes: the text Python would read, and clear errors where there is none."""

from __future__ import annotations

import pytest

from kohakuengine.engine.source import check, decode, parse, syntax_error
from kohakuengine.errors import ScriptSyntaxError

TEXTS = {
    "UTF-8": ("name = 'é'\n".encode(), "name = 'é'\n"),
    "byte order mark": (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
    "byte order mark and coding line": (
        b"\xef\xbb\xbf# coding: utf-8\nx = 1\n",
        "# coding: utf-8\nx = 1\n",
    ),
    "coding line": (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n"),
    "coding line below a shebang": (
        b"#!/bin/python\n# vim: set fileencoding=latin-1 :\nx = '\xe9'\n",
        "#!/bin/python\n# vim: set fileencoding=latin-1 :\nx = 'é'\n",
    ),
    "no coding line in line 3": (b"\n\n# coding: latin-1\n", "\n\n# coding: latin-1\n"),
    "CRLF": (b"x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
    "CR": (b"x = 1\ry = 2\r", "x = 1\ny = 2\n"),
    "form feed is no end of line": (b"x = 1\n\x0cy = 2\n", "x = 1\n\x0cy = 2\n"),
}

BROKEN = {
    "syntax error": (b"x = 1\nx = = 2\n", 2, ["train.py line 2", "    x = = 2\n        ^"]),
    "caret below several characters": (b"if x:\n\tf() = 1\n", 2, ["    f() = 1\n    ^^^"]),
    "caret after a tab": (b"x = 1\nx\t= = 2", 2, ["    x\t= = 2\n     \t  ^"]),
    "error over several lines": (b"f(\n  a for a in b, c\n)\n", 2, ["line 2", "a for a in b"]),
    "wide characters": ("x = 'é' = 1\n".encode(), 1, ["x = 'é' = 1"]),
    "unclosed bracket": (b"x = (1,\n", 1, ["line 1", "never closed"]),
    "unexpected indent": (b"x = 1\n  y = 2\n", 2, ["unexpected indent"]),
    "Python 2": (b"print 'a'\n", 1, ["Did you mean print(...)?\n"]),
    "null byte": (b"x = 1\n\0", 2, ["not a Python script", "line 2", "null byte"]),
    "not UTF-8": (b"x = 1\ny = '\xe9'\n", 2, ["not UTF-8", "line 2", "0xe9", "coding"]),
    "not in its encoding": (
        b"# coding: ascii\nx = '\xe9'\n",
        2,
        ["not ascii, as it declares", "line 2"],
    ),
    "unknown encoding": (b"# coding: nonsense\n", 1, ["coding line", "nonsense"]),
    "no encoding of text": (b"# coding: rot13\n", 1, ["coding line", "rot13"]),
    "nested too deeply": (b"-" * 100_000 + b"1", None, ["nested too deeply"]),
}

COMPILED_ONLY = {
    "await": (b"await f()\n", "put it in an async def main()"),
    "async for": (b"async for x in y: pass\n", "put it in an async def main()"),
    "async with": (b"async with x: pass\n", "put it in an async def main()"),
    "asynchronous comprehension": (b"[x async for x in y]\n", "put it in an async def main()"),
    "return": (b"return 1\n", "'return' outside function"),
}


@pytest.mark.parametrize("source, text", TEXTS.values(), ids=TEXTS)
def test_the_text_is_what_python_reads(source: bytes, text: str) -> None:
    """Byte order mark, coding line and line ends are understood as Python does."""
    assert decode(source, "train.py") == text
    assert parse(source, "train.py")


@pytest.mark.parametrize("source, line, said", BROKEN.values(), ids=BROKEN)
def test_a_broken_script_is_told_clearly(source: bytes, line: int | None, said: list[str]) -> None:
    """The error says the file, the line and the cause, and shows the place with a caret."""
    for read in (parse, check):
        with pytest.raises(ScriptSyntaxError) as caught:
            read(source, "train.py")
        message = str(caught.value)
        assert message.startswith("train.py")
        assert all(text in message for text in said), message
        assert (caught.value.path, caught.value.line) == ("train.py", line)


@pytest.mark.parametrize("source, said", COMPILED_ONLY.values(), ids=COMPILED_ONLY)
def test_what_only_the_compiler_finds_is_told_too(source: bytes, said: str) -> None:
    """Top-level await, and its kin, get a hint at what to do."""
    with pytest.raises(ScriptSyntaxError, match="train.py line 1") as caught:
        check(source, "train.py")
    assert said in str(caught.value)
    assert source.decode().strip() in str(caught.value)


def test_half_a_surrogate_pair_is_told() -> None:
    """A text that can't be encoded is an error of ours, too."""
    with pytest.raises(ScriptSyntaxError, match="line 2 holds half of a surrogate pair"):
        parse("x = 1\ny = '\udcff'\n", "train.py")


def test_an_error_without_a_place_is_told() -> None:
    """A syntax error that names no line still becomes one sentence."""
    error = syntax_error(SyntaxError("too many statically nested blocks"), "train.py")
    assert str(error) == "train.py is not valid Python: too many statically nested blocks."
    assert error.line is None
