"""Nothing is launched with a config that doesn't fit: one check for run(), sweep() and flows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from shared import fake  # noqa: F401

import kohakuengine
from kohakuengine import Config, Parallel, Sequential
from kohakuengine.errors import CheckError, OverrideWarning
from kohakuengine.flow.preview import Preview
from kohakuengine.runs.store import RunStore

TEXT = """\
lr: float = 0.1
epochs: int = 3
spare = 1


def main():
    return [lr, epochs]


main()
"""


@dataclass
class Schema:
    lr: float = 0.1
    epochs: int = 3

    def __post_init__(self) -> None:
        if self.lr * self.epochs > 10:
            raise ValueError("lr times epochs is above 10")


@pytest.fixture
def train(script: Any) -> Path:
    return script(TEXT)


def refused(call: Any, store: RunStore) -> list[str | None]:
    """The keys of the faults that something is refused for, where nothing was recorded."""
    with pytest.raises(CheckError) as caught:
        call()
    assert store.count() == 0 and not store.flows()
    return [fault.key for fault in caught.value.faults]


BAD = {"lr": "a", "epochs": 1.5}


def test_run_refuses_what_does_not_fit(train: Path, store: RunStore) -> None:
    """`run()` tells all faults before anything runs, wherever it would have."""
    for launcher in ("inline", "fresh"):
        call = lambda: kohakuengine.run(train, globals_dict=BAD, launcher=launcher)
        assert refused(call, store) == ["lr", "epochs"]


def test_sweeps_and_flows_refuse_it_too(train: Path, store: RunStore) -> None:
    """So do `sweep()` and flows, over all of their scripts and configs, and before a dry run."""
    bad = [Config({"lr": 1}), Config(BAD)]
    assert refused(lambda: kohakuengine.sweep(train, {"lr": [1, "a"]}, show=False), store) == ["lr"]
    assert refused(lambda: Sequential(train, bad).run(), store) == ["lr", "epochs"]
    both = [(train, Config({"lr": "a"})), (train, Config({"epochs": "b"}))]
    assert refused(lambda: Parallel(both).run(), store) == ["lr", "epochs"]
    assert refused(lambda: Preview(Parallel(both), False, 10), store) == ["lr", "epochs"]


def test_a_generator_is_checked_config_by_config(
    train: Path, store: RunStore, fake: Any  # noqa: F811
) -> None:
    """What is made on the way is refused when it is made; what ran before is kept."""

    def configs():
        yield Config({"lr": 1})
        yield Config(BAD)

    launcher = fake()
    handle = Sequential(train, configs, launcher="fake").start()
    with pytest.raises(CheckError, match="2 faults"):
        handle.wait(30)
    assert len(launcher.submitted) == 1
    with pytest.raises(CheckError, match="2 faults"):
        Preview(Sequential(train, configs, launcher="fake"), False, 10)


def test_a_schema_is_given_as_an_argument(train: Path, store: RunStore) -> None:
    """`schema=` holds for `run()`, for `sweep()` and for flows; it may look at the whole."""
    calls = [
        lambda: kohakuengine.run(train, globals_dict={"lr": 5}, schema=Schema),
        lambda: kohakuengine.sweep(train, {"lr": [0.1, 5]}, schema=Schema, show=False),
        lambda: Sequential(train, Config({"lr": 5}), schema=Schema).run(),
    ]
    for call in calls:
        with pytest.raises(CheckError, match="by the schema Schema, lr times epochs is above 10"):
            call()
    assert store.count() == 0
    assert kohakuengine.run(train, globals_dict={"lr": 1}, schema=Schema) == [1, 3]


def test_a_schema_of_a_config_file_holds_with_what_is_set_above_it(
    train: Path, store: RunStore, tmp_path: Path
) -> None:
    """`_schema` is asked of the values as they would be run with."""
    text = "import dataclasses\n@dataclasses.dataclass\nclass S:\n    lr: float = 0\n_schema = S\n"
    (tmp_path / "conf.py").write_text(text + "lr = 1.0\n")
    call = lambda: kohakuengine.run(
        train, config_path=tmp_path / "conf.py", globals_dict={"epochs": 2}
    )
    assert refused(call, store) == ["epochs"]
    call = lambda: kohakuengine.sweep(
        train, {"lr": ["a"]}, config_path=tmp_path / "conf.py", show=False
    )
    with pytest.raises(CheckError, match="lr='a' .sweep axis.: by the schema S"):
        call()


def test_what_is_not_checked_runs(train: Path) -> None:
    """`check=False` takes any value, and any schema."""
    assert kohakuengine.run(train, globals_dict={"lr": "a"}, check=False) == ["a", 3]
    runs = kohakuengine.sweep(
        train, {"lr": ["a"]}, launcher="inline", check=False, schema=Schema, show=False
    )
    assert runs.results == [["a", 3]]


def test_values_stay_what_was_given(train: Path) -> None:
    """A check converts nothing: an int for a float stays an int."""
    result = kohakuengine.run(train, globals_dict={"lr": 1}, schema=Schema)
    assert type(result[0]) is int


def test_strict_is_told_with_the_other_faults(train: Path, store: RunStore) -> None:
    """Unknown names are faults under strict, in `run()` and in flows; else warnings."""
    values = {"lrr": 1, "lr": "a"}
    calls = [
        lambda: kohakuengine.run(train, globals_dict=values, strict=True),
        lambda: Sequential(train, Config(values), strict=True).run(),
        lambda: kohakuengine.sweep(train, {"lrr": [1], "lr": ["a"]}, strict=True, show=False),
    ]
    for call in calls:
        assert refused(call, store) == ["lrr", "lr"]
    with pytest.warns(OverrideWarning, match="Did you mean lr?"):
        kohakuengine.run(train, globals_dict={"lrr": 1})


def test_an_override_that_nothing_reads_is_warned_of(train: Path) -> None:
    """Once; the run goes on."""
    with pytest.warns(OverrideWarning, match=r"reads spare \(line 3\): it changes nothing") as said:
        kohakuengine.run(train, globals_dict={"spare": 2})
    assert len(said) == 1
    assert kohakuengine.run(train, globals_dict={"lr": 2}) == [2, 3]


@pytest.mark.process
def test_a_detached_flow_is_refused_at_once(train: Path, store: RunStore) -> None:
    """What doesn't fit is told to whoever begins it."""
    assert refused(lambda: Sequential(train, Config(BAD)).start(detach=True), store) == [
        *("lr", "epochs")
    ]


def test_an_option_that_is_no_schema_is_refused(train: Path) -> None:
    """An instance in place of the class is told as such."""
    with pytest.raises(TypeError, match="give the class itself"):
        Sequential(train, schema=Schema())
