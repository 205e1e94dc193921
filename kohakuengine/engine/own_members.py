"""Members of a script's Enums, told by what the script itself has, however a config names them.

A text names a member by its name or its value, and a Python config imports it: from the script, which
makes another class of it than the one that the running script has, or from a module beside it. All
of these become what the script's own text gives. That is done only where it is sure that the class
is the same: by the file that defines it.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from ..config import annotations as A
from ..config.base import Config
from ..config.members import EnumMember, holds_member, holds_members, is_real_member
from ..config.sweep import Sweep
from ..errors import EntrypointError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from ..config.annotations import Expected
    from .entry_arguments import EntryArguments
    from .enums import Enums
    from .expectations import Expectations
    from .script import Script


def read_for(script: Script, configs: Any) -> Any:
    """Configs as a script reads them: what text files say, and members of its Enums.

    Args:
        script: The script.
        configs: A Config, a Sweep, or several Configs; of a `ConfigGenerator` that makes them one by
            one each is read when it is made.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
    """
    from ..config.generator import ConfigGenerator
    from .readings import Reader

    reader, members = Reader(script), OwnMembers(script)

    def read(one: Any) -> Any:
        return members.read(reader.read(one)) if isinstance(one, Config) else one

    if isinstance(configs, Config):
        return read(configs)
    source = configs.source if isinstance(configs, ConfigGenerator) else configs
    if isinstance(source, Sweep):
        found: Any = members.read_sweep(reader.read(source))
    elif isinstance(source, (list, tuple)):
        found = [*map(read, source)]
    else:
        found = (read(one) for one in configs)
    return ConfigGenerator(found, name=configs.name) if source is not configs else found


class OwnMembers:
    """Reads configs for one script, which is looked at when the first one holds a member.

    Args:
        script: The script.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._enums: Enums | None = None
        self._expectations: Expectations | None = None
        self._entry: EntryArguments | None = None

    def read(self, config: Config) -> Config:
        """A config with the members as the script has them; the same object where none are its.

        Raises:
            ScriptError: The script can't be read, or isn't valid Python.
        """
        if not holds_members(config):
            return config
        values = self._read_all(config.globals_dict, lambda name: self._wanted(name))
        copy = config.with_values(values)
        asked = dict(self._asked(config))
        copy.args = [self._read(v, asked.get(f"args[{n}]")) for n, v in enumerate(config.args)]
        copy.kwargs = self._read_all(config.kwargs, lambda name: asked.get(f"kwargs.{name}"))
        pairs = [(config.globals_dict, values), (config.kwargs, copy.kwargs)]
        same = all(old[name] is new[name] for old, new in pairs for name in old)
        return config if same and all(map(_is, config.args, copy.args)) else copy

    def read_sweep(self, sweep: Sweep) -> Sweep:
        """The same of a sweep, its axes included.

        Raises:
            ScriptError: The script can't be read, or isn't valid Python.
        """
        names = dict.fromkeys(axis.name for axis in sweep.space.axes())
        reads = {name: partial(self._read_axis, sweep, name) for name in names}
        return sweep.read_by(self.read(sweep.base), reads)

    def _read_axis(self, sweep: Sweep, name: str, value: Any) -> Any:
        read = sweep.read(name, value)
        if not holds_member(read):
            return read
        return self._read(read, self._wanted(name.partition(".")[0]))

    def _read_all(
        self, values: Mapping[str, Any], wanted: Callable[[str], Expected | None]
    ) -> dict[str, Any]:
        return {
            name: self._read(value, wanted(name)) if holds_member(value) else value
            for name, value in values.items()
        }

    def _wanted(self, name: str) -> Expected | None:
        from .expectations import expectations_of

        if self._expectations is None:
            self._expectations = expectations_of(self._script)
        return self._expectations.wanted(name)

    def _asked(self, config: Config) -> Iterator[tuple[str, Expected | None]]:
        if not holds_member([config.args, config.kwargs]):
            return
        from .entry_arguments import EntryArguments

        self._entry = self._entry or EntryArguments(self._script)
        try:
            asked = self._entry.asked(config)
        except EntrypointError:  # whoever checks it says so
            return
        for one in asked:
            yield one.key, one.expected

    def _read(self, value: Any, expected: Expected | None) -> Any:
        """A value of a variable, or an argument, for which a type is expected."""
        if not holds_member(value):
            return value
        return _Reading(self._known(), _enum_of(expected)).read(value)

    def _known(self) -> Enums:
        if self._enums is None:
            from .compiler import deep_calls
            from .enums import Enums
            from .outline import Outline
            from .source import decode

            script = self._script
            path = os.path.realpath(script.path)
            module = os.path.splitext(os.path.basename(path))[0]
            with deep_calls():
                outline = Outline(decode(script.read(), script.path), script.path)
            self._enums = Enums(outline, os.path.dirname(path), path, module)
        return self._enums


class _Reading:
    """One value that is read.

    Args:
        enums: The Enum classes that the script has.
        cls: The one whose members are expected here, as the script writes it; None for none.
    """

    def __init__(self, enums: Enums, cls: str | None) -> None:
        self._enums = enums
        self._cls = cls
        self._within: set[int] = set()  # a list may hold itself

    def read(self, value: Any) -> Any:
        if isinstance(value, EnumMember):
            return self._of_stand_in(value)
        if is_real_member(value):
            return self._of_member(value)
        if type(value) not in (list, tuple, set, frozenset, dict) or id(value) in self._within:
            return value
        self._within.add(id(value))
        items: list[Any] = [*value, *value.values()] if type(value) is dict else list(value)
        read = [self.read(item) for item in items]
        self._within.discard(id(value))
        if all(map(_is, items, read)):
            return value
        if type(value) is dict:
            return dict(zip(read[: len(value)], read[len(value) :]))
        return type(value)(read)

    def _of_stand_in(self, value: EnumMember) -> EnumMember:
        home = self._enums.home(value.cls)
        if home is None or value.home is not None:
            return value
        module, _, name = home
        first = self._enums.first_name(value.cls, value.name)
        given = value.name if first != value.name else None
        return EnumMember(value.cls, first, home=f"{module}.{name}", given=given)

    def _of_member(self, value: Any) -> Any:
        home = self._enums.home(self._cls) if self._cls else None
        if home is None or home[1:] != _file_and_name(type(value)):
            return value
        if value.name not in (self._enums.members(self._cls or "") or ()):
            return value  # of another state of that file; or several members of a Flag
        module, _, name = home
        return EnumMember(self._cls or "", value.name, home=f"{module}.{name}", given=value)


def _file_and_name(cls: type) -> tuple[str, str] | None:
    """The file that defines a class that can be imported, as a real path, and its name there."""
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or getattr(module, cls.__qualname__, None) is not cls:
        return None
    return os.path.realpath(file), cls.__qualname__


def _enum_of(expected: Expected | None) -> str | None:
    """The Enum class that a type is, or has within it."""
    left = [] if expected is None else [expected]
    while left:
        one = left.pop()
        if one.shape == A.ENUM:
            return one.enum
        left += one.args
    return None


def _is(one: object, other: object) -> bool:
    return one is other
