"""What is noted of an attempt while it goes on: its metrics, one JSON object a line, only appended.

A script's own `log()` writes `{"t": ..., "step": ..., "logged": {...}}`; what is found in its
output is `{"t": ..., "step": ..., "printed": {...}, "offset": ...}`. Names that the script
logs itself win: what it prints under them is left out.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Point(tuple[str, float, "float | None", float]):
    """One value of a metric: name, value, step if one was said, and time in unix seconds."""

    __slots__ = ()

    def __new__(cls, name: str, value: float, step: float | None, time: float) -> Point:
        return tuple.__new__(cls, (name, value, step, time))

    @property
    def name(self) -> str:
        return self[0]

    @property
    def value(self) -> float:
        return self[1]

    @property
    def step(self) -> float | None:
        return self[2]

    @property
    def time(self) -> float:
        return self[3]


def append(path: str, records: list[dict[str, Any]]) -> None:
    """Append records to a journal, which is made where it isn't there.

    All are written at once, so that processes which write to one journal don't mix their lines. A
    torn line that a full disk left is ended first, so that it costs no record but its own.

    Raises:
        OSError: The journal can't be written.
    """
    if not records:
        return
    import json

    data = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records).encode()
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags, 0o666)
    try:
        _write(file, b"\n" + data if _is_torn(file) else data)
    finally:
        os.close(file)


def _is_torn(file: int) -> bool:
    """Whether the last line of a file has no end."""
    if not os.lseek(file, 0, os.SEEK_END):
        return False
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) != b"\n"


def _write(file: int, data: bytes) -> None:
    written = os.write(file, data)
    if written < len(data):
        import errno

        raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes could be written")


def read(path: str) -> list[dict[str, Any]]:
    """The records of a journal, in order; torn lines, and all but JSON objects, are left out."""
    try:
        with open(path, "rb") as file:
            return _records(file.read())
    except FileNotFoundError:
        return []


def _records(data: bytes) -> list[dict[str, Any]]:
    import json

    records = []
    for line in data.decode("utf-8", "replace").split("\n"):
        if line.startswith("{"):
            try:
                records.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
    return records


def history(path: str) -> list[Point]:
    """Every value of every metric, in the order in which they were noted."""
    records = read(path)
    return _points(records, {name for record in records for name, _ in _values(record, "logged")})


class JournalFollower:
    """Reads a journal while it grows. A name counts as logged from its first such record on.

    Args:
        path: The journal; it needn't be there yet.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0
        self._logged: set[str] = set()

    def look(self) -> list[Point]:
        """The values that were noted since the last look."""
        try:
            if os.stat(self._path).st_size <= self._offset:
                return []
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        records = _records(whole)
        self._logged.update(name for record in records for name, _ in _values(record, "logged"))
        return _points(records, self._logged)


def _points(records: list[dict[str, Any]], logged: set[str]) -> list[Point]:
    points = []
    for record in records:
        time = _number(record.get("t"))
        if time is None:
            continue
        step = _number(record.get("step"))
        printed = [pair for pair in _values(record, "printed") if pair[0] not in logged]
        for name, value in [*_values(record, "logged"), *printed]:
            points.append(Point(name, value, step, time))
    return points


def _values(record: dict[str, Any], kind: str) -> Iterator[tuple[str, float]]:
    values = record.get(kind)
    for name, value in values.items() if isinstance(values, dict) else ():
        if (number := _number(value)) is not None:
            yield name, float(number)


def _number(value: object) -> float | None:
    """What is a number of JSON's, None for anything else."""
    if type(value) is int and abs(value) < 2**63:
        return value
    return value if type(value) is float else None


def latest(path: str) -> dict[str, float]:
    """The newest value of each metric."""
    return {point.name: point.value for point in history(path)}


def printed_offset(path: str) -> int:
    """How far, in bytes, the output has been searched for metrics."""
    offsets = (record.get("offset") for record in read(path))
    return max((offset for offset in offsets if type(offset) is int), default=0)
