"""Where the values of a Config come from, and what schema its file has for them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .base import Config
    from .space import Space

SET = "--set"
SWEEP = "--sweep"
AXIS = "sweep axis"


class Origin:
    """What is known of a Config besides what it holds.

    Args:
        places: For variables by name, the config file that sets them, or what is said in its place;
            for arguments of the entrypoint likewise, as `_args` and `_kwargs.NAME`.
        schema: A class that the values have to fit, or None.
        added: Keys that names with dots have added to dictionaries, as `model.layrs`.
    """

    __slots__ = ("places", "schema", "added")

    def __init__(
        self,
        places: Mapping[str, str] | None = None,
        schema: Any = None,
        added: Iterable[str] = (),
    ) -> None:
        self.places = dict(places or {})
        self.schema = schema
        self.added = tuple(dict.fromkeys(added))

    def place_of(self, key: str) -> str | None:
        """Where a variable is set, with the line of a file; None where that isn't known.

        Args:
            key: Its name; with dots, a place within what it holds.
        """
        name = key.partition(".")[0]
        place = self.places.get(key) or self.places.get(name)
        if place is None or place in (SET, AXIS):
            return place
        line = _line_of(place, name)
        return place if line is None else f"{place} line {line}"


def mark_axes(space: Space, place: str, textual: bool = False) -> None:
    """Note where the axes of a space are said: a config file, or `--sweep`.

    Those of which that is known already keep their place.

    Args:
        space: The space.
        place: Where.
        textual: Whether texts are all that can be said there; see `Axis.textual`.
    """
    for axis in space.axes():
        if axis.place is None:
            axis.place, axis.textual = place, textual


def place_of_axis(place: str | None) -> str:
    """The place of an axis, with the line of a file's `_sweep`."""
    if place is None or place == SWEEP:
        return place or AXIS
    line = _line_of(place, "_sweep")
    return f"{place}{'' if line is None else f' line {line}'}, _sweep"


def said_in_text(configs: Any) -> bool:
    """Whether a file in YAML, TOML or JSON, or a text of `--sweep`, says anything of some configs.

    Args:
        configs: A Config, a `Sweep`, a list of Configs, or a generator of one of these.
    """
    source = getattr(configs, "source", configs)
    if isinstance(source, (list, tuple)):
        return any(map(said_in_text, source))
    space = getattr(source, "space", None)
    if space is not None and any(axis.textual for axis in space.axes()):
        return True
    origin = getattr(getattr(source, "base", source), "origin", None)
    return origin is not None and any(map(is_text_place, origin.places.values()))


def is_text_place(place: str | None) -> bool:
    """Whether a place is a file in YAML, TOML or JSON."""
    return place is not None and place.lower().endswith((".yaml", ".yml", ".toml", ".json"))


def origin_of(config: Config) -> Origin:
    """What is known of a Config."""
    return config.origin or _NOTHING


def of_file(config: Config, name: str, schema: Any = None) -> Config:
    """A Config, marked as what a file gives.

    Args:
        config: The Config; it is left as it is.
        name: The file, as it was named.
        schema: The file's schema.
    """
    known = origin_of(config)
    places = {**dict.fromkeys(all_said(config), name), **known.places}
    own = known.schema if schema is None else schema
    return with_origin(config, Origin(places, own, known.added))


def all_said(config: Config) -> list[str]:
    """What a Config says, as `Origin.places` calls it."""
    args = ["_args"] if config.args else []
    return [*config.globals_dict, *args, *(f"_kwargs.{name}" for name in config.kwargs)]


def set_by(config: Config, names: Iterable[str], place: str) -> Config:
    """A Config, marked as one of which some variables are set elsewhere than the rest."""
    known = origin_of(config)
    places = {**known.places, **dict.fromkeys(names, place)}
    return with_origin(config, Origin(places, known.schema, known.added))


def placed_by(config: Config, space: Space) -> Config:
    """A Config, marked as one whose variables are also set where the axes of a space are said."""
    known = origin_of(config)
    places = {axis.name: axis.place or AXIS for axis in space.axes()}
    return with_origin(config, Origin({**known.places, **places}, known.schema, known.added))


def note_added(config: Config, names: Iterable[str]) -> Config:
    """A Config, marked as one of whose dictionaries some names with dots are going to add keys.

    Args:
        config: The Config, as it is before.
        names: The names.
    """
    added = [*filter(None, (_missing(config.globals_dict, name) for name in names))]
    if not added:
        return config
    known = origin_of(config)
    return with_origin(config, Origin(known.places, known.schema, [*known.added, *added]))


def _missing(values: Mapping[str, Any], name: str) -> str | None:
    """The first part of a name with dots that leads to nothing in a dictionary that is there."""
    root, *way = name.split(".")
    inner = values.get(root)
    for depth, key in enumerate(way, 2):
        if not isinstance(inner, dict):
            return None
        if key not in inner:
            return ".".join(name.split(".")[:depth])
        inner = inner[key]
    return None


def with_origin(config: Config, origin: Origin | None) -> Config:
    """A copy of a Config with that origin; its values are the same objects."""
    copy = config.with_values(dict(config.globals_dict))
    copy.origin = origin
    return copy


def merged_origin(under: Config, over: Config) -> Origin | None:
    """The origin of a Config that is merged of two."""
    if under.origin is None and over.origin is None:
        return None
    below, above = origin_of(under), origin_of(over)
    said = set(all_said(over))
    kept = {name: p for name, p in below.places.items() if name not in said}
    schema = below.schema if above.schema is None else above.schema
    return Origin({**kept, **above.places}, schema, [*below.added, *above.added])


def kept_origin(before: Config, after: Config) -> Origin | None:
    """The origin of a Config that was made of another one, for the values that it still has."""
    if before.origin is None:
        return None
    places = before.origin.places
    old, new = before.globals_dict, after.globals_dict
    roots = {n for n in new if n in old and new[n] is old[n]}
    old, new = before.kwargs, after.kwargs
    roots |= {f"_kwargs.{n}" for n in new if n in old and new[n] is old[n]}
    if len(before.args) == len(after.args) and all(map(_is, before.args, after.args)):
        roots.add("_args")
    added = [path for path in before.origin.added if path.partition(".")[0] in roots]
    kept = {name: place for name, place in places.items() if name in roots}
    return Origin(kept, before.origin.schema, added)


def _is(one: object, other: object) -> bool:
    return one is other


_NOTHING = Origin()


def _line_of(path: str, name: str) -> int | None:
    """The 1-based line at which a file sets a variable, where its text tells."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError:
        return None
    if path.lower().endswith(".py"):
        return _line_in_python(source, name)
    import re

    key = re.compile(
        rf"""^[ \t{{,-]*(["']?){re.escape(name)}\1\s*[:=]|^[ \t]*\[{re.escape(name)}\]""".encode(),
        re.MULTILINE,
    )
    found = [source.count(b"\n", 0, match.end()) + 1 for match in key.finditer(source)]
    return found[0] if len(found) == 1 else None


def _line_in_python(source: bytes, name: str) -> int | None:
    import ast

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    bound = [
        node.lineno
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and _binds(node, name)
    ]
    if bound:
        return bound[-1]
    named = [line for node in ast.walk(tree) for line in _lines_in(node, name)]
    return named[0] if len(named) == 1 else None


def _binds(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    import ast

    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(
        isinstance(part, ast.Name) and part.id == name
        for target in targets
        for part in ast.walk(target)
    )


def _lines_in(node: ast.AST, name: str) -> list[int]:
    """Where a dictionary, or a call, names a key."""
    import ast

    if isinstance(node, ast.Dict):
        return [k.lineno for k in node.keys if isinstance(k, ast.Constant) and k.value == name]
    if isinstance(node, ast.keyword) and node.arg == name:
        return [node.value.lineno]
    return []
