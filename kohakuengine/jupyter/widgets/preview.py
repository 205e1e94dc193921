"""What a form's runs will be, as a table and a sentence: HTML for people, the same as text."""

from __future__ import annotations

from ...config.base import Config
from ...markup import table, value
from ...runs.shown import shown_params
from .controls import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...config.sweep import Sweep

SHOWN = 10
_CELL = 40


def count_of(configs: Config | Sweep) -> int:
    """How many runs there are."""
    return 1 if isinstance(configs, Config) else configs.size


def first_rows(configs: Config | Sweep, shown: int = SHOWN) -> list[list[str]]:
    """The first runs, a list of texts each, below the names of what varies."""
    if isinstance(configs, Config):
        names, first = list(configs.globals_dict), [configs]
    else:
        names = list(configs.names)
        first = [configs[n] for n in range(min(shown, configs.size))]
    from ...config.nested import nested_values

    rows = []
    for config in first:
        values = nested_values(shown_params(config), names)
        rows.append([_cell(values.get(name, "")) for name in names])
    return [["", *map(_cell, names)], *([str(n), *row] for n, row in enumerate(rows))]


def preview_html(configs: Config | Sweep) -> str:
    """The first runs as a table."""
    rows = first_rows(configs)
    if len(rows[0]) == 1:
        return "<p>one run, with all as the script has it</p>"
    more = count_of(configs) - (len(rows) - 1)
    tail = f"<p>… and {more:,} more</p>" if more > 0 else ""
    cells = [[value(cell) for cell in row] for row in rows]
    return table(cells[0], cells[1:]) + tail


def _cell(value: Any) -> str:
    from ...runs.cells import shown

    return plain(shown(value, _CELL))
