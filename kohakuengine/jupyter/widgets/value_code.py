"""Values as Python code, and as the texts that a command line takes for them."""

from __future__ import annotations

from contextlib import contextmanager
from math import inf
from pathlib import PurePath

from ...config.fit import short, short_repr
from ...config.members import EnumMember, holds_stand_in
from ...config.overrides import typed_value
from ...config.printing import WIDTH, Unwritable
from ...config.python_writer import PythonWriter
from ...errors import ConfigError, OverrideError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

    from ...engine.parameters import Parameter


class Code:
    """Writes values as code, and remembers what that has to import.

    Args:
        taken: Names that variables have: what is imported is called otherwise.
    """

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._writer = PythonWriter(taken)

    def imports(self) -> list[str]:
        """The lines that import what has been written so far."""
        by_module: dict[str, list[str]] = {}
        for (module, name), own in sorted(self._writer.imported.items()):
            called = own if own == (name or module) else f"{name or module} as {own}"
            by_module.setdefault(f"from {module} import" if name else "import", []).append(called)
        return [f"{start} {', '.join(names)}" for start, names in by_module.items()]

    def name(self, module: str, name: str) -> str:
        """Have a name imported, and tell what it is called here."""
        return self._writer.name_of(module, name)

    def top(self, value: Any, name: str) -> str:
        """The code of a variable of a config file."""
        with _told(name, value):
            self._writer.width = WIDTH
            return self._writer.top(value, name)

    def of(self, value: Any, place: str) -> str:
        """The expression that makes a value, on one line.

        Args:
            value: The value.
            place: The variable that has it, for messages.

        Raises:
            ConfigError: There is none.
        """
        with _told(place, value):
            self._writer.width = inf
            return self._writer.text(value, place, 0)


@contextmanager
def _told(place: str, value: Any) -> Iterator[None]:
    """Say which variable can't be written, and what else can be done."""
    try:
        yield
    except Unwritable as error:
        raise ConfigError(
            f"{place} is {short_repr(value)}, which can't be written as a text ({error}); keep it "
            "in a config file of its own.",
            key=place,
        ) from None


_CONTAINERS = (list, tuple, dict, set, frozenset)


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
    if type(value) in _CONTAINERS and holds_stand_in(value):
        found.append(lambda: _with_names(value))
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
    if type(value) in _CONTAINERS and holds_stand_in(value):
        return short(_with_names(value), 200)
    return short_repr(value, 200)


def _with_names(value: Any, depth: int = 50) -> str:
    """A container as Python writes it, but members of Enums by their names, as `--set` takes them."""
    if isinstance(value, EnumMember):
        return value.name
    if type(value) not in _CONTAINERS or not value or not depth:
        return short_repr(value, 10_000)
    if isinstance(value, dict):
        pairs = (map(lambda one: _with_names(one, depth - 1), pair) for pair in value.items())
        return "{" + ", ".join(map(": ".join, pairs)) + "}"
    items = ", ".join(_with_names(item, depth - 1) for item in value)
    if isinstance(value, list):
        return f"[{items}]"
    if isinstance(value, tuple):
        return f"({items},)" if len(value) == 1 else f"({items})"
    return f"{{{items}}}" if isinstance(value, set) else f"frozenset({{{items}}})"
