"""Relay what one process prints, as it comes, to where we print and to its log.

The process finds a terminal where we have one (a pseudo-terminal, as large as ours), and a pipe
where we don't; stdout and stderr are apart where ours are. Its standard input and its process group
are ours: so Ctrl-C, Ctrl-Z, `input()` and debuggers work as they do without us in between.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[bytes], object]

_CHUNK = 1 << 16

# How often the wait for output is left, in milliseconds: a signal that comes in the moment before
# Python waits is handled when that wait is over.
_TICK = 500


class Channel:
    """One way from the process to us: the end it writes to, and the end we read from.

    Attributes:
        theirs: The descriptor for the process; None once we have closed our copy of it.
    """

    def __init__(self, target: int, write: Write | None) -> None:
        self.write: Write = write or (lambda data: _write_all(target, data))
        self.target = target
        self.terminal = write is None and os.isatty(target)
        self.ours, theirs = _pseudo_terminal(target) if self.terminal else os.pipe()
        self.theirs: int | None = theirs

    def let_go(self) -> None:
        """Close our copy of the process' end, so that we see when all others are closed."""
        if self.theirs is not None:
            os.close(self.theirs)
            self.theirs = None

    def read(self) -> bytes:
        """What has come; empty at the end."""
        try:
            return os.read(self.ours, _CHUNK)
        except OSError:  # EIO: no process has the terminal any more
            return b""

    def close(self) -> None:
        """Close our end: what writes to it now is told that nobody listens."""
        self.let_go()
        if self.ours >= 0:
            os.close(self.ours)
            self.ours = -1


class Relay:
    """The channels for stdout and stderr of one process.

    Args:
        log: The path of the file that gets all that comes, in order.
        out: Is given what comes on stdout, in place of our own stdout.
        err: Is given what comes on stderr, in place of our own stderr.

    Attributes:
        stdout, stderr: The descriptors for the process; None where ours is closed, as its own is
            then to be.
        log_fault: Why the log isn't whole, or None.
        output_fault: Why not all that came on stdout could be passed on, or None.
    """

    def __init__(self, log: str, out: Write | None = None, err: Write | None = None) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.log_fault: OSError | None = None
        self.output_fault: OSError | None = None
        first = Channel(1, out) if out or sys.stdout is not None else None
        if first and out is None and err is None and sys.stderr is not None and _same_place(1, 2):
            second: Channel | None = first
        else:
            second = Channel(2, err) if err or sys.stderr is not None else None
        self.stdout = first.theirs if first else None
        self.stderr = second.theirs if second else None
        self._all = [channel for channel in dict.fromkeys([first, second]) if channel]

    def run(self, until: int) -> None:
        """Relay until a process has ended and all that it has printed is through.

        Args:
            until: A descriptor that becomes readable when the process has ended.
        """
        poll = select.poll()
        poll.register(until, select.POLLIN)
        for channel in self._all:
            channel.let_go()
            poll.register(channel.ours, select.POLLIN)
        open_ones = {channel.ours: channel for channel in self._all}
        with self._window_sizes():
            while open_ones:
                ready = [fd for fd, _ in poll.poll(_TICK)]
                if ready == [until]:
                    break  # something that can't be ended holds the channel, and is silent
                for fd in ready:
                    if fd in open_ones and not self._pass_on(open_ones[fd]):
                        poll.unregister(fd)
                        open_ones.pop(fd).close()

    def close(self) -> None:
        """Close what is open."""
        for channel in self._all:
            channel.close()
        if self._log >= 0:
            os.close(self._log)
            self._log = -1

    def _pass_on(self, channel: Channel) -> bool:
        """Pass on what has come; False when no more is to be expected, or wanted."""
        data = channel.read()
        self._keep(data)
        try:
            channel.write(data)
        except OSError as error:  # as with `| head -1`: what is printed next fails as without us
            if channel.target == 1:
                self.output_fault = error
            return False
        return bool(data)

    def _keep(self, data: bytes) -> None:
        if self.log_fault is not None:
            return
        try:
            _write_all(self._log, data)
        except OSError as error:  # a full disk is no reason to keep it from the terminal
            self.log_fault = error

    @contextmanager
    def _window_sizes(self) -> Iterator[None]:
        """Pass on changes of our terminal's size."""
        import threading

        in_main = threading.current_thread() is threading.main_thread()
        terminals = [channel for channel in self._all if channel.terminal]
        if not (in_main and terminals):
            yield
            return

        def resize(number: int, frame: object) -> None:
            for channel in terminals:
                if channel.ours >= 0:
                    _copy_size(channel.target, channel.ours)

        before = signal.signal(signal.SIGWINCH, resize)
        try:
            yield
        finally:
            signal.signal(signal.SIGWINCH, before)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:  # somebody made it non-blocking: other holders share that
            select.select([], [fd], [])


def _same_place(one: int, other: int) -> bool:
    try:
        first, second = os.fstat(one), os.fstat(other)
    except OSError:
        return False  # one of them is closed
    return os.path.samestat(first, second)


def _pseudo_terminal(like: int) -> tuple[int, int]:
    """A terminal that behaves like another one; what is printed to it comes out as it went in."""
    import termios

    ours, theirs = os.openpty()
    attributes = termios.tcgetattr(like)
    attributes[1] &= ~termios.OPOST  # line ends are the business of the terminal behind it
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    _copy_size(like, theirs)
    return ours, theirs


def _copy_size(source: int, target: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8))
