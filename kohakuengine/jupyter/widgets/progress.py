"""How far a run is, from the progress bar that it prints."""

from __future__ import annotations

import re

from ...runs.output import OutputReader, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_TAIL: Final = 4_096  # bytes of a log in which its last line is looked for
_PERCENT = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d+)?) ?%")
_OF = re.compile(
    r"(?<![\w./-])(\d{1,12})(?:\.\d+)?[kMG]? ?/ ?(\d{1,12})(?:\.\d+)?[kMG]?(?![\w/-]|\.\d)"
)
_WIDTH = 300  # characters of a line that are shown


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
        self._size = -1
        self._told: tuple[float | None, str] | None = None

    def look(self) -> tuple[float | None, str] | None:
        """How far it is, and the line; None where nothing has changed since the last look."""
        try:
            with open(self._path, "rb", buffering=0) as file:
                size = file.seek(0, 2)
                if size == self._size:
                    return None
                file.seek(max(0, size - _TAIL))
                data = file.read(_TAIL)
        except OSError:
            return None
        self._size = size
        told = _last(data)
        if told == self._told:
            return None
        self._told = told
        return told


def _last(data: bytes) -> tuple[float | None, str]:
    reader = OutputReader()
    lines = reader.feed(data)
    live = plain(reader.live).strip()
    line = live or next((text for text in map(plain, reversed(lines)) if text.strip()), "")
    return fraction_in(line), line.strip()[:_WIDTH]
