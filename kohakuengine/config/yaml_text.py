"""Values from a text in YAML: of its safe part, and without the traps of its version 1.1."""

from __future__ import annotations

import re
from itertools import count

import yaml

from .documents import DEPTH, DIGITS, Unreadable, too_deep, too_long

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .documents import Lines, Place

_TAG = "tag:yaml.org,2002:"
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BOOLS = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}
_WHOLE = re.compile(
    r"[-+]?(?:0|[1-9](?:_?[0-9])*|0x(?:_?[0-9a-fA-F])+|0o(?:_?[0-7])+|0b(?:_?[01])+)"
)
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_NUMBER = re.compile(
    r"[-+]?(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][-+]?[0-9]+)?"
)
_NO_NUMBER = re.compile(r"([-+]?)\.(?:(inf|Inf|INF)|(?:nan|NaN|NAN))")
_EXPANDED = 100_000  # so many values may come of aliases


class Ambiguous(ValueError):
    """A word is read in different ways by different readers."""


def plain_value(text: str) -> Any:
    """What a word without quotes stands for.

    Raises:
        Ambiguous: YAML 1.1 takes it for something else than YAML 1.2 and its user may.

    Example:
        >>> plain_value("1e-3"), plain_value("12:30"), plain_value("2024-01-01")
        (0.001, '12:30', '2024-01-01')
    """
    if text in _WORDS:
        return _WORDS[text]
    if text in _BOOLS:
        word = "true" if _BOOLS[text] else "false"
        raise Ambiguous(f"{text} is {word} to some and a text to others: write {word} or {text!r}")
    if text[0] not in "+-.0123456789":
        return text
    if _WHOLE.fullmatch(text):
        if len(text) > DIGITS:
            raise Unreadable(too_long(len(text.lstrip("+-"))))
        return int(text, 0)
    if _OCTAL.fullmatch(text):
        digits = text.lstrip("+-0_") or "0"
        raise Ambiguous(
            f"{text} is an octal number to some and a decimal one to others: write {digits}, "
            f"0o{digits} or {text!r}"
        )
    if _NUMBER.fullmatch(text):
        return float(text)
    found = _NO_NUMBER.fullmatch(text)
    return float(f"{found[1]}{'inf' if found[2] else 'nan'}") if found else text


def read_yaml(text: str) -> tuple[Any, Lines]:
    """What a text says, and the lines of its values.

    Raises:
        Unreadable: It isn't YAML; a key is there twice; a tag asks for anything but plain values;
            or its aliases come to too much.
    """
    reader = _Reader(text)
    try:
        tree = reader.document()
    except yaml.MarkedYAMLError as error:
        raise _invalid(error) from None
    except Unreadable:
        raise
    except (RecursionError, MemoryError):
        raise Unreadable(too_deep()) from None
    except Exception as error:  # its scanner lets what chr(), int() and the like raise pass
        line = getattr(error, "position", None)
        line = text.count("\n", 0, line) + 1 if isinstance(line, int) else reader.line
        reason = str(error).partition("\n")[0]
        raise Unreadable(f"is not valid YAML: {reason}.", line) from None
    return tree, reader.lines.get


def _invalid(error: yaml.MarkedYAMLError) -> Unreadable:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "it can't be read"
    if error.context and error.problem:
        problem = f"{error.problem} {error.context}"
    if "\\t" in problem:
        problem = f"{problem}; indent by spaces, not by tabs"
    return Unreadable(f"is not valid YAML: {problem}.", mark.line + 1 if mark else None)


class _Reader:
    """Reads the events of a parser; nothing is made but what stands here."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.lines: dict[Place, int] = {}
        self.line: int | None = None
        self._anchors: dict[str, tuple[Any, int]] = {}  # values, and how many each consists of
        self._open: list[str] = []  # the anchors of what isn't read to its end
        self._count = 0
        self._expanded = 0

    def document(self) -> Any:
        self._events: Iterator[Any] = yaml.parse(self._text, Loader=yaml.SafeLoader)
        next(self._events)  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        tree = self._value(self._next(), ())
        self._next()
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise Unreadable(
                "holds several documents: write each into a file of its own.", self.line
            )
        return tree

    def _next(self) -> Any:
        event = next(self._events)
        self.line = event.start_mark.line + 1
        return event

    def _value(self, event: Any, place: Place) -> Any:
        line = event.start_mark.line + 1
        if len(place) > DEPTH and not isinstance(event, yaml.ScalarEvent):
            raise Unreadable(too_deep(), line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line)
        before = self._count
        self._count += 1
        if event.anchor:
            self._open.append(event.anchor)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(event, place, line)
        else:
            value = self._mapping(event, place, line)
        if event.anchor:
            self._open.pop()
            self._anchors[event.anchor] = value, self._count - before
        return value

    def _alias(self, event: Any, line: int) -> Any:
        if event.anchor in self._open:
            raise Unreadable(f"has &{event.anchor} hold itself, by *{event.anchor}.", line)
        if event.anchor not in self._anchors:
            raise Unreadable(f"has no &{event.anchor} above *{event.anchor}.", line)
        value, size = self._anchors[event.anchor]
        self._count += size
        self._expanded += size
        if self._expanded > _EXPANDED:
            raise Unreadable(f"comes to more than {_EXPANDED} values by its aliases.", line)
        return _copied(value)

    def _sequence(self, event: Any, place: Place, line: int) -> list[Any]:
        if event.tag not in (None, "!", f"{_TAG}seq"):
            raise _refused(event.tag, line)
        items: list[Any] = []
        for index in count():
            inner = self._next()
            if isinstance(inner, yaml.SequenceEndEvent):
                return items
            within = (*place, index)
            self.lines[within] = inner.start_mark.line + 1
            items.append(self._value(inner, within))
        return items

    def _mapping(self, event: Any, place: Place, line: int) -> Any:
        if event.tag not in (None, "!", f"{_TAG}map", f"{_TAG}set"):
            raise _refused(event.tag, line)
        values: dict[Any, Any] = {}
        under: dict[Any, Any] = {}
        seen: dict[Any, int] = {}
        while True:
            key_event = self._next()
            if isinstance(key_event, yaml.MappingEndEvent):
                break
            at = key_event.start_mark.line + 1
            merges = getattr(key_event, "value", "") == "<<" and key_event.implicit[0]
            key = "<<" if merges else self._key(key_event, place, at)
            if key in seen:
                name = ".".join(map(str, (*place, key)))
                raise Unreadable(f"gives {name} twice: it is in line {seen[key]}, too.", at)
            within = (*place, key)
            seen[key] = self.lines[within] = at
            value = self._value(self._next(), within)
            if merges:
                under = _merged(value, at)
            else:
                values[key] = value
        whole = {**under, **values}
        return set(whole) if event.tag == f"{_TAG}set" else whole

    def _key(self, event: Any, place: Place, line: int) -> Any:
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            raise Unreadable(
                "has a list or a mapping for a key: a text or a number is wanted.", line
            )
        if not isinstance(event, yaml.ScalarEvent):
            key = self._alias(event, line)
        elif event.tag is None and event.implicit[0]:
            self._count += 1
            key = event.value if not place else _key_value(event.value)  # at the top they are names
            if event.anchor:
                self._anchors[event.anchor] = key, 1
        else:
            key = self._value(event, place)
        if not isinstance(key, (str, int, float, type(None))):
            kind = type(key).__name__
            raise Unreadable(f"has a {kind} for a key: a text or a number is wanted.", line)
        return key

    def _scalar(self, event: Any, line: int) -> Any:
        tag, text = event.tag, event.value
        try:
            if tag is None and event.implicit[0]:
                return plain_value(text)
            if tag in (None, "!", f"{_TAG}str"):
                return text
            return _tagged(tag, text, line)
        except Ambiguous as error:
            raise Unreadable(f"has a word that can't be told: {error}.", line) from None
        except Unreadable as error:
            raise error if error.line else Unreadable(str(error), line) from None


def _key_value(text: str) -> Any:
    try:
        return plain_value(text)
    except Ambiguous:
        return text  # of keys, nobody means the other


def _merged(value: Any, line: int) -> dict[Any, Any]:
    """What `<<` puts under a mapping; what comes first wins."""
    parts = value if isinstance(value, list) else [value]
    result: dict[Any, Any] = {}
    for part in reversed(parts):
        if not isinstance(part, dict):
            raise Unreadable("has a << that is no mapping, nor a list of them.", line)
        result.update(part)
    return result


def _tagged(tag: str, text: str, line: int) -> Any:
    kind = tag.removeprefix(_TAG)
    if kind not in _KINDS or tag == kind:
        raise _refused(tag, line)
    try:
        return _KINDS[kind](text)
    except Unreadable:
        raise
    except (ValueError, OverflowError, TypeError):
        from .fit import short

        raise Unreadable(f"has !!{kind} before {short(text)}, which is none.", line) from None


def _of_kind(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = _BOOLS[text] if kind is bool and text in _BOOLS else plain_value(text)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise ValueError(text)
        return value

    return read


def _binary(text: str) -> bytes:
    from base64 import b64decode

    return b64decode("".join(text.split()), validate=True)


def timestamp(text: str) -> Any:
    """The date, or the date and time, that a text says.

    Raises:
        ValueError: It says none.
    """
    node = yaml.ScalarNode(f"{_TAG}timestamp", text)
    try:
        return yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)
    except AttributeError:  # of None, which re.match gave
        raise ValueError(text) from None


# What a tag may ask for before a single value.
_KINDS: dict[str, Callable[[str], Any]] = {
    **{kind.__name__: _of_kind(kind) for kind in (bool, int, float)},
    "null": _of_kind(type(None)),
    "binary": _binary,
    "timestamp": timestamp,
}


def _refused(tag: str, line: int) -> Unreadable:
    from .fit import short

    shown = f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
    return Unreadable(
        f"has the tag {short(shown)}, which isn't taken: in YAML a config holds plain values, "
        "and objects are for config files in Python.",
        line,
    )


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
