"""Config: what to run a script with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import ConfigError, ConfigTypeError
from .capture import unwrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

    from .origin import Origin

_FIELDS = ("globals_dict", "args", "kwargs", "metadata")


class Config:
    """What to run a script with: values for its variables, and arguments for its entrypoint.

    Values are objects of any kind, and aren't copied; what is wrapped in `use()` is unwrapped.

    Args:
        globals_dict: Values for the script's variables, by name.
        args: Positional arguments of the script's entrypoint; a list or a tuple.
        kwargs: Keyword arguments of the script's entrypoint.
        metadata: What you want to remember with the run; the script doesn't see it. Flows look at
            two names in it: `name` is what the run is called, `options` is a dict of what is
            chosen for this run alone, like `{"timeout": 60}`.

    Raises:
        ConfigTypeError: A field has the wrong type, or a name in it isn't a str.

    Example:
        >>> Config({"lr": 0.1}, args=("data",))
        Config(globals_dict={'lr': 0.1}, args=['data'])
    """

    __hash__ = None  # type: ignore[assignment]  # its fields can change

    # Where its values come from, and what schema they are to fit; for messages and checks. It is no
    # part of what the Config is, and isn't recorded.
    origin: Origin | None = None

    def __init__(
        self,
        globals_dict: Mapping[str, Any] | None = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.globals_dict: dict[str, Any] = _named("globals_dict", globals_dict)
        self.args: list[Any] = _listed("args", args)
        self.kwargs: dict[str, Any] = _named("kwargs", kwargs)
        self.metadata: dict[str, Any] = _named("metadata", metadata)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], worker_id: int | None = None) -> Config:
        """The Config that a config file gives.

        Args:
            path: The file, as for `load_config()`.
            worker_id: What the file's `config_gen()` is told, if it takes it. None stands for the
                environment's `KOGINE_WORKER_ID`, else 0.

        Raises:
            ConfigError: The file can't be loaded, or doesn't give exactly one Config.
        """
        from .loader import load_config  # imports this module

        loaded = load_config(path, worker_id=worker_id)
        if isinstance(loaded, Config):
            return loaded
        configs = iter(loaded)
        config = next(configs, None)
        if config is None:
            raise ConfigError(f"{path} gives no Config.", path=str(path))
        if next(configs, None) is not None:
            raise ConfigError(
                f"{path} gives several Configs; loop over load_config({str(path)!r}) instead.",
                path=str(path),
            )
        return config

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Config:
        """A Config from its fields by name, as `to_dict()` gives them; each may be left out.

        Raises:
            ConfigError: There is no such field.
            ConfigTypeError: A field has the wrong type.

        Example:
            >>> Config.from_dict({"kwargs": {"fast": True}})
            Config(kwargs={'fast': True})
        """
        for name in _named("fields", fields):
            if name not in _FIELDS:
                raise _unknown_field(name)
        return cls(**fields)

    def merge(self, other: Config, *, nested: bool = False) -> Config:
        """This Config with another one above it: what that sets wins.

        Its `args`, where it has any, take the place of ours; the other fields are merged by name.

        Args:
            other: The other Config.
            nested: Merge dictionaries within `globals_dict`, `kwargs` and `metadata`, too.

        Raises:
            ConfigError: With `nested`, one of the two has a dictionary where the other has none.
            ConfigTypeError: The other is no Config.

        Example:
            >>> base = Config({"lr": 0.1, "model": {"layers": 2, "width": 8}})
            >>> base.merge(Config({"model": {"layers": 4}}), nested=True)
            Config(globals_dict={'lr': 0.1, 'model': {'layers': 4, 'width': 8}})
        """
        from .nested import merged
        from .origin import merged_origin

        if not isinstance(other, Config):
            raise ConfigTypeError(
                f"Config.merge takes a Config, got {type(other).__name__}"
                f"{': write Config({...})' if isinstance(other, dict) else ''}.",
                field="other",
                got=type(other).__name__,
            )
        both = Config(
            merged(self.globals_dict, other.globals_dict, nested),
            other.args or self.args,
            merged(self.kwargs, other.kwargs, nested),
            merged(self.metadata, other.metadata, nested),
        )
        both.origin = merged_origin(self, other)
        return both

    def replace(self, **fields: Any) -> Config:
        """This Config with other values for some of its fields.

        Raises:
            ConfigError: There is no such field.
            ConfigTypeError: A field has the wrong type.

        Example:
            >>> Config({"lr": 0.1}).replace(args=["data"])
            Config(globals_dict={'lr': 0.1}, args=['data'])
        """
        from .origin import kept_origin

        replaced = Config.from_dict({**self.to_dict(), **fields})
        replaced.origin = kept_origin(self, replaced)
        return replaced

    def with_values(self, values: dict[str, Any]) -> Config:
        """A Config with these values for the script's variables, else as this one.

        Nothing is checked or copied but the Config itself: for those who make very many.

        Args:
            values: The values by name, which become the new one's own.
        """
        config = type(self).__new__(type(self))
        config.globals_dict = values
        config.args = self.args[:]
        config.kwargs = self.kwargs.copy()
        config.metadata = self.metadata.copy()
        if self.origin is not None:
            config.origin = self.origin
        return config

    def to_dict(self) -> dict[str, Any]:
        """All four fields by name, the inverse of `from_dict()`.

        Example:
            >>> Config({"lr": 0.1}).to_dict()
            {'globals_dict': {'lr': 0.1}, 'args': [], 'kwargs': {}, 'metadata': {}}
        """
        return {
            "globals_dict": dict(self.globals_dict),
            "args": list(self.args),
            "kwargs": dict(self.kwargs),
            "metadata": dict(self.metadata),
        }

    def to_text(self, format: str = "py") -> str:
        """This Config as the text of a config file, which gives the same Config when it is loaded.

        Args:
            format: `"py"`, `"yaml"`, `"toml"` or `"json"`.

        Raises:
            ConfigError: There is no such format; or it can't hold a value: the error names that, and
                the formats that can.

        Example:
            >>> print(Config({"lr": 0.1}, kwargs={"fast": True}).to_text("yaml"), end="")
            lr: 0.1
            _kwargs: {fast: true}
        """
        from .printing import to_text

        return to_text(self, format)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write this Config to a config file, in the format that the file's name says.

        Args:
            path: The file: `*.py`, `*.yaml`, `*.toml` or `*.json`; replaced, if it is there.

        Raises:
            ConfigError: As of `to_text()`; or the file can't be written.
        """
        from .printing import save

        save(self, path)

    def __repr__(self) -> str:
        fields = [f"{name}={getattr(self, name)!r}" for name in _FIELDS if getattr(self, name)]
        return f"{type(self).__name__}({', '.join(fields)})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .html import config_bundle

        return config_bundle(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Config):
            return NotImplemented
        return (
            len(self.args) == len(other.args)
            and all(map(_equal, self.args, other.args))
            and _equal_values(self.globals_dict, other.globals_dict)
            and _equal_values(self.kwargs, other.kwargs)
            and _equal_values(self.metadata, other.metadata)
        )


def _named(field: str, value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong_type(field, "a dict of values by name", value)
    for name in value:
        if not isinstance(name, str):
            raise ConfigTypeError(
                f"Config: the names in {field} must be str, got {_shown(name)}.",
                field=field,
                got=type(name).__name__,
            )
    return {name: unwrap(item) for name, item in value.items()}


def _listed(field: str, value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray, memoryview)):
        raise _wrong_type(field, "a list or a tuple", value)
    return [unwrap(item) for item in value]


def _wrong_type(field: str, wanted: str, value: object) -> ConfigTypeError:
    message = f"Config: {field} must be {wanted}, got {_shown(value)}."
    return ConfigTypeError(message, field=field, got=type(value).__name__)


def _shown(value: object) -> str:
    """The type of a value, and the value in short."""
    from reprlib import repr as short_repr

    return f"{type(value).__name__} ({short_repr(value)})"


def _unknown_field(name: str) -> ConfigError:
    from .near import nearest  # only errors need it

    near = nearest(name, _FIELDS, 1)
    hint = f"did you mean {near[0]!r}? The" if near else "the"
    message = f"Config: there is no field {name!r}; {hint} fields are {', '.join(_FIELDS)}."
    return ConfigError(message, key=name)


def _equal_values(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return ours.keys() == theirs.keys() and all(_equal(ours[name], theirs[name]) for name in ours)


def _equal(ours: object, theirs: object) -> bool:
    """Whether two values are equal; where they can't tell, as arrays can't, they aren't."""
    if ours is theirs:
        return True
    try:
        return bool(ours == theirs)
    except Exception:
        return False
