"""What every launcher promises, wherever it has its processes."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs import finish, is_alive, make_job, output, wait_for, wait_until

from kohakuengine.config.base import Config
from kohakuengine.errors import EntrypointError, LauncherError, OverrideError, RunError
from kohakuengine.launch.base import Job
from kohakuengine.launch.registry import get_launcher

# With processes of their own, in which a script can do what it wants.
PROCESSES = [pytest.param(name, marks=pytest.mark.process) for name in ("fresh", "warm", "pool")]
# All that run scripts.
RUNNERS = ["inline", *PROCESSES]
# All that keep to the protocol.
ALL = ["fake", *RUNNERS]

runners = pytest.mark.parametrize("launcher", RUNNERS, indirect=True)
processes = pytest.mark.parametrize("launcher", PROCESSES, indirect=True)
all_launchers = pytest.mark.parametrize("launcher", ALL, indirect=True)


@pytest.fixture
def launcher(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A launcher, which is closed in the end."""
    made: Any = get_launcher(request.param)()
    yield made
    made.close()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """An attempt at a run of a script with this text."""

    def make(text: str, config: Config | None = None, **facts: Any) -> Job:
        folder = tmp_path / os.urandom(4).hex()
        folder.mkdir()
        script = folder / "train.py"
        script.write_text(textwrap.dedent(text))
        return make_job(tmp_path, script, config, **facts)

    return make


def started(launcher: Any, job: Job) -> Job:
    """Submit an attempt whose script prints something when it is ready, and wait for that."""
    launcher.submit(job)
    wait_until(launcher, lambda: os.path.exists(job.attempt.output) and output(job))
    return job


# ---- results ----


RESULTS = {
    "none": None,
    "json": {"loss": 0.25, "steps": [1, 2], "name": "é", "done": True},
    "pickled": (1, {2, 3}, b"\xff", float("inf")),
}


@runners
@pytest.mark.parametrize("kind", RESULTS)
def test_result_is_the_value_of_the_entrypoint(kind, launcher, job):
    """What the entrypoint returns comes back equal, and of the same type."""
    outcome = finish(launcher, job("x = 0\ndef main(): return x", Config({"x": RESULTS[kind]})))
    assert (outcome.status, outcome.exit_code, outcome.reason) == ("finished", 0, None)
    assert outcome.result == RESULTS[kind] and type(outcome.result) is type(RESULTS[kind])
    assert outcome.warning is None


@runners
def test_function_is_a_result(launcher, job):
    """A lambda that the script returns can be called."""
    outcome = finish(launcher, job("n = 2\ndef main(): return lambda x: x * n"))
    assert outcome.result(4) == 8


@runners
def test_result_that_cannot_be_pickled(launcher, job):
    """A result that no file holds is kept as its repr, with a warning; the run is finished."""
    outcome = finish(launcher, job("import threading\ndef main(): return threading.Lock()"))
    assert outcome.status == "finished"
    assert "lock" in outcome.result
    assert "can't be pickled" in outcome.warning


@runners
def test_objects_of_the_config_arrive(launcher, job):
    """Lambdas, local functions and instances of local classes reach the script."""

    class Local:
        def value(self):
            return 7

    config = Config({"f": lambda n: n + 1, "g": Local()}, args=[{1}], kwargs={"h": len})
    text = "f = g = None\ndef main(a, h): return [f(1), g.value(), h(a)]"
    assert finish(launcher, job(text, config)).result == [2, 7, 1]


@processes
def test_script_as_the_flow_has_kept_it_is_run(launcher, job):
    """An edit of the script's file after the flow's begin doesn't reach its runs."""
    edited = job("def main(): return 'edited'", source="def main(): return __file__")
    assert finish(launcher, edited).result == edited.script.path


@runners
def test_times_slot_and_use(launcher, job):
    """The outcome tells when, in which slot, and with how much processor time it ran."""
    text = """
        import time
        def main():
            end = time.process_time() + 0.3
            while time.process_time() < end:
                pass
            return time.time()
    """
    outcome = finish(launcher, job(text, slot=3))
    assert outcome.started <= outcome.result <= outcome.ended
    assert outcome.slot == 3 and outcome.survivors == 0
    assert 0.25 < outcome.cpu_seconds < 20


@processes
def test_peak_memory(launcher, job):
    """The outcome tells the greatest memory, also where that was a child's."""
    outcome = finish(launcher, job("x = b'x' * 300_000_000"))
    assert 300_000_000 < outcome.peak_memory < 600_000_000
    child = "import subprocess, sys\n"
    child += "subprocess.run([sys.executable, '-c', 'x = bytearray(400_000_000)'])"
    assert finish(launcher, job(child)).peak_memory > 400_000_000


@processes
def test_peak_memory_of_several(launcher, job):
    """What processes hold at the same time is added up, also where they do so for a second only."""
    text = """
        import subprocess, sys, time
        child = "import sys; x = bytearray(100_000_000); print(1, flush=True); sys.stdin.read()"
        command, pipe = [sys.executable, "-c", child], subprocess.PIPE
        def main():
            children = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(3)]
            for child in children: child.stdout.readline()
            time.sleep(1)
            for child in children: child.communicate()
            return [child.returncode for child in children]
    """
    outcome = finish(launcher, job(text))
    assert outcome.result == [0, 0, 0]
    assert 300_000_000 < outcome.peak_memory < 600_000_000


# ---- errors ----


@runners
def test_exception_fails_the_run(launcher, job):
    """What the script raises is the outcome's error, with the script's own lines alone."""
    outcome = finish(launcher, job("def main():\n    raise LookupError('no data', 3)"))
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.reason == "LookupError: ('no data', 3)"
    assert type(outcome.error) is LookupError and outcome.error.args == ("no data", 3)
    assert "line 2, in main" in outcome.traceback
    assert "kohakuengine" not in outcome.traceback


@processes
def test_exception_is_shown_in_the_log(launcher, job):
    """The log ends as it does under plain python, by way of the script's own excepthook."""
    plain = job("def main():\n    raise LookupError('no data')")
    finish(launcher, plain)
    lines = output(plain).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "LookupError: no data"
    hooked = job("""
        import sys
        sys.excepthook = lambda kind, value, traceback: print("hooked", value)
        raise ValueError("bad")
    """)
    finish(launcher, hooked)
    assert output(hooked) == "hooked bad\n"


@runners
def test_error_that_cannot_be_pickled(launcher, job):
    """An exception that no file holds is told by its type, message and traceback."""
    text = """
        import threading
        def main():
            error = ValueError("bad")
            error.lock = threading.Lock()
            raise error
    """
    outcome = finish(launcher, job(text))
    assert outcome.status == "failed" and outcome.reason == "ValueError: bad"
    assert isinstance(outcome.error, RunError)


@runners
def test_error_that_is_no_exception(launcher, job):
    """A subclass of BaseException fails the run, and nothing but the run."""
    outcome = finish(launcher, job("class Stop(BaseException): pass\nraise Stop('now')"))
    assert (outcome.status, outcome.reason) == ("failed", "Stop: now")
    assert finish(launcher, job("def main(): return 1")).result == 1


@runners
def test_exit_status(launcher, job):
    """An exit with a status other than 0 fails the run; one with 0 finishes it."""
    outcome = finish(launcher, job("import sys\nsys.exit(3)"))
    assert (outcome.status, outcome.exit_code) == ("failed", 3)
    assert outcome.reason == "exited with status 3" and outcome.error is None and outcome.told
    outcome = finish(launcher, job("import sys\ndef main(): return 4\nmain(); sys.exit()"))
    assert (outcome.status, outcome.exit_code, outcome.result) == ("finished", 0, 4)


@runners
def test_exit_with_a_text(launcher, job):
    """An exit with a text fails the run with status 1; the text is the reason, in one short line."""
    outcome = finish(launcher, job("import sys\nsys.exit('no data')"))
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.reason == "exited with status 1: no data"
    outcome = finish(launcher, job("import sys\nsys.exit(['no', ('data\\n' * 100_000)])"))
    assert outcome.reason.startswith("exited with status 1: ['no', 'data")
    assert "\n" not in outcome.reason and len(outcome.reason) < 300
    assert finish(launcher, job("raise SystemExit('')")).reason == "exited with status 1"


HOSTILE = """
    class Hostile:
        def __str__(self): raise ValueError("not now")
    raise SystemExit(Hostile())
"""


@processes
def test_exit_with_what_cannot_be_shown(launcher, job):
    """An exit with an object that can't be shown is told by what it is."""
    outcome = finish(launcher, job(HOSTILE))
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.reason.startswith("exited with status 1: <") and "Hostile" in outcome.reason


@processes
def test_exit_with_a_text_is_shown_in_the_log(launcher, job):
    """The text of an exit is printed, as Python does."""
    exiting = job("import sys\nsys.exit('no data')")
    finish(launcher, exiting)
    assert output(exiting) == "no data\n"


@runners
def test_what_is_refused(launcher, job):
    """What only the run's process finds out is the same error as elsewhere, and the run failed."""
    wrong = make_refused(job)
    for kind, refused in wrong.items():
        outcome = finish(launcher, refused)
        assert outcome.status == "failed" and isinstance(outcome.error, kind)


def make_refused(job: Callable[..., Job]) -> dict[type[Exception], Job]:
    strict = job("x = 1", Config({"y": 1}), strict=True)
    arguments = job("def main(): pass", Config(kwargs={"a": 1}))
    return {OverrideError: strict, EntrypointError: arguments}


@processes
def test_process_that_ends_itself(launcher, job):
    """os._exit in the midst of a script is a failure that says so."""
    outcome = finish(launcher, job("import os\nprint('here', flush=True)\nos._exit(3)"))
    assert (outcome.status, outcome.exit_code) == ("failed", 3)
    assert outcome.reason == "exited with status 3" and not outcome.told


@processes
@pytest.mark.parametrize("number", [9, 11, 15])
def test_process_that_is_killed(number, launcher, job):
    """A process that somebody else kills, or that crashes, has failed by that signal."""
    text = f"""
        import os, resource, signal
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), {number})
        signal.pause()
    """
    outcome = finish(launcher, job(text))
    assert (outcome.status, outcome.exit_code) == ("failed", -number)
    assert "killed by SIG" in outcome.reason
    assert finish(launcher, job("def main(): return 1")).result == 1


# ---- what the script prints ----


@runners
def test_output_is_kept(launcher, job):
    """What the script prints on either stream is in the log, in order."""
    text = """
        import sys
        print("one")
        print("two", file=sys.stderr)
        print("three", end="")
    """
    printing = job(text)
    finish(launcher, printing)
    assert output(printing) == "one\ntwo\nthree"


@processes
def test_output_of_children_is_kept_in_order(launcher, job):
    """What the script's child processes print is there, too, where they printed it."""
    text = """
        import os, subprocess, sys
        print("one")
        subprocess.run(["echo", "two"])
        os.write(2, b"three\\n")
        print("four")
        os.system("echo five >&2")
    """
    printing = job(text)
    finish(launcher, printing)
    assert output(printing).split() == ["one", "two", "three", "four", "five"]


@runners
def test_output_that_is_no_text(launcher, job):
    """Bytes are kept as they are, whatever they are."""
    printing = job("import sys\nsys.stdout.buffer.write(b'\\xff\\x00\\n')\nsys.stdout.flush()")
    assert finish(launcher, printing).status == "finished"
    assert Path(printing.attempt.output).read_bytes() == b"\xff\x00\n"


@processes
def test_output_is_seen_while_the_script_runs(launcher, job):
    """Each line is in the log when it has been printed, without a flush."""
    waiting = started(launcher, job("import time\nprint('epoch 1')\ntime.sleep(600)"))
    # With PYTHONUNBUFFERED set, Python itself writes the end of a line by itself.
    wait_until(launcher, lambda: output(waiting) == "epoch 1\n")
    launcher.cancel([waiting.id], "kill")
    wait_for(launcher, waiting)


@processes
def test_script_that_closes_its_streams(launcher, job):
    """A script may close its stdout, or the descriptor below; neither this nor the next run fails."""
    closing = job(
        "import os, sys\nprint('a')\nsys.stdout.close()\nos.close(2)\ndef main(): return 1"
    )
    outcome = finish(launcher, closing)
    assert (outcome.status, outcome.result, output(closing)) == ("finished", 1, "a\n")
    printing = job("import sys\nprint('b')\nprint('c', file=sys.stderr)")
    assert finish(launcher, printing).status == "finished"
    assert output(printing) == "b\nc\n"


@processes
def test_there_is_nothing_to_read(launcher, job):
    """Standard input is at its end."""
    outcome = finish(launcher, job("input()"))
    assert outcome.reason.startswith("EOFError")


# ---- environment ----


@runners
def test_environment(launcher, job, monkeypatch):
    """The script finds the variables it is given above ours, and where and what its run is."""
    monkeypatch.setenv("INHERITED", "yes")
    monkeypatch.setenv("CHANGED", "before")
    seeing = job(
        "import os\ndef main(): return dict(os.environ)",
        environ={"CHANGED": "é", "NEW": ""},
        slot=2,
    )
    environ = finish(launcher, seeing).result
    assert [environ[name] for name in ("INHERITED", "CHANGED", "NEW")] == ["yes", "é", ""]
    assert environ["KOGINE_RUN_ID"] == seeing.id
    assert environ["KOGINE_RUN_DIR"] == seeing.paths.folder
    assert environ["KOGINE_ATTEMPT_DIR"] == seeing.attempt.folder
    assert environ["KOGINE_WORKER_ID"] == "2"
    assert os.environ["CHANGED"] == "before" and "NEW" not in os.environ
    monkeypatch.delenv("INHERITED")
    after = finish(launcher, job("import os\ndef main(): return dict(os.environ)")).result
    assert after["CHANGED"] == "before" and not {"NEW", "INHERITED"} & after.keys()


@runners
def test_working_directory(launcher, job, tmp_path, monkeypatch):
    """The script starts in the directory it is given, else in ours."""
    text = "import os\ndef main(): return os.getcwd()"
    there = tmp_path / "a b"
    there.mkdir()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert finish(launcher, job(text, cwd=str(there))).result == str(there)
    assert finish(launcher, job(text)).result == str(here)
    assert os.getcwd() == str(here)


@processes
def test_working_directory_that_is_not_there(launcher, job, tmp_path):
    """A directory that no process can start in is said before anything is started."""
    with pytest.raises(LauncherError, match="nowhere"):
        launcher.submit(job("x = 1", cwd=str(tmp_path / "nowhere")))


@processes
def test_script_that_deletes_its_working_directory(launcher, job, tmp_path):
    """A script may delete the directory it runs in; the next run is elsewhere."""
    there = tmp_path / "there"
    there.mkdir()
    text = "import os\nos.rmdir(os.getcwd())\ndef main(): return 1"
    assert finish(launcher, job(text, cwd=str(there))).result == 1
    assert finish(launcher, job("def main(): return 2")).result == 2


# ---- being ended ----


SLEEPING = "import time\nprint('ready')\ntime.sleep(600)"
STUBBORN = """
    import signal, time
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    print("ready")
    while True:
        time.sleep(600)
"""


@processes
@pytest.mark.parametrize("text", [SLEEPING, STUBBORN], ids=["willing", "stubborn"])
def test_timeout(text, launcher, job):
    """A run that takes too long is ended, even one that ignores the signals, and its status says so."""
    finish(launcher, job("import time"))  # what there is to be started for the first run is there
    outcome = finish(launcher, job(text, timeout=4))
    assert (outcome.status, outcome.reason) == ("timed_out", "it took longer than 4 s")
    assert outcome.exit_code == (-15 if text is SLEEPING else -9)


@processes
def test_timeout_that_is_not_reached(launcher, job):
    """A run that is quicker is as if there were none."""
    assert finish(launcher, job("def main(): return 1", timeout=600)).result == 1


@processes
@pytest.mark.parametrize("how", ["interrupt", "terminate", "kill"])
def test_cancel(how, launcher, job):
    """A run can be ended in each way, which its status tells."""
    sleeping = started(launcher, job(SLEEPING))
    launcher.cancel([sleeping.id], how)
    outcome = wait_for(launcher, sleeping)
    assert outcome.status == "cancelled"
    assert outcome.reason == ("it was killed on request" if how == "kill" else "it was cancelled")


@processes
@pytest.mark.parametrize("how", ["interrupt", "terminate", "kill"])
def test_cancel_of_a_script_that_ignores_it(how, launcher, job):
    """Harsher ways follow, until the script has ended."""
    stubborn = started(launcher, job(STUBBORN))
    launcher.cancel([stubborn.id], how)
    outcome = wait_for(launcher, stubborn)
    assert (outcome.status, outcome.exit_code) == ("cancelled", -9)


@processes
def test_cancel_lets_the_script_end_in_order(launcher, job):
    """An interrupt is a KeyboardInterrupt in the script, which can save what it has."""
    text = """
        import time
        try:
            print("ready")
            while True:
                time.sleep(0.1)
        except KeyboardInterrupt:
            print("saved")
        def main(): return 5
    """
    sleeping = started(launcher, job(text))
    launcher.cancel([sleeping.id], "interrupt")
    outcome = wait_for(launcher, sleeping)
    assert (outcome.status, outcome.exit_code, outcome.result) == ("cancelled", 0, 5)
    assert output(sleeping) == "ready\nsaved\n"


@processes
def test_cancel_of_one_of_two(launcher, job):
    """Only the runs that are named are ended."""
    jobs = [started(launcher, job(SLEEPING, slot=slot)) for slot in (0, 1)]
    ids = [each.id for each in jobs]
    launcher.cancel(ids[:1], "kill")
    wait_for(launcher, jobs[0])
    assert launcher.poll(ids) == ids[:1]
    launcher.cancel(ids, "kill")
    assert wait_for(launcher, jobs[1]).status == "cancelled"


# ---- what the script leaves behind ----


# With nothing in its environment from the first moment on: to clear os.environ would leave it there.
DAEMON = """
    import os, signal, sys, time
    reading, writing = os.pipe()  # which ends when the daemon is executed, as it doesn't inherit it
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.{disposition})
            os.write(writing, str(os.getpid()).encode())
            os.execve("/bin/sleep", ["sleep", "600"], {{}})
        os._exit(0)
    os.wait()
    os.close(writing)
    with open(reading) as file:
        pid = int(file.read())
    def main(): return pid
"""


@processes
@pytest.mark.parametrize("disposition", ["SIG_DFL", "SIG_IGN"])
def test_daemon_is_gone_after_the_run(disposition, launcher, job):
    """A process that the script has put into a session of its own is ended with the run."""
    outcome = finish(launcher, job(DAEMON.format(disposition=disposition)))
    assert outcome.status == "finished" and outcome.survivors == 1
    assert not is_alive(outcome.result)


@processes
def test_children_are_gone_after_the_run(launcher, job):
    """So is a child process that the script didn't wait for."""
    text = """
        import subprocess
        def main(): return subprocess.Popen(["sleep", "600"]).pid
        if __name__ == "__main__":
            pid = main()
            raise SystemExit(0)
    """
    outcome = finish(launcher, job(text))
    assert outcome.status == "finished" and outcome.survivors == 1
    assert not is_alive(outcome.result)


@processes
def test_all_processes_are_gone_after_a_kill(launcher, job):
    """A run that is killed leaves nothing, not even what is out of its group and ignores SIGTERM."""
    text = textwrap.dedent(DAEMON.format(disposition="SIG_IGN"))
    going = started(launcher, job(text + "\nprint(main())\ntime.sleep(600)"))
    pid = int(output(going))
    assert is_alive(pid)
    launcher.cancel([going.id], "kill")
    assert wait_for(launcher, going).status == "cancelled"
    assert not is_alive(pid)


@processes
def test_child_that_comes_to_the_end_of_the_script(launcher, job):
    """A script may fork and let both go on: the run's result is that of its own process."""
    text = """
        import os, time
        pid = os.fork()
        ending = os.path.join(os.environ["KOGINE_ATTEMPT_DIR"], "ending.json")
        while pid == 0 and not os.path.exists(ending):
            time.sleep(0.001)
        print("end")
        def main(): return pid
    """
    forking = job(
        "import os\npid = os.fork()\nif pid: os.wait()\nprint('end')\ndef main(): return pid"
    )
    outcome = finish(launcher, forking)
    assert outcome.status == "finished" and outcome.result > 0
    assert output(forking) == "end\nend\n"
    late = finish(launcher, job(text))
    assert late.status == "finished" and late.result > 0


# ---- the protocol ----


@all_launchers
def test_poll(launcher, job):
    """Runs that are unknown, or have ended, have ended; the order is that of the question."""
    assert launcher.poll([]) == []
    assert launcher.poll(["a" * 32]) == ["a" * 32]
    done = job("x = 1")
    finish(launcher, done)
    assert launcher.poll([done.id, "a" * 32]) == [done.id, "a" * 32]


@all_launchers
def test_cancel_passes_over_what_has_ended(launcher, job):
    """To end what is unknown, or has ended, is no error, and changes nothing."""
    done = job("x = 1")
    finish(launcher, done)
    launcher.cancel([done.id, "a" * 32], "interrupt")
    assert wait_for(launcher, done).status == "finished"


@all_launchers
def test_close(launcher, job):
    """A launcher that is closed keeps nothing; to close it again is no error."""
    finish(launcher, job("x = 1"))
    before = set(os.listdir("/dev/fd"))
    launcher.close()
    launcher.close()
    assert launcher.wake_fds() == []
    assert set(os.listdir("/dev/fd")) <= before


@all_launchers
def test_many_runs(launcher, job):
    """One run after the other, each with its own outcome."""
    jobs = [job(f"def main(): return {n}") for n in range(5)]
    outcomes = [finish(launcher, each) for each in jobs]
    assert [outcome.status for outcome in outcomes] == ["finished"] * 5


@processes
def test_two_runs_at_once(launcher, job, tmp_path):
    """Runs in two slots go on at the same time: each waits here for the other."""
    text = """
        import os, time
        mine = other = None
        open(mine, "w").close()
        while not os.path.exists(other):
            time.sleep(0.005)
        def main(): return os.environ["KOGINE_WORKER_ID"]
    """
    names = [str(tmp_path / "a"), str(tmp_path / "b")]
    jobs = [job(text, Config({"mine": names[n], "other": names[1 - n]}), slot=n) for n in (0, 1)]
    for each in jobs:
        launcher.submit(each)
    assert [wait_for(launcher, each).result for each in jobs] == ["0", "1"]


@processes
def test_wake_descriptors(launcher, job):
    """A descriptor becomes readable when a run has ended, and none is before that."""
    import select

    going = started(launcher, job(SLEEPING))

    def is_quiet() -> bool:  # when all that was told of its beginning has been taken up
        launcher.poll([going.id])
        return select.select(launcher.wake_fds(), [], [], 0)[0] == []

    wait_until(launcher, is_quiet)
    launcher.cancel([going.id], "kill")
    assert select.select(launcher.wake_fds(), [], [], 60)[0]
    wait_for(launcher, going)


@processes
def test_run_whose_directory_is_deleted(launcher, job):
    """A run whose directory is gone ends all the same, without an outcome; the next one runs."""
    import shutil

    going = started(launcher, job(SLEEPING))
    shutil.rmtree(going.paths.folder)
    launcher.cancel([going.id], "terminate")
    wait_until(launcher, lambda: launcher.poll([going.id]))
    assert finish(launcher, job("def main(): return 1")).result == 1


REFUSED = {"inline": ("timeout", "max_log"), "pool": ("max_log",)}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_launcher_cannot_do_is_refused(name, job):
    """A timeout or a limit that a launcher can't keep a run to is said before it is started."""
    for option in REFUSED[name]:
        with pytest.raises(LauncherError, match=f"{name} launcher can't .* {option}: use fresh"):
            get_launcher(name)().submit(job("x = 1", **{option: 10}))
