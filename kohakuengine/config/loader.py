"""A config file -> Config | ConfigGenerator."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from ..errors import ConfigError, ConfigFileError, ConfigTypeError
from .base import Config
from .capture import captured, unwrap
from .documents import check_there, is_text_file
from .generator import END, ConfigGenerator, advance, start
from .origin import mark_axes
from .python_file import PythonFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any


def load_config(
    path: str | os.PathLike[str],
    *,
    worker_id: int | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Config | ConfigGenerator:
    """What a config file says to run with.

    A file in YAML, TOML or JSON gives values by name, as told in docs/formats.md. One in Python gives,
    in this order: what its `config_gen()` returns or yields; its `CONFIG`, a Config or several; else
    its own variables, with `_args`, `_kwargs` and `_metadata`, and a Config for each point of its
    `_sweep`. It may import the modules beside it, and is read anew each time. Its `_schema` is asked
    when it is to be run with.

    Args:
        path: The file: `*.py`, `*.yaml`, `*.yml`, `*.toml` or `*.json`.
        worker_id: What `config_gen()` is told, if it takes it: the number of the worker, from 0.
            None stands for the environment's `KOGINE_WORKER_ID`, else 0.
        arguments: More arguments of `config_gen()`, by name; such a file is a template.

    Returns:
        A Config, or a ConfigGenerator where the file gives several.

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
    file = PythonFile(path)
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


def load_schema(path: str, name: str | None = None) -> type:
    """The schema that a Python file has.

    Args:
        path: The file; it is executed.
        name: The class; None for what the file's `_schema` says.

    Raises:
        ConfigFileError: The file can't be loaded.
        ConfigError: It has no such class.
        ConfigTypeError: What it has is no schema.
    """
    from .near import did_you_mean
    from .schema import check_schema

    file = PythonFile(path)
    file.execute()
    names = vars(file.module)
    wanted = "_schema" if name is None else name
    if wanted not in names:
        classes = [one for one, value in names.items() if isinstance(value, type)]
        meant = did_you_mean(wanted, classes) if name else f": name its class, as in {path}:Study."
        raise ConfigError(f"{path} has no {wanted}{meant}", key="_schema")
    schema = unwrap(names[wanted])
    check_schema(schema, f"{path}: {wanted}")
    return schema  # type: ignore[no-any-return]  # which check_schema has seen to


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
    return load_text_file(path, load_config, load_schema)


def _above(bases: Sequence[Config], config: Config) -> Config:
    """A Config, and under it what its file builds on."""
    for base in reversed(bases):
        config = base.merge(config)
    return config


def _caller(
    file: PythonFile, function: object, worker_id: int | None, arguments: Mapping[str, Any]
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
    file: PythonFile, name: str, give: Callable[[], object], bases: Sequence[Config]
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


def _several(file: PythonFile, name: str, given: object) -> object:
    if isinstance(given, ConfigGenerator):
        return given.source  # what it gives is checked, by a ConfigGenerator of ours
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, Mapping)):
        raise file.wrong_type(name, "a Config, or several", given)
    return given


def _steps(
    file: PythonFile, source: object, name: str, bases: Sequence[Config]
) -> Generator[Any, object, None]:
    iterator = file.run(start, source, name)
    item = file.run(advance, iterator, None)
    while item is not END:
        outcome = yield _above(bases, file.marked(item)) if isinstance(item, Config) else item
        item = file.run(advance, iterator, outcome)


def _bare(file: PythonFile, bases: Sequence[Config]) -> Config:
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


def _swept(file: PythonFile, config: Config, space: object) -> ConfigGenerator:
    """What a bare file with `_sweep` comes to."""
    from .sweep import Sweep

    try:
        swept = Sweep(config, unwrap(space))
        mark_axes(swept.space, file.name)
        return ConfigGenerator(swept, name=f"_sweep of {file.name}")
    except ConfigError as error:
        message = f"{file.name} sets _sweep wrongly: {error}"
        raise ConfigError(message, **{**vars(error), "path": file.path}) from None
