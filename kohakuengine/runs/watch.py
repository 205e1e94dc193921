"""Watch what one attempt prints and logs: metrics for its journal, lines for those who look on."""

from __future__ import annotations

import os
import time

from .journal import append, latest
from .output import OutputFollower, OutputReader
from .scalars import ScalarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .paths import AttemptPaths

# How many bytes of output are looked at in one go.
CHUNK = 1 << 20

# How many records are gathered before they are written.
_RECORDS = 1_000


class Watch:
    """Follows one attempt.

    Args:
        paths: The attempt's files.
        metrics: Whether printed numbers are metrics, or the pattern that they match.
        show: Is given the lines that are complete, if there is somebody to see them.

    Attributes:
        fault: Why not all metrics are in the journal, or None.
    """

    def __init__(
        self,
        paths: AttemptPaths,
        metrics: bool | str = True,
        show: Callable[[list[str]], None] | None = None,
    ) -> None:
        self._paths = paths
        self._follower = OutputFollower(paths.output)
        self._scalars = ScalarReader(
            metrics if isinstance(metrics, str) else None, enabled=metrics is not False
        )
        self._reader = OutputReader() if show else None
        self._show = show
        self._records: list[dict[str, Any]] = []
        self.fault: OSError | None = None

    @property
    def live(self) -> str:
        """The unfinished line as it shows now; empty where nobody is shown it."""
        return self._reader.live if self._reader else ""

    def look(self) -> bool:
        """Look at what has come, at most `CHUNK` bytes; tell whether there was anything."""
        data = self._follower.read(CHUNK)
        if data:
            self._note(self._scalars.feed(data))
            if self._reader and self._show:
                self._tell(self._reader.feed(data))
        return bool(data)

    def finish(self) -> None:
        """Look at the rest; the attempt has ended."""
        while self.look():
            continue
        self._note(self._scalars.close())
        if self._reader:
            self._tell(self._reader.close())
        self._write()

    def metrics(self) -> dict[str, float]:
        """The newest value of each metric, printed or logged."""
        self._write()
        noted = latest(self._paths.journal) if os.path.exists(self._paths.journal) else {}
        # Where the journal couldn't be written, what was printed is known here alone.
        return {**self._scalars.latest, **noted} if self.fault else noted

    def _tell(self, lines: list[str]) -> None:
        if lines and self._show:
            self._show(lines)

    def _note(self, scalars: list[Any]) -> None:
        """Gather one record for each step."""
        now = time.time()
        for scalar in scalars:
            last = self._records[-1] if self._records else None
            if last is None or last["step"] != scalar.step or scalar.name in last["printed"]:
                last = {"t": now, "step": scalar.step, "printed": {}, "offset": 0}
                self._records.append(last)
            last["printed"][scalar.name] = scalar.value
            last["offset"] = self._follower.offset
        if len(self._records) >= _RECORDS:
            self._write()

    def _write(self) -> None:
        records, self._records = self._records, []
        try:
            append(self._paths.journal, records)
        except OSError as error:  # most likely a full disk: no reason to end the run
            self.fault = error
