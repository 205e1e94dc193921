"""What people are shown of a config: what it says, not how Python would write it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from kohakuengine import Config
from kohakuengine.config.members import EnumMember
from kohakuengine.runs.shown import jsonable, label, shown_params

RED = EnumMember("Color", "RED")


def test_paths_and_members_are_shown_by_their_names() -> None:
    """By themselves and within lists and dictionaries, so that runs can be filtered by them."""
    config = Config({"out": Path("a/b"), "all": [Path("c"), RED]}, args=[RED, PurePosixPath("d")])
    assert shown_params(config) == {
        "out": "a/b",
        "all": ["c", "RED"],
        "args[0]": "RED",
        "args[1]": "d",
    }
    assert jsonable({"a": {"b": (Path("c"), RED)}}) == {"a": {"b": ["c", "RED"]}}
    assert label(shown_params(Config({"out": Path("a")}))) == "out=a"
