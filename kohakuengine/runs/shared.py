"""Objects that all runs of a flow use, pickled once."""

from __future__ import annotations

import os

from ..errors import ConfigError
from .sources import digest_of
from .values import read_pickle, write_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .paths import FlowPaths


def keep_shared(paths: FlowPaths, objects: Mapping[str, object]) -> str:
    """Keep objects by name in a flow's directory, and give the name of the file.

    They are pickled together: what two of them have in common is one object for the runs, too.

    Raises:
        ConfigError: One can't be pickled; it is named.
        OSError: The file can't be written.
    """
    import cloudpickle

    try:
        data = cloudpickle.dumps(dict(objects))
    except Exception as error:  # objects have many ways to say that they can't be pickled
        raise _cannot_pickle(objects, error) from error
    name = f"{digest_of(data)}.pkl"
    os.makedirs(paths.shared, exist_ok=True)
    path = os.path.join(paths.shared, name)
    if not os.path.exists(path):
        write_bytes(path, data)
    return name


def _cannot_pickle(objects: Mapping[str, object], error: Exception) -> ConfigError:
    import cloudpickle

    for name, value in objects.items():
        try:
            cloudpickle.dumps(value)
        except Exception as own:
            kind = type(value).__name__
            return ConfigError(
                f"{name} ({kind}) can't be passed to the runs, which are processes of their own: "
                f"{own}; make it within the cell.",
                key=name,
            )
    return ConfigError(f"{', '.join(objects)} can't be passed to the runs: {error}.")


def read_shared(paths: FlowPaths, name: str) -> dict[str, Any]:
    """The objects that are kept under a name.

    Raises:
        Exception: One can't be unpickled here.
    """
    objects: dict[str, Any] = read_pickle(os.path.join(paths.shared, name))
    return objects
