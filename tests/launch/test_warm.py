"""What is the warm launcher's own: when it doesn't fork, its servers, and what is new in each fork."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from jobs import finish, is_alive, make_job, output, wait_for, wait_until

from kohakuengine.launch import warm
from kohakuengine.launch.base import Job
from kohakuengine.launch.warm import Warm

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="forks are warm on Linux only"),
]


@pytest.fixture
def launcher() -> Iterator[Warm]:
    """A launcher, which is closed in the end."""
    made = Warm()
    yield made
    made.close()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules count as installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """An attempt at a run of a script with this text."""

    def make(text: str) -> Job:
        folder = tmp_path / os.urandom(4).hex()
        folder.mkdir()
        (folder / "train.py").write_text(textwrap.dedent(text))
        return make_job(tmp_path, folder / "train.py")

    return make


UNFIT = {
    "prints": ("print('hello')", "writes something"),
    "warns": ("import warnings\nwarnings.warn('old')", "writes something"),
    "raises": ("1 / 0", "raises ZeroDivisionError"),
    "exits": ("import sys\nsys.exit(3)", "raises SystemExit"),
    "handles a signal": (
        "import signal\nsignal.signal(signal.SIGTERM, print)",
        "changes a signal's handler",
    ),
    "changes directory": ("import os\nos.chdir('/')", "changes the working directory"),
    "changes sys.path": ("import sys\nsys.path.append('/x')", "changes sys.path"),
    "hooks": ("import sys\nsys.excepthook = print", "changes sys.excepthook"),
    "replaces a stream": (
        "import sys\nsys.stdout, sys.stderr = sys.stderr, sys.stdout",
        "changes sys.stdout",
    ),
    "opens a file": ("f = open('/dev/null')", "changes the open files"),
    "starts a thread": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        "changes what Python threads there are",
    ),
    "starts a process": (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])",
        "an import starts a process",
    ),
    "has a generator": ("import random\nr = random.Random()", "an import makes a random.Random"),
    "dies": ("import os\nos._exit(3)", "its server ended with status 3 at the imports"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_falls_back_to_fresh(kind, launcher, job, installed):
    """An import that a script could notice to have been made before: a new interpreter, and why."""
    text, reason = UNFIT[kind]
    (installed / "effect.py").write_text(text)
    waiting = job("import effect\nprint('ran')")
    launcher.submit(waiting)
    outcome = wait_for(launcher, waiting)
    assert reason in outcome.fallback
    fine = kind not in ("raises", "exits", "dies")
    assert ("ran" in output(waiting)) == fine == (outcome.status == "finished")


def test_module_of_the_same_name_beside_the_script(launcher, job, installed):
    """What an installed module would import from the script's folder, it does."""
    (installed / "needs.py").write_text("import colorsys\nvalue = colorsys.value")
    shadowed = job("import needs\ndef main(): return needs.value")
    (Path(shadowed.script.folder) / "colorsys.py").write_text("value = 'beside'")
    outcome = finish(launcher, shadowed)
    assert outcome.result == "beside"
    assert "importing needs raises AttributeError" in outcome.fallback
    shadowed = job("import needs2\ndef main(): return needs2.value")
    (installed / "needs2.py").write_text("import colorsys\nvalue = colorsys.__name__")
    (Path(shadowed.script.folder) / "colorsys.py").write_text("__name__ = 'beside'")
    outcome = finish(launcher, shadowed)
    assert outcome.result == "beside" and "colorsys lies beside it" in outcome.fallback


def test_imports_are_made_once(launcher, job, installed):
    """Runs find what was imported; a module that isn't installed for good is imported by each."""
    (installed / "installed.py").write_text("import os\npid = os.getpid()")
    text = "import installed, os\ndef main(): return installed.pid, os.getpid()"
    results = [finish(launcher, job(text)) for _ in range(3)]
    assert [outcome.fallback for outcome in results] == [None] * 3
    imported, ran = zip(*(outcome.result for outcome in results))
    assert len(set(imported)) == 1 and len(set(ran)) == 3 and not set(imported) & set(ran)


def test_entropy_is_new_in_each_run(launcher, job):
    """What is random in new interpreters is in forks: random, numpy's, multiprocessing's key."""
    text = """
        import multiprocessing, random, tempfile, uuid
        import numpy as np
        def main():
            key = bytes(multiprocessing.current_process().authkey).hex()
            names = next(tempfile._get_candidate_names())
            return [random.random(), np.random.random(), key, names, str(uuid.uuid4())]
    """
    outcomes = [finish(launcher, job(text)) for _ in range(3)]
    assert [outcome.fallback for outcome in outcomes] == [None] * 3
    for values in zip(*(outcome.result for outcome in outcomes)):
        assert len(set(values)) == 3


def test_a_file_that_changes_is_imported_anew(launcher, job, installed):
    """A server whose imports are out of date is replaced."""
    module = installed / "edited.py"
    module.write_text("value = 1")
    os.utime(module, (1, 1))
    text = "import edited\ndef main(): return edited.value"
    assert finish(launcher, job(text)).result == 1
    module.write_text("value = 22")
    wait_until(launcher, lambda: finish(launcher, job(text)).result == 22, 20)


def _servers() -> list[psutil.Process]:
    """Those of this process that are alive."""
    alive = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
    return [process for process in alive if "warm_server" in " ".join(process.cmdline())]


@pytest.mark.parametrize("victims", ["servers", "inits"])
def test_killed_servers_lose_no_run(victims, launcher, job):
    """Runs go on where the server is killed; an init's end is its run's; what follows is run."""
    text = "import time\nprint('began')\ntime.sleep({})\ndef main(): return 7"
    going = job(text.format(1))
    launcher.submit(going)
    wait_until(launcher, lambda: os.path.exists(going.attempt.output) and output(going))
    for server in _servers():
        inits = server.children()
        for process in [server] if victims == "servers" else inits:
            os.kill(process.pid, signal.SIGKILL)
    if victims == "servers":
        assert wait_for(launcher, going).result == 7
    else:
        wait_until(launcher, lambda: launcher.poll([going.id]))
        assert not os.path.exists(going.attempt.outcome)
    assert [finish(launcher, job(text.format(0))).result for _ in range(3)] == [7, 7, 7]


HANGS = "import os, time\nopen({!r}, 'a').write(f'{{os.getpid()}} ')\ntime.sleep(600)"


def test_imports_that_hang_are_ended_by_the_timeout(launcher, tmp_path, installed):
    """The time in which imports are made is the run's; one that takes too long leaves nothing."""
    note = tmp_path / "note"
    (installed / "hangs.py").write_text(HANGS.format(str(note)))
    (tmp_path / "train.py").write_text("import hangs")
    job = make_job(tmp_path, tmp_path / "train.py", timeout=1.0, slot=3)
    outcome = finish(launcher, job)
    assert (outcome.status, outcome.slot) == ("timed_out", 3)
    assert outcome.reason == "it took longer than 1 s, and hasn't come beyond its imports"
    assert output(job) == ""
    assert not any(is_alive(int(pid)) for pid in note.read_text().split())


def test_the_time_of_imports_is_the_runs(launcher, tmp_path, installed):
    """A run that has waited for its imports has the rest of its time."""
    (installed / "slow.py").write_text("import time\ntime.sleep(2.5)")
    (tmp_path / "train.py").write_text("import slow, time\nprint('began')\ntime.sleep(600)")
    job = make_job(tmp_path, tmp_path / "train.py", timeout=4.0)
    outcome = finish(launcher, job)
    assert (outcome.status, outcome.fallback) == ("timed_out", None)
    assert outcome.reason == "it took longer than 4 s" and "began" in output(job)
    assert outcome.ended - outcome.started < 4.0


def test_a_cancelled_run_waits_for_no_imports(launcher, job, tmp_path, installed):
    """A run is cancelled at once while its imports are made, and these are ended."""
    note = tmp_path / "note"
    (installed / "hangs.py").write_text(HANGS.format(str(note)))
    launcher.submit(waiting := job("import hangs"))
    wait_until(launcher, lambda: note.exists() and note.read_text().endswith(" "))
    launcher.cancel([waiting.id], "terminate")
    assert wait_for(launcher, waiting).status == "cancelled"
    assert not is_alive(int(note.read_text()))


def test_imports_end_with_their_coordinator(tmp_path, installed):
    """A server at its imports doesn't outlive the process that started it."""
    note = tmp_path / "note"
    (installed / "hangs.py").write_text(HANGS.format(str(note)))
    (tmp_path / "train.py").write_text("import hangs")
    coordinator = psutil.Popen(
        [sys.executable, "-m", "kohakuengine", "run", "train.py", "--launcher", "warm"],
        cwd=tmp_path,
        stdout=-3,
        stderr=-3,
    )
    wait_until(Warm(), lambda: note.exists() and note.read_text().endswith(" "))
    coordinator.kill()
    coordinator.wait()
    wait_until(Warm(), lambda: not is_alive(int(note.read_text())))


def test_a_server_outlives_the_thread_that_started_it(launcher, job):
    """A server is there for the next flow when the thread of the first one has ended."""
    thread = threading.Thread(target=lambda: finish(launcher, job("pass")))
    thread.start()
    thread.join()
    before = [server.pid for server in _servers()]
    assert finish(launcher, job("pass")).fallback is None
    assert [server.pid for server in _servers()] == before


@pytest.mark.parametrize("how", ["goes fresh", "is cancelled", "times out"])
def test_a_server_that_has_stopped_is_given_up(how, launcher, tmp_path, job, monkeypatch):
    """A run doesn't wait for ever for a server that doesn't answer; the next one has another."""
    init = psutil.Process(
        finish(launcher, job("import os\ndef main(): return os.getppid()")).result
    )
    server = init.parent()
    for init in server.children():  # one that is there would take the run
        init.kill()
        init.wait()
    os.kill(server.pid, signal.SIGSTOP)
    monkeypatch.setattr(warm, "HELLO", 1.0 if how == "goes fresh" else 600.0)
    (tmp_path / "train.py").write_text("import os\nprint('ran')")
    timeout = 1.0 if how == "times out" else None
    launcher.submit(waiting := make_job(tmp_path, tmp_path / "train.py", timeout=timeout))
    if how == "is cancelled":
        launcher.cancel([waiting.id], "terminate")
    outcome = wait_for(launcher, waiting)
    if how == "goes fresh":
        assert outcome.fallback == "its server hasn't answered for 1 s"
        assert (outcome.status, output(waiting)) == ("finished", "ran\n")
        assert not is_alive(server.pid)
        assert finish(launcher, job("import os")).fallback is None
    else:
        assert outcome.status == ("cancelled" if how == "is cancelled" else "timed_out")
        os.kill(server.pid, signal.SIGCONT)
        assert finish(launcher, job("import os\nprint('next')")).fallback is None
        assert output(waiting) == ""  # it hasn't been run meanwhile


def test_standard_input_is_each_runs_own(launcher, job):
    """What a script sets of its standard input isn't set for the next one."""
    text = """
        import os
        def main():
            before = os.get_blocking(0)
            os.set_blocking(0, False)
            return before, os.path.realpath("/proc/self/fd/0")
    """
    outcomes = [finish(launcher, job(text)) for _ in range(2)]
    assert [tuple(outcome.result) for outcome in outcomes] == [(True, os.devnull)] * 2


def test_each_flow_sees_what_has_changed_before_it(launcher, tmp_path, installed):
    """After an installed module has been edited, the first run of a flow has what it says now."""
    module = installed / "edited.py"
    (tmp_path / "train.py").write_text("import edited\ndef main(): return edited.value")
    for number in range(4):
        module.write_text(f"value = {10**number}")
        os.utime(module, (number, number))
        environ = {"KOGINE_FLOW_ID": f"{number:032}"}
        outcome = finish(launcher, make_job(tmp_path, tmp_path / "train.py", environ=environ))
        assert (outcome.result, outcome.fallback) == (10**number, None)
