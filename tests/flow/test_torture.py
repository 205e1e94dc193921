"""Scripts that do to themselves, and to us, what scripts do: the flow goes on, and says how it was."""

from __future__ import annotations

import fcntl
import re
import signal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from witness import PATIENCE, assert_index_is_right, assert_launched_by, assert_nothing_left

from kohakuengine import Config, KogineError, Parallel, Run
from kohakuengine.runs.outcome import CANCELLED, FAILED, FINISHED, TIMED_OUT

pytestmark = pytest.mark.process

MB = 1_000_000

SLOWLY = 600.0  # for what is large, in seconds

SIZES = [
    pytest.param(50 * MB, id="50 MB"),
    pytest.param(1000 * MB, id="1 GB", marks=pytest.mark.slow),
]


class Case(NamedTuple):
    """A script, and what is to become of it."""

    text: str
    status: str
    exit_code: int | None
    reason: str | None  # a pattern, or None for a run that finishes
    log: str = ""  # a pattern
    options: dict[str, Any] = {}
    pool: tuple[str, int] | None = None  # status and exit code in a worker, where they differ


def case(name: str, *facts: Any, **named: Any) -> Any:
    """One of the cases, named by what the script does."""
    return pytest.param(Case(*facts, **named), id=name)


@pytest.fixture(params=["fresh", "warm", pytest.param("pool", marks=pytest.mark.slow)])
def torture(request, script, store, home, monkeypatch):
    """Run a script among others, in one flow; the others must finish."""
    # What is still buffered at the end is a part of the torture.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)

    def run(text: str, size: int = 0, **options: Any) -> Run:
        # The second one begins when something has ended, the last one when two have.
        good = [script("print('good')\n", f"good {number}.py") for number in range(3)]
        own = Config(metadata={"options": options})  # the others take as long as they take
        scripts = [good[0], (script(text, "bad.py"), own), *good[1:]]
        handle = Parallel(scripts, max_workers=2, launcher=request.param).start()
        first, bad, *others = handle.wait(SLOWLY if size > 100 * MB else PATIENCE)
        for other in (first, *others):
            # What measures coverage complains after a fork in a folder that is gone.
            assert other.status == FINISHED, f"{other.error}\n{other.output}"
            assert other.output.endswith("good\n")
        assert_launched_by(request.param, store)
        assert_nothing_left(home)
        assert_index_is_right(store)
        return bad

    return run


# For what a worker that is used again can't keep to.
processes = pytest.mark.parametrize("torture", ["fresh", "warm"], indirect=True)

CASES = [
    case(
        "segfault",
        "import ctypes\nprint('soon', flush=True)\nctypes.string_at(0)",
        *(FAILED, -signal.SIGSEGV, "was killed by SIGSEGV", "^soon\n"),
    ),
    case(
        "segfault with output in the buffer",
        "import ctypes\nprint('soon')\nctypes.string_at(0)",
        *(FAILED, -signal.SIGSEGV, "was killed by SIGSEGV", "^soon\n"),
    ),
    case(
        "killed for want of memory",
        "import os, signal\nprint('soon')\nos.kill(os.getpid(), signal.SIGKILL)",
        *(FAILED, -signal.SIGKILL, r"was killed by SIGKILL \(out of memory\?\)", "^soon\n$"),
    ),
    case("abort", "import os\nos.abort()", FAILED, -signal.SIGABRT, "was killed by SIGABRT"),
    case(
        "_exit",
        "import os\nprint('soon')\nos._exit(3)",
        *(FAILED, 3, "exited with status 3", "^soon\n$"),
    ),
    case("_exit 0", "import os\nprint('soon')\nos._exit(0)", FINISHED, 0, None, "^soon\n$"),
    case(
        "exit with a text",
        "import sys\nsys.exit('no data')",
        *(FAILED, 1, "^exited with status 1: no data$", "^no data\n$"),
    ),
    case("exit with 0", "import sys\nsys.exit(0)", FINISHED, 0, None, "^$"),
    case("exit with 7", "import sys\nsys.exit(7)", FAILED, 7, "exited with status 7", "^$"),
    case(
        "own exception",
        "class Odd(Exception): pass\nraise Odd('as planned')",
        *(FAILED, 1, "^Odd: as planned$", "(?s)^Traceback.*bad.py.*line 2.*Odd: as planned\n$"),
    ),
    case(
        "own BaseException",
        "class Odd(BaseException): pass\nraise Odd('as planned')",
        *(FAILED, 1, "^Odd: as planned$", "(?s)^Traceback.*bad.py.*line 2.*Odd: as planned\n$"),
    ),
    case(
        "KeyboardInterrupt",
        "raise KeyboardInterrupt",
        *(FAILED, -signal.SIGINT, "KeyboardInterrupt|SIGINT|interrupted", "KeyboardInterrupt"),
        pool=(CANCELLED, 1),  # there it is our own Ctrl-C that comes so
    ),
    case(
        "exception that can't be shown",
        "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd",
        *(FAILED, 1, "^Odd", "Odd"),
    ),
    case("syntax error at run time", "exec('1 +')", FAILED, 1, "^SyntaxError", "SyntaxError"),
    case(
        "endless recursion",
        "def main(): main()\nif __name__ == '__main__': main()",
        *(FAILED, 1, "^RecursionError", "RecursionError"),
    ),
    case(
        "bytes that aren't text",
        "import sys\nsys.stdout.buffer.write(b'a\\xff\\xfeb\\0c\\n')",
        *(FINISHED, 0, None, "^a\ufffd\ufffdbc\n$"),
    ),
    case(
        "colours and cursor movements",
        "print('\\x1b[31mred\\x1b[0m \\x1b[2J\\x1b[5;5Hthere')",
        *(FINISHED, 0, None, "red.*there"),
    ),
    case(
        "closes its descriptor",
        "import os\nprint('soon')\nos.close(1)",
        *(FINISHED, 0, None, "^soon\n$"),
    ),
    case(
        "closes its descriptors and prints",
        "import os\nprint('soon')\nos.close(1)\nprint('lost')",
        # 120 is the interpreter's: what it couldn't write it tries again at its end.
        *(FAILED, 120, "^OSError", "(?s)^soon\nTraceback.*OSError"),
        pool=(FAILED, 1),  # which doesn't end
    ),
    case(
        "closes its stdout",
        "import sys\nprint('soon')\nsys.stdout.close()\nsys.stderr.close()",
        *(FINISHED, 0, None, "^soon\n$"),
    ),
    case(
        "closes all descriptors",
        "import os\nprint('soon')\nos.closerange(0, 1000)",
        *(FINISHED, 0, None, "^soon\n$"),
    ),
    case(
        "takes away its output",
        "import sys\nprint('soon')\nsys.stdout = sys.stderr = None\nprint('lost')",
        *(FINISHED, 0, None, "^soon\n$"),
    ),
    case(
        "makes a daemon",
        """
        import os, time
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(write, b"x")
                time.sleep(600)
            os._exit(0)
        os.read(read, 1)
        """,
        *(FINISHED, 0, None),
    ),
    case(
        "ignores SIGTERM",
        """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("here")
        time.sleep(600)
        """,
        *(TIMED_OUT, -signal.SIGKILL, "^it took longer than 4 s$", "^here\n$"),
        options={"timeout": 4},
    ),
    case(
        "stops itself",
        "import os, signal\nprint('here')\nos.kill(os.getpid(), signal.SIGSTOP)",
        *(TIMED_OUT, -signal.SIGKILL, "^it took longer than 4 s$", "^here\n$"),
        options={"timeout": 4},
    ),
    case(
        "ends well when it is told to",
        """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        time.sleep(600)
        """,
        *(TIMED_OUT, 0, "^it took longer than 4 s$"),
        options={"timeout": 4},
    ),
    case(
        "leaves its group",
        """
        import os, subprocess, time
        child = subprocess.Popen(["sleep", "600"])
        os.setpgid(0, os.getppid())
        time.sleep(600)
        """,
        *(TIMED_OUT, None, "^it took longer than 4 s$"),
        options={"timeout": 4},
    ),
    case(
        "ends the processes around it",
        "import os, signal\nos.kill(0, signal.SIGKILL)",
        *(FAILED, -signal.SIGKILL, "was killed by SIGKILL"),
    ),
    case(
        "kills its parent",
        "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(600)",
        *("interrupted", None, "init.* was killed"),
    ),
    case(
        "begins many processes",
        """
        import subprocess
        for _ in range(100):
            subprocess.Popen(["sleep", "600"], start_new_session=True)
        """,
        *(FINISHED, 0, None),
    ),
    case("makes a lambda", "def main(): return lambda x: x + 1\nmain()", FINISHED, 0, None),
    case(
        "is empty",
        "",
        *(FINISHED, 0, None, "^$"),
    ),
]


@pytest.mark.parametrize("case", CASES)
def test_script(torture, case):
    """Whatever a script does, its run has a status, a log and a reason, and the others finish."""
    run = torture(case.text, **case.options)
    status, exit_code = case.status, case.exit_code
    if run.launcher == "pool" and case.pool:
        status, exit_code = case.pool
    assert run.status == status, run.row["error"]
    assert exit_code in (None, run.exit_code), run.row["error"]
    assert re.search(case.log, run.output), run.output
    if case.reason is None:
        assert run.row["error"] is None
    else:
        assert re.search(case.reason, run.row["error"]), run.row["error"]


DAEMONS = """
    import fcntl, os, signal
    held = os.open("held", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.set_inheritable(held, True)  # what has it holds the lock, until it ends
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # also in what is executed
    read, write = os.pipe()  # which ends when all are executed, as they don't inherit it
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(write, b"%d\\n" % os.getpid())
                os.execve("/bin/sh", ["sh", "-c", "sleep 600; :"], {})
            os._exit(0)
    os.close(write)
    with open(read) as file:
        print(file.read(), end="", flush=True)
"""


def test_daemons_that_forgot_where_they_come_from(torture, tmp_path):
    """What a script has put into sessions of its own, with an empty environment, ends with the
    run, also where it ignores the signals, and what it has started itself does, too."""
    run = torture(DAEMONS)
    assert (run.status, run.row["error"]) == (FINISHED, None)
    pids = run.output.split()
    assert len(pids) == 3 and run.outcome.survivors >= 3
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with open(tmp_path / "held") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("size", SIZES)
def test_much_output_in_lines(torture, size):
    """All that a script prints is in its log, however much it is."""
    run = torture(f"""
        import sys
        line = b"x" * 99 + b"\\n"
        for _ in range({size // MB}):
            sys.stdout.buffer.write(line * 10_000)
        print("loss: 0.5")
    """)
    assert run.status == FINISHED
    assert Path(run.log).stat().st_size == size + len("loss: 0.5\n")
    assert run.metrics == {"loss": 0.5}


@processes
def test_much_output_without_newline(torture):
    """What a script prints without end is kept to its first half and its end."""
    run = torture(
        """
        import os
        os.write(1, b"<begin>")
        while True:
            os.write(1, b"x" * 10_000)
        """,
        timeout=4,
        max_log=100_000,
    )
    assert (run.status, run.row["error"]) == (TIMED_OUT, "it took longer than 4 s")
    log = Path(run.log).read_bytes()
    assert log.startswith(b"<begin>xxx") and log.endswith(b"xxx")
    assert b"[kogine: " in log and b"bytes were dropped here: max_log is 100,000]" in log
    assert set(run.output) <= set("<begin>x\n[kogine: 0123456789,bytes were dropped here: max_log]")


@processes
def test_max_log_holds_while_a_script_prints(torture):
    """A log is cut again and again while its script goes on, and has its last lines at the end."""
    run = torture(
        """
        import os, time
        for _ in range(3):
            for _ in range(20):
                os.write(1, b"x" * (1 << 20))
            while os.fstat(1).st_size > 16 << 20:
                time.sleep(0.01)
        print()
        print("loss: 0.25")
        """,
        timeout=60,
        max_log=100_000,
    )
    assert run.status == FINISHED and run.output.endswith("x\nloss: 0.25\n")
    assert run.metrics == {"loss": 0.25}
    assert Path(run.log).stat().st_size < 100_000


@processes
def test_max_log_keeps_the_end(torture):
    """The last lines of a log that was cut are there, with the number that they say."""
    run = torture(
        """
        import time
        for step in range(30_000):
            print("step", step, "of many, and more words to make it long")
        print("loss: 0.25")
        """,
        max_log=200_000,
    )
    assert run.status == FINISHED and run.output.endswith("loss: 0.25\n")
    assert run.metrics["loss"] == 0.25
    assert Path(run.log).stat().st_size < 2_000_000


def test_deletes_its_working_directory(torture, tmp_path, monkeypatch):
    """A script that removes the folder in which all runs work doesn't keep the others from it."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    run = torture("import os, shutil\nshutil.rmtree(os.getcwd())\nprint('gone')")
    assert not folder.exists()
    assert (run.status, run.output) == (FINISHED, "gone\n")


def test_deletes_its_own_script(torture):
    """A script that removes its own file ends as it would by itself."""
    run = torture("import os\nos.unlink(__file__)\nprint('gone')")
    assert (run.status, run.output) == (FINISHED, "gone\n")


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(50 * MB, id="50 MB"),
        pytest.param(500 * MB, id="500 MB", marks=pytest.mark.slow),
    ],
)
def test_returns_a_large_array(torture, size):
    """A large array comes back as it was."""
    numpy = pytest.importorskip("numpy")
    text = f"""
        import numpy
        def main():
            return numpy.arange({size // 8})
        if __name__ == "__main__":
            main()
    """
    run = torture(text, size)
    assert run.status == FINISHED
    result = run.result
    assert result.nbytes == size and (result == numpy.arange(size // 8)).all()
    assert len(str(run.row["result"])) < 1_000


def test_returns_what_cannot_be_pickled(torture):
    """A result that can't be pickled is kept as its repr, and the run finishes, with a warning."""
    run = torture("""
        import threading
        def main(): return {"loss": 0.5, "lock": threading.Lock()}
        if __name__ == "__main__": main()
    """)
    assert run.status == FINISHED
    assert "'loss': 0.5, 'lock': <unlocked" in run.result
    assert "can't be pickled" in run.outcome.warning and "lock" in run.outcome.warning


def test_returns_what_ends_the_pickler(torture):
    """A result whose pickling ends the process fails the run with that, and not silently."""
    run = torture("""
        import os
        class Odd:
            def __reduce__(self): os._exit(5)
        def main(): return Odd()
        if __name__ == "__main__": main()
    """)
    assert (run.status, run.exit_code) == (FAILED, 5)


def test_returns_a_lambda(torture):
    """A function that is made in the script comes back as a function."""
    run = torture("""
        scale = 3
        def main(): return lambda x: scale * x
        if __name__ == "__main__": main()
    """)
    assert run.result(5) == 15


def test_returns_an_object_of_its_own_class(torture):
    """An object of a class that is made in the script comes back, with its methods."""
    run = torture("""
        class Model:
            def __init__(self): self.weights = [1, 2]
            def total(self): return sum(self.weights)
        def main(): return Model()
        if __name__ == "__main__": main()
    """)
    assert run.result.total() == 3


def test_result_of_a_run_that_died(torture):
    """To ask for the result of a run that died is an error which says how, and where its log is."""
    run = torture("import os\nos._exit(3)")
    with pytest.raises(KogineError, match=r"status 3 before.*its output is in .*output\.log"):
        run.result
