"""Scripts and configs become runs, one after the other, each only when it is asked for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from weakref import WeakKeyDictionary

from ..config.base import Config
from ..config.generator import ConfigGenerator
from ..config.identity import config_key, older_keys
from ..config.members import holds_members
from ..config.nested import nested_values
from ..config.origin import said_in_text
from ..config.sweep import Sweep
from ..engine.script import Script
from ..errors import ConfigTypeError, NoKeyError
from ..runs.shown import label, shown_params
from .options import own_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..engine.own_members import OwnMembers
    from ..engine.readings import Reader

    ScriptLike = Script | str | os.PathLike[str]
    ConfigLike = Config | ConfigGenerator | Iterable[Config] | None


_MARK = 6  # digits of the key in the name of a run that has to be cut


class Planned:
    """One run of a plan.

    Attributes:
        position: Its 0-based place in the plan.
        script: What to run.
        config: What to run it with.
        params: What the config sets, as people are shown it.
        name: What the run is called.
        key: The config key, under which it is the same run; None where there is none.
        fault: Why there is no key, or None.
        own: What its config chooses for it, above what is chosen for the flow.
        item: The 0-based number of the plan's item that it belongs to.

    Raises:
        ConfigError: The config chooses something that it can't.
    """

    def __init__(
        self, position: int, script: Script, config: Config, axes: Sequence[str] = (), item: int = 0
    ) -> None:
        self.position = position
        self.item = item
        self.script = script
        self.config = config
        self.own = own_options(config)
        self.params = shown_params(config)
        self.key, self.fault = _key(script, config)
        self.name = self._name(axes)

    def keys(self) -> list[str]:
        """The keys that runs of this may have in a store: its own, then those of the past."""
        if self.key is None:
            return []
        script, config = self.script, _keyed(self.script, self.config)
        return [self.key, *older_keys(config, argv=script.argv, entrypoint=script.entrypoint)]

    def _name(self, axes: Sequence[str]) -> str:
        given = self.config.metadata.get("name")
        if isinstance(given, str) and given:
            return given
        varied = nested_values(self.params, axes)
        # Of what has no key no two are known to be the same: there it is the place.
        mark = str(self.position) if self.key is None else self.key[:_MARK]
        return label(varied or self.params, mark) or _stem(self.script)


class Plan:
    """Which scripts run with which configs.

    Args:
        items: Scripts, each with a Config, a ConfigGenerator, an iterable of Configs, or None.
        axes: The names that vary, by which the runs are called; those of sweeps are known.

    Attributes:
        own: What configs choose for their runs, as far as they needn't be made for that.
        raised: What a generator of configs raised, or None: anything else is no fault of its.

    Raises:
        ConfigError: A config that is there already chooses something that it can't.
    """

    def __init__(
        self, items: Sequence[tuple[Script, ConfigLike]], axes: Sequence[str] = ()
    ) -> None:
        self._readers: dict[Script, Reader] = {}
        self._members: dict[Script, OwnMembers] = {}
        self.items = [
            (script, self._read(script, _with_defaults(script, _checked(c)))) for script, c in items
        ]
        self.axes = tuple(axes)
        self.raised: Exception | None = None
        # Of the configs that are there already: what is wrong is told before anything is launched.
        self.own = [own for own in map(own_options, self.there()) if own]
        self._outcomes: list[deque[object]] = [deque() for _ in self.items]

    def there(self) -> Iterator[Config]:
        """The configs that needn't be made; of a sweep that with which each of its own begins."""
        for _, configs in self.items:
            source = configs if isinstance(configs, Config) else configs.source
            if isinstance(source, (Config, Sweep)):
                yield source if isinstance(source, Config) else source.base
            elif isinstance(source, (list, tuple)):
                yield from (config for config in source if isinstance(config, Config))

    def _read(self, script: Script, configs: Any) -> Any:
        """Configs of text files as their script wants them; see engine/readings.py."""
        if not said_in_text(configs):
            return configs
        if script not in self._readers:
            from ..engine.readings import Reader

            self._readers[script] = Reader(script)
        return self._readers[script].read(configs)

    def _with_own_members(self, script: Script, config: Config) -> Config:
        """A config with members of the script's Enums as that has them; see engine/own_members.py."""
        if not holds_members(config):
            return config
        if script not in self._members:
            from ..engine.own_members import OwnMembers

            self._members[script] = OwnMembers(script)
        return self._members[script].read(config)

    @property
    def scripts(self) -> list[Script]:
        """The scripts, in order, each once."""
        return list(dict.fromkeys(script for script, _ in self.items))

    @property
    def swept(self) -> tuple[str, ...]:
        """The names that are known to vary before any config is made."""
        names = (name for _, configs in self.items for name in _swept(configs))
        return tuple(dict.fromkeys([*self.axes, *names]))

    @property
    def total(self) -> int | None:
        """How many runs there are; None where that isn't known before they are made."""
        total = 0
        for _, configs in self.items:
            source: object = None if isinstance(configs, Config) else configs.source
            if source is not None and not isinstance(source, Sized):
                return None
            total += 1 if source is None else _size(source)
        return total

    def runs(self) -> Iterator[Planned]:
        """The runs, in order. A config is made when its run is asked for.

        Raises:
            ConfigError: A generator gives something else than Configs.
        """
        position = 0
        for item, (script, configs) in enumerate(self.items):
            axes = self.axes or _swept(configs)
            for config in self._configs(configs, self._outcomes[item]):
                if not _is_there(configs):
                    config = self._read(script, config)
                config = self._with_own_members(script, config)
                yield Planned(position, script, config, axes, item)
                position += 1

    def _configs(
        self, configs: Config | ConfigGenerator, outcomes: deque[object]
    ) -> Iterator[Config]:
        if isinstance(configs, Config):
            yield configs
            return
        iterator = iter(configs)
        while True:
            if outcomes:
                configs.tell(outcomes.popleft())
            try:
                config = next(iterator, None)
            except Exception as error:
                self.raised = error
                raise
            if config is None:
                return
            yield config

    def tell(self, planned: Planned, outcome: object) -> None:
        """Tell the generator that gave a run's config how the run ended.

        It learns of one run each time it is asked for a config, in the order in which they ended.
        """
        self._outcomes[planned.item].append(outcome)


def _with_defaults(script: Script, configs: Config | ConfigGenerator) -> Config | ConfigGenerator:
    """Configs in which a sweep of a part of one of the script's dictionaries keeps the others."""
    source = None if isinstance(configs, Config) else configs.source
    if not isinstance(source, Sweep) or not any("." in name for name in source.names):
        return configs
    from ..engine.defaults import with_roots  # which reads scripts; most sweeps needn't

    return ConfigGenerator(with_roots(source, script), name="config")


def _is_there(configs: Config | ConfigGenerator) -> bool:
    """Whether configs are known without that code of the user's makes them."""
    return isinstance(configs, Config) or isinstance(configs.source, (Sweep, list, tuple))


def _swept(configs: Config | ConfigGenerator) -> tuple[str, ...]:
    """The names that vary, as far as that is known."""
    source: object = None if isinstance(configs, Config) else configs.source
    return source.names if isinstance(source, Sweep) else ()


def _size(source: Sized) -> int:
    return source.size if isinstance(source, Sweep) else len(source)


def _checked(configs: object) -> Config | ConfigGenerator:
    if configs is None:
        return Config()
    if isinstance(configs, (Config, ConfigGenerator)):
        return configs
    if isinstance(configs, dict):
        raise ConfigTypeError("config must be a Config, got dict: write Config({...}).")
    return ConfigGenerator(configs, name="config")  # type: ignore[arg-type]  # or it says so


def _key(script: Script, config: Config) -> tuple[str | None, str | None]:
    try:
        config = _keyed(script, config)
        return config_key(config, argv=script.argv, entrypoint=script.entrypoint), None
    except NoKeyError as error:
        return None, str(error)


def _keyed(script: Script, config: Config) -> Config:
    """What the key of a run is that of.

    Raises:
        NoKeyError: Something that the script is given has none.
    """
    if not script.given:
        return config
    return config.with_values({**config.globals_dict, "given to the script": _given_key(script)})


# What scripts are given may be large: its digest is made once.
_given_keys: WeakKeyDictionary[Script, str | NoKeyError] = WeakKeyDictionary()


def _given_key(script: Script) -> str:
    """The digest of what a script is given.

    Raises:
        NoKeyError: Something of it has none.
    """
    if script not in _given_keys:
        try:
            _given_keys[script] = config_key(Config(script.given))
        except NoKeyError as error:
            said = str(error).replace("globals_dict", "given", 1)
            _given_keys[script] = NoKeyError(said, place=error.place)
    key = _given_keys[script]
    if isinstance(key, NoKeyError):
        raise key
    return key


def _stem(script: Script) -> str:
    return os.path.splitext(os.path.basename(script.name))[0] or script.name
