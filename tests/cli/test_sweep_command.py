"""Sweeps and flows on the command line: what is run, said and answered, and what others may do to them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from kohakuengine import Config, Parallel, RunStore
from kohakuengine.cli.app import kogine as kogine_command
from kohakuengine.cli.sweep import run_flow, wait_for
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.follow import _Follower
from kohakuengine.launch.fake import Fake, FakeEnd
from kohakuengine.launch.registry import can_fork

KOGINE = [sys.executable, "-m", "kohakuengine"]
SECONDS = 60.0  # for anything to happen

TRAIN = """\
lr = 1
bs = 1
rate = 0.1
name = "x"

def main():
    print("lr is", lr)
    assert lr != 2, "too much"
    assert name and rate
    return {"loss": lr * bs}

if __name__ == "__main__":
    main()
"""


class Reply(NamedTuple):
    """What a command came to."""

    outcome: object
    out: str
    err: str


@pytest.fixture(autouse=True)
def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The store, and a script `train.py` which fails with `lr=2`."""
    monkeypatch.setenv("KOGINE_HOME", str(folder / "store"))
    (folder / "train.py").write_text(TRAIN)
    return RunStore(str(folder / "store"))


@pytest.fixture
def do(kogine: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Do what a command line says, running flows included."""

    def call(*arguments: str) -> Any:
        reply = kogine(*arguments)
        if not callable(reply.outcome):
            return Reply(*reply)
        status = reply.outcome()
        out, err = capsys.readouterr()
        return reply._replace(outcome=status, out=reply.out + out, err=reply.err + err)

    return call


@pytest.fixture
def sweep(do: Callable[..., Any]) -> Callable[..., Any]:
    """Run `train.py` in this process, with the options given."""
    return lambda *arguments: do("run", "train.py", "--launcher", "inline", "-j", "1", *arguments)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Fake]:
    """Say how the runs of `--launcher fake` end."""

    def make(outcomes: Callable[[Any], object] | None = None, **options: Any) -> Fake:
        launcher = Fake(outcomes, keep=True, **options)
        monkeypatch.setattr("kohakuengine.launch.fake.Fake", lambda: launcher)
        return launcher

    return make


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something to become true, and fail when it doesn't in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.005)


def options(store: RunStore) -> dict[str, Any]:
    """Those of the newest flow."""
    return store.flows()[0]["options"]


# ---- exit codes and output ----


def test_a_sweep_that_finishes_gives_0(sweep) -> None:
    """Each line has its run's label, and each run's end is told with its metrics."""
    reply = sweep("--sweep", "lr=1,3")
    assert (reply.outcome, reply.err) == (0, "")
    lines = re.sub(r"after \S+ s", "after T", reply.out).splitlines()
    assert lines == [
        "[lr=1] lr is 1",
        "[lr=1] finished after T (loss=1)",
        "[lr=3] lr is 3",
        "[lr=3] finished after T (loss=3)",
    ]


def test_a_sweep_with_a_failed_run_gives_1(sweep, store: RunStore) -> None:
    """The others run; what failed is said, and how to run it again."""
    reply = sweep("--sweep", "lr=1,2,3")
    assert reply.outcome == 1
    flow = store.flows()[0]["id"][:8]
    assert "[lr=2] AssertionError: too much" in reply.out
    assert re.search(r"^\[lr=2\] failed after .* s: AssertionError: too much$", reply.out, re.M)
    assert "1 of 3 runs didn't finish" in reply.err and f"kogine retry {flow}" in reply.err
    assert [row["status"] for row in store.select(sort="position")] == [
        "finished",
        "failed",
        "finished",
    ]


WRONG: dict[str, tuple[list[str], str]] = {
    "no script": (["run", "no.py", "--sweep", "lr=1"], "no.py"),
    "no values": (["run", "train.py", "--sweep", "lr"], "--sweep takes NAME=VALUE"),
    "an axis twice": (
        ["run", "train.py", "--sweep", "lr=1", "--sweep", "lr=2"],
        "--sweep lr is given twice",
    ),
    "set and swept": (
        ["run", "train.py", "--set", "lr=3", "--sweep", "bs=1", "--sweep", "lr=1,2"],
        "lr is both set and swept: say it in one of them.",
    ),
    "a wrong type": (["run", "train.py", "--sweep", "lr=1,high"], "lr"),
    "no workers": (["run", "train.py", "--sweep", "lr=1", "-j", "0"], "workers must be"),
    "a time": (["run", "train.py", "--timeout", "soon"], "'soon' is no time"),
    "a size": (["run", "train.py", "--max-log", "big"], "'big' is no size"),
    "on-error": (["run", "train.py", "--on-error", "halt"], "continue"),
    "env": (["run", "train.py", "--sweep", "lr=1", "--env", "A"], "--env takes NAME=VALUE"),
    "no launcher": (["run", "train.py", "--launcher", "fersh"], "did you mean fresh"),
    "nothing to resume": (["run", "train.py", "--sweep", "lr=1", "--resume"], "no flow of"),
    "no workflow's script": (["workflow", "parallel", "train.py", "no.py"], "no.py"),
    "no workflow": (["workflow", "paralel", "train.py"], "parallel"),
}


@pytest.mark.parametrize("arguments, message", WRONG.values(), ids=WRONG)
def test_what_cannot_be_run_gives_2(
    do, store: RunStore, arguments: list[str], message: str
) -> None:
    """One sentence says what is wrong, and nothing is recorded."""
    reply = do(*arguments)
    assert (reply.outcome, reply.out) == (2, "")
    assert message in reply.err and "Traceback" not in reply.err
    assert not os.path.exists(store.paths.home) or store.flows() == []


def test_a_generator_that_raises_is_told(sweep, write) -> None:
    """With the file and the line; what ran is recorded."""
    write(
        "config.py",
        """\
        from kohakuengine import Config
        def config_gen():
            yield Config({"lr": 1})
            raise LookupError("no more ideas")
        """,
    )
    reply = sweep("--config", "config.py")
    assert reply.outcome == 2 and "[lr=1] finished after" in reply.out
    assert reply.err == "kogine: error: config.py line 4 raised LookupError: no more ideas\n"


def _ideas() -> Iterator[Config]:
    yield Config({"lr": 1})
    raise LookupError("no more ideas")


def test_only_what_a_generator_raised_is_told_as_its(store, monkeypatch, capsys) -> None:
    """What it raised is shown without our frames; what we raise ourselves is our bug, with them."""
    monkeypatch.setattr("kohakuengine.launch.fake.Fake", lambda: Fake(lambda job: 1))
    flow = Parallel("train.py", _ideas, launcher="fake")
    assert run_flow(flow, False, quiet=True, as_json=False) == 1
    said = capsys.readouterr().err
    assert said.startswith("kogine: a generator of configs raised this:\nTraceback")
    assert "in _ideas" in said and "plan.py" not in said

    def broken(*arguments: object) -> None:
        raise LookupError("ours")

    monkeypatch.setattr("kohakuengine.flow.checks.Checks.warnings", broken)
    flow = Parallel("train.py", [Config({"lr": 1})], launcher="fake")
    assert run_flow(flow, False, quiet=True, as_json=False) == 1
    said = capsys.readouterr().err
    assert said.startswith("kogine: error: this is a bug of KohakuEngine's, please report it:")
    assert "coordinator.py" in said and "LookupError: ours" in said and "generator" not in said


def test_quiet_says_nothing_of_runs(sweep) -> None:
    """But what is to be done about those that failed."""
    assert sweep("--sweep", "lr=1,3", "--quiet") == (0, "", "")
    reply = sweep("--sweep", "lr=1,2", "-q")
    assert (reply.outcome, reply.out) == (1, "") and "1 of 2 runs didn't finish" in reply.err


def test_json_reports_the_runs(sweep) -> None:
    """One object a run, in order, and nothing else on stdout."""
    reply = sweep("--sweep", "lr=1,2", "--json")
    assert reply.outcome == 1
    rows = json.loads(reply.out)
    assert [(row["params"], row["status"], row["metrics"]) for row in rows] == [
        ({"lr": 1}, "finished", {"loss": 1}),
        ({"lr": 2}, "failed", {}),
    ]


@pytest.mark.skipif(os.name == "nt", reason="a Ctrl-C is a signal on POSIX only")
def test_ctrl_c_while_the_one_before_is_seen_to(monkeypatch):
    """A second Ctrl-C kills however soon it comes after the first."""
    asked = []

    class Going:
        def join(self) -> bool:
            if not asked:
                os.kill(os.getpid(), signal.SIGINT)
            return True

        def cancel(self, how: str) -> None:
            asked.append(how)

    told = lambda text: os.kill(os.getpid(), signal.SIGINT)
    monkeypatch.setattr("kohakuengine.cli.sweep.tell", told)
    assert wait_for(Going())
    assert asked == ["interrupt", "kill"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# ---- what is tried ----


def test_several_axes_make_a_grid(sweep) -> None:
    """The last one varies fastest, and `--set` is the same for all."""
    reply = sweep("--sweep", "lr=1,3", "--sweep", "bs=1,2", "--set", "name=y", "--json")
    assert [row["params"] for row in json.loads(reply.out)] == [
        {"lr": lr, "bs": bs, "name": "y"} for lr in (1, 3) for bs in (1, 2)
    ]


def test_runs_are_called_by_what_varies(sweep) -> None:
    """What all have in common is left out of their labels."""
    reply = sweep("--sweep", "lr=1,3", "--set", "bs=4", "--json")
    assert [row["name"] for row in json.loads(reply.out)] == ["lr=1", "lr=3"]


VALUES = {
    "numbers": ("rate=0.5,1e-3", [0.5, 0.001]),
    "texts": ("name=a,b c", ["a", "b c"]),
    "commas in quotes": ("name='a,b',c", ["a,b", "c"]),
    "commas in brackets": ("other=(1, 2),[3,4]", [[1, 2], [3, 4]]),
}


@pytest.mark.parametrize("text, values", VALUES.values(), ids=VALUES)
def test_values_are_typed_by_the_script(do, text: str, values: list[Any]) -> None:
    """Each as `--set` would have it."""
    reply = do("run", "train.py", "--sweep", text, "--dry-run", "--json")
    [name] = {name for row in json.loads(reply.out) for name in row["params"]}
    assert [row["params"][name] for row in json.loads(reply.out)] == values


def test_a_config_file_may_give_several(sweep, write) -> None:
    """`--set` wins over each of them."""
    write(
        "config.py",
        """\
        from kohakuengine import Config
        def config_gen():
            for lr in (1, 3):
                yield Config({"lr": lr, "bs": 1})
        """,
    )
    reply = sweep("--config", "config.py", "--set", "bs=5", "--json")
    assert [row["params"] for row in json.loads(reply.out)] == [
        {"lr": 1, "bs": 5},
        {"lr": 3, "bs": 5},
    ]
    clash = sweep("--config", "config.py", "--sweep", "bs=1,2")
    assert clash.outcome == 2 and "can't be combined with --sweep" in clash.err


def test_a_dry_run_shows_what_would_run(do, store: RunStore) -> None:
    """The table and the count; nothing is run or recorded."""
    reply = do("run", "train.py", "--sweep", "lr=1,2", "--sweep", "bs=8,16", "--dry-run")
    assert (reply.outcome, reply.err) == (0, "")
    assert reply.out.splitlines() == [
        "script  train.py",
        "",
        "   lr  bs",
        "0  1   8",
        "1  1   16",
        "2  2   8",
        "3  2   16",
        "4 run(s)",
    ]
    assert not os.path.exists(store.paths.home)


def test_a_long_dry_run_is_cut(do) -> None:
    """The first ones are shown, and the whole number."""
    values = ",".join(map(str, range(120)))
    lines = do("run", "train.py", "--sweep", f"lr={values}", "--dry-run").out.splitlines()
    assert len(lines) == 55 and lines[-2:] == ["... and 70 more", "120 run(s)"]


def test_a_dry_run_says_once_what_is_the_same(do, write) -> None:
    """Constants stand above; what varies are columns, also where the first rows have one value."""
    write(
        "c.py",
        "from kohakuengine import axes\nname = 'a'\n_sweep = {'lr': [1, 2], 'bs': [8] * 60}\n",
    )
    lines = do("run", "train.py", "--config", "c.py", "--dry-run").out.splitlines()
    assert lines[:5] == ["script  train.py", "name    a", "", "    lr  bs", "0   1   8"]
    one = do("run", "train.py", "--set", "lr=1", "--set", "bs=2", "--dry-run")
    assert one.out.splitlines() == ["script  train.py", "lr      1", "bs      2", "1 run(s)"]


def test_a_dry_run_finds_what_varies_among_configs(do, write) -> None:
    """Where no axis says so, what isn't equal in all; dictionaries are looked into."""
    text = "CONFIG = [Config({'m': {'a': 1, 'b': n}, 'lr': 1}) for n in (1, True)]\n"
    write("c.py", f"from kohakuengine import Config\n{text}")
    reply = do("run", "train.py", "--config", "c.py", "--dry-run")
    assert reply.out.splitlines() == [
        *("script  train.py", "m.a     1", "lr      1", ""),
        *("   m.b", "0  1", "1  True", "2 run(s)"),
    ]


def test_a_dry_run_says_what_has_finished(do, sweep, store: RunStore) -> None:
    """Without `--resume`, what it would leave out is marked; nothing of that is an error."""
    sweep("--sweep", "lr=1,3", "--quiet")
    flow = store.flows(limit=1)[0]["id"][:8]
    before = kept(store)
    reply = do("run", "train.py", "--sweep", "lr=1,2,3", "--dry-run")
    assert (reply.outcome, reply.err) == (0, "")
    assert reply.out.splitlines()[2:] == [
        *("   lr  status", "0  1   finished", "1  2", "2  3   finished"),
        f"3 run(s), 2 finished already in flow {flow}: --resume leaves them out",
    ]
    rows = json.loads(do("run", "train.py", "--sweep", "lr=1,2,3", "--dry-run", "--json").out)
    assert [row["finished"] for row in rows] == [True, False, True]
    assert kept(store) == before


def test_of_a_huge_sweep_the_first_are_looked_for(do, sweep, monkeypatch) -> None:
    """A dry run makes no more configs for it than a few, and says so."""
    sweep("--sweep", "lr=1", "--quiet")
    monkeypatch.setattr("kohakuengine.flow.preview._LOOKED_AT", 3)
    monkeypatch.setattr("kohakuengine.cli.preview._SHOWN", 2)
    huge = ["--sweep", "lr=range(0,1000000)", "--sweep", "bs=when(lr > 5, range(0,1000))"]
    last = do("run", "train.py", *huge, "--dry-run").out.splitlines()[-1]
    assert last.startswith("999994006 run(s), 1 of the first 3 finished already in flow ")


ENDLESS = """\
from kohakuengine import Config
made = 0
def config_gen():
    global made
    while True:
        made += 1
        assert made <= 51, "that many are not asked for"
        yield Config({"lr": made})
"""


def test_a_dry_run_of_what_has_no_end_ends(do, write) -> None:
    """The first ones are shown; of what is made one by one no more is asked for than to know."""
    write("config.py", ENDLESS)
    reply = do("run", "train.py", "--config", "config.py", "--dry-run")
    assert (reply.outcome, reply.err) == (0, "")
    more = ["... and perhaps more: they are made one by one", "51 run(s) or more"]
    lines = reply.out.splitlines()
    assert len(lines) == 55 and lines[-3].split() == ["49", "50"] and lines[-2:] == more
    reply = do("run", "train.py", "--config", "config.py", "--dry-run", "--json")
    assert len(json.loads(reply.out)) == 50 and reply.err == f"kogine: {'; '.join(more)}\n"


CLIMB = """\
from kohakuengine import Config
def config_gen():
    lr = 4
    while lr:
        run = yield Config({"lr": lr})
        lr = run.metrics["loss"] - 3
"""


def test_a_dry_run_shows_what_does_not_depend_on_results(do, sweep, write) -> None:
    """Where a generator needs the end of a run, which isn't run, the rest is left open."""
    write("config.py", CLIMB)
    reply = do("run", "train.py", "--config", "config.py", "--dry-run")
    assert (reply.outcome, reply.err) == (0, "")
    assert reply.out.splitlines()[2:] == [
        "   lr",
        "0  4",
        "... the rest depends on how runs end (config.py line 6 raised AttributeError: 'NoneType'"
        " object has no attribute 'metrics')",
        "1 run(s) or more",
    ]
    write("config.py", CLIMB.replace("lr = 4", "lr = one"))
    broken = do("run", "train.py", "--config", "config.py", "--dry-run")
    assert (broken.outcome, broken.out) == (2, "") and "line 3 raised NameError" in broken.err


def test_a_dry_run_of_a_resume_shows_what_is_left(do, sweep, write, store: RunStore) -> None:
    """With the refusals of the resume itself, and without a change of the store."""
    arguments = ["--sweep", "lr=1,2,3,4"]
    nothing = sweep(*arguments, "--resume", "--dry-run")
    assert nothing.outcome == 2 and not os.path.exists(store.paths.home)
    sweep(*arguments[:1], "lr=1,2,3", "--quiet")
    before = kept(store)
    reply = sweep(*arguments, "--resume", "--dry-run")
    assert (reply.outcome, reply.err) == (0, "")
    assert reply.out.splitlines() == [
        "script  train.py",
        "",
        "   lr",
        "1  2",
        "3  4",
        "4 run(s), 2 finished already",
    ]
    rows = json.loads(sweep(*arguments, "--resume", "--dry-run", "--json").out)
    assert [row["params"]["lr"] for row in rows] == [2, 4]
    write("train.py", TRAIN + "# changed\n")
    refused = sweep(*arguments, "--resume", "--dry-run")
    assert (refused.outcome, refused.out) == (2, "") and "2 finished run(s) would" in refused.err
    assert sweep(*arguments, "--resume=any-code", "--dry-run").out == reply.out
    strange = sweep("--sweep", "lr=7", "--resume=any-code", "--dry-run")
    assert strange.outcome == 0 and "none of these runs is one of those" in strange.err
    assert kept(store) == before


def kept(store: RunStore) -> dict[str, Any]:
    """All that the store's folders and its index hold."""
    files = [path for path in Path(store.paths.home).glob("[fr]*/**/*") if path.is_file()]
    return {**{str(path): path.read_bytes() for path in files}, "": (store.flows(), store.select())}


def test_a_dry_run_of_a_resume_tells_a_generator_how_runs_ended(sweep, do, write) -> None:
    """Of those that finished before, so that more of it is known."""
    write("config.py", CLIMB.replace("- 3", "- 2"))
    sweep("--config", "config.py", "--quiet")  # lr is 4, then 2, which fails
    reply = sweep("--config", "config.py", "--resume", "--dry-run")
    lines = reply.out.splitlines()
    assert lines[3] == "1  2.0" and "the rest depends" in lines[4]
    assert lines[5] == "2 run(s) or more, 1 finished already"


# ---- options ----

TIMES = {"90": 90, "90s": 90, "1.5m": 90, "2h": 7200, "1d": 86400, " 5 m": 300, "5M": 300}


@pytest.mark.parametrize("text, seconds", TIMES.items())
def test_a_timeout_has_a_unit(do, store: RunStore, text: str, seconds: float) -> None:
    """Seconds if none is given."""
    arguments = ["--sweep", "lr=1", "--launcher", "fake", "--timeout", text]
    assert do("run", "train.py", *arguments).outcome == 0
    assert options(store)["timeout"] == seconds


SIZES = {"4096": 4096, "10k": 10_000, "10kB": 10_000, "1.5M": 1_500_000, "1G": 10**9}


@pytest.mark.parametrize("text, size", SIZES.items())
def test_the_size_of_a_log_has_a_unit(do, store: RunStore, text: str, size: int) -> None:
    """Bytes if none is given."""
    assert do("run", "train.py", "--sweep", "lr=1", "--launcher", "fake", "--max-log", text)[0] == 0
    assert options(store)["max_log"] == size


def test_options_reach_the_flow(do, store: RunStore, folder: Path) -> None:
    """As they were given."""
    (folder / "there").mkdir()
    arguments = "--workers 3 --retries 2 --retry-on 3 --retry-on ValueError --on-error stop"
    arguments += " --name base --tag a --tag b --env A=1 --env B=x=y --cwd there --gpus 0,GPU-1"
    arguments += " --no-metrics --strict --launcher fake --sweep lr=1"
    assert do("run", "train.py", *arguments.split()).outcome == 0
    flow = store.flows()[0]
    assert (flow["name"], flow["tags"]) == ("base", ["a", "b"])
    chosen = options(store)
    assert chosen["env"] == {"A": "1", "B": "x=y"} and chosen["cwd"] == str(folder / "there")
    assert (chosen["workers"], chosen["retries"], chosen["on_error"]) == (3, 2, "stop")
    assert chosen["retry_on"] == [3, "ValueError"] and chosen["gpus"] == "0,GPU-1"
    assert chosen["metrics"] is False and chosen["strict"] is True
    assert store.select(tag="a")[0]["tags"] == ["a", "b"]


def test_the_environment_of_runs(sweep, write) -> None:
    """`--env` sets a variable for the runs alone."""
    write("train.py", "import os\nlr = 0\nprint(os.environ['A'])\n")
    assert "[lr=1] b=c\n" in sweep("--sweep", "lr=1,2", "--env", "A=b=c").out
    assert "A" not in os.environ


def test_retries_are_told(do, fake) -> None:
    """With the time until the next attempt."""
    fake(lambda job: FakeEnd("failed", 1) if job.number == 1 else {"loss": 2})
    arguments = ["--sweep", "lr=1", "--launcher", "fake", "--retries", "1"]
    reply = do("run", "train.py", *arguments)
    assert reply.outcome == 0
    assert re.search(r"\[lr=1\] failed after .*; it is tried again in 1 s$", reply.out, re.M)


def test_stop_begins_no_further_runs(sweep, store: RunStore) -> None:
    """With `--on-error stop`."""
    assert sweep("--sweep", "lr=2,1,3", "--on-error", "stop").outcome == 1
    assert [row["params"]["lr"] for row in store.select()] == [2]


def test_a_misspelt_name_is_told(do) -> None:
    """On stderr, once; under `--strict` nothing is run."""
    reply = do("run", "train.py", "--sweep", "lrr=1,3", "--launcher", "fake")
    assert reply.outcome == 0 and reply.err.count("binds lrr") == 1
    assert reply.err.startswith("kogine: ")
    strict = do("run", "train.py", "--sweep", "lrr=1,3", "--launcher", "fake", "--strict")
    assert (strict.outcome, strict.out) == (2, "") and "lrr" in strict.err


# ---- resume and retry ----


def test_resume_goes_on(sweep, write) -> None:
    """What finished isn't run again, wherever the option stands."""
    assert sweep("--sweep", "lr=1,2,3").outcome == 1
    write("train.py", TRAIN.replace("lr != 2", "lr != 9"))
    refused = sweep("--sweep", "lr=1,2,3", "--resume")
    assert (refused.outcome, refused.out) == (2, "")
    assert "2 finished run(s) would run again" in refused.err and "--resume=any-code" in refused.err
    reply = sweep("--sweep", "lr=1,2,3", "--resume=any-code")
    assert reply.outcome == 0 and "[lr=2] lr is 2" in reply.out and "[lr=1]" not in reply.out
    assert sweep("--sweep", "lr=1,2,3", "--resume").outcome == 0


def test_resume_may_stand_before_the_script(do, store: RunStore) -> None:
    """As any other option."""
    arguments = ["--launcher", "inline", "--sweep", "lr=1,3"]
    do("run", *arguments, "train.py")
    reply = do("run", *arguments, "--resume", "train.py")
    assert (reply.outcome, len(store.flows())) == (0, 1), reply.err


def test_any_code_needs_no_sign_between(sweep, do, write) -> None:
    """It isn't taken for the script's argument, or the script: but where it is a file."""
    assert sweep("--sweep", "lr=1,3").outcome == 0
    write("train.py", TRAIN + "# changed\n")
    reply = sweep("--sweep", "lr=1,3", "--resume", "any-code")
    assert (reply.outcome, reply.out) == (0, ""), reply.err
    arguments = ["--launcher", "inline", "--sweep", "lr=1,3", "--resume", "any-code"]
    assert do("run", *arguments, "train.py") == (0, "", "kogine: 2 runs had finished before.\n")
    write("any-code", TRAIN)
    reply = do("run", *arguments)
    assert reply.outcome == 2 and re.search("no flow of .*/any-code to", reply.err)
    assert "--resume[=any-code]" in do("run", "--help").out


def test_resume_takes_the_id_of_a_flow(sweep, store: RunStore) -> None:
    """To go on with another one than the newest."""
    sweep("--sweep", "lr=1,2")
    first = store.flows()[0]["id"]
    sweep("--sweep", "lr=1,2")
    sweep("--sweep", "lr=1,3", f"--resume={first[:8]}")
    assert {row["params"]["lr"] for row in store.select(flow=first)} == {1, 2, 3}


def test_retry_runs_what_failed(sweep, do, write, store: RunStore) -> None:
    """With the script as it is now; when all have finished, there is nothing to do."""
    sweep("--sweep", "lr=1,2,3")
    flow = store.flows()[0]["id"]
    write("train.py", TRAIN.replace("lr != 2", "lr != 9"))
    reply = do("retry", flow[:8])
    assert reply.outcome == 0 and "lr is 2\n" in reply.out and "lr is 1" not in reply.out
    again = do("retry", flow[:8])
    assert again.outcome == 2 and "have finished" in again.err


@pytest.mark.process
def test_retry_of_a_single_run_gives_it_a_process(write, folder: Path, store: RunStore) -> None:
    """However its script ends, the command tells; and it can be kept to its limits."""
    write("dies.py", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    assert run("run", "dies.py", "--timeout", "1h", cwd=folder).returncode == -signal.SIGSEGV
    for attempts in (2, 3):
        done = run("retry", "last", cwd=folder)
        assert done.returncode == 1 and "killed by SIGSEGV" in done.stdout, done.stderr
        [row] = store.select()
        assert (row["status"], row["launcher"], row["attempts"]) == ("failed", "fresh", attempts)
    shown = json.loads(run("show", "last", "--json", cwd=folder).stdout)
    assert shown["launcher"] == "fresh"


@pytest.mark.process
def test_inline_scripts_have_the_main_thread(write, folder: Path) -> None:
    """In a sweep as in a retry of it; and what is worth a warning is said once."""
    write(
        "train.py",
        "import os, signal\nlr = 1\n"
        "signal.signal(signal.SIGUSR1, lambda *_: print('got it'))\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nassert lr == 2 or again\n",
    )
    sweep = ("--sweep", "lr=1,2", "--set", "again=0", "--launcher", "inline")
    for command in (("run", "train.py", *sweep), ("retry", "last")):
        done = run(*command, cwd=folder)
        assert done.stdout.count("got it") == (2 if command[0] == "run" else 1), done.stdout
        said = done.stdout + done.stderr
        assert said.count("train.py binds again") == 1, said
        assert "OverrideWarning" not in said


@pytest.mark.process
def test_detached_inline_scripts_have_the_main_thread(write, folder: Path, store) -> None:
    """As those at this terminal."""
    write("train.py", "import signal\nlr = 1\nsignal.signal(signal.SIGUSR1, signal.SIG_IGN)\n")
    arguments = ("--sweep", "lr=1,2", "--launcher", "inline", "--detach")
    done = run("run", "train.py", *arguments, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    [flow] = store.flows()
    assert [run.status for run in AttachedFlow(store, flow["id"]).wait(SECONDS)] == ["finished"] * 2
    assert "[lr=2] finished" in Path(store.paths.flow(flow["id"]).log).read_text()


def test_retry_of_a_cancelled_flow_tells_what_was_never_begun(sweep, do, store: RunStore) -> None:
    """It runs what had begun, and the flow isn't finished before the rest has been resumed."""
    sweep("--sweep", "lr=2,1,3,4", "--workers", "1", "--on-error", "stop")
    [flow] = [row["id"] for row in store.flows()]
    Path("train.py").write_text(TRAIN.replace("lr != 2", "lr"))
    reply = do("retry", flow[:8])
    assert reply.outcome == 1 and reply.err == (
        "kogine: 3 of 4 runs were never begun; --resume begins them.\n"
    )
    assert store.flow(flow)["status"] == "interrupted"
    reply = do("retry", flow[:8])
    assert reply.outcome == 2 and "3 were never begun: --resume begins them." in reply.err
    assert sweep("--sweep", "lr=2,1,3,4", "--resume=any-code").outcome == 0
    assert store.flow(flow)["status"] == "finished"


def test_retry_reports_like_a_sweep(sweep, do, store: RunStore) -> None:
    """Exit status, `--quiet` and `--json` are the same."""
    sweep("--sweep", "lr=1,2")
    flow = store.flows()[0]["id"]
    quiet = do("retry", flow, "--quiet")
    assert (quiet.outcome, quiet.out) == (1, "")
    reply = do("retry", flow, "--json")
    assert [(row["status"], row["attempts"]) for row in json.loads(reply.out)] == [("failed", 3)]


def test_retry_takes_the_newest_flow(sweep, do, store: RunStore) -> None:
    """As `last` or `-1`, like the commands that show runs."""
    sweep("--sweep", "lr=2")
    assert do("retry", "last", "--quiet").outcome == 1
    assert do("retry", "-1", "--quiet").outcome == 1
    assert store.select()[0]["attempts"] == 3


def test_retry_of_nothing_is_told(do, sweep) -> None:
    """Where there is no such flow, or no store."""
    assert "there is no store" in do("retry", "ffff").err
    sweep("--sweep", "lr=1")
    reply = do("retry", "ffff")
    assert reply.outcome == 2 and "ffff" in reply.err


# ---- kogine workflow ----

MODES = {"subprocess": "warm" if can_fork() else "fresh", "pool": "pool"}


@pytest.mark.process
@pytest.mark.parametrize("mode, launcher", MODES.items())
@pytest.mark.parametrize("kind", ["sequential", "parallel"])
def test_a_workflow_runs_scripts(
    do, write, store: RunStore, kind: str, mode: str, launcher: str
) -> None:
    """Each with the config, labelled by its name where nothing is set."""
    write("a.py", "print('in a')\n")
    write("b.py", "print('in b')\n")
    workers = ["--workers", "2"] if kind == "parallel" else []
    reply = do("workflow", kind, "a.py", "b.py", "--mode", mode, *workers)
    assert reply.outcome == 0, reply.err
    assert {"[a] in a", "[b] in b"} <= set(reply.out.splitlines())
    assert {row["launcher"] for row in store.select()} == {launcher}


def test_a_sequential_workflow_keeps_the_order(do, fake, write, store: RunStore) -> None:
    """One after the other in the first slot."""
    write("a.py", "lr = 0\n")
    write("b.py", "lr = 0\n")
    reply = do("workflow", "sequential", "b.py", "a.py", "--set", "lr=7", "--dry-run", "--json")
    assert [(row["script"], row["params"]) for row in json.loads(reply.out)] == [
        ("b.py", {"lr": 7}),
        ("a.py", {"lr": 7}),
    ]


def test_a_sequential_workflow_has_no_workers(do, fake, project, store: RunStore) -> None:
    """It says which one has, and doesn't offer them; a default is for the others."""
    for option in ("--workers", "-j"):
        reply = do("workflow", "sequential", "train.py", option, "4")
        assert reply.outcome == 2 and "kogine workflow parallel several at once" in reply.err
    assert "--workers" not in do("workflow", "sequential", "--help").out
    assert "--workers" in do("workflow", "parallel", "--help").out
    project("[tool.kogine]\nworkers = 4\n")
    fake(lambda job: None)
    assert do("workflow", "sequential", "train.py", "--launcher", "fake").outcome == 0
    assert options(store)["workers"] == 1


def test_a_workflow_takes_a_config_file(do, write) -> None:
    """Each script runs with each config that it gives."""
    write("a.py", "lr = 0\n")
    write(
        "config.py",
        """\
        from kohakuengine import Config
        def config_gen():
            yield Config({"lr": 1})
            yield Config({"lr": 2})
        """,
    )
    reply = do("workflow", "parallel", "a.py", "train.py", "--config", "config.py", "--dry-run")
    assert reply.out.splitlines()[-1] == "4 run(s)"


# ---- defaults of the project ----


@pytest.fixture
def project(write) -> Callable[[str], None]:
    """Write `pyproject.toml`."""

    def project(text: str) -> None:
        write("pyproject.toml", text)

    return project


FAKE = ["--sweep", "lr=1", "--launcher", "fake"]


def test_a_project_has_defaults(do, project, store: RunStore) -> None:
    """For all commands that have the option, and for one alone; the command line wins."""
    project("""
        [tool.kogine]
        workers = 3
        timeout = "5m"
        tag = ["a", "b"]
        quiet = true

        [tool.kogine.run]
        workers = 2
        env = ["A=1"]
        no-metrics = true
        """)
    reply = do("run", "train.py", *FAKE, "--timeout", "7")
    assert (reply.outcome, reply.out) == (0, "")
    chosen = options(store)
    assert (chosen["workers"], chosen["timeout"], chosen["env"]) == (2, 7, {"A": "1"})
    assert (chosen["tags"], chosen["metrics"]) == (["a", "b"], False)


def test_defaults_are_found_upwards(do, project, folder: Path, monkeypatch, store) -> None:
    """From the working directory, as by other tools."""
    project("[tool.kogine]\nname = 'base'\n")
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    assert do("run", "../train.py", *FAKE).outcome == 0
    assert store.flows()[0]["name"] == "base"


def test_one_word_for_an_option_that_may_be_repeated(do, project, store: RunStore) -> None:
    """It is that word, not its letters."""
    project("[tool.kogine]\ntag = 'base'\n")
    assert do("run", "train.py", *FAKE).outcome == 0
    assert store.flows()[0]["tags"] == ["base"]


def test_a_workflow_has_defaults_too(do, project, write) -> None:
    """Those for all commands, and its own."""
    project("[tool.kogine]\ndry-run = true\n[tool.kogine.workflow]\nmode = 'pool'\n")
    reply = do("workflow", "parallel", "train.py")
    assert (reply.outcome, reply.out.splitlines()[-1:]) == (0, ["1 run(s)"]), reply.err


def test_commands_within_groups_have_defaults(do, project, sweep) -> None:
    """As `kogine store du`, which has no option of the others."""
    sweep("--sweep", "lr=1", "--quiet")
    project("[tool.kogine]\njson = true\n")
    assert json.loads(do("runs").out) and json.loads(do("store", "du").out)


def test_a_list_of_gpus_is_a_list(do, project, store: RunStore) -> None:
    """As `gpus=[0, 1]` in Python; one that stands alone needs no list."""
    for text, gpus in {"[0, 1]": "0,1", "['GPU-5f']": "GPU-5f", "3": "3", "'2,3'": "2,3"}.items():
        project(f"[tool.kogine]\ngpus = {text}\n")
        assert do("run", "train.py", *FAKE).outcome == 0
        assert options(store)["gpus"] == gpus


def test_one_command_of_a_group_has_defaults(do, project, sweep) -> None:
    """Above those of its group, which the others keep; other commands are not concerned."""
    sweep("--sweep", "lr=1", "--quiet")
    project("""
        [tool.kogine.store]
        json = true
        [tool.kogine.store.reindex]
        json = false
        [tool.kogine.workflow.parallel]
        mode = "pool"
        """)
    assert json.loads(do("store", "du").out)
    assert do("store", "reindex").out == "1 run of 1 flow indexed\n"
    assert do("runs").outcome == 0
    refused = do("workflow", "parallel", "train.py", "--mode", "pool", "--launcher", "fresh")
    assert "--mode pool and --launcher fresh" in refused.err
    assert do("workflow", "sequential", "train.py", "--launcher", "fake").outcome == 0


def test_a_default_blocks_no_option_of_a_workflow(do, project, write, store: RunStore) -> None:
    """What the command line says of where runs live goes before what the project does."""
    write("a.py", "print('in a')\n")
    project("[tool.kogine]\nlauncher = 'fresh'\n")
    assert do("workflow", "parallel", "a.py", "--mode", "pool").outcome == 0
    assert options(store)["launcher"] == "pool"
    project("[tool.kogine.workflow]\nmode = 'pool'\n")
    assert do("workflow", "parallel", "a.py", "--launcher", "inline").outcome == 0
    assert options(store)["launcher"] == "inline"


MISTAKES = {
    "a list for one value": (
        "[tool.kogine]\nworkers = [1, 2]\n",
        "workers takes one value, got [1, 2]",
    ),
    "in the table of a group's command": (
        "[tool.kogine.store.du]\njsn = true\n",
        "[tool.kogine.store.du] has no option jsn; did you mean json?",
    ),
    "a misspelt command of a group": (
        "[tool.kogine.workflow.paralel]\nworkers = 2\n",
        "[tool.kogine.workflow] has no command paralel; did you mean parallel?",
    ),
    "an option of kogine itself": ("[tool.kogine]\nversion = 1\n", "has no option version"),
    "a misspelt key": (
        "[tool.kogine]\nworker = 2\n",
        "[tool.kogine] has no option worker; did you",
    ),
    "in a table": (
        "[tool.kogine.run]\ntimout = 2\n",
        "[tool.kogine.run] has no option timout; did",
    ),
    "of another command": ("[tool.kogine.run]\nsort = 'lr'\n", "has no option sort"),
    "a misspelt command": ("[tool.kogine.rum]\nworkers = 2\n", "rum"),
    "no TOML": ("[tool.kogine\n", "isn't valid TOML"),
    "a wrong value": ("[tool.kogine]\nworkers = 'two'\n", "two"),
    "no table": ("[tool]\nkogine = 3\n", "kogine"),
}


@pytest.mark.parametrize("text, message", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_the_defaults_are_told(
    do, project, store: RunStore, text: str, message: str
) -> None:
    """With the file, and what may have been meant; nothing is run."""
    project(text)
    reply = do("run", "train.py", *FAKE)
    assert (reply.outcome, reply.out) == (2, "")
    assert message in reply.err
    assert not os.path.exists(store.paths.home)


def test_other_tools_tables_are_none_of_ours(do, project) -> None:
    """Also where one of them has our name in a text."""
    project("[tool.other]\nworker = 'kogine'\n")
    assert do("run", "train.py", *FAKE).outcome == 0


# ---- flows that go on ----


@pytest.fixture
def live(fake, store: RunStore) -> Iterator[tuple[Any, Fake]]:
    """A flow of two runs that go on until they are released, and a third one waiting."""
    launcher = fake(
        lambda job: FakeEnd(output=f"lr is {job.config.globals_dict['lr']}\n"), hold=True
    )
    configs = [Config({"lr": value}) for value in (1, 2, 3)]
    handle = Parallel("train.py", configs, max_workers=2, launcher="fake").start()
    wait_until(lambda: len(store.ids(status="running")) == 2)
    yield handle, launcher
    handle.cancel()
    assert handle.join(SECONDS)


def test_a_flow_is_cancelled(do, live, store: RunStore) -> None:
    """With its runs; the command waits for that."""
    handle, _ = live
    reply = do("cancel", handle.id[:8])
    assert reply == (0, f"flow {handle.id[:8]} is cancelled\n", "")
    assert [run.status for run in handle.wait(SECONDS)] == ["cancelled", "cancelled"]


def test_a_run_is_cancelled(do, live, store: RunStore) -> None:
    """The flow goes on with the others."""
    handle, launcher = live
    first = launcher.submitted[0]
    assert do("cancel", first[:8]) == (0, f"run {first[:8]} is cancelled\n", "")
    wait_until(lambda: len(launcher.submitted) == 3)
    launcher.release()
    assert [run.status for run in handle.wait(SECONDS)] == ["cancelled", "finished", "finished"]


def test_a_run_that_waits_for_its_next_attempt_is_cancelled(do, fake, store: RunStore) -> None:
    """It isn't tried again then; how its last attempt ended stays as it is."""
    fake(lambda job: ValueError("no"))
    options = {"retries": 3, "retry_delay": 1000, "launcher": "fake"}
    handle = Parallel("train.py", [Config({"lr": 1})], **options).start()
    wait_until(lambda: store.ids(status="failed"))
    run = handle.runs[0].id[:8]
    assert do("cancel", run) == (0, f"run {run} is failed\n", "")
    assert handle.join(SECONDS) and handle.runs[0].attempts == 1
    reply = do("cancel", run)
    assert reply == (2, "", f"kogine: error: run {run} isn't going on: it is failed.\n")


def test_a_run_is_killed(do, live) -> None:
    """At once, with `--kill`."""
    handle, launcher = live
    do("cancel", launcher.submitted[0], "--kill")
    assert handle.runs[0].exit_code == -9


def test_what_has_ended_cannot_be_cancelled(do, live) -> None:
    """The message says how it ended; so it is with pause."""
    handle, launcher = live
    launcher.release(launcher.submitted[:1])
    wait_until(lambda: handle.runs[0].status == "finished")
    run = handle.runs[0].id[:8]
    reply = do("cancel", run)
    assert reply == (2, "", f"kogine: error: run {run} isn't going on: it is finished.\n")
    handle.cancel()
    handle.wait(SECONDS)
    for command in ("cancel", "pause", "unpause"):
        reply = do(command, handle.id)
        assert reply.outcome == 2 and "isn't going on: it is cancelled" in reply.err


def test_a_flow_that_goes_on_is_not_resumed(do, live) -> None:
    """A dry run of the resume says so, too."""
    handle, _ = live
    arguments = ["--launcher", "fake", "--sweep", "lr=1,2", "--resume"]
    for more in ([], ["--dry-run"]):
        reply = do("run", "train.py", *arguments, *more)
        assert reply.outcome == 2 and f"flow {handle.id[:8]} is going on" in reply.err


def test_a_flow_is_paused_and_unpaused(do, live, store: RunStore) -> None:
    """Meanwhile it begins no runs."""
    handle, launcher = live
    assert do("pause", handle.id[:8]) == (0, f"flow {handle.id[:8]} is paused\n", "")
    launcher.release()
    wait_until(lambda: len(store.ids(status="finished")) == 2)
    assert handle.live and len(launcher.submitted) == 2
    assert do("unpause", handle.id[:8]) == (0, f"flow {handle.id[:8]} is running\n", "")
    wait_until(lambda: len(launcher.submitted) == 3)
    launcher.release()
    assert [run.status for run in handle.wait(SECONDS)] == ["finished"] * 3


def test_what_is_done_to_flows_is_reported_as_json(do, live, store: RunStore) -> None:
    """The kind, the whole id and the status; of `attach` the runs at the end."""
    handle, launcher = live
    run = launcher.submitted[0]

    def status(*arguments: str) -> Any:
        return json.loads(do(*arguments, "--json").out)

    assert status("pause", "last") == {"kind": "flow", "id": handle.id, "status": "paused"}
    assert status("unpause", "last") == {"kind": "flow", "id": handle.id, "status": "running"}
    assert status("cancel", run) == {"kind": "run", "id": run, "status": "cancelled"}
    assert status("cancel", handle.id) == {"kind": "flow", "id": handle.id, "status": "cancelled"}
    reply = do("attach", handle.id, "--json")
    assert [row["status"] for row in json.loads(reply.out)] == ["cancelled"] * len(store.select())
    assert reply.outcome == 1 and "didn't finish" in reply.err


def test_all_that_report_can_do_so_as_json() -> None:
    """Every command has `--json`, but where what is printed is a script, or in a format of its own."""

    def without(command: click.Command, name: str) -> Iterator[str]:
        if isinstance(command, click.Group):
            for sub in command.list_commands(ctx):
                found = command.get_command(ctx, sub)
                assert found is not None
                yield from without(found, f"{name} {sub}")
        elif not any("--json" in param.opts for param in command.params):
            yield name

    ctx = click.Context(kogine_command)
    others = ["kogine config new", "kogine store export", "kogine completion"]
    assert list(without(kogine_command, "kogine")) == others


def test_unknown_ones_are_told(do, live) -> None:
    """By what was given for them."""
    for command in ("cancel", "pause", "unpause", "attach", "retry"):
        reply = do(command, "ffff")
        assert reply.outcome == 2 and "ffff" in reply.err


def test_a_flow_is_followed(do, live, store: RunStore, monkeypatch) -> None:
    """Until it has ended, with what its runs print; the exit status is that of the flow."""
    handle, launcher = live
    launcher.release()
    following = threading.Event()
    begin = _Follower.begin
    monkeypatch.setattr(_Follower, "begin", lambda self: (begin(self), following.set()))

    def release_third() -> None:
        assert following.wait(60)  # what had ended before would only be counted
        wait_until(lambda: len(launcher.submitted) == 3)
        launcher.release()

    thread = threading.Thread(target=release_third)
    thread.start()
    reply = do("attach", handle.id[:8])
    thread.join()
    assert reply.outcome == 0
    assert "[lr=3] lr is 3\n" in reply.out and "[lr=3] finished after" in reply.out


def test_what_has_ended_is_followed_to_its_end(do, sweep, store: RunStore) -> None:
    """How the runs ended is told, and the exit status is that of the flow."""
    sweep("--sweep", "lr=1,2", "--quiet")
    reply = do("attach", store.flows()[0]["id"])
    assert reply.outcome == 1 and "1 of 2 runs didn't finish" in reply.err
    assert "[lr=1] finished after" in reply.out and "[lr=2] failed after" in reply.out


WAIT = """\
import os, time
lr = 0
print("waiting", lr, flush=True)
while not os.path.exists("go"):
    time.sleep(0.01)
print("gone on")
"""


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [*KOGINE, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, when it has ended."""
    command = [*KOGINE, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS)


@pytest.mark.process
def test_a_detached_flow_goes_on_by_itself(write, folder: Path, store: RunStore) -> None:
    """The command ends at once; the flow is followed from anywhere."""
    write("wait.py", WAIT)
    done = run("run", "wait.py", "--sweep", "lr=1,2", "-j", "2", "--detach", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    [flow] = store.flows()
    short = flow["id"][:8]
    assert done.stdout == (
        f"flow {short} goes on by itself: kogine attach {short} follows it, "
        f"kogine cancel {short} ends it.\n"
    )
    following = start("attach", short, cwd=folder)
    assert following.stdout is not None
    said = {following.stdout.readline(), following.stdout.readline()}
    assert said == {"[lr=1] waiting 1\n", "[lr=2] waiting 2\n"}
    (folder / "go").touch()
    out, err = following.communicate(timeout=SECONDS)
    assert (following.returncode, err) == (0, "")
    assert "[lr=1] gone on\n" in out and out.count("finished after") == 2
    assert {row["status"] for row in store.select()} == {"finished"}
    log = Path(store.paths.flow(flow["id"]).log).read_text()
    assert "[lr=1] gone on\n" in log


@pytest.mark.process
def test_a_detached_flow_is_cancelled(write, folder: Path, store: RunStore) -> None:
    """From another process."""
    write("wait.py", WAIT)
    done = run("run", "wait.py", "--sweep", "lr=1,2", "-j", "1", "--detach", "--json", cwd=folder)
    flow = json.loads(done.stdout)["flow"]
    wait_until(lambda: store.ids(status="running"))
    done = run("cancel", flow[:8], cwd=folder)
    assert (done.returncode, done.stdout) == (0, f"flow {flow[:8]} is cancelled\n"), done.stderr
    assert [row["status"] for row in store.select()] == ["cancelled"]
    assert not AttachedFlow(store, flow).live


@pytest.mark.process
def test_a_flow_that_cannot_be_detached_is_told(write, folder: Path, store: RunStore) -> None:
    """By the command itself, before it ends."""
    done = run("run", "train.py", "--sweep", "lr=1", "--detach", "--resume", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no flow of" in done.stderr


@pytest.mark.process
def test_ctrl_c_leaves_an_attached_flow_alone(write, folder: Path, store: RunStore) -> None:
    """It ends the command that follows it, and nothing else."""
    write("wait.py", WAIT)
    run("run", "wait.py", "--sweep", "lr=1", "--detach", cwd=folder)
    flow = store.flows()[0]["id"]
    following = start("attach", flow, cwd=folder)
    assert following.stdout is not None and "waiting" in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=SECONDS)
    assert following.returncode == 0 and f"flow {flow[:8]} goes on" in err
    assert AttachedFlow(store, flow).live
    (folder / "go").touch()
    [run_] = AttachedFlow(store, flow).wait(SECONDS)
    assert run_.status == "finished"


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["inline", "fresh"])
def test_a_single_run_is_cancelled(write, folder: Path, store: RunStore, launcher: str) -> None:
    """One that goes on at another terminal is ended from here, like those of a sweep."""
    write("wait.py", WAIT)
    going = start("run", "wait.py", "--launcher", launcher, cwd=folder)
    try:
        assert going.stdout is not None and going.stdout.readline() == "waiting 0\n"
        wait_until(lambda: store.ids(status="running"))
        [id] = store.ids()
        done = run("cancel", id, cwd=folder)
        assert (done.returncode, done.stdout) == (0, f"run {id[:8]} is cancelled\n"), done.stderr
        assert store.run(id)["status"] == "cancelled"
        going.communicate(timeout=SECONDS)
        assert going.returncode != 0
    finally:
        (folder / "go").touch()
        going.communicate(timeout=SECONDS)


# ---- more than a grid ----

TRIED: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
    "a range of ratios": (["lr=log(1e-2,1,3)"], [{"lr": n} for n in (0.01, 0.1, 1.0)]),
    "a range with a step": (["bs=range(1,9,4)"], [{"bs": 1}, {"bs": 5}]),
    "one that depends on another": (
        ["name=sgd,adam", "lr=when(name == 'sgd', [1, 2])"],
        [{"name": "sgd", "lr": 1}, {"name": "sgd", "lr": 2}, {"name": "adam"}],
    ),
    "a whole space": (
        ["concat({'lr': [1]}, zip(lr=[2, 3], bs=[4, 5]))"],
        [{"lr": 1}, {"lr": 2, "bs": 4}, {"lr": 3, "bs": 5}],
    ),
    "pairs": (["lr=1,2", "bs=3,4", "--zip"], [{"lr": 1, "bs": 3}, {"lr": 2, "bs": 4}]),
    "pairs in a grid": (
        ["lr=1,2", "name=a", "bs=3,4", "--zip=lr,bs"],
        [{"lr": 1, "bs": 3, "name": "a"}, {"lr": 2, "bs": 4, "name": "a"}],
    ),
    "without some": (
        ["lr=1,2", "bs=1,2", "--exclude", "lr == bs", "--exclude", "lr > bs"],
        [{"lr": 1, "bs": 2}],
    ),
    "repeats": (["lr=1,2", "--repeat", "2"], [{"lr": 1}, {"lr": 1}, {"lr": 2}, {"lr": 2}]),
    "repeats with seeds": (
        ["lr=1", "--repeat", "2,bs"],
        [{"lr": 1, "bs": 0}, {"lr": 1, "bs": 1}],
    ),
}


@pytest.mark.parametrize("words, points", TRIED.values(), ids=TRIED)
def test_what_is_tried(do, words: list[str], points: list[dict[str, Any]]) -> None:
    """The functions of `axes` are understood in --sweep, and options pair, exclude and repeat."""
    reply = do("run", "train.py", *_words(words), "--dry-run", "--json")
    assert reply.err == ""
    assert [row["params"] for row in json.loads(reply.out)] == points


def _words(words: list[str]) -> list[str]:
    """A command line, in which what is no option, nor follows one, is an axis."""
    said: list[str] = []
    for n, word in enumerate(words):
        option = word.startswith("--") or n and words[n - 1] in ("--exclude", "--repeat")
        said += [word] if option else ["--sweep", word]
    return said


def test_a_sample_of_a_huge_grid(do) -> None:
    """Nothing of it is expanded, and the same seed gives the same points."""
    huge = ["--sweep", "lr=range(100000)", "--sweep", "bs=range(100000)", "--sample", "5"]
    first, again, other = (
        do("run", "train.py", *huge, *more, "--dry-run", "--json").out
        for more in ([], ["--seed", "0"], ["--seed", "1"])
    )
    assert len(json.loads(first)) == 5 and first == again != other


WRONG_AXES = {
    "a function with too few arguments": (["lr=linspace(0,1)"], "missing 1 required positional"),
    "pairs that don't match": (["lr=1,2", "bs=1,2,3", "--zip"], "lr has 2, bs has 3"),
    "a pair that isn't swept": (["lr=1,2", "--zip=lr,sb"], "there is no --sweep of sb, but of lr"),
    "a pair of nothing": (["--zip"], "--zip pairs the axes of --sweep, and there is none"),
    "no condition": (["lr=1", "--exclude", "lr >"], "the condition lr > can't be understood"),
    "a condition on something else": (["lr=1", "--exclude", "bs > 1"], "looks at bs"),
    "nothing left": (["lr=1", "--exclude", "lr == 1"], "its conditions leave no point"),
    "draws without a count": (["lr=uniform(0, 1)"], "how many values of lr"),
    "what isn't executed": (["lr=range(open('x'))"], "there is no open()"),
}


@pytest.mark.parametrize("words, message", WRONG_AXES.values(), ids=WRONG_AXES)
def test_wrong_axes(do, words: list[str], message: str) -> None:
    """One sentence says what is wrong, before anything is run."""
    reply = do("run", "train.py", *_words(words), "--dry-run")
    assert (reply.outcome, reply.out) == (2, "")
    assert message in reply.err and "Traceback" not in reply.err


SWEPT = """\
from kohakuengine import axes
bs = 2
_sweep = axes.grid(lr=[1, 3])
"""


def test_a_config_file_that_sweeps(sweep, folder: Path) -> None:
    """Its variables are the same for all; the command line may set and sweep what it doesn't."""
    (folder / "c.py").write_text(SWEPT)
    reply = sweep("--config", "c.py", "--set", "bs=4", "--sweep", "name=a,b", "--json")
    rows = json.loads(reply.out)
    assert [row["params"] for row in rows] == [
        {"bs": 4, "lr": lr, "name": name} for lr in (1, 3) for name in "ab"
    ]
    assert [row["name"] for row in rows][:2] == ["lr=1 name=a", "lr=1 name=b"]


FILE_AXES = """\
from kohakuengine import axes
_sweep = axes.grid(
    axes.zip(lr=[1, 3], name=["a", "b"]), bs=[2, 4], color=axes.when("bs == 4", ["RED"])
)
"""
ABOVE_AXES: dict[str, tuple[list[str], list[str]]] = {
    "set": (["--set", "bs=4"], ["1a4RED", "3b4RED"]),
    "set, and a condition on it": (["--set", "bs=2"], ["1a2", "3b2"]),
    "set, of a pair": (["--set", "name=x", "--set", "bs=2"], ["1x2", "3x2"]),
    "all set": (
        ["--set", "bs=4", "--set", "lr=1", "--set", "name=n", "--set", "color=RED"],
        ["1n4RED"],
    ),
    "swept": (["--sweep", "bs=4,6"], ["1a4RED", "1a6", "3b4RED", "3b6"]),
    "swept, of a pair": (["--sweep", "lr=5,7", "--set", "bs=2"], ["5a2", "7b2"]),
    "paired": (["--sweep", "lr=5", "--sweep", "name=x", "--zip", "--set", "bs=2"], ["5x2"]),
    "depending on the file": (
        ["--sweep", "color=when(lr == 1, ['RED', 'BLUE'])", "--set", "bs=4"],
        ["1a4RED", "1a4BLUE", "3b4"],
    ),
    "left out of what depends": (
        ["--sweep", "color=RED,BLUE", "--set", "bs=4", "--exclude", "color == 'RED' and lr == 1"],
        ["1a4BLUE", "3b4RED", "3b4BLUE"],
    ),
    "left out": (["--exclude", "lr == 1 or bs == 2"], ["3b4RED"]),
    "repeated": (["--repeat", "2", "--set", "bs=2"], ["1a2", "1a2", "3b2", "3b2"]),
    "sampled": (["--sample", "1", "--seed", "3", "--sweep", "bs=4"], ["1a4RED"]),
}


@pytest.mark.parametrize("words, expected", ABOVE_AXES.values(), ids=ABOVE_AXES)
def test_the_command_line_wins_over_what_a_file_sweeps(
    do, folder: Path, words: list[str], expected: list[str]
) -> None:
    """What is set isn't swept, an axis has the values given last, and options are for all of it."""
    (folder / "c.py").write_text(FILE_AXES)
    reply = do("run", "train.py", "--config", "c.py", *words, "--dry-run", "--json")
    points = [row["params"] for row in json.loads(reply.out)]
    names = ("lr", "name", "bs", "color")
    assert ["".join(str(one[n]) for n in names if n in one) for one in points] == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--repeat", "x"], "isn't like 3, or 3,seed"),
        (["--repeat", "2,3"], "'3' is no variable"),
        (["--repeat", "2,lr"], "lr is swept already"),
        (["--seed", "3"], "--seed 3 is of --sample, and there is none"),
    ],
)
def test_repeats_and_seeds_that_mean_nothing(do, words: list[str], said: str) -> None:
    """They are refused, and not dropped."""
    reply = do("run", "train.py", "--sweep", "lr=1,2", *words, "--dry-run")
    assert reply.outcome == 2 and said in reply.err


def test_options_for_a_sweep_without_one(do) -> None:
    """They say that there is nothing to sample, to repeat or to leave out."""
    for words in (["--sample", "3"], ["--repeat", "2"], ["--exclude", "lr > 1"]):
        reply = do("run", "train.py", *words)
        assert reply.outcome == 2 and "neither a --sweep nor a config file with" in reply.err


ABOVE_AXES_WRONG = {
    "a pair of another length": (["--sweep", "lr=5"], "lr has 1, name has 2"),
    "no sweep": (["--sweep", "bs=1", "--zip=lr"], "there is no --sweep of lr, but of bs"),
    "a pair of nothing": (["--zip"], "--zip pairs the axes of --sweep, and there is none"),
}


@pytest.mark.parametrize("words, message", ABOVE_AXES_WRONG.values(), ids=ABOVE_AXES_WRONG)
def test_wrong_above_what_a_file_sweeps(do, folder: Path, words: list[str], message: str) -> None:
    """What can't be put together is one sentence."""
    (folder / "c.py").write_text(FILE_AXES)
    reply = do("run", "train.py", "--config", "c.py", *words, "--dry-run")
    assert reply.outcome == 2 and message in reply.err


def test_a_value_within_what_is_swept(do, folder: Path) -> None:
    """What a swept value would take the place of is refused, and not lost."""
    (folder / "nested.py").write_text(NESTED)
    (folder / "c.py").write_text("_sweep = {'model': [{'layers': 1}]}")
    command = ("run", "nested.py", "--config", "c.py", "--set", "model.layers=3", "--dry-run")
    reply = do(*command)
    assert (
        reply.outcome == 2 and "model.layers is set, and model, in which it is, swept" in reply.err
    )


NESTED = "model = {'layers': 2, 'opt': {'lr': 0.1, 'name': 'sgd'}}\nprint(model)\n"


def test_a_part_of_a_dictionary(do, sweep, folder: Path) -> None:
    """A name with dots in it changes that part alone, typed by what the script has there."""
    (folder / "nested.py").write_text(NESTED)
    reply = do(
        "run", "nested.py", "--set", "model.opt.lr=1", "--sweep", "model.layers=3,4", "--json"
    )
    rows = json.loads(reply.out)
    assert [row["params"]["model"] for row in rows] == [
        {"layers": layers, "opt": {"lr": 1.0, "name": "sgd"}} for layers in (3, 4)
    ]
    assert [row["name"] for row in rows] == ["model.layers=3", "model.layers=4"]
    wrong = do("run", "nested.py", "--set", "model.layers=many")
    assert (wrong.outcome, wrong.out) == (2, "")
    assert "model.layers is int (nested.py line 1); many is not an int" in wrong.err
