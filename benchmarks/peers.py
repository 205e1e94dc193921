"""The tools beside which kogine's sweeps are measured, each used as its own documentation says.

All run a script of one value `x`, which prints that, for `x` = 0 .. N - 1.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .measure import seconds

HEAVY = "import numpy\nimport pandas\nimport sklearn.linear_model\n"

# For xargs, joblib and kogine: the very same file.
SCRIPT = """\
import sys
{imports}
x = 0
if len(sys.argv) > 1:
    x = int(sys.argv[1])
print(f"x = {{x}}")
"""

# For Guild AI, which finds `x` in the file as kogine does; with sys.argv it would take it for an
# argument.
GUILD = """\
x = 0
print(f"x = {x}")
"""

HYDRA = """\
import hydra


@hydra.main(version_base=None, config_path=".", config_name="config")
def main(cfg):
    print(f"x = {cfg.x}")


if __name__ == "__main__":
    main()
"""

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {"tags": [name]},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for name, source in (("parameters", "x = 0"), ("body", 'print(f"x = {x}")'))
    ],
    "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}

# joblib's workers (loky) stay, and with them what a script left in them.
JOBLIB = """\
import runpy
import sys

from joblib import Parallel, delayed


def run(x):
    sys.argv = ["script.py", str(x)]
    runpy.run_path("script.py", run_name="__main__")
    sys.stdout.flush()


if __name__ == "__main__":
    Parallel(n_jobs=int(sys.argv[2]))(delayed(run)(x) for x in range(int(sys.argv[1])))
"""

_SAID = re.compile(r"^(?:\[x=\d+\] )?x = (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Peer:
    """One way to run a script for many values.

    Attributes:
        name: What it is called.
        keeps: What it keeps apart, and what it records.
        files: What lies in the folder where it is called, by name.
        command: The command line for so many values.
        said: What it is given on standard input for so many values, if anything.
        found: What the runs have printed, where that isn't on standard output.
    """

    name: str
    keeps: str
    files: dict[str, str]
    command: Callable[[int], list[str]]
    said: Callable[[int], str] = lambda count: ""
    found: Callable[[Path], str] | None = None

    def time(self, count: int, folder: Path) -> float:
        """How long it takes for so many values in a new folder, in seconds.

        Raises:
            RuntimeError: Not each value was run exactly once.
        """
        environ = clean_environment(folder)
        work = folder / "work"
        work.mkdir()
        for name, text in self.files.items():
            (work / name).write_text(text)
        command, said = self.command(count), self.said(count)
        printed = ""

        def run() -> None:
            nonlocal printed
            done = subprocess.run(
                command,
                cwd=work,
                env=environ,
                input=said,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            printed = done.stdout
            if done.returncode:
                raise RuntimeError(f"{self.name} failed: {done.stderr[-2000:]}")

        took = seconds(run)
        values = sorted(map(int, _SAID.findall(self.found(work) if self.found else printed)))
        if values != list(range(count)):
            raise RuntimeError(f"{self.name} ran {len(values)} of {count}: {printed[-2000:]}")
        return took


def xargs(workers: int = 2, imports: str = "") -> Peer:
    """A new interpreter each, and nothing recorded."""
    return Peer(
        f"xargs -P{workers} -n1 python script.py",
        "isolated, records nothing",
        {"script.py": SCRIPT.format(imports=imports)},
        lambda count: ["xargs", f"-P{workers}", "-n1", sys.executable, "script.py"],
        _numbers,
    )


def kogine(workers: int = 2, imports: str = "", launcher: str = "warm") -> Peer:
    """Ours."""

    def command(count: int) -> list[str]:
        axis = f"x={','.join(map(str, range(count)))}"
        chosen = ["--workers", str(workers), "--launcher", launcher]
        return [program("kogine"), "run", "script.py", "--sweep", axis, *chosen]

    return Peer(
        f"kogine run script.py --sweep x=0,1,... --workers {workers}",
        "isolated, records all",
        {"script.py": SCRIPT.format(imports=imports)},
        command,
    )


def joblib() -> Peer:
    """Two processes of loky's, in which one script follows the other."""
    return Peer(
        "joblib.Parallel(n_jobs=2), runpy.run_path",
        "shared workers, records nothing",
        {"script.py": SCRIPT.format(imports=""), "sweep.py": JOBLIB},
        lambda count: [sys.executable, "sweep.py", str(count), "2"],
    )


def hydra_basic() -> Peer:
    """One run after the other, in one process."""
    return _hydra("app.py -m x=range(0,N)", "one process, records config and log")


def hydra_joblib() -> Peer:
    """The runs in two processes of loky's."""
    words = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    return _hydra(
        "app.py -m x=range(0,N) hydra/launcher=joblib",
        "shared workers, records config and log",
        *words,
    )


def _hydra(name: str, keeps: str, *words: str) -> Peer:
    return Peer(
        f"Hydra: {name}",
        keeps,
        {"app.py": HYDRA, "config.yaml": "x: 0\n"},
        lambda count: [sys.executable, "app.py", "-m", f"x=range(0,{count})", *words],
    )


def papermill() -> Peer:
    """A kernel each, two at once."""
    options = ["-k", "python3", "-p", "x", "{}", "--no-progress-bar"]
    return Peer(
        "papermill, two at once by xargs",
        "isolated, records the notebook",
        {"notebook.ipynb": json.dumps(NOTEBOOK)},
        lambda count: [
            *("xargs", "-P2", "-I{}", program("papermill"), "notebook.ipynb", "out{}.ipynb"),
            *options,
        ],
        _numbers,
        lambda work: "\n".join(map(_printed, work.glob("out*.ipynb"))),
    )


def _printed(notebook: Path) -> str:
    cells = json.loads(notebook.read_text())["cells"]
    return "".join("".join(o.get("text", "")) for cell in cells for o in cell["outputs"])


def guild() -> Peer:
    """One run after the other, each in an interpreter of its own."""

    def command(count: int) -> list[str]:
        values = ",".join(map(str, range(count)))
        return [program("guild"), "run", "train.py", f"x=[{values}]", "--yes"]

    def found(work: Path) -> str:
        runs = (work.parent / "guild" / "runs").glob("*/.guild")
        done = [run for run in runs if not (run / "proto").exists()]  # that one is the batch
        for run in done:
            if (run / "attrs" / "exit_status").read_text().strip() != "0":
                raise RuntimeError(f"a run of Guild's failed: {(run / 'output').read_text()}")
        return "\n".join((run / "output").read_text() for run in done)

    return Peer(
        "guild run train.py x=[0,1,...]",
        "isolated, one at a time, records all",
        {"train.py": GUILD},
        command,
        found=found,
    )


def program(name: str) -> str:
    """A command that is installed beside this interpreter.

    Raises:
        FileNotFoundError: It isn't.
    """
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise FileNotFoundError(f"no {name} beside {sys.executable}: run `make bench`")
    return str(path)


def clean_environment(folder: Path) -> dict[str, str]:
    """An environment made from nothing, in which all that a tool keeps is in a new folder."""
    places = {
        "HOME": "home",
        "TMPDIR": "tmp",
        "KOGINE_HOME": "store",
        "GUILD_HOME": "guild",
        "MPLCONFIGDIR": "matplotlib",
        "IPYTHONDIR": "ipython",
        "XDG_CACHE_HOME": "cache",
        "JUPYTER_DATA_DIR": "jupyter/data",
        "JUPYTER_CONFIG_DIR": "jupyter/config",
        "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    }
    environ = {name: str(folder / place) for name, place in places.items()}
    for path in environ.values():
        os.makedirs(path)
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    return {
        **environ,
        "PATH": path,
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not a user's
    }


def _numbers(count: int) -> str:
    return "".join(f"{number}\n" for number in range(count))
