"""What a run's directory says is to be run, ready to be executed."""

from __future__ import annotations

import os

from ..engine.program import program_of, template_of
from ..engine.script import Script
from ..errors import KogineError
from ..runs.values import read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..engine.program import Program, Template
    from ..runs.paths import RunPaths


def prepared(paths: RunPaths) -> tuple[Script, Program]:
    """The script of a run, and its program.

    Raises:
        KogineError: It can't be run, because of what the message says.
        Exception: Its config can't be unpickled.
    """
    spec = read_json(paths.spec)
    script = _script(paths, spec)
    program = _kept_program(paths, spec, script)
    if program is None:
        from ..engine.compiler import compile_program
        from ..runs.spec import config_of

        # Its warnings were given before this process was started.
        program = compile_program(script, config_of(paths, spec), strict=spec["strict"])
    if spec.get("shared"):
        from ..runs.spec import shared_of

        program.given = shared_of(paths, spec, script.folder)
    return script, program


class Preparation:
    """Prepares one run after the other, as far as that executes nothing of the user's; what they
    have in common is done once.
    """

    def __init__(self) -> None:
        self._scripts: dict[object, Script] = {}
        self._templates: dict[str, Template] = {}

    def of(self, paths: RunPaths) -> tuple[Script, Program] | None:
        """As `prepared()`; None where that is for the run's own process to do, or to complain of."""
        try:
            spec = read_json(paths.spec)
            if not (spec.get("source") and spec.get("program") and spec["config"] is not None):
                return None
            if spec.get("shared"):
                return None
            flow = paths.store.flow(spec["flow"])
            script = self._script(paths, spec, os.path.join(flow.source, spec["source"]))
            template = self._template(os.path.join(flow.programs, spec["program"]))
        except (OSError, ValueError, KeyError, KogineError):
            return None
        if template is None:
            return None
        values = spec["config"]["globals_dict"]
        program = template.with_values(script.read(), script.code_file, values)
        return None if program is None else (script, program)

    def _script(self, paths: RunPaths, spec: dict[str, Any], source: str) -> Script:
        status = os.stat(source)
        key = (source, status.st_mtime_ns, status.st_size, str(spec["script"]))
        if key not in self._scripts:
            self._scripts.clear()
            self._scripts[key] = _script(paths, spec)
        return self._scripts[key]

    def _template(self, file: str) -> Template | None:
        """The program in a file, which is named by what is in it."""
        if file not in self._templates:
            self._templates.clear()
            template = template_of(_read(file))
            if template is None:
                return None
            self._templates[file] = template
        return self._templates[file]


def _script(paths: RunPaths, spec: dict[str, Any]) -> Script:
    """The script as it was when the flow began: an edit isn't to reach half of a sweep."""
    if not spec.get("source"):
        return Script(**spec["script"])
    kept = os.path.join(paths.store.flow(spec["flow"]).source, spec["source"])
    script = Script(**spec["script"], text=_read(kept))
    if script.is_notebook:
        script.code_file = kept  # where whoever shows a traceback finds its lines
    return script


def _kept_program(paths: RunPaths, spec: dict[str, Any], script: Script) -> Program | None:
    """The program that the coordinator has compiled; None where there is none for this process."""
    if not spec.get("program") or spec["config"] is None:
        return None
    try:
        data = _read(os.path.join(paths.store.flow(spec["flow"]).programs, spec["program"]))
    except OSError:
        return None
    return program_of(data, script.read(), script.code_file, spec["config"]["globals_dict"])


def _read(file: str) -> bytes:
    with open(file, "rb", buffering=0) as opened:
        return opened.readall()
