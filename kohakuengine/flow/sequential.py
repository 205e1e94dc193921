"""Sequential: one run after the other."""

from __future__ import annotations

from .base import Workflow


class Sequential(Workflow):
    """Runs scripts one after the other, each with each of its configs.

    A ConfigGenerator is asked for the next config when the last run has ended, and told how.

    Args:
        scripts: One script or several: paths, `Script`s, or pairs of a script and its configs.
        config: What the scripts without configs of their own are run with.
        choices: See `Workflow` and `Options`; `workers` is 1, and can be nothing else.

    Example:
        >>> runs = Sequential(["prepare.py", "train.py"]).run()  # doctest: +SKIP
        >>> runs.results  # doctest: +SKIP
        [None, {'loss': 0.25}]
    """

    workers = 1
