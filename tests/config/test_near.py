"""What a misspelt name may mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kohakuengine
from kohakuengine.config import axes
from kohakuengine.config.loader import load_config
from kohakuengine.config.near import did_you_mean, did_you_mean_file, nearest
from kohakuengine.engine.script import Script
from kohakuengine.errors import ConfigError, ConfigTypeError, LauncherError

PY = (".py",)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("train.py", "a.py", "scripts/prepare.py", "pkg/__init__.py", "pkg/tool.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("def main():\n    pass\n")
    return tmp_path


@pytest.mark.parametrize(
    "typed, meant",
    {
        "trian.py": "train.py",
        "trian": "train.py",
        "train": "train.py",
        "script/prepare.py": "scripts/prepare.py",
        "scripts/prepar.py": "scripts/prepare.py",
        "script/prepar.py": "scripts/prepare.py",
        "prepare.py": "scripts/prepare.py",
        "lib/train.py": "train.py",
    }.items(),
)
def test_a_file_that_may_be_meant_is_named(typed: str, meant: str, folder: Path) -> None:
    """It is of a similar name, in a folder of a similar name, or elsewhere below."""
    assert did_you_mean_file(typed, PY) == f"; did you mean {meant}?"


@pytest.mark.parametrize("typed", ["a.yamll", "a.yml", "a.yam"])
def test_of_files_that_differ_in_their_ends_the_nearest_is_first(typed: str, folder: Path) -> None:
    """A misspelt end is one, too."""
    ends = (".py", ".yaml", ".yml", ".toml", ".json")
    for end in (".json", ".toml", ".yaml"):
        (folder / f"a{end}").touch()
    (folder / "a.yaml.yaml").touch()
    assert did_you_mean_file(typed, ends).startswith("; did you mean a.yaml")


def test_where_nothing_is_alike_nothing_is_named(folder: Path) -> None:
    """The sentence ends there."""
    assert did_you_mean_file("unlike.py", PY) == "."
    assert did_you_mean_file("/nowhere/at/all.py", PY) == "."
    assert did_you_mean("unlike", ["train"], ": there is train.") == ": there is train."


def test_what_is_hidden_or_installed_is_not_named(folder: Path) -> None:
    """Environments and hidden folders aren't searched."""
    for place in (".venv", "node_modules", "venv"):
        (folder / place).mkdir()
        (folder / place / "lost.py").touch()
    assert did_you_mean_file("lost.py", PY) == "."


@given(st.text(max_size=6), st.lists(st.text(max_size=6)))
def test_only_what_there_is_is_named(name: str, names: list[str]) -> None:
    """What is named is there, and a name that is there is named first."""
    assert set(nearest(name, names)) <= set(names)
    if name and name in names:
        assert name in nearest(name, names, len(names))


TYPED: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "a script": (lambda: Script("trian.py"), ConfigError, "train.py"),
    "a script without its end": (lambda: Script("trian"), ConfigError, "train.py"),
    "a module": (lambda: Script("pkg.tol"), ConfigError, "pkg.tool"),
    "a config file": (lambda: load_config("script/prepare.py"), ConfigError, "scripts/prepare.py"),
    "an entrypoint": (lambda: kohakuengine.run("train.py:mian"), ConfigError, "main"),
    "a launcher": (lambda: kohakuengine.run("train.py", launcher="wram"), LauncherError, "warm"),
    "a flow's launcher": (
        lambda: kohakuengine.Sequential("train.py", launcher="wram"),
        LauncherError,
        "warm",
    ),
    "an option": (
        lambda: kohakuengine.sweep("train.py", {"lr": [1]}, wrokers=2),
        ConfigTypeError,
        "workers",
    ),
    "a choice": (
        lambda: kohakuengine.Sequential("train.py", on_error="contine"),
        ConfigError,
        "continue",
    ),
    "a status": (
        lambda: kohakuengine.Sequential("train.py", retry_on=["faild"]),
        ConfigError,
        "failed",
    ),
    "a mode": (lambda: kohakuengine.Flow("train.py", mode="paralel"), ConfigError, "parallel"),
    "a function of axes": (
        lambda: axes.grid({"lr": "lienspace(0, 1, 3)"}),
        ConfigError,
        r"linspace\(\.\.\.\)",
    ),
    "a function within": (
        lambda: axes.as_space("grid(lr=lienspace(0, 1, 3))"),
        ConfigError,
        r"linspace\(\)",
    ),
    "an argument of it": (
        lambda: axes.grid({"lr": "linspace(0, 1, nmu=3)"}),
        ConfigError,
        "num",
    ),
    "a condition": (
        lambda: len(axes.exclude({"epochs": [1]}, "epoch > 1")),
        ConfigError,
        "epochs",
    ),
    "a public name": (lambda: kohakuengine.Confg, AttributeError, "Config"),
}


@pytest.mark.parametrize("what", TYPED)
def test_wherever_a_name_is_typed_what_may_be_meant_is_said(what: str, folder: Path) -> None:
    """A misspelt name is told with the one that it may mean."""
    call, kind, meant = TYPED[what]
    kinds = kohakuengine.KogineError if kind is ConfigError else kind
    with pytest.raises(kinds, match=f"did you mean {meant}"):
        call()
