"""Text with the colours of a terminal as HTML."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import Page

from kohakuengine.ansi import _luminance, ansi_to_html

STYLES = {
    "bold": ("\x1b[1mx", "font-weight:bold"),
    "italic and underlined": ("\x1b[3;4mx", "font-style:italic;text-decoration:underline"),
    "under and through": ("\x1b[4;9mx", "text-decoration:underline line-through"),
    "dim": ("\x1b[2mx", "opacity:0.65"),
    "bold ended": ("\x1b[1;3;22mx", "font-style:italic"),
    "red": ("\x1b[31mx", "color:#cc3732"),
    "of 256": ("\x1b[38;5;160mx", "color:#d70000"),
    "grey of 256": ("\x1b[38;5;243mx", "color:#767676"),
    "true colour": ("\x1b[38;2;210;60;60mx", "color:#d23c3c"),
    "with colons": ("\x1b[38:2::210:60:60mx", "color:#d23c3c"),
    "with few colons": ("\x1b[38:2:210:60:60mx", "color:#d23c3c"),
    "of 256 with colons": ("\x1b[38:5:160mx", "color:#d70000"),
    "on a background": ("\x1b[97;44mx", "color:#ffffff;background-color:#286ecd"),
    "on a light background": ("\x1b[48;5;231mx", "color:#000000;background-color:#ffffff"),
    "on a dark background": ("\x1b[40mx", "color:#ffffff;background-color:#000000"),
    "reversed": ("\x1b[7mx", "background-color:rgba(128,128,128,0.35)"),
    "red reversed": ("\x1b[31;7mx", "color:#ffffff;background-color:#cc3732"),
    "a control character for the escape": ("\x9b1mx", "font-weight:bold"),
    "behind what is unknown": ("\x1b[5;999;12345678;;1mx", "font-weight:bold"),
}


@pytest.mark.parametrize("text, style", STYLES.values(), ids=STYLES)
def test_colours_are_styles(text: str, style: str) -> None:
    """Bold, 16 and 256 colours and true ones, each for the text that it is chosen for."""
    assert ansi_to_html(f"a{text}\x1b[0mb") == f'a<span style="{style}">x</span>b'


PLAIN = {
    "reset": "\x1b[1;31m\x1b[mx",
    "default colours": "\x1b[31;44m\x1b[39;49mx",
    "ends": "\x1b[1;2;3;4;7;9m\x1b[22;23;24;27;29mx",
    "the colour of text": "\x1b[37mx\x1b[30m\x1b[97m",
    "a title": "\x1b]0;title\x07x",
    "a link": "\x1b]8;;https://example.org\x1b\\x\x1b]8;;\x1b\\",
    "a cursor": "\x1b[2K\x1b[1A\x1b[?25lx",
    "private": "\x1b[>4;2mx\x1b[?1m",
    "no colour": "\x1b[38;5;256mx\x1b[38;2;1;2m\x1b[48;9m\x1b[38m\x1b[38:2:1m\x1b[38:m",
    "no underline": "\x1b[4m\x1b[4:0mx",
    "cut off": "x\x1b[38;5",
    "a lone escape": "x\x1b",
    "a charset": "\x1b(Bx",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_other_sequences_leave_no_trace(text: str) -> None:
    """What moves cursors, names windows or links, and colours that are none."""
    assert ansi_to_html(text) == "x"


def test_text_is_text() -> None:
    """Tags and quotes are shown, inside of colours, too; newlines and tabs stay."""
    assert ansi_to_html("<b>\t&\n") == "&lt;b&gt;\t&amp;\n"
    assert ansi_to_html('\x1b[31m"</span><script>') == (
        '<span style="color:#cc3732">&quot;&lt;/span&gt;&lt;script&gt;</span>'
    )


def test_what_cannot_be_seen_is_shown_by_its_code() -> None:
    """Inside of colours, too."""
    assert ansi_to_html("\x1b[1m\x07") == '<span style="font-weight:bold">\\x07</span>'


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_any_colour_can_be_read_on_light_and_on_dark(colour: tuple[int, int, int]) -> None:
    """A contrast of nearly 3:1 or more to white, and to #111."""
    found = re.search("color:#(..)(..)(..)", ansi_to_html("\x1b[38;2;{};{};{}mx".format(*colour)))
    assert found
    light = _luminance((int(found[1], 16), int(found[2], 16), int(found[3], 16))) + 0.05
    assert 1.05 / light > 2.9 and light / (_luminance((17, 17, 17)) + 0.05) > 2.9


@given(st.text(st.sampled_from("\x1b\x9b[]m;:0123458<>&'\"\\ax\n\x07?K")))
def test_nothing_that_is_printed_becomes_markup(text: str) -> None:
    """Whatever the sequences, the only tags are spans with a style, in balance."""
    shown = ansi_to_html(text)
    page = Page(shown)
    page.assert_harmless()
    assert set(page.tags) <= {"span"} and "\x1b" not in shown
