"""Which config files are being loaded, each by the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Config
    from .space import Space


class Loading:
    """A config file that is being executed.

    Attributes:
        name: The file, as it was named.
        path: The file.
        bases: The Configs that it builds on, in order.
        space: What the last of these sweeps, if any does.
    """

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path
        self.bases: list[Config] = []
        self.space: Space | None = None


_files: ContextVar[tuple[Loading, ...]] = ContextVar("kogine_config_files", default=())


@contextmanager
def loading(name: str, path: str) -> Iterator[Loading]:
    """Say that a file is being executed.

    Raises:
        ConfigError: It is already, by a file that it builds on itself.
    """
    files = _files.get()
    if any(file.path == path for file in files):
        start = next(n for n, file in enumerate(files) if file.path == path)
        chain = " uses ".join([*(file.name for file in files[start:]), name])
        raise ConfigError(
            f"{chain}: config files can't build on each other in a circle.", path=path
        )
    file = Loading(name, path)
    token = _files.set((*files, file))
    try:
        yield file
    finally:
        _files.reset(token)


def current() -> Loading | None:
    """The file that is being executed, or None."""
    files = _files.get()
    return files[-1] if files else None
