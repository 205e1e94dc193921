"""The processes of a run, their memory, and whether the kernel ended one for want of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kohakuengine.launch import tree
from kohakuengine.launch.tree import MemoryWatch, descendants, memory_of_tree
from kohakuengine.runs.outcome import OUT_OF_MEMORY

MB = 1_000_000


def test_memory_is_looked_at_soon_and_then_more_seldom(monkeypatch):
    """A short run costs no look; what lasts for half a second is seen; the greatest counts."""
    clock, sums = [0.0], iter([5, 9, 7, 1, 1, 1])
    monkeypatch.setattr(tree.time, "monotonic", lambda: clock[0])
    looks: list[float] = []

    def look() -> int:
        looks.append(clock[0])
        return next(sums)

    monkeypatch.setattr(tree, "memory_of_tree", look)
    watch = MemoryWatch()
    watch.look()
    while len(looks) < 6:
        clock[0] = watch.due
        watch.look()
    assert looks == pytest.approx([0.1, 0.3, 0.7, 1.2, 1.7, 2.2])
    assert watch.peak == 9
    watch.note(20)
    watch.note(10)
    assert watch.peak == 20


# ---- what the kernel counts ----

V1 = "9:pids:/jobs/7\n4:cpu,memory:/jobs/7\n0::/other\n"
V2 = "0::/jobs/7\n"
COUNTERS = {
    "version 1": (V1, "memory/jobs/7/memory.oom_control"),
    "version 1, in a container": (V1, "memory/memory.oom_control"),
    "version 2": (V2, "jobs/7/memory.events"),
    "version 2, counted further up": (V2, "jobs/memory.events"),
    "version 2, in a container": (V2, "memory.events"),
}


@pytest.fixture
def counter(request, tmp_path: Path, monkeypatch) -> Callable[[str], None]:
    """Say what is in the kernel's file, which is where `COUNTERS` says."""
    groups, place = COUNTERS[request.param]
    (tmp_path / "groups").write_text(groups)
    monkeypatch.setattr(tree, "_GROUPS", str(tmp_path / "groups"))
    monkeypatch.setattr(tree, "_GROUP_FILES", str(tmp_path / "files"))
    monkeypatch.setattr(tree, "_counter", "")
    file = tmp_path / "files" / place
    file.parent.mkdir(parents=True)
    return file.write_text  # type: ignore[return-value]


@pytest.mark.parametrize("counter", COUNTERS, indirect=True)
def test_killed_for_want_of_memory(counter):
    """Where the kernel's count has grown since the run began, the reason says so: wherever the
    count is, but for an end by SIGKILL only."""
    counter("oom_kill_disable 0\nlow 8\noom 5\noom_kill 2\noom_group_kill 0\n")
    watch = MemoryWatch()
    assert watch.reason(-9) is None
    counter("oom_kill_disable 0\nlow 9\noom 6\noom_kill 2\noom_group_kill 0\n")
    assert watch.reason(-9) is None
    counter("oom_kill_disable 0\nlow 9\noom 6\noom_kill 3\noom_group_kill 0\n")
    assert watch.reason(-9) == OUT_OF_MEMORY
    assert [watch.reason(code) for code in (-15, 0, 1, None)] == [None] * 4
    assert MemoryWatch().reason(-9) is None


@pytest.mark.parametrize("counter", ["version 2"], indirect=True)
@pytest.mark.parametrize("before, after", [("", "oom_kill 3\n"), ("oom_kill 2\n", "")])
def test_nothing_is_counted(counter, before, after):
    """Where there is no count, nothing is said: on an old kernel, or when the group has gone."""
    counter(before)
    watch = MemoryWatch()
    counter(after)
    assert watch.reason(-9) is None


def test_no_groups(tmp_path, monkeypatch):
    """Where processes aren't in groups, the kernel's count of all is taken, if there is one."""
    monkeypatch.setattr(tree, "_GROUPS", str(tmp_path / "groups"))
    monkeypatch.setattr(tree, "_counter", "")
    MemoryWatch()
    assert tree._counter == "/proc/vmstat"


# ---- processes ----

# A process with two children that each hold memory; it says when all do, and ends with its input.
FAMILY = f"""
import subprocess, sys
child = "import sys; x = bytearray({50 * MB}); print(1, flush=True); sys.stdin.read()"
command = [sys.executable, "-c", child]
pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
children = [subprocess.Popen(command, **pipes) for _ in range(2)]
for child in children:
    child.stdout.readline()
print(*[child.pid for child in children], flush=True)
sys.stdin.read()
for child in children:
    child.communicate()
"""


@pytest.fixture
def family() -> Iterator[list[int]]:
    """The ids of a process and of its two children, which hold 50 MB each."""
    command = [sys.executable, "-c", FAMILY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        yield [process.pid, *map(int, process.stdout.readline().split())]
        process.communicate()


@pytest.fixture(params=["proc", "psutil"])
def way(request, monkeypatch) -> None:
    """By what is found out: where the kernel doesn't list children, psutil tells."""
    if request.param == "psutil":
        monkeypatch.setattr(tree, "_HAS_PROC", False)


@pytest.mark.process
def test_descendants(family: list[int], way: None):
    """Children and theirs are found, those that have ended aren't."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    found = descendants()
    assert set(family) <= set(found) and ended.pid not in found
    assert found.index(family[0]) < found.index(family[1])
    assert os.getpid() not in found and os.getppid() not in found
    ended.wait()


@pytest.mark.process
def test_memory_of_tree(way: None, request):
    """The memory of all descendants is added up; that of this process isn't in it."""
    others = memory_of_tree()  # such as servers that earlier tests' flows have left warm
    request.getfixturevalue("family")
    assert 100 * MB < memory_of_tree() - others < 400 * MB


@pytest.mark.process
def test_nothing_is_imported():
    """A run's init loads nothing to look at its processes and their memory, on Linux."""
    text = (
        "import sys; from kohakuengine.launch.tree import *; before = set(sys.modules);"
        "descendants(); memory_of_tree(); kills_for_memory();"
        "assert not set(sys.modules) - before"
    )
    if not tree._HAS_PROC:
        pytest.skip("psutil is asked where the kernel doesn't list children")
    subprocess.run([sys.executable, "-c", text], check=True)
