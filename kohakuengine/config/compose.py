"""Config files that build on others."""

from __future__ import annotations

import os

from ..errors import ConfigError
from .base import Config
from .loader import load_config
from .loading import current
from .sweep import Sweep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def use_config(path: str | os.PathLike[str], /, **arguments: Any) -> Config:
    """Build on another config file: what it sets is set, but for what this file sets itself.

    At the top level of a config file it is layered under what the file gives, however it gives that:
    the file's own values win, and those of a base that is used later; its own `args`, where there
    are any, replace the base's, and `kwargs` and `metadata` are merged. A base's `_sweep` and
    `_schema` are those of the file, unless it has its own. In `config_gen()` and elsewhere nothing
    is layered: merge what you are given with `Config.merge()`.

    Args:
        path: The file; of a relative path, from the folder of the file that uses it.
        arguments: Those of its `config_gen()`, which makes it a template.

    Returns:
        What the file gives, to look at or to merge. Of a file that sweeps, what is the same for all.

    Raises:
        ConfigError: Files use each other in a circle; the file gives several Configs that don't
            come of `_sweep`; it takes no such argument.
        ConfigFileError: The file can't be loaded.

    Example:
        >>> use_config("base.py")  # doctest: +SKIP
        Config(globals_dict={'lr': 0.1})
    """
    file = current()
    name = os.fspath(path)
    if file is not None:
        name = os.path.join(os.path.dirname(file.name), name)
    loaded = load_config(name, arguments=arguments)
    space = None
    if not isinstance(loaded, Config):
        if not isinstance(loaded.source, Sweep):
            raise ConfigError(f"{name} gives several Configs: nothing can build on it.", path=name)
        space, loaded = loaded.source.space, loaded.source.base
    if file is not None:
        file.bases.append(loaded)
        file.space = file.space if space is None else space
    return loaded
