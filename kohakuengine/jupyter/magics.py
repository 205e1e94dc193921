"""The magics `%kogine` and `%%kogine`."""

from __future__ import annotations

from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)

from .shown import Shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from IPython.core.interactiveshell import InteractiveShell

    from .cell import Cell
    from .face import Face


@magics_class
class KogineMagics(Magics):
    """The magics, with what they have shown last."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.shown = Shown(shell)

    def face(self, cell: Cell | None) -> Face:
        """What would do what a line says, were it executed."""
        from .face import Face

        shell: InteractiveShell = self.shell  # type: ignore[assignment]  # a magic has one
        return Face(shell, self.shown, shell.user_ns, cell)

    def leave(self) -> None:
        """Leave the shell as it was before."""
        self.shown.leave()

    @output_can_be_silenced
    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def kogine(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> object:
        """What the command `kogine` does, with the notebook's objects in braces.

        `%kogine run train.py --sweep lr={lrs}` runs a script, `%%kogine run --sweep lr={lrs}` the
        cell below it. `%kogine --help` lists the commands, `%kogine run --help` the options of one.
        """
        from .cell import Cell
        from .errors import told
        from .face import Face
        from .words import split_line

        shell: InteractiveShell = self.shell  # type: ignore[assignment]  # a magic has one
        with told(shell):
            names = {**shell.user_ns, **local_ns} if local_ns else shell.user_ns
            below = None if cell is None else Cell(line, cell)
            said = line.rstrip().removesuffix(";") if below is None else below.line
            words = split_line(said, names)
            return Face(shell, self.shown, names, below).do(words)
