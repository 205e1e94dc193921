"""The examples of sweeps and flows: each does what its first lines say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kohakuengine.config.loader import load_config
from kohakuengine.flow.sequential import Sequential
from kohakuengine.launch.base import Job
from kohakuengine.launch.fake import Fake
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.table import Runs

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def store(examples: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """Where a test's runs are recorded: beside the examples."""
    monkeypatch.setenv("KOGINE_HOME", str(examples.parent / "store"))
    return RunStore()


@pytest.mark.process
def test_a_study_with_a_schema_is_checked(examples: Path, shell: Shell) -> None:
    """The study of `checks/` runs, and a value beyond its bounds is told before anything does."""
    run = "kogine run scripts/train_simple.py --config checks/line_study.py --quiet"
    assert shell(run, examples).returncode == 0
    wrong = shell(f"{run} --sweep epochs=1,2.5", examples)
    assert wrong.returncode == 2
    path = examples / "checks" / "line_study.py"
    path.write_text(path.read_text().replace("0.1, 0.2]", "0.1, 2.0]"))
    wrong = shell(run, examples)
    assert wrong.returncode == 2
    assert "momentum needs" in wrong.stdout or "must be above 0 and below 1" in wrong.stdout


def newest(store: RunStore) -> Runs:
    """The runs of the newest flow, in order."""
    return Runs(store, store.ids(flow=store.flows(limit=1)[0]["id"]))


def climbed(examples: Path, *accuracies: float | Exception) -> list[int]:
    """The sizes that `climb.py` tries when its runs end so."""
    ends = iter(accuracies)

    def outcome(job: Job) -> object:
        end = next(ends)
        return end if isinstance(end, Exception) else {"accuracy": end}

    script = examples / "scripts" / "train_digits.py"
    configs = load_config(examples / "sweeps" / "climb.py")
    runs = Sequential(script, configs, launcher=lambda: Fake(outcome)).run()
    return [run.params["hidden"][0] for run in runs]


def test_the_climb_goes_on_as_long_as_it_pays(examples: Path) -> None:
    """The generator doubles the layer until a run is less than a point better than the last."""
    assert climbed(examples, 0.5, 0.7, 0.8, 0.805) == [4, 8, 16, 32]


def test_the_climb_ends_with_a_run_that_fails(examples: Path) -> None:
    """The generator looks at how its run ended, and gives nothing more after a failure."""
    assert climbed(examples, 0.5, ValueError("too wide")) == [4, 8]


@pytest.mark.process
def test_a_sweep_from_python_names_the_best(examples: Path, shell: Shell, store: RunStore) -> None:
    """The script tells which of its four runs is the best, and all are found by their tag."""
    done = shell("python sweeps/sweep_digits.py", examples)
    assert done.returncode == 0, done.stdout
    best = newest(store).best("accuracy", mode="max")
    assert f"best: {best.name}, accuracy {best.metrics['accuracy']:.4f}\n" in done.stdout
    assert store.count(tag="digits", status="finished") == 4


@pytest.mark.process
def test_each_run_keeps_its_own_model(examples: Path, shell: Shell, store: RunStore) -> None:
    """A file left in the run's folder belongs to that run, and logged losses are its metrics."""
    sweep = "kogine run sweeps/save_model.py --sweep learning_rate=0.05,0.2 --set epochs=3"
    assert shell(sweep, examples).returncode == 0
    slow, fast = newest(store)
    assert list(slow.artifacts) == list(fast.artifacts) == ["line.json"]
    with slow.artifacts.open("line.json") as one, fast.artifacts.open("line.json") as other:
        assert 0 < json.load(one)["slope"] < json.load(other)["slope"]
    assert fast.metrics["loss"] < slow.metrics["loss"]
    assert not (examples / "artifacts").exists()


@pytest.mark.process
def test_alone_the_script_keeps_its_model_beside_it(examples: Path, shell: Shell) -> None:
    """Run by plain Python, it prints its losses and writes to the working directory."""
    done = shell("python sweeps/save_model.py", examples)
    assert done.stdout.startswith("step=1 loss=2.2")
    assert (examples / "artifacts" / "line.json").exists()
    assert not (examples.parent / "store").exists()


@pytest.mark.process
@pytest.mark.parametrize(
    "command",
    ["kogine workflow sequential flow/prepare.py flow/train.py", "python flow/two_steps.py"],
)
def test_the_second_step_finds_what_the_first_one_made(
    command: str, examples: Path, shell: Shell, store: RunStore
) -> None:
    """Steps run in order, and files are how one hands over to the next."""
    done = shell(command, examples)
    assert done.returncode == 0, done.stdout
    runs = newest(store)
    assert [Path(run.script).name for run in runs[:2]] == ["prepare.py", "train.py"]
    assert len(runs.finished) == len(runs) and (examples / "points.json").exists()


@pytest.mark.process
def test_without_the_first_step_the_second_is_never_begun(
    examples: Path, shell: Shell, store: RunStore
) -> None:
    """With `--on-error stop` a step that fails is the last one."""
    flow = "kogine workflow sequential flow/prepare.py flow/train.py"
    done = shell(f"{flow} --on-error stop --set data=.", examples)
    assert done.returncode == 1
    assert [Path(run.script).name for run in newest(store)] == ["prepare.py"]
