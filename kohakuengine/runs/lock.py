"""Who writes a flow: the process that holds the lock in its directory."""

from __future__ import annotations

import os
import threading
import time

from ..errors import StoreError
from .values import read_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from .paths import FlowPaths

    T = TypeVar("T")

# How long those who only look at a flow are waited for, in seconds.
_PATIENCE = 10.0

# The locks that this process holds. Whoever closes any descriptor of a locked file drops all locks
# of its process on it, so a file in here is never opened again, by none of our threads. A forked
# child holds none of them: the entries that it finds carry another process id.
_held: dict[tuple[int, str], FlowLock] = {}
_looking = threading.Lock()


def _look_anew() -> None:
    """In a forked child: the thread that was just looking has not come along."""
    global _looking
    _looking = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_look_anew)


class FlowLock:
    """The right to write a flow, held until released or until this process ends, however it does.

    A forked child doesn't hold it.

    Example:
        >>> lock = FlowLock.acquire(paths.lock)  # doctest: +SKIP
    """

    def __init__(self, path: str, file: int) -> None:
        self.path = path
        self._file = file
        self._key = _key(path)

    @classmethod
    def acquire(cls, path: str) -> FlowLock | None:
        """Take the lock, without waiting; None where somebody holds it, this process included.

        Args:
            path: The lock file; it is made where it isn't there, in a folder that is.

        Raises:
            StoreError: The file can't be made, or its filesystem has no locks.
        """
        with _looking:
            key = _key(path)
            if key in _held:
                return None
            try:
                file = _locked(path)
            except OSError as error:
                raise _cannot_take(path, error) from error
            if file is not None:
                _held[key] = cls(path, file)
            return _held.get(key)

    def release(self) -> None:
        """Let others have the lock; nothing happens if it has been released."""
        with _looking:
            file, self._file = self._file, -1
            if file >= 0:
                os.close(file)
                del _held[self._key]


def _key(path: str) -> tuple[int, str]:
    return os.getpid(), os.path.realpath(path)


def _locked(path: str) -> int | None:
    """The descriptor of a file, locked, with our process id in it; None where it is taken."""
    import fcntl

    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # In this order it needs no room on a disk that is full, but for the first time.
        os.ftruncate(file, os.write(file, b"%d\n" % os.getpid()))
    except (BlockingIOError, PermissionError):  # POSIX allows either
        os.close(file)
        return None
    except BaseException:
        os.close(file)
        raise
    return file


def _cannot_take(path: str, error: OSError) -> StoreError:
    import errno

    reason = (error.strerror or str(error)).lower()
    advice = "make room there" if error.errno == errno.ENOSPC else "make that file writable"
    return StoreError(
        f"the flow's lock {path} can't be taken: {reason}; {advice}, or name another"
        " folder for the store in the variable KOGINE_HOME.",
        path=path,
    )


def taken(paths: FlowPaths) -> FlowLock | None:
    """A flow's lock, once those who only settle it have let go of it; None where it goes on."""
    return _once_free(paths, lambda: FlowLock.acquire(paths.lock))


def flow_is_run(paths: FlowPaths) -> bool:
    """Whether some process runs the flow; those who only settle it are waited for."""
    return _once_free(paths, lambda: None if flow_is_live(paths) else True) is None


def _once_free(paths: FlowPaths, look: Callable[[], T | None]) -> T | None:
    deadline = time.monotonic() + _PATIENCE
    while (found := look()) is None:
        if goes_on(paths) or time.monotonic() > deadline:
            return None
        time.sleep(0.02)
    return found


def goes_on(paths: FlowPaths) -> bool:
    """Whether who holds a flow's lock runs it, and doesn't just settle it, as all who look do."""
    if os.path.exists(paths.ended):
        return False
    try:
        record = read_record(paths.record)
        holder = flow_holder(paths)
        away = holder == 0 and record["host"] != os.uname().nodename  # then it most likely runs it
        return bool(away or record["pid"] == holder)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def flow_is_live(paths: FlowPaths) -> bool:
    """Whether some process, this one included, holds the flow's lock."""
    return flow_holder(paths) is not None


def flow_holder(paths: FlowPaths) -> int | None:
    """The id of the process that holds the flow's lock; None where nobody does.

    It is 0 where the holder is on another host.
    """
    with _looking:
        if _key(paths.lock) in _held:
            return os.getpid()
        try:
            file = os.open(paths.lock, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return _asked(file)
        except OSError:  # a filesystem without locks: nobody can hold one
            return None
        finally:
            os.close(file)


def held_since(paths: FlowPaths) -> float:
    """When the process that holds a flow's lock took it, in seconds since 1970: then it was written.

    Raises:
        OSError: There is no lock.
    """
    return os.stat(paths.lock).st_mtime


def _asked(file: int) -> int | None:
    """Who holds a lock on a file, as the kernel tells; to try it would be to hold it for a moment,
    in which a coordinator that wants it finds it taken."""
    import fcntl
    import struct
    import sys

    linux = sys.platform == "linux"
    # struct flock of <fcntl.h>: on Linux type, whence, start, length, process; elsewhere (macOS and
    # the BSDs) start, length, process, type, whence.
    layout = "hhqqi4x" if linux else "qqihh"
    lock = (fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0) if linux else (0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
    answer = struct.unpack(layout, fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(layout, *lock)))
    kind, process = (answer[0], answer[4]) if linux else (answer[3], answer[2])
    return None if kind == fcntl.F_UNLCK else max(process, 0)
