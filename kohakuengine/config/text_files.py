"""A config file in YAML, TOML or JSON -> Config | ConfigGenerator."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from keyword import iskeyword

from ..errors import ConfigError, ConfigFileError, ConfigTypeError
from .base import Config
from .documents import DEPTH, Document, in_short, is_text_file, read_document
from .generator import ConfigGenerator
from .loading import loading
from .origin import Origin, all_said, mark_axes, origin_of, placed_by, with_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .documents import Place

    Load = Callable[..., Config | ConfigGenerator]
    LoadSchema = Callable[[str, str | None], type]

_BY_NAME = ("_kwargs", "_metadata")  # of these, what is above is merged into what is below
_OURS = ("_args", "_kwargs", "_metadata", "_sweep", "_base", "_schema")


def load_text_file(name: str, load: Load, schema: LoadSchema) -> Config | ConfigGenerator:
    """What a config file in YAML, TOML or JSON says to run with.

    Args:
        name: The file.
        load: Loads a Python file that it builds on; as `load_config()`.
        schema: Gives the schema of a Python file; as `load_schema()`.

    Returns:
        A Config, or a ConfigGenerator where the file or what it builds on has `_sweep`.

    Raises:
        ConfigFileError: The file can't be read, or a value in it can't be told.
        ConfigError: What it says can't be used; or it builds on itself.
    """
    return _layers(name, load, {}).result(schema)


def _layers(name: str, load: Load, known: dict[str, _Layers], depth: int = 0) -> _Layers:
    """A file, and what it builds on beneath it; those that are known aren't read again."""
    path = os.path.abspath(name)
    if depth > DEPTH:
        message = f"{name} stands under more than {DEPTH} files, each built on the next."
        raise ConfigFileError(message, path=path, line=1)
    if path not in known:
        known[path] = _read(name, load, known, depth)
    return known[path]


def _read(name: str, load: Load, known: dict[str, _Layers], depth: int) -> _Layers:
    document = read_document(name)
    _check_names(document)
    with loading(name, document.path):
        layers = _Layers(document)
        for place, file, arguments in _bases(document):
            try:
                if is_text_file(file) and not arguments:
                    layers.put_layers(_layers(file, load, known, depth + 1))
                else:
                    layers.put_loaded(load(file, arguments=arguments), file)
            except ConfigError as error:
                if getattr(error, "line", None) is not None:
                    raise
                line = document.line(place)
                where = f"{name} line {line}" if line else name
                facts = {**vars(error), "path": document.path, "line": line}
                raise type(error)(f"{where}: {in_short(str(error))}", **facts) from error.__cause__
        layers.put_document(document)
    return layers


def _check_names(document: Document) -> None:
    for name in document.tree:
        if not name.startswith("_"):
            if not name.isidentifier() or iskeyword(name):
                raise document.error(f"{_shown(name)} is no name of a variable.", (name,))
        elif name not in _OURS:  # private, as it would be in Python; but for slips of the pen
            from difflib import get_close_matches

            near = get_close_matches(name, _OURS, 1, 0.85)
            if near:
                raise document.error(f"there is no {name}; did you mean {near[0]}?", (name,))


def _bases(document: Document) -> list[tuple[Place, str, dict[str, Any]]]:
    """Where in the file each base is named, its file, and its arguments."""
    if "_base" not in document.tree:
        return []
    given = document.tree["_base"]
    if document.dynamic:
        from .interpolation import Interpolation

        given = Interpolation(document.tree, lambda place: document).value(("_base",))
    several = isinstance(given, list)
    bases = []
    for n, base in enumerate(given if several else [given]):
        place = ("_base", n) if several else ("_base",)
        arguments = dict(base) if isinstance(base, dict) else {"file": base}
        file = arguments.pop("file", None)
        if not isinstance(file, str) or not file or "\0" in file:
            raise document.error(
                "_base must be the path of a config file, {file: PATH, ARGUMENT: VALUE, ...}, or a "
                f"list of these, got {_shown(base)}.",
                place,
            )
        if not all(isinstance(name, str) for name in arguments):
            raise document.error("the arguments of a _base are given by name.", place)
        bases.append((place, os.path.join(os.path.dirname(document.name), file), arguments))
    return bases


class _Layers:
    """What several files say, as far as it isn't evaluated yet.

    What one text file says of another's values is seen by both: a base's `${lr}` is what the file
    that builds on it makes of `lr`.
    """

    def __init__(self, document: Document) -> None:
        self._top = document  # the file that is asked for
        self._root: dict[str, Any] = {}
        self._homes: dict[Place, Document] = {}
        self._places: dict[str, str] = {}  # the Python files that set the others

    def put_document(self, document: Document) -> None:
        self._put({n: v for n, v in document.tree.items() if n != "_base"}, lambda _: document)

    def put_layers(self, layers: _Layers) -> None:
        self._put(layers._root, layers._home)
        self._places |= layers._places

    def put_loaded(self, loaded: Config | ConfigGenerator, name: str) -> None:
        space = None
        if not isinstance(loaded, Config):
            from .sweep import Sweep

            if not isinstance(loaded.source, Sweep):
                message = f"{name} gives several Configs: nothing can build on it."
                raise ConfigError(message, path=name)
            space, loaded = loaded.source.space, loaded.source.base
        fields = {
            "_args": loaded.args,
            "_kwargs": loaded.kwargs,
            "_metadata": loaded.metadata,
            "_schema": origin_of(loaded).schema,
        }
        said = {name: value for name, value in fields.items() if value}
        said |= {} if space is None else {"_sweep": space}
        self._put({**loaded.globals_dict, **said}, lambda _: None)
        self._places |= {**dict.fromkeys(all_said(loaded), name), **origin_of(loaded).places}

    def _put(self, values: Mapping[str, Any], home: Callable[[Place], Document | None]) -> None:
        """Put values above those that are there."""
        for name, value in values.items():
            under = self._root.get(name)
            if name in _BY_NAME and isinstance(under, dict) and isinstance(value, dict):
                self._root[name] = {**under, **value}
                for key in value:
                    self._settle((name, key), home((name, key)))
            else:
                self._root[name] = value
                for place in [place for place in self._homes if place[0] == name]:
                    del self._homes[place]
                if name in _BY_NAME and isinstance(value, dict):
                    for key in value:
                        self._settle((name, key), home((name, key)))
                else:
                    self._settle((name,), home((name,)))

    def _settle(self, place: Place, home: Document | None) -> None:
        self._homes.pop(place, None)
        if home is not None:
            self._homes[place] = home

    def _home(self, place: Place) -> Document | None:
        """The text file in which a value stands; None for one of a Python file."""
        return self._homes.get(place[:1]) or self._homes.get(place[:2])

    def result(self, load_schema: LoadSchema) -> Config | ConfigGenerator:
        values, uses = self._evaluated()
        space = values.pop("_sweep", None)
        schema = self._schema(values.pop("_schema", None), load_schema)
        config = self._config(values)
        config = with_origin(config, Origin(self._places_of(config), schema))
        if space is None:
            return config
        from .sweep import Sweep

        try:
            sweep = Sweep(config, space)
        except ConfigError as error:
            raise self._wrong("_sweep", error) from None
        self._check_follows(sweep, uses)
        mark_axes(sweep.space, (self._home(("_sweep",)) or self._top).name, textual=True)
        sweep.base = placed_by(sweep.base, sweep.space)
        return ConfigGenerator(sweep, name=f"_sweep of {self._top.name}")

    def _evaluated(self) -> tuple[dict[str, Any], dict[Place, list[Place]]]:
        if not any(document.dynamic for document in self._homes.values()):
            return dict(self._root), {}
        from .interpolation import Interpolation

        interpolation = Interpolation(self._root, self._home)
        return {name: self._value(interpolation, name) for name in self._root}, interpolation.uses

    def _value(self, interpolation: Any, name: str) -> Any:
        if name in _BY_NAME and isinstance(self._root[name], dict):
            return {key: interpolation.value((name, key)) for key in self._root[name]}
        return interpolation.value((name,))

    def _schema(self, given: object, load: LoadSchema) -> type | None:
        """The schema that a text names; or that of a Python file beneath, which is there already."""
        if given is None or isinstance(given, type):
            return given
        home = self._home(("_schema",)) or self._top
        file, colon, name = given.rpartition(":") if isinstance(given, str) else ("", "", "")
        if not colon or not file.lower().endswith(".py"):
            file, name = (given, "") if isinstance(given, str) else ("", "")
        if not file.lower().endswith(".py") or "\0" in file:
            raise home.error(
                "_schema must name a Python file and a class in it, as in schemas.py:Study, got "
                f"{_shown(given)}.",
                ("_schema",),
            )
        try:
            return load(os.path.join(os.path.dirname(home.name), file), name or None)
        except ConfigError as error:
            raise self._wrong("_schema", error) from error.__cause__

    def _places_of(self, config: Config) -> dict[str, str]:
        """Which file sets each variable."""
        places = {}
        for name in all_said(config):
            home = self._home(tuple(name.split(".", 1)))
            there = self._places.get(name, self._top.name) if home is None else home.name
            places[name] = there
        return places

    def _config(self, values: dict[str, Any]) -> Config:
        own = {name: value for name, value in values.items() if not name.startswith("_")}
        try:
            return Config(own, *(values.get(name) for name in ("_args", *_BY_NAME)))
        except ConfigTypeError as error:
            raise self._wrong(f"_{error.field}", error) from None

    def _wrong(self, name: str, error: ConfigError) -> ConfigError:
        home = self._home((name,)) or self._top
        line = home.line((name,))
        where = f"{home.name} line {line}" if line else home.name
        facts = {**vars(error), "path": home.path, "line": line}
        return type(error)(f"{where} sets {name} wrongly: {in_short(str(error))}", **facts)

    def _check_follows(self, sweep: Any, uses: dict[Place, list[Place]]) -> None:
        """Refuse a value that is made of what varies, since it would be the same for all."""
        varying = [tuple(name.split(".")) for name in sweep.names]
        for place in uses:
            owner = place[0]
            if owner == "_sweep" or any(_overlap(place, one) for one in varying):
                continue
            if owner.startswith("_") and owner not in _OURS:
                continue
            found = _reached(place, uses, varying)
            home = self._home(place)
            if found and home is not None:
                raise home.error(
                    f"{_name(place)} is made of {_name(found)}, which _sweep varies, and wouldn't "
                    "follow it: sweep both, paired by _zip, or compute it in the script.",
                    place,
                )


def _reached(
    place: Place,
    uses: dict[Place, list[Place]],
    varying: list[Place],
    seen: set[Place] | None = None,
) -> Place | None:
    """What varies of that which a place refers to, also by way of others."""
    seen = set() if seen is None else seen
    seen.add(place)
    for target in uses[place]:
        for one in varying:
            if _overlap(target, one):
                return one
        for other in uses:
            if _overlap(target, other) and other not in seen:
                found = _reached(other, uses, varying, seen)
                if found:
                    return found
    return None


def _overlap(one: Place, other: Place) -> bool:
    return all(mine == theirs for mine, theirs in zip(one, other))


def _name(place: Place) -> str:
    return ".".join(map(str, place))


def _shown(value: object) -> str:
    from .fit import short_repr

    return short_repr(value)
