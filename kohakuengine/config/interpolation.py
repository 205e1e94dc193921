"""`${other.key}` and `${env:NAME}` in the values of text files, as OmegaConf has them.

Nothing of OmegaConf's registry is used, which any library can add functions to: what may be called
is what stands here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ..errors import ConfigError
from .documents import DIGITS, is_dynamic
from .fit import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .documents import Document, Place

_CHAIN = 30  # so many references may be behind one another
_LARGEST = 100_000  # so many values may come of references
_LONGEST = 10_000_000  # characters in texts that come of references
_PARSED = 10_000  # characters of a text that OmegaConf is asked to read: it is slow
_SIMPLE = re.compile(r"\$\{(?:(env|oc\.env):([A-Za-z_]\w*)|([A-Za-z_]\w*(?:\.\w+|\[\w+\])*))\}")
_ESCAPED = re.compile(r"(\\*)\$\{")  # by an odd number of backslashes, of which half stay
_RESOLVERS = ("env", "secret", "decode", "none", "oc.env", "oc.decode")


class _Wrong(ValueError):
    """What is wrong with an expression, as a clause."""


class Interpolation:
    """The values of text files, with what their references come to.

    Args:
        root: The values by name, of all files.
        home: The file in which the value at a place stands; None for what comes from Python, whose
            texts stand for themselves.

    Attributes:
        uses: For each place with references, the places that it refers to.
    """

    def __init__(self, root: dict[str, Any], home: Callable[[Place], Document | None]) -> None:
        self._root = root
        self._home = home
        self._known: dict[Place, Any] = {}
        self._open: list[Place] = []
        self._values = 0
        self._characters = 0
        self.uses: dict[Place, list[Place]] = {}

    def value(self, place: Place) -> Any:
        """What the value at a place comes to.

        Raises:
            ConfigError: It refers to what isn't there, or to itself; a variable of the environment
                isn't set; it can't be understood; or it is `???`.
        """
        home = self._home(place)
        raw: Any = self._root
        for key in place:
            raw = raw[key]
        return raw if home is None else self._value(raw, place, home)

    def _value(self, raw: Any, place: Place, home: Document) -> Any:
        if isinstance(raw, dict):
            return {key: self._value(item, (*place, key), home) for key, item in raw.items()}
        if isinstance(raw, list):
            return [self._value(item, (*place, n), home) for n, item in enumerate(raw)]
        if not isinstance(raw, str) or not is_dynamic(raw):
            return raw
        if place not in self._known:
            self._known[place] = self._evaluated(raw, place, home)
        return self._known[place]

    def _evaluated(self, text: str, place: Place, home: Document) -> Any:
        name = _shown(place)
        if text == "???":
            raise home.error(
                f"{name} is ???: it must be given, here or in a file that builds on this one.",
                place,
            )
        if place in self._open:
            chain = " -> ".join(map(_shown, [*self._open[self._open.index(place) :], place]))
            raise home.error(f"{name} refers to itself: {chain}.", place)
        if len(self._open) >= _CHAIN:
            raise home.error(
                f"{name} stands behind more than {_CHAIN} references, one after the other.", place
            )
        self._open.append(place)
        try:
            return _Expression(self, place).value(text)
        except _Wrong as error:
            raise home.error(f"{name} is {short(text)}: {error}.", place) from None
        except (RecursionError, MemoryError):
            raise home.error(f"{name} is {short(text)}: it is too deep.", place) from None
        finally:
            self._open.pop()

    def referred(self, target: Place, by: Place) -> Any:
        """The value that another one refers to."""
        raw: Any = self._root
        place: Place = ()
        home: Document | None = None
        evaluated = False  # whether the way led through another reference
        for part in target:
            if home is not None and isinstance(raw, str) and is_dynamic(raw):
                raw, home, evaluated = self._value(raw, place, home), None, True
            key = _key(raw, part)
            if key is None:
                raise _Wrong(_absent(target, part, raw, place))
            raw = raw[key]
            place = (*place, key)
            home = None if evaluated else self._home(place)
        self.uses.setdefault(by, []).append(place)
        return self._copied(raw if home is None else self._value(raw, place, home))

    def _copied(self, value: Any) -> Any:
        """A value that isn't shared with the place that it comes from."""
        self._values += 1
        if self._values > _LARGEST:
            raise _Wrong(f"references come to more than {_LARGEST} values")
        if type(value) is dict:
            return {key: self._copied(item) for key, item in value.items()}
        if type(value) is list:
            return [self._copied(item) for item in value]
        return value

    def joined(self, pieces: list[Any]) -> str:
        """Values as one text."""
        texts = [_as_text(piece) for piece in pieces]
        self._characters += sum(map(len, texts))
        if self._characters > _LONGEST:
            raise _Wrong(f"references come to more than {_LONGEST} characters")
        return "".join(texts)


class _Expression:
    """The text at one place, and what it refers to."""

    def __init__(self, whole: Interpolation, place: Place) -> None:
        self._whole = whole
        self._place = place

    def value(self, text: str) -> Any:
        """What it comes to."""
        # Most are plain ones, and OmegaConf takes a while to be imported.
        rest = _SIMPLE.sub("", text)
        if all(len(found[1]) % 2 for found in _ESCAPED.finditer(text)):
            return _ESCAPED.sub(lambda found: found[1][: len(found[1]) // 2] + "${", text)
        if "${" in rest or "\\${" in text:
            return self._by_grammar(text)
        pieces: list[Any] = []
        end = 0
        for found in _SIMPLE.finditer(text):
            pieces += [text[end : found.start()], self._simple(found)]
            end = found.end()
        if len(pieces) == 2 and not pieces[0] and end == len(text):
            return pieces[1]
        return self._whole.joined([*pieces, text[end:]])

    def _simple(self, found: re.Match[str]) -> Any:
        if found[2]:
            return self._resolved(name="env", args=(found[2],))
        return self._referred(found[3])

    def _by_grammar(self, text: str) -> Any:
        if len(text) > _PARSED:
            raise _Wrong(f"more than {_PARSED} characters are too many, but for plain ${{name}}")
        import warnings

        from omegaconf.grammar_parser import parse
        from omegaconf.grammar_visitor import GrammarVisitor

        found: list[Any] = []  # what its references come to

        def kept(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                found.append(function(*args, **kwargs))
                return found[-1]

            return call

        visitor = GrammarVisitor(kept(self._referred), kept(self._resolved), None)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # of what it takes now, and won't later
                value = visitor.visit(parse(text))
            if isinstance(value, str):
                self._whole.joined(found)  # refuses what can't be a part of a text
            return self._plain(value)
        except (_Wrong, ConfigError, RecursionError, MemoryError):
            raise
        except Exception as error:  # of its parser, of its visitor, of int() and str()
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise _Wrong(f"it can't be understood: {short(reason, 120)}") from None

    def _plain(self, value: Any) -> Any:
        """A value without the classes of OmegaConf."""
        if isinstance(value, str):
            return self._whole.joined([str(value)])
        if isinstance(value, dict):
            return {self._plain(key): self._plain(item) for key, item in value.items()}
        return [self._plain(item) for item in value] if isinstance(value, list) else value

    def _referred(self, key: Any, memo: object = None) -> Any:
        """The value of `${key}`; called by OmegaConf, too."""
        text: str = getattr(key, "raw", key)
        parts = tuple(re.findall(r"[^.\[\]]+", text))
        dots = len(text) - len(text.lstrip("."))
        if not dots:
            return self._whole.referred(parts, self._place)
        if dots > len(self._place):
            raise _Wrong(f"${{{text}}} leads out of the config")
        return self._whole.referred((*self._place[:-dots], *parts), self._place)

    def _resolved(self, name: str, args: tuple[Any, ...], args_str: object = None) -> Any:
        """The value of `${name:args}`; called by OmegaConf, too."""
        if name not in _RESOLVERS:
            from .overrides import nearest

            near = nearest(name, _RESOLVERS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_RESOLVERS[:4])}"
            raise _Wrong(f"there is no resolver {short(name)}; {hint}")
        wanted = {"env": (1, 2), "secret": (1,), "decode": (1,), "none": (0,)}[
            name.rpartition(".")[2]
        ]
        if len(args) not in wanted:
            raise _Wrong(f"{name} takes {' or '.join(map(str, wanted))} arguments, got {len(args)}")
        if name.endswith("env"):
            return _env(*args)
        if name == "secret":
            return _secret(str(args[0]))
        return _decoded(args[0]) if name.endswith("decode") else None


_NOTHING = object()


def _env(name: Any, default: Any = _NOTHING) -> str | None:
    """The value of an environment variable; a default is a text, too, or null."""
    text = os.environ.get(str(name))
    if text is not None:
        return text
    if default is _NOTHING:
        raise _Wrong(
            f"the environment variable {short(str(name))} isn't set: set it, or give a default as "
            f"in ${{env:{short(str(name))},default}}"
        )
    return None if default is None else _as_text(default)


def _secret(name: str) -> Any:
    """What stands for an environment variable whose value is never recorded."""
    from .secret import Secret

    hidden = Secret(name)
    try:
        hidden.reveal()  # what is wrong with it is told now
    except ConfigError as error:
        raise _Wrong(str(error).rstrip(".")) from None
    return hidden


def _decoded(text: Any) -> Any:
    """What a text says: a number, true, null, a list; else the text itself."""
    if not isinstance(text, str):
        return text
    if "${" in text:
        raise _Wrong("what is decoded can't have references itself")
    if len(text) > _PARSED:
        raise _Wrong(f"more than {_PARSED} characters are too many to be decoded")
    from omegaconf.grammar_parser import parse
    from omegaconf.grammar_visitor import GrammarVisitor

    tree = parse(text, parser_rule="singleElement", lexer_mode="VALUE_MODE")
    return GrammarVisitor(None, None, None).visit(tree)


def _as_text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        kind = type(value).__name__
        raise _Wrong(f"a {kind} can't be a part of a text")
    try:
        return f"{value}"  # which a secret refuses
    except ValueError:  # of an int
        raise _Wrong(f"a number of more than {DIGITS} digits can't be a part of a text") from None
    except Exception:  # of an object of a Python file, or of a secret
        kind = type(value).__name__
        raise _Wrong(f"a {kind} can't be a part of a text") from None


def _key(container: Any, part: Any) -> Any:
    """The key or index that a part of a reference stands for; None where there is none."""
    if isinstance(container, Mapping):
        if part in container:
            return part
        alike = [key for key in container if type(key) is not str and str(key) == str(part)]
        return alike[0] if alike else None
    if not isinstance(container, (list, tuple)):
        return None
    try:
        index = int(part)
    except ValueError:
        return None
    return index if -len(container) <= index < len(container) else None


def _absent(target: Place, part: Any, container: Any, place: Place) -> str:
    whole = short(_shown(target))
    if not isinstance(container, (Mapping, list, tuple)):
        return f"there is no {whole}: {short(_shown(place))} is a {type(container).__name__}"
    from .overrides import nearest

    names = [str(key) for key in container] if isinstance(container, Mapping) else []
    near = nearest(str(part), names, 1)
    return f"there is no {whole}" + (f"; did you mean {_shown((*place, *near))}?" if near else "")


def _shown(place: Place) -> str:
    return ".".join(map(str, place))
