"""What only workers that are used again can show: what carries over, and what doesn't."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs import finish, is_alive, make_job, output, wait_for, wait_until

from kohakuengine.config.base import Config
from kohakuengine.errors import LauncherError
from kohakuengine.launch.base import Job
from kohakuengine.launch.pool import Pool
from kohakuengine.runs.outcome import read_outcome
from kohakuengine.runs.paths import AttemptPaths

pytestmark = pytest.mark.process

PID = "import os\ndef main(): return os.getpid()"


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A pool, which is closed in the end."""
    made = Pool()
    yield made
    made.close()


@pytest.fixture
def job(tmp_path: Path, path: Callable[[str], Path]) -> Callable[..., Job]:
    """An attempt at a run of `train.py` with this text."""

    def make(text: str, config: Config | None = None, **facts: Any) -> Job:
        return make_job(tmp_path, path(text), config, **facts)

    return make


def test_worker_is_used_again(pool, job):
    """One run after the other is in the same process."""
    assert finish(pool, job(PID)).result == finish(pool, job(PID)).result


def test_each_slot_has_its_own_worker(pool, job):
    """What a process has begun to use, as a GPU, stays with its slot."""
    pids = [finish(pool, job(PID, slot=slot)).result for slot in (0, 1, 0, 1)]
    assert pids[:2] == pids[2:] and pids[0] != pids[1]


def test_folder_that_is_removed_before_a_run_begins(pool, job, tmp_path, monkeypatch):
    """A run is where we still are, though another has removed that folder since it was looked at."""
    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.chdir(there)
    made = job("def main(): return 7", cwd=str(there))
    there.rmdir()
    monkeypatch.setattr(os, "access", lambda *_: True)  # as it was then
    assert finish(pool, made).result == 7


def test_modules_carry_over(pool, job):
    """The state of an installed module is what the last run left."""
    assert finish(pool, job("import decimal\ndecimal.getcontext().prec = 5")).status == "finished"
    text = "import decimal\ndef main(): return decimal.getcontext().prec"
    assert finish(pool, job(text)).result == 5


def test_process_is_put_back(pool, job, tmp_path):
    """Environment, working directory, arguments, path, handlers, local modules are new each time."""
    (tmp_path / "my scripts").mkdir()
    local = tmp_path / "my scripts" / "local.py"
    local.write_text("x = 1")
    look = """
        import local, os, signal, sys, warnings
        def look():
            return [dict(os.environ), os.getcwd(), sys.path, sys.argv[1:], local.x, sys.stdout.encoding,
                sys.stdout.errors, sys.stdout.line_buffering, signal.getsignal(signal.SIGTERM).name,
                signal.getsignal(signal.SIGINT).__name__, len(warnings.filters)]
    """
    mess = """
        os.environ["A"] = "1"; del os.environ["PATH"]; os.chdir("/"); sys.path.insert(0, "/")
        sys.stdout.reconfigure(encoding="ascii", errors="ignore", line_buffering=False)
        signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)
        warnings.simplefilter("ignore"); sys.argv.append("x")
    """
    look, mess = textwrap.dedent(look), textwrap.dedent(mess)
    first = finish(pool, job(look + "def main(): return look()", environ={"B": "1"})).result
    assert finish(pool, job(look + mess)).status == "finished"
    local.write_text("x = 22")
    last = finish(pool, job(look + "def main(): return look()", environ={"B": "1"})).result
    for seen in (first, last):  # what differs from run to run
        for name in ("KOGINE_RUN_ID", "KOGINE_RUN_DIR", "KOGINE_ATTEMPT_DIR"):
            del seen[0][name]
    assert last == [*first[:4], 22, *first[5:]]


def test_files_that_a_script_leaves_open_are_written(pool, job, tmp_path):
    """What a script wrote to a file that it didn't close is in the file when the run has ended."""
    name = str(tmp_path / "out.txt")
    writing = job("name = ''\nfile = open(name, 'w')\nfile.write('all')", Config({"name": name}))
    assert finish(pool, writing).status == "finished"
    assert Path(name).read_text() == "all"


def test_objects_of_a_run_are_let_go(pool, job):
    """The memory of one run isn't counted for, nor kept from, the next, even after a failure."""
    big = "def f():\n    x = bytearray(400_000_000)\n    raise ValueError\nf()"
    assert finish(pool, job(big)).peak_memory > 400_000_000
    assert finish(pool, job("x = 1")).peak_memory < 200_000_000


def test_processor_time_is_the_runs_own(pool, job):
    """The processor time of one run, and of its children, isn't counted for the next."""
    busy = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    busy += f"\nimport subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])"
    assert finish(pool, job(busy)).cpu_seconds > 0.9
    assert finish(pool, job("x = 1")).cpu_seconds < 0.4


def test_nothing_of_a_child_is_left(pool, job):
    """A process that was ended after its run isn't found by the next one, not even as a zombie."""
    leaving = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])"
    assert finish(pool, job(leaving)).survivors == 1
    outcome = finish(pool, job("import os\nos.waitpid(-1, os.WNOHANG)"))
    assert outcome.error_type == "ChildProcessError"


def test_output_of_a_thread_that_goes_on(pool, job, tmp_path):
    """What a thread prints when its run has ended is in no run's log."""
    speaking = job(
        """
        import os, threading, time
        run, spoken = os.environ["KOGINE_RUN_ID"], ""
        def speak(environ=os.environ, sleep=time.sleep):
            while environ.get("KOGINE_RUN_ID") == run:
                sleep(0.001)
            print("late")
            open(spoken, "w").close()
        threading.Thread(target=speak, daemon=True).start()
        print("early")
        """,
        Config({"spoken": str(tmp_path / "spoken")}),
    )
    finish(pool, speaking)
    wait_until(pool, (tmp_path / "spoken").exists)
    following = job("print('mine')")
    finish(pool, following)
    assert output(speaking) == "early\n" and output(following) == "mine\n"


def test_script_that_closes_all_descriptors(pool, job):
    """A script that closes all descriptors it has inherited ends as it would, in its own process."""
    for last in (256, 2000):
        closing = job(f"import os\nos.closerange(3, {last})\nprint('a')\ndef main(): return 1")
        outcome = finish(pool, closing)
        assert (outcome.status, outcome.result, output(closing)) == ("finished", 1, "a\n")
    outcome = finish(pool, job("import os, sys\nos.closerange(0, 2000)\nsys.exit(3)"))
    assert (outcome.status, outcome.exit_code) == ("failed", 3)
    assert finish(pool, job("def main(): return 2")).result == 2


def test_script_that_prints_what_we_say(pool, job):
    """What a script prints isn't taken for anything but output."""
    printing = job("""
        import os
        line = b'{"ended": "%s", "code": 0, "last": false}\\n' % os.environb[b"KOGINE_RUN_ID"]
        for number in (1, 2):
            os.write(number, line)
        raise ValueError
    """)
    assert finish(pool, printing).status == "failed"


def test_worker_that_dies_is_replaced(pool, job):
    """A script that ends its process ends its own run alone."""
    first = finish(pool, job(PID)).result
    assert finish(pool, job("import os; os._exit(0)")).status == "finished"
    second = finish(pool, job(PID)).result
    assert first != second and not is_alive(first)


def test_idle_worker_that_dies_is_replaced(pool, job):
    """A worker that is killed between two runs does no harm to the next."""
    text = "import os\ndef main(): return os.getpid(), os.getppid()"
    worker, init = finish(pool, job(text)).result
    os.kill(worker, signal.SIGKILL)
    wait_until(pool, lambda: not is_alive(init))
    assert finish(pool, job(PID)).status == "finished"


def test_worker_survives_an_interrupt(pool, job):
    """A run that is cancelled by an interrupt leaves its worker to the next."""
    sleeping = job("import os, time\nprint(os.getpid())\nwhile True: time.sleep(0.1)")
    pool.submit(sleeping)
    wait_until(pool, lambda: os.path.exists(sleeping.attempt.output) and output(sleeping))
    pool.cancel([sleeping.id], "interrupt")
    outcome = wait_for(pool, sleeping)
    assert (outcome.status, outcome.error_type) == ("cancelled", "KeyboardInterrupt")
    assert finish(pool, job(PID)).result == int(output(sleeping).split()[0])


def test_interrupt_before_the_script_has_begun(pool, job):
    """A run that is cancelled before its script has begun is interrupted all the same."""
    finish(pool, job(""))  # a worker is there: its start may take longer than a run is given to end
    for _ in range(3):
        sleeping = job("import time\nwhile True: time.sleep(0.1)")
        pool.submit(sleeping)
        pool.cancel([sleeping.id], "interrupt")
        outcome = wait_for(pool, sleeping)
        assert (outcome.status, outcome.error_type) == ("cancelled", "KeyboardInterrupt")
        assert finish(pool, job("def main(): return 1")).result == 1


def test_script_that_interrupts_itself(pool, job):
    """A KeyboardInterrupt that nobody asked for is a run that was cancelled, too."""
    outcome = finish(pool, job("raise KeyboardInterrupt"))
    assert (outcome.status, outcome.reason) == ("cancelled", "it was interrupted")


def test_worker_after_a_timeout(pool, job):
    """A run that took too long takes its worker with it."""
    pid = finish(pool, job(PID)).result
    assert finish(pool, job("import time; time.sleep(600)", timeout=0.2)).status == "timed_out"
    assert not is_alive(pid)
    assert finish(pool, job(PID)).status == "finished"


def test_worker_after_a_signal_that_its_script_survives(pool, job):
    """A run that ends in order when it is told to end takes its worker with it all the same."""
    text = """
        import os, signal
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        print(os.getpid())
        signal.pause()
    """
    pausing = job(text)
    pool.submit(pausing)
    [pid] = pids_in(pausing.attempt)
    pool.cancel([pausing.id], "terminate")
    outcome = wait_for(pool, pausing)
    assert (outcome.status, outcome.exit_code) == ("cancelled", 0)
    assert finish(pool, job(PID)).result != pid


def test_helpers_of_multiprocessing_are_no_survivors(pool, job):
    """Runs that use multiprocessing leave nothing behind, and don't disturb each other."""
    text = """
        import multiprocessing
        def square(x): return x * x
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            with context.Pool(2) as pool:
                print(pool.map(square, [1, 2, 3]))
            context.Lock()
    """
    for method in ("fork", "spawn", "forkserver", "spawn"):
        using = job(text.format(method=method))
        outcome = finish(pool, using)
        assert (outcome.status, outcome.survivors) == ("finished", 0)
        assert output(using) == "[1, 4, 9]\n"


def test_close_ends_the_workers(job):
    """A pool that is closed leaves no process, whether idle or at work."""
    pool = Pool()
    text = "import os\ndef main(): return os.getpid(), os.getppid()"
    pids = finish(pool, job(text)).result
    going = job("import time; print('ready'); time.sleep(600)", slot=1)
    pool.submit(going)
    wait_until(pool, lambda: os.path.exists(going.attempt.output) and output(going))
    pool.close()
    assert not any(is_alive(pid) for pid in pids)
    outcome = read_outcome(going.attempt)
    assert outcome is not None and outcome.status == "interrupted"


def test_interpreter_that_cannot_be_started(pool, job, monkeypatch, tmp_path):
    """Where no process can be started, it is said why, and the run hasn't ended unheard."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(LauncherError, match="no process can be started.*nowhere"):
        pool.submit(job("x = 1"))


def test_interpreter_that_ends_at_once(pool, job, monkeypatch):
    """A worker that can't get ready is a failed run, with the reason."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    waiting = job("x = 1")
    try:
        pool.submit(waiting)
    except LauncherError as error:
        assert "it ended at once" in str(error)
        return
    outcome = wait_for(pool, waiting)
    assert outcome.status == "failed" and "its worker exited with status 1" in outcome.reason


# ---- nothing survives ----


# Prints the ids of the worker, of its init, of a fork and of an executed program in sessions of
# their own, which all ignore what asks them to end.
FAMILY = """
    import os, signal, subprocess, sys, time
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    program = subprocess.Popen(["sleep", "600"], start_new_session=True)
    fork = os.fork()
    if fork == 0:
        os.setsid()
        time.sleep(600)
    sys.stdout.write(f"{os.getpid()} {os.getppid()} {program.pid} {fork}\\n")
    time.sleep(600)
"""

COORDINATOR = """
    import os, sys, time
    sys.path.insert(0, {tests!r})
    from pathlib import Path
    from jobs import make_job
    from kohakuengine.launch.pool import Pool
    job = make_job(Path({folder!r}), Path({script!r}))
    Pool().submit(job)
    heir = os.fork()  # it has all that the coordinator has open
    if heir:
        print(heir, job.attempt.folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def coordinator(path, tmp_path) -> Iterator[tuple[subprocess.Popen[str], AttemptPaths]]:
    """A process of its own whose pool runs the family, and the attempt at that."""
    facts = {"tests": os.path.dirname(__file__), "folder": str(tmp_path)}
    text = textwrap.dedent(COORDINATOR.format(**facts, script=str(path(FAMILY))))
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        heir, folder = owner.stdout.readline().strip().split(" ", 1)
        yield owner, AttemptPaths(folder)
        owner.kill()
        os.kill(int(heir), signal.SIGKILL)


def test_kill_of_the_coordinator(coordinator):
    """When the coordinator is killed nothing is left, and the run has been interrupted."""
    owner, attempt = coordinator
    family = pids_in(attempt)
    owner.kill()
    wait_until(Pool(), lambda: not any(is_alive(pid) for pid in family))
    outcome = read_outcome(attempt)
    assert outcome is not None and outcome.status == "interrupted"
    assert "coordinator" in (outcome.reason or "")


def test_kill_of_the_init_and_the_coordinator(coordinator):
    """When both are killed at once, the script ends."""
    owner, attempt = coordinator
    worker, init, program, fork = pids_in(attempt)
    owner.send_signal(signal.SIGSTOP)
    os.kill(init, signal.SIGKILL)
    owner.kill()
    wait_until(Pool(), lambda: not is_alive(worker))
    for pid in (program, fork):  # whoever resumes the flow does that
        os.kill(pid, signal.SIGKILL)


def test_kill_of_the_init(pool, job):
    """When a worker's init is killed nothing is left, and the run has ended without an outcome."""
    going = job(FAMILY)
    pool.submit(going)
    family = pids_in(going.attempt)
    os.kill(family[1], signal.SIGKILL)
    wait_until(pool, lambda: pool.poll([going.id]))
    assert not any(is_alive(pid) for pid in family)
    assert read_outcome(going.attempt) is None
    assert finish(pool, job(PID)).status == "finished"


def pids_in(attempt: AttemptPaths) -> list[int]:
    """The process ids that a script prints."""
    log = Path(attempt.output)
    wait_until(Pool(), lambda: log.exists() and log.read_text().endswith("\n"))
    return [int(word) for word in log.read_text().split()]
