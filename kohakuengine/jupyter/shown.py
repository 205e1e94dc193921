"""What a cell has shown already, which isn't to be shown once more as its value."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from IPython.core.interactiveshell import InteractiveShell


class Shown:
    """Remembers what a magic has shown, until the cell has given its value.

    Only the value of that very cell is left out, and only in a kernel: an explicit `display()`, or
    the same object in a later cell, is shown.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._formatter: Any = getattr(shell.display_formatter, "ipython_display_formatter")
        self._value: object = None
        self._cell = -1
        self._kinds: list[tuple[type, Any]] = []

    def note(self, value: object) -> None:
        """A value has been shown under the cell that is being executed."""
        self._value, self._cell = value, self._shell.execution_count
        kind = type(value)
        if kind not in (known for known, _ in self._kinds):
            self._kinds.append((kind, self._formatter.for_type(kind)))
            self._formatter.for_type(kind, self._display)

    def leave(self) -> None:
        """Have all values displayed as before."""
        for kind, before in self._kinds:
            if before is None:
                self._formatter.pop(kind, None)
            else:
                self._formatter.for_type(kind, before)
        self._kinds.clear()

    def _display(self, value: object) -> None:
        """Display nothing of a value that has been shown.

        Raises:
            NotImplementedError: It is to be displayed as usual.
        """
        # The hook has a message only while it handles a cell's value.
        is_value = getattr(self._shell.displayhook, "msg", None) is not None
        same_cell = self._shell.execution_count == self._cell
        if not (is_value and same_cell and value is self._value):
            raise NotImplementedError
        self._value = None
