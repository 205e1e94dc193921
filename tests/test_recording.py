"""One run is recorded like many: by `kohakuengine.run` and by `kogine run`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kohakuengine
from kohakuengine import Config, Run, RunStore
from kohakuengine.errors import OverrideError, ScriptDied, ScriptExit, ScriptNotFoundError

SECONDS = 60.0  # for anything to happen
KOGINE = [sys.executable, "-m", "kohakuengine"]

TRAIN = """\
import sys
lr = 1

def main():
    print("loss:", lr * 2)
    print("to stderr", file=sys.stderr)
    return {"acc": lr}

if __name__ == "__main__":
    main()
"""

FRESH = pytest.param("fresh", marks=pytest.mark.process)
LAUNCHERS = ["inline", FRESH, pytest.param("pool", marks=pytest.mark.process)]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The store; the working directory is beside it."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return RunStore(str(tmp_path / "store"))


@pytest.fixture
def write() -> Callable[..., Path]:
    """Write a script into the working directory."""

    def write(text: str = TRAIN, name: str = "train.py") -> Path:
        Path(name).write_text(text)
        return Path(name).absolute()

    return write


def only(store: RunStore) -> Run:
    """The one run that is recorded."""
    [id] = store.ids()
    return Run(store, id)


# ---- from Python ----


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_run_is_recorded(write, store: RunStore, capfd, launcher: str) -> None:
    """What it was run with, what it printed and what it gave."""
    path = write()
    value = kohakuengine.run(path, globals_dict={"lr": 2}, launcher=launcher)
    run = only(store)
    assert value == run.result == {"acc": 2}
    assert (run.status, run.exit_code, run.params) == ("finished", 0, {"lr": 2})
    assert run.metrics == {"loss": 4, "acc": 2} and run.script == str(path)
    assert sorted(run.output.splitlines()) == ["loss: 4", "to stderr"]
    flow = store.flow(run.flow)
    assert (flow["status"], flow["total"], flow["scripts"]) == ("finished", 1, [str(path)])
    assert "loss: 4\n" in capfd.readouterr().out


@pytest.mark.parametrize("launcher", ["inline", FRESH])
def test_stdout_and_stderr_stay_apart(write, capfd, launcher: str) -> None:
    """What the script prints is printed where it would be without us."""
    kohakuengine.run(write(), launcher=launcher)
    assert capfd.readouterr() == ("loss: 2\n", "to stderr\n")


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_what_a_script_raises_is_raised_and_recorded(write, store, launcher: str) -> None:
    """With its own type; the record has the traceback."""
    write("def main():\n    raise LookupError('nothing there')\n")
    with pytest.raises(LookupError, match="nothing there"):
        kohakuengine.run("train.py", launcher=launcher)
    run = only(store)
    assert (run.status, run.exit_code) == ("failed", 1)
    with pytest.raises(LookupError, match="nothing there") as caught:
        run.result
    assert "line 2, in main" in str(caught.value.__cause__)
    assert store.flow(run.flow)["status"] == "failed"


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_an_exit_is_recorded(write, store: RunStore, launcher: str) -> None:
    """Its status is the run's exit code."""
    write("import sys\nsys.exit(3)\n")
    with pytest.raises(ScriptExit, match="exited with status 3") as caught:
        kohakuengine.run("train.py", launcher=launcher)
    assert caught.value.exit_code == only(store).exit_code == 3
    assert only(store).status == "failed"


@pytest.mark.process
def test_a_death_is_recorded(write, store: RunStore) -> None:
    """A process that is killed has said nothing of its end."""
    write("import os\nprint('soon', flush=True)\nos.kill(os.getpid(), 9)\n")
    with pytest.raises(ScriptDied, match="was killed by SIGKILL"):
        kohakuengine.run("train.py", launcher="fresh")
    run = only(store)
    assert (run.status, run.exit_code, run.output) == ("failed", -9, "soon\n")


def test_a_ctrl_c_is_recorded(write, store: RunStore) -> None:
    """In the caller's own process, where it goes on as a KeyboardInterrupt."""
    write("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        kohakuengine.run("train.py")
    assert only(store).status == "cancelled"


@pytest.mark.parametrize("launcher", ["inline", FRESH])
def test_nothing_is_recorded_of_what_cannot_be_run(write, store, launcher: str) -> None:
    """A missing script, or a name that strict refuses."""
    with pytest.raises(ScriptNotFoundError):
        kohakuengine.run("no.py", launcher=launcher)
    write()
    with pytest.raises(OverrideError):
        kohakuengine.run("train.py", globals_dict={"rl": 1}, strict=True, launcher=launcher)
    assert not os.path.exists(store.paths.home)


def test_the_config_is_kept_as_it_was(write, store: RunStore) -> None:
    """Any object, arguments and metadata."""
    write("make = None\ndef main(a):\n    return make(a)\n")
    config = Config({"make": lambda x: x + 1}, [4], metadata={"name": "four"})
    assert kohakuengine.run("train.py", config=config) == 5
    run = only(store)
    assert run.name == "four" and run.config.globals_dict["make"](1) == 2
    assert run.config.args == [4]


def test_each_run_is_one_of_its_own(write, store: RunStore) -> None:
    """Also of the same script with the same config."""
    for _ in range(2):
        kohakuengine.run(write(), globals_dict={"lr": 1})
    assert len(store.ids()) == len(store.flows()) == 2


def test_what_was_run_is_kept(write, store: RunStore) -> None:
    """The script's text and that of its local imports, and what it ran on."""
    write("width = 8\n", "model.py")
    kohakuengine.run(write("import model\nprint(model.width)\n"))
    paths = store.paths.flow(only(store).flow)
    texts = {path.name: path.read_text() for path in Path(paths.source).rglob("*.py")}
    assert texts["train.py"].startswith("import model") and texts["model.py"] == "width = 8\n"
    provenance = json.loads(Path(paths.provenance).read_text())
    assert provenance["python"] and "git" in provenance


def test_a_notebooks_stream_gets_the_output(write, store: RunStore, monkeypatch) -> None:
    """`sys.stdout` may be anything with `write()`."""
    import io

    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    kohakuengine.run(write(), launcher="inline")
    assert stream.getvalue() == "loss: 2\n"
    assert "loss: 2\n" in only(store).output


# ---- by the command ----


def kogine(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, its output through pipes."""
    defaults: dict[str, Any] = {"capture_output": True, "text": True, "timeout": SECONDS}
    return subprocess.run([*KOGINE, *arguments], **{**defaults, **options})


def wait_for(path: str) -> None:
    """Wait until a file is there, and fail when it doesn't come in time."""
    deadline = time.monotonic() + SECONDS
    while not os.path.exists(path):
        assert time.monotonic() < deadline, f"{path} didn't come in time"
        time.sleep(0.01)


COMMANDS: dict[str, list[str]] = {"inline": [], "fresh": ["--launcher", "fresh"]}


@pytest.mark.process
@pytest.mark.parametrize("options", COMMANDS.values(), ids=COMMANDS)
def test_the_command_records_a_run(write, store: RunStore, options: list[str]) -> None:
    """Its status, what it printed, what it gave and what it ran on."""
    path = write()
    done = kogine("run", "train.py", "--set", "lr=2", "--tag", "a", "--name", "n", *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "loss: 4\n", "to stderr\n")
    run = only(store)
    assert (run.status, run.exit_code, run.params) == ("finished", 0, {"lr": 2})
    assert (run.result, run.metrics) == ({"acc": 2}, {"loss": 4, "acc": 2})
    assert sorted(run.output.splitlines()) == ["loss: 4", "to stderr"]
    assert (run.tags, run.script) == (["a"], str(path))
    assert (store.flow(run.flow)["status"], store.flow(run.flow)["name"]) == ("finished", "n")
    wait_for(store.paths.flow(run.flow).provenance)


@pytest.mark.process
@pytest.mark.parametrize("options", COMMANDS.values(), ids=COMMANDS)
def test_the_log_is_what_was_printed(write, store: RunStore, options: list[str]) -> None:
    """Byte for byte, in order, where stdout and stderr go to one place."""
    write(
        "import os, subprocess, sys\n"
        "print('one', flush=True)\n"
        "print('two', file=sys.stderr)\n"
        "os.write(1, b'\\xff\\x00 three\\n')\n"
        "subprocess.run([sys.executable, '-c', 'print(4)'])\n"
        "sys.stdout.write('no end')\n"
    )
    both: dict[str, Any] = {"capture_output": False, "text": False, "stdout": subprocess.PIPE}
    done = kogine("run", "train.py", *options, **both, stderr=subprocess.STDOUT)
    assert done.stdout == b"one\ntwo\n\xff\x00 three\n4\nno end"
    assert Path(only(store).log).read_bytes() == done.stdout


@pytest.mark.process
def test_stdout_and_stderr_can_be_redirected_apart(write, store: RunStore) -> None:
    """Each goes where it was sent, and both are in the log."""
    write()
    with open("out", "w") as out, open("err", "w") as err:
        kogine("run", "train.py", capture_output=False, stdout=out, stderr=err)
    assert Path("out").read_text() == "loss: 2\n"
    assert Path("err").read_text() == "to stderr\n"
    assert sorted(only(store).output.splitlines()) == ["loss: 2", "to stderr"]


ENDS: dict[str, tuple[str, int, tuple[str, int]]] = {
    "exit": ("raise SystemExit(3)", 3, ("failed", 3)),
    "message": ("raise SystemExit('sorry')", 1, ("failed", 1)),
    "exception": ("raise ValueError('oh')", 1, ("failed", 1)),
    "_exit": ("import os; os._exit(4)", 4, ("failed", 4)),
    "signal": ("import os; os.kill(os.getpid(), 15)", -15, ("failed", -15)),
    "success": ("raise SystemExit", 0, ("finished", 0)),
}


@pytest.mark.process
@pytest.mark.parametrize("options", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("text, status, recorded", ENDS.values(), ids=ENDS)
def test_how_it_ended_is_recorded(
    write, store: RunStore, text: str, status: int, recorded: Any, options: list[str]
) -> None:
    """As the command itself ends."""
    write(f"print('soon', flush=True)\n{text}\n")
    done = kogine("run", "train.py", *options)
    run = only(store)
    assert done.returncode == status and (run.status, run.exit_code) == recorded
    assert run.output == done.stdout + done.stderr and run.output.startswith("soon\n")
    wait_for(store.paths.flow(run.flow).provenance)


@pytest.mark.process
def test_a_traceback_is_recorded(write, store: RunStore) -> None:
    """As it was printed, and as the cause of the error."""
    write("def main():\n    {}['lr']\nif __name__ == '__main__':\n    main()\n")
    done = kogine("run", "train.py")
    run = only(store)
    assert run.output == done.stderr and run.output.startswith("Traceback (most recent call last)")
    with pytest.raises(KeyError) as caught:
        run.result
    assert "line 2, in main" in str(caught.value.__cause__)


@pytest.mark.process
@pytest.mark.parametrize("options", COMMANDS.values(), ids=COMMANDS)
def test_a_run_that_takes_too_long_is_ended(write, store: RunStore, options: list[str]) -> None:
    """The command says so, and gives 1."""
    write("import time\nprint('soon', flush=True)\ntime.sleep(600)\n")
    done = kogine("run", "train.py", "--timeout", "1s", *options)
    assert (done.returncode, done.stdout) == (1, "soon\n")
    assert done.stderr == "kogine: error: train.py was ended: it took longer than 1 s.\n"
    assert (only(store).status, only(store).output) == ("timed_out", "soon\n")


@pytest.mark.process
@pytest.mark.parametrize("options", COMMANDS.values(), ids=COMMANDS)
def test_options_of_one_run(write, store: RunStore, options: list[str]) -> None:
    """Environment and working directory are as for a sweep."""
    os.mkdir("there")
    write("import os\nprint(os.environ['A'], os.path.basename(os.getcwd()))\n")
    done = kogine("run", "train.py", "--env", "A=b", "--cwd", "there", "--no-metrics", *options)
    assert (done.returncode, done.stdout) == (0, "b there\n"), done.stderr
    assert only(store).output == "b there\n"


@pytest.mark.process
def test_nothing_is_recorded_of_a_command_that_cannot_run(write, store: RunStore) -> None:
    """A missing script, an unknown name under strict, a wrong value."""
    write()
    for arguments in (
        ["no.py"],
        ["train.py", "--strict", "--set", "x=1"],
        ["train.py", "--workers=0"],
    ):
        done = kogine("run", *arguments)
        assert (done.returncode, done.stdout) == (2, "") and done.stderr
    assert not os.path.exists(store.paths.home)


@pytest.mark.process
def test_a_script_that_is_run_within_a_run_is_recorded_too(write, store: RunStore) -> None:
    """Each has its own record, and only its own metrics."""
    write("import kohakuengine\nprint('a: 1')\nkohakuengine.run('inner.py')\n")
    write("print('b: 2')\n", "inner.py")
    assert kogine("run", "train.py").returncode == 0
    runs = {os.path.basename(run["script"]): run for run in store.select()}
    assert runs["inner.py"]["metrics"] == {"b": 2}
    assert runs["train.py"]["metrics"] == {"a": 1, "b": 2}  # it printed that, too
