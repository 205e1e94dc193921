"""Messages between two of our processes: a line of JSON each, over a socket."""

from __future__ import annotations

import os

from ..runs.values import from_json, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHUNK = 1 << 16


class Messages:
    """One end of a socket over which messages go both ways.

    Args:
        fd: The socket's descriptor, which blocks.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._rest = b""

    def send(self, **message: object) -> None:
        """Send a message.

        Raises:
            OSError: The other end is closed.
        """
        left = memoryview(to_json(message) + b"\n")
        while left:
            left = left[os.write(self.fd, left) :]

    def receive(self) -> list[dict[str, Any]] | None:
        """Wait until something comes, and give the messages that are complete.

        Returns:
            The messages, which may be none; None where the other end is closed.
        """
        try:
            data = os.read(self.fd, _CHUNK)
        except ConnectionError:  # it was closed before it had read all that we sent
            data = b""
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [from_json(line) for line in lines]

    def close(self) -> None:
        """Close this end; nothing happens where it is."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
