"""Texts in which objects stand, as on the line of a notebook's magic.

They pass through a command's parser as the texts that they are. Where a value is taken from one,
it is the object.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, SupportsIndex

    Span = tuple[int, int, object]


class Given(str):
    """A text, stretches of which stand for objects; what is cut from it keeps those that it holds.

    Args:
        text: What is read where a text is wanted.
        spans: Where each object begins and ends, and the object.

    Example:
        >>> name, _, value = Given("lr=[0.1, 0.2]", [(3, 13, [0.1, 0.2])]).partition("=")
        >>> name, given_object(value)
        ('lr', [0.1, 0.2])
    """

    spans: Sequence[Span]

    def __new__(cls, text: str, spans: Sequence[Span] = ()) -> Given:
        given = super().__new__(cls, text)
        given.spans = spans
        return given

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        if not isinstance(key, slice) or key.step not in (None, 1):
            return super().__getitem__(key)
        start, end, _ = key.indices(len(self))
        inside = [
            (a - start, b - start, value) for a, b, value in self.spans if start <= a <= b <= end
        ]
        return Given(super().__getitem__(key), inside)

    def partition(self, sep: str) -> tuple[str, str, str]:
        """As of any text; a separator within an object's text doesn't count."""
        at = self._find(sep)
        if at < 0:
            return self, "", ""
        return self[:at], sep, self[at + len(sep) :]

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        """As of any text; at a single separator, the parts keep their objects."""
        if sep is None or maxsplit != 1:
            return super().split(sep, maxsplit)
        head, found, tail = self.partition(sep)
        return [head, tail] if found else [head]

    def strip(self, chars: str | None = None) -> str:
        """As of any text; what stands for an object is left as it is."""
        start = len(self) - len(str(self).lstrip(chars))
        end = max(start, len(str(self).rstrip(chars)))
        for a, b, _ in self.spans:
            start, end = min(start, a), max(end, b)
        return self[start:end]

    def within(self, place: int) -> bool:
        """Whether the character at a place belongs to an object's text."""
        return any(a <= place < b for a, b, _ in self.spans)

    def _find(self, sep: str) -> int:
        at = self.find(sep)
        while at >= 0 and self.within(at):
            at = self.find(sep, at + 1)
        return at


NO_OBJECT: Any = object()


def given_object(text: object) -> Any:
    """The object that a text as a whole stands for; `NO_OBJECT` where it is just a text."""
    if isinstance(text, Given) and len(text.spans) == 1:
        start, end, value = text.spans[0]
        if (start, end) == (0, len(text)):
            return value
    return NO_OBJECT


def is_given(text: object) -> bool:
    """Whether a text as a whole stands for an object."""
    return given_object(text) is not NO_OBJECT
