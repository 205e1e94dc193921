"""A config file in Python: its module, and how its code is run."""

from __future__ import annotations

import os
import sys
from itertools import count
from types import ModuleType, TracebackType

from ..errors import ConfigError, ConfigFileError, ConfigTypeError
from .capture import unwrap
from .documents import check_there
from .identity import CONFIG_MODULE
from .loading import Loading, loading
from .origin import of_file
from .siblings import siblings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .base import Config

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_CALLED = [os.path.join(os.path.dirname(__file__), name) for name in ("compose.py", "env.py")]
_numbers = count(1)


class PythonFile:
    """One config file: its module, and how the file's code is run."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        self.path = os.path.abspath(self.name)
        self._source = _read(self.name)
        self._folder = os.path.dirname(os.path.realpath(self.path))
        self._siblings = siblings(self._folder, forget=False)
        stem = "".join(
            c if f"_{c}".isidentifier() else "_" for c in os.path.basename(self.name)[:-3]
        )
        self.module = ModuleType(f"{CONFIG_MODULE}{next(_numbers)}_{stem}")
        vars(self.module).update(__file__=self.path, __package__="")

    def marked(self, config: Config) -> Config:
        """A Config that the file gives, with where it comes from and the file's schema."""
        return of_file(config, self.name, unwrap(vars(self.module).get("_schema")))

    def execute(self) -> Loading:
        """Execute the file's top level, and tell what it builds on."""
        code = self.run(compile, self._source, self.path, "exec", dont_inherit=True)
        self.run(exec, code, vars(self.module))
        return self._loading

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function of the file: its siblings can be imported, its errors are told as such.

        Its module is in `sys.modules` meanwhile, since dataclasses look there. It can't be found
        there otherwise, so that pickles hold the file's functions and classes themselves.
        """
        with loading(self.name, self.path) as self._loading:
            try:
                with self._siblings:
                    sys.modules[self.module.__name__] = self.module
                    try:
                        return function(*args, **kwargs)
                    finally:
                        sys.modules.pop(self.module.__name__, None)
            except (Exception, SystemExit) as error:
                if isinstance(error, ConfigError) and _is_of_a_call(error.__traceback__):
                    raise self._of_call(error) from error.__cause__
                error.__traceback__ = _theirs(error.__traceback__)
                raise self._failed(error) from error

    def wrong_type(self, what: str, wanted: str, value: object) -> ConfigTypeError:
        got = type(value).__name__
        message = f"{self.name}: {what} must be {wanted}, got {got}."
        return ConfigTypeError(message, field=what, got=got)

    def _of_call(self, error: ConfigError) -> ConfigError:
        """What is wrong with a file that this one builds on, or with how it calls us."""
        if getattr(error, "line", None) is not None:
            return error.with_traceback(None)
        path, line = self._place(error.__traceback__)
        name = self.name if path == self.path else path
        facts = {**vars(error), "path": path, "line": line}
        return type(error)(f"{name} line {line}: {error}", **facts)

    def _failed(self, error: BaseException) -> ConfigFileError:
        if isinstance(error, SyntaxError) and self._holds(error.filename or ""):
            path = str(error.filename)
            line, problem = _invalid(error)
        else:
            path, line = self._place(error.__traceback__)
            problem = f"raised {type(error).__name__}: {error}".removesuffix(": ")
        where = self.name if path == self.path else f"{path}, imported by {self.name},"
        where = f"{where} line {line}" if line else where
        return ConfigFileError(f"{where} {problem}", path=path, line=line)

    def _place(self, trace: TracebackType | None) -> tuple[str, int | None]:
        """The innermost line of the file or of a module beside it."""
        path, line = self.path, None
        while trace is not None:
            if self._holds(trace.tb_frame.f_code.co_filename):
                path, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
        return path, line

    def _holds(self, path: str) -> bool:
        """Whether it is the file or beside it, and not of an environment within its folder."""
        if path == self.path:
            return True
        installed = path.startswith((_OURS, _LIBRARY)) or "site-packages" in path
        return path.startswith(self._folder + os.sep) and not installed


def _is_of_a_call(trace: TracebackType | None) -> bool:
    """Whether an error comes of `use_config()` or `env()`, and isn't one of a file's own code."""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in _CALLED:
            return True
        trace = trace.tb_next
    return False


def _read(path: str) -> bytes:
    check_there(path)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        message = f"{path}: the config file can't be read: {error.strerror}."
        raise ConfigFileError(message, path=os.path.abspath(path), line=None) from error
    wrong = _not_text(source)
    if wrong is not None:
        line, problem = wrong
        message = f"{path} line {line} {problem}"
        raise ConfigFileError(message, path=os.path.abspath(path), line=line)
    return source


def _not_text(source: bytes) -> tuple[int, str] | None:
    """The line at which a file isn't text, and how to tell; None if it is.

    Python can't be asked: `compile()` takes wrong bytes in comments, and doesn't say the line.
    """
    place, problem = source.find(b"\0"), "is not valid Python: it holds a null byte."
    if place < 0:
        error = _decoding_error(source)
        if error is None:
            return None
        place = error.start
        problem = (
            f"is not {error.encoding.upper()}: it holds the byte 0x{source[place]:02x}; save the "
            "file as UTF-8, or name its encoding in its first line."
        )
    return source.count(b"\n", 0, place) + 1, problem


def _decoding_error(source: bytes) -> UnicodeDecodeError | None:
    try:
        source.decode("utf-8")
        return None
    except UnicodeDecodeError as error:
        not_utf8 = error
    from tokenize import detect_encoding  # only the few files in another encoding pay for it

    try:
        encoding, _ = detect_encoding(iter(source.splitlines(keepends=True)).__next__)
        source.decode(encoding)
        return None
    except UnicodeDecodeError as error:
        return error
    except (SyntaxError, LookupError):  # no coding line, or an unknown encoding in it
        return not_utf8


def _invalid(error: SyntaxError) -> tuple[int | None, str]:
    """The line of a syntax error; what is wrong, with that line and a caret line below."""
    from traceback import format_exception_only

    shown = [line.rstrip() for line in format_exception_only(error)[1:] if line.startswith("    ")]
    return error.lineno or None, "\n".join([f"is not valid Python: {error.msg}", *shown])


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of this package."""
    frames = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_OURS):
            frames.append(trace)
        trace = trace.tb_next
    kept = None
    for link in reversed(frames):
        kept = TracebackType(kept, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return kept
