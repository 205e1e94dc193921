"""Examine configs before anything runs with them: all that is wrong with them, at once."""

from __future__ import annotations

from collections.abc import Sequence

from ..config.base import Config
from ..config.faults import Fault, refuse_faults
from ..config.origin import SET, is_text_place, origin_of, place_of_axis
from ..errors import EntrypointError, OverrideError
from .checks import find_surprises, find_unread
from .injector import check_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast import Module
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ..config.origin import Origin
    from ..config.schema import Schema
    from ..config.sweep import Sweep
    from .bindings import Binding
    from .checks import Surprise
    from .compiler import Examine
    from .entry_arguments import EntryArguments
    from .expectations import Expectations
    from .replaced_keys import ReplacedKeys
    from .script import Script

LISTED = 10_000  # Configs of a list that are looked at before the first runs
WHOLE = 1_000  # points of a sweep that a schema is asked of one by one before the first runs
_ENOUGH = 100  # faults


class Examiner:
    """Examines configs for one script.

    Args:
        script: The script.
        strict: Refuse overrides of names that have no default in the script.
        check: Whether values are checked, by the script's annotations and by schemas.
        schema: What all of the configs have to fit, besides the schemas of their files; or None.
    """

    def __init__(
        self, script: Script, *, strict: bool = False, check: bool = True, schema: Any = None
    ) -> None:
        self._script = script
        self._strict = strict
        self._check = check
        self._schema = schema
        self._expectations: Expectations | None = None
        self._annotated: set[str] | None = None
        self._read: tuple[bytes, list[Binding]] | None = None  # the script, as it was then
        self._surprises: dict[tuple[str, ...], list[Surprise]] = {}
        self._parsed: tuple[Module, list[Binding]] | None = None
        self._schemas: dict[int, Schema] = {}
        self._arguments: EntryArguments | None = None
        self._replaced: ReplacedKeys | None = None

    def of_program(self, config: Config) -> Examine:
        """What `compile_program` is to ask, which knows the script's syntax already.

        Raises (when it is called):
            CheckError: The config doesn't fit.
        """

        def examine(
            source: bytes, tree: Module, found: list[Binding], surprises: list[Surprise]
        ) -> list[Surprise]:
            self._read = self._read or (source, found)
            self._surprises[tuple(config.globals_dict)] = surprises
            refuse_faults(self.faults(config, planned=True))
            unread = find_unread(tree, found, config.globals_dict, self._script)
            return [*self.unknown_keys(config), *unread]

        return examine

    def faults(
        self, config: Config, called: str | None = None, planned: bool = False
    ) -> list[Fault]:
        """All that is wrong with a config.

        Args:
            config: The config.
            called: What the config is called where it is wrong as a whole; or None.
            planned: Whether somebody else sees to it that the entrypoint takes the arguments.

        Raises:
            ScriptError: The script can't be read, or isn't valid Python.
        """
        values, origin = config.globals_dict, origin_of(config)
        found = self._of_arguments(config, planned) if config.args or config.kwargs else []
        if not values and self._schema is None and origin.schema is None:
            return found
        found = [*self._of_names(values, config), *found]
        if self._check:
            found += self._of_types(values, origin)
            for schema in self._schemas_of(origin):
                from ..config.schema import as_meant, fault_of, textual_names

                meant = as_meant(schema, values, textual_names(config))
                found += (fault_of(b, schema, origin, called) for b in schema.breaches(meant))
        return found

    def faults_of_all(self, configs: object) -> list[Fault]:
        """All that is wrong with configs, as far as they needn't be made for that.

        Args:
            configs: A Config, a list of them, or a `Sweep`, which is checked axis by axis; what is
                made one by one isn't looked at.
        """
        if isinstance(configs, Config):
            return self.faults(configs)
        found: list[Fault] = []
        if not isinstance(configs, Sequence):
            return found
        from ..config.sweep import Sweep

        if isinstance(configs, Sweep):
            return self._of_sweep(configs)
        for one in configs[:LISTED] if isinstance(configs, (list, tuple)) else ():
            if isinstance(one, Config):
                found += self.faults(one)
            if len(found) >= _ENOUGH:
                break
        return found

    def warnings(self, config: Config) -> list[str]:
        """What a config does that its user may not expect, and that nothing refuses; sentences."""
        values = config.globals_dict
        if not values:
            return []
        found = [
            *self._surprises_of(values),
            *self.unknown_keys(config),
            *find_unread(*self._parse(), values, self._script),
        ]
        return [one.message for one in found if not (self._strict and one.refused)]

    # ---- the names ----

    def unknown_keys(self, config: Config) -> list[Surprise]:
        """Keys of dictionaries of which the script knows nothing, and those that it misses."""
        origin, values = origin_of(config), config.globals_dict
        found: list[Surprise] = []
        if origin.added:
            from .unknown_keys import find_unknown_keys

            found += find_unknown_keys(*self._parse(), values, origin, self._script.name)
        if dict in map(type, values.values()):
            from .replaced_keys import ReplacedKeys

            if self._replaced is None:
                self._replaced = ReplacedKeys(*self._parse(), self._script)
            found += self._replaced.find(values, origin)
        return found

    def unknown_keys_of_axes(self, sweep: Sweep) -> Iterator[Surprise]:
        """The same of the dictionaries that axes of a sweep have for values, each once."""
        from ..config.tried import tried

        told = set()
        for name, said, _ in tried(sweep.space):
            value = sweep.read(name, said)
            for one in self.unknown_keys(Config({name: value})) if type(value) is dict else ():
                if one.message not in told:
                    told.add(one.message)
                    yield one

    def _of_names(self, values: Mapping[str, object], config: Config) -> list[Fault]:
        found = []
        try:
            check_names(values)
        except OverrideError:
            for name in values:
                try:
                    check_names([name])
                except OverrideError as error:
                    found.append(_told(name, str(error)))
        if self._strict and not found:
            for surprise in [*self._surprises_of(values), *self.unknown_keys(config)]:
                if surprise.refused:
                    found.append(_refused(surprise))
        return found

    def _surprises_of(self, values: Mapping[str, object]) -> list[Surprise]:
        shape = tuple(values)
        if shape not in self._surprises:
            tree, found = self._parse()
            self._surprises[shape] = list(find_surprises(tree, found, values, self._script.name))
        return self._surprises[shape]

    def _parse(self) -> tuple[Module, list[Binding]]:
        if self._parsed is None:
            from .bindings import find_bindings
            from .compiler import deep_calls, quietly_parsed
            from .stars import star_names

            with deep_calls():
                tree = quietly_parsed(self._script.read(), self._script.path)
                self._parsed = tree, find_bindings(tree, star_names(self._script.folder))
        return self._parsed

    # ---- the arguments ----

    def _of_arguments(self, config: Config, planned: bool) -> list[Fault]:
        if self._arguments is None:
            from .entry_arguments import EntryArguments

            self._arguments = EntryArguments(self._script)
        try:
            found = self._arguments.faults(config, origin_of(config))
            return found if self._check else []
        except EntrypointError as error:
            return [] if planned else [_told("kwargs" if config.kwargs else "args", str(error))]

    # ---- the values ----

    def _misfit(self, name: str, value: object, place: str | None = None) -> Fault | None:
        """What is wrong with a value by the script's annotation of a variable, if it has one."""
        if self._annotated is None:
            self._read = self._read or (self._script.read(), self._parse()[1])
            self._annotated = {b.name for b in self._read[1] if hasattr(b.node, "annotation")}
        if name not in self._annotated:
            return None
        if self._expectations is None:
            from .expectations import Expectations

            assert self._read is not None
            source, found = self._read
            script = self._script
            self._expectations = Expectations(source, script.path, script.name, found)
        return self._expectations.fault(name, value, place)

    def _of_types(self, values: Mapping[str, object], origin: Origin) -> list[Fault]:
        found = []
        for name, value in values.items():
            if origin.places.get(name) == SET:  # its text has been read as what the script wants
                continue
            fault = self._misfit(name, value)
            if fault is not None:
                fault.place = origin.place_of(name)
                found.append(fault)
        return found

    def _schemas_of(self, origin: Origin) -> Iterator[Schema]:
        for given in (origin.schema, self._schema):
            if given is not None:
                from ..config.schema import schema_of

                if id(given) not in self._schemas:
                    self._schemas[id(given)] = schema_of(given)
                yield self._schemas[id(given)]

    # ---- sweeps ----

    def _of_sweep(self, sweep: Sweep) -> list[Fault]:
        from ..config.schema import as_meant, fault_of
        from ..config.tried import tried

        origin = origin_of(sweep.base)
        base = {n: v for n, v in sweep.base.globals_dict.items() if n not in sweep.names}
        names = dict.fromkeys([*base, *(name.partition(".")[0] for name in sweep.names)])
        found = self._of_names(names, sweep.base)
        if sweep.base.args or sweep.base.kwargs:
            found += self._of_arguments(sweep.base, False)
        if not self._check:
            return found
        found += self._of_types(base, origin)
        surprises = self.unknown_keys_of_axes(sweep) if self._strict else ()
        found += (_refused(one) for one in surprises if one.refused)
        schemas = list(self._schemas_of(origin))
        for name, said_value, said in tried(sweep.space):
            value = sweep.read(name, said_value)
            fault = None if "." in name else self._misfit(name, value)
            if fault is not None:
                fault.place = place_of_axis(said)
                found.append(fault)
            for schema in schemas:
                textual = [name] if is_text_place(said) else []
                meant = as_meant(schema, {name: value}, textual)
                breach = schema.breach_of(name, meant[name])
                if breach is not None:
                    found.append(fault_of(breach, schema, origin, None, place_of_axis(said)))
            if len(found) >= _ENOUGH:
                return found
        if schemas and not found:
            found += self._of_points(sweep, schemas, origin)
        return found

    def _of_points(self, sweep: Sweep, schemas: list[Schema], origin: Origin) -> list[Fault]:
        """What schemas say of whole configs: of all where there are few, else of the first one."""
        from itertools import islice

        from ..config.schema import as_meant, fault_of, textual_names

        found: list[Fault] = []
        roots = {axis.name.partition(".")[0]: axis.place for axis in sweep.space.axes()}
        for config in islice(sweep, WHOLE if sweep.size <= WHOLE else 1):
            called = _called(config.globals_dict, sweep.names)
            for schema in schemas:
                meant = as_meant(schema, config.globals_dict, textual_names(config))
                for breach in schema.breaches(meant):
                    root = (breach.key or "").partition(".")[0]
                    place = place_of_axis(roots[root]) if root in roots else None
                    found.append(fault_of(breach, schema, origin, called, place))
            if len(found) >= _ENOUGH:
                break
        return found


def _refused(surprise: Surprise) -> Fault:
    return _told(surprise.name, f"refused because strict: {surprise.message}")


def _told(name: str, message: str) -> Fault:
    return Fault(name, message, soft=False, told=message)


def _called(values: Mapping[str, Any], names: Iterable[str]) -> str:
    from ..config.fit import short_repr
    from ..config.nested import nested_values

    shown = nested_values(values, names)
    return "with " + " ".join(f"{name}={short_repr(value)}" for name, value in shown.items())
