"""Whether the keys of a config are variables of a script, and their values of the right type."""

from __future__ import annotations

from ..config.base import Config
from ..config.near import nearest
from ..config.nested import with_nested
from ..config.overrides import split_override, typed_value
from ..errors import ConfigError, OverrideError
from .bindings import find_bindings
from .checks import find_surprises, find_unread
from .defaults import nested_parameters, with_defaults, with_roots
from .examiner import Examiner
from .expectations import Expectations
from .injector import check_names
from .parameters import parameters
from .readings import as_wanted
from .source import check, decode, parse
from .stars import star_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Mapping
    from symtable import SymbolTable
    from typing import Any

    from .bindings import Binding
    from .checks import Surprise
    from .parameters import Parameter
    from .script import Script

FITS = "fits"  # the script gives it a default, which the value replaces
NEW = "new"  # nothing gives it a default, but the script reads it
UNKNOWN = "unknown"  # the script neither binds nor reads it
WRONG_TYPE = "wrong type"  # the value is none that the annotation allows
BREACH = "breaks the schema"  # the value is none that a schema allows
REFUSED = "refused"  # no variable can have that name


class KeyCheck:
    """What one key of a config means to a script.

    Attributes:
        key: The name.
        status: One of the constants above.
        note: What there is to say of it, one sentence, or None.
        nearest: Variables of the script whose names look like an unknown one.
    """

    __slots__ = ("key", "status", "note", "nearest")

    def __init__(
        self, key: str, status: str, note: str | None = None, nearest: tuple[str, ...] = ()
    ) -> None:
        self.key = key
        self.status = status
        self.note = note
        self.nearest = nearest

    def __repr__(self) -> str:
        return f"<{self.key}: {self.status}>"

    @property
    def ok(self) -> bool:
        """Whether a run with it does what its user may expect."""
        return self.status in (FITS, NEW)


def check_keys(script: Script, values: Mapping[str, object]) -> list[KeyCheck]:
    """What each key of a config means to a script; nothing of the script is executed.

    Args:
        script: The script.
        values: The overrides, by name.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
    """
    checker = _Checker(script)
    return [checker.check(key, value) for key, value in values.items()]


def check_configs(script: Script, configs: Any) -> list[KeyCheck]:
    """What each key of configs means to a script, and to the schema of their file.

    Args:
        script: The script.
        configs: A Config; or a `Sweep`, which is looked at axis by axis.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
    """
    configs = as_wanted(with_roots(configs, script), script)
    if isinstance(configs, Config):
        base, values = configs, configs.globals_dict
    else:
        base, values = configs.base, {**configs.base.globals_dict, **configs[0].globals_dict}
    checks = {check.key: check for check in check_keys(script, values)}
    told_before: set[str] = set()
    examiner = Examiner(script)
    of_axes = () if isinstance(configs, Config) else examiner.unknown_keys_of_axes(configs)
    for surprise in [*examiner.unknown_keys(base), *of_axes]:
        path = surprise.name
        if surprise.refused:
            checks[path] = KeyCheck(path, UNKNOWN, surprise.message, surprise.nearest)
        elif path in checks:
            notes = filter(None, (checks[path].note, surprise.message))
            checks[path] = KeyCheck(path, checks[path].status, " ".join(notes))
    for fault in examiner.faults_of_all(configs):
        key = fault.key or "(all)"
        status = WRONG_TYPE if fault.line is not None else BREACH if fault.soft else REFUSED
        found = checks.get(key) or checks.get(key.partition(".")[0])
        if found is None or found.status != REFUSED:
            # The first is told with its place, in place of what was found without; others besides.
            before = found.note if found is not None and key in told_before else None
            told = str(fault) if before in (None, str(fault)) else f"{before} {fault}"
            checks[key] = KeyCheck(key, status, told)
            told_before.add(key)
    return list(checks.values())


def check_texts(script: Script, texts: Iterable[str]) -> list[KeyCheck]:
    """What each `KEY=VALUE` means to a script, as `check_keys` tells it.

    Raises:
        ScriptError: The script can't be read, or isn't valid Python.
        OverrideError: A text isn't of that form.
    """
    pairs = [split_override(text) for text in texts]
    checker = _Checker(script) if pairs else None
    return [checker.check_text(key, text) for key, text in pairs] if checker else []


def _is_refused(surprise: Surprise) -> bool:
    return surprise.refused


class _Checker:
    def __init__(self, script: Script) -> None:
        source = script.read()
        check(source, script.path)
        self._text = decode(source, script.path)
        self._tree: ast.Module = parse(source, script.path)
        self._name = script.name
        self._found: list[Binding] = find_bindings(self._tree, star_names(script.folder))
        self._defaults = {binding.name for binding in self._found if not binding.update}
        self._script = script
        self._expected = Expectations(source, script.path, script.name, self._found)
        known = parameters(source, script.path, whole=True)
        self._parameters: dict[str, Parameter] = {p.name: p for p in known}

    def check(self, key: str, value: object) -> KeyCheck:
        try:
            check_names([key])
        except OverrideError as error:
            return KeyCheck(key, REFUSED, str(error))
        fault = self._expected.fault(key, value)
        if fault is not None:
            return KeyCheck(key, WRONG_TYPE, str(fault))
        found = [
            *find_surprises(self._tree, self._found, {key: value}, self._name),
            *find_unread(self._tree, self._found, [key], self._script),
        ]
        note = " ".join(surprise.message for surprise in found if surprise.name == key)
        if key in self._defaults:
            return KeyCheck(key, FITS, note or None)
        if "*" in self._defaults or key in self._read_names():
            return KeyCheck(key, NEW, note)
        note = f"{self._name} neither binds nor reads it."
        return KeyCheck(key, UNKNOWN, note, tuple(nearest(key, self._defaults)))

    def check_text(self, key: str, text: str) -> KeyCheck:
        try:
            if "." in key:
                return self._check_part(key, text)
            return self.check(key, typed_value(key, text, self._parameters.get(key)))
        except OverrideError as error:
            return KeyCheck(key, WRONG_TYPE, str(error))

    def _check_part(self, key: str, text: str) -> KeyCheck:
        """What a part of a dictionary means to the script: that of its variable, if it has any."""
        root = key.partition(".")[0]
        parts = nested_parameters(list(self._parameters.values()), [key])
        value = typed_value(key, text, parts[0] if parts else None)
        try:
            config = with_defaults(Config(), [key], self._script)
            with_nested(config.globals_dict, {key: value})
        except (ConfigError, OverrideError) as error:
            return KeyCheck(key, REFUSED, str(error))
        for surprise in filter(_is_refused, Examiner(self._script).unknown_keys(config)):
            return KeyCheck(key, UNKNOWN, surprise.message, surprise.nearest)
        found = self.check(root, config.globals_dict.get(root, {}))
        return KeyCheck(key, found.status, found.note, found.nearest)

    def _read_names(self) -> set[str]:
        """The names that the script reads from its module, in functions too."""
        from symtable import symtable

        names: set[str] = set()
        tables: list[SymbolTable] = [symtable(self._text, self._name, "exec")]
        while tables:
            table = tables.pop()
            tables += table.get_children()
            is_module = table.get_type() == "module"
            names.update(
                symbol.get_name()
                for symbol in table.get_symbols()
                if symbol.is_referenced() and (is_module or symbol.is_global())
            )
        return names
