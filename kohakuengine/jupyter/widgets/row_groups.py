"""Which rows of a form there are, and which stand together: a row is made when somebody looks at it."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets

from .controls import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from .row import Row

MANY = 12  # rows above which they are grouped, and can be searched
MOST_TOGETHER = 40  # rows of one group: a browser takes its time for more
_OTHERS = "other parameters"


class Rows(Mapping[str, "Row"]):
    """The rows of a form, by the names of the parameters.

    Args:
        make: Makes the row of a name.
    """

    def __init__(self, make: Callable[[str], Row]) -> None:
        self._make = make
        self._rows: dict[str, Row | None] = {}

    def add(self, name: str) -> None:
        """Have a row for a name, below the others."""
        self._rows.setdefault(name)

    def __getitem__(self, name: str) -> Row:
        row = self._rows[name]
        if row is None:
            row = self._rows[name] = self._make(name)
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    @property
    def made(self) -> dict[str, Row]:
        """Those that somebody has looked at; the others say nothing."""
        return {name: row for name, row in self._rows.items() if row is not None}


def grouped(names: Sequence[str]) -> dict[str, list[str]]:
    """Names by what they begin with, up to the first `_`, where several do; then all others.

    Example:
        >>> grouped(["lr", "model_width", "seed", "model_depth"])
        {'other parameters': ['lr', 'seed'], 'model': ['model_width', 'model_depth']}
    """
    by_prefix: dict[str, list[str]] = {}
    for name in names:
        by_prefix.setdefault(name.partition("_")[0], []).append(name)
    groups: dict[str, list[str]] = {_OTHERS: []}
    for prefix, members in by_prefix.items():
        if len(members) == 1:
            groups[_OTHERS] += members
        else:
            groups[prefix] = members
    return {name: members for name, members in groups.items() if members}


def in_pieces(groups: Mapping[str, list[str]], most: int = MOST_TOGETHER) -> dict[str, list[str]]:
    """Groups of so many names at most, called by the first and the last of them.

    Example:
        >>> in_pieces({"model": ["depth", "heads", "width"]}, 2)
        {'model: depth to heads': ['depth', 'heads'], 'model: width': ['width']}
    """
    found: dict[str, list[str]] = {}
    for title, names in groups.items():
        if len(names) <= most:
            found[title] = names
            continue
        for first in range(0, len(names), most):
            piece = names[first : first + most]
            end = f" to {piece[-1]}" if len(piece) > 1 else ""
            found[f"{title}: {piece[0]}{end}"] = piece
    return found


def folded(groups: Mapping[str, Sequence[str]], rows: Rows) -> Any:
    """Groups of rows to be opened one at a time; those of a closed one aren't made yet."""
    boxes = [widgets.VBox() for _ in groups]
    titles = [plain(title) for title in groups]
    fold = widgets.Accordion(boxes, titles=titles)
    members = list(groups.values())

    def fill(change: Any) -> None:
        opened = change["new"]
        if opened is not None and not boxes[opened].children:
            boxes[opened].children = [rows[name] for name in members[opened]]

    fold.observe(fill, "selected_index")
    fold.selected_index = 0
    return fold
