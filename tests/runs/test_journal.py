"""The journal of an attempt: metrics, appended line by line."""

from __future__ import annotations

import errno
import math
import os
import threading

import pytest

from kohakuengine.runs import journal
from kohakuengine.runs.journal import (
    JournalFollower,
    Point,
    append,
    history,
    latest,
    printed_offset,
    read,
)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "journal.jsonl")


def logged(step, **values):
    return {"t": 1.0, "step": step, "logged": values}


def printed(offset, **values):
    return {"t": 2.0, "step": None, "printed": values, "offset": offset}


def test_records_come_back_in_order(path):
    """What was appended is read in the same order, each record on a line of its own."""
    append(path, [logged(1, loss=0.5), logged(2, loss=0.25)])
    append(path, [{"name": "é\n€"}])
    assert read(path) == [logged(1, loss=0.5), logged(2, loss=0.25), {"name": "é\n€"}]
    with open(path, "rb") as file:
        assert len(file.read().splitlines()) == 3


def test_numbers_that_json_does_not_know(path):
    """Metrics that diverge are kept as they are."""
    append(path, [logged(1, a=math.inf, b=-math.inf, c=math.nan)])
    assert latest(path) == pytest.approx(
        {"a": math.inf, "b": -math.inf, "c": math.nan}, nan_ok=True
    )


def test_appending_nothing_makes_no_journal(path):
    """An attempt without metrics has no journal, and no journal has no records."""
    append(path, [])
    assert not os.path.exists(path)
    assert (read(path), history(path), latest(path), printed_offset(path)) == ([], [], {}, 0)


TORN = {
    "torn": b'{"t": 1, "lo',
    "blank": b"\n\n",
    "not JSON": b"hello\n{x}\n",
    "not an object": b"[1]\n3\nnull\n",
    "not UTF-8": b'{"\xff": \xfe}\n',
    "zeros of a lost page": b"\0" * 50,
    "too deep": b'{"a":' * 100_000,
    "too long a number": b'{"a": ' + b"9" * 5000 + b"}\n",
}


@pytest.mark.parametrize("kind", TORN)
def test_a_line_that_is_no_record_costs_only_itself(path, kind):
    """Whatever a crash or a full disk left, the records before and after it are read."""
    append(path, [logged(1, a=1)])
    with open(path, "ab") as file:
        file.write(TORN[kind])
    append(path, [logged(2, a=2)])
    assert read(path) == [logged(1, a=1), logged(2, a=2)]


def test_last_line_that_is_torn(path):
    """A last line that isn't all there yet is left out until it is."""
    append(path, [logged(1, a=1)])
    with open(path, "ab") as file:
        file.write(b'{"t": 1, "step": 2')
    assert read(path) == [logged(1, a=1)]


def test_writers_do_not_mix_their_lines(path):
    """Several writers of one journal lose no record."""

    def write(writer):
        for number in range(50):
            append(path, [{"writer": writer, "n": number}, {"writer": writer, "n": -number}])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = read(path)
    for writer in range(4):
        mine = [record["n"] for record in records if record["writer"] == writer]
        assert mine == [n for number in range(50) for n in (number, -number)]


def test_a_write_that_is_cut_short_is_an_error(path, monkeypatch):
    """A disk that fills up within a record is an error, and the next record is whole again."""
    with monkeypatch.context() as patch:
        write = os.write
        patch.setattr(journal.os, "write", lambda file, data: write(file, data[:10]))
        with pytest.raises(OSError, match="10 of") as caught:
            append(path, [logged(1, a=1)])
        assert caught.value.errno == errno.ENOSPC
    append(path, [logged(2, a=2)])
    assert read(path) == [logged(2, a=2)]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    """A journal is never written to a place that isn't there."""
    with pytest.raises(FileNotFoundError):
        append(str(tmp_path / "gone" / "journal.jsonl"), [logged(1, a=1)])


def test_history(path):
    """Each value of each metric, with its step and its time."""
    append(path, [logged(1, a=1, b=2), printed(10, c=3), logged(2.5, a=0.5)])
    assert history(path) == [
        Point("a", 1.0, 1, 1.0),
        Point("b", 2.0, 1, 1.0),
        Point("c", 3.0, None, 2.0),
        Point("a", 0.5, 2.5, 1.0),
    ]
    point = history(path)[-1]
    assert (point.name, point.value, point.step, point.time) == ("a", 0.5, 2.5, 1.0)


def test_what_a_script_logs_wins_over_what_it_prints(path):
    """Of a name that the script logs itself, no printed value counts, wherever it stands."""
    append(path, [printed(5, a=9, b=1), logged(1, a=1), printed(10, a=8, b=2)])
    assert [point.value for point in history(path) if point.name == "a"] == [1]
    assert latest(path) == {"a": 1, "b": 2}


def test_latest_is_the_newest_value(path):
    """The newest value of each name, in the order in which the names came up."""
    append(path, [logged(1, a=1, b=1), logged(2, a=2)])
    assert latest(path) == {"a": 2, "b": 1}


STRANGE = {
    "no values": {"t": 1},
    "values of another kind": {"t": 1, "logged": [1], "printed": 3},
    "value is text": {"t": 1, "logged": {"a": "x", "b": None, "c": True, "d": [1]}},
    "value is too large": {"t": 1, "logged": {"a": 10**400}},
    "no time": {"logged": {"a": 1}},
    "time is text": {"t": "now", "logged": {"a": 1}},
}


@pytest.mark.parametrize("kind", STRANGE)
def test_records_of_another_form_have_no_metrics(path, kind):
    """What isn't a number isn't a metric, and no reason to fail."""
    append(path, [STRANGE[kind], logged(1, x=1)])
    assert latest(path) == {"x": 1}


def test_step_that_is_no_number(path):
    """A value whose step makes no sense is kept without one."""
    append(path, [logged("third", x=1)])
    assert history(path) == [Point("x", 1.0, None, 1.0)]


def test_printed_offset_is_the_greatest(path):
    """How far the output was searched is known after a restart."""
    append(path, [printed(30, a=1), logged(1, b=1), printed(20, a=2), {"offset": "far"}])
    assert printed_offset(path) == 30


def test_a_journal_is_followed(path):
    """Each look gives what was noted since the last one; of a torn line, once it is whole."""
    follower = JournalFollower(path)
    assert follower.look() == []
    append(path, [printed(1, a=1), printed(2, b=1)])
    assert [point.name for point in follower.look()] == ["a", "b"]
    assert follower.look() == []
    with open(path, "ab") as file:
        file.write(b'{"t": 1.0, "step": 3, "logged"')
    assert follower.look() == []
    with open(path, "ab") as file:
        file.write(b': {"a": 2}}\n')
    append(path, [printed(4, a=7, b=2)])
    assert [(point.name, point.value) for point in follower.look()] == [("a", 2.0), ("b", 2.0)]
