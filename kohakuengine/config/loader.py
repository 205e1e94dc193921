"""A config file -> Config | ConfigGenerator."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from types import ModuleType, TracebackType

from ..errors import ConfigError, ConfigFileError, ConfigTypeError
from .base import Config
from .capture import captured, unwrap
from .documents import check_there, is_text_file
from .generator import END, ConfigGenerator, advance, start
from .loading import Loading, loading
from .origin import of_file
from .siblings import siblings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_CALLED = [os.path.join(os.path.dirname(__file__), name) for name in ("compose.py", "env.py")]
_numbers = count(1)


def load_config(
    path: str | os.PathLike[str],
    *,
    worker_id: int | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Config | ConfigGenerator:
    """What a config file says to run with.

    A file in YAML, TOML or JSON gives values by name, with `_args`, `_kwargs`, `_metadata`, `_sweep`
    and `_base`, as told in docs/formats.md. One in Python gives, in this order: what its `config_gen()` returns or yields; its `CONFIG`, a Config
    or several; else one Config made of its own variables, with `_args`, `_kwargs` and `_metadata`,
    and one for each point of its `_sweep`, if it has that: what `axes` puts together, or a dict of
    values by name.
    What its `_schema` says the values have to be is checked when they are to be run with.
    It may import the modules beside it, and is read anew each time.

    Args:
        path: The file: `*.py`, `*.yaml`, `*.yml`, `*.toml` or `*.json`.
        worker_id: What `config_gen()` is told, if it takes it: the number of the worker, from 0.
            None stands for the environment's `KOGINE_WORKER_ID`, else 0.
        arguments: More arguments of `config_gen()`, by name; such a file is a template.

    Returns:
        A Config, or a ConfigGenerator where the file gives several; its errors are those below.

    Raises:
        ConfigFileError: The file can't be read or compiled, or raised; `__cause__` is what it
            raised, with a traceback that begins in the file.
        ConfigTypeError: What it gives is no Config.
        ConfigError: It takes no such arguments, or builds on itself; or `_sweep` is wrong.

    Example:
        >>> load_config("configs/small.py")  # doctest: +SKIP
        Config(globals_dict={'lr': 0.1})
    """
    given = arguments or {}
    if not os.fspath(path).lower().endswith(".py"):
        return _text_file(os.fspath(path), given)
    file = _ConfigFile(path)
    own = file.execute()
    names = vars(file.module)
    if "_schema" in names:
        from .schema import check_schema

        check_schema(unwrap(names["_schema"]), f"{file.name}: _schema")
    if "config_gen" not in names and given:
        raise ConfigError(
            f"{file.name} takes no arguments, got {', '.join(given)}: only a file with config_gen() "
            "takes those of that function.",
            path=file.path,
        )
    if "_sweep" in names and ("config_gen" in names or "CONFIG" in names):
        other = "config_gen()" if "config_gen" in names else "CONFIG"
        raise ConfigError(
            f"{file.name} has _sweep and {other}: _sweep is for a file whose variables are the "
            "config; there, give a list or a generator of Configs.",
            path=file.path,
        )
    if "config_gen" in names:
        give = _caller(file, names["config_gen"], worker_id, given)
        return _configs(file, "config_gen()", give, own.bases)
    if "CONFIG" in names:
        return _configs(file, "CONFIG", lambda: names["CONFIG"], own.bases)
    config = _above(own.bases, _bare(file, own.bases))
    space = names.get("_sweep")
    if space is None and own.space is None:
        return config
    return _swept(file, config, own.space if space is None else space)


def _text_file(path: str, arguments: Mapping[str, Any]) -> Config | ConfigGenerator:
    from .text_files import load_text_file

    check_there(path)
    if not is_text_file(path):
        raise ConfigFileError(
            f"{path}: a config file's name must end in .py, .yaml, .yml, .toml or .json.",
            path=os.path.abspath(path),
            line=None,
        )
    if arguments:
        raise ConfigError(
            f"{path} takes no arguments, got {', '.join(arguments)}: only a Python file with "
            "config_gen() takes those of that function.",
            path=os.path.abspath(path),
        )
    loaded = load_text_file(path, load_config)
    if isinstance(loaded, Config):
        return of_file(loaded, path)
    loaded.source.base = of_file(loaded.source.base, path)  # type: ignore[union-attr]  # a Sweep
    return loaded


def _above(bases: Sequence[Config], config: Config) -> Config:
    """A Config, and under it what its file builds on."""
    for base in reversed(bases):
        config = base.merge(config)
    return config


def _caller(
    file: _ConfigFile, function: object, worker_id: int | None, arguments: Mapping[str, Any]
) -> Callable[[], object]:
    """A way to call a file's `config_gen`."""
    if not callable(function):
        raise file.wrong_type("config_gen", "a function", function)
    from .template import bound

    worker = _worker_id if worker_id is None else lambda: worker_id
    named = bound(function, arguments, file.name, worker)
    return lambda: file.run(function, **named)


def _worker_id() -> int:
    text = os.environ.get("KOGINE_WORKER_ID", "0")
    try:
        return int(text)
    except ValueError:
        message = f"the environment's KOGINE_WORKER_ID must be a whole number, got {text!r}."
        raise ConfigError(message) from None


def _configs(
    file: _ConfigFile, name: str, give: Callable[[], object], bases: Sequence[Config]
) -> Config | ConfigGenerator:
    """What `config_gen()` or `CONFIG` comes to."""
    given = give()
    if isinstance(given, Config):
        return _above(bases, file.marked(given))
    if name == "CONFIG" and isinstance(given, (list, tuple)):  # there as they are: to be counted
        above = [
            _above(bases, file.marked(one)) if isinstance(one, Config) else one for one in given
        ]
        return ConfigGenerator(above, name=f"{name} of {file.name}")
    first = [_several(file, name, given)]

    def steps() -> Generator[Any, object, None]:
        # Each further pass calls config_gen() again; the first has been called to learn its kind.
        source = first.pop() if first else _several(file, name, give())
        return _steps(file, source, name, bases)

    return ConfigGenerator(steps, name=f"{name} of {file.name}")


def _several(file: _ConfigFile, name: str, given: object) -> object:
    if isinstance(given, ConfigGenerator):
        return given.source  # what it gives is checked, by a ConfigGenerator of ours
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        raise file.wrong_type(name, "a Config, or several", given)
    return given


def _steps(
    file: _ConfigFile, source: object, name: str, bases: Sequence[Config]
) -> Generator[Any, object, None]:
    iterator = file.run(start, source, name)
    item = file.run(advance, iterator, None)
    while item is not END:
        outcome = yield _above(bases, file.marked(item)) if isinstance(item, Config) else item
        item = file.run(advance, iterator, outcome)


def _bare(file: _ConfigFile, bases: Sequence[Config]) -> Config:
    names = vars(file.module)
    fields = [unwrap(names.get(name)) for name in ("_args", "_kwargs", "_metadata")]
    try:
        values: dict[str, Any] = file.run(captured, file.module)
        own = {n: v for n, v in values.items() if not any(v is base for base in bases)}
        if "_schema" in names:
            from .schema import is_of_schema

            own = {n: v for n, v in own.items() if not is_of_schema(v, names.get(n))}
        return file.marked(Config(own, *fields))
    except ConfigTypeError as error:
        message = f"{file.name} sets _{error.field} wrongly: {error}"
        raise ConfigTypeError(message, field=f"_{error.field}", got=error.got) from None


def _swept(file: _ConfigFile, config: Config, space: object) -> ConfigGenerator:
    """What a bare file with `_sweep` comes to."""
    from .sweep import Sweep

    try:
        return ConfigGenerator(Sweep(config, unwrap(space)), name=f"_sweep of {file.name}")
    except ConfigError as error:
        message = f"{file.name} sets _sweep wrongly: {error}"
        raise ConfigError(message, **{**vars(error), "path": file.path}) from None


class _ConfigFile:
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
        self.module = ModuleType(f"kogine_config_{next(_numbers)}_{stem}")
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
        try:
            with self._siblings, loading(self.name, self.path) as self._loading:
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
