"""How a shell completes the ids of runs and flows."""

from __future__ import annotations

import pytest
from stored import Stored, stored, sweep  # noqa: F401

from kohakuengine.cli.app import COMPLETION, parse_command

WORDS = {
    "runs and flows": ("show f", ["f1000000"]),
    "a run": ("logs a", ["a3000000", "a2000000", "a1000000"]),
    "much of an id": ("logs a100000000", ["a100000000"]),
    "a further run": ("compare a1 a2", ["a2000000"]),
    "flows only": ("runs ", ["f1000000"]),
    "no id": ("show x", []),
    "an injected filter": ("show a'--", []),
}


@pytest.mark.parametrize("line, expected", WORDS.values(), ids=WORDS)
def test_an_id_is_completed(
    line: str, expected: list[str], sweep: Stored, monkeypatch, capsys
) -> None:
    """By what it begins with, the newest first."""
    assert completed(line, monkeypatch, capsys) == expected


def test_without_a_store_there_is_nothing_to_complete(tmp_path, monkeypatch, capsys) -> None:
    """And none is made."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "none"))
    assert completed("show ", monkeypatch, capsys) == []
    assert not (tmp_path / "none").exists()


def completed(line: str, monkeypatch, capsys) -> list[str]:
    """What the command offers to bash."""
    words = f"kogine {line}"
    split = words.split(" ")
    monkeypatch.setenv("COMP_WORDS", "\n".join(split))
    monkeypatch.setenv("COMP_CWORD", str(len(split) - 1))
    monkeypatch.setenv(COMPLETION, "bash_complete")
    with pytest.raises(SystemExit):
        parse_command([])
    lines = capsys.readouterr().out.splitlines()
    return [line.removeprefix("plain,") for line in lines if line]
