"""What stands in a config file that isn't Python: plain values, and the lines they stand in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from ..errors import ConfigFileError
from .near import did_you_mean_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Place = tuple[Any, ...]  # the keys, from the outermost, under which a value stands
    Lines = Callable[[Place], int | None]

DEPTH = 100  # so far may values be nested: readers and those who walk through them recurse
DIGITS = 4300  # of a whole number; as many as Python converts, in a time that grows by the square
_FORMATS = {".yaml": "YAML", ".yml": "YAML", ".toml": "TOML", ".json": "JSON"}
_SUFFIXES = (".py", *_FORMATS)
_LARGEST = 16 * 2**20  # bytes


class Unreadable(ValueError):
    """A text isn't of its format; the message is a clause such as `is not valid TOML: ...`.

    Attributes:
        line: The 1-based line, or None.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


class Document:
    """A text file, read.

    Attributes:
        name: The file, as it was named.
        path: The file.
        tree: What stands in it, by name.
        dynamic: Whether a text in it has an interpolation, or says that a value is missing.
    """

    def __init__(self, name: str, path: str, tree: dict[str, Any], lines: Lines) -> None:
        self.name = name
        self.path = path
        self.tree = tree
        self._lines = lines
        self.dynamic = _is_dynamic(tree)

    def line(self, place: Place) -> int | None:
        """The 1-based line at which a value stands, or else one around it; None if not known."""
        for end in range(len(place), 0, -1):
            line = self._lines(place[:end])
            if line is not None:
                return line
        return None

    def error(self, problem: str, place: Place = ()) -> ConfigFileError:
        """An error that says where in the file something is wrong."""
        line = self.line(place)
        where = f"{self.name} line {line}" if line else self.name
        told = in_short(problem)
        told = told.removesuffix(".") if told.endswith("?.") else told
        return ConfigFileError(f"{where}: {told}", path=self.path, line=line)


def found_lines(find: Callable[[], Iterable[tuple[Place, int]]]) -> Lines:
    """The lines of values, which are looked for when the first is asked for: only errors ask.

    Args:
        find: Gives places and their lines; of a place that is there twice the first counts.
    """
    known: dict[Place, int] = {}

    def line_of(place: Place) -> int | None:
        if not known:
            known.update(reversed([*find()]))
        return known.get(place)

    return line_of


def is_text_file(path: str) -> bool:
    """Whether a file's name says that it is in one of the formats that aren't Python."""
    return os.path.splitext(path)[1].lower() in _FORMATS


def check_there(path: str) -> None:
    """Refuse what isn't there, and directories.

    Raises:
        ConfigFileError: It is one of these.
    """
    problem = None
    if not os.path.lexists(path):
        problem = "there is no such config file"
    elif os.path.isdir(path):
        problem = "it is a directory; give the config file in it"
    if problem is not None:
        meant = "." if os.path.lexists(path) else did_you_mean_file(path, _SUFFIXES)
        raise ConfigFileError(f"{path}: {problem}{meant}", path=os.path.abspath(path), line=None)


def read_document(name: str) -> Document:
    """Read a config file that isn't Python.

    Raises:
        ConfigFileError: It can't be read, or isn't of the format that its name says.
    """
    check_there(name)
    path = os.path.abspath(name)
    format = _FORMATS[os.path.splitext(name)[1].lower()]
    try:
        text = _text(name)
        tree, lines = _reader(format)(text)
        if tree is None:
            tree = {}
        if not isinstance(tree, dict):
            kind = type(tree).__name__
            raise Unreadable(f"must hold values by name at its top, got {kind}.", 1)
        _check_depth(tree)
        return Document(name, path, tree, lines)
    except Unreadable as error:
        where = f"{name} line {error.line}" if error.line else name
        message = f"{where} {in_short(str(error))}"
        raise ConfigFileError(message, path=path, line=error.line) from error.__cause__
    except (RecursionError, MemoryError):
        raise ConfigFileError(f"{name} {too_deep()}", path=path, line=None) from None


def in_short(problem: str) -> str:
    """What is wrong, on one line, without the middle of what is very long in it."""
    line = problem if problem.isprintable() else repr(problem)[1:-1]
    return line if len(line) <= 600 else f"{line[:400]}...{line[-150:]}"


def too_deep() -> str:
    return f"is nested more than {DEPTH} levels deep."


def too_long(digits: int) -> str:
    return f"holds a number of {digits} digits: more than {DIGITS} aren't taken."


def _reader(format: str) -> Callable[[str], tuple[Any, Lines]]:
    if format == "YAML":
        from .yaml_text import read_yaml

        return read_yaml
    if format == "TOML":
        from .toml_text import read_toml

        return read_toml
    from .json_text import read_json

    return read_json


def _text(name: str) -> str:
    try:
        with open(name, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise Unreadable(f"is too large for a config file: it has more than {_LARGEST} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"0x{error.object[error.start]:02x}"
        problem = f"is not UTF-8: it holds the byte {byte}; save the file as UTF-8."
        raise Unreadable(problem, line) from None


def _check_depth(tree: object) -> None:
    level = [tree]
    for _ in range(DEPTH + 1):
        level = [item for value in level for item in _items(value)]
        if not level:
            return
    raise Unreadable(too_deep())


def _items(value: object) -> list[Any]:
    found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in found if isinstance(item, (dict, list))]


def is_dynamic(text: str) -> bool:
    """Whether a text doesn't stand for itself."""
    return "${" in text or text == "???"


def _is_dynamic(value: object) -> bool:
    if isinstance(value, str):
        return is_dynamic(value)
    if isinstance(value, dict):
        return any(map(_is_dynamic, value.values()))
    return isinstance(value, list) and any(map(_is_dynamic, value))
