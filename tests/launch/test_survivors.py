"""What is found and ended of a run whose init can't do so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from kohakuengine.launch import carriers
from kohakuengine.launch.survivors import end_survivors, end_tree, is_alive

pytestmark = pytest.mark.process

RUN = "KOGINE_RUN_ID"

# It becomes itself again, as fast as it can.
AGAIN = 'exec /bin/sh -c "$0" "$0"'


def test_process_that_becomes_another_program(tmp_path):
    """A process is found by its run also in the moment in which it becomes another program."""
    run = os.urandom(16).hex()
    with subprocess.Popen(["/bin/sh", "-c", AGAIN, AGAIN], env={RUN: run}) as process:
        try:
            looks = [is_alive(run) for _ in range(150)]
            assert all(looks), f"not found in {looks.count(False)} of {len(looks)} looks"
            assert end_survivors([run]) == 1
            assert process.wait() == -signal.SIGKILL
        finally:
            process.kill()


def test_process_without_an_environment():
    """A process that has no environment belongs to no run."""
    run = os.urandom(16).hex()
    with subprocess.Popen(["sleep", "600"], env={}) as process:
        try:
            assert not is_alive(run) and not end_survivors([run])
            assert process.poll() is None
        finally:
            process.kill()


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_whose_environment_has_the_run(monkeypatch, platform):
    """What has a run's id in its environment is found until it ends; on each platform."""
    monkeypatch.setattr(carriers, "sys", SimpleNamespace(platform=platform))
    run, other = os.urandom(16).hex(), os.urandom(16).hex()
    with subprocess.Popen(["sleep", "600"], env={"A": "1", RUN: run}) as process:
        try:
            assert carriers.carrying([other, run], RUN) == {process.pid}
            assert not is_alive(other)
        finally:
            process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(run)


# It starts what has neither its session nor its environment, and tells its id.
PARENT = """
import subprocess, time
print(subprocess.Popen(["sleep", "600"], env={}, start_new_session=True).pid, flush=True)
time.sleep(600)
"""


def test_tree_of_which_a_look_sees_nothing(monkeypatch):
    """All that a process has started is ended with it, also where a look comes amid changes: the
    kernel's list of processes isn't one of a moment."""
    whole = psutil.Process.children
    looks = []

    def children(self: psutil.Process, recursive: bool = False) -> list[psutil.Process]:
        looks.append(self.pid)
        return whole(self, recursive) if len(looks) > 1 else []

    monkeypatch.setattr(psutil.Process, "children", children)
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        started = psutil.Process(int(process.stdout.readline()))
        try:
            end_tree(process.pid)
            assert process.wait() == -signal.SIGKILL
            started.wait(60)
        finally:
            process.kill()
            if started.is_running():
                started.kill()
