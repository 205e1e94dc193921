"""Warm servers end with the process that started them, however it ends, or when nobody uses them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest
from kernels import kernel
from witness import (
    PATIENCE,
    assert_launched_by,
    assert_nothing_left,
    has_ended,
    servers,
    wait_until,
)

from kohakuengine import Parallel, sweep
from kohakuengine.errors import LauncherError
from kohakuengine.flow.settle import settle_all
from kohakuengine.launch.registry import can_fork
from kohakuengine.launch.warm_servers import MOST
from kohakuengine.runs.outcome import FINISHED, INTERRUPTED

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not can_fork(), reason="there are warm servers on Linux only"),
]

TRAIN = "import json\nnumber = 0\ndef main(): return number\nmain()"

# As a notebook's kernel: it goes on when its flow has ended, and then ends in one way or another.
OWNER = """
    import os, signal, sys, threading, time
    from kohakuengine import Parallel, sweep

    runs = sweep("train.py", {"number": [1, 2, 3]}, workers=2, launcher="warm", show=False)
    assert runs.results == [1, 2, 3]
"""


@pytest.fixture
def owner() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process that has swept, does more, says so, and ends when it is sent a line."""
    begun = []

    def start(more: str = "", end: str = "") -> subprocess.Popen[str]:
        steps = (OWNER, more, "print('ready', flush=True)\nsys.stdin.readline()", end)
        command = [sys.executable, "-c", "\n".join(map(textwrap.dedent, steps))]
        pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        process = subprocess.Popen(command, text=True, **pipes)
        begun.append(process)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate(timeout=PATIENCE)


ENDS = {
    "normal": "",
    "exit": "sys.exit(3)",
    "exception": "sys.stderr = None; 1 / 0",
    "_exit": "os._exit(0)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "abort": "os.abort()",
    "another program": "os.execv('/bin/true', ['true'])",
}


@pytest.mark.parametrize("end", ENDS)
def test_servers_end_with_their_owner(end, owner, script, store, home):
    """A server that is kept for the next flow ends with its process, however that ends."""
    script(TRAIN)
    process = owner(end=ENDS[end])
    assert len(servers(process.pid)) == 1
    process.communicate("\n", timeout=PATIENCE)
    assert_nothing_left(home)
    assert_launched_by("warm", store)


@pytest.mark.parametrize("end", ["_exit", "SIGKILL", "abort"])
def test_runs_end_with_their_owner(end, owner, script, home, tmp_path):
    """What goes on, and what it has started, ends with the process too."""
    script(TRAIN)
    script(
        """
        import os, signal, subprocess, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        open("begun", "w").close()
        time.sleep(600)
        """,
        "long.py",
    )
    more = """
        handle = Parallel("long.py", launcher="warm").start()
        while not os.path.exists("begun"): time.sleep(0.01)
    """
    process = owner(more, ENDS[end])
    assert len(servers(process.pid)) == 2  # one is kept
    process.communicate("\n", timeout=PATIENCE)
    assert_nothing_left(home)


def test_runs_end_with_a_kernel_that_is_killed(script, store, home, tmp_path):
    """What a notebook's kernel has started, and the server that it keeps, end with the kernel."""
    pytest.importorskip("jupyter_client")
    pytest.importorskip("ipykernel")
    script(TRAIN)
    script(
        """
        import os, signal, time
        with open("begun.tmp", "w") as file:
            file.write(getattr(signal.getsignal(signal.SIGINT), "__name__", "ignored"))
        os.rename("begun.tmp", "begun")
        time.sleep(600)
        """,
        "long.py",
    )
    with kernel(tmp_path) as (manager, client):
        cell = """
            from kohakuengine import Parallel, sweep
            runs = sweep("train.py", {"number": [1, 2]}, launcher="warm", show=False)
            handle = Parallel("long.py", launcher="warm").start()
            assert runs.results == [1, 2]
        """
        # What the flow starts, it starts when the cell has ended, and the kernel ignores Ctrl-C.
        reply = client.execute_interactive(
            textwrap.dedent(cell), timeout=PATIENCE, output_hook=lambda message: None
        )
        assert reply["content"]["status"] == "ok", reply
        wait_until((tmp_path / "begun").exists)
        pid = manager.provisioner.pid
        assert len(servers(pid)) == 2, [server.cmdline() for server in servers(pid)]
        assert (tmp_path / "begun").read_text() == "default_int_handler"
        os.kill(pid, signal.SIGKILL)
        assert_nothing_left(home)
        settle_all(store)
        assert sorted(row["status"] for row in store.flows()) == [FINISHED, INTERRUPTED]


def test_forks_of_the_owner_keep_no_server(owner, script, home):
    """A child that the process has forked, and that outlives it, holds up no server."""
    script(TRAIN)
    more = """
        import warnings
        warnings.simplefilter("ignore")  # newer Pythons warn of forks with threads
        if not (child := os.fork()):
            while not os.path.exists("go"): time.sleep(0.01)
            os._exit(0)
    """
    process = owner(more, ENDS["SIGKILL"])
    [server] = servers(process.pid)
    process.stdin.write("\n")
    process.stdin.flush()
    wait_until(lambda: has_ended(server))
    open("go", "w").close()
    assert_nothing_left(home)


def test_servers_are_kept_and_used_again(script):
    """A second flow of the same imports has the server of the first, and imports nothing anew."""
    script(TRAIN)
    before = {server.pid for server in servers()}
    found = set()
    for _ in range(3):
        assert sweep("train.py", {"number": [1, 2]}, launcher="warm", show=False).results == [1, 2]
        found |= {server.pid for server in servers()} - before
    assert len(found) == 1


@pytest.mark.parametrize("when", ["during a run", "afterwards"])
def test_inits_end_with_their_server(script, home, store, when):
    """Who kills a server has its memory back: no init of it stays for a run that may come."""
    script("""
        import os, time
        open("begun", "w").close()
        while not os.path.exists("go"): time.sleep(0.01)
    """)
    before = set(servers())
    handle = Parallel("train.py", launcher="warm").start()
    wait_until(lambda: os.path.exists("begun"))
    if when == "afterwards":
        open("go", "w").close()
        assert handle.join(PATIENCE)
    for server in set(servers()) - before:
        server.kill()
    open("go", "w").close()
    assert len(handle.wait(PATIENCE).finished) == 1
    assert_nothing_left(home)
    assert len(Parallel("train.py", launcher="warm").run().finished) == 1
    assert_launched_by("warm", store)


def test_few_servers_are_kept(script):
    """However many different imports scripts make, a process keeps no more than a few servers."""
    names = ("json", "csv", "bisect", "heapq", "string", "textwrap")
    scripts = [script(f"import {name}\n", f"{name}_.py") for name in names]
    flows = [[path] for path in scripts]
    for flow in [*flows, scripts]:
        assert len(Parallel(flow, max_workers=2, launcher="warm").run().finished) == len(flow)
        assert len(servers()) <= MOST
    assert len(servers()) == MOST == 4


def test_servers_end_when_nobody_uses_them(script, home, monkeypatch):
    """A server that isn't used for as long as KOGINE_WARM_IDLE says ends, and the next is made."""
    monkeypatch.setenv("KOGINE_WARM_IDLE", "0.2")
    script(TRAIN)
    before = {server.pid for server in servers()}
    for _ in range(2):
        assert sweep("train.py", {"number": [1, 2]}, launcher="warm", show=False).results == [1, 2]
        wait_until(lambda: {server.pid for server in servers()} <= before)
    assert_nothing_left(home)


def test_idle_limit_is_no_limit_of_a_run(script, monkeypatch):
    """A run may take longer than a server is kept."""
    monkeypatch.setenv("KOGINE_WARM_IDLE", "0.1")
    script("import time\nnumber = 0\ntime.sleep(0.5)\ndef main(): return number\nmain()")
    runs = sweep("train.py", {"number": [1, 2, 3]}, workers=1, launcher="warm", show=False)
    assert runs.results == [1, 2, 3]


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_idle_limit_that_is_none(script, monkeypatch, value):
    """A KOGINE_WARM_IDLE that is no time is refused in a sentence, and nothing is run."""
    monkeypatch.setenv("KOGINE_WARM_IDLE", value)
    script("open('ran', 'w').close()")
    with pytest.raises(LauncherError, match="idle limit must be a number of seconds above 0"):
        Parallel("train.py", launcher="warm").run()
    assert not os.path.exists("ran")
