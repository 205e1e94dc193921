"""Every file name of a run's directory, written once."""

from __future__ import annotations

import os


class RunPaths:
    """The files of one run.

    Args:
        folder: The run's directory.
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.spec = os.path.join(self.folder, "run.json")
        self.config = os.path.join(self.folder, "config.pkl")

    def attempt(self, number: int) -> AttemptPaths:
        """The files of one attempt at the run; the first is number 1."""
        return AttemptPaths(os.path.join(self.folder, "attempts", str(number)))


class AttemptPaths:
    """The files of one attempt at a run.

    The attempt has ended when `outcome` is renamed into place, after `result` or `error`.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.outcome = os.path.join(folder, "outcome.json")
        self.result = os.path.join(folder, "result.pkl")
        self.error = os.path.join(folder, "error.pkl")
