"""Ctrl-C, Ctrl-Z, closed terminals, killed parents: what ends, how it ends, and what lives on."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from witness import (
    KOGINE,
    PATIENCE,
    assert_index_is_right,
    assert_nothing_left,
    carrying,
    use_store,
    wait_until,
)

from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.settle import settle_all
from kohakuengine.runs.outcome import CANCELLED, FINISHED, INTERRUPTED
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.table import Runs

pytestmark = pytest.mark.process
both = pytest.mark.usefixtures("launcher")

# Says that it has begun by a file, and goes on for long. It sleeps often rather than long: a Ctrl-C
# that comes just before Python sleeps is taken when that sleep is over. That moment is longest in a
# process that has just been forked: of 2,000 Ctrl-C right after the file, plain `os.fork()` and one
# long sleep left 4 untaken until then.
LONG = """
    import os, time
    number = 0
    open(f"begun {number}", "w").close()
    print("here", flush=True)
    while True: time.sleep(0.1)
"""
STUBBORN = """
    import os, signal, subprocess, sys, time
    number = 0
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(which, signal.SIG_IGN)
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    open(f"begun {number}", "w").close()
    while True: time.sleep(0.1)
"""
SHORT = """
    import time
    number = 0
    print("number", number)
"""

Terminal = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Start a shell command in a terminal of its own."""
    begun = []

    def start(command: str, **options: Any) -> pexpect.spawn[str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        process = pexpect.spawn(
            "sh",
            ["-c", command],
            cwd=str(tmp_path),
            env={**os.environ, "PATH": path, "TERM": "xterm", "PYTHONUNBUFFERED": "1"},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(40, 120),
            echo=False,
            **options,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.close(force=True)


@pytest.fixture
def begun(tmp_path: Path) -> Callable[[int], None]:
    """Wait until so many runs have begun."""

    def wait(count: int) -> None:
        wait_until(lambda: len(list(tmp_path.glob("begun *"))) >= count)

    return wait


def ended(process: pexpect.spawn[str]) -> int | None:
    """The exit status of a command when it has ended; None where a signal ended it."""
    process.expect(pexpect.EOF)
    process.wait()
    return process.exitstatus


def close_terminal(process: pexpect.spawn[str]) -> None:
    """Take a terminal away, as when its window is closed, and wait for the command to end."""
    process.ptyproc.fileobj.close()  # which hangs it up; pexpect's own would also send a signal
    process.ptyproc.closed = process.closed = True
    os.waitpid(process.pid, 0)
    process.ptyproc.terminated = process.terminated = True


def statuses(store: RunStore) -> list[str]:
    """How the runs of the only flow have ended, in order."""
    return [row["status"] for row in store.select(sort="position")]


# ---- a sweep at a terminal ----


@both
def test_ctrl_c_once(terminal, script, begun, store, home, tmp_path):
    """One Ctrl-C ends a sweep: its runs are cancelled, no others begin, and it says so."""
    script(LONG)
    process = terminal("exec kogine run train.py --sweep number=0,1,2,3 --workers 2 2>err")
    begun(2)
    process.sendintr()
    assert ended(process) == 130
    assert_nothing_left(home)
    said = (tmp_path / "err").read_text().splitlines()
    assert said == [
        "kogine: ending the runs; once more kills them.",
        "kogine: interrupted: 0 of 2 runs begun have finished; --resume goes on.",
    ]
    assert statuses(store) == [CANCELLED] * 2
    assert [flow["status"] for flow in store.flows()] == [CANCELLED]
    assert_index_is_right(store)


@both
def test_scripts_see_the_first_ctrl_c(terminal, script, begun, store):
    """The first Ctrl-C reaches the scripts as one does that runs alone: they can clean up."""
    script("""
        import time
        number = 0
        try:
            open(f"begun {number}", "w").close()  # a Ctrl-C may come as soon as there is the file
            while True: time.sleep(0.1)
        except KeyboardInterrupt:
            print("cleaned up")
            raise
    """)
    process = terminal("exec kogine run train.py --sweep number=0,1 --workers 2")
    begun(2)
    process.sendintr()
    assert ended(process) == 130
    for row in store.select():
        assert row["status"] == CANCELLED and row["exit_code"] == -signal.SIGINT
        log = Path(store.paths.run(row["id"]).attempt(1).output).read_text()
        assert log.startswith("cleaned up\n")


@both
def test_ctrl_c_twice(terminal, script, begun, store, home):
    """A second Ctrl-C kills what ignores all else, with all that it has started."""
    script(STUBBORN)
    process = terminal("exec kogine run train.py --sweep number=0,1,2,3 --workers 2")
    begun(2)
    process.sendintr()
    process.expect("once more kills them")
    process.sendintr()
    assert ended(process) == 130
    assert "still going on" not in process.before  # as where it would be taken for our end
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED] * 2
    assert {row["exit_code"] for row in store.select()} == {-signal.SIGKILL}


@both
def test_ctrl_c_without_a_terminal(script, begun, store, tmp_path):
    """An interrupt that only we get is passed on to the scripts."""
    script(LONG)
    command = [*KOGINE, "run", "train.py", "--sweep", "number=0,1,2", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        begun(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in err and err.count(b"\n") == 2
    assert b"[number=0] cancelled after" in out and b"[number=2]" not in out
    assert statuses(store) == [CANCELLED] * 2


def test_ctrl_c_in_an_inline_sweep(terminal, script, begun, store, tmp_path):
    """It is the script's own, as in plain python, and no further run begins."""
    script("""
        import signal, time
        number = 0
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        try:
            open(f"begun {number}", "w").close()
            while True: time.sleep(0.1)
        except KeyboardInterrupt:
            print("cleaned up")
            raise
    """)
    sweep = "kogine run train.py --sweep number=0,1,2 --launcher inline --workers 2"
    process = terminal(f"exec {sweep} 2>err")
    begun(1)
    process.sendintr()
    assert ended(process) == 130
    said = "kogine: interrupted: 0 of 1 runs begun have finished; --resume goes on.\n"
    assert (tmp_path / "err").read_text() == said
    [row] = store.select()
    assert row["status"] == CANCELLED
    log = Path(store.paths.run(row["id"]).attempt(1).output).read_text()
    assert log.startswith("cleaned up\nTraceback")
    assert [flow["status"] for flow in store.flows()] == [CANCELLED]
    assert_index_is_right(store)


@both
def test_ctrl_c_and_resume(terminal, script, begun, store, tmp_path):
    """What Ctrl-C ended is run again on resume, in the same flow, and the rest too."""
    script(LONG)
    process = terminal("exec kogine run train.py --sweep number=0,1,2,3 --workers 2")
    begun(2)
    process.sendintr()
    assert ended(process) == 130
    script(SHORT)
    process = terminal("exec kogine run train.py --sweep number=0,1,2,3 --workers 2 --resume")
    assert ended(process) == 0
    assert statuses(store) == [FINISHED] * 4
    assert len(store.flows()) == 1
    assert_index_is_right(store)


@both
@pytest.mark.parametrize("text", [LONG, STUBBORN], ids=["long", "stubborn"])
def test_closing_the_terminal(terminal, script, begun, store, home, text):
    """A sweep whose terminal is closed ends, and leaves no process."""
    script(text)
    process = terminal("exec kogine run train.py --sweep number=0,1,2,3 --workers 2")
    begun(2)
    close_terminal(process)
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED] * 2
    assert_index_is_right(store)


@both
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_command_is_told_to_end(script, begun, store, home, number):
    """A sweep whose command is told to end is cancelled, and leaves no process."""
    script(LONG)
    command = [*KOGINE, "run", "train.py", "--sweep", "number=0,1,2", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        begun(2)
        process.send_signal(number)
        err = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode != 0 and b"Traceback" not in err
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED] * 2
    assert_index_is_right(store)


@both
def test_command_is_killed(script, begun, store, home):
    """A sweep whose command is killed leaves no process, and is interrupted."""
    script(STUBBORN)
    command = [*KOGINE, "run", "train.py", "--sweep", "number=0,1,2", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        begun(2)
        process.kill()
    assert_nothing_left(home)
    [flow] = store.flows()
    assert AttachedFlow(store, flow["id"]).status == INTERRUPTED
    assert statuses(store) == [INTERRUPTED] * 2
    assert_index_is_right(store)


@both
def test_pipe_that_is_closed(script, store, shell):
    """A sweep whose reader has seen enough, as `head` has, shows no traceback."""
    script(SHORT)
    done = shell("kogine run train.py --sweep number=0,1,2,3 --workers 1 | head -1")
    assert done.stdout == "[number=0] number 0\n"
    assert store.flows()[0]["status"] != "running"
    assert_index_is_right(store)


# ---- a handle of a Python process ----

STARTED = """
    import sys, time
    from kohakuengine import Config, Parallel
    handle = Parallel("train.py", [Config({"number": n}) for n in range(4)], max_workers=2).start()
    print(handle.id, flush=True)
"""


def start_python(text: str) -> subprocess.Popen[bytes]:
    """A Python process, whose output is read by us."""
    command = [sys.executable, "-c", textwrap.dedent(text)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@both
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_process_with_a_handle_is_killed(script, begun, store, home, number):
    """A process that is killed while a flow of its goes on, as a kernel is, leaves no process."""
    script(STUBBORN)
    with start_python(textwrap.dedent(STARTED) + "time.sleep(600)") as process:
        assert process.stdout is not None
        flow = process.stdout.readline().decode().strip()
        begun(2)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -number
    assert_nothing_left(home)
    assert AttachedFlow(store, flow).status == INTERRUPTED
    assert statuses(store) == [INTERRUPTED] * 2
    assert_index_is_right(store)


@both
def test_handle_at_the_end_of_the_interpreter(script, begun, store, home, tmp_path):
    """A flow that is live when the interpreter ends is cancelled, with one line that says so."""
    script(LONG)
    wait = "import os\nwhile not os.path.exists('begun 1'): time.sleep(0.01)\n"
    with start_python(textwrap.dedent(STARTED) + wait) as process:
        out, err = process.communicate(timeout=PATIENCE)
    flow = out.decode().strip()
    assert process.returncode == 0
    assert re.fullmatch(
        f"kogine: flow {flow[:8]} was still going on, and is cancelled.*\n", err.decode()
    )
    assert_nothing_left(home)
    assert store.flow(flow)["status"] == CANCELLED
    assert_index_is_right(store)


@both
def test_ctrl_c_in_run(script, begun, store, home):
    """A Ctrl-C in `run()` ends the runs, and is raised as in any other call."""
    script(LONG)
    text = """
        from kohakuengine import Config, Parallel
        try:
            Parallel("train.py", [Config({"number": n}) for n in range(4)], max_workers=2).run()
        except KeyboardInterrupt:
            print("interrupted")
    """
    with start_python(text) as process:
        begun(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (out, err, process.returncode) == (b"interrupted\n", b"", 0)
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED] * 2


@both
def test_fork_of_a_process_with_a_handle(script, store, home):
    """A forked child that ends by itself takes nothing from its parent's flow."""
    script(SHORT)
    text = textwrap.dedent(STARTED) + textwrap.dedent("""
        import os, warnings
        warnings.simplefilter("ignore")  # newer Pythons warn of forks with threads
        if os.fork() == 0:
            sys.exit(0)
        assert os.wait()[1] == 0
        assert len(handle.wait(60).finished) == 4
    """)
    with start_python(text) as process:
        err = process.communicate(timeout=PATIENCE)[1]
    assert (process.returncode, err) == (0, b"")
    assert statuses(store) == [FINISHED] * 4


# ---- a detached flow ----


def detached(terminal: Terminal, text: str) -> tuple[pexpect.spawn[str], str]:
    """A terminal in which a flow was detached, and the beginning of the flow's id."""
    process = terminal(f"kogine run train.py --sweep {text} --workers 2 --detach; cat")
    process.expect(r"flow (\w{8}) goes on by itself")
    assert process.match is not None
    return process, process.match[1]


@both
def test_detached_flow_outlives_its_terminal(terminal, script, begun, store, home):
    """A detached flow goes on when its terminal is closed, and can be cancelled from anywhere."""
    script(LONG)
    process, flow = detached(terminal, "number=0,1,2,3")
    begun(2)
    close_terminal(process)
    attached = AttachedFlow(store, store.flow(flow)["id"])
    wait_until(lambda: statuses(store) == ["running"] * 2)  # also the index knows that they began
    assert attached.live
    other = terminal(f"exec kogine cancel {flow}")
    other.expect(f"flow {flow} is cancelled")
    assert ended(other) == 0
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED] * 2
    assert_index_is_right(store)


@both
def test_attach(terminal, script, begun, store, home, tmp_path):
    """A detached flow is followed to its end from another terminal."""
    script("""
        import os, time
        number = 0
        print("here", flush=True)
        while not os.path.exists("go"): time.sleep(0.01)
        print("number", number)
    """)
    process, flow = detached(terminal, "number=0,1,2,3")
    close_terminal(process)
    other = terminal(f"kogine attach {flow} | cat")
    other.expect(r"\[number=\d\] here")
    (tmp_path / "go").touch()
    for number in range(4):
        other.expect(rf"\[number=\d\] number \d")
    assert ended(other) == 0
    assert statuses(store) == [FINISHED] * 4
    assert_nothing_left(home)
    assert_index_is_right(store)


def test_ctrl_c_in_attach(terminal, script, begun, store):
    """Ctrl-C in `kogine attach` ends the looking on, and not the flow."""
    script(LONG)
    process, flow = detached(terminal, "number=0,1")
    begun(2)
    other = terminal(f"exec kogine attach {flow}")
    other.expect("here")
    other.sendintr()
    other.expect(f"flow {flow} goes on")
    assert ended(other) == 0
    attached = AttachedFlow(store, store.flow(flow)["id"])
    assert attached.live
    attached.cancel("kill")
    attached.wait(PATIENCE)


@both
def test_detached_coordinator_is_killed(terminal, script, begun, store, home):
    """A detached flow whose coordinator is killed leaves nothing, and is seen to be interrupted."""
    script(STUBBORN)
    process, flow = detached(terminal, "number=0,1,2")
    begun(2)
    row = store.flow(flow)
    os.kill(row["pid"], signal.SIGKILL)
    process.sendeof()
    ended(process)
    assert_nothing_left(home)
    other = terminal(f"exec kogine attach {flow}")
    assert ended(other) == 1
    assert store.flow(flow)["status"] == INTERRUPTED
    assert statuses(store) == [INTERRUPTED] * 2
    assert_index_is_right(store)


@both
def test_detached_flow_of_a_process_that_is_killed(script, begun, store):
    """A flow that a Python process detached goes on when that process is killed."""
    script(LONG)
    text = """
        import time
        from kohakuengine import Config, Parallel
        configs = [Config({"number": n}) for n in range(4)]
        print(Parallel("train.py", configs, max_workers=2).start(detach=True).id, flush=True)
        time.sleep(600)
    """
    with start_python(text) as process:
        assert process.stdout is not None
        flow = process.stdout.readline().decode().strip()
        begun(2)
        process.kill()
    attached = AttachedFlow(store, flow)
    wait_until(lambda: statuses(store) == ["running"] * 2)  # also the index knows that they began
    assert attached.live
    attached.cancel()
    assert [run.status for run in attached.wait(PATIENCE)] == [CANCELLED] * 2


# ---- one run at a terminal ----


def test_single_run_has_the_terminal(terminal, script, store):
    """One run finds a terminal as large as ours, and is told when its size changes."""
    script("""
        import os, signal, sys, time
        print(*(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)))
        print("size", *os.get_terminal_size())
        signal.signal(signal.SIGWINCH, lambda number, frame: None)
        while os.get_terminal_size().columns == 120:
            time.sleep(0.01)
        print("then", *os.get_terminal_size())
    """)
    process = terminal("exec kogine run train.py")
    process.expect("True True True")
    process.expect("size 120 40")
    process.setwinsize(30, 90)
    process.expect("then 90 30")
    assert ended(process) == 0
    assert statuses(store) == [FINISHED]


def test_single_run_is_asked(terminal, script, store):
    """One run can ask its user, and what was asked is in its log."""
    script("name = input('who? ')\nprint('hello', name)")
    process = terminal("exec kogine run train.py")
    process.expect_exact("who? ")
    process.sendline("Ada")
    process.expect("hello Ada")
    assert ended(process) == 0
    [row] = store.select()
    log = Path(store.paths.run(row["id"]).attempt(1).output).read_text()
    assert log == "who? hello Ada\n"


def test_single_run_in_the_debugger(terminal, script, store):
    """`breakpoint()` works in one run."""
    script("""
        number = 7
        breakpoint()
        print("number", number)
    """)
    process = terminal("exec kogine run train.py --set number=8")
    process.expect_exact("(Pdb) ")
    process.sendline("p number * 2")
    process.expect("16")
    process.expect_exact("(Pdb) ")
    process.sendline("c")
    process.expect("number 8")
    assert ended(process) == 0
    assert statuses(store) == [FINISHED]


def test_ctrl_c_in_a_single_run(terminal, script, begun, store, home):
    """Ctrl-C ends one run as it ends `python train.py`, and says no more than one line of its own."""
    script(LONG)
    process = terminal("exec kogine run train.py --set number=1")
    begun(1)
    process.sendintr()
    process.expect("KeyboardInterrupt")
    process.expect("train.py was interrupted")
    assert ended(process) is None and process.signalstatus == signal.SIGINT
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED]
    assert_index_is_right(store)


@pytest.mark.parametrize("turns", [4, pytest.param(15, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param("", id="one"),
        pytest.param("--launcher fresh", id="fresh"),
        pytest.param("--launcher fresh --sweep number=1,2 --workers 2", id="fresh sweep"),
        pytest.param("--launcher warm --sweep number=1,2 --workers 2", id="warm sweep"),
        pytest.param("--launcher inline --sweep number=1,2 --workers 2", id="inline sweep"),
    ],
)
def test_ctrl_c_at_a_terminal_at_any_moment(terminal, script, store, home, options, turns):
    """A Ctrl-C that comes before a script has begun ends the command without a word of Python's."""
    # What measures coverage is loaded while Python starts, and loses a Ctrl-C that comes then.
    plain = "unset COVERAGE_PROCESS_START COVERAGE_PROCESS_CONFIG; exec kogine run train.py"
    script("print('begun', flush=True)\nimport time\ntime.sleep(5)\nnumber = 0")
    for _ in range(turns):
        process = terminal(f"{plain} {options}")
        time.sleep(random.uniform(0.05, 0.6))
        process.sendintr()
        status = ended(process)
        if "Fatal Python error: init" in process.before:
            continue  # it came while Python itself was starting
        assert status == 130 or process.signalstatus == signal.SIGINT, process.before
        said = process.before.replace("from kohakuengine.__main__ import main", "")
        if said == process.before:  # else it came while Python itself was starting
            assert "kohakuengine" not in said
    assert_nothing_left(home)
    settle_all(store)  # as the next look does where it came while the flow's folder was made
    assert_index_is_right(store)


def test_script_that_takes_ctrl_c(terminal, script, begun, store):
    """A script that makes use of Ctrl-C, and ends well, has finished."""
    script("""
        import time
        try:
            open("begun 1", "w").close()
            while True: time.sleep(0.1)
        except KeyboardInterrupt:
            print("enough")
    """)
    process = terminal("exec kogine run train.py")
    begun(1)
    process.sendintr()
    process.expect("enough")
    assert ended(process) == 0
    assert statuses(store) == [FINISHED]


# The command, in which something waits until another process of its group has got a Ctrl-C.
WAITING = """
import os, subprocess, sys
import kohakuengine.{module} as module
from kohakuengine.__main__ import main

def late(*arguments, function=module.{function}):
    subprocess.Popen([sys.executable, "-c", "if True:" + '''
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        open("begun 1", "w").close()
        signal.sigwait([signal.SIGINT])''']).wait()
    return function(*arguments)

module.{function} = late
sys.argv[:] = ["kogine", "run", "train.py"]
sys.exit(main())
"""


@pytest.mark.parametrize(
    "module, function",
    [
        pytest.param("flow.recorder", "write_spec", id="while its folder is made"),
        pytest.param("launch.foreground", "Relay", id="when it has been made"),
    ],
)
def test_ctrl_c_before_a_script_begins(
    terminal, script, begun, store, home, tmp_path, module, function
):
    """A Ctrl-C that comes before there is a process of the run leaves nothing of it."""
    script("open('ran', 'w').close()")
    (tmp_path / "waiting.py").write_text(WAITING.format(module=module, function=function))
    process = terminal("exec python waiting.py")  # ours, which is first in the path
    begun(1)
    process.sendintr()
    assert ended(process) == 130
    assert not (tmp_path / "ran").exists()
    assert_nothing_left(home)
    assert not store.flows()
    assert_index_is_right(store)


@pytest.mark.parametrize(
    "module, function",
    [
        pytest.param("launch.forked", "leave_script_to_child", id="before there is its init"),
        pytest.param("launch.init", "_leave_terminal", id="before its init has left the terminal"),
    ],
)
def test_ctrl_c_while_a_script_begins(
    terminal, script, begun, store, home, tmp_path, module, function
):
    """A Ctrl-C isn't lost that comes while a run begins."""
    script("open('ran', 'w').close()")
    (tmp_path / "waiting.py").write_text(WAITING.format(module=module, function=function))
    process = terminal("exec python waiting.py")  # ours, which is first in the path
    begun(1)
    process.sendintr()
    process.expect("train.py was interrupted")
    assert ended(process) is None and process.signalstatus == signal.SIGINT
    assert not (tmp_path / "ran").exists()
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED]


@both
def test_ctrl_c_after_a_script_has_ended(script, store):
    """A Ctrl-C that comes while the result is kept comes too late, and harms nothing."""
    script("""
        import os, signal
        class Result:
            def __reduce__(self):
                os.kill(os.getpid(), signal.SIGINT)
                return int, (3,)
        def main():
            return Result()
        if __name__ == "__main__":
            main()
    """)
    done = subprocess.run([*KOGINE, "run", "train.py"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    [run] = Runs(store, store.ids())
    assert run.status == FINISHED and run.result == 3


def test_ctrl_c_twice_in_a_single_run(terminal, script, begun, store, home):
    """Twice Ctrl-C ends also one run that takes no notice of the first."""
    script(
        textwrap.dedent(STUBBORN).replace(
            "open(f",  # by which it says that it has begun
            "signal.signal(signal.SIGINT, lambda *_: open('begun twice', 'w').close())\nopen(f",
        )
    )
    process = terminal("exec kogine run train.py --set number=1")
    begun(1)
    process.sendintr()
    begun(2)

    def again() -> bool:
        process.sendintr()
        return not process.isalive()

    wait_until(again)  # for the system two that come at once are one
    assert_nothing_left(home)
    settle_all(store)  # as the next look does where yet another came while the end was recorded
    assert statuses(store) == [CANCELLED]


@pytest.mark.parametrize("text", [LONG, STUBBORN], ids=["long", "stubborn"])
def test_closing_the_terminal_of_a_single_run(terminal, script, begun, store, home, text):
    """One run whose terminal is closed ends, and leaves no process."""
    script(text)
    process = terminal("exec kogine run train.py --set number=1")
    begun(1)
    close_terminal(process)
    assert_nothing_left(home)
    assert statuses(store) == [CANCELLED]
    assert_index_is_right(store)


def test_command_of_a_single_run_is_killed(terminal, script, begun, store, home):
    """One run whose command is killed leaves no process, and is interrupted."""
    script(STUBBORN)
    process = terminal("exec kogine run train.py --set number=1")
    begun(1)
    wait_until(lambda: statuses(store) == ["running"])
    process.kill(signal.SIGKILL)
    process.expect(pexpect.EOF)
    assert_nothing_left(home)
    [flow] = store.flows()
    assert AttachedFlow(store, flow["id"]).status == INTERRUPTED
    assert statuses(store) == [INTERRUPTED]


@pytest.mark.parametrize("options", ["", "--launcher fresh"], ids=["inline", "fresh"])
def test_ctrl_z(terminal, script, begun, store, home, options):
    """Ctrl-Z stops one run, and `fg` has it go on where it was."""
    script("""
        import os, time
        open("begun 1", "w").close()
        while not os.path.exists("go"): time.sleep(0.01)
        print("gone on")
    """)
    process = terminal("exec bash --norc --noprofile -i")
    process.sendline(f"kogine run train.py {options}")
    begun(1)
    wait_until(lambda: statuses(store) == ["running"])  # also the index knows that it began
    process.sendcontrol("z")
    process.expect("Stopped")
    wait_until(lambda: stopped(home) >= 2)  # the command, and the script
    assert len(store.select()) == 1, "what is stopped holds up nobody who uses the store"
    open("go", "w").close()
    process.sendline("fg")
    process.expect("gone on")
    process.sendline("exit")
    process.expect(pexpect.EOF)
    assert statuses(store) == [FINISHED]


def stopped(home: str) -> int:
    """How many processes that belong to a store are stopped."""
    count = 0
    for pid in carrying("KOGINE_HOME", home):
        try:
            count += "State:\tT" in Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue  # it has just ended
    return count


@both
@pytest.mark.parametrize("turns", [3, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--sweep", "number=0,1,2,3", "--workers", "2"], id="sweep"),
        pytest.param([], id="one run"),
        pytest.param(["--sweep", "number=0,1,2,3", "--launcher", "inline"], id="inline sweep"),
    ],
)
def test_ctrl_c_at_any_moment(script, home, monkeypatch, arguments, turns):
    """Whenever a Ctrl-C comes once there is a store, nothing is left, and no frames of ours show."""
    script("import time\nnumber = 0\ntime.sleep(0.1)")
    for turn in range(turns):
        own = f"{home} {turn}"
        use_store(monkeypatch, own)
        command = [*KOGINE, "run", "train.py", *arguments]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as process:
            wait_until(lambda: os.path.exists(own))
            time.sleep(random.uniform(0, 0.5))
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=PATIENCE)[1].decode()
        assert "kohakuengine/" not in err, err
        assert process.returncode in (0, 130, -signal.SIGINT), err
        assert_nothing_left(own)
