"""Every file name of the store, written once."""

from __future__ import annotations

import os


class StorePaths:
    """The files of a store.

    Args:
        home: The store's folder, most often `.kogine`.
    """

    def __init__(self, home: str) -> None:
        self.home = os.path.abspath(home)
        self.index = os.path.join(self.home, "kogine.db")
        self.ignore = os.path.join(self.home, ".gitignore")
        self.flows = os.path.join(self.home, "flows")
        self.runs = os.path.join(self.home, "runs")

    def flow(self, flow: str) -> FlowPaths:
        """The files of the flow with that id."""
        return FlowPaths(os.path.join(self.flows, flow))

    def run(self, run: str) -> RunPaths:
        """The files of the run with that id; a folder of few keeps listings fast."""
        return RunPaths(os.path.join(self.runs, run[:2], run))


class FlowPaths:
    """The files of one flow.

    The flow has ended in order when `ended` is renamed into place.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.record = os.path.join(folder, "flow.json")
        self.provenance = os.path.join(folder, "provenance.json")
        self.ended = os.path.join(folder, "ended.json")
        self.lock = os.path.join(folder, "lock")
        self.runs = os.path.join(folder, "runs.txt")
        self.requests = os.path.join(folder, "requests")
        self.source = os.path.join(folder, "source")
        self.programs = os.path.join(folder, "programs")
        self.shared = os.path.join(folder, "shared")
        self.log = os.path.join(folder, "coordinator.log")


class RunPaths:
    """The files of one run.

    Args:
        folder: The run's directory.
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.spec = os.path.join(self.folder, "run.json")
        self.config = os.path.join(self.folder, "config.pkl")
        self.tags = os.path.join(self.folder, "tags.json")
        self.artifacts = os.path.join(self.folder, "artifacts")
        self.attempts = os.path.join(self.folder, "attempts")

    def attempt(self, number: int) -> AttemptPaths:
        """The files of one attempt at the run; the first is number 1."""
        return AttemptPaths(os.path.join(self.attempts, str(number)))

    @property
    def store(self) -> StorePaths:
        """The store that the run is in."""
        return StorePaths(os.path.dirname(os.path.dirname(os.path.dirname(self.folder))))

    def last_attempt(self) -> int:
        """The number of the last attempt that was begun, 0 where there was none."""
        try:
            names = os.listdir(self.attempts)
        except FileNotFoundError:
            return 0
        return max((int(name) for name in names if name.isdecimal()), default=0)


class AttemptPaths:
    """The files of one attempt at a run.

    The attempt has ended when `outcome` is renamed into place, after `result` or `error`. What the
    script's process says of its end is `ending` until the outcome has taken it up.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.output = os.path.join(folder, "output.log")
        self.journal = os.path.join(folder, "journal.jsonl")
        self.ending = os.path.join(folder, "ending.json")
        self.outcome = os.path.join(folder, "outcome.json")
        self.result = os.path.join(folder, "result.pkl")
        self.error = os.path.join(folder, "error.pkl")
