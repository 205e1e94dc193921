"""Attempts for the launchers' tests, as a coordinator hands them over."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import Any

from kohakuengine.config.base import Config
from kohakuengine.engine.script import Script
from kohakuengine.launch.base import Job
from kohakuengine.runs.outcome import Outcome, read_outcome
from kohakuengine.runs.paths import StorePaths
from kohakuengine.runs.spec import write_spec


def make_job(
    folder: Path,
    script: Script | Path,
    config: Config | None = None,
    *,
    strict: bool = False,
    source: str | None = None,
    **facts: Any,
) -> Job:
    """A first attempt at a run, with its directory in a store in `folder`.

    Args:
        folder: Where the store is.
        script: What to run.
        config: What to run it with.
        strict: Refuse overrides of names that have no default in the script.
        source: The script's text as the flow has kept it, where that isn't what the file says.
        facts: What else `Job` takes: environ, cwd, slot, timeout, max_log.
    """
    script = script if isinstance(script, Script) else Script(script)
    config = config or Config()
    id = os.urandom(16).hex()
    store = StorePaths(str(folder / ".kogine"))
    paths = store.run(id)
    os.makedirs(paths.attempt(1).folder)
    spec = {
        "id": id,
        "flow": "0" * 32,
        "script": {
            "target": script.name,
            "entrypoint": script.entrypoint,
            "argv": list(script.argv),
        },
        "strict": strict,
        "source": None,
    }
    if source is not None:
        kept = Path(store.flow("0" * 32).source)
        kept.mkdir(parents=True, exist_ok=True)
        (kept / f"{id}.py").write_text(source)
        spec["source"] = f"{id}.py"
    write_spec(paths, spec, config)
    return Job(id, paths, 1, script=script, config=config, strict=strict, **facts)


def wait_until(launcher: Any, condition: Any, seconds: float = 60) -> None:
    """Let a launcher work until something holds, and fail when it doesn't in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        select.select(launcher.wake_fds(), [], [], 0.005)
        launcher.poll([])  # as flows do all the time


def wait_for(launcher: Any, job: Job, seconds: float = 60) -> Outcome:
    """How an attempt ended, once it has."""
    wait_until(launcher, lambda: launcher.poll([job.id]), seconds)
    outcome = read_outcome(job.attempt)
    assert outcome is not None, "it has ended without an outcome"
    return outcome


def finish(launcher: Any, job: Job) -> Outcome:
    """Submit an attempt, and give how it ended."""
    launcher.submit(job)
    return wait_for(launcher, job)


def output(job: Job) -> str:
    """What an attempt has printed."""
    return Path(job.attempt.output).read_bytes().decode("utf-8", "replace")


def is_alive(pid: int) -> bool:
    """Whether a process is there, and more than an entry that nobody has collected yet."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
