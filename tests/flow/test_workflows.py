"""Flows over real scripts: what runs, what they are given, and what is known of them afterwards."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from shared import SECONDS, configs, statuses
from witness import assert_index_is_right

from kohakuengine import (
    Config,
    ConfigGenerator,
    Flow,
    Parallel,
    RunsFailed,
    RunStore,
    Script,
    Sequential,
    sweep,
)
from kohakuengine.errors import (
    ConfigError,
    ConfigTypeError,
    KogineError,
    LauncherError,
    RunError,
    ScriptDied,
    ScriptExit,
    ScriptNotFoundError,
)
from kohakuengine.flow.view import View
from kohakuengine.runs.reindex import reindex

TRAIN = """
lr = 0.1
seed = 0

def main():
    print("training with", lr)
    print(f"loss: {lr * 2}")
    return {"loss": lr * 2, "seed": seed}

if __name__ == "__main__":
    main()
"""

Write = Callable[..., Path]

FRESH = pytest.param("fresh", marks=pytest.mark.process)
LAUNCHERS = ["inline", FRESH, pytest.param("pool", marks=pytest.mark.process)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a script into the working directory, and give its path."""

    def write(text: str = TRAIN, name: str = "train.py") -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def one(script: Path | str | Script, config: Config | None = None, **choices: Any) -> Any:
    """The run of a script alone, in this process unless another launcher is named."""
    [run] = Sequential(script, config, **{"launcher": "inline", **choices}).run()
    return run


# ---- in which order, and where ----


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_each_config_runs(write: Write, store: RunStore, launcher: str) -> None:
    """By every launcher with the same outcome."""
    runs = Parallel(write(), configs(1, 2, 3), max_workers=2, launcher=launcher).run()
    assert runs.results == [{"loss": 2 * n, "seed": 0} for n in (1, 2, 3)]
    assert [run.output for run in runs] == [
        f"training with {n}\nloss: {2 * n}\n" for n in (1, 2, 3)
    ]
    assert [run.metrics["loss"] for run in runs] == [2, 4, 6]
    assert [run.exit_code for run in runs] == [0, 0, 0]
    assert_index_is_right(store)


@pytest.mark.process
def test_parallel_runs_go_on_at_the_same_time(write: Write) -> None:
    """Each of two scripts waits here for the other one."""
    path = write(
        "import os, time\nname, other = 'a', 'b'\nos.mkdir(name)\n"
        "while not os.path.exists(other): time.sleep(0.01)\n"
    )
    pair = [Config({"name": "a", "other": "b"}), Config({"name": "b", "other": "a"})]
    runs = Parallel(path, pair, max_workers=2, timeout=SECONDS).run()
    assert statuses(runs) == ["finished", "finished"]


@pytest.mark.parametrize("launcher", ["inline", FRESH])
def test_a_sequence_keeps_its_order(write: Write, launcher: str) -> None:
    """A script finds what the one before it has left."""
    write("import pathlib\npathlib.Path('data').write_text('prepared')\n", "prepare.py")
    write("import pathlib\ndef main(): return pathlib.Path('data').read_text()\n", "use.py")
    runs = Sequential(["prepare.py", "use.py"], launcher=launcher).run()
    assert runs.results == [None, "prepared"]


MODES: dict[str, tuple[dict[str, Any], set[int | None]]] = {
    "sequential": ({"mode": "sequential"}, {0}),
    "sequential if nothing is said": ({}, {0}),
    "parallel": ({"mode": "parallel", "max_workers": 1}, {0}),
    "parallel with two": ({"mode": "parallel", "max_workers": 2}, {0, 1}),
}


@pytest.mark.parametrize("choices, slots", MODES.values(), ids=MODES)
def test_a_flow_runs_in_its_mode(write: Write, choices: dict[str, Any], slots: Any) -> None:
    """`Flow` is one after the other, or several at once."""
    runs = Flow(write(), configs(1, 2, 3, 4), launcher="fake", **choices).run()
    assert {run.slot for run in runs} == slots


def test_an_unknown_mode_is_refused(write: Write) -> None:
    """The message has those there are."""
    with pytest.raises(ConfigError, match="one of sequential, parallel, got 'serial'"):
        Flow(write(), mode="serial")


# ---- scripts and configs ----


def test_several_scripts_run_with_each_config(write: Write) -> None:
    """In the order of the scripts."""
    write("lr = 0\ndef main(): return ['a', lr]\n", "a.py")
    write("lr = 0\ndef main(): return ['b', lr]\n", "b.py")
    runs = Sequential(["a.py", "b.py"], configs(1, 2), launcher="inline").run()
    assert runs.results == [["a", 1], ["a", 2], ["b", 1], ["b", 2]]


def test_a_script_can_have_configs_of_its_own(write: Write) -> None:
    """As a pair; the others have the flow's."""
    write("lr = 0\ndef main(): return ['a', lr]\n", "a.py")
    write("lr = 0\ndef main(): return ['b', lr]\n", "b.py")
    flow = Sequential([("a.py", configs(1, 2)), "b.py"], Config({"lr": 3}), launcher="inline")
    assert flow.run().results == [["a", 1], ["a", 2], ["b", 3]]
    assert Sequential(("a.py", configs(5)), launcher="inline").run().results == [["a", 5]]


def test_a_config_file_can_stand_for_configs(write: Write) -> None:
    """By its path, alone or in a pair."""
    write("lr = 7\n", "config.py")
    path = write("lr = 0\ndef main(): return lr\n")
    assert Sequential(path, "config.py", launcher="inline").run().results == [7]
    assert Sequential([(path, "config.py")], launcher="inline").run().results == [7]


def test_a_script_may_be_more_than_a_path(write: Write) -> None:
    """With an entrypoint and a command line of its own."""
    write("import sys\ndef main(): pass\ndef other(): return sys.argv[1:]\n")
    flow = Sequential(
        [Script("train.py", entrypoint="other", argv=["-v"]), "train.py:other"], launcher="inline"
    )
    assert flow.run().results == [["-v"], []]


def test_arguments_of_the_entrypoint(write: Write) -> None:
    """A config may have them in place of variables."""
    write("def main(a, b=0): return [a, b]\n")
    runs = Sequential("train.py", [Config(args=[1], kwargs={"b": 2})], launcher="inline").run()
    assert runs.results == [[1, 2]]
    assert runs[0].params == {"args[0]": 1, "b": 2}


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_any_object_survives_the_trip(write: Write, launcher: str) -> None:
    """Functions, local classes and sets in a config and in a result."""

    class Local:
        value = 3

    write("make = thing = None\ndef main(): return {make(2), thing.value}\n")
    config = Config({"make": lambda x: x + 5, "thing": Local()})
    run = one("train.py", config, launcher=launcher)
    assert run.result == {7, 3}
    assert run.config.globals_dict["make"](1) == 6


def test_a_generator_goes_by_results(write: Write) -> None:
    """Each config depends on how the last run ended."""

    def source() -> Iterator[Config]:
        run = yield Config({"lr": 1})
        while run.result["loss"] < 10:
            run = yield Config({"lr": run.result["loss"]})

    runs = Sequential(write(), ConfigGenerator(source), launcher="inline").run()
    assert [run.params["lr"] for run in runs] == [1, 2, 4, 8]


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no script": (lambda: Sequential([]), ConfigError, "at least one script"),
    "a number": (lambda: Sequential(3), ConfigError, "must be a script or a list"),  # type: ignore
    "a missing script": (lambda: Parallel("no.py"), ScriptNotFoundError, "no.py"),
    "a missing config": (lambda: Parallel("train.py", "no.py"), ConfigError, "no.py"),
    "a launcher": (lambda: Parallel("train.py", launcher="fersh"), LauncherError, "fresh"),
    "an option": (lambda: Parallel("train.py", workers=0), ConfigError, "workers"),
    "workers one after the other": (
        lambda: Sequential("train.py", workers=5),
        ConfigError,
        "workers must be 1 .* got 5: Parallel",
    ),
    "workers of a sequential flow": (
        lambda: Flow("train.py", mode="sequential", workers=5),
        ConfigError,
        'mode="parallel", runs several',
    ),
    "an unknown option": (lambda: Parallel("train.py", tries=3), TypeError, "tries"),
}


@pytest.mark.parametrize("make, kind, message", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_run_is_refused(
    write: Write, store: RunStore, make: Any, kind: type[Exception], message: str
) -> None:
    """When the flow is made: nothing is recorded."""
    write()
    with pytest.raises(kind, match=message):
        make()
    assert not os.path.exists(store.paths.home)


def test_an_unpicklable_config_needs_the_inline_launcher(write: Write) -> None:
    """There it is the object itself; for a process it is refused, with that advice."""
    write("lock = None\ndef main(): return lock is not None\n")
    config = Config({"lock": threading.Lock()})
    assert one("train.py", config).result is True
    with pytest.raises(LauncherError, match="can't be sent to a new process.*inline"):
        one("train.py", config, launcher="fresh")


# ---- choices ----


def test_tags_and_name_are_found_again(write: Write, store: RunStore) -> None:
    """Runs by tag, flows by name."""
    run = one(write(), tags=["first", "good"], name="baseline")
    assert run.tags == ["first", "good"] and store.ids(tag="good") == [run.id]
    assert store.flow(run.flow)["name"] == "baseline"


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_the_working_directory_can_be_chosen(write: Write, tmp_path: Path, launcher: str) -> None:
    """Scripts are found from here all the same."""
    write("import os\ndef main(): return [os.getcwd(), os.path.isabs(__file__)]\n")
    (tmp_path / "there").mkdir()
    run = one("train.py", cwd="there", launcher=launcher)
    assert run.result[0] == str(tmp_path / "there")
    assert os.getcwd() == str(tmp_path)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_the_environment_of_a_run(write: Write, monkeypatch, launcher: str) -> None:
    """What is set, above what this process has; and the run's own variables."""
    names = ["MINE", "OURS", "KOGINE_WORKER_ID", "KOGINE_RUN_ID", "KOGINE_RUN_DIR"]
    write(f"import os\ndef main(): return [os.environ.get(name) for name in {names}]\n")
    monkeypatch.setenv("OURS", "ours")
    monkeypatch.setenv("MINE", "theirs")
    run = one("train.py", env={"MINE": "mine"}, launcher=launcher)
    assert run.result == ["mine", "ours", "0", run.id, run.path]
    assert os.environ["MINE"] == "theirs" and "KOGINE_RUN_ID" not in os.environ


@pytest.mark.process
def test_each_slot_has_its_gpu(write: Write) -> None:
    """The script finds the ids exactly as they were given."""
    write("import os\ndef main(): return os.environ['CUDA_VISIBLE_DEVICES']\n")
    runs = Parallel("train.py", [Config()] * 2, max_workers=2, gpus=["GPU-5e", 7]).run()
    assert {run.slot: run.result for run in runs}[0] == "GPU-5e"
    assert all(run.result == ["GPU-5e", "7"][run.slot] for run in runs)


@pytest.mark.process
def test_a_run_that_takes_too_long_is_ended(write: Write) -> None:
    """With all that it has started; its status and a sentence say so."""
    write(
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)\n"
        "sys.stdout.flush()\ntime.sleep(600)\n"
    )
    run = one("train.py", timeout=5, launcher="fresh")
    assert run.status == "timed_out"
    with pytest.raises(RunError, match=r"was ended: .*5 s"):
        run.result
    assert not os.path.exists(f"/proc/{int(run.output)}")


@pytest.mark.process
def test_a_log_can_be_kept_short(write: Write) -> None:
    """Its beginning and its end are kept, and what is left out is told."""
    write("for n in range(5000): print('line', n)\n")
    run = one("train.py", max_log=4096, launcher="fresh")
    assert run.status == "finished" and len(run.output) < 6000
    assert run.output.startswith("line 0\nline 1\n") and run.output.endswith("line 4999\n")
    assert "line 2500" not in run.output


@pytest.mark.parametrize("choice", [{"timeout": 5}, {"max_log": 4096}])
def test_the_inline_launcher_says_what_it_cannot_do(write: Write, store, choice: Any) -> None:
    """Nothing can end a script in this very process, or cut its output; nothing is recorded then."""
    with pytest.raises(LauncherError, match=f"inline launcher can't .* {[*choice][0]}: use fresh"):
        one(write(), **choice)
    assert (store.flows(), store.select()) == ([], [])


def test_a_misspelt_name_is_told(write: Write, capfd) -> None:
    """On stderr of who looks on; under strict nothing is run."""
    sweep(write(), {"lrr": [1, 2]}, launcher="fake")
    assert "binds lrr" in capfd.readouterr().err
    with pytest.raises(KogineError, match="lrr"):
        sweep(write(), {"lrr": [1, 2]}, launcher="fake", strict=True)


# ---- sweep() ----


@pytest.mark.parametrize("launcher", ["inline", FRESH])
def test_sweep_runs_the_grid(write: Write, capfd, launcher: str) -> None:
    """All combinations, the last axis varying fastest; shown line by line with labels."""
    base = Config({"seed": 3})
    runs = sweep(write(), {"lr": [1, 2], "seed": [3, 4]}, config=base, workers=1, launcher=launcher)
    assert [(run.params["lr"], run.params["seed"]) for run in runs] == [
        (1, 3),
        (1, 4),
        (2, 3),
        (2, 4),
    ]
    lines = capfd.readouterr().out.splitlines()
    assert lines[:2] == ["[lr=1 seed=3] training with 1", "[lr=1 seed=3] loss: 2"]
    assert lines[2].startswith("[lr=1 seed=3] finished after ") and "loss=2" in lines[2]
    assert len(lines) == 12


def test_sweep_can_be_silent(write: Write, capfd) -> None:
    """What the scripts print is kept, and only that."""
    runs = sweep(write(), {"lr": [1, 2]}, launcher="inline", show=False)
    assert capfd.readouterr() == ("", "")
    assert [run.output.splitlines()[-1] for run in runs] == ["loss: 2", "loss: 4"]


@pytest.mark.process
def test_a_detached_sweep_is_shown_too(write: Write, capfd) -> None:
    """As one of this process: what its runs print, and how they end."""
    options: dict[str, Any] = {"launcher": "fresh", "workers": 1, "detach": True}
    write("lr = 0\nprint('lr is', lr)\nassert lr != 2 or mended\n", "train.py")
    shared = Config({"mended": 0})
    runs = sweep("train.py", {"lr": [1, 2]}, config=shared, **options)
    assert statuses(runs) == ["finished", "failed"]
    out = capfd.readouterr().out
    for line in ("[lr=1] lr is 1", "[lr=2] lr is 2", "[lr=2] AssertionError", "[lr=1] finished"):
        assert line in out
    again = sweep("train.py", {"lr": [1, 2, 3]}, config=shared, resume=True, **options)
    out, err = capfd.readouterr()
    assert statuses(again) == ["finished", "failed", "finished"]
    assert [out.count(f"lr is {lr}") for lr in (1, 2, 3)] == [0, 1, 1]
    assert "1 run had finished before" in err
    sweep("train.py", {"lr": [1]}, show=False, **options)
    assert capfd.readouterr() == ("", "")


def test_sweep_takes_a_config_file(write: Write) -> None:
    """What is the same for all runs stands there."""
    write("seed = 9\n", "config.py")
    runs = sweep(write(), {"lr": [1]}, config_path="config.py", launcher="inline", show=False)
    assert runs.results == [{"loss": 2, "seed": 9}]
    assert runs[0].name == "lr=1"


def test_sweep_takes_a_config_file_that_sweeps(write: Write) -> None:
    """What is given wins over what the file sweeps, as on the command line; None takes the file's."""
    path = write("lr = 0\nbs = 0\nx = 0\nprint(lr, bs, x)\n")
    study = write("_sweep: {lr: [1, 2], bs: [3, 4]}", "c.yaml")

    def points(*axes: Any) -> list[dict[str, Any]]:
        runs = sweep(path, *axes, config_path=study, launcher="inline", show=False)
        return [run.params for run in runs]

    assert points() == [{"lr": lr, "bs": bs} for lr in (1, 2) for bs in (3, 4)]
    assert points({"bs": [5]}) == [{"lr": 1, "bs": 5}, {"lr": 2, "bs": 5}]
    assert points({"x": [6], "lr": [7]}) == [{"lr": 7, "bs": bs, "x": 6} for bs in (3, 4)]
    with pytest.raises(ConfigTypeError, match="for a file, say config_path='c.yaml'"):
        sweep(path, {"lr": [1]}, config="c.yaml")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="needs axes, or a config_path of a file with _sweep"):
        sweep(path)


def test_sweep_refuses_a_config_file_with_several(write: Write) -> None:
    """What it names instead does run the script with each."""
    write(
        "from kohakuengine import Config\nCONFIG = [Config({'lr': 1}), Config({'lr': 2})]\n", "c.py"
    )
    with pytest.raises(ConfigError, match=r"sweep\(\) takes one: .* Parallel\(script, 'c.py'\)"):
        sweep(write(), {"seed": [1]}, config_path="c.py")
    with pytest.raises(ConfigError, match=r"sweep\(\) takes config or config_path"):
        sweep("train.py", {"seed": [1]}, config=Config(), config_path="c.py")
    assert [run.params["lr"] for run in Parallel("train.py", "c.py", launcher="inline").run()] == [
        1,
        2,
    ]


def test_sweep_goes_on_with_an_earlier_one(write: Write) -> None:
    """`resume=True` runs what wasn't there."""
    options: dict[str, Any] = {"launcher": "inline", "show": False}
    first = sweep(write(), {"lr": [1, 2]}, **options)
    again = sweep("train.py", {"lr": [1, 2, 3]}, resume=True, **options)
    assert again.ids[:2] == first.ids and len(again) == 3


def test_a_failed_run_is_shown_when_it_fails(write: Write, capfd) -> None:
    """With how it ended; the flow doesn't raise."""
    write("lr = 0\nassert lr != 2, 'too much'\n")
    runs = sweep("train.py", {"lr": [1, 2]}, launcher="inline")
    assert statuses(runs) == ["finished", "failed"]
    out = capfd.readouterr().out
    assert "AssertionError: too much" in out
    *_, end, log = out.splitlines()
    assert end.startswith("[lr=2] failed after ")
    assert Path(log.removeprefix("[lr=2] its log: ")).read_text().endswith("too much\n")


# ---- what is known of a run ----


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_what_is_known_of_a_run(write: Write, launcher: str) -> None:
    """Its properties, when it has ended."""
    before = datetime.now().astimezone()
    run = one(write(), Config({"lr": 2}, metadata={"name": "two"}), launcher=launcher)
    assert (run.name, run.status, run.params, run.exit_code) == ("two", "finished", {"lr": 2}, 0)
    assert (run.config, run.attempts, run.slot) == (
        Config({"lr": 2}, metadata={"name": "two"}),
        1,
        0,
    )
    assert before <= run.started <= run.ended and run.duration >= 0
    assert run.script == os.path.abspath("train.py") and os.path.isdir(run.path)
    assert run.row["cpu_seconds"] >= 0
    assert repr(run) == f"<Run {run.id[:8]} 'two' finished>"
    assert run.error is None


@pytest.mark.process
def test_a_process_tells_its_memory(write: Write) -> None:
    """The greatest that the run used, in bytes."""
    run = one(write(), launcher="fresh")
    assert 1_000_000 < run.row["peak_memory"] < 10_000_000_000


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_the_error_of_a_run_is_the_scripts_own(write: Write, launcher: str) -> None:
    """With its type, also one that is defined beside the script; its cause shows where."""
    write("class Odd(Exception):\n    code = 5\n", "errors.py")
    write("from errors import Odd\ndef main():\n    raise Odd('as planned')\n")
    run = one("train.py", launcher=launcher)
    assert run.status == "failed" and run.exit_code == 1
    with pytest.raises(Exception, match="as planned") as caught:
        run.result
    assert "line 3, in main" in str(caught.value.__cause__)
    assert str(run.error) == str(caught.value)


@pytest.mark.process
def test_the_type_of_an_error_is_kept(write: Write) -> None:
    """So that it can be caught by it."""
    run = one(write("def main(): {}['lr']\n"), launcher="fresh")
    with pytest.raises(KeyError, match="lr") as caught:
        run.result
    assert "train.py" in str(caught.value.__cause__)
    assert "KeyError: 'lr'" in run.output


ENDS: dict[str, tuple[str, type[Exception], int, str]] = {
    "exit": ("raise SystemExit(3)", ScriptExit, 3, "exited with status 3"),
    "_exit": ("import os; os._exit(4)", ScriptDied, 4, "exited with status 4 before it could"),
    "signal": (
        "import os; os.kill(os.getpid(), 11)",
        ScriptDied,
        -signal.SIGSEGV,
        "was killed by SIGSEGV",
    ),
}


@pytest.mark.process
@pytest.mark.parametrize("text, kind, code, message", ENDS.values(), ids=ENDS)
def test_the_error_says_how_a_process_ended(
    write: Write, text: str, kind: type[Exception], code: int, message: str
) -> None:
    """And where its output is."""
    run = one(write(text), launcher="fresh")
    with pytest.raises(kind, match=message) as caught:
        run.result
    assert run.log in str(caught.value) and run.id[:8] in str(caught.value)
    assert (run.exit_code, caught.value.exit_code) == (code, code)


@pytest.mark.process
def test_a_result_that_cannot_be_pickled_is_shown(write: Write) -> None:
    """As a text; the run has finished, and a warning says why."""
    write("import threading\ndef main(): return threading.Lock()\n")
    run = one("train.py", launcher="fresh")
    assert run.status == "finished" and "lock" in run.result
    assert "can't be" in run.outcome.warning


def test_artifacts_are_listed_and_opened_by_name(write: Write) -> None:
    """What a script leaves in `artifacts/` of its run's folder belongs to the run."""
    write(
        "import os, pathlib\n"
        "folder = pathlib.Path(os.environ['KOGINE_RUN_DIR'], 'artifacts', 'sub')\n"
        "folder.mkdir(parents=True)\n"
        "(folder / 'a.txt').write_text('text')\n"
        "(folder.parent / 'model.bin').write_bytes(b'\\0')\n"
    )
    artifacts = one("train.py").artifacts
    names = ["model.bin", os.path.join("sub", "a.txt")]
    assert (list(artifacts), len(artifacts)) == (names, 2)
    assert "model.bin" in artifacts and "other" not in artifacts
    with artifacts.open("model.bin") as file:
        assert file.read() == b"\0"
    with artifacts.open(names[1], "r") as file:
        assert file.read() == "text"
    with pytest.raises(KeyError, match="no artifact 'other'; there are model.bin"):
        artifacts.open("other")


def test_a_run_without_artifacts_has_none(write: Write) -> None:
    """That is no error."""
    assert list(one(write()).artifacts) == []


METRICS: dict[str, tuple[str, dict[str, Any], dict[str, float]]] = {
    "printed": ("print('epoch 1 loss: 0.5')\nprint('epoch 2 loss=0.25')", {}, {"loss": 0.25}),
    "returned": ("def main(): return {'acc': 0.5, 'text': 'x'}", {}, {"acc": 0.5}),
    "logged": (
        "from kohakuengine import log\nlog(loss=2, step=1)\nlog(loss=1.5)",
        {},
        {"loss": 1.5},
    ),
    "logged above printed": (
        "from kohakuengine import log\nlog(loss=2)\nprint('loss: 7')",
        {},
        {"loss": 2},
    ),
    "returned above printed": (
        "def main():\n    print('loss: 7')\n    return {'loss': 3}",
        {},
        {"loss": 3},
    ),
    "not looked for": ("print('loss: 7')", {"metrics": False}, {}),
    "by a pattern": (
        "print('loss -> 7 acc: 3')",
        {"metrics": r"(?P<name>\w+) -> (?P<value>\d+)"},
        {"loss": 7},
    ),
}


@pytest.mark.parametrize("launcher", ["inline", FRESH])
@pytest.mark.parametrize("text, choices, expected", METRICS.values(), ids=METRICS)
def test_metrics(
    write: Write, text: str, choices: Any, expected: dict[str, float], launcher: str
) -> None:
    """Numbers that a script prints, returns or logs; the script needn't be touched."""
    assert one(write(text), launcher=launcher, **choices).metrics == expected


# What JSON doesn't hold, or not exactly, and so is pickled; or not even that.
PICKLED = {
    "a number of numpy": ("{'loss': np.float64(.25)}", {"loss": 0.25}),
    "an array beside": ("{'loss': .5, 'arr': np.arange(3)}", {"loss": 0.5}),
    "a tuple beside": ("{'loss': .5, 't': (1, 2), 'ok': True}", {"loss": 0.5}),
    "nan": ("{'loss': float('nan'), 'acc': .9}", {"loss": float("nan"), "acc": 0.9}),
    "within": (
        "{'test': {'acc': np.float32(.5)}, 'best': np.array(3)}",
        {"test.acc": 0.5, "best": 3},
    ),
    "what can't be pickled": ("{'loss': .5, 'lock': threading.Lock()}", {"loss": 0.5}),
}


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("value, expected", PICKLED.values(), ids=PICKLED)
def test_metrics_beside_what_json_does_not_hold(
    write: Write, store: RunStore, value: str, expected: dict[str, float], launcher: str
) -> None:
    """The numbers in a returned dict are metrics, whatever else is in it, also after a reindex."""
    pytest.importorskip("numpy")
    text = f"import threading\nimport numpy as np\ndef main(): return {value}"
    run = one(write(text), launcher=launcher)
    assert run.metrics == pytest.approx(expected, nan_ok=True)
    reindex(store)
    assert store.run(run.id)["metrics"] == pytest.approx(expected, nan_ok=True)


def test_a_ctrl_c_in_a_script_ends_the_flow(write: Write, store: RunStore) -> None:
    """It is raised when the runs have been recorded; no further one begins."""
    write("lr = 0\nif lr == 2: raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        Sequential("train.py", configs(1, 2, 3), launcher="inline").run()
    assert [row["status"] for row in store.select(sort="position")] == ["finished", "cancelled"]
    assert store.flows()[0]["status"] == "cancelled"


def test_a_ctrl_c_between_scripts_ends_the_flow(write: Write, store: RunStore) -> None:
    """All that ran is recorded as it ended, and no further script begins."""
    write("lr = 0\nopen(f'ran {lr}', 'w').close()\n")

    class Pressed(View):
        def run_ended(self, row: dict[str, Any], again: float | None) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        Sequential("train.py", configs(1, 2, 3), launcher="inline").run(show=Pressed())
    assert [row["status"] for row in store.select()] == ["finished"]
    assert store.flows()[0]["status"] == "cancelled"
    assert not os.path.exists("ran 2") and signal.getsignal(signal.SIGINT) is handler


def test_a_ctrl_c_in_a_generator_ends_an_inline_flow(write: Write, store: RunStore) -> None:
    """It is raised in the generator at once, which may take long."""

    def source() -> Iterator[Config]:
        yield Config({"lr": 1})
        os.kill(os.getpid(), signal.SIGINT)
        yield Config({"lr": 2})

    flow = Sequential(write(), ConfigGenerator(source), launcher="inline")
    with pytest.raises(KeyboardInterrupt):
        flow.run()
    assert [row["params"]["lr"] for row in store.select()] == [1]
    assert store.flows()[0]["status"] == "cancelled"


# ---- what is asked of many ----


@pytest.fixture
def runs(write: Write) -> Any:
    """Three runs, of which the second one failed."""
    write(
        "lr = 0\nbs = 1\ndef main():\n    assert lr != 2, 'too much'\n"
        "    return {'loss': 4 - lr, 'acc': lr / 10}\n"
    )
    return Sequential("train.py", configs(1, 2, 3), launcher="inline", name="n").run()


def test_results_name_the_failed_runs(runs) -> None:
    """They are given only when all have finished."""
    with pytest.raises(RunsFailed) as caught:
        runs.results
    bad = runs[1]
    assert caught.value.ids == (bad.id,)
    assert f"1 of 3 runs have no result: {bad.id[:8]} (lr=2) failed" in str(caught.value)
    assert "AssertionError: too much" in str(caught.value)
    assert runs.finished.results == [{"loss": 3, "acc": 0.1}, {"loss": 1, "acc": 0.3}]


def test_the_best_run(runs) -> None:
    """By the lowest or the highest value of a metric, among those that finished."""
    assert runs.best("loss") == runs[2] == runs.best("acc", mode="max")
    assert runs.best("loss", mode="max") == runs[0]
    with pytest.raises(KeyError, match="'f1'; there are loss, acc"):
        runs.best("f1")
    with pytest.raises(ValueError, match='"min" or "max", got \'lowest\''):
        runs.best("loss", mode="lowest")
    with pytest.raises(KeyError, match="there are none"):
        runs.failed.best("loss")


def test_runs_are_a_sequence(runs) -> None:
    """They can be counted, sliced, added and compared."""
    assert len(runs) == 3 and runs[-1] == runs[2] and runs[0] in runs
    assert runs[:2].ids == runs.ids[:2] and runs[:1] + runs[1:] == runs
    assert [run.params["lr"] for run in reversed(runs)] == [3, 2, 1]
    with pytest.raises(IndexError):
        runs[3]


def test_runs_are_filtered(runs) -> None:
    """By a text, as on the command line, or by a function."""
    assert runs.filter("lr > 1 and loss < 3").ids == [runs[2].id]
    assert runs.filter(lambda run: run.status == "failed").ids == [runs[1].id]
    with pytest.warns(UserWarning, match="metric or parameter los; did you mean loss?"):
        assert not runs.filter("los < 3")
    with pytest.raises(ConfigError):
        runs.filter("lr >")


def test_runs_are_compared(runs) -> None:
    """What differs, by run."""
    found = runs.compare(0, 2)
    assert found["lr"] == {runs[0].id: 1, runs[2].id: 3}
    assert {name for name in found if name in ("loss", "acc", "status", "script")} == {
        "loss",
        "acc",
    }


def test_runs_as_a_table_of_pandas(runs) -> None:
    """One row a run, in order, with parameters, metrics and status."""
    pytest.importorskip("pandas")
    frame = runs.to_pandas()
    assert list(frame["lr"]) == [1, 2, 3] and list(frame["loss"].dropna()) == [3, 1]
    assert list(frame["status"]) == ["finished", "failed", "finished"]
    assert list(frame.index) == runs.ids


def test_runs_show_themselves(runs) -> None:
    """As a table of rich, and in one line."""
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(runs)
    text = console.export_text()
    assert "failed" in text and "lr" in text and runs[0].id[:8] in text
    assert repr(runs) == "<Runs: 2 finished, 1 failed>"
    assert repr(runs[:0]) == "<Runs: none>"


# ---- how much a run's process loads ----

LOADED = """
import sys
n = 0
def main():
    return sorted(sys.modules)
if __name__ == "__main__":
    main()
"""
HEAVY = {
    *("ast", "asyncio", "click", "cloudpickle", "collections", "contextlib", "enum", "inspect"),
    *("json", "logging", "pickle", "psutil", "re", "rich", "signal", "sqlite3", "subprocess"),
    *("threading", "traceback", "typing", "warnings"),
}


@pytest.mark.process
def test_a_script_starts_beside_little_else(write: Write, monkeypatch) -> None:
    """A run's process has loaded next to nothing that the script itself hasn't asked for."""
    for name in [name for name in os.environ if name.startswith("COVERAGE")]:
        monkeypatch.delenv(name)  # it would load much of that
    [run] = Parallel(write(LOADED), Config({"n": 1}), launcher="fresh").run()
    assert not HEAVY & set(run.result)


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["fresh", "pool"])
@pytest.mark.parametrize("text", [None, b"", b"what is this"], ids=["gone", "empty", "strange"])
def test_a_program_that_is_lost_is_compiled_anew(
    write: Write, monkeypatch, launcher: str, text: bytes | None
) -> None:
    """What the coordinator has compiled is a short cut: without it, runs compile for themselves."""
    from kohakuengine.flow.recorder import Recorder

    keep = Recorder.keep_program

    def spoil(recorder: Recorder, program: bytes) -> str:
        name = keep(recorder, program)
        kept = Path(recorder.paths.programs, name)
        kept.unlink() if text is None else kept.write_bytes(text)
        return name

    monkeypatch.setattr(Recorder, "keep_program", spoil)
    runs = Parallel(write(), configs(1.0, 2.0), launcher=launcher).run()
    assert [run.result["loss"] for run in runs] == [2.0, 4.0]
