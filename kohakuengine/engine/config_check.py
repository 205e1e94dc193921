"""Whether the keys of a config are variables of a script, and their values of the right type."""

from __future__ import annotations

from ..config.overrides import misfit, nearest
from ..errors import OverrideError
from .bindings import find_bindings
from .checks import find_surprises
from .injector import check_names
from .parameters import parameters
from .source import check, decode, parse
from .stars import star_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Mapping
    from symtable import SymbolTable

    from .bindings import Binding
    from .parameters import Parameter
    from .script import Script

FITS = "fits"  # the script gives it a default, which the value replaces
NEW = "new"  # nothing gives it a default, but the script reads it
UNKNOWN = "unknown"  # the script neither binds nor reads it
WRONG_TYPE = "wrong type"  # the value is none that the annotation allows
REFUSED = "refused"  # no variable can have that name


class KeyCheck:
    """What one key of a config means to a script.

    Attributes:
        key: The name.
        status: One of the constants above.
        note: What there is to say of it, one sentence, or None.
        nearest: Names of the script that look like an unknown one.
    """

    __slots__ = ("key", "status", "note", "nearest")

    def __init__(
        self, key: str, status: str, note: str | None = None, nearest: tuple[str, ...] = ()
    ) -> None:
        self.key = key
        self.status = status
        self.note = note
        self.nearest = nearest

    def __repr__(self) -> str:
        return f"<{self.key}: {self.status}>"

    @property
    def ok(self) -> bool:
        """Whether a run with it does what its user may expect."""
        return self.status in (FITS, NEW)


def check_keys(script: Script, values: Mapping[str, object]) -> list[KeyCheck]:
    """What each key of a config means to a script; nothing of the script is executed.

    Args:
        script: The script.
        values: The overrides, by name.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
    """
    return list(_Checker(script).check(values))


class _Checker:
    def __init__(self, script: Script) -> None:
        source = script.read()
        check(source, script.path)
        self._text = decode(source, script.path)
        self._tree: ast.Module = parse(source, script.path)
        self._script = script
        self._found: list[Binding] = find_bindings(self._tree, star_names(script.folder))
        self._parameters = {p.name: p for p in parameters(source, script.path)}
        self._parameters_by_any_line()

    def check(self, values: Mapping[str, object]) -> Iterator[KeyCheck]:
        defaults = {binding.name for binding in self._found if not binding.update}
        for key, value in values.items():
            try:
                check_names([key])
            except OverrideError as error:
                yield KeyCheck(key, REFUSED, str(error))
                continue
            if key in defaults:
                yield self._bound(key, value)
            else:
                yield self._unbound(key, value, "*" in defaults)

    def _bound(self, key: str, value: object) -> KeyCheck:
        parameter = self._parameters.get(key)
        problem = misfit(value, parameter) if parameter else None
        if parameter and problem:
            note = f"line {parameter.line} says {parameter.annotation}; {problem}."
            return KeyCheck(key, WRONG_TYPE, note)
        return KeyCheck(key, FITS, self._surprise(key, value))

    def _unbound(self, key: str, value: object, by_star: bool) -> KeyCheck:
        raise NotImplementedError
