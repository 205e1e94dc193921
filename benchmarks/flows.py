"""What flows and the store cost: each figure beside its limit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp

from .cases import ROOT
from .measure import plain_environment, seconds
from .peers import program
from .table import Limit

HELLOS = 200
LINES = 10_000_000  # of 100 bytes each, with the newline: 1 GB

# Prints 1 GB in lines.
CHATTY = f"lines = {LINES}\nline = 'x' * 99\nfor _ in range(lines):\n    print(line)\n"


def flow_figures(folder: Path, repeat: int) -> list[Limit]:
    """Measure them all; takes some minutes."""
    shutil.copy(ROOT / "examples" / "scripts" / "hello.py", folder / "hello.py")
    return [
        many_hellos(folder, repeat),
        *many_configs(folder),
        *a_large_store(folder),
        *much_output(folder, repeat),
    ]


def many_hellos(folder: Path, repeat: int) -> Limit:
    """A sweep of a tiny script in new interpreters, beside xargs, which records nothing."""
    numbers = "\n".join(map(str, range(HELLOS)))
    xargs = ["xargs", "-P2", "-n1", sys.executable, "hello.py"]
    ours: list[float] = []
    base: list[float] = []
    for turn in range(repeat + 1):  # the first of each doesn't count
        ours.append(seconds(lambda: drop(child(folder, "hellos", str(HELLOS)))))
        base.append(seconds(lambda: quietly(xargs, folder, numbers)))
    ratio = median(ours[1:]) / median(base[1:])
    return Limit(f"{HELLOS} recorded runs of hello.py, fresh, beside xargs -P2", ratio, "x", 3)


def many_configs(folder: Path) -> list[Limit]:
    """Configs through the fake launcher, which starts nothing.

    The store is in memory where there is such a file system: what a run costs on a disk is the five
    files and folders that it has there, which is measured by itself.
    """
    with TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as memory:
        home = Path(memory, "store")
        few, many = (child(folder, "configs", str(count), home=home) for count in (1_000, 100_000))
    on_disk = child(folder, "configs", "10000")
    bare = bare_files(folder / "bare", 10_000)
    ratio = many["peak"] / few["peak"]
    return [
        Limit("peak memory of 100,000 configs, beside 1,000 (once)", ratio, "x", 1.5),
        Limit("time a config of 100,000 (once)", 1000 * many["seconds"] / 100_000, "ms", 1),
        Limit("the same on this disk, of 10,000 (once)", on_disk["seconds"] / 10, "ms", None),
        Limit("of that, to make as many files by bare calls (once)", bare / 10, "ms", None),
    ]


def bare_files(folder: Path, count: int) -> float:
    """How long it takes to make what runs have on disk, by nothing but system calls, in seconds.

    What it makes stays, as in `child()`.
    """
    for first in range(256):
        os.makedirs(folder / f"{first:02x}")

    def make() -> None:
        for number in range(count):
            run = f"{folder}/{number % 256:02x}/{number}"
            for made in (run, f"{run}/attempts", f"{run}/attempts/1"):
                os.mkdir(made)
            for file in (f"{run}/run.json", f"{run}/attempts/1/outcome.json"):
                fd = os.open(f"{file}.tmp", os.O_WRONLY | os.O_CREAT)
                os.write(fd, b"x" * 800)
                os.close(fd)
                os.rename(f"{file}.tmp", file)

    return seconds(make)


def a_large_store(folder: Path) -> list[Limit]:
    """Questions to a store of 100,000 runs."""
    found = child(folder, "store", "100000")
    return [
        Limit("newest 50 of 100,000 runs (once)", 1000 * found["newest"], "ms", 50),
        Limit("a filter on a parameter, of 100,000 runs (once)", 1000 * found["filter"], "ms", 300),
        Limit("to_pandas() of 100,000 runs (once)", found["pandas"], "s", 5),
    ]


def much_output(folder: Path, repeat: int) -> list[Limit]:
    """A script that prints 1 GB in lines, beside `python -u script.py > file`."""
    (folder / "chatty.py").write_text(CHATTY)
    plain = [sys.executable, "-u", "chatty.py"]
    one = [program("kogine"), "run", "chatty.py"]
    halves = [*one, "--sweep", f"lines={LINES // 2},{LINES // 2}", "--workers", "1"]
    times: list[tuple[float, ...]] = []
    grown: list[float] = []
    for turn in range(repeat):
        ours = child(folder, "chatty")
        grown.append(ours["grown"])
        printed = [_into_a_file(command, folder) for command in (plain, one, halves)]
        times.append((ours["seconds"], *printed))
    flow, base, single, sweep = (median(each) for each in zip(*times))
    return [
        Limit("speed of a script printing 1 GB", base / flow, "x", 0.9, least=True),
        Limit("coordinator memory grown by that", max(grown) / 1e6, "MB", 50),
        Limit(
            "speed of kogine run, printing 1 GB into a file", base / single, "x", 0.9, least=True
        ),
        Limit("the same of a sweep, its lines with labels", base / sweep, "x", 0.9, least=True),
    ]


def _into_a_file(command: list[str], folder: Path) -> float:
    """How long a command takes that prints 1 GB into a file, in seconds."""
    with open(folder / "printed.log", "wb") as log:
        took = seconds(lambda: quietly(command, folder, "", log))
    (folder / "printed.log").unlink()
    return took


def child(folder: Path, *arguments: str, home: Path | None = None) -> dict[str, float]:
    """What `benchmarks.flow_child` measured in a process of its own, with a new store.

    That stays until all is measured: ext4 passes over what was deleted, when it looks for inodes.
    """
    home = home or Path(mkdtemp(dir=folder))
    environment = {**plain_environment(), "KOGINE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.flow_child", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def quietly(command: list[str], folder: Path, said: str, out: object = None) -> None:
    """Run a command, its output thrown away or in a file."""
    subprocess.run(
        command,
        cwd=folder,
        env=plain_environment(),
        input=said.encode(),
        stdout=out or subprocess.DEVNULL,  # type: ignore[call-overload]
        check=True,
    )


def drop(_: object) -> None:
    """Take a result that nobody needs."""
