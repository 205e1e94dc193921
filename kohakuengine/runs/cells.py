"""Values as people read them in a table: short, on one line, and nothing that moves a cursor."""

from __future__ import annotations

from ..config.fit import short_repr
from .output import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The colour of each status, as rich calls it.
STYLES = {
    "queued": "dim",
    "running": "cyan",
    "paused": "yellow",
    "finished": "green",
    "failed": "red",
    "timed_out": "red",
    "cancelled": "yellow",
    "interrupted": "yellow",
}
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")


def one_line(text: str, width: int | None = None) -> str:
    """A text on one line, without control characters, cut to a number of characters.

    Example:
        >>> one_line("a\\n b\\x1b[31mred", 4)
        'a b…'
    """
    line = " ".join(plain(text).split())
    if not line.isprintable():
        line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
    return line if width is None or len(line) <= width else line[: width - 1] + "…"


def shown(value: object, width: int | None = None) -> str:
    """A value of a parameter, metric or fact: a text as it is, all else as its repr.

    Example:
        >>> shown("adam"), shown(0.1), shown(None), shown(1 / 3)
        ('adam', '0.1', 'None', '0.333333')
    """
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else short_repr(value, width or 10_000)
    return one_line(text, width)


def duration_text(seconds: float | None) -> str:
    """A time span in at most two units; empty where there is none.

    Example:
        >>> [duration_text(seconds) for seconds in (0.125, 75, 7_322, 200_000)]
        ['0.12s', '1m15s', '2h02m', '2d07h']
    """
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.2f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f}s"
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3_600}h{whole // 60 % 60:02}m"
    return f"{whole // 86_400}d{whole // 3_600 % 24:02}h"


def age_text(seconds: float) -> str:
    """How long something is past, in one unit.

    Example:
        >>> [age_text(seconds) for seconds in (3, 300, 90_000, 9_000_000)]
        ['3s ago', '5m ago', '1d ago', '14w ago']
    """
    for unit, size in (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size * (2 if unit == "w" else 1):
            return f"{int(seconds // size)}{unit} ago"
    return f"{int(max(0.0, seconds))}s ago"


def time_text(seconds: float | None) -> str:
    """A moment in local time; empty where there is none."""
    if seconds is None:
        return ""
    from datetime import datetime

    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def size_text(size: int) -> str:
    """A number of bytes.

    Example:
        >>> size_text(512), size_text(1_536), size_text(5_000_000_000)
        ('512 B', '1.5 KiB', '4.7 GiB')
    """
    if size < 1024:
        return f"{size} B"
    amount = float(size)
    for unit in _UNITS:
        amount /= 1024
        if amount < 1023.95 or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}"


def counted(number: int, word: str) -> str:
    """A number with its word.

    Example:
        >>> counted(1, "run"), counted(20, "run")
        ('1 run', '20 runs')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns, two spaces apart; empty columns are left out.

    Example:
        >>> print(table([("lr", "", "0.1"), ("epochs", "", "10")]))
        lr      0.1
        epochs  10
    """
    columns = [column for column in zip(*rows) if any(column)]
    widths = [max(map(_width, column)) for column in columns]
    lines = []
    for row in zip(*columns):
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)
