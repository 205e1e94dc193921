"""Refuse before a run is started what can't be run."""

from __future__ import annotations

from ..config.members import holds_members
from ..config.origin import said_in_text
from ..config.siblings import one_at_a_time
from ..engine.compiler import compile_program
from ..engine.program import has_plain_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..config.base import Config
    from ..config.faults import Fault
    from ..engine.compiler import Examine
    from ..engine.examiner import Examiner
    from ..engine.script import Script
    from .options import Options
    from .plan import Plan, Planned


class Examiners:
    """Examines configs, each for its own script, under the options of a flow.

    Args:
        options: The options.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._made: dict[Script, Examiner] = {}

    def of(self, script: Script) -> Examiner:
        """What examines the configs of a script."""
        if script not in self._made:
            self._made[script] = _examiner(script, self._options)
        return self._made[script]

    def check_plan(self, plan: Plan) -> None:
        """Refuse a plan with faults, as far as nothing has to be made to find them: all at once.

        Raises:
            CheckError: There are faults.
            ScriptError: A script can't be read, or isn't valid Python.
        """
        from ..config.faults import refuse_faults

        faults: list[Fault] = []
        with one_at_a_time:
            for script, configs in plan.items:
                source = getattr(configs, "source", configs)
                faults += self.of(script).faults_of_all(source)
        refuse_faults(faults)

    def check(self, planned: Planned) -> None:
        """Refuse a run whose config doesn't fit.

        Raises:
            CheckError: It doesn't; all of its faults are told.
        """
        faults = self.of(planned.script).faults(planned.config, planned.name)
        if faults:
            from ..config.faults import refuse_faults

            refuse_faults(faults)


def as_wanted(config: Config, script: Script) -> Config:
    """A config, in which what a text file says is what the script wants; see engine/readings.py.

    Members of the script's Enums are what the script has: see engine/own_members.py.
    """
    if config.origin is not None and said_in_text(config):
        from ..engine.readings import Reader

        config = Reader(script).read(config)
    if holds_members(config):
        from ..engine.own_members import OwnMembers

        config = OwnMembers(script).read(config)
    return config


def examine_of(script: Script, config: Config, options: Options) -> Examine | None:
    """What `compile_program` is to ask of a config; None where there is nothing to ask."""
    schemas = (options.schema, config.origin and config.origin.schema)
    said = config.globals_dict or config.args or config.kwargs
    if not said and not any(schemas):
        return None
    return _examiner(script, options).of_program(config)


def _examiner(script: Script, options: Options) -> Examiner:
    from ..engine.examiner import Examiner  # which a plain run doesn't need

    return Examiner(script, strict=options.strict, check=options.check, schema=options.schema)


class Checks:
    """Checks runs before they begin; their scripts are compiled once for those of the same names.

    Args:
        options: Of the flow.
        keep: Keeps a program as bytes for the runs' processes, and gives the name under which.
    """

    def __init__(self, options: Options, keep: Callable[[bytes], str]) -> None:
        self._strict = options.strict
        self._examiners = Examiners(options)
        self._keep = keep
        self._done: dict[tuple[object, ...], str | None] = {}
        self._told: set[str] = set()

    def warnings(self, planned: Planned) -> list[str]:
        """What a config does to a script that its user may not expect, one sentence each.

        Raises:
            ScriptError, OverrideError: They don't go together, because of what the message says.
            StoreError: The program can't be kept.
        """
        self._examiners.check(planned)
        script, config = planned.script, planned.config
        shape = _shape(script, config)
        examiner = self._examiners.of(script)
        if shape in self._done:  # dictionaries alone may differ in what there is to warn of
            return self._new(one.message for one in examiner.unknown_keys(config))
        self._done[shape] = None
        examine = examiner.of_program(config)
        checked = Checked(script, config, self._strict, examine)
        if checked.program is not None:
            self._done[shape] = self._keep(checked.program)
        return self._new(checked.warnings)

    def _new(self, warnings: Iterable[str]) -> list[str]:
        """Those that haven't been told."""
        new = [one for one in dict.fromkeys(warnings) if one not in self._told]
        self._told.update(new)
        return new

    def program(self, script: Script, config: Config) -> str | None:
        """The name of the program that a checked config runs; None where there is none to keep."""
        name = self._done[_shape(script, config)]
        return name if name and has_plain_values(config.globals_dict) else None


def _shape(script: Script, config: Config) -> tuple[object, ...]:
    return (script, *config.globals_dict, None, len(config.args), *config.kwargs)


class Checked:
    """A config that has been checked against its script.

    Attributes:
        warnings: What it does that its user may not expect, one sentence each.
        program: The program, for other processes; None where they have to compile it.

    Raises:
        ScriptError, OverrideError: They don't go together, because of what the message says.
    """

    def __init__(
        self, script: Script, config: Config, strict: bool, examine: Examine | None = None
    ) -> None:
        import warnings

        with one_at_a_time, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            program = compile_program(script, config, strict=strict, examine=examine)
        self.warnings = program.warnings
        # What Python's compiler has to say, the run's own process is to say.
        self.program = None if said else program.to_bytes()
