"""A script compiled for one config, in memory and as bytes.

What it takes to compile one (ast and all that it imports) is loaded by compiler.py alone: a process
that is handed the bytes starts in half the time.
"""

from __future__ import annotations

import sys

from .entrypoint import Arguments, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import CodeType
    from typing import Any

    from ..errors import EntrypointError

    Markers = Mapping[str, tuple[str | None, object]]  # as in Constants

# Stands for what keeps the values of entry calls, among the names of overrides.
KEPT = "<values>"

# How the markers of objects without a hash begin.
HELD = "\0held"

# Is loaded wherever there is a secret, and hardly anywhere else.
_SECRET = f"{__package__.rpartition('.')[0]}.config.secret"

# Values that are the same object wherever they come from, as far as a script can tell.
_PLAIN = frozenset({bool, bytes, complex, float, int, str, type(None)})


class Program:
    """A script, ready to be executed once.

    Attributes:
        source: The script's source, as it was read.
        overrides: Names and their values.
        warnings: What the overrides do that their user may not expect, one sentence each.
        given: Objects that the namespace has before anything else, by name.
        note: Is called with an exception that the script raised and didn't catch; or None.
    """

    given: Mapping[str, object] = {}
    note: Callable[[BaseException], None] | None = None

    def __init__(
        self,
        source: bytes,
        overrides: Mapping[str, object],
        code: CodeType,
        markers: Markers,
        presets: Sequence[str],
        entry: Entry,
        warnings: Sequence[str] = (),
    ) -> None:
        self.source = source
        self.overrides = overrides
        self.warnings = list(warnings)
        self._code = code
        self._markers = markers
        self._presets = presets  # the overrides that are set before the first line
        self._entry = entry

    def execute(self, namespace: dict[str, Any]) -> object:
        """Execute the script in the namespace of its module, and give its entrypoint's value.

        Raises:
            SystemExit: The script ended itself; what the entrypoint gave before is `kept_value`.
            EntrypointError: There is no such entrypoint after all.
        """
        namespace.update(self.given)
        namespace.update((name, self.overrides[name]) for name in self._presets)
        try:
            try:
                exec(filled(self._code, self._markers), namespace)
            except SystemExit:
                self._entry.exited_early()
                raise
            return self._entry.finish(namespace)
        except Exception as error:
            if self.note is not None:
                self.note(error)
            raise

    def reveal(self) -> None:
        """Have the values of secrets in their places, in the process in which it is executed.

        Raises:
            ConfigError: A secret isn't known here.
        """
        secret = sys.modules.get(_SECRET)
        if secret is None:
            return
        self.given = secret.revealed(self.given)
        self.overrides = secret.revealed(self.overrides)
        values = {marker: secret.revealed(value) for marker, (_, value) in self._markers.items()}
        self._markers = {m: (role, values[m]) for m, (role, _) in self._markers.items()}
        self._entry.reveal(secret.revealed)

    @property
    def refusal(self) -> EntrypointError | None:
        """The error by which we, and not the script, ended `execute`."""
        return self._entry.refusal

    @property
    def kept_value(self) -> object:
        """The value of the entry call executed last, as far as the script has come."""
        return self._entry.kept_value

    def to_bytes(self) -> bytes | None:
        """This program without its values, for other processes and other values of its names.

        Returns:
            None where what is compiled depends on more than the names, or the interpreter of
            another process may have to say something when it compiles.
        """
        roles = {marker: role for marker, (role, _) in self._markers.items()}
        kept = self._entry.keeps_only
        if kept is None or None in roles.values() or not has_plain_values(self.overrides):
            return None
        import marshal

        facts = (sorted(self.overrides), roles, tuple(self._presets), kept)
        return _maker() + marshal.dumps((*facts, self._code))


class Template:
    """A program without its values: what the bytes of `Program.to_bytes()` hold."""

    def __init__(
        self,
        names: list[str],
        roles: Mapping[str, str],
        presets: Sequence[str],
        kept: int,
        code: CodeType,
    ) -> None:
        self._names = names
        self._roles = roles
        self._presets = presets
        self._kept = kept
        self._code = code

    def with_values(
        self, source: bytes, path: str, overrides: Mapping[str, object]
    ) -> Program | None:
        """The program with its values.

        Args:
            source: The script's source.
            path: The file that it is compiled for.
            overrides: The values, by the same names.

        Returns:
            None where it is for another path, or doesn't hold for such values: then the source
            has to be compiled.
        """
        plain = has_plain_values(overrides) and self._names == sorted(overrides)
        if not plain or self._code.co_filename != path:
            return None
        from _collections import deque  # type: ignore[import-not-found]  # collections imports much

        values: deque[Any] = deque(maxlen=self._kept)
        known = {**overrides, KEPT: values}
        markers = {marker: (role, known[role]) for marker, role in self._roles.items()}
        entry = Entry(None, Arguments(), values, changes_script=True)
        return Program(source, overrides, self._code, markers, self._presets, entry)


def template_of(data: bytes) -> Template | None:
    """What `Program.to_bytes()` gave as bytes; None where that was in another interpreter."""
    maker = _maker()
    if not data.startswith(maker):
        return None
    import marshal

    try:
        return Template(*marshal.loads(data[len(maker) :]))
    except (EOFError, TypeError, ValueError):  # not all of it is there
        return None


def program_of(
    data: bytes, source: bytes, path: str, overrides: Mapping[str, object]
) -> Program | None:
    """The inverse of `Program.to_bytes()`; None where the source has to be compiled.

    Args:
        data: What that gave.
        source: The script's source.
        path: The file that it is compiled for.
        overrides: The values, by the same names.
    """
    template = template_of(data)
    return None if template is None else template.with_values(source, path, overrides)


def has_plain_values(overrides: Mapping[str, object]) -> bool:
    """Whether a program is the same for all such values of the same names."""
    return all(type(value) in _PLAIN for value in overrides.values())


def _maker() -> bytes:
    """What compiles to code that only the same can execute."""
    flags = (sys.hexversion, sys.implementation.cache_tag, sys.flags.optimize)
    return f"kogine program 1 {flags}\n".encode()


def filled(code: CodeType, markers: Markers) -> CodeType:
    """A code with each marker of `Constants` replaced by its object, also in the codes within it."""
    if not markers:
        return code
    return code.replace(co_consts=tuple(_filled(const, markers) for const in code.co_consts))


class Held:
    """Has a hash, as what it holds has none."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def _filled(const: object, markers: Markers) -> object:
    if isinstance(const, type(_filled.__code__)):
        return filled(const, markers)
    if isinstance(const, str):
        if const not in markers:
            return const
        value = markers[const][1]
        return Held(value) if const.startswith(HELD) else value
    if isinstance(const, (tuple, frozenset)):  # the compiler's own, of a display
        items = [_filled(item, markers) for item in const]
        same = all(new is old for new, old in zip(items, const))
        return const if same else type(const)(items)
    return const
