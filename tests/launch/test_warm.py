"""What is the warm launcher's own: when it doesn't fork, its servers, and what is new in each fork."""

from __future__ import annotations

import os
import signal
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from jobs import finish, make_job, output, wait_for, wait_until

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
