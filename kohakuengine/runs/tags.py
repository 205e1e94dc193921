"""Tag runs: words by which they are found again."""

from __future__ import annotations

import os

from ..errors import StoreError
from .lock import flow_is_run, taken
from .values import read_record, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .store import RunStore


def tag_run(store: RunStore, id: str, add: Sequence[str], remove: Sequence[str]) -> list[str]:
    """Change the tags of a run.

    Args:
        store: Where it is kept.
        id: Its whole id.
        add: Tags that it is to have.
        remove: Tags that it isn't to have.

    Returns:
        Its tags.

    Raises:
        StoreError: The store can't be written.
    """
    before = store.run(id)["tags"]
    tags = _changed(before, add, remove)
    if tags != before:
        paths = store.paths.run(id)
        try:
            write_json(paths.tags, tags)
        except OSError as error:
            raise _cannot_write(paths.tags, error) from error
        store.update_run(id, tags=tags)
    return tags


def tag_flow(store: RunStore, id: str, add: Sequence[str], remove: Sequence[str]) -> list[str]:
    """Change the tags of a flow that has ended, and of all of its runs; else as `tag_run`."""
    for run in store.ids(flow=id):
        tag_run(store, run, add, remove)
    before = store.flow(id)["tags"]
    tags = _changed(before, add, remove)
    if tags != before:
        _write_flow(store, id, tags)
        store.update_flow(id, tags=tags)
    return tags


def check_ended(store: RunStore, id: str) -> None:
    """See to it that a flow has ended: its coordinator would undo what is written of it.

    Raises:
        StoreError: It goes on.
    """
    if flow_is_run(store.paths.flow(id)):
        raise _is_going_on(store, id)


def _write_flow(store: RunStore, id: str, tags: list[str]) -> None:
    paths = store.paths.flow(id)
    if not os.path.isdir(paths.folder):
        return  # somebody removed it; the index is all that is left
    lock = taken(paths)
    if lock is None:
        raise _is_going_on(store, id)
    try:
        record: dict[str, Any] = read_record(paths.record)
        write_json(paths.record, {**record, "tags": tags})
    except OSError as error:
        raise _cannot_write(paths.record, error) from error
    finally:
        lock.release()


def _changed(tags: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> list[str]:
    return [tag for tag in dict.fromkeys([*tags, *add]) if tag not in remove]


def _is_going_on(store: RunStore, id: str) -> StoreError:
    return StoreError(
        f"flow {id[:8]} is going on: tag it when it has ended, or tag single runs of it.",
        path=store.paths.flow(id).folder,
    )


def _cannot_write(path: str, error: OSError) -> StoreError:
    reason = (error.strerror or str(error)).lower()
    return StoreError(f"{path} can't be written: {reason}.", path=path)
