"""What a run is to do: written into its directory before its process starts."""

from __future__ import annotations

import os
import sys

from .values import FORMAT, json_holds, read_pickle, read_record, write_json, write_pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..config.base import Config
    from .paths import RunPaths


def write_spec(paths: RunPaths, facts: Mapping[str, Any], config: Config) -> None:
    """Write what a run is to do.

    Args:
        paths: The run's directory, which must be there.
        facts: All that can be said in JSON: id, flow, position, name, script, ...
        config: What to run with; any object that cloudpickle takes.

    Raises:
        OSError: It can't be written.
        Exception: The config holds an object that can't be pickled.
    """
    from ..config.siblings import import_folders

    fields = config.to_dict()
    as_json = json_holds(fields)
    if not as_json:
        write_pickle(paths.config, fields)
    spec = {
        "format": FORMAT,
        **facts,
        "config": fields if as_json else None,
        "import_folders": import_folders(),
    }
    write_json(paths.spec, spec)


def read_spec(paths: RunPaths) -> tuple[dict[str, Any], Config]:
    """What a run is to do: the spec as written, and the config."""
    spec = read_record(paths.spec)
    return spec, config_of(paths, spec)


def config_of(paths: RunPaths, spec: dict[str, Any]) -> Config:
    """The config of a run whose spec has been read."""
    from ..config.base import Config

    fields = spec["config"]
    if fields is None:
        fields = _unpickled(paths.config, spec["import_folders"])
    return Config.from_dict(fields)


def shared_of(paths: RunPaths, spec: dict[str, Any], folder: str) -> dict[str, Any]:
    """The objects that a run has in common with the others of its flow.

    Args:
        paths: The run's directory.
        spec: As read.
        folder: In which the script's own modules lie.

    Raises:
        Exception: One can't be unpickled here.
    """
    from .shared import read_shared

    flow = paths.store.flow(spec["flow"])
    with _also_from([*spec["import_folders"], folder]):
        return read_shared(flow, spec["shared"])


def _unpickled(path: str, folders: list[str]) -> Any:
    """Unpickle while classes from modules beside the config can be imported."""
    with _also_from(folders):
        return read_pickle(path)


class _also_from:
    """While active, modules are found in some more folders."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders

    def __enter__(self) -> None:
        self._before = list(sys.path)
        there = self._before
        sys.path += [f for f in self._folders if os.path.isdir(f) and f not in there]

    def __exit__(self, *error: object) -> None:
        sys.path[:] = self._before
