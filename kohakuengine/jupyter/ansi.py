"""What a script prints, as HTML: its colours as styles, all else as text."""

from __future__ import annotations

import re
from html import escape

from ..runs.output import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_COLOUR = re.compile(r"\x1b\[([0-9;:]*)m")

# The 16 colours of a terminal, each readable on white and on black.
_PALETTE = (
    *("#6b7280", "#d14343", "#2e9e4f", "#b8860b", "#2f7fd1", "#b04ab0", "#1f9c9c", "#8a8f98"),
    *("#8b929c", "#f05252", "#34b35a", "#d19a0a", "#4c9bf0", "#cf66cf", "#2bb8b8", "#a3a8b0"),
)
_STYLES = {
    1: ("weight", "font-weight:bold"),
    2: ("weight", "opacity:0.65"),
    3: ("slant", "font-style:italic"),
    4: ("line", "text-decoration:underline"),
    9: ("line", "text-decoration:line-through"),
}
_ENDS = {21: "weight", 22: "weight", 23: "slant", 24: "line", 29: "line", 39: "fg", 49: "bg"}


def to_html(text: str) -> str:
    """A text with the colours of a terminal, as HTML.

    Example:
        >>> to_html("a < b: \\x1b[1mbold\\x1b[0m")
        'a &lt; b: <span style="font-weight:bold">bold</span>'
    """
    if "\x1b" not in text:
        return escape(text)
    return "".join(_span(style, piece) for style, piece in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Parts of a text, each with its style."""
    state: dict[str, str] = {}
    end = 0
    for found in _COLOUR.finditer(text):
        yield _style(state), text[end : found.start()]
        _change(state, found[1])
        end = found.end()
    yield _style(state), text[end:]


def _span(style: str, text: str) -> str:
    shown = escape(plain(text))
    return f'<span style="{style}">{shown}</span>' if style and shown else shown


def _style(state: dict[str, str]) -> str:
    shown = dict(state)
    if shown.pop("inverse", ""):
        fg, bg = shown.get("fg", "CanvasText"), shown.get("bg", "Canvas")
        shown["fg"], shown["bg"] = bg, fg
    names = {"fg": "color:", "bg": "background-color:"}
    return ";".join(names.get(name, "") + value for name, value in shown.items())


def _change(state: dict[str, str], codes: str) -> None:
    """Take in one sequence, such as `1;31` or `38;2;255;0;0`."""
    numbers = [int(code or 0) for code in codes.replace(":", ";").split(";") if len(code) < 5]
    while numbers:
        code = numbers.pop(0)
        if code in (38, 48):
            colour = _extended(numbers)
            if colour:
                state["fg" if code == 38 else "bg"] = colour
        else:
            _change_one(state, code)


def _change_one(state: dict[str, str], code: int) -> None:
    if code == 0:
        state.clear()
    elif code in _STYLES:
        name, style = _STYLES[code]
        state[name] = style
    elif code == 7:
        state["inverse"] = "yes"
    elif code == 27:
        state.pop("inverse", None)
    elif code in _ENDS:
        state.pop(_ENDS[code], None)
    elif (base := code - code % 10) in (30, 40, 90, 100) and code % 10 < 8:
        bright = 8 if base >= 90 else 0
        state["fg" if base in (30, 90) else "bg"] = _PALETTE[code % 10 + bright]


def _extended(numbers: list[int]) -> str | None:
    """Take a colour of 256, or of red, green and blue, from the front of a list."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 5 and numbers:
        return _of_256(numbers.pop(0))
    if kind == 2 and len(numbers) >= 3:
        rgb = [min(255, numbers.pop(0)) for _ in range(3)]
        return "#" + "".join(f"{part:02x}" for part in rgb)
    return None


def _of_256(number: int) -> str | None:
    if number < 16:
        return _PALETTE[number]
    if number < 232:
        parts = [(number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6]
        return "#" + "".join(f"{part * 40 + 55 if part else 0:02x}" for part in parts)
    return "#" + f"{(number - 232) * 10 + 8:02x}" * 3 if number < 256 else None
