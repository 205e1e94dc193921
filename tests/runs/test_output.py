"""The output of a run, as the lines that a terminal would show."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.runs.output import LINE_LIMIT, OutputFollower, OutputReader, cut, plain, tail


def read(*chunks: bytes) -> list[str]:
    """All lines of an output that comes in these chunks and then ends."""
    reader = OutputReader()
    lines = [line for chunk in chunks for line in reader.feed(chunk)]
    return lines + reader.close()


# What a terminal shows for each: the bytes, and the lines.
SHOWN = {
    "lines": (b"a\nb\n", ["a", "b"]),
    "empty lines": (b"\n\na\n", ["", "", "a"]),
    "no newline at the end": (b"a\nb", ["a", "b"]),
    "separators that are no newline": ("a\u2028b\x85c\n".encode(), ["a\u2028bc"]),
    "tabs": (b"a\tb\n", ["a\tb"]),
    "not UTF-8": (b"a\xffb\xc3\n", ["a\ufffdb\ufffd"]),
    "carriage return": (b"10%\r20%\r\n", ["20%"]),
    "longer before": (b"10 per cent\r20%\n", ["20%"]),
    "windows": (b"a\r\nb\r\n", ["a", "b"]),
    "returns in a row": (b"a\r\r\n\rb\r\r\n", ["a", "b"]),
    "bar with its end": (b"\r10%\r20%\r100%\nnext\n", ["100%", "next"]),
    "bar wiped by spaces": (b"50%\r   \rnext\n", ["next"]),
    "bar erased": (b"50%\r\x1b[Knext\n", ["next"]),
    "bar erased at the end": (b"50%\r\x1b[K", []),
    "bar wiped at the end": (b"50%\r   \r", []),
    "line erased": (b"50%\x1b[2Knext\n", ["next"]),
    "line erased, then returned": (b"50%\x1b[2K\r\n", [""]),
    "column one": (b"50%\x1b[1Gnext\x1b[Glast\n", ["last"]),
    "nothing but a colour, returned": (b"\x1b[0m\r\x1b[1m\r\n", ["\x1b[0m"]),
    "cursor shown again": (b"100%\r\x1b[?25h\n", ["100%"]),
    "colour": (b"\x1b[1;31mred\x1b[0m\n", ["\x1b[1;31mred\x1b[0m"]),
    "colour of a bar": (b"a\r\x1b[32mb\x1b[0m\n", ["\x1b[32mb\x1b[0m"]),
    "cursor up": (b"a\x1b[Ab\x1b[10;2Hc\n", ["abc"]),
    "not a colour though it ends in m": (b"\x1b[>4;2ma\n", ["a"]),
    "title": (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\n", ["alink"]),
    "title without an end": (b"\x1b]0;a\nb\n", ["0;a", "b"]),
    "character set": (b"\x1b(Ba\x1b7\n", ["a"]),
    "escape at the end of a line": (b"a\x1b\nb\n", ["a", "b"]),
    "bell and null": (b"a\x07\x00b\n", ["ab"]),
    "control characters beyond ASCII": ("a\x9b£\n".encode(), ["a£"]),
    "backspaces": (b"|\b/\b-\bdone\n", ["done"]),
    "more backspaces than text": (b"a\b\b\bbc\n", ["bc"]),
    "backspace at the end": (b"ab\b\n", ["ab"]),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_lines_are_those_that_a_terminal_shows(kind):
    """Progress bars leave their last state, colours stay, and no other control sequence is left."""
    data, lines = SHOWN[kind]
    assert read(data) == lines


@pytest.mark.parametrize("kind", SHOWN)
def test_lines_are_the_same_byte_by_byte(kind):
    """It doesn't matter where the output is cut, not even within a character or a sequence."""
    data, lines = SHOWN[kind]
    assert read(*(data[i : i + 1] for i in range(len(data)))) == lines


PARTS = st.sampled_from(
    [
        b"a",
        b"10%",
        b" ",
        b"\r",
        b"\n",
        b"\r\n",
        "é€😀".encode(),
        b"\xff",
        b"\xe2\x82",
        b"\b",
        b"\x00",
    ]
    + [b"\x1b[31m", b"\x1b[0m", b"\x1b[A", b"\x1b[K", b"\x1b[2K", b"\x1b[G", b"\x1b[?25h"]
)


@given(st.lists(PARTS, max_size=20).map(b"".join), st.lists(st.integers(0, 60), max_size=5))
def test_lines_do_not_depend_on_the_chunks(data, cuts):
    """However an output is cut into chunks, its lines are the same."""
    places = [0, *sorted(cuts), len(data) + 60]
    assert read(*map(lambda a, b: data[a:b], places, places[1:])) == read(data)


@given(st.lists(PARTS, max_size=20).map(b"".join))
def test_lines_hold_text_and_colours_only(data):
    """Whatever is printed, no line can move a cursor or erase what is on a screen."""
    for line in read(data):
        assert not [c for c in plain(line) if c < " " or c == "\x7f"]


def test_live_line():
    """The line that has no end yet can be seen, each time as it is now."""
    reader = OutputReader()
    seen = []
    for chunk in (b"a\n", b"10%", b"\r", b"20", b"%\r\x1b[?25l", b"\r\x1b[K", b"x", b"\n"):
        reader.feed(chunk)
        seen.append(reader.live)
    assert seen == ["", "10%", "10%", "20", "20%", "", "x", ""]


def test_live_line_shows_whole_characters_only():
    """A character or a sequence that isn't all there yet isn't shown as rubbish."""
    reader = OutputReader()
    reader.feed("é".encode() + "€".encode()[:2])
    assert reader.live == "é"
    reader.feed("€".encode()[2:] + b"\x1b[3")
    assert reader.live == "é€"
    reader.feed(b"1mred")
    assert reader.live == "é€\x1b[31mred"


def test_close_gives_the_last_line_once():
    """An output that ends without a newline loses nothing, and ends once."""
    reader = OutputReader()
    assert reader.feed(b"a\nb") == ["a"]
    assert reader.close() == ["b"]
    assert reader.close() == []
    assert reader.live == ""


def test_a_line_without_end_comes_in_pieces():
    """A line of more than 64 KiB is given piece by piece, and none of it is lost."""
    data = b"x" * (3 * LINE_LIMIT + 5)
    reader = OutputReader()
    assert [len(line) for line in reader.feed(data)] == [LINE_LIMIT] * 3
    assert reader.live == "x" * 5
    assert reader.feed(b"\n") == ["x" * 5]


@pytest.mark.parametrize("size", [1000, LINE_LIMIT, 1 << 20])
def test_pieces_do_not_depend_on_the_chunks(size):
    """A long line is cut at the same places however it comes, and never within a character."""
    data = b"a" + "€".encode() * LINE_LIMIT + b"\nb\n"
    lines = read(*(data[i : i + size] for i in range(0, len(data), size)))
    assert lines == read(data)
    assert "".join(lines) == data.decode().replace("\n", "")
    assert all(len(line.encode()) <= LINE_LIMIT for line in lines)


def test_pieces_keep_colours_whole():
    """A long line is not cut within a colour."""
    data = b"x" * (LINE_LIMIT - 2) + b"\x1b[31mred"
    assert read(data) == ["x" * (LINE_LIMIT - 2), "\x1b[31mred"]


HOSTILE = {
    "one line": b"x" * 5000,
    "a title": b"\x1b]0;" + b"x" * 5000,
    "a sequence": b"\x1b[" + b"1" * 5000,
    "escapes": b"\x1b" * 5000,
    "returns": b"\r" * 5000,
    "bars": b"\r10%\x1b[?25l" * 500,
    "invisible bars": b"\r\x1b[?25l" * 500,
    "erasing bars": b"\x1b[2K\r10%" * 500,
    "half characters": b"\x80" * 5000,
    "spinner": b"|\b/\b" * 1000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_waits_is_bounded(kind):
    """However long no newline comes, what is kept of the output stays small."""
    reader = OutputReader()
    for _ in range(100):
        reader.feed(HOSTILE[kind])
        assert len(reader._rest) <= LINE_LIMIT
    assert reader.feed(b"\nafter\n")[-1] == "after"


def test_plain_text_has_no_colours():
    """Text for a file or a pipe has neither colours nor other sequences, and all the rest."""
    assert plain("\x1b[1;31mred\x1b[0m\tand\n\x1b[2Kblue\x1b]0;t\x07") == "red\tand\nblue"
    assert plain("as it is") == "as it is"


def test_follower_gives_what_is_new(tmp_path):
    """Each read gives what was added since the last, also where the log wasn't there at first."""
    log = tmp_path / "output.log"
    follower = OutputFollower(str(log))
    assert follower.read() == b""
    log.write_bytes(b"one")
    assert (follower.read(), follower.read(), follower.offset) == (b"one", b"", 3)
    with log.open("ab") as file:
        file.write(b"two")
    assert (follower.read(2), follower.read(), follower.offset) == (b"tw", b"o", 6)


def test_follower_begins_where_it_is_told(tmp_path):
    """Reading goes on at an offset that was kept."""
    log = tmp_path / "output.log"
    log.write_bytes(b"onetwo")
    assert OutputFollower(str(log), offset=3).read() == b"two"


def test_follower_of_a_log_that_was_cut(tmp_path):
    """A log that got shorter without a note is followed from its new end; nothing comes twice."""
    log = tmp_path / "output.log"
    log.write_bytes(b"onetwo")
    follower = OutputFollower(str(log))
    follower.read()
    log.write_bytes(b"one")
    assert (follower.read(), follower.offset) == (b"", 3)
    with log.open("ab") as file:
        file.write(b"new")
    assert follower.read() == b"new"


def test_what_is_printed_while_a_log_is_cut_stays_in_order(tmp_path, monkeypatch):
    """Lines that come when the log is shorter already are behind those that were kept."""
    path = tmp_path / "output.log"
    path.write_bytes(b"".join(b"line %d\n" % n for n in range(1000)))

    def truncate(file: int, size: int) -> None:
        with open(path, "ab") as script:
            os.truncate(path, size)
            script.write(b"line 1000\nline 1001\n")

    monkeypatch.setattr(os, "ftruncate", truncate)
    cut(str(path), 2_000)
    lines = [line for line in path.read_bytes().splitlines() if re.fullmatch(rb"line \d+", line)]
    numbers = [int(line.split()[1]) for line in lines]
    assert numbers == sorted(numbers) and numbers[-3:] == [999, 1000, 1001]
    assert b"[kogine: " in path.read_bytes() and path.stat().st_size < 2_000


@pytest.mark.parametrize("seed", range(50))
def test_follower_of_a_log_that_is_cut_again_and_again(tmp_path, seed):
    """What is left of it is read once, however often it was cut and grew between two reads."""
    chance = random.Random(seed)
    path = str(tmp_path / "output.log")
    follower = OutputFollower(path)
    printed, seen = 0, b""
    for _ in range(60):
        with open(path, "ab") as file:
            for _ in range(chance.randrange(300)):
                file.write(b"<%d>\n" % printed)
                printed += 1
        if chance.random() < 0.4 and os.path.getsize(path) > 2_000:
            cut(path, 2_000)
        if chance.random() < 0.4:
            seen += follower.read()
    seen += follower.read()
    numbers = [int(number) for number in re.findall(rb"<(\d+)>", seen)]
    assert numbers == sorted(set(numbers))
    left = re.findall(rb"<(\d+)>", Path(path).read_bytes().rpartition(b"[kogine: ")[2])
    assert set(map(int, left)) <= set(numbers)


def test_tail(tmp_path):
    """The last lines of a log, as they show, the one without an end included."""
    log = tmp_path / "output.log"
    log.write_bytes(b"1\n2\n3\n10%\r20%")
    assert tail(str(log), lines=2) == ["3", "20%"]
    assert tail(str(log)) == ["1", "2", "3", "20%"]
    assert tail(str(log), lines=0) == []


def test_tail_of_a_log_that_is_not_there(tmp_path):
    """No log, no lines."""
    assert tail(str(tmp_path / "output.log")) == []


def test_tail_leaves_out_a_line_whose_start_it_did_not_read(tmp_path):
    """Where the log is longer than what is looked at, the first line shown is a whole one."""
    log = tmp_path / "output.log"
    log.write_bytes(b"first line\nsecond\nthird\n")
    assert tail(str(log), limit=16) == ["second", "third"]
    assert tail(str(log), limit=13) == ["second", "third"]
    assert tail(str(log), limit=12) == ["third"]


def test_tail_of_one_long_line(tmp_path):
    """Of a line longer than what is looked at, its end is shown, from a whole character on."""
    log = tmp_path / "output.log"
    log.write_bytes("€€€€".encode() + b"\n")
    assert tail(str(log), limit=6) == ["€"]
    log.write_bytes(b"10% done\r20% done")
    assert tail(str(log), limit=12) == ["20% done"]
