r"""A magic's line is split as a shell would, with the notebook's objects in braces."""

from __future__ import annotations

import pytest

from kohakuengine.config.given import given_object
from kohakuengine.errors import ConfigError
from kohakuengine.jupyter.words import split_line


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("run a.py", ["run", "a.py"]),
        ("run 'my scripts/a b.py'", ["run", "my scripts/a b.py"]),
        (r"run my\ script.py", ["run", "my script.py"]),
        ('--name "it\'s" \'say "hi"\'', ["--name", "it's", 'say "hi"']),
        ("--name '' x", ["--name", "", "x"]),
        ("--where 'lr < 0.1'", ["--where", "lr < 0.1"]),
        ("--env DIR=$HOME ${HOME} $n", ["--env", "DIR=$HOME", "${HOME}", "$n"]),
        (r"'a\b' C:\\x", [r"a\b", "C:\\x"]),
        ("# x", ["#", "x"]),
    ],
)
def test_words_are_those_of_a_shell(line: str, words: list[str]) -> None:
    """Quotes, backslashes and blanks mean what they do in a shell; `$` is left alone."""
    assert split_line(line, {"n": 1}) == words


@pytest.mark.parametrize(
    "word",
    ["'d={\"a\": 1}'", "'s={1, 2}'", r"'(\w{2}) (\d{1,3})'", "x{}y", "{", "}", "'{a b}'", "'{'"],
)
def test_braces_that_are_no_expression_stay(word: str) -> None:
    """Literals of the command's own grammar, and regular expressions, pass as they are."""
    assert split_line(word, {}) == [word.strip("'")]


def test_a_whole_value_is_the_object() -> None:
    """Nothing is made into text: what comes in is what the notebook has."""
    lrs, net = [0.1, 0.01], object()
    words = split_line("--sweep lr={lrs} --set 'model={net}' {net}", {"lrs": lrs, "net": net})
    assert given_object(words[1].partition("=")[2]) is lrs
    assert given_object(words[3].partition("=")[2]) is net
    assert given_object(words[4]) is net


def test_any_expression_will_do() -> None:
    """Also one with blanks, quotes, commas and braces of its own."""
    names = {"d": {"a b": 1}}
    [word] = split_line("x={[v for v in (d['a b'], 2)] + [{'}': 3}['}']]}", names)
    assert given_object(word.partition("=")[2]) == [1, 2, 3]


def test_values_between_commas_are_objects_each() -> None:
    """`opt={adam},{sgd}` are two values."""
    one, two = object(), object()
    [word] = split_line("opt={one},{two}", {"one": one, "two": two})
    assert [value for _, _, value in word.spans] == [one, two]  # type: ignore[attr-defined]


def test_within_text_it_is_its_str() -> None:
    """As in a file's name."""
    words = split_line("--name run-{lr} --config {folder}/a.py", {"lr": 0.1, "folder": "my dir"})
    assert words == ["--name", "run-0.1", "--config", "my dir/a.py"]


def test_a_backslash_keeps_braces() -> None:
    """For text that looks like a variable."""
    assert split_line(r'\{lr\} "\{lr\}"', {"lr": 1}) == ["{lr}", "{lr}"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--set x={nope}", r"\{nope\}: name 'nope' is not defined; write \\{nope\\}"),
        ("--set x={1/zero}", "ZeroDivisionError"),
        ("--name 'open", "quote has no end"),
    ],
)
def test_what_cannot_be_understood_is_said(line: str, said: str) -> None:
    """In one sentence that names the expression."""
    with pytest.raises(ConfigError, match=said):
        split_line(line, {"zero": 0})
