"""A script: where it is, how it is entered, and what it is given on its command line."""

from __future__ import annotations

import os
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISREG, S_ISSOCK

from ..config.near import did_you_mean, did_you_mean_file
from ..errors import ScriptError, ScriptNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from typing import Any

    from ..config.base import Config
    from .parameters import Parameter

_NOTEBOOK = ".ipynb"
_SUFFIXES = (".py", _NOTEBOOK)


class Script:
    """A script that can be run under many configs, without changing it.

    Args:
        target: `"train.py"`, `"train.py:func"`, `"pkg.mod"` or `"pkg.mod:func"`: a file is run as
            `python train.py` would run it, a module as `python -m pkg.mod` would; of a notebook,
            `"study.ipynb"`, the code cells are the script.
        entrypoint: The function to call, in place of the one that the rules choose.
        argv: What the script finds in `sys.argv` after its own name.
        text: What is run in place of what the file says; the file need not be there then.
        folder: Where a module is looked for first, the working directory if None; of a file, what
            its imports find first, if that isn't its own folder.
        given: Objects that the script's namespace has before its first line, by name. They are no
            overrides: what the script binds itself wins.

    Attributes:
        path: The absolute path of its file.
        code_file: The file that its tracebacks name: `path`, but for a notebook.
        name: What it is called in messages: the file or module as given.
        module: The module's full name where it is given as one, else None.
        found_in: The working directory, for a module that was found there; the folder, for a file
            that was given one; else None.
        entrypoint: The function named, or None.
        argv: As given, a tuple of str.
        given: As given.

    Raises:
        ScriptNotFoundError: There is no such file or module.
        ScriptError: It is a directory or a device.

    Example:
        >>> Script("train.py:main").entrypoint  # doctest: +SKIP
        'main'
    """

    def __init__(
        self,
        target: str | os.PathLike[str],
        *,
        entrypoint: str | None = None,
        argv: Sequence[str] = (),
        text: bytes | None = None,
        folder: str | None = None,
        given: Mapping[str, object] | None = None,
    ) -> None:
        if isinstance(argv, str):
            raise ScriptError(f"argv must be a list of str, got one str: {argv!r}.", path=None)
        place, function = _split(os.fspath(target))
        if not place:
            raise ScriptNotFoundError("there is no script without a name.", path=place)
        self.name = place
        self.entrypoint = entrypoint or function
        self.argv = tuple(os.fspath(argument) for argument in argv)
        self._text = text
        self.module = None if _is_file_name(place) else place
        self.given = dict(given or {})
        self.found_in: str | None = None
        if self.module is None:
            self.path = _file_path(place)
            self.found_in = folder
        else:
            folder = folder or _here(place)
            self.path = _module_path(place, folder)
            first = os.path.join(folder, place.partition(".")[0])
            if self.path.startswith((first + os.sep, first + ".")):
                self.found_in = folder
        self.is_notebook = self.path.endswith(_NOTEBOOK) and self.module is None
        self._converted: tuple[bytes, bytes] | None = None
        self.code_file = f"{self.path}.py" if self.is_notebook else self.path
        if text is None:
            _check_file(self.path, place)

    def __repr__(self) -> str:
        return f"Script({self.name + (f':{self.entrypoint}' if self.entrypoint else '')!r})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .html import script_bundle

        return script_bundle(self)

    @property
    def place(self) -> str:
        """Under which the script is known: the module's name, or the path, however it was spelt."""
        if self.module is not None:
            return self.module
        return _place(self.path)

    @property
    def folder(self) -> str:
        """What Python puts first on `sys.path`, unless told not to: the file's own, links followed."""
        if self.found_in is not None:
            return self.found_in
        if self.module is not None:
            return _here(self.module)
        return os.path.dirname(os.path.realpath(self.path))

    def name_in(self, folder: str | None, name: str | None = None) -> str:
        """What `python` would be told in a working directory to run this script.

        Args:
            folder: The working directory; None where it is gone.
            name: What it was told before, perhaps; the script's name if None.

        Returns:
            That name where it means the script's file there, else the file's path.
        """
        name = name or self.name
        if self.module is not None:
            return self.module
        if folder is None:
            return self.path
        path = os.path.join(folder, name)
        return name if path == self.path or _place(path) == self.place else self.path

    def read(self) -> bytes:
        """The script's source, as it is on disk now.

        Raises:
            ScriptNotFoundError: The file is gone.
            ScriptError: It can't be read; or a notebook isn't Python throughout.
        """
        if self._text is not None:
            return self._text
        try:
            with open(self.path, "rb") as file:
                source = file.read()
                if self.is_notebook:
                    source = self._python_of(source)
                if not S_ISREG(os.fstat(file.fileno()).st_mode):
                    self._text = source  # it can't be read twice
                return source
        except FileNotFoundError:
            raise ScriptNotFoundError(
                f"{self.name} is not there any more.", path=self.name
            ) from None
        except OSError as error:
            raise ScriptError(
                f"{self.name} can't be read: {error.strerror}.", path=self.name
            ) from None

    def _python_of(self, notebook: bytes) -> bytes:
        if self._converted is None or self._converted[0] != notebook:
            import linecache

            from .notebook import python_of

            source = python_of(notebook, self.name)
            self._converted = notebook, source
            lines = source.decode("utf-8", "replace").splitlines(keepends=True)
            # For tracebacks of this process: there is no such file on disk.
            linecache.cache[self.code_file] = (len(source), None, lines, self.code_file)
        return self._converted[1]

    def parameters(self) -> list[Parameter]:
        """What the script can be configured by, read from its syntax; nothing of it is run."""
        from .parameters import parameters

        return parameters(self.read(), self.path)

    def place_of_line(self, line: int) -> str:
        """A line of what `read()` gives, as people find it: in a notebook, by its cell."""
        if not self.is_notebook:
            return f"line {line}"
        from .notebook import place_in

        return place_in(self.read().decode(), line)

    def run(self, config: Config | None = None, *, strict: bool = False) -> object:
        """Run the script in this process, and give the value of its entrypoint.

        The same as `ScriptExecutor(script, strict=strict).execute(config)`.
        """
        from .executor import ScriptExecutor  # imports this module

        return ScriptExecutor(self, strict=strict).execute(config)


def _split(target: str) -> tuple[str, str | None]:
    place, colon, function = target.rpartition(":")
    if colon and place and function.isidentifier() and not os.path.isfile(target):
        return place, function
    return target, None


def _is_file_name(place: str) -> bool:
    if place.endswith(_SUFFIXES) or os.sep in place or "/" in place:
        return True
    if os.path.exists(place) and not os.path.isdir(place):
        return True
    return not all(part.isidentifier() for part in place.split(".")) or _is_folder_only(place)


def _is_folder_only(place: str) -> bool:
    return os.path.isdir(place) and not os.path.isfile(os.path.join(place, "__main__.py"))


def _place(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _file_path(place: str) -> str:
    # As Python makes `__file__` absolute: `./train.py` keeps its dot but under Windows.
    if os.path.isabs(place):  # also where the working directory is gone
        return place
    return os.path.abspath(place) if os.name == "nt" else os.path.join(_here(place), place)


def _here(place: str) -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise ScriptError(
            f"{place} can't be found: the working directory was removed; "
            "cd into one that is there.",
            path=place,
        ) from None


def _check_file(path: str, name: str) -> None:
    mode = _mode(path)
    if S_ISDIR(mode):
        raise ScriptError(f"{name} is a directory: give the script in it.", path=name)
    if S_ISCHR(mode) or S_ISBLK(mode) or S_ISSOCK(mode):  # which may have no end
        kind = "socket" if S_ISSOCK(mode) else "device"
        raise ScriptError(f"{name} is a {kind}: give a file with a script.", path=name)
    if not mode:
        meant = did_you_mean_file(name, _SUFFIXES)
        raise ScriptNotFoundError(f"there is no file {name}{meant}", path=name)


def _mode(path: str) -> int:
    """What kind of file it is; 0 where there is none."""
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError):  # as os.path.exists() has it
        return 0


def _module_path(module: str, folder: str) -> str:
    """The file of a module, found without importing anything where that is possible."""
    spec = module_spec(module, folder)
    if spec is None or spec.origin is None or not spec.has_location:
        raise ScriptNotFoundError(
            f"there is no file and no module {module}{_meant(module, folder)}", path=module
        )
    return os.path.abspath(spec.origin)


def _meant(module: str, folder: str) -> str:
    """What may be meant by a module that isn't there: a file, or a module of the same package."""
    if "." not in module:
        return did_you_mean_file(module, _SUFFIXES)
    package, _, name = module.rpartition(".")
    inside = os.path.join(folder, *package.split("."))
    files = os.listdir(inside) if os.path.isdir(inside) else []
    names = [f"{package}.{file[:-3]}" for file in files if file.endswith(".py")]
    return did_you_mean(f"{package}.{name}", names)


def module_spec(module: str, folder: str) -> ModuleSpec | None:
    """Where `python -m module` would find it in a folder, which mostly comes first."""
    import sys
    from importlib.machinery import PathFinder

    from ..config.siblings import script_folder_first

    first = [folder] if script_folder_first() else []
    path: Sequence[str] | None = [*first, *sys.path]
    spec = None
    name = ""
    for part in [*module.split("."), "__main__"]:
        name = f"{name}.{part}" if name else part
        if part == "__main__" and (spec is None or spec.submodule_search_locations is None):
            break  # only a package has a __main__
        # Others than PathFinder know what is installed for editing. None of them imports it.
        others = (f.find_spec(name, path) for f in sys.meta_path if f is not PathFinder)
        spec = PathFinder.find_spec(name, path) or next(filter(None, others), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return spec
