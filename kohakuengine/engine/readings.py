"""Configs of text files, read as their script wants their values.

YAML, TOML and JSON know neither paths nor the script's Enums, tuples nor (but for YAML) sets. What
such a file says for a variable of one of these types becomes that, as what `--set` says does.
Values of Python files, and those that are given in Python, stay what they are.
"""

from __future__ import annotations

from functools import partial

from ..config.base import Config
from ..config.generator import ConfigGenerator
from ..config.origin import is_text_place, origin_of, placed_by, said_in_text
from ..config.sweep import Sweep
from ..errors import EntrypointError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..config.annotations import Expected
    from .entry_arguments import EntryArguments
    from .script import Script

    Read = Callable[[Any], Any]


def as_wanted(configs: Any, script: Script) -> Any:
    """Configs as a script wants them, as far as they are there; else, and mostly, the same object.

    Args:
        configs: A Config, a `Sweep`, or a generator of Configs. Of a generator that makes its
            Configs one by one each is to be read when it is made.
        script: The script.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
    """
    return Reader(script).read(configs)


class Reader:
    """Reads configs for one script, which is looked at only when a text file says something.

    Args:
        script: The script.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._wanted: Callable[[str], Expected | None] | None = None
        self._reads: dict[str, Read | None] = {}
        self._entry: EntryArguments | None = None

    def __reduce__(self) -> tuple[type[Reader], tuple[Script]]:
        return Reader, (self._script,)  # what it knows of the script is found again

    def read(self, configs: Any) -> Any:
        """The same as `as_wanted()`."""
        if isinstance(configs, Config):
            return self._config(configs)
        if isinstance(configs, Sweep):
            return self._sweep(configs)
        source = configs.source
        if isinstance(source, Sweep):
            read: Any = self._sweep(source)
        elif isinstance(source, (list, tuple)) and said_in_text(source):
            read = [self._config(one) if isinstance(one, Config) else one for one in source]
        else:
            return configs
        return configs if read is source else ConfigGenerator(read, name=configs.name)

    def _config(self, config: Config) -> Config:
        places = origin_of(config).places
        values = config.globals_dict
        reads = self._reads_of(name for name in values if is_text_place(places.get(name)))
        if not reads:
            return self._with_arguments(config)
        read = {n: reads[n](value) if n in reads else value for n, value in values.items()}
        return self._with_arguments(config.with_values(read))

    def _with_arguments(self, config: Config) -> Config:
        """The same, where the arguments for the entrypoint are what that wants."""
        places = origin_of(config).places
        args = is_text_place(places.get("_args"))
        kwargs = [n for n in config.kwargs if is_text_place(places.get(f"_kwargs.{n}"))]
        if not args and not kwargs:
            return config
        from ..config.said import as_said
        from .entry_arguments import EntryArguments

        self._entry = self._entry or EntryArguments(self._script)
        try:
            asked = self._entry.asked(config)
        except EntrypointError:  # whoever checks it says so
            return config
        copy = config.with_values(config.globals_dict)
        for one in asked:
            if one.expected is None:
                continue
            if one.name in kwargs:
                copy.kwargs[one.name] = as_said(one.value, one.expected)
            elif one.place is not None and args:
                copy.args[one.place] = as_said(one.value, one.expected)
        return copy

    def _sweep(self, sweep: Sweep) -> Sweep:
        base = self._config(sweep.base)
        places: dict[str, set[bool]] = {}
        for axis in sweep.space.axes():
            places.setdefault(axis.name, set()).add(axis.textual)
        textual = [name for name, said in places.items() if said == {True}]
        reads = self._reads_of(textual)
        return sweep.read_by(placed_by(base, sweep.space), reads)

    def _reads_of(self, names: Iterable[str]) -> dict[str, Read]:
        found = {}
        for name in names:
            if name not in self._reads:
                self._reads[name] = self._read_of(name)
            read = self._reads[name]
            if read is not None:
                found[name] = read
        return found

    def _read_of(self, name: str) -> Read | None:
        """What reads values for a variable; None where they stay what they are."""
        from ..config.said import as_said, can_be_said

        expected = self._expected(name)
        if expected is None or can_be_said(expected):
            return None
        return partial(as_said, expected=expected)

    def _expected(self, name: str) -> Expected | None:
        if self._wanted is None:
            from .expectations import expectations_of

            self._wanted = expectations_of(self._script).wanted
        root, *way = name.split(".")
        expected = self._wanted(root)
        for _ in way:  # of a dict[str, Path], each value
            inner = expected.args if expected is not None and expected.shape == "dict" else ()
            expected = inner[1] if inner else None
        return expected
