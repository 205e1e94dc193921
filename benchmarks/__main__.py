"""The command line of the benchmarks: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from .board import board_figures
from .cases import make_cases
from .configs import config_figures
from .flows import flow_figures
from .measure import in_turns
from .notebook import notebook_figures
from .table import Figure, Limit, as_data, machine, render, render_limits, versions
from .warm import warm_figures

# Beside which, and with which, kogine is measured.
PEERS = ("hydra-core", "hydra-joblib-launcher", "joblib", "papermill", "guildai", "ipykernel")
IMPORTED = ("numpy", "pandas", "scikit-learn")
TURNS = 3  # of flows, and of sweeps beside other tools


def main() -> int:
    options = parse()
    print(machine())
    print(versions((*PEERS, *IMPORTED)), flush=True)
    # All is deleted at the end alone: ext4 passes over what was, when it looks for free inodes.
    with tempfile.TemporaryDirectory(prefix="kogine-bench-") as folder:
        figures, limits = measured(options, Path(folder))
    if options.json:
        options.json.write_text(json.dumps(as_data(figures, limits), indent=2) + "\n")
    return 0


def measured(options: argparse.Namespace, folder: Path) -> tuple[list[Figure], list[Limit]]:
    """Measure what is asked for, and print it as it comes."""
    figures = [
        Figure(case, *in_turns(case.ours, case.base, options.repeat))
        for case in make_cases(folder_in(folder))
    ]
    print(f"\nsingle commands: medians of {options.repeat} repetitions in turns")
    print(render(figures), flush=True)
    limits: list[Limit] = []
    for title, asked, figures_of in (
        ("configs", options.configs, config_figures),
        ("flows and the store", options.flows, flow_figures),
        ("warm runs", options.warm, warm_figures),
        ("notebooks", options.notebook, notebook_figures),
        ("the live board", options.board, board_figures),
    ):
        if asked:
            found = figures_of(folder_in(folder), TURNS)
            print(f"\n{title}: medians of {TURNS} turns, but for what is said to be measured once")
            print(render_limits(found), flush=True)
            limits += found
    return figures, limits


def folder_in(folder: Path) -> Path:
    """A new folder, when what was measured before has been written to the disk."""
    os.sync()
    return Path(tempfile.mkdtemp(dir=folder))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=positive, default=20, metavar="N", help="default: 20")
    parser.add_argument("--configs", action="store_true", help="also configs; takes a minute")
    parser.add_argument(
        "--flows", action="store_true", help="also flows and the store; takes some minutes"
    )
    parser.add_argument(
        "--warm", action="store_true", help="also warm runs beside other tools; some minutes more"
    )
    parser.add_argument("--notebook", action="store_true", help="also magics; a minute more")
    parser.add_argument(
        "--board", action="store_true", help="also the live board, in JupyterLab; one minute more"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="every single time, in seconds")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
