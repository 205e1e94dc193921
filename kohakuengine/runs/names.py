"""Names in a filter or an order that no run has: most often a slip of the pen."""

from __future__ import annotations

import os

from ..config.near import did_you_mean, nearest
from .cells import one_line
from .terms import NAMES, name_in_order
from .where import names_in_filter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .store import RunStore
    from .terms import Name

_KINDS = {"metrics": "metric", "params": "parameter", None: "metric or parameter"}
_LOOKED_AT = 1_000  # runs whose names are listed
_LISTED = 10  # names
_SOME = "status, name and duration"


def strange_names(
    store: RunStore, *, where: str | None = None, sort: str | None = None, **which: Any
) -> list[str]:
    """What a filter and an order name that no run has, a sentence each, with what may be meant.

    Args:
        store: Where the runs are kept.
        where: The filter; it is passed over in saying which runs are meant.
        sort: The order.
        which: Which runs are meant, as `RunStore.select` takes it.
    """
    used = [*(names_in_filter(where) if where else ()), *(name_in_order(sort) if sort else ())]
    found = [name for name in dict.fromkeys(used) if not _is_had(store, name, which)]
    if not found:
        return []
    rows = store.select(**which, limit=_LOOKED_AT)
    known = {kind: dict.fromkeys(n for row in rows for n in row[kind]) for kind in _held(None)}
    # A value that is None or nan isn't found by a filter, but is there.
    lost = [name for name in found if not any(name[1] in known[kind] for kind in _held(name[0]))]
    return [_sentence(name, known) for name in lost] if rows else []


def strange_choices(
    store: RunStore, *, tag: str | None = None, script: str | None = None, **which: Any
) -> list[str]:
    """What is said of a tag or a script that no run has, with what may be meant.

    Args:
        store: Where the runs are kept.
        tag: The tag.
        script: The script.
        which: What else was chosen; it is passed over.
    """
    sentences = []
    if tag is not None and not store.count(tag=tag):
        rows = store.select(limit=_LOOKED_AT)
        tags = dict.fromkeys(t for row in rows for t in row["tags"])
        sentences.append(f"no run here has the tag {one_line(tag)}{did_you_mean(tag, tags)}")
    if script is not None and not store.count(script=script):
        rows = store.select(limit=_LOOKED_AT)
        scripts = dict.fromkeys(os.path.basename(row["script"]) for row in rows)
        meant = did_you_mean(os.path.basename(script), scripts)
        sentences.append(f"no run here is of a script {one_line(script)}{meant}")
    return sentences


def _held(kind: str | None) -> tuple[str, ...]:
    return (kind,) if kind else ("metrics", "params")


def _is_had(store: RunStore, name: Name, which: dict[str, Any]) -> bool:
    kind, text = name
    condition = " or ".join(f"{one}[{text!r}] is not None" for one in _held(kind))
    return bool(store.count(**which, where=condition, limit=1))


def _sentence(name: Name, known: dict[str, dict[str, None]]) -> str:
    kind, text = name
    held = [n for one in _held(kind) for n in known[one]]
    similar = nearest(text, held if kind else [*held, *NAMES], 1)
    said = f"no run here has a {_KINDS[kind]} {one_line(text)}"
    if similar:
        return f"{said}; did you mean {one_line(similar[0])}?"
    listed = ", ".join([*map(one_line, held[:_LISTED]), *["..."] * (len(held) > _LISTED)])
    return f"{said}: there are {listed or 'none'}, and what every run has, such as {_SOME}."
