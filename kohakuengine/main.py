"""One call each for what most users want."""

from __future__ import annotations

from .config.base import Config
from .config.loader import load_config
from .config.origin import kept_origin
from .engine.executor import checked_config
from .engine.script import Script
from .errors import ConfigError
from .launch.registry import check_launcher, launcher_of_one

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from .config.generator import ConfigGenerator
    from .config.space import Space
    from .launch.base import Launcher
    from .runs.table import Runs


def run(
    script: str | os.PathLike[str] | Script,
    *,
    config: Config | None = None,
    config_path: str | os.PathLike[str] | None = None,
    globals_dict: Mapping[str, Any] | None = None,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    entrypoint: str | None = None,
    argv: Sequence[str] = (),
    launcher: str = "auto",
    strict: bool = False,
    check: bool = True,
    schema: Any = None,
) -> Any:
    """Run a script once, record the run, and give the value of its entrypoint.

    Args:
        script: `"train.py"`, `"train.py:func"`, `"pkg.mod"`, `"pkg.mod:func"`, or a `Script`.
        config: What to run it with.
        config_path: A config file, in place of `config`.
        globals_dict: Overrides of the script's variables; they win over the config's. A name with dots
            changes a part of a dictionary, of the config's or of one that the script writes out.
        args: Positional arguments of the entrypoint, in place of the config's.
        kwargs: Keyword arguments of the entrypoint; they win over the config's.
        entrypoint: The function to call, in place of the one that the rules choose.
        argv: What the script finds in `sys.argv` after its own name.
        launcher: Where the script's process lives: `"inline"`, in this process; `"fresh"`, in a
            new interpreter; `"warm"`, in a fork of one that has made the script's imports;
            `"pool"`, in one that is used again; `"auto"`, in this process, but in a notebook's
            kernel, on Linux, warm.
        strict: Refuse overrides of names that have no default in the script.
        check: Whether values are checked, by the script's annotations and by schemas.
        schema: What the values have to fit: a pydantic model or a dataclass, the class itself.

    Raises:
        KogineError: Nothing was run, because of what the message says; or the script exited with a
            status other than 0 (ScriptExit), or its process died (ScriptDied).
        KeyboardInterrupt: A Ctrl-C came, and the script's process has ended.
        Exception: What the script raised and didn't catch.

    Example:
        >>> run("train.py", globals_dict={"lr": 0.1})  # doctest: +SKIP
        {'loss': 0.25}
    """
    if not isinstance(script, Script):
        script = Script(script, entrypoint=entrypoint, argv=argv)
    elif entrypoint is not None or argv:
        raise ConfigError("give entrypoint and argv to Script, or to run() with the script's path.")
    base = _base(config, config_path)
    own = Config(globals_dict, args, kwargs)
    parts = {name: value for name, value in own.globals_dict.items() if "." in name}
    whole = {name: value for name, value in own.globals_dict.items() if name not in parts}
    merged = Config(
        {**base.globals_dict, **whole},
        base.args if args is None else own.args,
        {**base.kwargs, **own.kwargs},
        base.metadata,
    )
    merged.origin = kept_origin(base, merged)
    if parts:
        from .engine.defaults import with_parts

        merged = with_parts(merged, parts, script)
    check_launcher(launcher)
    from .flow.once import run_once
    from .flow.options import Options

    options = Options(strict=strict, check=check, schema=schema)
    return run_once(script, merged, launcher=launcher_of_one(launcher), options=options)


def sweep(
    script: str | os.PathLike[str] | Script,
    axes: Mapping[str, Iterable[Any]] | Space | None = None,
    *,
    config: Config | None = None,
    config_path: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    launcher: str | Callable[[], Launcher] | None = None,
    resume: bool | str = False,
    show: bool = True,
    detach: bool = False,
    **options: Any,
) -> Runs:
    """Run a script with every combination of some values, and give the runs.

    Args:
        script: `"train.py"`, `"train.py:func"`, `"pkg.mod"`, `"pkg.mod:func"`, or a `Script`.
        axes: For each name of a variable, the values to try; the last one varies fastest. Or what
            `kohakuengine.axes` puts together: pairs, conditions, ranges, random draws, ... None for
            what the config file sweeps.
        config: What is the same for all runs.
        config_path: A config file, in place of `config`. Where it sweeps, `axes` win over what it
            says of the same variables, and make a grid with the others.
        workers: How many runs go on at once; None for one a GPU, where `gpus` are given, else one
            a core that this process may use.
        launcher: Where the runs' processes live; None or `"auto"` for the best there is.
        resume: Go on with the last flow of this script: what finished isn't run again.
        show: Print what the runs print, line by line with the run's name, and how they end.
        detach: Run it in a process of its own, which goes on when this one ends.
        options: More choices: timeout, retries, on_error, name, tags, env, gpus, strict, schema, ...; see
            `kohakuengine.Options`.

    Returns:
        The runs in the order of the grid. A run that failed is one of them.

    Raises:
        KogineError: The sweep can't be made, or can't go on, because of what the message says.

    Example:
        >>> runs = sweep("train.py", {"lr": [0.1, 0.01]}, workers=2)  # doctest: +SKIP
        >>> runs.best("loss").params  # doctest: +SKIP
        {'lr': 0.01}
    """
    from .config.sweep import Sweep
    from .flow.parallel import Parallel

    base, space = _swept(config, config_path, axes)
    configs = Sweep(base, space)
    flow = Parallel(script, configs, max_workers=workers, launcher=launcher, **options)
    return flow.run(resume=resume, show=show, detach=detach)


def _swept(
    config: Config | None, path: str | os.PathLike[str] | None, axes: Any
) -> tuple[Config, Space]:
    """What is the same for all, and what varies."""
    from .config.axes import as_space
    from .config.grid import Grid
    from .config.reshape import above
    from .config.sweep import Sweep

    loaded = None if path is None or config is not None else load_config(path)
    source = None if loaded is None or isinstance(loaded, Config) else loaded.source
    if not isinstance(source, Sweep):
        base = _base(config, path, "sweep", loaded)
        if axes is None:
            raise ConfigError("sweep() needs axes, or a config_path of a file with _sweep.")
        return base, as_space(axes)
    if axes is None:
        return source.base, source.space
    given = as_space(axes)
    plain = isinstance(given, Grid) and not given.excluded
    return source.base, above(source.space, given.pieces if plain else [given])  # type: ignore[attr-defined]


def _base(
    config: Config | None,
    path: str | os.PathLike[str] | None,
    caller: str = "run",
    loaded: Config | ConfigGenerator | None = None,
) -> Config:
    if path is None:
        return checked_config(config)
    if config is not None:
        raise ConfigError(f"{caller}() takes config or config_path, not both.")
    loaded = load_config(path) if loaded is None else loaded
    if not isinstance(loaded, Config):
        each = f"loop over load_config({str(path)!r}) and call run() with each."
        if caller == "sweep":
            each = f"run the script with each by Parallel(script, {str(path)!r})."
        raise ConfigError(f"{path} gives several configs and {caller}() takes one: {each}")
    return loaded
