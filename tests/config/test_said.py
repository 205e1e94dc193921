"""What text files can't say is read as the type that is expected; all else stays what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kohakuengine.config.annotations import ENUM, Expected, read_annotation
from kohakuengine.config.members import EnumMember
from kohakuengine.config.said import as_said, can_be_said

COLOR = Expected(ENUM, choices=("RED", "BLUE"), enum="Color", members={"RED": "r", "BLUE": 2})
RED, BLUE = EnumMember("Color", "RED"), EnumMember("Color", "BLUE")

# An annotation, what a file says, what is meant.
READ: list[tuple[str, Any, Any]] = [
    ("Path", "a/b", Path("a/b")),
    ("Path", 3, 3),
    ("Path | None", "a", Path("a")),
    ("Path | None", None, None),
    ("Optional[list[Path]]", ["a", "b"], [Path("a"), Path("b")]),
    ("list[Path]", ["a", 1], [Path("a"), 1]),
    ("list[Path]", "a", "a"),
    ("dict[str, Path]", {"a": "b"}, {"a": Path("b")}),
    ("dict[str, list[Path]]", {"a": ["b"]}, {"a": [Path("b")]}),
    ("Sequence[Path]", ["a"], [Path("a")]),
    ("tuple[int, ...]", [1, 2], (1, 2)),
    ("tuple[Path, int]", ["a", 2], (Path("a"), 2)),
    ("tuple[int, int]", [1], [1]),
    ("set[str]", ["a", "a"], {"a"}),
    ("frozenset[int]", [1], frozenset({1})),
    ("set[list[int]]", [[1]], [[1]]),
    ("list[int]", [1], [1]),
    ("Color", "RED", RED),
    ("Color", " Color.BLUE ", BLUE),
    ("Color", "r", RED),
    ("Color", 2, BLUE),
    ("Color", 2.0, 2.0),
    ("Color", "PINK", "PINK"),
    ("Color | None", "RED", RED),
    ("list[Color]", ["RED", 2], [RED, BLUE]),
    ("dict[Color, Path]", {"RED": "a"}, {RED: Path("a")}),
    ("int", "1", "1"),
    ("float", "1e-3", "1e-3"),
    ("bool", "true", "true"),
    ("str | Path", "a", "a"),
]


@pytest.mark.parametrize(("annotation", "value", "meant"), READ, ids=lambda one: repr(one)[:40])
def test_what_is_read(annotation: str, value: Any, meant: Any) -> None:
    """Paths, members, tuples and sets are made of texts and lists; what is none of them stays."""
    found = as_said(value, read_annotation(annotation, COLOR))
    assert found == meant and type(found) is type(meant)
    assert as_said(found, read_annotation(annotation, COLOR)) == meant


@pytest.mark.parametrize("annotation", ["int", "list[str]", "dict[str, float] | None", "object"])
def test_what_a_file_can_say_is_left_alone(annotation: str) -> None:
    """Nobody looks at values that a text file has as they are."""
    assert can_be_said(read_annotation(annotation, COLOR))


@pytest.mark.parametrize("annotation", ["Path", "Color", "dict[str, tuple]", "list[Path] | None"])
def test_what_a_file_cannot_say_is_read(annotation: str) -> None:
    """Wherever in an annotation a path, a member, a tuple or a set is asked for."""
    assert not can_be_said(read_annotation(annotation, COLOR))
