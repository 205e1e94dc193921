"""The command line of the benchmarks: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from .cases import make_cases
from .flows import flow_figures
from .measure import in_turns
from .table import Figure, as_data, machine, render, render_limits
from .warm import warm_figures


def main() -> int:
    options = parse()
    print(f"{machine()}; {options.repeat} repetitions in turns, medians", flush=True)
    with tempfile.TemporaryDirectory(prefix="kogine-bench-") as folder:
        figures = [
            Figure(case, *in_turns(case.ours, case.base, options.repeat))
            for case in make_cases(Path(folder))
        ]
    print(render(figures))
    for asked, figures_of in ((options.flows, flow_figures), (options.warm, warm_figures)):
        if asked:
            with tempfile.TemporaryDirectory(prefix="kogine-bench-") as folder:
                print(render_limits(figures_of(Path(folder), 3)), flush=True)
    if options.json:
        options.json.write_text(json.dumps(as_data(figures), indent=2) + "\n")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=positive, default=20, metavar="N", help="default: 20")
    parser.add_argument(
        "--flows", action="store_true", help="also flows and the store; takes some minutes"
    )
    parser.add_argument(
        "--warm", action="store_true", help="also warm runs beside other tools; some minutes more"
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
