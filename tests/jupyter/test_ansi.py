"""What a script prints becomes HTML: its colours, and nothing else of it."""

from __future__ import annotations

import pytest

from kohakuengine.jupyter.ansi import to_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"),
        ("\x1b[31m<i>\x1b[0m", '<span style="color:#d14343">&lt;i&gt;</span>'),
        ("\x1b[1mb\x1b[22mn", '<span style="font-weight:bold">b</span>n'),
        ("\x1b[38;5;196mx", '<span style="color:#ff0000">x</span>'),
        ("\x1b[48;5;244mx", '<span style="background-color:#808080">x</span>'),
        ("\x1b[38;2;1;2;300mx", '<span style="color:#0102ff">x</span>'),
        ("\x1b[38:2:1:2:3mx", '<span style="color:#010203">x</span>'),
        ("\x1b[95mx\x1b[39my", '<span style="color:#cf66cf">x</span>y'),
        ("\x1b[mx", "x"),
        ("\x1b[38;5mx", "x"),
        ("\x1b[38;5;999mx", "x"),
        ("\x1b[99999;1mx", '<span style="font-weight:bold">x</span>'),
        ("\x1b[4mx\x1b[24my", '<span style="text-decoration:underline">x</span>y'),
    ],
)
def test_colours_become_styles(text: str, html: str) -> None:
    """16, 256 and all colours; unknown ones are left out."""
    assert to_html(text) == html


def test_inverse_swaps_colours() -> None:
    """Text in the colour of the background on that of the text."""
    assert to_html("\x1b[7;32mx") == '<span style="color:Canvas;background-color:#2e9e4f">x</span>'


def test_other_sequences_do_not_pass() -> None:
    """No cursor moves, titles or links."""
    assert to_html("a\x1b[2Jb\x1b]0;title\x07c\x1b]8;;http://x\x1b\\d") == "abcd"
