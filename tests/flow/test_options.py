"""What can be chosen for a flow."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kohakuengine import Options
from kohakuengine.errors import ConfigError
from kohakuengine.flow.options import cores

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no workers": ({"workers": 0}, "workers must be a whole number of at least 1, got 0"),
    "half a worker": ({"workers": 1.5}, "workers must be a whole number of at least 1, got 1.5"),
    "workers by name": ({"workers": "2"}, "workers must be .* got '2'"),
    "a truth for a number": ({"workers": True}, "workers must be .* got True"),
    "negative retries": ({"retries": -1}, "retries must be .* at least 0, got -1"),
    "no retries": ({"retries": None}, "retries must be .* at least 0, got None"),
    "negative delay": ({"retry_delay": -0.5}, "retry_delay must be a number of at least 0"),
    "no time": ({"timeout": 0}, "timeout must be a number above 0, got 0"),
    "no number": ({"timeout": float("nan")}, "timeout must be a number above 0, got nan"),
    "tiny log": ({"max_log": 10}, "max_log must be a whole number of at least 1024, got 10"),
    "on_error": ({"on_error": "halt"}, "on_error must be one of continue, stop, cancel"),
    "no folder": ({"cwd": "/no/such/folder"}, "cwd: there is no folder /no/such/folder"),
    "env of numbers": ({"env": {"A": 1}}, "env must be a dict of str by str"),
    "env with =": ({"env": {"A=B": "1"}}, "env must be names without ="),
    "env with NUL": ({"env": {"A": "\0"}}, "texts without NUL"),
    "a tag of nothing": ({"tags": [""]}, "tags must be a list of words"),
    "a pattern": ({"metrics": "("}, "metrics|pattern"),
    "gpus as a number": ({"gpus": 2}, "gpus must be"),
    "no gpus": ({"gpus": []}, "gpus must be"),
}


@pytest.mark.parametrize("choices, message", WRONG.values(), ids=WRONG)
def test_values_that_cannot_be_are_refused(choices: dict[str, Any], message: str) -> None:
    """One sentence says which option, what it may be and what it was."""
    with pytest.raises(ConfigError, match=message):
        Options(**choices)


def test_unknown_options_are_refused() -> None:
    """A misspelt name isn't dropped in silence."""
    with pytest.raises(TypeError, match="worker"):
        Options(worker=2)  # type: ignore[call-arg]


def test_one_word_is_a_list_of_one() -> None:
    """Of tags, and of what is tried again."""
    options = Options(tags="baseline", retry_on=3)  # type: ignore[arg-type]
    assert (options.tags, options.retry_on) == (["baseline"], [3])
    assert Options(retry_on="ValueError").retry_on == ["ValueError"]


def test_a_folder_is_kept_with_its_whole_path(tmp_path: Path, monkeypatch) -> None:
    """So that it is the same one wherever a flow is gone on with."""
    monkeypatch.chdir(tmp_path)
    os.mkdir("here")
    assert Options(cwd="here").cwd == str(tmp_path / "here")
    assert Options(cwd=tmp_path).cwd == str(tmp_path)


def test_options_survive_json(tmp_path: Path) -> None:
    """What is written into a flow's record makes the same options again."""
    options = Options(
        name="n",
        tags=["t"],
        workers=3,
        on_error="stop",
        retries=2,
        retry_on=["failed", 3],
        timeout=1.5,
        env={"A": "1"},
        cwd=tmp_path,
        gpus=[0, "GPU-1"],
        max_log=4096,
        metrics=r"(?P<name>\w+)->(?P<value>\d+)",
        strict=True,
    )
    again = Options(**json.loads(json.dumps(options.to_json())))
    assert vars(again) == vars(options)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="there is no such call")
def test_cores_are_those_that_this_process_may_use() -> None:
    """A job that was given one core of a hundred doesn't start a hundred runs."""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)
