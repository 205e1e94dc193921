"""The outcome of an attempt, of which its process and its init write a part each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kohakuengine.runs import outcome as outcome_module
from kohakuengine.runs.ending import write_ending
from kohakuengine.runs.outcome import FINISHED, INTERRUPTED, read_outcome, write_outcome
from kohakuengine.runs.paths import AttemptPaths

TIMES = {"started": 1.0, "ended": 2.0}


@pytest.fixture
def attempt(tmp_path: Path) -> AttemptPaths:
    return AttemptPaths(str(tmp_path))


def test_what_a_process_says_of_its_end_becomes_the_outcome(attempt: AttemptPaths) -> None:
    """As the same file: nothing is deleted."""
    write_ending(attempt, result={"loss": 0.5, "note": "two\nlines"}, said="so")
    written = os.stat(attempt.ending).st_ino
    write_outcome(attempt, FINISHED, 0, slot=3, **TIMES)
    outcome = read_outcome(attempt)
    assert outcome is not None
    assert outcome.result == {"loss": 0.5, "note": "two\nlines"}
    assert (outcome.status, outcome.exit_code, outcome.slot) == (FINISHED, 0, 3)
    assert os.stat(attempt.outcome).st_ino == written
    assert os.listdir(attempt.folder) == ["outcome.json"]


def test_what_said_nothing_has_an_outcome(attempt: AttemptPaths) -> None:
    write_outcome(attempt, INTERRUPTED, None, reason="it was killed", **TIMES)
    outcome = read_outcome(attempt)
    assert outcome is not None
    assert (outcome.status, outcome.reason, outcome.told) == (
        INTERRUPTED,
        "it was killed",
        False,
    )


@pytest.mark.parametrize("written", [1, 20, 200])
def test_an_init_killed_amid_the_outcome_loses_nothing(
    attempt: AttemptPaths, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Whoever settles the run then finds what its process said, and writes the rest anew."""
    write_ending(attempt, result=[1, 2])
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module.os, "replace", _killed)
        with pytest.raises(KeyboardInterrupt):
            write_outcome(attempt, FINISHED, 0, reason="x" * 300, **TIMES)
    whole = os.path.getsize(attempt.ending)
    os.truncate(attempt.ending, whole - written)
    assert read_outcome(attempt) is None
    write_outcome(attempt, INTERRUPTED, None, reason="lost", **TIMES)
    outcome = read_outcome(attempt)
    assert outcome is not None
    assert (outcome.status, outcome.reason, outcome.result) == (INTERRUPTED, "lost", [1, 2])


@pytest.mark.parametrize("text", ["", '{"result": 1}', '{"format": 1,\n"ending'])
def test_a_file_that_is_none_of_ours_does_no_harm(attempt: AttemptPaths, text: str) -> None:
    """Such as a script may leave, or another version."""
    Path(attempt.ending).write_text(text)
    write_outcome(attempt, FINISHED, 0, **TIMES)
    outcome = read_outcome(attempt)
    assert outcome is not None and outcome.status == FINISHED


def _killed(*arguments: Any) -> None:
    raise KeyboardInterrupt
