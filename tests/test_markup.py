"""Pieces of HTML."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pages import Page

from kohakuengine.markup import Html, escaped, fold, joined, table, tag, value

TEXT = st.text(st.sampled_from("<>&'\"/= ab\x00\x1b\u202e\ud800\u05d0\n"))


@given(TEXT, TEXT)
def test_texts_stay_texts(one: str, other: str) -> None:
    """Wherever they are put, in attributes, too."""
    page = Page(tag("span", one, tag("b", value(other)), style=other))
    assert page.tags in (["span", "b"], ["span", "b", "bdi"])
    assert len(page.attributes) == (other != "")
    plain = one + other
    if plain.isprintable():
        assert page.text == plain


def test_what_is_html_is_not_escaped_again() -> None:
    """A text put together from it by other means is."""
    bold = tag("b", "x")
    assert joined([bold, "<"], ", ") == "<b>x</b>, &lt;" and isinstance(bold, Html)
    assert tag("i", "a" + bold) == "<i>a&lt;b&gt;x&lt;/b&gt;</i>"


def test_what_cannot_be_seen_is_shown_by_its_code() -> None:
    """Control characters, overrides of the direction, halves of characters."""
    assert escaped("a\x00\x1b\r\x9b\u202e\udc80é") == "a\\x00\\x1b\\x0d\\x9b\\u202e\\udc80é"


def test_a_text_from_right_to_left_moves_nothing_else() -> None:
    """It is apart, and cut where it is long."""
    assert value("שלום") == "<bdi>שלום</bdi>"
    assert value("abcdef", 4) == "abc…"


def test_tables_have_cells() -> None:
    """With heads or without; numbers stand on the right."""
    page = Page(table(("a", "b"), [("1", "<x>")], {0}))
    assert page.cells == [["a", "b"], ["1", "<x>"]]
    styles = [value for name, value in page.attributes if "text-align" in value]
    assert ["right" in style for style in styles] == [True, False, True, False]
    assert Page(table((), [("1", "2")])).cells == [["1", "2"]]


def test_what_is_folded_can_be_open() -> None:
    """By an attribute that needs no script."""
    assert Page(fold("h", "x", shown=True)).attributes[0] == ("open", "")
    assert "open" not in fold("h", "x")
