"""Scripts that want more memory than there is, and that the kernel ends for it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shared import SECONDS
from witness import KOGINE, assert_index_is_right

from kohakuengine import Run, RunStore
from kohakuengine.errors import ScriptDied
from kohakuengine.launch import tree
from kohakuengine.runs.outcome import OUT_OF_MEMORY

pytestmark = pytest.mark.process

LIMIT = 300_000_000  # bytes

# It holds as many times 100 MB as it is told.
SCRIPT = """
times = 1
print("before", flush=True)
held = [b"x" * 10_000_000 for _ in range(10 * times)]
print("after")
"""


@pytest.fixture
def limited() -> Iterator[list[str]]:
    """How a command begins whose processes get `LIMIT` together."""
    with contextlib.ExitStack() as stack:
        group = next(filter(None, map(stack.enter_context, map(_group, _parents()))), None)
        if group is None:
            pytest.skip(
                "no group of processes can be given a limit here: that takes root, or systemd"
            )
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "limited"]


def _parents() -> Iterator[str]:
    """Where a group can be made: within this process' own, else beside it, as far as we may."""
    for controllers, group in tree._groups():
        own = f"{tree._GROUP_FILES}{'/memory' if controllers else ''}{group}"
        yield own
        yield os.path.dirname(own)


@contextlib.contextmanager
def _group(parent: str) -> Iterator[str | None]:
    """A new group within another, its memory limited; None where there can't be one."""
    folder = f"{parent}/kogine-test-{os.getpid()}"
    try:
        os.mkdir(folder)
    except OSError:
        yield None
        return
    try:
        yield folder if _limit(folder) else None
    finally:
        _remove(folder)


def _limit(group: str) -> bool:
    """Set the limit: of version 2, or 1; and that nothing of it is swapped, where it can be."""
    there = [
        name
        for name in ("memory.max", "memory.limit_in_bytes")
        if os.path.exists(f"{group}/{name}")
    ]
    try:
        for name in there:
            Path(group, name).write_text(str(LIMIT))
        for name, value in (("memory.swap.max", 0), ("memory.memsw.limit_in_bytes", LIMIT)):
            if os.path.exists(f"{group}/{name}"):
                Path(group, name).write_text(str(value))
    except OSError:
        return False
    return bool(there)


def _remove(group: str) -> None:
    """Remove a group once the kernel has noticed that nothing is in it any more."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return os.rmdir(group)
        except OSError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.01)


@pytest.fixture
def run(limited: list[str], script, store: RunStore) -> Callable[..., list[Run]]:
    """Run the script by the command, and give the runs in their order."""
    script(SCRIPT)

    def run(*arguments: str, code: int = 1) -> list[Run]:
        command = [*limited, *KOGINE, "run", "train.py", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3 * SECONDS)
        assert done.returncode == code and OUT_OF_MEMORY in done.stdout + done.stderr, done
        return [Run(store, id) for id in store.ids(flow=store.flows()[0]["id"])]

    return run


@pytest.mark.parametrize("launcher", ["fresh", "warm", "pool"])
def test_sweep(launcher: str, run, store: RunStore) -> None:
    """A run whose script the kernel ends has failed, says so, and the others finish."""
    runs = run("--sweep", "times=1,9,1", "--workers", "1", "--launcher", launcher)
    assert [run.status for run in runs] == ["finished", "failed", "finished"]
    assert (runs[1].exit_code, runs[1].row["error"]) == (-signal.SIGKILL, OUT_OF_MEMORY)
    assert runs[1].output == "before\n"
    assert type(runs[1].error) is ScriptDied and OUT_OF_MEMORY in str(runs[1].error)
    assert LIMIT / 2 < runs[1].row["peak_memory"] <= LIMIT
    assert_index_is_right(store)


def test_single(run) -> None:
    """So does the command that runs one script, before it ends by that signal itself."""
    [alone] = run("--set", "times=9", code=-signal.SIGKILL)
    assert (alone.status, alone.row["error"]) == ("failed", OUT_OF_MEMORY)


def test_killed_by_others(run) -> None:
    """What is killed afterwards by somebody else isn't taken for that, though the group's count is
    not 0 any more."""
    text = (
        "import os, signal\ntimes = 1\nif times > 5: held = [b'x' * 10_000_000 for _ in range(100)]"
    )
    Path("train.py").write_text(f"{text}\nos.kill(os.getpid(), signal.SIGKILL)\n")
    for launcher in ("warm", "pool"):
        runs = run("--sweep", "times=9,1", "--workers", "1", "--launcher", launcher)
        assert [run.row["error"] for run in runs] == [
            OUT_OF_MEMORY,
            "was killed by SIGKILL (out of memory?)",
        ]
