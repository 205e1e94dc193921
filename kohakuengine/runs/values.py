"""How values are kept in a run's files: as JSON where that holds them, else pickled."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
    import json

    write_bytes(path, json.dumps(value).encode())


def write_pickle(path: str, value: object) -> None:
    """Pickle any object into a file, whole or not at all; lambdas and local classes included.

    Raises:
        Exception: The object can't be pickled; what is raised depends on the object.
    """
    import cloudpickle

    write_bytes(path, cloudpickle.dumps(value))


def write_bytes(path: str, data: bytes) -> None:
    """Write a file, whole or not at all."""
    beside = f"{path}.{os.getpid()}"
    try:
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def read_json(path: str) -> Any:
    """The value of a JSON file."""
    import json

    with open(path, "rb") as file:
        return json.load(file)


def read_pickle(path: str) -> Any:
    """The object of a pickle file."""
    import pickle

    with open(path, "rb") as file:
        return pickle.load(file)
