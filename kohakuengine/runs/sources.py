"""What a script consists of: its text and that of the modules it imports from its own folders.

Found from the syntax alone; nothing is imported. What is imported by a computed name, as by
`importlib.import_module(name)`, isn't found, nor what lies in folders that the script itself puts
on `sys.path`.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections import deque

try:
    from _blake2 import blake2b  # hashlib would load all of OpenSSL for it
except ImportError:
    from hashlib import blake2b

from .imports import imported_names
from .values import write_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Bounds, so that a huge or generated code base can't hold up a run.
MOST_FILES = 1_000
MOST_BYTES = 1_000_000

# The file in the folder of sources that isn't one of them.
DIFF_NAME = "uncommitted.diff"

_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep

# Loaded before a script can put its folder first on sys.path, so that no local file shadows them.
_NEVER_LOCAL = frozenset(
    {
        *sys.builtin_module_names,
        *("__main__", "_collections_abc", "_sitebuiltins", "abc", "codecs", "encodings"),
        *("genericpath", "importlib", "io", "ntpath", "os", "posixpath", "site", "stat"),
        *("zipimport",),
    }
)

# Errors that say that a name can't be had on this file system, but perhaps another.
_BAD_NAME = {
    errno.EEXIST,
    errno.EILSEQ,
    errno.EINVAL,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
}


class Source:
    """One file of what a script consists of.

    Attributes:
        path: Its absolute path.
        text: Its bytes, or None where it is left out.
        name: Its path relative to the folder it is imported from, with `/` between the parts: the
            same in another checkout.
        digest: 32 hexadecimal digits of its bytes; empty where it can't be read.
        imports: The full names of what it imports from elsewhere, but Python's own modules; the
            last part may be the name of an object in a module.
        left_out: Why there is no text, or None.
    """

    def __init__(
        self,
        path: str,
        text: bytes | None,
        name: str | None = None,
        digest: str | None = None,
        left_out: str | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.name = os.path.basename(path) if name is None else name
        self.digest = digest_of(text or b"") if digest is None else digest
        self.imports: frozenset[str] = frozenset()
        self.left_out = left_out

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


def find_sources(
    script_path: str, text: bytes, import_folder: str, other_folders: Sequence[str] = ()
) -> list[Source]:
    """A script's own text and that of its local imports, and of theirs.

    Imports in functions, branches and `try` blocks count, whether or not they are ever executed.
    Python's own modules and installed packages don't. Of a script that doesn't parse only the
    script itself is found. Files beyond the first 1,000, or over 1 MB, are named without their
    text, and their imports aren't followed.

    Args:
        script_path: The script's file.
        text: Its bytes, as they are run.
        import_folder: What is first on `sys.path` while the script runs.
        other_folders: Where else local modules are imported from, in order.

    Returns:
        The script first, then its imports as they are met.

    Example:
        >>> find_sources("train.py", b"import json, model", "/nowhere")
        [Source('train.py')]
    """
    search = _Search([import_folder, *other_folders])
    # The parser's warnings are for those who run the script, and no reason to find less of it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.run(os.path.abspath(script_path), text, os.path.abspath(import_folder))
    return list(search.found.values())


def code_digest(sources: Iterable[Source]) -> str:
    """A digest of all texts with their relative names: another one where the script has changed.

    Neither the order nor repeats count, nor where the checkout lies.

    Returns:
        32 hexadecimal digits.

    Example:
        >>> here, there = Source("/here/train.py", b"x = 1"), Source("/there/train.py", b"x = 1")
        >>> code_digest([here]) == code_digest([there])
        True
        >>> code_digest([here]) == code_digest([Source("/here/train.py", b"x = 2")])
        False
    """
    hasher = blake2b(digest_size=16)
    for name, digest in sorted({(os.fsencode(s.name), s.digest) for s in sources}):
        for part in (name, digest.encode()):
            hasher.update(len(part).to_bytes(8, "little"))
            hasher.update(part)
    return hasher.hexdigest()


def keep_sources(sources: Iterable[Source], folder: str) -> list[dict[str, str | None]]:
    """Write sources into a folder under their relative names.

    Where that name is taken by another text, or can't be had on that file system, a source lies in
    a folder named by a digest. What is there is never overwritten; the same text is kept once.

    Args:
        sources: Of one script or several; repeats are kept once.
        folder: Made where it isn't there.

    Returns:
        For each source its "path", the name "kept" relative to the folder with `/` between the
        parts, and its "digest". For one without text, "kept" is None, and "left_out" says why.

    Raises:
        OSError: The folder can't be written.
    """
    os.makedirs(folder, exist_ok=True)
    unique = {(source.path, source.digest): source for source in sources}
    return [_record(source, folder) for source in unique.values()]


def _record(source: Source, folder: str) -> dict[str, str | None]:
    record = {"path": source.path, "kept": None, "digest": source.digest}
    if source.text is None:
        return {**record, "left_out": source.left_out}
    return {**record, "kept": _keep(source, source.text, folder)}


def _keep(source: Source, text: bytes, folder: str) -> str:
    own = digest_of(os.fsencode(source.path) + b"\0" + text)
    plain = [source.name] if _is_inside(source.name) else []
    for name in (*plain, *(f"{own}/{name}" for name in plain)):
        try:
            if _put(os.path.join(folder, *name.split("/")), text):
                return name
        except OSError as error:
            if error.errno not in _BAD_NAME:
                raise
    name = f"{own}/source.py"
    _put(os.path.join(folder, own, "source.py"), text)
    return name


def _is_inside(name: str) -> bool:
    """Whether a name stays in the folder it is put in, beside what else is there."""
    parts = name.split("/")
    bad = {"", ".", ".."}.intersection(parts) or os.path.isabs(name)
    return not bad and parts[0].casefold() != DIFF_NAME


def _put(path: str, text: bytes) -> bool:
    """Write a file where there is none, and tell whether the text is there now."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        write_bytes(path, text)
        return True
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read() == text


class _Search:
    """What is found from one script.

    Args:
        folders: Where local modules are, the first ones first.
    """

    def __init__(self, folders: Iterable[str]) -> None:
        absolute = (os.path.abspath(folder) for folder in folders)
        self._folders = [folder for folder in absolute if not _is_installed(folder + os.sep)]
        self._places: dict[str, tuple[str | None, list[str]]] = {}
        self._queue: deque[tuple[Source, str]] = deque()
        self.found: dict[str, Source] = {}  # by path

    def run(self, path: str, text: bytes, folder: str) -> None:
        name = _relative(path, folder)
        package = os.path.dirname(name).replace("/", ".")
        self._add(Source(path, text, name), package)
        self._visit(package)  # as `python -m package.script` imports it
        while self._queue:
            source, package = self._queue.popleft()
            names = _names(source, package)
            source.imports = frozenset([name for name in names if not self._visit(name)])

    def _add(self, source: Source, package: str) -> None:
        self.found[source.path] = source
        if source.text is not None:
            self._queue.append((source, package))

    def _visit(self, name: str) -> bool:
        """Add what importing a name loads; whether it is local, or a module of Python's own."""
        local, at = False, name.find(".")
        while True:
            prefix = name if at < 0 else name[:at]
            path, folders = self._place(prefix)
            if path is not None:
                local = True
                self._add_module(path, prefix)
            if at < 0 or not folders:
                break
            at = name.find(".", at + 1)
        return local or name.partition(".")[0] in sys.stdlib_module_names or not name

    def _add_module(self, path: str, name: str) -> None:
        if path in self.found:
            return
        is_package = os.path.basename(path) == "__init__.py"
        relative = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
        too_many = len(self.found) >= MOST_FILES
        source = _read(path, relative, f"there are over {MOST_FILES:,} files" if too_many else None)
        self._add(source, name if is_package else name.rpartition(".")[0])

    def _place(self, name: str) -> tuple[str | None, list[str]]:
        """The file of a module, if it is local, and the folders in which its submodules are."""
        if name not in self._places:
            parent, _, last = name.rpartition(".")
            folders = self._places[parent][1] if parent else self._folders
            self._places[name] = _find(last, folders, is_top=not parent)
        return self._places[name]


def _find(name: str, folders: list[str], is_top: bool) -> tuple[str | None, list[str]]:
    if not name or is_top and name in _NEVER_LOCAL:
        return None, []
    portions = []
    for folder in folders:
        stem = os.path.join(folder, name)
        for path, within in ((os.path.join(stem, "__init__.py"), [stem]), (f"{stem}.py", [])):
            if os.path.isfile(path):
                return (None, []) if _is_installed(path) else (path, within)
        if os.path.isdir(stem):
            portions.append(stem)
    # A folder without __init__.py is no match for a module of Python's own.
    return None, [] if is_top and name in sys.stdlib_module_names else portions


def _is_installed(path: str) -> bool:
    parts = path.split(os.sep)
    return path.startswith(_LIBRARY) or "site-packages" in parts or "dist-packages" in parts


def _relative(path: str, folder: str) -> str:
    """The name of a script: relative to the folder where it lies in it, else its last part."""
    for follow in (os.path.abspath, os.path.realpath):
        file, start = follow(path), os.path.join(follow(folder), "")
        if file.startswith(start):
            return file[len(start) :].replace(os.sep, "/")
    return os.path.basename(path)


def _read(path: str, name: str, left_out: str | None) -> Source:
    """A source; beyond the bounds only its digest, so that its changes are noticed all the same."""
    hasher = blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            text = file.read(MOST_BYTES + 1)
            if left_out is None and len(text) <= MOST_BYTES:
                return Source(path, text, name)
            left_out = left_out or f"it is larger than {MOST_BYTES:,} bytes"
            while text:
                hasher.update(text)
                text = file.read(MOST_BYTES)
    except OSError as error:
        return Source(path, None, name, "", f"it can't be read: {error.strerror}")
    return Source(path, None, name, hasher.hexdigest(), left_out)


# What files import, by digest: the scripts of a flow often share their modules.
_known: dict[tuple[str, str, bool], list[str]] = {}


def _names(source: Source, package: str) -> list[str]:
    is_init = os.path.basename(source.path) == "__init__.py"
    key = (source.digest, package, is_init)
    if key not in _known:
        if len(_known) >= 5 * MOST_FILES:
            _known.clear()
        _known[key] = imported_names(source.text or b"", package, is_init=is_init)
    return _known[key]


def digest_of(text: bytes) -> str:
    return blake2b(text, digest_size=16).hexdigest()
