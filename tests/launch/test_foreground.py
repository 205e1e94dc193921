"""A run at our terminal: what is sent to its process, and when no more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from jobs import make_job

from kohakuengine.launch.base import Job
from kohakuengine.launch.foreground import run_in_foreground
from kohakuengine.launch.forked import Forked
from kohakuengine.launch.init import KILL
from kohakuengine.runs.outcome import FINISHED, Outcome

if TYPE_CHECKING:
    from kohakuengine.launch.foreground import Process

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="a run at a terminal needs Linux"),
]


def run(job: Job, started=lambda process: None) -> Outcome:
    """Run an attempt, whose output nobody wants."""
    return run_in_foreground(job, out=lambda data: None, err=lambda data: None, started=started)


def wait_for_end(process: Process) -> None:
    """Wait until a process has ended, and leave it for others to collect."""
    deadline = time.monotonic() + 60
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "it hasn't ended in time"
        time.sleep(0.01)


def test_signal_for_a_run_that_has_just_ended(path, tmp_path):
    """A run that is told to end in the moment in which it ends has ended by itself."""

    def end(process: Process) -> None:
        wait_for_end(process)
        process.send_signal(signal.SIGTERM)

    assert run(make_job(tmp_path, path("print(1)")), end).status == FINISHED


def test_signal_after_the_end(path, tmp_path):
    """What is sent to a run's process after its end reaches nobody, now or later: its number may be
    another's by then."""
    told: list[Process] = []
    before = set(threading.enumerate())
    assert run(make_job(tmp_path, path("print(1)")), told.append).status == FINISHED
    told[0].send_signal(KILL)
    assert set(threading.enumerate()) <= before


def pidfds() -> int:
    """How many descriptors of processes this one has."""
    links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return sum("pidfd" in os.readlink(link) for link in links if os.path.islink(link))


def test_no_descriptor_is_left(path, tmp_path):
    """A process that has runs one after the other keeps no descriptors of theirs."""
    script, before = path("print(1)"), pidfds()
    for number in range(2):
        run(make_job(tmp_path / str(number), script))
    assert pidfds() <= before


def test_signal_for_a_fork_that_another_thread_collects():
    """A fork that was collected while it was to be sent something has ended, which is no error."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    Forked(process.pid).send_signal(0)
