"""What is measured, beside what, and how slow it may be."""

from __future__ import annotations

import ast
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kohakuengine.engine.parameters import parameters

from .measure import command

ROOT = Path(__file__).resolve().parent.parent

# A script as people write them: costly imports first, of which `kogine params` needs none.
TORCH_SCRIPT = """\
import torch
from torch import nn

learning_rate: float = 0.1  # step size
epochs = 10


def main():
    print(torch.__version__, nn.Linear, learning_rate, epochs)


if __name__ == "__main__":
    main()
"""


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: What is measured, as a user would type it.
        base_name: What it is compared with.
        ours: Does what is measured, once.
        base: Does what it is compared with, once.
        target: How many times the base's time it may take; None where the figure only informs.
    """

    name: str
    base_name: str
    ours: Callable[[], None]
    base: Callable[[], None]
    target: float | None


def make_cases(folder: Path) -> list[Case]:
    """Write the scripts into a folder, and name all comparisons.

    Raises:
        FileNotFoundError: The `kogine` command isn't installed beside this interpreter.
    """
    kogine = shutil.which("kogine", path=str(Path(sys.executable).parent))
    if kogine is None:
        raise FileNotFoundError(f"no kogine beside {sys.executable}: run `make bench`")
    shutil.copy(ROOT / "examples" / "scripts" / "hello.py", folder / "hello.py")
    (folder / "uses_torch.py").write_text(TORCH_SCRIPT)
    programs = {"kogine": kogine, "python": sys.executable}

    def case(words: list[str], base: list[str], target: float | None) -> Case:
        return Case(
            shlex.join(words),
            shlex.join(base),
            command([programs[words[0]], *words[1:]], folder),
            command([programs[base[0]], *base[1:]], folder),
            target,
        )

    nothing = ["python", "-c", "pass"]
    hello = ["python", "hello.py"]
    return [
        case(["kogine", "--version"], nothing, 5),
        case(["python", "-c", "import kohakuengine"], nothing, 1.5),
        case(["kogine", "params", "uses_torch.py"], nothing, 7),
        case(["kogine", "run", "--launcher", "inline", "hello.py"], hello, 7),
        case(["kogine", "run", "--launcher", "fresh", "hello.py"], hello, None),
        parameters_case(long_script(5_000)),
    ]


def parameters_case(source: str) -> Case:
    """Reading the parameters of a long script, beside parsing it."""
    lines = source.count("\n")
    return Case(
        f"parameters() of {lines:,} lines",
        "ast.parse() of them",
        lambda: drop(parameters(source)),
        lambda: drop(ast.parse(source)),
        None,
    )


def drop(_: object) -> None:
    """Take a result that nobody needs."""


def long_script(lines: int) -> str:
    """A script of so many lines: 100 parameters, then functions of ten lines each."""
    text = [f"parameter_{i}: float = {i}.5  # what parameter {i} is for" for i in range(100)]
    while len(text) < lines - 10:
        i = len(text)
        text += ["", "", f"def step_{i}(batch, scale=1.0):"]
        text += [f"    value_{j} = [scale * x + {j} for x in batch if x > {j}]" for j in range(6)]
        text += [f"    return sum(value_0) + parameter_{i % 100}"]
    text += [""] * (lines - len(text))
    return "\n".join(text) + "\n"
