"""What a run's directory says is to be run, ready to be executed."""

from __future__ import annotations

import os

from ..engine.program import program_of
from ..engine.script import Script
from ..runs.values import read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..engine.program import Program
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
    return script, program


def _script(paths: RunPaths, spec: dict[str, Any]) -> Script:
    """The script as it was when the flow began: an edit isn't to reach half of a sweep."""
    text = None
    if spec.get("source"):
        source = paths.store.flow(spec["flow"]).source
        with open(os.path.join(source, spec["source"]), "rb") as file:
            text = file.read()
    return Script(**spec["script"], text=text)


def _kept_program(paths: RunPaths, spec: dict[str, Any], script: Script) -> Program | None:
    """The program that the coordinator has compiled; None where there is none for this process."""
    if not spec.get("program") or spec["config"] is None:
        return None
    file = os.path.join(paths.store.flow(spec["flow"]).programs, spec["program"])
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except OSError:
        return None
    return program_of(data, script.read(), script.path, spec["config"]["globals_dict"])
