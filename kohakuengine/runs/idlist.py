"""Ids: a list of ids in the least of memory."""

from __future__ import annotations

from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import overload

_SIZE = 16  # bytes of an id: 32 hexadecimal digits


class Ids(Sequence[str]):
    """Ids of runs, in order; 16 bytes each, where a list of str takes about 90.

    Args:
        ids: Of 32 hexadecimal digits each.

    Example:
        >>> ids = Ids(["00" * 16])
        >>> ids.append("ff" * 16)
        >>> len(ids), ids[-1][:4]
        (2, 'ffff')
    """

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._bytes = bytearray()
        for id in ids:
            self.append(id)

    def append(self, id: str) -> None:
        """Add an id at the end."""
        self._bytes += bytes.fromhex(id)

    def __len__(self) -> int:
        return len(self._bytes) // _SIZE

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> str: ...

        @overload
        def __getitem__(self, index: slice) -> Ids: ...

    def __getitem__(self, index: int | slice) -> str | Ids:
        if isinstance(index, slice):
            return Ids(self[n] for n in range(*index.indices(len(self))))
        place = range(len(self))[index] * _SIZE
        return self._bytes[place : place + _SIZE].hex()

    def __eq__(self, other: object) -> bool:
        return self._bytes == other._bytes if isinstance(other, Ids) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it can change
