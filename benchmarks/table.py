"""Measured figures as text for people, and as plain data for files."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from .cases import Case
from .measure import Times

HEADINGS = ("what", "beside", "ms", "(least)", "base ms", "(least)", "ratio", "target", "")


@dataclass(frozen=True)
class Figure:
    """One case with its times."""

    case: Case
    ours: Times
    base: Times

    @property
    def ratio(self) -> float:
        """How many times the base's time ours took, by the medians."""
        return self.ours.median / self.base.median

    @property
    def verdict(self) -> str:
        if self.case.target is None:
            return ""
        return "met" if self.ratio <= self.case.target else "MISSED"


@dataclass(frozen=True)
class Limit:
    """One figure and what it may be.

    Attributes:
        name: What is measured.
        value: The figure.
        unit: Of the figure.
        limit: What it may be at most; at least, where `least` is set.
        least: Whether the limit is a lower one.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    least: bool = False

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        met = self.value >= self.limit if self.least else self.value <= self.limit
        return "met" if met else "MISSED"

    def row(self) -> tuple[str, ...]:
        """The cells of a table."""
        sign = ">=" if self.least else "<="
        limit = "" if self.limit is None else f"{sign} {self.limit:g} {self.unit}"
        return self.name, f"{self.value:.3g} {self.unit}", limit, self.verdict


def machine() -> str:
    """What the figures were measured on, in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{python}, {system}, {cores} cores ({_processor()}), {memory:.0f} GiB"


def versions(names: Sequence[str]) -> str:
    """The versions of those of some distributions that are installed, in one line."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            lines = dict(line.partition(":")[::2] for line in file if ":" in line)
    except OSError:
        return platform.processor() or "of an unknown make"
    named = {key.strip(): value.strip() for key, value in lines.items()}
    return named.get("model name", "of an unknown make")


def render(figures: list[Figure]) -> str:
    """The figures as one table, its columns aligned."""
    rows = [HEADINGS, *(row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 1, 8) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    )


def row(figure: Figure) -> tuple[str, ...]:
    target = figure.case.target
    times = (figure.ours.median, figure.ours.least, figure.base.median, figure.base.least)
    return (
        figure.case.name,
        figure.case.base_name,
        *(f"{seconds * 1000:.1f}" for seconds in times),
        f"{figure.ratio:.2f}x",
        "" if target is None else f"<= {target:g}x",
        figure.verdict,
    )


def render_limits(limits: list[Limit]) -> str:
    """The figures as one table."""
    rows = [limit.row() for limit in limits]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    )


def as_data(figures: list[Figure], limits: list[Limit]) -> dict[str, object]:
    """The figures, those of single commands with every time in seconds, ready for JSON."""
    return {
        "machine": machine(),
        "limits": [asdict(limit) for limit in limits],
        "figures": [
            {
                "name": figure.case.name,
                "base": figure.case.base_name,
                "target": figure.case.target,
                "ratio": figure.ratio,
                "seconds": figure.ours.seconds,
                "base_seconds": figure.base.seconds,
            }
            for figure in figures
        ],
    }
