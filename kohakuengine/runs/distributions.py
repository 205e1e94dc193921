"""Which installed distributions bring the modules that a script imports.

Read from the records that pip leaves beside the modules. `importlib.metadata` knows the same, but
reads every file of every record for it, which takes ten times as long.
"""

from __future__ import annotations

import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def imported_distributions(
    names: Iterable[str], path: Iterable[str] | None = None
) -> dict[str, str]:
    """The distributions that bring the modules of these names, and their versions.

    Args:
        names: Full names, as `Source.imports` has them.
        path: The folders to look in, `sys.path` where not given.

    Returns:
        Version by name, in alphabetical order. What isn't installed as a distribution is left out.

    Example:
        >>> imported_distributions({"no_such_module"})
        {}
    """
    wanted = {name: _prefixes(name) for name in names}
    found: dict[str, str] = {}
    for folder in dict.fromkeys(sys.path if path is None else path):
        for record in _records(folder, {_normal(name.partition(".")[0]) for name in wanted}):
            if not wanted:
                return dict(sorted(found.items()))
            brought = _brought(record, wanted)
            if brought:
                found.setdefault(*_name_and_version(record))
                wanted = {name: wanted[name] for name in wanted if name not in brought}
    return dict(sorted(found.items()))


def _prefixes(name: str) -> list[str]:
    """`a`, `a/b`, `a/b/c` for `a.b.c`: a namespace package may be of many distributions."""
    parts = name.split(".")[:10]
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _records(folder: str, likely: set[str]) -> Iterator[str]:
    """The records in a folder of `sys.path`, those first that are named like a wanted module."""
    try:
        names = sorted(os.listdir(folder or os.curdir))
    except OSError:
        return
    records = [name for name in names if name.endswith((".dist-info", ".egg-info"))]
    records.sort(key=lambda name: _normal(name.partition("-")[0]) not in likely)
    for name in records:
        yield os.path.join(folder, name)


def _brought(record: str, wanted: dict[str, list[str]]) -> set[str]:
    files = "\n" + (_text(record, "RECORD") or _text(record, "installed-files.txt"))
    files = files.replace("\n../", "\n")  # in an egg-info the files are relative to it
    within = set(re.findall(r"\n([^/.,\n]+)", files))  # so that few names are searched for
    likely = [name for name, prefixes in wanted.items() if prefixes[0] in within]
    brought = {name for name in likely if _lists(files, wanted[name])}
    tops, folders = _editable(record, files)
    if not tops and not folders:
        return brought
    for name, prefixes in wanted.items():
        if prefixes[0] in tops or any(_has(folder, prefixes) for folder in folders):
            brought.add(name)
    return brought


def _lists(files: str, prefixes: list[str]) -> bool:
    """Whether a list of files has a module, or a package with an `__init__`, of that name."""
    for prefix in prefixes:
        if f"\n{prefix}/__init__." in files or f"\n{prefix}.py" in files:
            return True
        if f"\n{prefix}." in files and _has_extension(files, prefix):
            return True
        if f"\n{prefix}/" not in files:
            return False
    return False


def _has_extension(files: str, prefix: str) -> bool:
    from importlib.machinery import EXTENSION_SUFFIXES

    return any(f"\n{prefix}{suffix}" in files for suffix in EXTENSION_SUFFIXES)


def _editable(record: str, files: str) -> tuple[set[str], list[str]]:
    """The modules, or the folders of modules, of a record that doesn't list its files itself."""
    if record.endswith(".egg-info") and len(files) <= 1 or _is_editable(record):
        names = [line.partition(",")[0] for line in files.splitlines()]
        pointers = [_text(record, f"../{name}") for name in names if name.endswith(".pth")]
        tops = _text(record, "top_level.txt").split()
        return set(tops), [line for text in pointers for line in text.splitlines()]
    return set(), []


def _is_editable(record: str) -> bool:
    return '"editable"' in _text(record, "direct_url.json")


def _has(folder: str, prefixes: list[str]) -> bool:
    """Whether a folder, of an editable installation, has a module of that name."""
    if not os.path.isabs(folder):  # a line of a .pth file that isn't a folder
        return False
    for prefix in prefixes:
        stem = os.path.join(folder, prefix)
        if os.path.isfile(f"{stem}.py") or os.path.isfile(os.path.join(stem, "__init__.py")):
            return True
    return False


def _name_and_version(record: str) -> tuple[str, str]:
    """As the metadata say, else as the record's own name says."""
    text = _text(record, "METADATA") or _text(record, "PKG-INFO")
    fields = dict.fromkeys(("name", "version"), "")
    for line in text.partition("\n\n")[0].splitlines():
        field, _, value = line.partition(":")
        if field.lower() in fields:
            fields[field.lower()] = value.strip()
    parts = os.path.basename(record).rpartition(".")[0].split("-")
    return fields["name"] or parts[0], fields["version"] or "".join(parts[1:2])


def _text(record: str, name: str) -> str:
    try:
        with open(os.path.join(record, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
