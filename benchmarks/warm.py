"""What a run costs under the warm launcher, beside other tools."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from . import peers
from .peers import Peer
from .table import Limit

HELLOS = 300
HEAVY = 100
FEW = 100  # of what takes longest a run
MANY = 1_000  # of what has no start of its own, so that ours hardly counts
TURNS = 7  # at least, of what takes a second or two: single turns differ by a third


def warm_figures(folder: Path, repeat: int) -> list[Limit]:
    """Measure them all; takes about twenty minutes.

    Args:
        folder: Where each measurement gets a folder of its own.
        repeat: How often the short ones are made, in turns.
    """
    bench = _Bench(folder)
    figures = [*bench.workers(repeat), bench.heavy()]
    return [*figures, *bench.peers(repeat), *bench.marginal(repeat)]


class _Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def workers(self, repeat: int) -> list[Limit]:
        """Runs of a tiny script, by one, two and four workers."""
        figures = []
        for workers in (1, 2, 4):
            ours, base = peers.kogine(workers), peers.xargs(workers)
            turns = max(repeat, TURNS)
            took, beside = self.in_turns([(ours, HELLOS), (base, HELLOS)], turns)
            figures.append(
                Limit(
                    f"{HELLOS} hellos, {workers} at once: {_each(took, HELLOS)} a run,"
                    f" beside xargs -P{workers} ({_each(beside, HELLOS)}; {turns} turns)",
                    took / beside,
                    "x",
                    0.5 if workers == 2 else None,
                )
            )
        return figures

    def heavy(self) -> Limit:
        """Runs of a script with heavy imports; those of xargs, which take minutes, once."""
        ours, base = peers.kogine(imports=peers.HEAVY), peers.xargs(imports=peers.HEAVY)
        for peer in (ours, base):
            self.time(peer, 2)  # writes the bytecode
        took = median(self.time(ours, HEAVY) for _ in range(TURNS))
        beside = self.time(base, HEAVY)
        return Limit(
            f"{HEAVY} runs that import numpy, pandas, scikit-learn: {took:.2f} s ({TURNS} turns); xargs -P2"
            f" ({beside:.1f} s, once) takes",
            beside / took,
            "x",
            30,
            least=True,
        )

    def peers(self, repeat: int) -> list[Limit]:
        """As many runs of a tiny script by other tools, their start included, as is ours."""
        fast: list[tuple[Peer, float | None]] = [
            (peers.joblib(), None),
            (peers.hydra_basic(), 20),
            (peers.hydra_joblib(), 20),
        ]
        found = [
            *self._beside(fast, HELLOS, repeat),
            *self._beside([(peers.papermill(), 100)], FEW, 1),
        ]
        if sys.version_info < (3, 12):  # newer ones Guild AI doesn't know
            found += self._beside([(peers.guild(), 100)], MANY, 1)
        return found

    def _beside(
        self, others: list[tuple[Peer, float | None]], count: int, repeat: int
    ) -> list[Limit]:
        plan = [(peer, count) for peer, _ in others]
        ours, *times = self.in_turns([(peers.kogine(), count), *plan], repeat)
        return [
            Limit(
                f"{count} by {peer.name} ({peer.keeps}; {_each(took, count)} a run), beside ours"
                f" ({_each(ours, count)}{', once' * (repeat == 1)})",
                took / ours,
                "x",
                limit,
                least=True,
            )
            for (peer, limit), took in zip(others, times)
        ]

    def marginal(self, repeat: int) -> list[Limit]:
        """What one more run costs, when there are many."""
        ours = peers.kogine()
        counts = (100, 1_000, 10_000)
        few, some, many = self.in_turns([(ours, count) for count in counts], min(repeat, 3))
        first, second = (some - few) / 900, (many - some) / 9_000
        return [
            Limit("one more run, between 100 and 1,000", 1000 * first, "ms", None),
            Limit("one more run, between 1,000 and 10,000", 1000 * second, "ms", None),
            Limit("how far the two are apart", 100 * abs(second / first - 1), "%", 20),
        ]

    def in_turns(self, plan: list[tuple[Peer, int]], repeat: int) -> list[float]:
        """The median time of each, in seconds, after a first turn that doesn't count."""
        for peer, count in plan:
            self.time(peer, min(count, 4))
        turns = [[self.time(peer, count) for peer, count in plan] for _ in range(repeat)]
        return [median(times) for times in zip(*turns)]

    def time(self, peer: Peer, count: int) -> float:
        # Nothing is deleted meanwhile: ext4 passes over what was, when it looks for free inodes.
        return peer.time(count, Path(mkdtemp(dir=self.folder)))


def _each(took: float, count: int) -> str:
    return f"{1000 * took / count:.3g} ms"
