"""What is the warm launcher's own: its servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest
from jobs import finish, is_alive, make_job, output, wait_for, wait_until

from kohakuengine.launch import warm
from kohakuengine.launch.warm import Warm
from kohakuengine.runs.outcome import read_outcome

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="forks are warm on Linux only"),
]


def test_imports_are_made_once(launcher, job, installed):
    """Runs find what was imported; a module that isn't installed for good is imported by each."""
    note = installed / "note.txt"
    (installed / "installed.py").write_text(f"open({str(note)!r}, 'a').write('imported ')")
    text = "import installed, os\ndef main(): return os.getpid()"
    results = [finish(launcher, job(text)) for _ in range(3)]
    assert [outcome.fallback for outcome in results] == [None] * 3
    assert note.read_text() == "imported "
    assert len({outcome.result for outcome in results}) == 3


def test_a_file_that_changes_is_imported_anew(launcher, job, installed):
    """A server whose imports are out of date is replaced."""
    module = installed / "edited.py"
    module.write_text("value = 1")
    os.utime(module, (1, 1))
    text = "import edited\ndef main(): return edited.value"
    assert finish(launcher, job(text)).result == 1
    module.write_text("value = 22")
    wait_until(launcher, lambda: finish(launcher, job(text)).result == 22, 20)


def test_next_flow_sees_for_itself(job, installed):
    """What made a server unfit for one flow, and was mended since, doesn't count for the next."""
    module = installed / "mended.py"
    for text, reason in (("1 / 0", "ZeroDivisionError"), ("value = 1", None)):
        module.write_text(text)
        os.utime(module, (1, 1))  # no import takes it for one that changes meanwhile
        launcher = Warm()
        try:
            outcome = finish(launcher, job("import mended"))
        finally:
            launcher.close()
        assert (reason or "") in (outcome.fallback or "")
    assert outcome.fallback is None


def test_server_that_dies_at_once(launcher, job, monkeypatch):
    """A server that is dead before it is told what to import makes its runs fresh, with a reason."""
    start = subprocess.Popen

    def dead(*arguments, **options):
        process = start(*arguments, **options)
        process.kill()
        process.wait()
        monkeypatch.setattr(subprocess, "Popen", start)  # it was the only one
        return process

    monkeypatch.setattr(subprocess, "Popen", dead)
    outcome = finish(launcher, job("import os"))
    assert outcome.fallback == "its server ended with status -9 at the imports"


def test_run_that_comes_when_a_server_has_died_at_its_imports(
    launcher, job, installed, monkeypatch
):
    """Who waits for a server that is killed goes on, also when another comes before that is seen."""
    (installed / "slow.py").write_text("import time\ntime.sleep(5)")
    first, second = job("import slow"), job("import slow")
    started = []
    start = subprocess.Popen

    def noted(*arguments, **options):
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    launcher.submit(first)
    [server] = started
    os.kill(server.pid, signal.SIGKILL)
    os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    launcher.submit(second)
    wait_until(launcher, lambda: launcher.poll([first.id, second.id]) == [first.id, second.id])
    assert [read_outcome(each.attempt).status for each in (first, second)] == ["finished"] * 2


@pytest.mark.parametrize("whose", ["ours", "chosen"])
def test_folder_that_goes_while_a_server_makes_its_imports(
    launcher, tmp_path, installed, monkeypatch, whose
):
    """A run whose folder is removed before it begins is where we still are, or fails by itself."""
    there = tmp_path / "there"
    there.mkdir()
    (installed / "slow.py").write_text("import time\ntime.sleep(1)")
    (tmp_path / "train.py").write_text("import slow\ndef main(): return 7")
    if whose == "ours":
        monkeypatch.chdir(there)
    going = make_job(tmp_path, tmp_path / "train.py", cwd=str(there))
    launcher.submit(going)
    there.rmdir()
    outcome = wait_for(launcher, going)
    if whose == "ours":
        assert (outcome.status, outcome.result) == ("finished", 7)
    else:
        assert outcome.status == "failed"
        assert "it couldn't be started: no process can be started" in outcome.reason


def _servers() -> list[psutil.Process]:
    """Those of this process that are alive."""
    alive = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
    return [process for process in alive if "warm_server" in " ".join(process.cmdline())]


@pytest.mark.parametrize("victims", ["servers", "inits"])
def test_killed_servers_lose_no_run(victims, launcher, job):
    """Runs go on where the server is killed; an init's end is its run's; what follows is run."""
    text = "import time\nprint('began')\ntime.sleep({})\ndef main(): return 7"
    going = job(text.format(2 if victims == "servers" else 600))
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
    job = make_job(tmp_path, tmp_path / "train.py", timeout=4.0, slot=3)
    outcome = finish(launcher, job)
    assert (outcome.status, outcome.slot) == ("timed_out", 3)
    assert outcome.reason == "it took longer than 4 s, and hasn't come beyond its imports"
    assert output(job) == ""
    assert not any(is_alive(int(pid)) for pid in note.read_text().split())


def test_the_time_of_imports_is_the_runs(launcher, tmp_path, installed):
    """A run that has waited for its imports has the rest of its time."""
    (installed / "slow.py").write_text("import time\ntime.sleep(4)")
    (tmp_path / "train.py").write_text("import slow, time\nprint('began')\ntime.sleep(600)")
    job = make_job(tmp_path, tmp_path / "train.py", timeout=10.0)
    outcome = finish(launcher, job)
    assert (outcome.status, outcome.fallback) == ("timed_out", None)
    assert outcome.reason == "it took longer than 10 s" and "began" in output(job)
    assert outcome.ended - outcome.started < 10.0


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
        monkeypatch.setattr(warm, "HELLO", 600.0)
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
