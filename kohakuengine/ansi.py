"""Text with the colours of a terminal as HTML."""

from __future__ import annotations

import re

from .markup import Html, escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    RGB = tuple[int, int, int]

# A control sequence of ECMA-48, a string for the terminal (a title, a link), or another escape;
# perhaps cut off by the end. Of the first kind, those that end in m choose colours.
_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)([0-?]*)[ -/]*([@-~]?)"
    "|\x1b[\\]PX^_](?:[^\x07\x1b]*(?:\x07|\x1b\\\\|\\Z)|[^\x07\x1b\n]*)"
    "|\x1b[ -/]*[0-~]?"
)

# The 16 colours that have names, the bright ones last; most can be read on any page as they are.
_COLOURS: tuple[RGB, ...] = (
    *((0, 0, 0), (204, 55, 50), (20, 150, 70), (180, 130, 0)),
    *((40, 110, 205), (180, 70, 180), (0, 140, 160), (225, 225, 225)),
    *((120, 120, 120), (235, 90, 85), (50, 190, 110), (225, 190, 50)),
    *((85, 150, 240), (215, 120, 215), (50, 180, 210), (255, 255, 255)),
)
_BLACK, _WHITE = _COLOURS[0], _COLOURS[15]
_TEXT = (0, 7, 15)  # of these, the colours that terminals write their text in: the page has its own
_CUBE = (0, 95, 135, 175, 215, 255)

# Between these luminances a text has a contrast of 3:1 or more to a white page and to a dark one
# (#111), by the definition of WCAG 2.1.
_DARKEST, _LIGHTEST = 0.117, 0.30
_EVEN = 0.179  # the luminance to which black and white have the same contrast

_STYLES = {
    1: "font-weight:bold",
    2: "opacity:0.65",
    3: "font-style:italic",
    4: "text-decoration:underline",
    9: "text-decoration:line-through",
}
_ENDS = {21: (1,), 22: (1, 2), 23: (3,), 24: (4,), 29: (9,)}


def ansi_to_html(text: str) -> Html:
    """Text as a terminal would colour it, as HTML for the inside of a `<pre>`.

    Colours are made readable on light and dark pages, unless the text chooses its background, too.
    Other control sequences are left out, and all else is text.

    Example:
        >>> ansi_to_html("a < \\x1b[1mb\\x1b[0m")
        'a &lt; <span style="font-weight:bold">b</span>'
    """
    if "\x1b" not in text and "\x9b" not in text:
        return escaped(text)
    return Html("".join(_parts(text)))


def _parts(text: str) -> Iterator[str]:
    pen = _Pen()
    start = 0
    for found in _SEQUENCE.finditer(text):
        yield pen.write(text[start : found.start()])
        start = found.end()
        if found[2] == "m":
            pen.choose(found[1])
    yield pen.write(text[start:])


class _Pen:
    """What text is written with: styles, and colours, of which None is the page's own."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._styles: set[int] = set()
        self._reversed = False
        self._front: int | RGB | None = None
        self._back: int | RGB | None = None

    def write(self, text: str) -> str:
        style = self._style() if text else ""
        return f'<span style="{style}">{escaped(text)}</span>' if style else escaped(text)

    def choose(self, codes: str) -> None:
        """Obey the numbers of a sequence; those that mean nothing here are passed over."""
        if codes.startswith(("<", "=", ">", "?")):  # private ones, which mean something else
            return
        numbers = iter(codes.split(";"))
        for part in numbers:
            number, *more = (_number(piece) for piece in part.split(":"))
            if number in (38, 48):
                self._paint(number, _colon_colour(more) if more else _colour(numbers))
            elif number == 4 and more[:1] == [0]:
                self._styles.discard(4)
            else:
                self._turn(number)

    def _turn(self, number: int) -> None:
        if number == 0:
            self._reset()
        elif number in _STYLES:
            self._styles.add(number)
        elif number in _ENDS:
            self._styles.difference_update(_ENDS[number])
        elif number in (7, 27):
            self._reversed = number == 7
        elif number in (39, 49):
            self._set(number, None)
        elif number % 10 < 8 and number // 10 in (3, 4, 9, 10):
            bright = 8 if number >= 90 else 0
            self._set(38 if number // 10 in (3, 9) else 48, number % 10 + bright)

    def _paint(self, place: int, colour: int | RGB | None) -> None:
        if colour is not None:
            self._set(place, colour)

    def _set(self, place: int, colour: int | RGB | None) -> None:
        if place in (38, 39):
            self._front = colour
        else:
            self._back = colour

    def _style(self) -> str:
        lines = [text for number, text in _STYLES.items() if number in self._styles]
        if {4, 9} <= self._styles:  # one property has both
            lines[-2:] = ["text-decoration:underline line-through"]
        return ";".join([*lines, *self._colours()])

    def _colours(self) -> Iterator[str]:
        front, back = self._front, self._back
        if self._reversed:
            if front is None and back is None:
                yield "background-color:rgba(128,128,128,0.35)"
                return
            front, back = back, _WHITE if front is None else front
        if back is not None:
            ground = _rgb(back)
            legible = _BLACK if _luminance(ground) > _EVEN else _WHITE
            yield f"color:{_hex(legible if front is None else _rgb(front))}"
            yield f"background-color:{_hex(ground)}"
        elif front is not None and front not in _TEXT:
            yield f"color:{_hex(_readable(_rgb(front)))}"


def _number(text: str) -> int:
    """A number of a sequence: nothing stands for 0, and what is no number for nothing known."""
    if not text:
        return 0
    return int(text) if text.isdecimal() and len(text) < 5 else -1


def _colour(numbers: Iterator[str]) -> int | RGB | None:
    """The colour that the next numbers choose: `5;N` or `2;R;G;B`."""
    kind = _number(next(numbers, "-"))
    if kind == 5:
        return _indexed(_number(next(numbers, "-")))
    if kind == 2:
        return _mixed([_number(next(numbers, "-")) for _ in range(3)])
    return None


def _colon_colour(numbers: list[int]) -> int | RGB | None:
    """The same with colons, where a number for the colour space may stand before R, G and B."""
    if numbers[0] == 5 and len(numbers) > 1:
        return _indexed(numbers[1])
    if numbers[0] == 2:
        return _mixed(numbers[2:5] if len(numbers) > 4 else numbers[1:4])
    return None


def _indexed(number: int) -> int | None:
    return number if 0 <= number < 256 else None


def _mixed(parts: list[int]) -> RGB | None:
    if len(parts) != 3 or not all(0 <= part < 256 for part in parts):
        return None
    return parts[0], parts[1], parts[2]


def _rgb(colour: int | RGB) -> RGB:
    if not isinstance(colour, int):
        return colour
    if colour < 16:
        return _COLOURS[colour]
    if colour < 232:
        place = colour - 16
        return _CUBE[place // 36], _CUBE[place // 6 % 6], _CUBE[place % 6]
    return (8 + 10 * (colour - 232),) * 3


def _hex(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _readable(colour: RGB) -> RGB:
    """The colour, as much darker or lighter as both kinds of page need."""
    light = _luminance(colour)
    if light > _LIGHTEST:
        return _from_linear([part * _LIGHTEST / light for part in _linear(colour)])
    if light < _DARKEST:
        white = (_DARKEST - light) / (1 - light)
        return _from_linear([part + (1 - part) * white for part in _linear(colour)])
    return colour


def _luminance(colour: RGB) -> float:
    """The relative luminance of WCAG 2.1, from 0 to 1."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: RGB) -> list[float]:
    """The light of each part, from 0 to 1, by the transfer function of sRGB (IEC 61966-2-1)."""
    parts = (part / 255 for part in colour)
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _from_linear(parts: list[float]) -> RGB:
    shares = (12.92 * p if p <= 0.0031308 else 1.055 * p ** (1 / 2.4) - 0.055 for p in parts)
    red, green, blue = (round(255 * share) for share in shares)
    return red, green, blue
