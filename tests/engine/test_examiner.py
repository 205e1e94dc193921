"""Configs are examined before anything runs with them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohakuengine.config import axes
from kohakuengine.config.base import Config
from kohakuengine.config.faults import Fault, error_of_faults, refuse_faults
from kohakuengine.config.sweep import Sweep
from kohakuengine.engine.examiner import Examiner
from kohakuengine.engine.script import Script
from kohakuengine.errors import CheckError, ConfigError, OverrideError

TEXT = """\
from typing import Literal
lr: float = 0.1
epochs: int = 3
opt: Literal["sgd", "adam"] = "sgd"
width = 8
model = {"layers": 2}
print(lr, epochs, opt, width, model)
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    path = tmp_path_factory.mktemp("scripts") / "train.py"
    path.write_text(TEXT)
    return Script(path)


def keys(faults: list[Fault]) -> list[str | None]:
    return [fault.key for fault in faults]


def test_all_faults_of_a_config_are_found(script: Script) -> None:
    """Types, choices and, under strict, unknown names, all at once; others are no faults."""
    config = Config({"lr": "a", "epochs": 3, "opt": "adma", "width": 2.5, "lrr": 1})
    assert keys(Examiner(script).faults(config)) == ["lr", "opt"]
    assert keys(Examiner(script, strict=True).faults(config)) == ["lrr", "lr", "opt"]
    assert keys(Examiner(script, strict=True, check=False).faults(config)) == ["lrr"]


def test_names_that_python_keeps_are_found(script: Script) -> None:
    """What can't be a variable is told with the other faults."""
    config = Config({"__name__": 1, "a-b": 2, "lr": "a"})
    assert keys(Examiner(script).faults(config)) == ["__name__", "a-b", "lr"]


def test_a_schema_is_asked_besides(script: Script) -> None:
    """What a schema says is told with what the script says."""
    pydantic = pytest.importorskip("pydantic")

    class Schema(pydantic.BaseModel):
        lr: float = pydantic.Field(0.1, gt=0)

    faults = Examiner(script, schema=Schema).faults(Config({"lr": -1, "opt": 3}))
    assert keys(faults) == ["opt", "lr"]
    assert "by the schema Schema, input should be greater than 0" in str(faults[1])


def test_a_sweep_is_examined_by_its_axes(script: Script) -> None:
    """Each value of an axis is told once, however many points have it; what is the same for all,
    too.
    """
    sweep = Sweep(
        Config({"opt": "x"}),
        {"lr": [0.1, "a", -1], "epochs": range(10**6), "width": range(10**6)},
    )
    faults = Examiner(script).faults_of_all(sweep)
    assert keys(faults) == ["opt", "lr"]
    assert faults[1].place == "sweep axis" and faults[1].value == "'a'"


def test_a_huge_sweep_is_examined_without_being_made(script: Script) -> None:
    """Of 10**9 points no Config is made but the first."""
    made: list[int] = []

    class Counted(Sweep):
        def _config(self, point: dict[str, Any]) -> Config:
            made.append(1)
            return super()._config(point)

    pydantic = pytest.importorskip("pydantic")

    class Schema(pydantic.BaseModel):
        lr: float
        epochs: int = pydantic.Field(le=1_000)

    whole = {name: range(1_000) for name in ("lr", "epochs", "width")}
    sweep = Counted(Config(), whole)
    assert sweep.size == 10**9
    assert Examiner(script, schema=Schema).faults_of_all(sweep) == []
    assert len(made) == 1
    sweep = Counted(Config(), {**whole, "epochs": axes.range(0, 10**6)})
    faults = Examiner(script, schema=Schema).faults_of_all(sweep)
    assert set(keys(faults)) == {"epochs"}


def test_validators_of_the_whole_are_asked_of_each_point_of_a_small_sweep(script: Script) -> None:
    """Up to 1,000 points a schema sees each config before the first run, with what tells it."""
    pydantic = pytest.importorskip("pydantic")

    class Schema(pydantic.BaseModel):
        lr: float
        opt: str

        @pydantic.model_validator(mode="after")
        def _both(self) -> Schema:
            if self.opt == "adam" and self.lr > 0.5:
                raise ValueError("too much for adam")
            return self

    sweep = Sweep(Config(), {"opt": ["sgd", "adam"], "lr": [0.1, 1.0]})
    [fault] = Examiner(script, schema=Schema).faults_of_all(sweep)
    assert str(fault) == "with opt='adam' lr=1.0: by the schema Schema, too much for adam."


def test_names_of_a_sweep_are_checked_under_strict(script: Script) -> None:
    """A swept name that the script lacks is told once; a part of a dictionary is no new name."""
    sweep = Sweep(Config({"model": {}}), {"lrr": [1, 2], "model.layers": [3]})
    assert keys(Examiner(script, strict=True).faults_of_all(sweep)) == ["lrr"]
    assert Examiner(script).faults_of_all(sweep) == []


def test_a_list_is_examined_and_a_generator_is_not(script: Script) -> None:
    """Configs that are there are all examined; those that have to be made aren't made for it."""
    configs = [Config({"lr": 1}), Config({"lr": "a"}), Config({"epochs": "b"})]
    examiner = Examiner(script)
    assert keys(examiner.faults_of_all(configs)) == ["lr", "epochs"]
    assert examiner.faults_of_all(lambda: pytest.fail("it was made")) == []
    assert examiner.faults_of_all(iter(configs)) == []


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
FITS = {
    "lr": lambda v: isinstance(v, (int, float)),
    "epochs": lambda v: isinstance(v, int),
    "opt": lambda v: v in ("sgd", "adam"),
    "width": lambda v: True,
}


@given(st.dictionaries(st.sampled_from(list(FITS)), st.lists(values, min_size=1, max_size=4)))
def test_a_sweep_has_faults_where_one_of_its_configs_has(script: Script, given: dict) -> None:
    """The axes are refused for exactly those keys for which some config of the sweep would be."""
    examiner = Examiner(script)
    by_model = {name for name, those in given.items() if not all(map(FITS[name], those))}
    if not given:
        return
    sweep = Sweep(Config(), given)
    by_config = {key for config in sweep for key in keys(examiner.faults(config))}
    assert set(keys(examiner.faults_of_all(sweep))) == by_config == by_model


def test_the_error_tells_all_faults_and_survives_pickling(script: Script) -> None:
    """One fault is one sentence, several are a line each; both are OverrideError and ConfigError."""
    faults = Examiner(script).faults(Config({"lr": "a", "opt": "adma"}))
    with pytest.raises(CheckError) as caught:
        refuse_faults(faults)
    error = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(error, OverrideError) and isinstance(error, ConfigError)
    assert error.key is None and keys(list(error.faults)) == ["lr", "opt"]
    assert str(error).startswith("2 faults, nothing was run:\n  lr='a': ")
    assert str(error).endswith("check=False, or --no-check, runs it all the same.")
    one = error_of_faults(faults[:1])
    assert one.key == "lr" and "\n" not in str(one)
    many = error_of_faults([Fault(f"k{n}", "is wrong") for n in range(30)])
    assert "... and 10 more" in str(many) and len(many.faults) == 30


def test_a_script_without_annotations_takes_anything(tmp_path: Path) -> None:
    """Any object of Python is a value for a variable without an annotation."""
    path = tmp_path / "plain.py"
    path.write_text("lr = 0.1\nname = 'a'\nprint(lr, name)\n")
    config = Config({"lr": "fast", "name": object(), "new": print})
    assert Examiner(Script(path)).faults(config) == []
