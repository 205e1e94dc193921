"""Texts in which objects stand."""

from __future__ import annotations

import pytest

from kohakuengine.cli.axes import split_values
from kohakuengine.config.given import NO_OBJECT, Given, given_object, is_given
from kohakuengine.config.overrides import parse_overrides


def given(before: str, value: object, after: str = "") -> Given:
    text = str(value)
    span = (len(before), len(before) + len(text), value)
    return Given(before + text + after, [span])


def test_it_is_the_text_that_it_looks_like() -> None:
    """Who wants a text has one."""
    assert given("n=", 3) == "n=3" and str(given("n=", 3)) == "n=3"


@pytest.mark.parametrize("text", ["lr=0.1", given("lr=", 0.1), given("", [1], ",2")])
def test_a_text_with_more_than_an_object_stands_for_none(text: str) -> None:
    """Only a whole text stands for an object."""
    assert given_object(text) is NO_OBJECT and not is_given(text)


def test_cutting_at_an_equals_sign_keeps_the_object() -> None:
    """`KEY={obj}` can be taken apart."""
    value = {"a": "b=c"}
    word = given("model=", value)
    assert word.partition("=")[0] == "model"
    assert given_object(word.partition("=")[2]) is value
    assert given_object(word.split("=", 1)[1]) is value


def test_what_stands_in_an_object_is_no_separator() -> None:
    """`{obj}=3` isn't cut within the object's text."""
    word = given("", "a=b", "=3")
    assert [str(part) for part in word.partition("=")] == ["a=b", "=", "3"]


def test_none_can_be_given() -> None:
    """None is an object like any other."""
    assert given_object(given("x=", None).partition("=")[2]) is None


def test_stripping_leaves_an_object_whole() -> None:
    """Blanks around it go, those of the object's own text stay."""
    assert given_object(given("  ", " x ", " ").strip()) == " x "


def test_an_override_is_the_object_itself() -> None:
    """No text is made of it, and no type is asked of it."""
    value = object()
    assert parse_overrides([given("lr=", value)], []) == {"lr": value}


def test_objects_between_commas_are_values() -> None:
    """Commas and brackets in an object's text don't count."""
    first, last = "(,", [1, 2]
    text = Given("(,,5,[1, 2]", [(0, 2, first), (5, 11, last)])
    one, two, three = split_values(text)
    assert given_object(one) is first and two == "5" and given_object(three) is last
