"""A Config in Python."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from keyword import iskeyword
from types import ModuleType

from .documents import DIGITS
from .members import EnumMember
from .printing import DEPTH, WIDTH, Unwritable, laid_out, within
from .secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .base import Config

_NOT_CAPTURED = ("config_gen", "CONFIG", "TYPE_CHECKING")
_FIELDS = ("args", "kwargs", "metadata")
# Types whose repr is a call of them, and the modules that they are of.
_BY_REPR = {
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "uuid": ("UUID",),
    "datetime": ("date", "time", "datetime", "timedelta", "timezone"),
}


def to_python(config: Config) -> str:
    """A Config in Python: as variables, where all of its names can be some, else as `CONFIG`.

    Raises:
        Unwritable: It holds what no code of an importable module makes.
    """
    writer = PythonWriter(config.globals_dict)
    if all(map(_is_captured, config.globals_dict)):
        body = [
            f"{name} = {writer.top(value, name)}\n" for name, value in config.globals_dict.items()
        ]
        for field in _FIELDS:
            if getattr(config, field):
                body.append(f"_{field} = {writer.text(getattr(config, field), f'_{field}', 0)}\n")
    else:
        body = [writer.config(config)]
    imports = writer.imports()
    return f"{imports}\n{''.join(body)}" if imports and body else imports + "".join(body)


def _is_captured(name: str) -> bool:
    from unicodedata import normalize

    if name.startswith("_") or name in _NOT_CAPTURED or not name.isidentifier():
        return False
    return not iskeyword(name) and normalize("NFKC", name) == name  # as Python reads names


class PythonWriter:
    """Writes values as code, and remembers what that imports.

    Args:
        taken: The names that variables have; what is imported is called otherwise.
        width: Of a line, in characters; infinite for values on one line each.

    Attributes:
        imported: What each module, and name in it, is called here.
    """

    def __init__(self, taken: Iterable[str], width: float = WIDTH) -> None:
        self._taken = set(taken)
        self.width = width
        self.imported: dict[tuple[str, str], str] = {}

    def imports(self) -> str:
        lines = []
        for (module, name), own in sorted(self.imported.items()):
            line = f"from {module} import {name}" if name else f"import {module}"
            lines.append(line if own == (name or module) else f"{line} as {own}")
        return "".join(f"{line}\n" for line in lines)

    def config(self, config: Config) -> str:
        fields = {"globals_dict": config.globals_dict}
        fields.update(
            {field: getattr(config, field) for field in _FIELDS if getattr(config, field)}
        )
        items = [f"{name}={self.text(value, '', 4)}" for name, value in fields.items()]
        called = self.name_of("kohakuengine", "Config")
        return f"CONFIG = {self._laid_out(f'{called}(', items, ')', 0)}\n"

    def top(self, value: Any, name: str) -> str:
        """The value of a variable of a bare file."""
        text = self.text(value, name, 0)
        by_name = isinstance(value, ModuleType) or callable(value) and hasattr(value, "__name__")
        return f"{self.name_of('kohakuengine', 'use')}({text})" if by_name else text

    def text(self, value: Any, place: str, indent: int, depth: int = 0) -> str:
        """The expression that makes a value, for a line of some indent."""
        if depth > DEPTH:
            start = place.partition(".")[0].partition("[")[0]
            raise Unwritable("it is nested too deeply, or holds itself", start, value)
        kind: type = type(value)
        if kind in _CONTAINERS:
            return self._container(value, place, indent, depth)
        if kind in _SINGLE:
            return _SINGLE[kind](value)
        found = self._known(value, place) or self._by_import(value, place)
        return found or self._made(value, place, indent, depth)

    def _container(self, value: Any, place: str, indent: int, depth: int) -> str:
        kind: type = type(value)
        opening, closing = _CONTAINERS[kind]
        if kind is dict:
            items = [
                f"{self.text(key, place, indent + 4, depth + 1)}: "
                f"{self.text(item, within(place, key), indent + 4, depth + 1)}"
                for key, item in value.items()
            ]
            return self._laid_out(opening, items, closing, indent)
        items = [
            self.text(item, f"{place}[{index}]", indent + 4, depth + 1)
            for index, item in enumerate(value)
        ]
        if kind in (set, frozenset):
            items.sort()  # the same text each time
            if not items:
                return f"{kind.__name__}()"
        return self._laid_out(
            opening, items, ",)" if kind is tuple and len(items) == 1 else closing, indent
        )

    def _laid_out(self, opening: str, items: list[str], closing: str, indent: int) -> str:
        return laid_out(opening, items, closing, indent, width=self.width)

    def _known(self, value: Any, place: str) -> str | None:
        """A value of the standard library."""
        from enum import Enum
        from pathlib import Path, PurePath

        kind = type(value)
        if isinstance(value, EnumMember):  # of an Enum that only the script has
            called = self.name_of("kohakuengine.config.members", "EnumMember")
            return f"{called}({value.cls!r}, {value.name!r})"
        if isinstance(value, Secret):
            called = self.name_of("kohakuengine", "env")
            kind_of = "" if value.type is str else f", type={self.text(value.type, place, 0)}"
            return f"{called}({value.variable!r}{kind_of}, secret=True)"
        if isinstance(value, PurePath) and kind.__module__.partition(".")[0] == "pathlib":
            name = "Path" if kind is type(Path()) else kind.__name__
            return f"{self.name_of('pathlib', name)}({str(value)!r})"
        if isinstance(value, Enum):
            name = str(value.name)
            if kind.__members__.get(name) is not value:
                raise Unwritable("it is a member of an Enum without a name", place, value)
            return f"{self._path_of(kind, place, value)}.{name}"
        if kind.__name__ in _BY_REPR.get(kind.__module__, ()) and _has_plain_zone(value):
            if kind.__module__ != "datetime":
                return repr(value).replace(
                    kind.__name__, self.name_of(kind.__module__, kind.__name__), 1
                )
            return repr(value).replace("datetime.", f"{self.name_of('datetime', '')}.")
        return None

    def _by_import(self, value: Any, place: str) -> str | None:
        """A module, a class or a function: by its name."""
        if isinstance(value, ModuleType):
            if sys.modules.get(value.__name__) is not value or value.__name__ == "__main__":
                raise Unwritable("it is a module that can't be imported", place, value)
            package, _, name = value.__name__.rpartition(".")
            return self.name_of(package, name) if package else self.name_of(name, "")
        if callable(value) and isinstance(getattr(value, "__qualname__", None), str):
            return self._path_of(value, place, value)
        return None

    def _made(self, value: Any, place: str, indent: int, depth: int) -> str:
        """A dataclass or a named tuple, by its fields."""
        kind = type(value)
        names = _fields(value)
        if names is None:
            raise Unwritable(f"it is of type {kind.__name__}", place, value)
        called = self._path_of(kind, place, value)
        items = [
            f"{name}={self.text(getattr(value, name), f'{place}.{name}', indent + 4, depth + 1)}"
            for name in names
        ]
        return self._laid_out(f"{called}(", items, ")", indent)

    def _path_of(self, named: Any, place: str, value: Any) -> str:
        """How the file calls a class or a function."""
        module = getattr(named, "__module__", None) or ""
        first, *rest = named.__qualname__.split(".")
        found: Any = sys.modules.get(module)
        for name in (first, *rest):
            found = getattr(found, name, None)
        if found is not named or module == "__main__":
            what = "it" if named is value else f"its class, {named.__qualname__},"
            raise Unwritable(f"{what} can't be imported by its name", place, value)
        return ".".join([self.name_of(module, first), *rest])

    def name_of(self, module: str, name: str) -> str:
        """Have a name imported, or a module; and tell what it is called here."""
        if (module, name) not in self.imported:
            there = self._taken.union(self.imported.values())
            own = name or module
            while own in there:
                own = f"_{own}"
            self.imported[module, name] = own
        return self.imported[module, name]


_CONTAINERS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


def _number(value: float) -> str:
    return (
        repr(value) if value - value == 0 else f'float("{value!r}")'
    )  # inf and nan have no literal


_SINGLE: dict[type, Callable[[Any], str]] = {
    **dict.fromkeys((bool, str, bytes, type(None), type(...), range), repr),
    int: lambda value: repr(value) if abs(value) < 10 ** DIGITS else hex(value),
    float: _number,
    complex: lambda value: f"complex({_number(value.real)}, {_number(value.imag)})",
    bytearray: repr,
}


def _fields(value: Any) -> list[str] | None:
    """The arguments that make an object anew; None where that isn't known."""
    from dataclasses import fields, is_dataclass

    kind = type(value)
    if is_dataclass(kind) and not hasattr(kind, "__post_init__"):
        ours = fields(kind)
        return [field.name for field in ours] if all(field.init for field in ours) else None
    names = getattr(kind, "_fields", None)
    return list(names) if isinstance(value, tuple) and isinstance(names, tuple) else None


def _has_plain_zone(value: Any) -> bool:
    from datetime import timezone

    zone = getattr(value, "tzinfo", None)
    if zone is None:
        return type(value) is not timezone or "'" not in repr(value)
    return type(zone) is timezone and "'" not in repr(zone)
