"""What configs cost: those of a large grid, and a large config file."""

from __future__ import annotations

import gc
import importlib.util
import sys
import tracemalloc
from pathlib import Path
from statistics import median

from kohakuengine import Config, load_config
from kohakuengine.config.sweep import Sweep

from .measure import seconds
from .table import Limit

POINTS = 1_000_000
KEYS = 200


def config_figures(folder: Path, repeat: int) -> list[Limit]:
    """Measure them all; takes less than a minute.

    Args:
        folder: Where the config file is put.
        repeat: How often each is measured.
    """
    return [*a_large_grid(repeat), *a_large_file(folder / "large.py", repeat)]


def a_large_grid(repeat: int) -> list[Limit]:
    """All Configs of a grid of three axes, one after the other."""
    axes = {"lr": [n / 100 for n in range(100)], "bs": range(100), "seed": range(100)}
    sweep = Sweep(Config({"epochs": 3}), axes)
    took = [seconds(lambda: _go_through(sweep)) for _ in range(repeat)]
    huge = {name: range(1_000) for name in axes}
    made = [seconds(lambda: _drop(Sweep(Config(), huge))) for _ in range(100 * repeat)]
    few = Sweep(Config({"epochs": 3}), {**axes, "seed": [0]})
    ratio = _peak(sweep) / _peak(few)
    return [
        Limit(f"{POINTS:,} Configs of a grid", median(took), "s", 5),
        Limit("their peak memory, beside a hundredth of them (once)", ratio, "x", None),
        Limit("to make a grid of 1,000,000,000", 1e6 * median(made), "us", None),
    ]


def _go_through(sweep: Sweep) -> None:
    count = sum(1 for _ in sweep)
    assert count == len(sweep)


def _peak(sweep: Sweep) -> int:
    """The most memory that was in use while its Configs were made, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        _go_through(sweep)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def a_large_file(path: Path, repeat: int) -> list[Limit]:
    """A config file of many names, beside Python's import of the same file without its bytecode."""
    lines = [f"name_{n} = {value}" for n, value in zip(range(KEYS), _values())]
    path.write_text("\n".join(lines) + "\n")
    assert len(Config.from_file(path).globals_dict) == KEYS
    ours = median(seconds(lambda: _drop(load_config(path))) for _ in range(10 * repeat))
    base = median(seconds(lambda: _import(path)) for _ in range(10 * repeat))
    return [
        Limit(
            f"a config file of {KEYS} names, more than Python's import",
            1000 * (ours - base),
            "ms",
            30,
        ),
        Limit("Python's import of it", 1000 * base, "ms", None),
    ]


def _values() -> list[str]:
    return ["0.1", "'text'", "[1, 2, 3]", "{'a': {'b': 1}}", "None"] * (KEYS // 5)


def _import(path: Path) -> None:
    spec = importlib.util.spec_from_file_location("large", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # a config file is compiled each time
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes


def _drop(value: object) -> None:
    del value
