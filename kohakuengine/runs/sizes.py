"""How much room the store and its flows take on the disk."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .store import RunStore

_BLOCK = 512  # bytes, of which `st_blocks` counts the number, on every system


def size_of(*paths: str) -> int:
    """How many bytes files and folders, with all that is in them, take on the disk.

    Links aren't followed, and a file with several names counts once. What can't be read counts
    nothing.
    """
    return sum(sizes_of(*paths))


def sizes_of(*paths: str) -> list[int]:
    """How many bytes each of them takes; a file that several have counts for the first one."""
    seen: set[tuple[int, int]] = set()
    return [sum(_size(status, seen) for status in _statuses(path)) for path in paths]


def _size(status: os.stat_result, seen: set[tuple[int, int]]) -> int:
    if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
        key = (status.st_dev, status.st_ino)
        if key in seen:
            return 0
        seen.add(key)
    return int(getattr(status, "st_blocks", 0) * _BLOCK or status.st_size)


def _statuses(path: str) -> Iterator[os.stat_result]:
    """The status of a file; of a folder its own, and of all that is in it."""
    try:
        yield os.lstat(path)
    except OSError:
        return
    waiting = [path]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:  # a file, or a folder that is gone or can't be read
            continue


def usage(store: RunStore) -> dict[str, Any]:
    """How many bytes a store takes, and which of its flows take them.

    Returns:
        `home`; `bytes` of all; `index`, the bytes of the index; `flows`, the greatest first: `id`,
        `name`, `created`, `status`, `runs` (how many) and `bytes` of each; `other`: the bytes of
        what belongs to none of them.
    """
    flows = [_usage_of(store, flow) for flow in store.flows()]
    flows.sort(key=lambda flow: -flow["bytes"])
    index = size_of(*(store.index + end for end in ("", "-wal", "-shm")))
    whole = size_of(store.paths.home)
    if not store.index.startswith(store.paths.home):
        whole += index
    other = whole - index - sum(flow["bytes"] for flow in flows)
    return {
        "home": store.paths.home,
        "bytes": whole,
        "index": index,
        "flows": flows,
        "other": max(0, other),  # of a store that grows meanwhile
    }


def _usage_of(store: RunStore, flow: dict[str, Any]) -> dict[str, Any]:
    ids = store.ids(flow=flow["id"])
    folders = (store.paths.run(id).folder for id in ids)
    return {
        **{name: flow[name] for name in ("id", "name", "created", "status")},
        "runs": len(ids),
        "bytes": size_of(store.paths.flow(flow["id"]).folder, *folders),
    }
