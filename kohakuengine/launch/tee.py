"""Keep what is printed in this process, and pass it on."""

from __future__ import annotations

import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, BinaryIO


class Tee:
    """Stands in for a text stream: what is written to it is written to a log, too.

    All else is the stream's own.

    Args:
        stream: What it stands in for.
        log: A binary file that isn't buffered.
        echo: Whether the stream gets what is written.
    """

    def __init__(self, stream: Any, log: BinaryIO, echo: bool) -> None:
        self._stream = stream
        self._log = log
        self._echo = echo

    def write(self, text: str) -> int:
        """Write a text to the log, and to the stream."""
        data = text.encode("utf-8", "backslashreplace")
        self._log.write(data)
        if self._echo:
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:
        """The stream of bytes below."""
        return _BinaryTee(self._stream.buffer, self._log, self._echo)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)


class _BinaryTee(Tee):
    def write(self, data: Any) -> int:
        self._log.write(bytes(data))
        if self._echo:
            self._stream.write(data)
        return memoryview(data).nbytes


@contextmanager
def logged(path: str, echo: bool) -> Iterator[None]:
    """While active, what this process prints through `sys.stdout` and `sys.stderr` is kept.

    Args:
        path: The log, which is appended to.
        echo: Whether it is also printed.
    """
    saved = sys.stdout, sys.stderr
    with open(path, "ab", buffering=0) as log:
        sys.stdout, sys.stderr = (
            stream if stream is None else Tee(stream, log, echo) for stream in saved
        )
        try:
            yield
        finally:
            sys.stdout, sys.stderr = saved
