"""How far a run is, from the progress bar that it prints."""

from __future__ import annotations

import os
import re

from ...runs.output import OutputReader, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_TAIL: Final = 2_048  # bytes of a log in which its last line is looked for
_PERCENT = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d+)?) ?%")
_OF = re.compile(
    r"(?<![\w./-])(\d{1,12})(?:\.\d+)?[kMG]? ?/ ?(\d{1,12})(?:\.\d+)?[kMG]?(?![\w/-]|\.\d)"
)
_WIDTH = 300  # characters of a line that are shown
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def fraction_in(line: str) -> float | None:
    """How far a progress bar is, from 0 to 1; None where a line is none.

    Example:
        >>> fraction_in(" 30%|###       | 3/10 [00:01<00:02,  3.10it/s]")
        0.3
        >>> fraction_in("epoch 3/12"), fraction_in("loss: 0.3")
        (0.25, None)
    """
    found = _OF.search(line)
    if found and 0 < int(found[2]) and int(found[1]) <= int(found[2]):
        return int(found[1]) / int(found[2])
    found = _PERCENT.search(line)
    if found and float(found[1]) <= 100:
        return float(found[1]) / 100
    return None


class Progress:
    """The last line of a log, and how far it says that its run is.

    Args:
        path: The log.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = -1
        self._offset = 0
        self._tail = b""
        self._quiet = 0  # looks since anything came
        self._told: tuple[float | None, str] | None = None

    def look(self, *, keep: bool = False) -> tuple[float | None, str] | None:
        """How far it is, and the line; None where nothing has changed since the last look.

        Args:
            keep: Keep the log open, as it is looked at again soon: to open it is what costs most.
        """
        try:
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            if not self._read(self._file):
                return None
        except OSError:
            return None
        finally:
            if not keep:
                self.close()
        told = _last(self._tail)
        if told == self._told:
            return None
        self._told = told
        return told

    def _read(self, file: int) -> bool:
        """Take in what has come; most often that is a look at the place where the log ended."""
        data = os.pread(file, _TAIL, self._offset)
        if len(data) == _TAIL or (not data and self._is_to_be_measured()):
            size = os.fstat(file).st_size
            if size == self._offset:
                return False
            self._tail = b""
            self._offset = max(0, size - _TAIL)  # it has been cut, or much has come
            data = os.pread(file, _TAIL, self._offset)
        self._offset += len(data)
        self._tail = (self._tail + data)[-_TAIL:]
        return bool(data)

    def _is_to_be_measured(self) -> bool:
        self._quiet = (self._quiet + 1) % 50
        return not self._quiet

    def close(self) -> None:
        """Close the log; a later look opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _last(data: bytes) -> tuple[float | None, str]:
    line = _plain_line(data) or _shown_line(data)
    return fraction_in(line), line[:_WIDTH]


def _plain_line(data: bytes) -> str:
    """The line that has no end yet, where it is text and nothing else, as nearly all bars are."""
    begin = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
    try:
        line = data[begin:].decode()
    except UnicodeDecodeError:
        return ""
    return "" if _CONTROL.search(line) else line.strip()


def _shown_line(data: bytes) -> str:
    """The last line that shows anything, as a terminal has it."""
    reader = OutputReader()
    lines = reader.feed(data)
    live = plain(reader.live).strip()
    line = live or next((text for text in map(plain, reversed(lines)) if text.strip()), "")
    return line.strip()
