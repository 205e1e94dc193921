"""How values are kept in a run's files."""

from __future__ import annotations

import enum
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.runs import values
from kohakuengine.runs.values import (
    json_holds,
    read_json,
    read_pickle,
    write_bytes,
    write_json,
    write_pickle,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary(max_size=3)
    | st.just((1, 2)),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=8,
)


def _same(one: object, other: object) -> bool:
    """Equal, with all types equal too."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(map(type, one)) == list(map(type, other)) and all(
            key in other and _same(one[key], other[key]) for key in one
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


@given(VALUES)
def test_what_json_holds_comes_back_the_same(value):
    """A value said to be held by JSON is the same, types included, when it is read again."""
    if json_holds(value):
        assert _same(json.loads(json.dumps(value)), value)


@given(VALUES.filter(json_holds))
def test_json_is_the_same_with_and_without_json(value):
    """What a process writes that hasn't loaded json is what json would write."""
    text = values._small_json(value)
    assert text is None or text == json.dumps(value)


@given(VALUES.filter(json_holds) | st.just(float("nan")), st.sampled_from(["", " ", "\n", "\t \r"]))
def test_json_is_read_as_json_reads_it(tmp_path_factory, value, space):
    """What is read without json is what json would read."""
    path = tmp_path_factory.getbasetemp() / "value.json"
    path.write_text(f"{space}{json.dumps(value)}{space}")
    assert repr(read_json(str(path))) == repr(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "[1,]", "{'a': 1}", "1 2", '"\n"', "nul", "[" * 100, '{"a": 1}}'],
)
def test_what_is_no_json_is_refused(tmp_path, text):
    """A file that doesn't hold JSON is a ValueError, as json's own is."""
    (tmp_path / "value.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError):
        read_json(str(tmp_path / "value.json"))


@pytest.mark.parametrize("text", ['{"a": 1,\n"b', '{"a', '["\\u12', "[" * 100_000])
def test_torn_json_without_json(tmp_path, text):
    """A torn file is a ValueError also where json, which would say what is wrong, isn't loaded."""
    (tmp_path / "value.json").write_text(text)
    reading = """if True:
        import sys
        from kohakuengine.runs.values import read_json
        assert "json" not in sys.modules
        try:
            read_json("value.json")
        except ValueError:
            print("refused")
    """
    # What measures coverage has loaded json.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", reading]
    assert subprocess.check_output(command, cwd=tmp_path, text=True, env=plain) == "refused\n"


class Level(enum.IntEnum):
    LOW = 1


OTHERS = {
    "tuple": (1,),
    "integer keys": {1: 2},
    "set": {1},
    "bytes": b"",
    "nan": float("nan"),
    "inf": float("inf"),
    "beyond 64 bits": 2**64,
    "enum": Level.LOW,
    "object": object(),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_json_does_not_hold(kind):
    """Values that would come back as something else aren't left to JSON."""
    assert not json_holds(OTHERS[kind])
    assert not json_holds([{"a": OTHERS[kind]}])


def test_value_that_holds_itself():
    """A circle is nothing for JSON, and no reason to crash."""
    circle: list = []
    circle.append(circle)
    assert not json_holds(circle)


def test_files_come_back(tmp_path):
    """What was written is read."""
    write_json(str(tmp_path / "a"), {"x": [1, None, "é"]})
    write_pickle(str(tmp_path / "b"), lambda: 7)
    assert read_json(str(tmp_path / "a")) == {"x": [1, None, "é"]}
    assert read_pickle(str(tmp_path / "b"))() == 7


def test_file_is_written_whole_or_not_at_all(tmp_path):
    """A write that fails leaves what was there before, and nothing beside it."""
    path = str(tmp_path / "a")
    write_bytes(path, b"before")
    with pytest.raises(TypeError):
        write_bytes(path, "text")  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"before"
