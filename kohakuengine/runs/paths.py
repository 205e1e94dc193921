"""Every file name of the store, written once."""

from __future__ import annotations

import os


def _in(*parts: str) -> str:
    """A path; the parts are known to be plain names, and `os.path.join` takes ten times as long."""
    return os.sep.join(parts)


class StorePaths:
    """The files of a store.

    Args:
        home: The store's folder, most often `.kogine`.
    """

    def __init__(self, home: str) -> None:
        self.home = os.path.abspath(home)
        self.index = _in(self.home, "kogine.db")
        self.ignore = _in(self.home, ".gitignore")
        self.flows = _in(self.home, "flows")
        self.runs = _in(self.home, "runs")
        self.cells = _in(self.home, "cells")

    def flow(self, flow: str) -> FlowPaths:
        """The files of the flow with that id."""
        return FlowPaths(_in(self.flows, flow))

    def run(self, run: str) -> RunPaths:
        """The files of the run with that id; a folder of few keeps listings fast."""
        return RunPaths(_in(self.runs, run[:2], run))


class FlowPaths:
    """The files of one flow.

    The flow has ended in order when `ended` is renamed into place.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.record = _in(folder, "flow.json")
        self.provenance = _in(folder, "provenance.json")
        self.ended = _in(folder, "ended.json")
        self.lock = _in(folder, "lock")
        self.runs = _in(folder, "runs.txt")
        self.requests = _in(folder, "requests")
        self.source = _in(folder, "source")
        self.programs = _in(folder, "programs")
        self.shared = _in(folder, "shared")
        self.log = _in(folder, "coordinator.log")

    def listed(self) -> list[str]:
        """The ids of the runs that were begun, in order."""
        try:
            with open(self.runs) as file:
                return file.read().split()
        except FileNotFoundError:
            return []


class RunPaths:
    """The files of one run.

    Args:
        folder: The run's directory, an absolute path.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.spec = _in(self.folder, "run.json")
        self.config = _in(self.folder, "config.pkl")
        self.tags = _in(self.folder, "tags.json")
        self.artifacts = _in(self.folder, "artifacts")
        self.attempts = _in(self.folder, "attempts")

    def attempt(self, number: int) -> AttemptPaths:
        """The files of one attempt at the run; the first is number 1."""
        return AttemptPaths(_in(self.attempts, str(number)))

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

    The attempt has ended when `outcome` is renamed into place, after `result` or `error`. Its first
    lines, with what the script's process says of its end, are `ending` until the rest is known.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.output = _in(folder, "output.log")
        self.journal = _in(folder, "journal.jsonl")
        self.ending = _in(folder, "ending.json")
        self.outcome = _in(folder, "outcome.json")
        self.result = _in(folder, "result.pkl")
        self.error = _in(folder, "error.pkl")

    @property
    def run(self) -> RunPaths:
        """The run that it is an attempt at."""
        return RunPaths(os.path.dirname(os.path.dirname(self.folder)))
