"""Show the configs of a file that gives several: what is the same once, what varies as a table."""

from __future__ import annotations

from itertools import islice

from ..config.difference import named_values
from ..config.fit import short_repr
from ..config.sweep import Sweep
from ..config.varied import Varied
from .preview import parted
from .reply import say, say_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config.base import Config
    from ..config.generator import ConfigGenerator
    from .reply import Table


def count_of(configs: ConfigGenerator) -> int | None:
    """How many there are; None where that isn't known before they are made."""
    source = configs.source
    if isinstance(source, Sweep):
        return source.size
    return len(source) if isinstance(source, (list, tuple)) else None


def varied_of(configs: ConfigGenerator, some: list[Config], whole: bool) -> Varied:
    """What varies among configs, of which the first are given, or perhaps all."""
    axes = configs.source.names if isinstance(configs.source, Sweep) else ()
    return Varied([dict(named_values(one)) for one in some], axes, whole=whole)


def show_several(configs: ConfigGenerator, limit: int) -> None:
    """Show the first configs of several.

    Raises:
        Exception: What making one of them raised; those before it are shown.
    """
    some: list[Config] = []
    whole = False
    try:
        some.extend(islice(configs, limit))  # which keeps what came before an error
        whole = len(some) < limit or count_of(configs) == limit
    finally:
        if some:
            tables = _tables(varied_of(configs, some, whole))
            say_tables(tables) if tables else say("empty configs")
    say("\n".join(_counted(count_of(configs), len(some), limit)))


def _tables(varied: Varied) -> list[Table]:
    same = [(n, type(v).__name__, short_repr(v, 72)) for n, v in varied.same.items()]
    rows = [["", *varied.names]]
    for number, values in enumerate(varied.rows):
        cells = [short_repr(values[n], 40) if n in values else "" for n in varied.names]
        rows.append([str(number), *cells])
    return parted(same, rows)


def _counted(count: int | None, shown: int, limit: int) -> Iterator[str]:
    if count is None and shown == limit:
        yield f"There may be more: these are the first {limit}, see --limit."
    elif count is not None and count > shown:
        yield f"{count} configs: these are the first {shown}, see --limit."
    else:
        yield f"{shown} config(s)"
