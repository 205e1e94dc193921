"""Environment variables in config files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kohakuengine.config.env import env
from kohakuengine.config.loader import load_config
from kohakuengine.errors import ConfigError

READ: dict[str, tuple[str, Any, Any]] = {
    "text": ("a,b", str, "a,b"),
    "int": ("0x10", int, 16),
    "float": ("1e-3", float, 0.001),
    "true": ("yes", bool, True),
    "false": ("False", bool, False),
    "path": ("a b/c", Path, Path("a b/c")),
    "list": ("1,2", list[int], [1, 2]),
    "a function": ("abc", len, 3),
    "a function of ours": ("a b", lambda text: text.split(), ["a", "b"]),
}


@pytest.mark.parametrize("text, kind, value", READ.values(), ids=READ)
def test_a_variable_is_read_as_its_type(
    monkeypatch: pytest.MonkeyPatch, text: str, kind: Any, value: Any
) -> None:
    """As on the command line; by whatever else can be called, with the text."""
    monkeypatch.setenv("A_VARIABLE", text)
    found = env("A_VARIABLE", type=kind)
    assert found == value and type(found) is type(value)


def test_a_default_stands_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """It isn't read as a text; an empty variable is set."""
    monkeypatch.delenv("A_VARIABLE", raising=False)
    assert env("A_VARIABLE", default=None, type=int) is None
    monkeypatch.setenv("A_VARIABLE", "")
    assert env("A_VARIABLE", default="x") == ""


def test_a_missing_variable_names_itself_and_the_file(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says which variable, and where it is needed."""
    monkeypatch.delenv("A_VARIABLE", raising=False)
    path = write("own.py", "from kohakuengine import env\nx = 1\ndata = env('A_VARIABLE')")
    with pytest.raises(
        ConfigError, match="own.py line 3: the environment variable A_VARIABLE isn't"
    ):
        load_config(path)


@pytest.mark.parametrize(
    "text, kind, message",
    [
        ("many", int, "A_VARIABLE can't be read as int: many is not an int"),
        ("perhaps", bool, "A_VARIABLE can't be read as bool: perhaps is not a bool"),
        ("x", lambda text: 1 / 0, "A_VARIABLE can't be read as <lambda>: division by zero"),
    ],
)
def test_a_variable_of_another_type_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str, kind: Any, message: str
) -> None:
    """The message says what was to be read, and why it can't be."""
    monkeypatch.setenv("A_VARIABLE", text)
    with pytest.raises(ConfigError, match=message):
        env("A_VARIABLE", type=kind)
