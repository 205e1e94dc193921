"""Pieces of HTML for notebooks, in which nothing that a script made can be anything but text."""

from __future__ import annotations

import re
from html import escape as _escape

# Control characters but tab and newline; what turns the direction of text that follows; separators
# that browsers break lines at; halves of characters, which UTF-8 can't hold.
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def escaped(text: str) -> str:
    """A text as HTML shows it, between tags and in the quotes of an attribute alike.

    What can't be seen is shown by its code.

    Example:
        >>> escaped("<b> \\x1b[0m")
        '&lt;b&gt; \\\\x1b[0m'
    """
    return _escape(_UNSHOWN.sub(_code, text))


def _code(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
