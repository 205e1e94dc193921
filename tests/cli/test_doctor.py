"""kogine doctor, and what `kogine store du` says of warm servers"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kohakuengine import Parallel, __version__
from kohakuengine.cli.doctor import servers_text
from kohakuengine.launch.live_servers import MARK
from kohakuengine.launch.registry import can_fork

process = pytest.mark.process
linux = pytest.mark.skipif(not can_fork(), reason="there are warm servers on Linux only")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of each test's own, which isn't there yet."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    monkeypatch.delenv("KOGINE_LAUNCHER", raising=False)
    return tmp_path / "store"


def mine(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of warm servers those that this process has started; other tests may have others."""
    return [server for server in found if server["owner"] == os.getpid()]


@pytest.fixture
def server(write) -> Iterator[dict[str, Any]]:
    """A warm server of this process, with one run that goes on until the test has ended."""
    text = """
        import csv, json
        import os, time
        open("begun", "w").close()
        while not os.path.exists("go"): time.sleep(0.01)
    """
    handle = Parallel(write("wait.py", text), launcher="warm").start()
    while not os.path.exists("begun"):
        assert handle.live
        time.sleep(0.01)
    yield {"imports": ["csv", "json", "os", "time"], "runs": 1}
    open("go", "w").close()
    assert len(handle.wait(60).finished) == 1


def test_what_it_works_with(kogine, home):
    """What is installed, where the store would be, and which launchers are taken."""
    found = json.loads(kogine("doctor", "--json").out)
    assert found["version"] == __version__ and found["executable"] == sys.executable
    assert found["store"] == {"home": str(home), "made": False}
    assert found["launchers"] == {
        "one run": "inline",
        "several runs": "warm" if can_fork() else "fresh",
        "chosen by": None,
        "can fork": can_fork(),
    }
    text = kogine("doctor").out
    assert f"{home}, which isn't there yet" in text and __version__ in text


def test_launcher_that_the_environment_chooses(kogine, monkeypatch):
    """That a launcher is chosen by the environment is told, with the variable."""
    monkeypatch.setenv("KOGINE_LAUNCHER", "pool")
    found = json.loads(kogine("doctor", "--json").out)["launchers"]
    assert (found["one run"], found["several runs"]) == ("pool", "pool")
    assert found["chosen by"] == "KOGINE_LAUNCHER"
    assert "pool for one run, pool for several, by KOGINE_LAUNCHER" in kogine("doctor").out


def test_libraries_that_are_proven(kogine):
    """Of the libraries with threads, those here are told with their version."""
    numpy = pytest.importorskip("numpy", reason="numpy is not installed here")

    found = json.loads(kogine("doctor", "--json").out)["libraries"]
    assert found["numpy"]["version"] == numpy.__version__
    assert f"numpy {numpy.__version__}" in kogine("doctor").out


@linux
@process
@pytest.mark.parametrize("command", [("doctor",), ("store", "du")])
def test_live_servers(kogine, server, command):
    """A warm server that is alive is told of: what it holds, how much, for whom, how busy it is."""
    [found] = [
        found
        for found in mine(json.loads(kogine(*command, "--json").out)["servers"])
        if found["runs"]  # others may be kept
    ]
    assert {name: found[name] for name in server} == server
    assert found["memory"] > 1_000_000 and found["idle"] == 600
    assert 0 <= time.time() - found["started"] < 600
    out = kogine(*command).out
    [line] = [line for line in out.splitlines() if line.strip().startswith(str(found["pid"]))]
    assert "csv, json, os, time" in line and str(os.getpid()) in line and "MiB" in line


@linux
@process
def test_live_server_whose_init_has_just_ended(kogine, server, monkeypatch):
    """A warm server is told of also where one of its inits ends while they are looked at."""
    whole = psutil.Process.children

    def children(self: psutil.Process, recursive: bool = False) -> list[psutil.Process]:
        if MARK not in " ".join(psutil.Process(self.ppid()).cmdline()):
            return whole(self, recursive)
        raise psutil.NoSuchProcess(self.pid)

    monkeypatch.setattr(psutil.Process, "children", children)
    imports = [
        found["imports"] for found in mine(json.loads(kogine("doctor", "--json").out)["servers"])
    ]
    assert server["imports"] in imports


def test_servers_as_a_table():
    """Servers are shown one a line, under a title each for what is told of them."""
    facts = {"memory": 12_000_000, "runs": 2, "started": time.time() - 90, "owner": 4}
    found = [{**facts, "pid": 5, "imports": ["numpy"], "command": "python notebook"}]
    title, line = servers_text([*found]).splitlines()
    assert title.split() == ["warm", "server", "memory", "running", "imports", "started", "of"]
    assert line.split()[0] == "5" and "numpy" in line and "python notebook" in line
    assert servers_text([]) == "no warm servers are alive"
