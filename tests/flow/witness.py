"""What the flows' tests look at: processes that are left, and what the store and its folders say."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kohakuengine.launch.live_servers import MARK as SERVER
from kohakuengine.runs.columns import decoded, encoded
from kohakuengine.runs.outcome import FINISHED, read_outcome
from kohakuengine.runs.paths import AttemptPaths, RunPaths
from kohakuengine.runs.rows import row_of_flow, row_of_run
from kohakuengine.runs.store import RunStore

KOGINE = [sys.executable, "-m", "kohakuengine"]

PATIENCE = 60.0  # for anything to happen, in seconds

# Is set for all that a store's processes start: warm servers, and so their forks, don't have the
# variables that are ours.
MARK = "TEST_STORE"


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something to become true, and fail when it doesn't in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.005)


# ---- processes ----


def carrying(variable: str, value: str) -> set[int]:
    """The processes, but for this one, that have a variable with a value in their environment."""
    wanted = os.fsencode(f"{variable}={value}")
    found = set()
    for name in os.listdir("/proc"):
        if name.isdecimal() and wanted in _environment(name) and not _is_zombie(name):
            found.add(int(name))
    return found - {os.getpid()}


def _environment(pid: str) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []  # it has ended


def _is_zombie(pid: str) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # not even that


def use_store(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    """Have what is started from now on use a store, and belong to it."""
    monkeypatch.setenv("KOGINE_HOME", home)
    monkeypatch.setenv(MARK, home)


def belonging(home: str) -> set[int]:
    """The processes, but for this one, that belong to a store."""
    return carrying(MARK, home) | carrying("KOGINE_HOME", home)


def servers(owner: int | None = None) -> list[psutil.Process]:
    """The warm servers that a process, by default this one, has started and that are alive."""
    found = []
    for child in psutil.Process(owner).children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if child.status() != psutil.STATUS_ZOMBIE and SERVER in " ".join(child.cmdline()):
                found.append(child)
    return found


def has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended, be it collected or not."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def kept() -> set[int]:
    """The warm servers that this process keeps for its next flow, with their inits that are idle."""
    found = set()
    for server in servers():
        found.add(server.pid)
        with contextlib.suppress(psutil.Error):
            found |= {init.pid for init in server.children() if not init.children()}
    return found


def assert_nothing_left(home: str, seconds: float = PATIENCE) -> None:
    """Fail when a process that belongs to a store doesn't end by itself.

    Only warm servers of this process may stay, with nothing that goes on in them.
    """
    deadline = time.monotonic() + seconds
    while left := belonging(home) - kept():
        assert time.monotonic() < deadline, "\n".join(map(_described, left))
        time.sleep(0.01)


def _described(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        return f"{pid} is left: {command.decode(errors='replace')[:300]}"
    except OSError:
        return f"{pid} was left, and has just ended"


def kill_all(home: str) -> None:
    """End what a test that failed has left behind."""
    for pid in belonging(home) - kept():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


# ---- the store ----


def run_folders(store: RunStore) -> Iterator[RunPaths]:
    """The directories of all runs."""
    for folder in sorted(Path(store.paths.runs).glob("*/*")):
        yield RunPaths(str(folder))


def last_attempts(store: RunStore) -> Iterator[tuple[dict[str, Any], AttemptPaths]]:
    """The row that the directory of each run gives, and its last attempt."""
    for paths in run_folders(store):
        row = row_of_run(paths)
        if row is not None and row["attempts"]:
            yield row, paths.attempt(row["attempts"])


def finished(store: RunStore, name: str) -> Counter[Any]:
    """How many runs have finished with each value of a parameter, as the directories say."""
    rows = [row for row, _ in last_attempts(store) if row["status"] == FINISHED]
    return Counter(row["params"].get(name) for row in rows)


def assert_launched_by(launcher: str, store: RunStore) -> None:
    """Fail where a run had another launcher, or that one gave it a new interpreter instead."""
    for row, attempt in last_attempts(store):
        outcome = read_outcome(attempt)
        fallback = outcome.fallback if outcome is not None else None
        assert (row["launcher"], fallback) == (launcher, None)


@contextlib.contextmanager
def locked(store: RunStore) -> Iterator[None]:
    """Hold the write lock of an index, as a backup or a process that was stopped does."""
    index = sqlite3.connect(store.index, isolation_level=None)
    index.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        index.execute("ROLLBACK")
        index.close()


def assert_index_is_right(store: RunStore) -> None:
    """Fail where the index says something else than the directories do, in any column."""
    folders = {paths.folder: row_of_run(paths) for paths in run_folders(store)}
    _compare("runs", store.select(), [row for row in folders.values() if row])
    flows = [store.paths.flow(name) for name in os.listdir(store.paths.flows)]
    _compare("flows", store.flows(), [row for row in map(row_of_flow, flows) if row])


def _compare(table: str, index: list[dict[str, Any]], folders: list[dict[str, Any]]) -> None:
    """Compare rows, those of the directories in the form in which an index would give them."""
    known = {row["id"]: row for row in index}
    assert len(known) == len(index)
    values = [tuple(encoded(table, row).values()) for row in folders]
    expected = {row["id"]: row for row in decoded(table, values)}
    only = {id: expected.get(id) or known[id] for id in known.keys() ^ expected.keys()}
    assert not only, f"{table} that only one of index and directories knows: {only}"
    for id, row in expected.items():
        different = {
            name: (known[id][name], row[name]) for name in row if known[id][name] != row[name]
        }
        assert not different, f"{table} {id}, in the index and in its directory: {different}"


# ---- the command ----


def kogine(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*KOGINE, *arguments],
        **{"capture_output": True, "text": True, "timeout": 3 * PATIENCE, **options},
    )


def assert_refused(done: subprocess.CompletedProcess[str]) -> str:
    """Fail where a command didn't refuse in one sentence what it can't do; give that sentence."""
    assert done.returncode == 2, done
    errors = [line for line in done.stderr.splitlines() if line.startswith("kogine: error: ")]
    assert len(errors) == 1 and "Traceback" not in done.stderr, done.stderr
    return errors[0]
