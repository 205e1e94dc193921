"""The command as a process: exit codes, signals, pipes, and what it leaves to the script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kohakuengine

KOGINE = [sys.executable, "-m", "kohakuengine"]

pytestmark = pytest.mark.process


def run(*arguments: str, cwd: Path, **options) -> subprocess.CompletedProcess[str]:
    defaults = {"capture_output": True, "text": True, "timeout": 60}
    return subprocess.run([*KOGINE, *arguments], cwd=cwd, **{**defaults, **options})


@pytest.mark.parametrize("command", [KOGINE, [str(Path(sys.executable).with_name("kogine"))]])
def test_the_version_is_told_without_importing_click(command: list[str], tmp_path: Path) -> None:
    """`kogine --version` is answered from what is loaded anyway, in both ways of calling it."""
    # Without what measures the tests' coverage in processes, which imports much.
    environment = {name: value for name, value in os.environ.items() if "COV" not in name}
    environment["PYTHONPROFILEIMPORTTIME"] = "1"
    done = subprocess.run(
        [*command, "--version"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"kogine {kohakuengine.__version__}\n")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"click", "ast", "kohakuengine.cli", "kohakuengine.config"}


def test_a_module_beside_the_shell_is_not_imported_by_the_command(write) -> None:
    """What lies in the working directory doesn't shadow what the command itself imports."""
    folder = write("click.py", "raise SystemExit('shadowed')\n").parent
    write("hello.py", "print('hello')\n")
    done = run("run", "hello.py", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr


STATUSES = {
    "the end": ("print('done')", 0, ""),
    "exit": ("raise SystemExit(3)", 3, ""),
    "message": ("raise SystemExit('sorry')", 1, "sorry\n"),
    "exception": ("raise ValueError('oh')", 1, "ValueError: oh\n"),
    "argparse": (
        "import argparse\nargparse.ArgumentParser(prog='p').parse_args(['--no'])",
        2,
        "p: error: unrecognized arguments: --no\n",
    ),
    "click": (
        "import click\n@click.command()\ndef main(): raise click.ClickException('no')\nmain()",
        1,
        "Error: no\n",
    ),
    "an error of ours": (
        "from kohakuengine.errors import KogineError\nraise KogineError('of the script')",
        1,
        "KogineError: of the script\n",
    ),
}


@pytest.mark.parametrize("launcher", ["inline", "fresh"])
@pytest.mark.parametrize("text, status, said", STATUSES.values(), ids=STATUSES)
def test_the_exit_status_is_the_scripts_own(
    write, launcher: str, text: str, status: int, said: str
) -> None:
    """A script ends with its own status and message, also when it has a command line of its own."""
    folder = write("script.py", text).parent
    done = run("run", "script.py", "--launcher", launcher, cwd=folder)
    assert done.returncode == status, done.stderr
    assert done.stderr.endswith(said)


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.parametrize("launcher", ["inline", "fresh"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_script_that_dies_by_a_signal_takes_the_command_with_it(
    write, launcher: str, number: int
) -> None:
    """Whoever started the command sees the signal."""
    folder = write("script.py", f"import os\nos.kill(os.getpid(), {number})\n").parent
    done = run("run", "script.py", "--launcher", launcher, cwd=folder)
    assert done.returncode == -number, done.stderr


def test_warnings_are_lines_on_stderr(write) -> None:
    """An override that may not do what is expected is told, and the script runs."""
    folder = write("script.py", "lr = 1\nprint(lr)\n").parent
    done = run("run", "script.py", "--set", "lrr=2", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert done.stderr.startswith("kogine: warning: ") and "lr?" in done.stderr
    strict = run("run", "script.py", "--set", "lrr=2", "--strict", cwd=folder)
    assert (strict.returncode, strict.stdout) == (2, "")
    assert strict.stderr.startswith("kogine: error: ")


def test_a_script_reads_its_own_arguments_and_stdin(write) -> None:
    """`sys.argv` is as with plain python, and stdin is the script's."""
    folder = write("script.py", "import sys\nprint(sys.argv, sys.stdin.read())\n").parent
    done = run("run", "script.py", "--", "-x", "--set", cwd=folder, input="typed")
    assert done.stdout == "['script.py', '-x', '--set'] typed\n"


@pytest.mark.skipif(os.name == "nt", reason="pipes end in another way")
@pytest.mark.parametrize("command", ["params script.py", "--version", "--help", "completion zsh"])
def test_a_pipe_that_nobody_reads_ends_the_command_quietly(write, command: str) -> None:
    """As of `kogine params script.py | head -0`."""
    folder = write("script.py", "x = 1\n").parent
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*command.split(), cwd=folder, capture_output=False, stdout=writing, stderr=-1)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["params script.py", "--version", "--help"])
def test_a_full_disk_is_told(write, command: str) -> None:
    """Output that can't be written is an error in one line."""
    folder = write("script.py", "x = 1\n").parent
    with open("/dev/full", "w") as full:
        done = run(*command.split(), cwd=folder, capture_output=False, stdout=full, stderr=-1)
    assert done.returncode == 2
    assert done.stderr == "kogine: error: the output can't be written: No space left on device.\n"


FULL = "kogine: error: the output can't be written: No space left on device.\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "options, status",
    {
        "--launcher inline": 120,  # as Python has it, where it can't write what it has buffered
        "--launcher fresh": 120,
        "--launcher inline --set status=3": 3,
        "--sweep x=1,2 --launcher fresh": 1,
        "--sweep x=1,2 --launcher fresh --json": 1,
        "--sweep x=1,2 --dry-run": 2,
    }.items(),
)
def test_lost_output_of_a_script_is_told(write, monkeypatch, options: str, status: int) -> None:
    """What a script has printed and we can't is an error, too, and its runs are kept as they were."""
    folder = write("script.py", "x = 1\nstatus = 0\nprint(x)\nraise SystemExit(status)\n").parent
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # a line would come in two pieces
    with open("/dev/full", "w") as full:
        command = ("run", "script.py", *options.split())
        done = run(*command, cwd=folder, capture_output=False, stdout=full, stderr=-1)
    assert (done.returncode, done.stderr) == (status, FULL)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_where_nothing_can_be_said_the_exit_status_tells(write, monkeypatch) -> None:
    """A script's own stands, also where stderr is full."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # as above
    folder = write("script.py", "print(1, flush=True)\nraise SystemExit(3)\n").parent
    with open("/dev/full", "w") as full:
        done = run("run", "script.py", cwd=folder, capture_output=False, stdout=full, stderr=full)
    assert done.returncode == 3


def test_characters_that_the_terminal_lacks_are_escaped(write) -> None:
    """A help text is shown wherever it is shown."""
    folder = write("script.py", "x = 1  # größe\n").parent
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = run("params", "script.py", cwd=folder, env=environment)
    assert done.returncode == 0 and "gr\\xf6\\xdfe" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_ctrl_c_ends_our_own_commands_quietly(write) -> None:
    """Ctrl-C while a config file is loaded leaves no traceback of ours."""
    folder = write("slow.py", "import time\nprint('loading', flush=True)\ntime.sleep(60)\n").parent
    with subprocess.Popen(
        [*KOGINE, "config", "show", "slow.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, they were told to ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "loading\n"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, err.strip()) == (-signal.SIGINT, "")


@pytest.mark.parametrize("launcher", ["inline", "fresh", "warm"])
def test_a_single_run_has_the_gpu_of_its_slot(write, launcher: str) -> None:
    """As the first slot of a sweep has: the first one given is the only one that the script sees."""
    folder = write("gpu.py", "import os\nprint(os.environ['CUDA_VISIBLE_DEVICES'])\n").parent
    done = run("run", "gpu.py", "--launcher", launcher, "--gpus", "3,1", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


def test_a_single_run_without_its_gpu_is_refused(write, monkeypatch) -> None:
    """In one sentence, before anything is run or recorded, as a sweep is."""
    folder = write("gpu.py", "print('ran')\n").parent
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    done = run("run", "gpu.py", "--gpus", "auto", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("kogine: error: gpus: CUDA_VISIBLE_DEVICES leaves this process")
    assert not list(folder.glob(".kogine/flows/*"))


_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)


def _ignore() -> None:
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)


@pytest.mark.skipif(sys.platform != "linux", reason="forks are warm on Linux only")
@pytest.mark.parametrize("options", ["inline", "fresh", "fresh -q", "warm -q", "pool -q"])
def test_what_the_caller_ignores_the_script_ignores(write, options: str) -> None:
    """As of `nohup kogine run ...`; it isn't cancelled by what it ignores, and can be ended."""
    text = """
        import os, signal, time
        open("seen", "w").write(str([signal.getsignal(n) for n in (1, 2, 3, 15)]))
        os.rename("seen", "seen.txt")
        while not os.path.exists("go"): time.sleep(0.01)
    """
    folder = write("script.py", text).parent
    command = [*KOGINE, "run", "script.py", "--launcher", *options.split()]
    going = subprocess.Popen(command, cwd=folder, preexec_fn=_ignore, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not (folder / "seen.txt").exists():
            assert going.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        for number in _IGNORED:
            os.kill(going.pid, number)
        [row] = json.loads(run("runs", "--json", cwd=folder).stdout)
        done = run("cancel", row["id"], cwd=folder)
        assert (done.returncode, done.stdout) == (0, f"run {row['id'][:8]} is cancelled\n"), done
        going.communicate(timeout=60)
        [row] = json.loads(run("runs", "--json", cwd=folder).stdout)
        assert (row["status"], row["exit_code"]) == ("cancelled", -signal.SIGKILL)
    finally:
        (folder / "go").touch()
        going.communicate(timeout=60)
    assert (folder / "seen.txt").read_text() == str([signal.SIG_IGN] * 4)


def test_a_caller_that_ignores_the_ends_of_processes(write) -> None:
    """As of `trap '' CHLD`: a script finds it ignored, and how it ends is known all the same."""
    text = "import signal\nprint(signal.getsignal(signal.SIGCHLD))\nraise SystemExit(3)"
    folder = write("script.py", text).parent
    ignore = lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for launcher in ("inline", "fresh"):
        done = run("run", "script.py", "--launcher", launcher, cwd=folder, preexec_fn=ignore)
        assert (done.returncode, done.stdout, done.stderr) == (3, f"{signal.SIG_IGN!s}\n", "")
