"""Flow: sequential or parallel, as it is told."""

from __future__ import annotations

from ..config.near import did_you_mean
from ..errors import ConfigError
from .base import Workflow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .plan import ConfigLike, ScriptLike

MODES = ("sequential", "parallel")


class Flow(Workflow):
    """Runs scripts in the mode that it is given: `Flow(..., mode="parallel")` is `Parallel(...)`.

    Args:
        scripts: One script or several: paths, `Script`s, or pairs of a script and its configs.
        config: What the scripts without configs of their own are run with.
        mode: `"sequential"` or `"parallel"`.
        max_workers: How many run at once in parallel mode; None for one a GPU, where `gpus` are
            given, else one a core that this process may use.
        choices: See `Workflow` and `Options`.
    """

    def __init__(
        self,
        scripts: ScriptLike | Iterable[ScriptLike | tuple[ScriptLike, ConfigLike]],
        config: ConfigLike = None,
        *,
        mode: str = "sequential",
        max_workers: int | None = None,
        **choices: Any,
    ) -> None:
        if mode not in MODES:
            meant = did_you_mean(mode, MODES)
            raise ConfigError(f"mode must be one of {', '.join(MODES)}, got {mode!r}{meant}")
        if mode == "sequential":
            self.workers = 1
        elif max_workers is not None:
            choices["workers"] = max_workers
        super().__init__(scripts, config, **choices)
