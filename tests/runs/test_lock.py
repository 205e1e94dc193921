"""Who holds a flow's lock: one process at a time, and nobody once it has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from kohakuengine.errors import StoreError
from kohakuengine.runs.lock import FlowLock, flow_holder, flow_is_live, goes_on
from kohakuengine.runs.paths import FlowPaths
from kohakuengine.runs.values import write_json

HOLDER = """
import sys
from kohakuengine.runs.lock import FlowLock
print(FlowLock.acquire(sys.argv[1]) is not None, flush=True)
sys.stdin.read()
"""
LOOKER = """
import sys
from kohakuengine.runs.lock import FlowLock, flow_holder
from kohakuengine.runs.paths import FlowPaths
print(flow_holder(FlowPaths(sys.argv[1])), FlowLock.acquire(sys.argv[1] + "/lock") is not None)
"""

PARENT = """
import os, sys
from kohakuengine.runs.lock import FlowLock, flow_holder
from kohakuengine.runs.paths import FlowPaths
paths = FlowPaths(sys.argv[1])
lock = FlowLock.acquire(paths.lock)
child = os.fork()
if child == 0:
    assert flow_holder(paths) == os.getppid()
    assert FlowLock.acquire(paths.lock) is None
    lock.release()
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
second = os.fork()
if second == 0:
    assert flow_holder(paths) == os.getppid()
    sys.exit()
assert os.waitpid(second, 0)[1] == 0
"""


@pytest.fixture
def paths(tmp_path):
    return FlowPaths(str(tmp_path))


@pytest.fixture
def holder(paths):
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, paths.lock]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"True\n"
            yield process
        finally:
            process.kill()


def seen_by_another(paths):
    """Who another process sees as the holder, and whether it gets the lock."""
    command = [sys.executable, "-c", LOOKER, paths.folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_lock_is_for_one_within_a_process(paths):
    """Whoever asks second doesn't get it, from the same process neither."""
    lock = FlowLock.acquire(paths.lock)
    assert lock is not None and FlowLock.acquire(paths.lock) is None
    lock.release()
    again = FlowLock.acquire(paths.lock)
    assert again is not None
    again.release()


def test_lock_by_another_name_is_the_same(paths, tmp_path):
    """A link to the flow's folder leads to the same lock."""
    (tmp_path / "link").symlink_to(tmp_path)
    lock = FlowLock.acquire(paths.lock)
    assert lock is not None
    assert FlowLock.acquire(str(tmp_path / "link" / "lock")) is None
    assert flow_is_live(FlowPaths(str(tmp_path / "link")))
    lock.release()


def test_release_twice(paths):
    """To release a lock again is nothing, and takes it from nobody."""
    first = FlowLock.acquire(paths.lock)
    assert first is not None
    first.release()
    second = FlowLock.acquire(paths.lock)
    assert second is not None
    first.release()
    assert flow_is_live(paths)
    second.release()


def test_of_many_threads_one_gets_it(paths):
    """Threads that ask at once are no exception."""
    ready = threading.Barrier(8)
    got = []

    def ask():
        ready.wait()
        got.append(FlowLock.acquire(paths.lock))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (lock,) = [lock for lock in got if lock is not None]
    lock.release()


def test_flow_without_a_lock_file_is_not_live(paths):
    """A flow that nobody ever locked is nobody's, and looking leaves no file."""
    assert not flow_is_live(paths)
    assert not os.path.exists(paths.lock)


def test_free_lock_is_not_live(paths):
    """What counts is who holds the lock, not what the file says."""
    with open(paths.lock, "w") as file:
        file.write(f"{os.getpid()}\n")
    assert not flow_is_live(paths)


def test_lock_that_cannot_be_made(paths):
    """A lock in a folder that isn't there is one clear sentence, and can be asked for again."""
    path = paths.lock + "/no/lock"
    for _ in range(2):
        with pytest.raises(StoreError, match="can't be taken: no such file") as got:
            FlowLock.acquire(path)
    assert got.value.path == path


@pytest.mark.process
def test_another_process_does_not_get_it(paths):
    """A lock is held against other processes, which see who holds it, however often one looks."""
    lock = FlowLock.acquire(paths.lock)
    assert lock is not None
    for _ in range(2):
        assert flow_holder(paths) == os.getpid()
        assert FlowLock.acquire(paths.lock) is None
        assert seen_by_another(paths) == [str(os.getpid()), "False"]
    lock.release()
    assert seen_by_another(paths) == ["None", "True"]


@pytest.mark.process
def test_holder_in_another_process(paths, holder):
    """The lock of another process is seen, with its id in the file, and not taken by looking."""
    for _ in range(2):
        assert flow_holder(paths) == holder.pid
        assert FlowLock.acquire(paths.lock) is None
    with open(paths.lock) as file:
        assert file.read() == f"{holder.pid}\n"


@pytest.mark.process
def test_lock_ends_with_its_process(paths, holder):
    """A killed process holds nothing, whatever it left in the file."""
    holder.kill()
    holder.wait()
    assert not flow_is_live(paths)
    lock = FlowLock.acquire(paths.lock)
    assert lock is not None
    lock.release()


@pytest.mark.process
def test_forked_child_is_no_holder(paths):
    """A child doesn't inherit the lock, sees its parent hold it, and can't take it away."""
    command = [sys.executable, "-c", PARENT, paths.folder]
    subprocess.run(command, check=True)
    assert not flow_is_live(paths)


@pytest.mark.parametrize("host, live", [("another", True), (os.uname().nodename, False)])
def test_holder_of_another_host(paths, monkeypatch, host, live):
    """One of whom only that is known runs a flow that is of there, and is not waited for."""
    monkeypatch.setattr("kohakuengine.runs.lock.flow_holder", lambda paths: 0)
    write_json(paths.record, {"pid": 1, "host": host})
    assert goes_on(paths) == live
