"""Parallel: several runs at once."""

from __future__ import annotations

from .base import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .plan import ConfigLike, ScriptLike


class Parallel(Workflow):
    """Runs scripts, each with each of its configs, as many at once as there are slots.

    A ConfigGenerator is asked for the next config when a slot is free, never ahead.

    Args:
        scripts: One script or several: paths, `Script`s, or pairs of a script and its configs.
        config: What the scripts without configs of their own are run with.
        max_workers: How many run at once; None for one a GPU, where `gpus` are given, else one a
            core that this process may use.
        choices: See `Workflow` and `Options`.

    Example:
        >>> configs = [Config({"lr": lr}) for lr in (0.1, 0.01)]  # doctest: +SKIP
        >>> runs = Parallel("train.py", configs, max_workers=2).run()  # doctest: +SKIP
        >>> runs.best("loss", mode="min").params  # doctest: +SKIP
        {'lr': 0.01}
    """

    def __init__(
        self,
        scripts: ScriptLike | Iterable[ScriptLike | tuple[ScriptLike, ConfigLike]],
        config: ConfigLike = None,
        *,
        max_workers: int | None = None,
        **choices: Any,
    ) -> None:
        if max_workers is not None:
            choices["workers"] = max_workers
        super().__init__(scripts, config, **choices)
