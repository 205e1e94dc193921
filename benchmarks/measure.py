"""Time two commands side by side, in turns, so that a slow moment of the machine hits both."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Times:
    """How long something took, in seconds, once per repetition."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        return min(self.seconds)


def in_turns(
    ours: Callable[[], None], base: Callable[[], None], repetitions: int
) -> tuple[Times, Times]:
    """Time `ours` and `base` in turns, after one call of each that doesn't count.

    Args:
        ours: What is measured.
        base: What it is compared with.
        repetitions: How often each is timed, at least 1.

    Returns:
        The times of `ours` and of `base`.
    """
    ours()
    base()
    pairs = [(seconds(ours), seconds(base)) for _ in range(repetitions)]
    return Times(tuple(a for a, _ in pairs)), Times(tuple(b for _, b in pairs))


def seconds(work: Callable[[], None]) -> float:
    """How long one call takes, by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def command(arguments: list[str], folder: Path) -> Callable[[], None]:
    """A call that runs a command to its end in a folder.

    A command that fails raises `subprocess.CalledProcessError`: its time would mean nothing.
    """
    environment = plain_environment()

    def run() -> None:
        subprocess.run(
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    return run


def plain_environment() -> dict[str, str]:
    """The environment less what changes how Python itself starts, e.g. PYTHONDONTWRITEBYTECODE."""
    changing = ("PYTHON", "COVERAGE_", "KOGINE_")
    return {key: value for key, value in os.environ.items() if not key.startswith(changing)}
