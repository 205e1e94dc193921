"""What only a process of its own can show: how it dies, and what can't be sent to it."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest

from kohakuengine.errors import LauncherError, ScriptDied
from kohakuengine.main import run
from kohakuengine.runs.store import RunStore

pytestmark = pytest.mark.process


def test_process_that_dies(path):
    """A script that is killed, or ends without telling, is an error that says how."""
    with pytest.raises(ScriptDied, match="killed by SIGKILL") as caught:
        run(path("import os; os.kill(os.getpid(), 9)"), launcher="fresh")
    assert caught.value.exit_code == -signal.SIGKILL
    with pytest.raises(ScriptDied, match="status 3 before it could tell"):
        run(path("import os; os._exit(3)"), launcher="fresh")


def test_process_that_dies_after_its_work(path):
    """A result doesn't hide that the process was killed in its atexit functions."""
    script = path("import atexit, os\natexit.register(lambda: os.kill(os.getpid(), 9))")
    with pytest.raises(ScriptDied, match="SIGKILL"):
        run(script, launcher="fresh")


def test_result_that_cannot_be_pickled(path):
    """A result that can't be sent is its repr, with a warning; the run has not failed."""
    script = path("import threading\ndef main(): return threading.Lock()")
    with pytest.warns(RuntimeWarning, match="can't be pickled.*lock"):
        assert "lock" in run(script, launcher="fresh")


def test_config_that_cannot_be_pickled(path):
    """A config that can't be sent is an error that says what to do, and leaves nothing behind."""
    with pytest.raises(LauncherError, match="can't be sent to a new process.*inline"):
        run(path("x = 1\nassert x"), globals_dict={"x": threading.Lock()}, launcher="fresh")
    assert not os.listdir(RunStore().paths.flows)


def test_exception_that_cannot_be_pickled(path):
    """An exception that can't be sent is told by its type, message and traceback."""
    script = path("""
        import threading
        def main():
            error = ValueError("bad")
            error.lock = threading.Lock()
            raise error
    """)
    with pytest.raises(Exception, match="raised ValueError: bad") as caught:
        run(script, launcher="fresh")
    assert "line 6, in main" in str(caught.value.__cause__)


def test_remote_traceback_shows_the_scripts_lines_alone(path):
    """The cause of what is raised shows the script's frames and none of ours."""
    with pytest.raises(ZeroDivisionError) as caught:
        run(
            path("def main():\n    return 1 / 0\nif __name__ == '__main__': main()"),
            launcher="fresh",
        )
    shown = str(caught.value.__cause__)
    assert shown.count("File ") == 2 and "return 1 / 0" in shown and "kohaku" not in shown


def test_nothing_is_left_behind(path, tmp_path, monkeypatch):
    """The files that carry a run to its process are gone when it has ended."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    run(path("x = 1\nassert x"), globals_dict={"x": {1}}, launcher="fresh")
    with pytest.raises(ScriptDied):
        run(path("import os; os._exit(1)"), launcher="fresh")
    assert os.listdir(tmp_path / "temp") == []


def test_interrupt_of_the_caller_ends_the_script(path, tmp_path):
    """A Ctrl-C while run() waits leaves no process behind, even one that ignores it."""
    script = path("""
        import os, signal, sys, time
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open(sys.argv[1] + ".part", "w") as file:
            file.write(str(os.getpid()))
        os.replace(sys.argv[1] + ".part", sys.argv[1])
        time.sleep(600)
    """)
    pid_file = tmp_path / "pid"
    caller = textwrap.dedent(f"""
        from kohakuengine import run
        from kohakuengine.launch import ending
        ending.GRACE = 0.2
        try:
            run({str(script)!r}, argv=[{str(pid_file)!r}], launcher="fresh")
        except KeyboardInterrupt:
            print("interrupted")
    """)
    process = subprocess.Popen([sys.executable, "-c", caller], stdout=subprocess.PIPE, text=True)
    wait_for(pid_file.exists)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "interrupted\n"
    wait_for(lambda: not psutil.pid_exists(int(pid_file.read_text())))


def test_interrupt_just_before_the_wait_is_not_lost(path, tmp_path):
    """One that Python has noted and that wakes nothing, as when it comes just before it waits."""
    script = path("""
        import sys, time
        open(sys.argv[1], "w").close()
        time.sleep(30)
        open(sys.argv[1] + " ended", "w").close()
    """)
    begun = tmp_path / "begun"

    def interrupt() -> None:
        wait_for(begun.exists)
        time.sleep(0.2)  # until run() waits, too
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(script, argv=[str(begun)], launcher="fresh")
    thread.join()
    assert not (tmp_path / "begun ended").exists()


def wait_for(condition, seconds: float = 60) -> None:
    """Wait for something to happen, and fail when it doesn't."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.01)
