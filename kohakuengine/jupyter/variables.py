"""What a notebook's variables are offered for, when a magic's line is completed."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, ModuleType

from ..cli.arguments import Completing
from .cell import free_names, cell_as_script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .face import Face

_NO_VALUES = (type, FunctionType, BuiltinFunctionType)


class Notebook(Completing):
    """What completion knows of the notebook: its variables, and the cell below the line.

    Args:
        face: What would carry the magic out.
    """

    def __init__(self, face: Face) -> None:
        hidden = face.shell.user_ns_hidden
        self._variables = {
            name: value
            for name, value in face.names.items()
            if not name.startswith("_") and name not in hidden and not isinstance(value, ModuleType)
        }
        values = {
            f"{{{name}}}": type(value).__name__
            for name, value in self._variables.items()
            if not isinstance(value, _NO_VALUES)
        }
        script = None if face.cell is None else cell_as_script(face.cell)
        super().__init__(script, values)

    def variables(self) -> dict[str, str]:
        """All variables, each with its type."""
        return {name: type(value).__name__ for name, value in self._variables.items()}

    def passed(self) -> dict[str, str]:
        """The variables that the cell may be given, each with its type: those that it reads, if any."""
        read = free_names(self.script.read().decode()) if self.script is not None else []
        known = self.variables()
        return {name: known[name] for name in read if name in known} or known
