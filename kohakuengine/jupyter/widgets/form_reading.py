"""What a config file, or configs that are there, say as the state of a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...config.axes import as_space
from ...config.base import Config
from ...config.generator import ConfigGenerator
from ...config.grid import Grid, When
from ...config.space import Axis, Repeat, Sample, Space, Zip
from ...config.sweep import Sweep
from ...engine.own_members import read_for
from ...errors import ConfigError
from .form_state import FormState, configs_of
from .settings import Listed, setting_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

    from ...engine.script import Script
    from .settings import Setting

MOST = 2_000  # points that are written out where a form can't say how they come about


def state_of_file(path: str | os.PathLike[str], script: Script | None = None) -> FormState:
    """What a config file says, as the state of a form.

    Args:
        path: The file.
        script: Of which the form is: what a text file can't say is read as the script wants it.

    Raises:
        ConfigError: It can't be loaded, or holds what no form can show.
    """
    from ...config.loader import load_config

    return state_of(load_config(path), str(path), script)


def state_of(given: Any, called: str = "these configs", script: Script | None = None) -> FormState:
    """What configs say, as the state of a form; it comes to the same runs.

    Args:
        given: A Config, a Sweep, a list of Configs, or a ConfigGenerator of one of these; or what
            varies, as `sweep()` takes it.
        called: What they are called in messages.
        script: Of which the form is: what text files say, and members of its Enums, are read as it
            wants them.

    Raises:
        ConfigError: No form can show them.
    """
    if isinstance(given, ConfigGenerator):
        given = given.source
    if isinstance(given, (Mapping, Space)):
        given = Sweep(Config(), as_space(given))
    if script is not None and isinstance(given, (Config, Sweep, list, tuple)):
        given = read_for(script, given)
    if isinstance(given, Config):
        return _fixed(given)
    if isinstance(given, Sweep):
        return _state_of_sweep(given, called)
    if isinstance(given, Sequence) and given and all(isinstance(one, Config) for one in given):
        return state_of_list(list(given), called)
    if not isinstance(given, Iterable) and not callable(given):
        raise ConfigError(
            f"{called} must be a Config, a Sweep, a list of Configs or a config file, got "
            f"{type(given).__name__}."
        )
    raise ConfigError(
        f"{called}: its configs are made one by one, perhaps by how runs end, which no form can "
        "show; run it by --config."
    )


def _fixed(config: Config) -> FormState:
    return FormState(
        fixed=dict(config.globals_dict),
        args=tuple(config.args),
        kwargs=dict(config.kwargs),
        metadata=dict(config.metadata),
    )


def _state_of_sweep(sweep: Sweep, called: str) -> FormState:
    reading = _Reading()
    try:
        reading.whole(sweep.space)
    except _Unshowable as reason:
        return _written_out(sweep, called, str(reason))
    base = _fixed(sweep.base)
    fixed = {name: v for name, v in base.fixed.items() if name not in reading.names}
    return FormState(
        fixed=fixed,
        swept=tuple((name, _read(sweep, name, values)) for name, values in reading.names.items()),
        ties=tuple(reading.ties),
        excluded=tuple(reading.excluded),
        sample=reading.sample,
        repeat=reading.repeat,
        args=base.args,
        kwargs=base.kwargs,
        metadata=base.metadata,
    )


def _read(sweep: Sweep, name: str, values: Any) -> Setting:
    """How a variable varies, its values read as the script wants those of a text file."""
    setting = setting_of(values)
    if not isinstance(setting, Listed):
        return setting
    return Listed(tuple(sweep.read(name, value) for value in setting.values))


def _written_out(sweep: Sweep, called: str, reason: str) -> FormState:
    """The points of a sweep, one after the other, where they all set the same variables."""
    if sweep.size <= MOST:
        try:
            return state_of_list(list(sweep), called)
        except ConfigError:
            pass
    raise ConfigError(f"{called} holds {reason}, which no form can show; run it by --config.")


def state_of_list(configs: Sequence[Config], called: str = "these configs") -> FormState:
    """Several Configs: what is the same in all is fixed; the rest is a grid, where it is one, else
    lists that are tied.

    Raises:
        ConfigError: They set different variables, or differ in something else than variables.
    """
    first = configs[0]
    names = list(first.globals_dict)
    for config in configs:
        if set(config.globals_dict) != set(names):
            raise ConfigError(f"{called} set different variables, which no form can show.")
        if config.replace(globals_dict={}) != first.replace(globals_dict={}):
            raise ConfigError(f"{called} differ in more than variables, which no form can show.")
    columns = {name: [config.globals_dict[name] for config in configs] for name in names}
    varying = [name for name in names if any(not _same(columns[name][0], v) for v in columns[name])]
    fixed = {name: first.globals_dict[name] for name in names if name not in varying}
    base = _fixed(first.replace(globals_dict=fixed))
    if not varying:
        if len(configs) == 1:
            return base
        raise ConfigError(f"{called} are all the same, which no form can show.")
    lists = tuple((name, Listed(tuple(_distinct(columns[name])))) for name in varying)
    grid = _with(base, lists, ())
    if _gives(grid, configs):
        return grid
    tied = tuple((name, Listed(tuple(columns[name]))) for name in varying)
    return _with(base, tied, (tuple(varying),))


def _with(base: FormState, swept: tuple[Any, ...], ties: tuple[tuple[str, ...], ...]) -> FormState:
    from dataclasses import replace

    return replace(base, swept=swept, ties=ties)


def _gives(state: FormState, configs: Sequence[Config]) -> bool:
    """Whether a state comes to just these configs."""
    made = configs_of(state)
    if not isinstance(made, Sweep) or made.size != len(configs):
        return False
    return all(
        all(_same(one.globals_dict[name], other.globals_dict[name]) for name in one.globals_dict)
        for one, other in zip(made, configs)
    )


def _distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(_same(value, known) for known in found):
            found.append(value)
    return found


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same, and not only equal, as 1 and True are."""
    if one is other:
        return True
    try:
        return type(one) is type(other) and bool(one == other) and repr(one) == repr(other)
    except Exception:  # arrays can't tell
        return False


class _Unshowable(Exception):
    """A part of a space is nothing that a form has; the message is what it is."""


class _Reading:
    """Takes a space apart."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.ties: list[tuple[str, ...]] = []
        self.excluded: list[str] = []
        self.sample: tuple[int, int] | None = None
        self.repeat = 1

    def whole(self, space: Space) -> None:
        seeds: Axis | None = None
        if isinstance(space, Repeat):
            seeds = space.seeds
            if seeds is None:
                self.repeat = space.times
            elif isinstance(space.space, (Sample, Repeat)):
                raise _Unshowable("repeats with seeds of what is sampled")
            space = space.space
        if isinstance(space, Sample):
            self.sample = (space.size, space.seed)
            space = space.space
        if isinstance(space, Grid):
            self._exclude(space)
        self._part(space, top=True)
        if seeds is not None:  # a variable that varies fastest
            self.names[seeds.name] = seeds.values

    def _exclude(self, grid: Grid) -> None:
        for condition in grid.excluded:
            if condition.text is None:
                raise _Unshowable("a condition that is a function")
            self.excluded.append(condition.text)

    def _part(self, space: Any, top: bool = False) -> None:
        if isinstance(space, Axis):
            self.names[space.name] = space.values
        elif isinstance(space, Grid) and (top or not space.excluded):
            for piece in space.pieces:
                if isinstance(piece, When):
                    raise _Unshowable("what is tried only under a condition")
                self._part(piece)
        elif isinstance(space, Zip):
            names = []
            for axis in _flat(space):
                self.names[axis.name] = axis.values
                names.append(axis.name)
            self.ties.append(tuple(names))
        else:
            raise _Unshowable("parts that are put together in another way")


def _flat(space: Zip) -> list[Axis]:
    found: list[Axis] = []
    for part in space.parts():
        if isinstance(part, Axis):
            found.append(part)
        elif isinstance(part, Zip):
            found += _flat(part)
        else:
            raise _Unshowable("more than single variables that are tied")
    return found
