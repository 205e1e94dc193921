"""How values are kept in a run's files: as JSON where that holds them, else pickled."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Reading:
    """What JSON is read as; see `json.JSONDecoder`."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {name: float(name) for name in ("NaN", "Infinity", "-Infinity")}.__getitem__
    memo: dict[str, str] = {}


# The form of the files of runs and flows, which each says under "format". A later one is another
# number, and those who don't know it leave its files alone.
FORMAT = 1

# What is below json, which imports re and enum: more than a run's process else has to load.
_encoded: Any
_scan: Any
try:
    from _json import encode_basestring_ascii, make_scanner

    _encoded, _scan = encode_basestring_ascii, make_scanner(_Reading)  # type: ignore[arg-type]
except ImportError:  # another Python than CPython
    _encoded = _scan = None

# JSON integers are read back exactly up to here by every reader of JSON that keeps 64 bits.
_INTEGERS = range(-(2**63), 2**63)


def json_holds(value: object) -> bool:
    """Whether a value is the same, types included, once written as JSON and read again."""
    try:
        return _json_holds(value)
    except RecursionError:  # too deep, or within itself
        return False


def _json_holds(value: object) -> bool:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return True
    if kind is int:
        return value in _INTEGERS
    if kind is float:
        return abs(value) < float("inf")  # type: ignore[arg-type]  # neither inf nor nan
    if kind is list:
        return all(_json_holds(item) for item in value)  # type: ignore[attr-defined]
    if kind is dict:
        items = value.items()  # type: ignore[attr-defined]
        return all(type(key) is str and _json_holds(item) for key, item in items)
    return False


def write_json(path: str, value: object) -> None:
    """Write a JSON file, whole or not at all."""
    write_bytes(path, to_json(value))


def to_json(value: object) -> bytes:
    """A value as JSON."""
    text = small_json(value)
    if text is None:
        import json

        text = json.dumps(value)
    return text.encode()


def small_json(value: object) -> str | None:
    """The JSON of plain values in few and shallow containers; None for anything else, and where
    `json` is loaded, which is then faster.
    """
    text: str | None = None
    if "json" not in sys.modules and _encoded is not None:
        text = _small_json(value)
    return text


def _small_json(value: Any, depth: int = 4) -> Any:
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is str:
        return _encoded(value)
    if kind is int or (kind is float and abs(value) < float("inf")):
        return repr(value)
    if kind not in (dict, list) or not depth or len(value) > 100:
        return None
    values = value.values() if kind is dict else value
    items = [_small_json(item, depth - 1) for item in values]
    if None in items:
        return None
    if kind is list:
        return f"[{', '.join(items)}]"
    if any(type(key) is not str for key in value):
        return None
    pairs = zip(map(_encoded, value), items)
    return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"


def write_pickle(path: str, value: object) -> None:
    """Pickle any object into a file, whole or not at all; lambdas and local classes included.

    Raises:
        Exception: The object can't be pickled; what is raised depends on the object.
    """
    write_bytes(path, pickled(value))


def pickled(value: object) -> bytes:
    """Any object pickled; lambdas and local classes included.

    Raises:
        Exception: The object can't be pickled; what is raised depends on the object.
    """
    import cloudpickle

    data: bytes = cloudpickle.dumps(value)
    return data


def write_bytes(path: str, data: bytes) -> None:
    """Write a file, whole or not at all."""
    beside = f"{path}.{os.getpid()}"
    try:
        with open(beside, "wb", buffering=0) as file:
            while data:  # all of it at once, but for the largest
                data = data[file.write(data) :]
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def read_json(path: str) -> Any:
    """The value of a JSON file.

    Raises:
        ValueError: It doesn't hold JSON.
    """
    with open(path, "rb", buffering=0) as file:
        return from_json(file.readall())


def read_record(path: str) -> Any:
    """The value of a file of a run or a flow that another version may have written.

    Raises:
        ValueError: It doesn't hold JSON.
        StoreError: A newer version wrote it: what is in it isn't known here.
    """
    record = read_json(path)
    form = record.get("format", FORMAT) if isinstance(record, dict) else FORMAT
    if form not in range(1, FORMAT + 1):
        from ..errors import StoreError

        raise StoreError(
            f"{path} is of format {form}, and this KohakuEngine reads up to format {FORMAT}: upgrade"
            " KohakuEngine, as by `pip install -U kohakuengine`.",
            path=path,
        )
    return record


def check_formats(*paths: str) -> None:
    """Refuse files of a newer version, before something is done with a run or a flow.

    Raises:
        StoreError: There is one. Of those that can't be read, whoever reads them says so.
    """
    for path in paths:
        try:
            read_record(path)
        except (OSError, ValueError):
            continue


def from_json(data: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: It isn't one.
    """
    if _scan:
        text = data.decode("utf-8", "surrogatepass").strip(" \t\r\n")
        try:
            value, end = _scan(text, 0)
            if end == len(text):
                return value
        except (StopIteration, SystemError, RecursionError):
            pass  # what is wrong with it, json says best; without it the scanner may raise nothing
    import json

    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def read_pickle(path: str) -> Any:
    """The object of a pickle file."""
    import pickle

    with open(path, "rb") as file:
        return pickle.load(file)
