"""What a misspelt name may mean: asked wherever one is typed."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LOOKED_AT = 2_000  # files, in looking for one of a name elsewhere
_SKIPPED = frozenset(("node_modules", "__pycache__", "site-packages", "venv", "env", "build"))


def nearest(name: str, names: Iterable[str], n: int = 3) -> list[str]:
    """Up to `n` of the names that look like this one, the most alike first.

    Example:
        >>> nearest("learing_rate", ["learning_rate", "epochs"])
        ['learning_rate']
    """
    from difflib import get_close_matches

    # By what they say, whatever their case: DEBUG is near to debug.
    by_lower: dict[str, list[str]] = {}
    for candidate in dict.fromkeys(names):
        by_lower.setdefault(candidate.lower(), []).append(candidate)
    close = get_close_matches(name.lower(), by_lower, n)
    return [candidate for lower in close for candidate in by_lower[lower]][:n]


def did_you_mean(name: str, names: Iterable[str], otherwise: str = ".", n: int = 3) -> str:
    """The end of a sentence that says what a name may mean.

    Args:
        name: What was typed.
        names: What there is.
        otherwise: The end where nothing is like it.
        n: How many are named at most.

    Example:
        >>> f"there is no launcher wram{did_you_mean('wram', ['warm', 'fresh'])}"
        'there is no launcher wram; did you mean warm?'
    """
    similar = nearest(str(name), names, n)
    return f"; did you mean {' or '.join(similar)}?" if similar else otherwise


def did_you_mean_file(path: str, suffixes: tuple[str, ...]) -> str:
    """The end of a sentence that says which file may be meant by one that isn't there.

    It is one of a similar name in the same folder, of the same name in a folder of a similar name,
    or else of the same name somewhere below the working directory.

    Args:
        path: What was typed.
        suffixes: How the names of such files end.
    """
    found = list(dict.fromkeys(_similar_files(path, suffixes)))[:3]
    return f"; did you mean {' or '.join(found)}?" if found else "."


def _similar_files(path: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    folder, name = os.path.split(path)
    if os.path.isdir(folder or os.curdir):
        yield from _similar_in(folder, name, suffixes)
    elif folder:
        above, last = os.path.split(folder)
        for other in nearest(last, _listed(above)):
            yield from _similar_in(os.path.join(above, other), name, suffixes)
    if not os.path.isabs(path):
        names = [name] if name.endswith(suffixes) else [name + end for end in suffixes]
        yield from _elsewhere(names)


def _similar_in(folder: str, name: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Files of a folder that are called alike, what their names end with left aside."""
    files: dict[str, list[str]] = {}
    for file in _listed(folder):
        if file.endswith(suffixes):
            files.setdefault(os.path.splitext(file)[0], []).append(file)
    own, end = os.path.splitext(name)
    stem = own if end and nearest(end, suffixes) else name
    for near in nearest(stem, files):
        alike = nearest(name, files[near], len(files[near]))
        rest = [file for file in files[near] if file not in alike]
        yield from (os.path.join(folder, file) for file in [*alike, *rest])


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder or os.curdir))
    except OSError:
        return []


def _elsewhere(names: list[str]) -> Iterator[str]:
    """Files of one of these names below the working directory, as far as that is small."""
    seen = 0
    for folder, folders, files in os.walk(os.curdir):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        yield from (os.path.normpath(os.path.join(folder, f)) for f in files if f in names)
        seen += len(files) + len(folders)
        if seen > _LOOKED_AT:
            return
