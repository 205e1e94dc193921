"""What a command line says to run a script with: a config file, and above it --set and --sweep."""

from __future__ import annotations

import os

from ..config.base import Config
from ..config.given import NO_OBJECT, given_object
from ..config.overrides import parse_overrides
from ..errors import CheckError, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from ..config.faults import Fault
    from ..config.generator import ConfigGenerator
    from ..config.space import Space
    from ..config.sweep import Sweep
    from ..engine.parameters import Parameter
    from ..engine.script import Script
    from .axes import Asked


def configs_of(
    path: str | None,
    overrides: tuple[str, ...],
    asked: Asked | None,
    script: Script,
    arguments: tuple[str, ...] = (),
) -> Config | ConfigGenerator | Sweep:
    """What a script is to be run with.

    Args:
        path: A config file, or None; or a text that stands for configs that are there already.
        overrides: `KEY=VALUE` texts, which win over it.
        asked: What is tried with that, or None.
        script: By whose parameters texts are typed.
        arguments: `NAME=VALUE` texts for the file, if it is a template.

    Raises:
        ConfigError: The file can't be loaded, or a text can't be understood; or two of these say
            what the same variable is.
    """
    base, below = Config(), None
    if path is None:
        _need_no_arguments(arguments)
    else:
        from ..config.sweep import Sweep

        loaded = loaded_with(path, arguments)
        if isinstance(loaded, Config):
            base = loaded
        elif isinstance(loaded.source, Sweep):
            base, below = loaded.source.base, loaded.source.space
        elif asked is not None and asked.several:
            raise ConfigError(f"{path} gives several configs: they can't be combined with --sweep.")
        else:
            return _above_each(loaded, overrides, script, path)
    faults = [] if asked is None else asked.faults
    try:
        top = with_overrides(base, overrides, script)
    except CheckError as error:
        faults = [*error.faults, *faults]
    if faults:  # told with what else is wrong
        raise _with_others(faults, base, script)
    names = [text.partition("=")[0].strip() for text in overrides]
    space = _space(names, asked, below)
    return top if space is None else _swept(top, names, space)


def loaded_with(
    path: str, texts: Sequence[str], option: str = "--config-arg"
) -> Config | ConfigGenerator:
    """What a config file gives that is handed arguments.

    Args:
        path: The file; or a text that stands for configs that are there already.
        texts: `NAME=VALUE` texts, typed by what the file declares.
        option: Where they come from, for messages.

    Raises:
        ConfigError: The file can't be loaded, or takes no such arguments.
    """
    known = given_object(path)
    if not (known is NO_OBJECT or isinstance(known, (str, os.PathLike))):
        return _known(known, texts, option)
    from ..config.loader import load_config

    if not texts:
        return load_config(path)
    from ..config.template import argument_texts

    return load_config(path, arguments=argument_texts(texts, option))


def _need_no_arguments(arguments: tuple[str, ...]) -> None:
    from .arguments import is_said

    if arguments and is_said("config_args"):  # else it is a default of the project, for its files
        raise ConfigError(
            f"--config-arg {arguments[0]}: that is for a file, and there is no --config."
        )


def _known(known: Any, texts: Sequence[str], option: str) -> Config | ConfigGenerator:
    """A Config, or several, that an object is."""
    from ..config.generator import ConfigGenerator

    if texts:
        raise ConfigError(f"{option} {texts[0]}: that is for a file, and --config is an object.")
    if isinstance(known, (Config, ConfigGenerator)):
        return known
    return ConfigGenerator(known, name="--config")


def _with_others(faults: list[Fault], config: Config, script: Script) -> CheckError:
    """What is wrong with `--set` and `--sweep`, and with the config file as well."""
    from ..config.faults import error_of_faults
    from ..engine.examiner import Examiner
    from ..engine.readings import as_wanted

    config = as_wanted(config, script)
    keys = {fault.key for fault in faults}
    others = [fault for fault in Examiner(script).faults(config) if fault.key not in keys]
    return error_of_faults([*others, *faults])


def _space(set_names: list[str], asked: Asked | None, below: Space | None) -> Space | None:
    """What is tried: what a file sweeps, but for what is set, and what is asked for."""
    from ..config.reshape import without

    for name in set_names:
        if below is not None and name in below.names:
            below = without(below, name)
    return below if asked is None else asked.space(below)


def _swept(base: Config, set_names: list[str], space: Space) -> Sweep:
    from ..config.sweep import Sweep

    for swept in space.names:
        for name in set_names:
            if name == swept:
                raise ConfigError(f"{name} is both set and swept: say it in one of them.", key=name)
            if name.startswith(f"{swept}."):
                raise ConfigError(
                    f"{name} is set, and {swept}, in which it is, swept: each value of {swept} would "
                    "take its place. Set it in those values.",
                    key=name,
                )
    return Sweep(base, space)


def _above_each(
    configs: ConfigGenerator, overrides: tuple[str, ...], script: Script, path: str
) -> ConfigGenerator:
    """What `--set` says, above each config of a file that gives several."""
    if not overrides:
        return configs
    from ..config.generator import ConfigGenerator

    with_overrides(Config(), overrides, script)  # what is wrong with them is told now

    def merged() -> Iterator[Config]:
        for config in configs:
            outcome = yield with_overrides(config, overrides, script)
            configs.tell(outcome)

    return ConfigGenerator(merged, name=path)


def with_overrides(config: Config, texts: tuple[str, ...], script: Script) -> Config:
    """A config, and above it what `KEY=VALUE` texts say, typed by the script's parameters."""
    if not texts:
        return config
    from ..config.origin import SET, set_by
    from ..engine.defaults import with_parts

    values = parse_overrides(texts, known_of(script, texts), script.name)
    return set_by(with_parts(config, values, script), values, SET)


def known_of(script: Script, texts: Iterable[str]) -> list[Parameter]:
    """What is known of a script's parameters, and of values within them that `KEY=...` texts name."""
    from ..engine.defaults import nested_parameters
    from ..engine.parameters import parameters

    known = parameters(script.read(), script.path, whole=True)
    names = [text.partition("=")[0].strip() for text in texts]
    return [*known, *nested_parameters(known, names)]
