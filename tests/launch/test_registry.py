"""Which launcher is taken where none is chosen, or chosen by the environment."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from kohakuengine import sweep
from kohakuengine.errors import LauncherError
from kohakuengine.launch import registry
from kohakuengine.launch.registry import can_fork, in_kernel, launcher_of_flow, launcher_of_one


@pytest.fixture
def here(monkeypatch):
    """Say whether processes can be forked here, and whether this is a kernel."""

    def say(*, forks: bool = True, kernel: bool = False) -> None:
        monkeypatch.setattr(registry, "can_fork", lambda: forks)
        monkeypatch.setattr(registry, "in_kernel", lambda: kernel)

    monkeypatch.delenv("KOGINE_LAUNCHER", raising=False)
    return say


@pytest.mark.parametrize("name", [None, "auto"])
@pytest.mark.parametrize(
    ("kernel", "runs", "expected"),
    [
        (False, 1, "fresh"),
        (False, 2, "warm"),
        (False, None, "warm"),  # a generator, which may give any number
        (True, 1, "warm"),
        (True, 2, "warm"),
    ],
)
def test_best_for_a_flow(here, name, kernel, runs, expected):
    """Several runs are forked; one by itself where the server stays for the next, in a kernel."""
    here(kernel=kernel)
    assert launcher_of_flow(name, runs) == expected


@pytest.mark.parametrize(("kernel", "expected"), [(False, "inline"), (True, "warm")])
def test_best_for_one_run(here, kernel, expected):
    """One run that its caller waits for is run here, but not in a kernel."""
    here(kernel=kernel)
    assert launcher_of_one(None) == launcher_of_one("auto") == expected


@pytest.mark.parametrize("kernel", [False, True])
def test_best_where_nothing_can_be_forked(here, kernel):
    """Without forks each run of a flow gets a new interpreter."""
    here(forks=False, kernel=kernel)
    assert [launcher_of_flow(None, runs) for runs in (1, 2, None)] == ["fresh"] * 3
    assert launcher_of_one(None) == "inline"


def test_variable_chooses(here, monkeypatch):
    """KOGINE_LAUNCHER is taken where the choice is left to us, and not where one is made."""
    here()
    monkeypatch.setenv("KOGINE_LAUNCHER", "pool")
    assert [launcher_of_flow(None, 5), launcher_of_flow("auto", 1)] == ["pool", "pool"]
    assert launcher_of_one(None) == "pool"
    assert [launcher_of_flow("fresh", 5), launcher_of_one("inline")] == ["fresh", "inline"]


@pytest.mark.parametrize("value", ["", "auto"])
def test_variable_that_leaves_the_choice(here, monkeypatch, value):
    """An empty KOGINE_LAUNCHER is as none, and `auto` is what it is anywhere."""
    here()
    monkeypatch.setenv("KOGINE_LAUNCHER", value)
    assert (launcher_of_flow(None, 2), launcher_of_one(None)) == ("warm", "inline")


def test_variable_that_is_wrong(here, monkeypatch):
    """A KOGINE_LAUNCHER that names no launcher is an error, before anything is launched."""
    here()
    monkeypatch.setenv("KOGINE_LAUNCHER", "wram")
    for choose in (lambda: launcher_of_flow(None, 2), lambda: launcher_of_one(None)):
        with pytest.raises(LauncherError, match="no launcher wram; did you mean warm"):
            choose()
    assert launcher_of_flow("fresh", 2) == "fresh"


def test_forks_on_linux_alone(monkeypatch):
    """Processes are forked on Linux, where it is new enough to tell of their ends."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "pidfd_open", print, raising=False)
    assert can_fork()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not can_fork()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delattr(os, "pidfd_open")
    assert not can_fork()


def test_kernels_are_known(monkeypatch):
    """A kernel is one; IPython at a terminal, or IPython that is merely imported, isn't."""
    shells = [(None, False), (SimpleNamespace(), False), (SimpleNamespace(kernel=1), True)]
    for shell, expected in shells:
        module = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", module)
        assert in_kernel() == expected
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_kernel()


@pytest.mark.process
@pytest.mark.parametrize("lacking", ["Linux", "os.pidfd_open"])
def test_warm_where_nothing_can_be_forked(monkeypatch, tmp_path, lacking):
    """Who asks for warm gets new interpreters where there are no forks, and is told why."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    (tmp_path / "train.py").write_text("n = 1\ndef main(): return n\n")
    if lacking == "Linux":
        monkeypatch.setattr(registry.sys, "platform", "freebsd14")  # as Linux, for all but us
    else:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    runs = sweep(tmp_path / "train.py", {"n": [1, 2]}, launcher="warm", show=False)
    assert [run.result for run in runs] == [1, 2]
    assert [run.launcher for run in runs] == ["warm"] * 2
    reason = "processes are forked only on Linux, where there is os.pidfd_open"
    assert {run.outcome.fallback for run in runs} == {reason}
