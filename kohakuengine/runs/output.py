"""What a run prints: read from its log as it grows, as the lines that a terminal would show."""

from __future__ import annotations

import os

# Bytes of a line after which it is given in pieces, so that memory stays bounded.
LINE_LIMIT = 64 * 1024

# How many bytes of the newest output a cut leaves behind its note, at most.
CUT_NEWEST = 1_000_000
_NOTE_ROOM = 200  # bytes of a note, at most
_CUT_NOTE = rb"\n\[kogine: ([\d,]+) bytes were dropped here: max_log is [\d,]+\]\n"

# By how many of the last bytes a follower knows what it has read.
_TAIL = 256

# The control characters that make text need cleaning.
_CONTROLS = bytes({*range(32), 127} - {*b"\t\n\r"})

_COLOUR = r"\[[0-9;:]*m"
_OTHER = r"\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]*[0-~]"

# Every control character but tab, newline and backspace, with the sequence that an escape begins;
# colours stay. It starts with a plain set, for which the search is fast.
_UNSHOWN = rf"[\x00-\x07\x0b-\x1f\x7f-\x9f](?:(?<!\x1b)|(?!{_COLOUR})(?:{_OTHER})?)"

# A sequence that shows nothing and erases nothing, perhaps not all there yet: of one that erases
# (it ends in J or K), the last letter is left over.
_NEUTRAL = (
    rb"\x1b(?:\[[0-?]*[ -/]*[@-IL-~]?|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b(?:\\|\Z)|\Z)|[ -/]*[0-~])?"
)
_INCOMPLETE = rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)?\Z"


class OutputReader:
    """Turns the bytes of an output into lines of text, as a terminal would show them.

    A carriage return begins the line anew: what follows replaces all of it, and until something
    follows, it stays. Colours are kept; other control sequences are removed. Bytes that aren't
    UTF-8 become U+FFFD. A line of more than 64 KiB is given in pieces, each a line of its own, and
    what was given is not replaced any more.

    Example:
        >>> reader = OutputReader()
        >>> reader.feed(b"loading\\n10%\\r20")
        ['loading']
        >>> reader.live
        '20'
        >>> reader.feed(b"%\\r\\n")
        ['20%']
    """

    def __init__(self) -> None:
        # One part of a line; or what stands, a carriage return, and what shows nothing since.
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Take the next bytes, and give the lines that they complete, without their newlines."""
        block = self._rest + data
        if b"\x1b[" in block:
            block = _with_returns(block)
        head, newline, rest = block.rpartition(b"\n")
        *pieces, self._rest = _pieces(_overwritten(rest))
        return (_lines(head) if newline else []) + [_text(piece) for piece in pieces]

    @property
    def live(self) -> str:
        """The line that has no end yet, as it shows now: most often a progress bar."""
        import re
        from codecs import getincrementaldecoder

        shown = re.sub(_INCOMPLETE, b"", _standing(self._rest))
        # Unlike bytes.decode, it leaves out a last character that isn't all there.
        return _cleaned(getincrementaldecoder("utf-8")("replace").decode(shown))

    def close(self) -> list[str]:
        """Give the last line where it had no newline; a wiped progress bar is no line."""
        line = _text(_standing(self._rest))
        self._rest = b""
        return [line] if plain(line).strip() else []


def plain(text: str) -> str:
    """Text without its colours and other control sequences."""
    if "\x1b" not in text:
        return text
    import re

    return re.sub(rf"\x1b(?:{_OTHER})?", "", text)


def _with_returns(block: bytes) -> bytes:
    """Put a carriage return where a sequence goes to column 1, or erases the line."""
    block = block.replace(b"\x1b[G", b"\r").replace(b"\x1b[1G", b"\r")
    return block.replace(b"\x1b[2K", b"\r\x1b[2K")


def _lines(head: bytes) -> list[str]:
    """The text of whole lines; the last newline has been cut off."""
    if b"\r" in head:
        head = (head + b"\n").replace(b"\r\n", b"\n")[:-1]
    if b"\r" in head:
        head = b"\n".join(_standing(_overwritten(line)) for line in head.split(b"\n"))
    if _has_long_line(head):
        head = b"\n".join(piece for line in head.split(b"\n") for piece in _pieces(line))
    return _text(head).split("\n")


def _has_long_line(head: bytes) -> bool:
    """Whether any line needs to be cut; it looks at few of the bytes."""
    start = 0
    while len(head) - start > LINE_LIMIT:
        end = head.rfind(b"\n", start, start + LINE_LIMIT + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _text(lines: bytes) -> str:
    """Lines decoded and cleaned in one go, which is faster than one by one."""
    text = lines.decode("utf-8", "replace")
    # In UTF-8, the control characters beyond ASCII begin with C2.
    if b"\xc2" in lines or len(lines.translate(None, _CONTROLS)) < len(lines):
        text = _cleaned(text)
    return text


def _cleaned(text: str) -> str:
    import re

    text = re.sub(_UNSHOWN, "", text)
    if "\b" in text:
        text = "\n".join(_backspaced(line) if "\b" in line else line for line in text.split("\n"))
    return text


def _backspaced(line: str) -> str:
    """What is left where text was written over text, as spinners do; colours aren't kept there."""
    shown: list[str] = []
    back = 0
    for character in plain(line):
        if character == "\b":
            back = min(back + 1, len(shown))
        else:
            del shown[len(shown) - back :]
            shown.append(character)
            back = 0
    return "".join(shown)


def _overwritten(line: bytes) -> bytes:
    """The newest part of a line; where it shows nothing, what stands comes before it."""
    if b"\r" not in line:
        return line
    before, _, newest = line.rpartition(b"\r")
    if _shows(newest):
        return newest
    end = len(before)
    while (start := before.rfind(b"\r", 0, end) + 1) and not _shows(before[start:end]):
        end = start - 1
    return before[start:end] + b"\r" + newest


def _standing(rest: bytes) -> bytes:
    return rest.partition(b"\r")[0]


def _shows(part: bytes) -> bool:
    """Whether a part of a line shows or erases anything."""
    if b"\x1b" not in part:
        return bool(part)
    import re

    return bool(re.sub(_NEUTRAL, b"", part))


def _pieces(line: bytes) -> list[bytes]:
    """A line in pieces of at most 64 KiB; at least one."""
    pieces = []
    start = 0
    while len(line) - start > LINE_LIMIT:
        end = _cut(line, start)
        pieces.append(_standing(line[start:end]))
        start = end
    return [*pieces, line[start:]]


def _cut(line: bytes, start: int) -> int:
    """Where a piece ends: not within a character, and not within a control sequence."""
    end = start + LINE_LIMIT
    for back in range(4):
        if line[end - back] & 0b1100_0000 != 0b1000_0000:  # it begins a character
            end -= back
            break
    if b"\x1b" in line[end - 64 : end]:
        import re

        if found := re.search(_INCOMPLETE, line[end - 64 : end]):
            end += found.start() - len(line[end - 64 : end])
    return end


class OutputFollower:
    """Reads a log while it grows.

    A log whose bytes before the offset aren't those that were read was cut to its `max_log`, once or
    more often: what is left behind the last cut, and wasn't read, is given next. Where no note tells
    of a cut, all that it holds counts as read.

    Attributes:
        offset: Bytes read so far; where the next are read from.

    Args:
        path: The log; it needn't be there yet.
        offset: Where to begin, in bytes.
    """

    def __init__(self, path: str, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self._tail = b""  # the last bytes read

    def read(self, limit: int = 1 << 20) -> bytes:
        """The next bytes, at most `limit`; none where there is nothing new."""
        try:
            size = os.stat(self.path).st_size
            known = len(self._tail)
            data = _bytes_at(self.path, self.offset - known, limit + known)
            if size < self.offset or not data.startswith(self._tail):
                self.offset = _after_cut(self.path, self.offset, size, self._tail)
                data = _bytes_at(self.path, self.offset, limit)
                known = 0
        except FileNotFoundError:
            return b""
        self._tail = data[-_TAIL:]
        self.offset += len(data) - known
        return data[known:]


def cut(path: str, limit: int) -> None:
    """Keep the first half of `limit` bytes of a log that is longer, and the newest.

    Others may go on appending to it meanwhile: that stays in its order, but for what comes in the
    very moment in which the log is made shorter, which is dropped as well.
    """
    head = limit // 2
    with open(path, "r+b", buffering=0) as log, open(path, "ab", buffering=0) as appended:
        size = os.fstat(log.fileno()).st_size
        newest = min(limit // 4, CUT_NEWEST)
        read = os.pread(log.fileno(), newest + CUT_NEWEST, size - newest)  # also what came since
        os.ftruncate(log.fileno(), head)
        size += len(read) - newest
        end = read[-newest:]
        dropped = size - head - len(end)
        note = f"\n[kogine: {dropped:,} bytes were dropped here: max_log is {limit:,}]\n"
        kept = note.encode() + end
        written = appended.write(kept)
        start = appended.tell() - written
        if written < len(kept):  # the disk is full, which is told now
            appended.write(kept[written:])
        elif 0 < start - head <= CUT_NEWEST:  # somebody was faster: newer goes behind older
            newer = os.pread(log.fileno(), start - head, head)
            os.pwrite(log.fileno(), kept + newer, head)


def _after_cut(path: str, offset: int, size: int, tail: bytes) -> int:
    """Where to go on in a log that was cut, whose bytes up to an offset, the last a tail, were read."""
    note = _note_of_cut(path, size)
    if note is None:
        return size
    head, left, dropped = note
    kept_from = head + dropped  # of what there was before the cut
    if offset <= kept_from:
        return min(size, left)
    after = left + offset - kept_from
    known = max(left, after - len(tail))
    if after <= size and tail.endswith(_bytes_at(path, known, after - known)):
        return after
    if not tail:
        return min(size, after)
    # It was cut more than once: the offset counts bytes that the last cut knew nothing of.
    found = _bytes_at(path, left, CUT_NEWEST).find(tail)
    return left if found < 0 else left + found + len(tail)


def _note_of_cut(path: str, size: int) -> tuple[int, int, int] | None:
    """Where the note of the last cut begins and ends, and of how many bytes it tells.

    Behind it, within what was kept then, there may be those of earlier cuts.
    """
    import re

    found = None
    end = size
    while end > 0:  # from the end: most often the note is near it
        start = max(0, end - CUT_NEWEST)
        note = re.search(_CUT_NOTE, _bytes_at(path, start, end - start + _NOTE_ROOM))
        if note:
            dropped = int(note[1].replace(b",", b""))
            found = (start + note.start(), start + note.end(), dropped)
        elif found:
            break
        end = start
    return found


def tail(path: str, lines: int = 20, limit: int = LINE_LIMIT) -> list[str]:
    """The last lines of a log, the one that has no end yet included.

    Args:
        path: The log; one that isn't there has no lines.
        lines: How many, at most.
        limit: How many bytes to look at, at most.
    """
    try:
        start = max(0, os.stat(path).st_size - limit)
        # The byte before tells whether a line begins here.
        data = _bytes_at(path, start - 1, limit + 1) if start else _bytes_at(path, 0, limit)
    except FileNotFoundError:
        return []
    if start:
        data = _from_a_line(data)
    reader = OutputReader()
    shown = reader.feed(data) + reader.close()
    return shown[-lines:] if lines > 0 else []


def _from_a_line(data: bytes) -> bytes:
    """Leave out a line whose start is missing; where there is no other, a torn character."""
    whole = data.partition(b"\n")[2]
    if whole:
        return whole
    first = data[1:4]
    return data[1 + len(first) - len(first.lstrip(bytes(range(0x80, 0xC0)))) :]


def _bytes_at(path: str, offset: int, limit: int) -> bytes:
    with open(path, "rb", buffering=0) as file:
        file.seek(offset)
        return file.read(limit)
