"""Remove runs and flows from the store."""

from __future__ import annotations

import os
from contextlib import suppress

from ..errors import NotFoundError, StoreError
from .cells import counted
from .lock import flow_is_run, taken
from .paths import StorePaths
from .values import read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .store import RunStore

    Seen = tuple[str, str, str, int | None]

# A folder that is being removed is `.<id>.removed` until it is gone. No listing takes it for a run,
# so that a removal which is killed removes each run as a whole or not at all.
_END = ".removed"

# What of a run's row a removal is planned by: a run that is otherwise by then isn't what was meant.
SEEN = ("id", "flow", "status", "attempts")


class Removal:
    """What is to be removed, or has been.

    Attributes:
        runs: Ids of runs.
        flows: Ids of flows; one whose last run goes, goes too.
        seen: What the removal of the runs was planned by, by id; None where it isn't looked at.
        known: The ids of all runs that their flow had then.
    """

    def __init__(
        self,
        runs: Sequence[str] = (),
        flows: Sequence[str] = (),
        seen: Mapping[str, Seen] | None = None,
        known: Iterable[str] = (),
    ) -> None:
        self.runs = list(runs)
        self.flows = list(flows)
        self.seen = seen
        self.known = set(known)

    def folders(self, paths: StorePaths) -> list[str]:
        """The folders of all of them."""
        flows = [paths.flow(id).folder for id in self.flows]
        return [*flows, *(paths.run(id).folder for id in self.runs)]


def plan_removal(store: RunStore, runs: Iterable[Seen], flows: Iterable[str]) -> dict[str, Removal]:
    """What it means to remove these runs, and these flows with all of their runs; by flow.

    Args:
        store: Where they are kept.
        runs: `SEEN` of the runs, as they were when they were chosen.
        flows: Whole ids of flows.
    """
    wanted = {id: _seen(store, id) for id in flows}
    whole = set(wanted)
    for row in runs:
        wanted.setdefault(row[1], {}).setdefault(row[0], row)
    found = {}
    for flow, seen in wanted.items():
        there = store.ids(flow=flow)
        gone = flow in whole or set(there) <= seen.keys()
        known = [*seen, *store.paths.flow(flow).listed()]
        found[flow] = Removal([id for id in there if id in seen], [flow] * gone, seen, known)
    return found


def _seen(store: RunStore, flow: str) -> dict[str, Seen]:
    return {row[0]: row for row in store.glance(SEEN, flow=flow)}


def going_on(store: RunStore, flows: Iterable[str]) -> list[str]:
    """Those of these flows that go on."""
    return [id for id in flows if flow_is_run(store.paths.flow(id))]


def remove(
    store: RunStore, plan: dict[str, Removal], note: Callable[[str], None] = lambda text: None
) -> Removal:
    """Remove runs and flows: their folders, and what the index says of them.

    Whatever happens meanwhile, each run and flow is there or is gone, and what isn't any more as it
    was when its removal was planned stays. What an earlier removal couldn't delete, as it was
    killed, is deleted, too.

    Args:
        store: Where they are kept.
        plan: As `plan_removal` gives it.
        note: Is told what stays.

    Raises:
        StoreError: A folder can't be removed.
    """
    done = Removal()
    texts = _cells_of(store.paths, (id for one in plan.values() for id in one.flows))
    forgotten: list[tuple[str, Removal]] = []  # but not yet by the index
    for flow, removal in plan.items():
        with_lock = os.path.isdir(store.paths.flow(flow).folder)
        lock = taken(store.paths.flow(flow)) if with_lock else None
        if with_lock and lock is None:
            note(it_goes_on(flow, removal))
            continue
        try:
            removal = _as_planned(store, flow, removal, note)
            if not _remove(store, flow, removal):
                forgotten.append((flow, removal))
        finally:
            if lock is not None:
                lock.release()
        done.runs += removal.runs
        done.flows += removal.flows
    for folder in _leftovers(store.paths):
        _delete(folder)
    for flow, removal in forgotten:
        _forget(store, flow, removal)
    _delete_cells(store.paths, texts)
    return done


def it_goes_on(flow: str, removal: Removal) -> str:
    """What is said where a flow goes on, so that nothing of it is removed."""
    return _stay(flow, len(removal.runs), "which goes on")


def _stay(flow: str, runs: int, why: str) -> str:
    return f"{counted(runs, 'run')} of flow {flow[:8]}, {why}, stay{'s' * (runs == 1)}."


def _as_planned(
    store: RunStore, flow: str, removal: Removal, note: Callable[[str], None]
) -> Removal:
    """What of a removal still is as it was planned; the flow's lock is held."""
    if removal.seen is None:
        return removal
    now = _seen(store, flow)
    runs = [id for id in removal.runs if _is_same(store, removal.seen[id], now.get(id))]
    changed = len(removal.runs) - len(runs)
    if changed:
        note(_stay(flow, changed, "which went on meanwhile"))
    more = {*now, *store.paths.flow(flow).listed()} - removal.known
    if more and removal.flows:
        note(f"flow {flow[:8]} stays, since it has got other runs meanwhile.")
    return Removal(runs, [] if changed or more else removal.flows)


def _is_same(store: RunStore, seen: Seen, now: Seen | None) -> bool:
    """Whether a run is as it was; the index may not know yet that it was tried again."""
    return now in (None, seen) and store.paths.run(seen[0]).last_attempt() <= (seen[3] or 0)


def is_going_on(store: RunStore, flow: str) -> StoreError:
    """What is said where a flow would have to have ended."""
    try:
        name = store.flow(flow)["name"]
    except NotFoundError:
        name = None
    called = f" ({name})" if name else ""
    return StoreError(
        f"flow {flow[:8]}{called} is going on, so its runs can't be removed: wait until it has"
        f" ended, or end it by kogine cancel {flow[:8]}.",
        path=store.paths.flow(flow).folder,
    )


def _remove(store: RunStore, flow: str, removal: Removal) -> bool:
    """Remove what is to go of one flow; False where there is no room to say so in the index."""
    # First out of the way, which takes no time; then the index; and what takes long comes last.
    away = [_put_away(folder) for folder in removal.folders(store.paths)]
    told = True
    try:
        _forget(store, flow, removal)
    except StoreError as error:
        if not error.full:
            raise
        told = False  # until there is more room
    for folder in away:
        if folder is not None:
            _delete(folder)
    return told


def _forget(store: RunStore, flow: str, removal: Removal) -> None:
    with store.transaction():
        store.remove_runs(removal.runs)
        if removal.flows:
            store.remove_flow(flow)


def _put_away(folder: str) -> str | None:
    """Rename a folder to one that is being removed; None where there is none."""
    place, name = os.path.split(folder)
    away = os.path.join(place, f".{name}{_END}")
    try:
        if os.path.lexists(away):  # an earlier removal of the same folder, which came back
            _delete(away)
        os.rename(folder, away)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot_remove(folder, error) from error
    return away


def _delete(folder: str) -> None:
    import shutil

    if os.path.islink(folder):
        os.unlink(folder)
        return
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return  # another removal was faster
    except OSError:
        _delete_unwritable(folder)


def _delete_unwritable(folder: str) -> None:
    """Delete a folder in which scripts left folders that nobody may write to."""
    import shutil

    for place, _, _ in os.walk(folder):
        try:
            os.chmod(place, 0o700)
        except OSError:
            continue
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot_remove(folder, error) from error


def _cannot_remove(folder: str, error: OSError) -> StoreError:
    reason = (error.strerror or str(error)).lower()
    return StoreError(
        f"{folder} can't be removed: {reason}; make it and the folder above writable.", path=folder
    )


def _cells_of(paths: StorePaths, flows: Iterable[str]) -> set[str]:
    """The names of the files of a notebook's cells which flows were runs of."""
    found: set[str] = set()
    for flow in flows:
        try:
            scripts = read_json(paths.flow(flow).record).get("scripts", ())
        except (OSError, ValueError, AttributeError):  # it has just been removed, or is damaged
            continue
        found.update(os.path.basename(path) for path in scripts if _is_in(paths.cells, path))
    return found


def _is_in(folder: str, path: str) -> bool:
    return os.path.dirname(os.path.abspath(path)) == folder


def _delete_cells(paths: StorePaths, names: set[str]) -> None:
    """Delete the files of cells that no flow was a run of that is still there."""
    if not names:
        return
    used = _cells_of(paths, _names(paths.flows))
    for name in names - used:
        with suppress(OSError):  # another removal was faster, or it can't be
            os.unlink(os.path.join(paths.cells, name))


def _leftovers(paths: StorePaths) -> Iterator[str]:
    groups = [paths.flows, *(os.path.join(paths.runs, name) for name in _names(paths.runs))]
    for group in groups:
        for name in _names(group):
            if name.startswith(".") and name.endswith(_END):
                yield os.path.join(group, name)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
