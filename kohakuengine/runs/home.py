"""Where the store is: found like `.git`, upwards; and where its index can lie."""

from __future__ import annotations

import os

from ..errors import StoreError
from .paths import StorePaths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# On these, processes of several hosts see one file, but not each other's shared memory, which
# SQLite's write-ahead log is built on: https://sqlite.org/wal.html, "Overview".
NETWORK = frozenset(
    "9p afs beegfs ceph cifs fuse.ceph fuse.glusterfs fuse.sshfs gpfs lustre ncpfs nfs nfs4 orangefs"
    " smb smb2 smb3 smbfs".split()
)


def find_home(start: str | None = None) -> str:
    """The folder of the store that is meant in a working directory; it need not exist yet.

    `$KOGINE_HOME` wins; else it is the nearest `.kogine`, upwards; else it is to be made in the
    root of the git repository, or in the working directory where there is none.

    Args:
        start: The folder to look from; the working directory if None.
    """
    given = os.environ.get("KOGINE_HOME")
    if given:
        return os.path.abspath(os.path.expanduser(given))
    start = os.path.abspath(start or _working_directory())
    for folder in _upwards(start):
        if os.path.isdir(os.path.join(folder, ".kogine")):
            return os.path.join(folder, ".kogine")
    with_git = (f for f in _upwards(start) if os.path.exists(os.path.join(f, ".git")))
    return os.path.join(next(with_git, start), ".kogine")


def _working_directory() -> str:
    """The working directory; where that was removed, the user's home."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.path.expanduser("~")


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def make_home(home: str) -> None:
    """Make a store's folder, with what keeps git from seeing it; nothing happens if it is there.

    Raises:
        StoreError: It can't be made.
    """
    paths = StorePaths(home)
    try:
        for folder in (paths.flows, paths.runs):
            os.makedirs(folder, exist_ok=True)
        # Another process may be doing the same right now: it writes the same bytes.
        if not os.path.exists(paths.ignore) or not os.path.getsize(paths.ignore):
            with open(paths.ignore, "wb") as file:
                file.write(b"*\n")
    except OSError as error:
        raise cannot_make(paths.home, error) from error


def cannot_make(path: str, error: OSError) -> StoreError:
    """What is said where a folder or file of the store can't be made."""
    import errno

    reason = (error.strerror or str(error)).lower()
    advice = "make room there" if error.errno == errno.ENOSPC else "make that possible"
    return StoreError(
        f"the store can't be made in {path}: {reason}; {advice}, or name another folder"
        " in the variable KOGINE_HOME.",
        path=path,
    )


def index_path(paths: StorePaths, mounts: str | None = None) -> str:
    """Where a store's index lies: in the store, or in the user's cache on a network filesystem.

    Args:
        paths: The store.
        mounts: What is mounted, in the form of `/proc/mounts`; that file's text if None.
    """
    if mounts is None:
        mounts = _mounts()
    if _filesystem(os.path.realpath(paths.home), mounts) not in NETWORK:
        return paths.index
    from hashlib import sha256

    digest = sha256(os.fsencode(os.path.realpath(paths.home))).hexdigest()[:32]
    return os.path.join(_cache(), "kohakuengine", digest, os.path.basename(paths.index))


def _mounts() -> str:
    """What is mounted; nothing where no kernel tells, as on macOS."""
    try:
        with open("/proc/mounts", encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def _filesystem(path: str, mounts: str) -> str:
    """The type of the filesystem that a path is on; "" if it isn't known."""
    longest, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _plain(fields[1])
        # Of two mounts on one point, the later one covers the other.
        if len(point) >= len(longest) and _within(path, point):
            longest, kind = point, fields[2]
    return kind


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _plain(field: str) -> str:
    """A field of `/proc/mounts`, in which the kernel writes a space as `\\040`."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(escape, character)
    return field


def _cache() -> str:
    """The folder of this user's caches; a relative one in the variable counts for nothing."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return given if os.path.isabs(given) else os.path.join(os.path.expanduser("~"), ".cache")
