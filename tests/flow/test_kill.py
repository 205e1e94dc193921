"""SIGKILL at any moment: of the coordinator, of a warm server, and of what watches over a run; and what
is done where that is stopped."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from witness import (
    KOGINE,
    PATIENCE,
    assert_index_is_right,
    assert_launched_by,
    assert_nothing_left,
    finished,
    has_ended,
    kogine,
    last_attempts,
    servers,
    use_store,
    wait_until,
)

from kohakuengine import Config, Parallel
from kohakuengine.flow import going
from kohakuengine.flow.requests import make_request
from kohakuengine.launch.survivors import LIMITS
from kohakuengine.runs.outcome import CANCELLED, FINISHED, INTERRUPTED, TIMED_OUT, read_outcome
from kohakuengine.runs.store import RunStore

pytestmark = pytest.mark.process

RUNS = 6

# It notes when it begins; some runs are hard to end, and leave what is hard to end. By itself it
# ends within a few tenths of a second.
TRAIN = f"""
import os, pickle, signal, subprocess, sys, time

number = 0
NAP = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"

def note(text):
    file = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{{number}} {{text}}\\n".encode())
    os.close(file)

def main():
    note("begins")
    stubborn = None
    if number % 3 == 1:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stubborn = subprocess.Popen([sys.executable, "-c", NAP], start_new_session=True)
    if number % 3 == 2 and os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    for step in range(5):
        time.sleep(0.02)
        print(f"step={{step}} loss={{1 / (step + 1)}}")
    if stubborn:
        stubborn.kill()
        stubborn.wait()
    note("ends")
    return {{"number": number}} if number % 2 else {{1, 2, number}}
"""

# A coordinator in a process of its own, to be killed.
SWEEP = f"""
import sys
from kohakuengine import Config, KogineError, Parallel

configs = [Config({{"number": number}}) for number in range({RUNS})]
flow = Parallel(sys.argv[1], configs, max_workers=2, launcher=sys.argv[2])
try:
    flow.run(resume=True)
except KogineError as error:
    if "to resume" not in str(error):
        raise
    flow.run()  # it was killed before there was anything
"""


class Sweep:
    """A sweep that is killed and resumed until it has come to its end."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, launcher: str) -> None:
        folder.mkdir()
        self.launcher = launcher
        self.script = folder / "train.py"
        self.script.write_text(TRAIN)
        self.notes = folder / "notes"
        self.notes.touch()
        self.home = str(folder / "store")
        self.folder = folder
        self.frozen: Counter[int] = Counter()
        use_store(monkeypatch, self.home)
        monkeypatch.setenv("NOTES", str(self.notes))

    @property
    def store(self) -> RunStore:
        """The store, as one who looks at it anew sees it."""
        return RunStore(self.home)

    def flow(self) -> Parallel:
        """The same in this process."""
        configs = [Config({"number": number}) for number in range(RUNS)]
        return Parallel(self.script, configs, max_workers=2, launcher=self.launcher)

    def begin(self) -> subprocess.Popen[bytes]:
        """Start its coordinator, or one that resumes it."""
        command = [sys.executable, "-c", SWEEP, str(self.script), self.launcher]
        return subprocess.Popen(command, cwd=self.folder)

    def killed_after(self, seconds: float) -> bool:
        """Let it go on for some time, and kill it; False where it came to its end before."""
        process = self.begin()
        try:
            assert process.wait(timeout=seconds) == 0
            return False
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.freeze()
            return True

    def begun(self) -> Counter[int]:
        """How often the run of each number has begun."""
        lines = self.notes.read_text().splitlines()
        return Counter(int(line.split()[0]) for line in lines if line.endswith("begins"))

    def freeze(self) -> None:
        """Note how often what has finished has begun: it isn't to begin once more."""
        done = finished(self.store, "number")
        begun = self.begun()
        self.frozen.update({n: begun[n] for n in done if n not in self.frozen})

    def check_end(self) -> None:
        """See that all is as if nothing had happened to it."""
        done = finished(self.store, "number")
        assert done == Counter(range(RUNS)), "each config has one finished run"
        begun = self.begun()
        again = {n: begun[n] for n, before in self.frozen.items() if begun[n] != before}
        assert not again, f"they had finished, and ran again: {again}"
        assert_nothing_left(self.home)
        assert_index_is_right(self.store)
        [flow] = self.store.flows()
        assert flow["status"] == FINISHED
        assert {row["launcher"] for row in self.store.select()} == {self.launcher}
        rows = self.store.select(status=FINISHED)
        assert Counter(row["params"]["number"] for row in rows) == Counter(range(RUNS))


def kill_coordinators(
    folder: Path, monkeypatch: pytest.MonkeyPatch, launcher: str, kills: int, seed: int
) -> None:
    """Kill coordinators at moments that are uniform over the length of a sweep."""
    chance = random.Random(seed)
    whole = Sweep(folder / "whole", monkeypatch, launcher)
    began = time.monotonic()
    assert whole.begin().wait(timeout=PATIENCE) == 0
    length = time.monotonic() - began
    whole.check_end()
    number = 0
    while kills > 0:
        sweep = Sweep(folder / f"sweep {number}", monkeypatch, launcher)
        number += 1
        while kills > 0 and sweep.killed_after(chance.uniform(0, length)):
            kills -= 1
            if chance.random() < 0.5:  # else the next one meets what is just ending
                assert_nothing_left(sweep.home)
        assert sweep.begin().wait(timeout=PATIENCE) == 0
        sweep.check_end()
        assert_launched_by(launcher, sweep.store)


@pytest.mark.parametrize(
    ("launcher", "kills"),
    [
        ("fresh", 5),
        ("warm", 5),
        ("pool", 2),
        pytest.param("fresh", 200, marks=pytest.mark.slow),
        pytest.param("warm", 200, marks=pytest.mark.slow),
        pytest.param("pool", 50, marks=pytest.mark.slow),
    ],
)
def test_kill_of_the_coordinator(tmp_path, monkeypatch, launcher, kills):
    """A coordinator that is killed at any moment leaves nothing, and loses nothing that finished."""
    kill_coordinators(tmp_path, monkeypatch, launcher, kills, seed=random.randrange(2**32))


# ---- of what watches over a run ----


def inits(store: RunStore) -> list[psutil.Process]:
    """The inits that see to a run: of all that is below this process, what it or a server of it has
    started. What a script forks may still seem to be below a process that is just ending.
    """
    owners = {os.getpid(), *(server.pid for server in servers())}
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended, or isn't that far
            if process.ppid() in owners and run_of(store, process):
                found.append(process)
    return found


def run_of(store: RunStore, process: psutil.Process) -> str:
    """The id of the run that a process belongs to; nothing for a warm server, and between runs."""
    found = process.environ().get("KOGINE_RUN_ID", "")
    return found if os.path.isdir(store.paths.run(found).folder) else ""


def kill_init(store: RunStore, process: psutil.Process) -> str | None:
    """Kill an init, and give the run that it saw to, if it had not yet written how that ended."""
    try:
        process.suspend()  # so that it can't write it between the look and the kill
        wait_until(lambda: process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE))
        run = run_of(store, process)
        attempts = store.paths.run(run)
        early = run and not os.path.exists(attempts.attempt(attempts.last_attempt()).outcome)
        process.kill()
    except psutil.Error:
        return None  # it had ended before it was stopped, and the coordinator has seen that
    return run if early else None


def kill_inits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, launcher: str, kills: int, seed: int
) -> None:
    """Kill inits at random moments, and resume their flows to the end."""
    chance = random.Random(seed)
    number = 0
    while kills > 0:
        sweep = Sweep(folder / f"sweep {number}", monkeypatch, launcher)
        number += 1
        store = sweep.store
        flow = sweep.flow()
        handle = flow.start()
        hit: set[str | None] = {None}
        while handle.live:
            time.sleep(chance.uniform(0, 0.1))
            alive = inits(store)
            if alive and kills > 0:
                kills -= 1
                hit.add(kill_init(store, chance.choice(alive)))
        runs = handle.wait()
        assert len(runs) == RUNS, "the flow went on"
        assert_nothing_left(sweep.home)
        lost = {run.id: run for run in runs if run.status != FINISHED}
        assert hit - {None} <= lost.keys()
        begun = sweep.begun()
        for id in lost.keys() - hit:  # a warm init may just have been about to begin it
            assert launcher == "warm" and not begun[lost[id].params["number"]]
        for run in lost.values():
            assert run.status == INTERRUPTED
            assert "init" in str(run.error) and "was killed" in str(run.error)
        sweep.freeze()
        assert len(flow.run(resume=True).finished) == RUNS
        sweep.check_end()
        assert_launched_by(launcher, store)


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("launcher", ["fresh", "warm"])
def test_kill_of_the_init(tmp_path, monkeypatch, launcher, kills):
    """A run whose init is killed is interrupted, leaves nothing, and can be resumed."""
    kill_inits(tmp_path, monkeypatch, launcher, kills, seed=random.randrange(2**32))


def kill_servers(folder: Path, monkeypatch: pytest.MonkeyPatch, kills: int, seed: int) -> None:
    """Kill warm servers at random moments of sweeps, each of which goes on to its end."""
    chance = random.Random(seed)
    number = 0
    while kills > 0:
        sweep = Sweep(folder / f"sweep {number}", monkeypatch, "warm")
        number += 1
        handle = sweep.flow().start()
        while handle.live:
            time.sleep(chance.uniform(0, 0.4))
            alive = servers()
            if alive and kills > 0:
                kills -= 1
                with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                    chance.choice(alive).kill()
        assert [run.status for run in handle.wait()] == [FINISHED] * RUNS
        assert sweep.begun() == Counter(range(RUNS)), "no run is lost, and none doubled"
        sweep.check_end()
        for _, attempt in last_attempts(sweep.store):
            outcome = read_outcome(attempt)
            assert outcome is not None
            assert outcome.fallback in (
                None,
                "its server ended with status -9 at the imports",
                "its server has ended",  # just when it was to be asked for a process
            )


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_kill_of_the_server(tmp_path, monkeypatch, kills):
    """A flow whose warm server is killed goes on: no run is lost or doubled, and nothing is left."""
    kill_servers(tmp_path, monkeypatch, kills, seed=random.randrange(2**32))


# ---- of what watches over a run, stopped ----

# What it has started has neither its session nor its environment.
STAYS = """
    a = 0
    import subprocess, time
    subprocess.Popen(["sleep", "600"], env={}, start_new_session=True)
    open("begun", "w").close()
    time.sleep(600)
"""
LAUNCHERS = ["fresh", "warm", "pool"]


def init_of(owner: int, launcher: str, folder: Path) -> psutil.Process:
    """The init of the only run of a process, once its script has begun."""
    wait_until((folder / "begun").exists)
    kept = servers(owner)  # by earlier tests, too
    above = kept if launcher == "warm" else [psutil.Process(owner)]
    below = [child for one in above for child in one.children() if child not in kept]
    [init] = filter(has_children, below)
    return init


def has_children(process: psutil.Process) -> bool:
    """Whether a process has any; those don't by which a command asks what a run takes place with,
    and they may have ended by now."""
    try:
        return bool(process.children())
    except psutil.NoSuchProcess:
        return False


def stop_init(owner: int, launcher: str, folder: Path) -> int:
    """Stop the init of the only run of a process, once its script has begun, and give its id."""
    init = init_of(owner, launcher, folder)
    init.suspend()
    wait_until(lambda: init.status() == psutil.STATUS_STOPPED)
    return init.pid


@contextlib.contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a command. Where the test fails meanwhile, its end isn't waited for."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have runs that don't end when they are told to ended by force soon."""
    monkeypatch.setattr(going, "LIMITS", dict.fromkeys(LIMITS, 0.5))


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("how", ["interrupt", "terminate", "kill"])
def test_cancel_where_the_init_is_stopped(script, store, home, tmp_path, launcher, how):
    """A run that is cancelled ends, with all that it has started, also where its init is stopped."""
    handle = Parallel(script(STAYS), [Config()], launcher=launcher).start()
    sleep = psutil.Process(stop_init(os.getpid(), launcher, tmp_path)).children(recursive=True)[-1]
    handle.cancel(how)
    [run] = handle.wait(PATIENCE)
    assert run.status == CANCELLED and "its init did nothing about it" in str(run.error)
    assert has_ended(sleep)
    assert handle.status == CANCELLED
    assert_nothing_left(home)
    assert_index_is_right(store)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_timeout_where_the_init_is_stopped(script, store, home, tmp_path, launcher):
    """A run's time is over also where its init is stopped, and the flow goes on."""
    flow = Parallel(script(STAYS), [Config()], launcher=launcher, timeout=10)
    handle = flow.start()
    stop_init(os.getpid(), launcher, tmp_path)
    [run] = handle.wait(PATIENCE)
    assert run.status == TIMED_OUT
    first = read_outcome(store.paths.run(run.id).attempt(1))
    assert first is not None and first.status == TIMED_OUT
    assert "its init did nothing about it" in str(first.reason)
    assert_nothing_left(home)
    assert_index_is_right(store)


def test_second_ctrl_c_where_the_init_is_stopped(script, store, home, tmp_path):
    """The second Ctrl-C ends a flow whose init is stopped: nobody has to kill the command."""
    script(STAYS)
    command = [*KOGINE, "run", "train.py", "--sweep", "a=1", "--launcher", "fresh"]
    with started(command, stderr=subprocess.PIPE) as process:
        stop_init(process.pid, "fresh", tmp_path)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert any(b"once more kills" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert_nothing_left(home)
    assert [row["status"] for row in store.select()] == [CANCELLED]


@pytest.mark.parametrize(
    ("launcher", "how"),
    [
        *((name, how) for name in ("inline", "fresh") for how in ("Ctrl-C twice", "SIGTERM")),
        ("fresh", "cancel"),
        ("fresh", "timeout"),  # inline has none
    ],
)
def test_one_run_whose_init_is_stopped(script, store, home, tmp_path, launcher, how):
    """One run by itself ends, too, where it is to end and its init does nothing about it."""
    script(STAYS)
    timeout = ("--timeout", "10") if how == "timeout" else ()
    command = [*KOGINE, "run", "train.py", "--launcher", launcher, *timeout]
    with started(command, stderr=subprocess.PIPE, text=True) as process:
        stop_init(process.pid, launcher, tmp_path)
        if how == "Ctrl-C twice":
            for _ in range(2):
                process.send_signal(signal.SIGINT)
                time.sleep(0.3)
        elif how == "SIGTERM":
            process.terminate()
        elif how == "cancel":
            wait_until(store.flows)
            flow = store.flows()[0]["id"]
            make_request(store.paths.flow(flow), {"do": "cancel", "how": "kill"})
        said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode != 0 and "Traceback" not in said
    assert_nothing_left(home)
    [row] = store.select()
    assert row["status"] == (TIMED_OUT if timeout else CANCELLED)
    assert "its init did nothing about it" in row["error"]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_kill_of_the_coordinator_where_the_init_is_stopped(script, store, home, tmp_path, launcher):
    """What a killed coordinator has left is ended by the next look, a stopped init included."""
    script(STAYS.replace("env={}, ", ""))
    command = [*KOGINE, "run", "train.py", "--sweep", "a=1", "--launcher", launcher]
    with started(command) as process:
        stop_init(process.pid, launcher, tmp_path)
        process.kill()
    assert kogine("runs").returncode == 0
    assert_nothing_left(home)
    assert [row["status"] for row in store.select()] == [INTERRUPTED]
    assert_index_is_right(store)


@pytest.mark.parametrize("launcher", ["inline", "fresh", "warm"])
def test_kill_of_the_init_of_one_run(script, store, home, tmp_path, launcher):
    """One run whose init is killed is interrupted and leaves nothing, forked processes included,
    also where the script has cleared its environment."""
    script("""
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.environ.clear()
        if os.fork() == 0:
            os.setsid()
        else:
            open("begun", "w").close()
        time.sleep(600)
    """)
    command = [*KOGINE, "run", "train.py", "--launcher", launcher]
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with started(command, text=True, **pipes) as process:
        init_of(process.pid, launcher, tmp_path).kill()
        said = "".join(process.communicate(timeout=PATIENCE))
    assert process.returncode == 1 and "Traceback" not in said
    assert "its init" in said and "was killed" in said
    assert_nothing_left(home)
    assert [row["status"] for row in store.select()] == [INTERRUPTED]
    assert_index_is_right(store)


@pytest.mark.parametrize("launcher", ["fresh", "warm"])
def test_request_that_a_killed_coordinator_left(tmp_path, monkeypatch, launcher):
    """What a coordinator was asked for that was killed before it obeyed isn't for the next one."""
    sweep = Sweep(tmp_path / "sweep", monkeypatch, launcher)
    process = sweep.begin()
    wait_until(sweep.begun)
    process.kill()
    process.wait()
    sweep.freeze()
    flow = sweep.store.flows()[0]["id"]
    make_request(sweep.store.paths.flow(flow), {"do": "cancel"})
    assert sweep.begin().wait(timeout=PATIENCE) == 0
    sweep.check_end()
