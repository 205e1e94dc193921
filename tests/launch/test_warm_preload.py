"""Which imports aren't made before a script, because it could notice."""

from __future__ import annotations

import importlib.machinery
import os
from pathlib import Path

import pytest
from jobs import finish, is_alive, make_job, output, wait_for, wait_until

from kohakuengine.config.base import Config
from kohakuengine.engine.script import Script
from kohakuengine.launch.fresh import Fresh

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="forks are warm on Linux only"),
]


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
    "starts a process that leaves its parent": (
        "import subprocess\nsubprocess.run('setsid sleep 600 &', shell=True)",
        "an import starts a process",
    ),
    "starts a thread without a name": (
        "import _thread, time\n_thread.start_new_thread(time.sleep, (600,))",
        " threads",  # it may not have said yet that it is Python's
    ),
    "starts a thread of C's": (
        "import ctypes\n"
        "start, made = ctypes.CDLL(None).pthread_create, ctypes.c_ulong()\n"
        "pause = ctypes.CDLL(None).sleep\n"
        "start(ctypes.byref(made), None, pause, ctypes.c_void_p(600))",
        "starts threads, and whose they are isn't known",
    ),
    "has a lock for processes": (
        "import multiprocessing\nlock = multiprocessing.Lock()",
        "a lock, that all runs would share",
    ),
    "has shared memory": (
        "import mmap\nmemory = mmap.mmap(-1, 4096)",
        "an import makes memory, or a lock, that all runs would share",
    ),
    "has a temporary folder": (
        "import tempfile\nfolder = tempfile.TemporaryDirectory()",
        "an import makes a temporary file",
    ),
    "makes a temporary folder": (
        "import atexit, os, tempfile\natexit.register(os.rmdir, tempfile.mkdtemp())",
        "an import makes a temporary file",
    ),
    "has something done at the end": (
        "from multiprocessing.util import Finalize\n"
        "Finalize(None, print, ('ended',), exitpriority=1)",
        "an import registers a multiprocessing.util.Finalize",
    ),
    "sets a timer": (
        "import signal\nsignal.setitimer(signal.ITIMER_VIRTUAL, 600)",
        "changes a timer",
    ),
    "chooses a device": (
        "import os\nos.environ['CUDA_VISIBLE_DEVICES'] = '7'",
        "changes variables that are Python's or a run's own",
    ),
    "sets a variable of ours": (
        "import os\nos.environ['KOGINE_X'] = '1'",
        "changes variables that are Python's or a run's own",
    ),
    "warns of who imports it": (
        "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)",
        "writes something",
    ),
    "reads the arguments": (
        "import sys\nquiet = '-q' in sys.argv[1:]",
        "importing effect reads sys.argv",
    ),
    "keeps the arguments": ("from sys import argv", "an import keeps sys.argv"),
    "looks at the script": (
        "import __main__\nfile = getattr(__main__, '__file__', None)",
        "importing effect looks at the script's module",
    ),
    "looks at the script's folder": (
        "import sys\nfolder = sys.path[0]",
        "importing effect reads sys.path",
    ),
    "looks for a device": (
        "import os\ndevices = os.environ.get('CUDA_VISIBLE_DEVICES')",
        "importing effect reads CUDA_VISIBLE_DEVICES",
    ),
    "copies the environment": (
        "import os\nenviron = {**os.environ}",
        "importing effect reads KOGINE_RUN_ID",
    ),
    "looks for a variable of ours": (
        "import os\nfolder = os.getenv('KOGINE_RUN_DIR')",
        "importing effect reads KOGINE_RUN_DIR",
    ),
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


def test_warnings_are_those_that_the_script_sees(launcher, job, installed):
    """A deprecation that Python shows to who imports directly is shown, with the script's line."""
    (installed / "old.py").write_text(UNFIT["warns of who imports it"][0])
    outcome = finish(launcher, warned := job("import old"))
    assert "importing old writes something" in outcome.fallback
    assert "train.py:1: DeprecationWarning: old" in output(warned)


def test_settings_from_the_environment(launcher, job, installed, monkeypatch):
    """An import may look for all variables that begin with its name."""
    (installed / "tool.py").write_text(
        "import os\nfound = {k: v for k, v in os.environ.items() if k.startswith('TOOL_')}"
    )
    monkeypatch.setenv("TOOL_LEVEL", "3")
    outcome = finish(launcher, job("import tool\ndef main(): return tool.found"))
    assert (outcome.result, outcome.fallback) == ({"TOOL_LEVEL": "3"}, None)


def test_what_an_import_throws_away(launcher, job, installed):
    """An import may look at the script's module and the arguments if it keeps nothing of them, not
    even in a circle that only the collector ends."""
    (installed / "circle.py").write_text(
        "import gc, sys\ngc.disable()\nheld = [sys.argv, sys.modules['__main__']]\n"
        "held.append(held)\ndel held\ngc.enable()"
    )
    outcome = finish(launcher, job("import circle\ndef main(): return 1"))
    assert (outcome.result, outcome.fallback) == (1, None)


OPTIONAL = "try:\n    import local_settings\nexcept ImportError:\n    local_settings = None"


def test_optional_module_beside_the_script(launcher, job, installed):
    """What an installed module looks for and takes if it is there is found beside the script."""
    (installed / "plugged.py").write_text(OPTIONAL)
    text = "import plugged\ndef main(): return getattr(plugged.local_settings, 'value', None)"
    outcome = finish(launcher, job(text))
    assert (outcome.result, outcome.fallback) == (None, None)
    with_settings = job(text)
    (Path(with_settings.script.folder) / "local_settings.py").write_text("value = 'beside'")
    outcome = finish(launcher, with_settings)
    assert outcome.result == "beside" and "local_settings lies beside it" in outcome.fallback


def test_optional_module_that_is_installed_meanwhile(launcher, job, installed):
    """After `pip install` the next runs have what was installed."""
    (installed / "plugged.py").write_text(OPTIONAL)
    text = "import plugged\ndef main(): return getattr(plugged.local_settings, 'value', None)"
    assert finish(launcher, job(text)).result is None
    (installed / "local_settings.py").write_text("value = 'installed'")
    wait_until(launcher, lambda: finish(launcher, job(text)).result == "installed", 20)


@pytest.mark.parametrize("suffix", importlib.machinery.all_suffixes())
def test_every_kind_of_module_beside_the_script_is_seen(suffix, launcher, job):
    """A module without source, or an extension, isn't passed over for an installed one."""
    shadowed = job("import graphlib")
    file = Path(shadowed.script.folder) / f"graphlib{suffix}"
    file.write_text("this is no module")
    outcome = finish(launcher, shadowed)
    assert outcome.status == "failed"


def test_only_pythons_own_is_taken_for_it(launcher, job, tmp_path, monkeypatch):
    """A module on PYTHONPATH isn't imported before the script because Python has one of its name."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "graphlib.py").write_text("import __main__\nvalue = __main__.lr")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    outcome = finish(launcher, job("lr = 0.5\nimport graphlib\ndef main(): return graphlib.value"))
    assert (outcome.result, outcome.fallback) == (0.5, None)


START = """
import os
read, write = os.pipe()
if not (child := os.fork()):
    if not (started := os.fork()):
        os.setsid()
        os.execlp("sleep", "sleep", "600")
    os.write(write, str(started).encode())
    os._exit(0)
os.waitpid(child, 0)
with open({!r}, "ab") as file:
    file.write(os.read(read, 100) + b" ")
os.close(read)
os.close(write)
"""


@pytest.mark.parametrize("end", ["", "1 / 0", "os._exit(3)"])
def test_what_an_import_starts_ends_with_its_server(end, launcher, job, installed, tmp_path):
    """A process that an import has started is gone when the run is, however the server ended."""
    note = tmp_path / "note"
    (installed / "starter.py").write_text(START.format(str(note)) + end)
    finish(launcher, job("import starter"))
    started = [int(pid) for pid in note.read_text().split()]  # once there, and once in the run
    assert len(started) == 2 and not any(map(is_alive, started))


def test_what_an_import_starts_ends_with_the_launcher(launcher, job, installed, tmp_path):
    """A launcher that is closed while imports go on leaves nothing of them."""
    note = tmp_path / "note"
    (installed / "starter.py").write_text(START.format(str(note)) + "import time; time.sleep(600)")
    launcher.submit(job("import starter"))
    wait_until(launcher, lambda: note.exists() and note.read_text().endswith(" "))
    launcher.close()
    assert not is_alive(int(note.read_text()))


PROJECTS = {
    "package beside the script": (
        {
            "lib/__init__.py": "from .sub import f\n",
            "lib/sub.py": "import json\ndef f(x): return json.dumps(x)\n",
            "train.py": "import lib\nimport witness\nn = 1\nprint(lib.f(n))\n",
        },
        "train.py",
    ),
    "folder beside the script": (
        {
            "lib/sub.py": "import witness\ndef f(x): return [x]\n",
            "train.py": "from lib.sub import f\nn = 1\nprint(f(n))\n",
        },
        "train.py",
    ),
    "module": (
        {
            "pk/__init__.py": "import json\n",
            "pk/train.py": "from . import sub\nimport witness\nn = 1\nprint(sub.f(n), __spec__.name)\n",
            "pk/sub.py": "def f(x): return [x]\n",
        },
        "pk.train",
    ),
    "package": (
        {
            "pk/__init__.py": "import witness\n",
            "pk/__main__.py": "from pk import witness\nn = 1\nprint(n, __spec__.name)\n",
        },
        "pk",
    ),
    "module in a folder": ({"pk/train.py": "import witness\nn = 1\nprint(n)\n"}, "pk.train"),
    "installed module": (
        {
            "site-packages/tool/__init__.py": "import witness\n",
            "site-packages/tool/train.py": "n = 1\nprint(n, __spec__.name)\n",
        },
        "tool.train",
    ),
}


@pytest.mark.parametrize("kind", PROJECTS)
def test_imports_of_projects_are_made_once(kind, launcher, installed, tmp_path, monkeypatch):
    """What packages begin with is imported before a sweep's runs, which are as with `fresh`."""
    files, target = PROJECTS[kind]
    note = tmp_path / "note"
    (installed / "witness.py").write_text(f"open({str(note)!r}, 'a').write('imported ')")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(installed)
    script = Script(target)

    def outputs(launcher) -> list[str]:
        jobs = [make_job(tmp_path, script, Config({"n": n})) for n in range(3)]
        assert [finish(launcher, job).fallback for job in jobs] == [None] * 3
        return [output(job) for job in jobs]

    forked = outputs(launcher)
    assert note.read_text() == "imported "
    assert forked == outputs(Fresh())


def test_packages_that_act_before_an_import(launcher, installed, tmp_path, monkeypatch):
    """What a package around a module sets is set before the module's imports."""
    (installed / "reads.py").write_text("import os\nvalue = os.environ.get('SETTING')")
    (tmp_path / "pk").mkdir()
    (tmp_path / "pk" / "__init__.py").write_text("import os\nos.environ['SETTING'] = '1'")
    (tmp_path / "pk" / "train.py").write_text("import reads\ndef main(): return reads.value")
    monkeypatch.chdir(tmp_path)
    outcome = finish(launcher, make_job(tmp_path, Script("pk.train")))
    assert (outcome.result, outcome.fallback) == ("1", None)


def test_installed_in_place_of_a_folder(launcher, installed, tmp_path, monkeypatch):
    """A package that is installed, and what it does first, isn't passed over for a folder."""
    (installed / "reads.py").write_text("import os\nvalue = os.environ.get('SETTING')")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sub.py").write_text("import reads\nvalue = reads.value")
    (tmp_path / "train.py").write_text("from lib.sub import value\ndef main(): return value")
    job = make_job(tmp_path, tmp_path / "train.py", environ={"KOGINE_FLOW_ID": "1"})
    assert finish(launcher, job).result is None
    (installed / "lib").mkdir()
    (installed / "lib" / "__init__.py").write_text("import os\nos.environ['SETTING'] = '1'")
    (installed / "lib" / "sub.py").write_text("import reads\nvalue = reads.value")
    job = make_job(tmp_path, tmp_path / "train.py", environ={"KOGINE_FLOW_ID": "2"})
    outcome = finish(launcher, job)
    assert (outcome.result, outcome.fallback) == ("1", None)


def test_local_modules_that_are_edited(launcher, installed, tmp_path):
    """A local module that sets something, since an edit, does so before what it imports then."""
    (installed / "reads.py").write_text("import os\nvalue = os.environ.get('SETTING')")
    text = "import lib, reads\ndef main(): return reads.value"
    (tmp_path / "lib").mkdir()
    (tmp_path / "train.py").write_text(text)
    script, results = Script(tmp_path / "train.py"), []
    for lib in ("", "import os\nos.environ['SETTING'] = '1'"):
        (tmp_path / "lib" / "__init__.py").write_text(lib)
        outcome = finish(launcher, make_job(tmp_path, script))
        results.append((outcome.result, outcome.fallback))
    assert results == [(None, None), ("1", None)]


def test_only_the_runs_own_folder_is_looked_at(launcher, installed, tmp_path, monkeypatch):
    """The folder beside a module is that in which it runs, and not its caller's."""
    (installed / "tool").mkdir()
    (installed / "tool" / "__init__.py").write_text("import colorsys")
    (installed / "tool" / "train.py").write_text("def main(): return 7")
    monkeypatch.syspath_prepend(installed)
    (tmp_path / "here").mkdir()
    (tmp_path / "colorsys.py").write_text("raise RuntimeError('beside')")
    monkeypatch.chdir(tmp_path)
    script = Script("tool.train")
    elsewhere = finish(launcher, make_job(tmp_path, script, cwd=str(tmp_path / "here")))
    assert (elsewhere.result, elsewhere.fallback) == (7, None)
    for folder in (None, str(tmp_path)):
        outcome = finish(launcher, job := make_job(tmp_path, script, cwd=folder))
        assert "colorsys lies beside it" in outcome.fallback
        assert outcome.status == "failed" and "beside" in output(job)


def test_main_beside_the_script(launcher, tmp_path):
    """A `__main__.py` beside the script is never imported in place of the script."""
    (tmp_path / "__main__.py").write_text("raise RuntimeError")
    (tmp_path / "train.py").write_text("import json\ndef main(): return json.loads('7')")
    outcome = finish(launcher, make_job(tmp_path, tmp_path / "train.py"))
    assert (outcome.result, outcome.fallback) == (7, None)


def test_script_beside_installed_packages(launcher, installed):
    """What Python has loaded at its start isn't missed beside a script that is installed itself."""
    (installed / "sitecustomize.py").write_text("import started")
    (installed / "started.py").write_text("value = 7")
    (installed / "train.py").write_text("import json, started\ndef main(): return started.value")
    outcome = finish(launcher, make_job(installed.parent, installed / "train.py"))
    assert (outcome.result, outcome.fallback) == (7, None)


def test_loaded_at_the_start_from_elsewhere(launcher, installed, tmp_path):
    """A module that Python has loaded at its start isn't taken for that beside the script."""
    (installed / "sitecustomize.py").write_text("import started")
    (installed / "started.py").write_text("value = 7")
    (installed / "needs.py").write_text("import started\nvalue = started.value")
    (tmp_path / "train.py").write_text("import needs\ndef main(): return needs.value")
    (tmp_path / "started.py").write_text("value = 8")
    expected = finish(Fresh(), make_job(tmp_path, tmp_path / "train.py")).result
    outcome = finish(launcher, make_job(tmp_path, tmp_path / "train.py"))
    assert outcome.result == expected
    assert "started lies beside it" in outcome.fallback


def test_numpys_place_of_a_process(launcher, job, installed):
    """What an older numpy keeps of the process that imports it is the run's own."""
    folder = installed / "numpy" / "testing" / "_private"
    folder.mkdir(parents=True)
    for package in (folder.parents[1], folder.parent, folder):
        (package / "__init__.py").touch()
    (folder / "utils.py").write_text(
        "import os\n"
        "def memusage(_proc_pid_stat=f'/proc/{os.getpid()}/stat'): return _proc_pid_stat\n"
        "def jiffies(_proc_pid_stat=f'/proc/{os.getpid()}/stat', _load_time=[]): return _load_time\n"
    )
    outcome = finish(
        launcher,
        job("""
            import numpy.testing._private.utils as utils, os
            own = f"/proc/{os.getpid()}/stat"
            def main(): return utils.memusage() == own, utils.jiffies.__defaults__ == (own, [])
        """),
    )
    assert (outcome.result, outcome.fallback) == ((True, True), None)
