"""Values as Python code, and as the texts that a command line takes for them."""

from __future__ import annotations

import math
from pathlib import Path, PurePath

from ...config.fit import short_repr
from ...config.members import EnumMember
from ...config.overrides import typed_value
from ...errors import ConfigError, OverrideError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from ...engine.parameters import Parameter

_DEPTH = 90
_DIGITS = 4_000  # of a number, as many as Python reads in any version


class Unwritable(ConfigError):
    """No code makes a value."""


class Code:
    """Writes values as code, and remembers what that has to import.

    Args:
        taken: Names that variables have: what is imported is called otherwise.
    """

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = set(taken)
        self._imported: dict[tuple[str, str], str] = {}

    def imports(self) -> list[str]:
        """The lines that import what has been written so far."""
        by_module: dict[str, list[str]] = {}
        for (module, name), own in sorted(self._imported.items()):
            called = name if own == name else f"{name} as {own}"
            by_module.setdefault(module, []).append(called)
        return [f"from {module} import {', '.join(names)}" for module, names in by_module.items()]

    def name(self, module: str, name: str) -> str:
        """Have a name imported, and tell what it is called here."""
        if (module, name) not in self._imported:
            own = name
            while own in self._taken:
                own = f"_{own}"
            self._taken.add(own)
            self._imported[module, name] = own
        return self._imported[module, name]

    def of(self, value: Any, place: str, depth: int = 0) -> str:
        """The expression that makes a value.

        Args:
            value: The value.
            place: The variable that has it, for messages.

        Raises:
            Unwritable: There is none.
        """
        kind: type = type(value)
        if depth > _DEPTH:
            raise Unwritable(f"{place} is nested too deeply, or holds itself.", key=place)
        if kind in _CONTAINERS:
            return self._container(value, place, depth)
        if kind in (bool, str, bytes, type(None)):
            return repr(value)
        if kind is int:
            return repr(value) if abs(value) < 10 ** _DIGITS else hex(value)
        if kind is float:
            return repr(value) if math.isfinite(value) else f'float("{value!r}")'
        if kind is complex:
            return f"complex({self.of(value.real, place)}, {self.of(value.imag, place)})"
        if kind is EnumMember:
            called = self.name("kohakuengine.config.members", "EnumMember")
            return f"{called}({value.cls!r}, {value.name!r})"
        if isinstance(value, PurePath) and kind is type(Path()):
            return f"{self.name('pathlib', 'Path')}({str(value)!r})"
        raise Unwritable(
            f"{place} is {short_repr(value)}, of type {kind.__name__}, which can't be written as "
            "a text; keep it in a config file of its own.",
            key=place,
        )

    def _container(self, value: Any, place: str, depth: int) -> str:
        kind: type = type(value)
        if kind is dict:
            items = [
                f"{self.of(key, place, depth + 1)}: {self.of(item, place, depth + 1)}"
                for key, item in value.items()
            ]
            return f"{{{', '.join(items)}}}"
        items = [self.of(item, place, depth + 1) for item in value]
        if kind in (set, frozenset):
            if not items:
                return f"{kind.__name__}()"
            items.sort()  # the same text each time
        opening, closing = _CONTAINERS[kind]
        comma = "," if kind is tuple and len(items) == 1 else ""
        return f"{opening}{', '.join(items)}{comma}{closing}"


_CONTAINERS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


def literal(value: Any) -> str | None:
    """The literal of Python that is a value; None where there is none."""
    import ast

    code = Code()
    try:
        text = code.of(value, "")
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, ConfigError):
        return None
    return text if not code.imports() and same(found, value) else None


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in value and type, all through."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            same(a, b) and same(one[a], other[b]) for a, b in zip(one, other)
        )
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, (set, frozenset)):
        return one == other and sorted(map(repr, one)) == sorted(map(repr, other))
    try:
        return bool(one == other)
    except Exception:  # arrays can't tell
        return one is other


def text_of(name: str, value: Any, parameter: Parameter | None) -> str | None:
    """The text that `--set` takes for a value; None where there is none.

    Example:
        >>> text_of("lr", 0.1, None), text_of("name", "0.1", None)
        ('0.1', "'0.1'")
    """
    for candidate in _candidates(value):
        try:
            if same(typed_value(name, candidate, parameter), value):
                return candidate
        except OverrideError:
            continue
    return None


def _candidates(value: Any) -> list[str]:
    found: list[Callable[[], str]] = []
    if isinstance(value, (str, PurePath)):
        found.append(lambda: str(value))
    if isinstance(value, EnumMember):
        found += [lambda: value.name, lambda: value.expression]
    if type(value) in (bool, int, float, complex, str, bytes, type(None), *_CONTAINERS):
        found.append(lambda: Code().of(value, "") if type(value) in _CONTAINERS else repr(value))
    texts = []
    for make in found:
        try:
            texts.append(make())
        except (ValueError, ConfigError):  # a number of very many digits, an object within a list
            continue
    return texts


def shown_text(value: Any) -> str:
    """A value as people read it, whatever it is."""
    if isinstance(value, EnumMember):
        return value.name
    if isinstance(value, (str, PurePath)):
        return str(value)
    return short_repr(value, 200)
