"""Slots: the places in which a flow's runs go on, each with its number and its own GPU."""

from __future__ import annotations

import os
from heapq import heappop, heappush

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Slots:
    """The places for runs; the free one with the lowest number is taken first.

    Args:
        count: How many there are.
        gpus: A GPU each, by the ids that `CUDA_VISIBLE_DEVICES` takes; shared in turn where there
            are more slots. None leaves that variable alone.
    """

    def __init__(self, count: int, gpus: Sequence[str] | None = None) -> None:
        self._count = count
        self._used = 0  # those from here on were never taken: there may be very many
        self._free: list[int] = []  # of the others, the lowest number first
        self._gpus = gpus

    @property
    def free(self) -> int:
        """How many are free."""
        return len(self._free) + self._count - self._used

    def take(self) -> int:
        """The number of a free slot, which is taken now."""
        if self._free:
            return heappop(self._free)
        self._used += 1
        return self._used - 1

    def give_back(self, slot: int) -> None:
        """Free a slot."""
        heappush(self._free, slot)

    def environ(self, slot: int) -> dict[str, str]:
        """What a run in the slot finds in its environment."""
        if self._gpus is None:
            return {}
        return {"CUDA_VISIBLE_DEVICES": self._gpus[slot % len(self._gpus)]}


def gpu_ids(
    gpus: str | Sequence[int | str] | None, environ: Mapping[str, str] = os.environ
) -> list[str] | None:
    """The GPUs to be shared out, by the ids that `CUDA_VISIBLE_DEVICES` takes.

    Args:
        gpus: `"auto"` for all that this process may use: those in `CUDA_VISIBLE_DEVICES`, exactly
            as they stand there, else all that `nvidia-smi` lists; or ids, which are taken as given.
        environ: The environment.

    Raises:
        ConfigError: There are none, or it is something else.
    """
    if gpus is None:
        return None
    if gpus != "auto":
        if isinstance(gpus, str):
            gpus = [part.strip() for part in gpus.split(",") if part.strip()]
        ids = [str(gpu) for gpu in gpus]
        if not ids or not all(ids):
            raise ConfigError('gpus must be "auto" or a list of ids, got none.')
        return ids
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        ids = [part.strip() for part in visible.split(",") if part.strip()]
        if not ids or ids[0] == "-1":
            raise ConfigError("gpus: CUDA_VISIBLE_DEVICES leaves this process no GPU.")
        return ids
    return _listed()


def _listed() -> list[str]:
    """The GPUs of this machine, by number in the order of the PCI bus, as nvidia-smi counts them."""
    import subprocess

    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigError(f"gpus: nvidia-smi can't tell which GPUs there are: {error}.") from error
    ids = done.stdout.split()
    if not ids:
        raise ConfigError("gpus: nvidia-smi lists no GPU.")
    return ids
