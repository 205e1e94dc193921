"""What the commands say, under a cell of a notebook: tables that are some, and notes.

What a kernel's stderr says looks like an error, so nothing that is none goes there.
"""

from __future__ import annotations

from ..markup import bundle, joined, note, tag, value, visible
from ..markup import table as html_table
from ..runs.cells import table as text_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..cli.reply import Table


class Replies:
    """Shows tables and notes as displays, which `--json` on stdout is kept apart from."""

    def tables(self, tables: Sequence[Table]) -> None:
        """Show tables, one below the other."""
        filled = [(_filled(rows), heads) for rows, heads in tables]
        shown = joined([_html(rows, heads) for rows, heads in filled])
        text = "\n\n".join(text_table(rows) for rows, _ in filled)
        _display(bundle(tag("div", shown), text))

    def note(self, text: str) -> None:
        """Tell what isn't the result."""
        _display(bundle(note(value(text)), visible(text)))


def _html(rows: Sequence[Sequence[str]], heads: bool) -> str:
    body = rows[1:] if heads else rows
    columns = range(len(rows[0]))
    used = [n for n in columns if any(row[n] for row in rows)]
    right = [at for at, n in enumerate(used) if _is_numeric([row[n] for row in body])]
    cells = [[value(row[n]) for n in used] for row in body]
    return html_table([value(rows[0][n]) for n in used] if heads else (), cells, right)


def _is_numeric(cells: Sequence[str]) -> bool:
    def is_number(text: str) -> bool:
        try:
            float(text)
        except ValueError:
            return False
        return True

    return any(cells) and all(is_number(cell) for cell in cells if cell)


def _filled(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of the same length, in which all can be seen."""
    width = max(map(len, rows))
    return [[*map(visible, row), *[""] * (width - len(row))] for row in rows]


def _display(shown: dict[str, str]) -> None:
    from IPython import display

    show: Any = display.display  # it comes without types
    show(shown, raw=True)
