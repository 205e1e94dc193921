"""When two configs are the same: a digest of what they make a script do.

Equal digests mean equal values of equal types: 1, 1.0 and True differ. The order of dicts and sets
doesn't count. Pickles wouldn't do: for lambdas, sets and local classes they differ from one
interpreter to the next. What can't be told by its value has no digest, rather than a wrong one.
"""

from __future__ import annotations

import sys

try:
    from _blake2 import blake2b  # hashlib would load all of OpenSSL for it
except ImportError:
    from hashlib import blake2b

from ..errors import NoKeyError
from .members import EnumMember, holds_stand_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import CodeType, FunctionType
    from typing import Any

    from .base import Config

# With what the names of the modules that config files become begin; a number and the file's follow.
CONFIG_MODULE = "kogine_config_"


def config_key(config: Config, *, argv: Sequence[str] = (), entrypoint: str | None = None) -> str:
    """The key under which a run with this config is the same as another.

    Metadata doesn't count. A class of your own can give `__kogine_key__()`, which returns a value
    that stands for the object, of any type that has a digest.

    Args:
        config: Overrides and arguments.
        argv: The script's command line.
        entrypoint: The function named, if any.

    Returns:
        32 hexadecimal digits.

    Raises:
        NoKeyError: It names the value that has no digest.

    Example:
        >>> from kohakuengine import Config
        >>> config_key(Config({"a": 1, "b": 2})) == config_key(Config({"b": 2, "a": 1}))
        True
        >>> config_key(Config({"a": 1})) == config_key(Config({"a": 1.0}))
        False
    """
    return _key_of(config, argv, entrypoint, BY_HOME)


def older_keys(
    config: Config, *, argv: Sequence[str] = (), entrypoint: str | None = None
) -> list[str]:
    """The other keys that runs with this config may have in stores.

    Members of a script's Enums had one key for each way to name them: the class as the script
    writes it, where a text named the member; else the class of the member that was imported.

    Raises:
        NoKeyError: As of `config_key()`.
    """
    if not holds_stand_in([config.globals_dict, config.args, config.kwargs]):
        return []
    key = config_key(config, argv=argv, entrypoint=entrypoint)
    others = [_key_of(config, argv, entrypoint, way) for way in (AS_GIVEN, BY_EXPRESSION)]
    return [one for one in dict.fromkeys(others) if one != key]


def _key_of(config: Config, argv: Sequence[str], entrypoint: str | None, members: str) -> str:
    parts = {
        "globals_dict": config.globals_dict,
        "args": config.args,
        "kwargs": config.kwargs,
        "argv": list(argv),
        "entrypoint": entrypoint,
    }
    digests = [_of_nothing(v) or _Digester(members).digest(v, name) for name, v in parts.items()]
    return _hash("config", *digests).hex()


# By what a member of an Enum of the script's is told apart; the latter two are those of the past.
BY_HOME = "the class' module and name"
AS_GIVEN = "what was given"
BY_EXPRESSION = "what the script writes"

# Of what most parts of most configs are.
_NOTHING: dict[type, bytes] = {}


def _of_nothing(value: object) -> bytes | None:
    """The digest of None, or of a plain list, tuple or dict that is empty; None for all others."""
    kind = type(value)
    if kind not in (dict, list, tuple, type(None)) or value:
        return None
    if kind not in _NOTHING:
        _NOTHING[kind] = _Digester().digest(value, "")
    return _NOTHING[kind]


def _hash(tag: str, *parts: bytes) -> bytes:
    whole = (tag.encode("utf-8", "surrogatepass"), *parts)
    data = b"".join([piece for part in whole for piece in (len(part).to_bytes(8, "little"), part)])
    return blake2b(data, digest_size=16).digest()


# Types whose repr says all there is to say, and the modules in which they are.
_BY_REPR = {
    "builtins": {"int", "bool", "complex", "range", "slice", "NoneType", "ellipsis"},
    "datetime": {"date", "time", "datetime", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "uuid": {"UUID"},
    "ipaddress": {"IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network"},
}


class _Digester:
    def __init__(self, members: str = BY_HOME) -> None:
        self._members = members
        self._within: set[int] = set()  # the values whose digest is being taken, to end circles

    def digest(self, value: Any, place: str) -> bytes:
        """The digest of a value; `place` says where it is, for the error."""
        kind = type(value)
        if kind is str:
            return self._of_str(value, place)
        if kind is float:
            return self._of_float(value, place)
        if id(value) in self._within:
            raise _no_key(value, place, "it holds itself")
        self._within.add(id(value))
        try:
            return self._of(value, place)
        except RecursionError:
            raise _no_key(value, place, "it is nested too deeply") from None
        finally:
            self._within.discard(id(value))

    def _of(self, value: Any, place: str) -> bytes:
        kind = type(value)
        tag = ".".join(name_of(kind))
        key = getattr(kind, "__kogine_key__", None)
        if key is not None:
            return _hash("key", tag.encode(), self.digest(key(value), f"{place}.__kogine_key__()"))
        if isinstance(value, EnumMember):
            return self._of_stand_in(value, place)
        if kind.__name__ in _BY_REPR.get(kind.__module__, ()):
            return _hash(tag, _exact(value))
        by_kind = getattr(self, f"_of_{kind.__name__}", None)
        if by_kind is not None and kind.__module__ in ("builtins", "functools", "numpy", "torch"):
            found: bytes = by_kind(value, place)
            return found
        return self._of_other(value, place, tag)

    def _all(self, values: Iterable[Any], place: str) -> list[bytes]:
        return [self.digest(value, f"{place}[{index}]") for index, value in enumerate(values)]

    # By the name of the type.

    def _of_str(self, value: str, place: str) -> bytes:
        return _hash("str", value.encode("utf-8", "surrogatepass"))

    def _of_float(self, value: float, place: str) -> bytes:
        return _hash("float", value.hex().encode())

    def _of_bytes(self, value: bytes, place: str) -> bytes:
        return _hash(type(value).__name__, bytes(value))

    _of_bytearray = _of_bytes

    def _of_list(self, value: Any, place: str) -> bytes:
        return _hash(type(value).__name__, *self._all(value, place))

    _of_tuple = _of_list

    def _of_set(self, value: Any, place: str) -> bytes:
        return _hash(type(value).__name__, *sorted(self._all(value, place)))

    _of_frozenset = _of_set

    def _of_dict(self, value: dict[Any, Any], place: str) -> bytes:
        pairs = [
            self.digest(key, f"{place} key") + self.digest(item, f"{place}[{key!r}]")
            for key, item in value.items()
        ]
        return _hash("dict", *sorted(pairs))

    def _of_type(self, value: type, place: str) -> bytes:
        if _importable(value):
            return _hash("type", f"{value.__module__}.{value.__qualname__}".encode())
        raise _no_key(value, place, "it is a class that can't be imported by its name")

    def _of_module(self, value: Any, place: str) -> bytes:
        return _hash("module", value.__name__.encode())

    def _of_function(self, value: FunctionType, place: str) -> bytes:
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        parts = (
            self._of_code(value.__code__, place),
            self.digest(list(value.__defaults__ or ()), f"{place} defaults"),
            self.digest(dict(value.__kwdefaults__ or {}), f"{place} defaults"),
            self.digest(cells, f"{place} closure"),
        )
        return _hash("function", repr(sys.version_info[:2]).encode(), *parts)

    def _of_code(self, code: CodeType, place: str) -> bytes:
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        constants = self._all(code.co_consts, f"{place} code")
        return _hash("code", code.co_code, repr((shape, names)).encode(), *constants)

    def _of_builtin_function_or_method(self, value: Any, place: str) -> bytes:
        owner = value.__self__
        if owner is None or isinstance(owner, type(sys)):
            return _hash("builtin", f"{value.__module__}.{value.__qualname__}".encode())
        return _hash("builtin", value.__name__.encode(), self.digest(owner, f"{place}.__self__"))

    def _of_method(self, value: Any, place: str) -> bytes:
        owner = self.digest(value.__self__, f"{place}.__self__")
        return _hash("method", owner, self.digest(value.__func__, place))

    def _of_partial(self, value: Any, place: str) -> bytes:
        parts = [value.func, value.args, value.keywords]
        return _hash("partial", *self._all(parts, place))

    def _of_ndarray(self, value: Any, place: str) -> bytes:
        facts = f"{value.dtype.str if not value.dtype.names else value.dtype.descr}{value.shape}"
        if value.dtype.hasobject:
            return _hash("array", facts.encode(), *self._all(value.ravel().tolist(), place))
        return _hash("array", facts.encode(), value.tobytes())

    def _of_Tensor(self, value: Any, place: str) -> bytes:
        plain = value.detach().cpu().contiguous()
        data = plain.reshape(-1).view(sys.modules["torch"].uint8).numpy().tobytes()
        facts = f"{value.dtype}{tuple(value.shape)}{value.requires_grad}"
        return _hash("tensor", facts.encode(), data)

    # By what kind of object it is.

    def _of_stand_in(self, value: EnumMember, place: str) -> bytes:
        """As of the member itself, where it is known which class has it."""
        given = value.given
        if self._members == BY_HOME and value.home is not None:
            return _of_member(value.home, value.name)
        if self._members == AS_GIVEN and given is not None and not isinstance(given, str):
            return self.digest(given, place)
        name = given if isinstance(given, str) else value.name
        return _hash("member", f"{value.cls}.{name}".encode())

    def _of_other(self, value: Any, place: str, tag: str) -> bytes:
        from dataclasses import fields, is_dataclass
        from enum import Enum
        from pathlib import PurePath

        if isinstance(value, type):  # of a metaclass
            return self._of_type(value, place)
        if isinstance(value, Enum):
            return _of_member(tag, value.name)
        if isinstance(value, PurePath):
            return _hash("path", tag.encode(), str(value).encode("utf-8", "surrogatepass"))
        if is_dataclass(value):
            items = {field.name: getattr(value, field.name) for field in fields(value)}
            return _hash("dataclass", tag.encode(), self._attributes(items, place))
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            items = dict(zip(value._fields, value))
            return _hash("namedtuple", tag.encode(), self._attributes(items, place))
        if tag.partition(".")[0] == "pandas" and type(value).__name__ in ("DataFrame", "Series"):
            return self._of_frame(value, place)
        if tag.startswith("numpy.") and hasattr(value, "dtype") and hasattr(value, "tobytes"):
            return _hash("scalar", tag.encode(), str(value.dtype).encode(), value.tobytes())
        raise _no_key(value, place, "give its class __kogine_key__() to be told apart")

    def _of_frame(self, value: Any, place: str) -> bytes:
        """A DataFrame or a Series of pandas: its columns and its index, in order, with their names."""
        if value.ndim == 1:
            columns, names = [value], [value.name]
        else:
            columns = [value.iloc[:, n] for n in range(value.shape[1])]
            names = list(value.columns)
        held = [self._of_column(one, place) for one in [value.index, *columns]]
        names += [None, *value.index.names]
        return _hash("frame", str(value.ndim).encode(), *self._all(names, place), *held)

    def _of_column(self, value: Any, place: str) -> bytes:
        dtype = str(value.dtype)
        if dtype == "object":  # which pandas would make texts of
            return _hash("column", dtype.encode(), *self._all(value.tolist(), place))
        from pandas.util import hash_pandas_object

        rows = hash_pandas_object(value, index=False).to_numpy().tobytes()
        return _hash("column", dtype.encode(), rows)

    def _attributes(self, items: dict[str, Any], place: str) -> bytes:
        pairs = [_hash(name, self.digest(item, f"{place}.{name}")) for name, item in items.items()]
        return _hash("attributes", *sorted(pairs))


def _of_member(cls: str, name: str) -> bytes:
    return _hash("enum", cls.encode(), name.encode())


def _exact(value: Any) -> bytes:
    if type(value) is int:  # decimal digits of huge ones are refused by Python
        return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    fold = str(value.fold) if hasattr(value, "fold") else ""
    return (repr(value) + fold).encode()


def name_of(kind: type) -> tuple[str, str]:
    """The module and the name of a type: of one in a config file the same each time that is loaded.

    Example:
        >>> name_of(int)
        ('builtins', 'int')
    """
    module = kind.__module__
    if module.startswith(CONFIG_MODULE):
        module = module[len(CONFIG_MODULE) :].partition("_")[
            2
        ]  # which number comes first is chance
    return module, kind.__qualname__


def _importable(value: type) -> bool:
    found: Any = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value and value.__module__ != "__main__"


def _no_key(value: object, place: str, reason: str) -> NoKeyError:
    kind = type(value).__qualname__
    return NoKeyError(f"{place}, a {kind}, has no digest: {reason}.", place=place)
