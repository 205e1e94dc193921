"""A script run by the command is as under plain python: output, errors, exit status, environment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

LAUNCHERS = ("inline", "fresh")

# Each prints what the two could differ in; nothing in the output may depend on anything else.
SCRIPTS = {
    "globals": "print({name: type(value).__name__ for name, value in globals().items()})",
    "globals of a main block": """
        def main(): return list(globals())
        if __name__ == "__main__": print(main())
    """,
    "argv and path": "import sys\nprint(sys.argv, sys.path[0], __file__, sys.path.count(sys.path[0]))",
    "modules": """
        import sys
        main = sys.modules["__main__"]
        print(main.__dict__ is globals(), "__mp_main__" in sys.modules, main)
    """,
    "imported multiprocessing": """
        import multiprocessing, sys
        print(sys.modules["__mp_main__"] is sys.modules["__main__"])
    """,
    "exception": "def f(n):\n    return {'a': n}['b'] + 1\nf(3)",
    "exception in main block": """
        def main(n):
            return [1, 2][n]
        if __name__ == "__main__":
            print("start")
            print(main(
                5,
            ) + 1)
    """,
    "chained exceptions": """
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise ValueError("x") from error
    """,
    "exception group": """
        import sys
        if sys.version_info >= (3, 11):
            raise ExceptionGroup("many", [ValueError(1), TypeError(2)])
    """,
    "exception note": """
        error = ValueError("x")
        if hasattr(error, "add_note"): error.add_note("a note")
        raise error
    """,
    "recursion": "def f(): f()\nf()",
    "base exception": "class Stop(BaseException): pass\nraise Stop('now')",
    "syntax error in an import": """
        import sys
        open("broken_module.py", "w").write("x = = 1")
        sys.path.insert(0, ".")
        import broken_module
    """,
    "excepthook": """
        import sys
        sys.excepthook = lambda kind, value, tb: print("hook", kind.__name__, value, tb.tb_lineno)
        raise ValueError("x")
    """,
    "broken excepthook": """
        import sys
        def hook(kind, value, tb): raise KeyError("hook")
        sys.excepthook = hook
        raise ValueError("x")
    """,
    "excepthook that exits": """
        import sys
        def hook(kind, value, tb): sys.exit(7)
        sys.excepthook = hook
        raise ValueError("x")
    """,
    "no excepthook": "import sys\ndel sys.excepthook\nraise ValueError('x')",
    "last exception": """
        import atexit, sys
        atexit.register(lambda: print(sys.last_type.__name__, sys.last_value))
        raise ValueError("x")
    """,
    "exit 0": "import sys\nsys.exit(0)",
    "exit None": "import sys\nsys.exit()",
    "exit 3": "import sys\nsys.exit(3)",
    "exit 300": "import sys\nsys.exit(300)",
    "exit -1": "import sys\nsys.exit(-1)",
    "exit text": "import sys\nprint('a')\nsys.exit('gone wrong')",
    "exit tuple": "raise SystemExit((1, 2))",
    "exit of main": "import sys\ndef main(): return 4\nif __name__ == '__main__': sys.exit(main())",
    "quit": "quit(5)",
    "os._exit": "import os\nprint('lost?', flush=True)\nos._exit(6)",
    "abort": "import os, resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\nos.abort()",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "terminated": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "argparse": """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--n", type=int, required=True)
        print(parser.parse_args())
    """,
    "click": """
        import click
        @click.command()
        @click.option("--n", type=int, required=True)
        def main(n): click.echo(n)
        if __name__ == "__main__": main()
    """,
    "atexit and threads": """
        import atexit, threading, time
        def work():
            gate.wait()
            print("thread done")
        gate = threading.Event()
        atexit.register(print, "first registered")
        atexit.register(print, "second registered")
        threading.Thread(target=work).start()
        print("end of script")
        threading.Timer(0.05, gate.set).start()
    """,
    "objects at exit": """
        class Loud:
            def __del__(self): print("deleted", __name__)
        loud = Loud()
        print("end")
    """,
    "generator at exit": """
        def gen():
            try: yield
            finally: print("closed")
        g = gen(); next(g)
    """,
    "stdin": "import sys\nprint(sys.stdin.read().upper(), input.__name__)",
    "warnings": """
        import warnings
        warnings.warn("careful")
        warnings.warn("old", DeprecationWarning)
    """,
    "warnings of the parser": "print('\\d')\nx = 1 is 1\ndef main(): pass\nif __name__ == '__main__': main()",
    "unraisable": """
        class Bad:
            def __del__(self): raise ValueError("in del")
        Bad()
    """,
    "thread exception": """
        import threading
        def work(): raise ValueError("in thread")
        thread = threading.Thread(target=work, name="worker"); thread.start(); thread.join()
    """,
    "asyncio": """
        import asyncio
        async def main():
            await asyncio.sleep(0)
            raise ValueError("in task")
        if __name__ == "__main__": asyncio.run(main())
    """,
    "logging": "import logging\nlogging.basicConfig()\nlogging.getLogger(__name__).warning('x')",
    "unittest": """
        import unittest
        class T(unittest.TestCase):
            def test_a(self): self.assertEqual(1, 1)
        if __name__ == "__main__": unittest.main(verbosity=0, exit=False)
        print("after")
    """,
    "doctest": '''
        def f(n):
            """
            >>> f(1)
            3
            """
            return n + 1
        if __name__ == "__main__":
            import doctest
            print(doctest.testmod())
    ''',
    "pickle": """
        import pickle
        class A: pass
        print(type(pickle.loads(pickle.dumps(A()))) is A, A.__module__, A)
    """,
    "own frame": "import sys\nprint(sys._getframe().f_code.co_name, sys._getframe().f_code.co_filename)",
    "signal handlers": """
        import signal
        print(signal.getsignal(signal.SIGINT).__name__, signal.getsignal(signal.SIGTERM))
    """,
    "closed stdout": "import sys\nsys.stdout.close()",
    "future": "from __future__ import annotations\ndef f(x: Undefined): pass\nprint(f.__annotations__)",
    "interrupt": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(10**9): pass",
}


def undisturbed() -> dict[str, str]:
    """The environment without what changes how Python works.

    Nor is coverage measured: at its end it imports modules, and would get those of the script.
    """
    drop = ("PYTHONUNBUFFERED", "PYTHONWARNINGS", "PYTHONDEVMODE", "COVERAGE_")
    return {key: value for key, value in os.environ.items() if not key.startswith(drop)}


def execute(tmp_path, *command: str, arguments: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Run a command in a folder with a fixed environment: exit status, output, errors."""
    keep = undisturbed()
    done = subprocess.run(
        [sys.executable, *command, *arguments],
        cwd=tmp_path,
        env={**keep, "PYTHONHASHSEED": "0", "TERM": "dumb", "NO_COLOR": "1"},
        input="typed",
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def normal(kind: str, result: tuple[int, str, str]) -> tuple[int, str, str]:
    """What must be equal: an interrupt adds our one line; addresses, times and depths vary."""
    status, out, err = result
    err = re.sub(r"0x[0-9a-f]+|repeated \d+ more|in \d+\.\d+s", "", err)
    if kind == "interrupt":
        err = err.replace("kogine: train.py was interrupted.\n", "")
    return status, out, err


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("kind", SCRIPTS)
def test_script_is_as_under_plain_python(kind, launcher, tmp_path):
    """Same output, same errors, same exit status, death by a signal included."""
    (tmp_path / "train.py").write_text(textwrap.dedent(SCRIPTS[kind]))
    plain = execute(tmp_path, "train.py")
    ours = execute(tmp_path, "-m", "kohakuengine", "run", "train.py", "--launcher", launcher)
    assert normal(kind, ours) == normal(kind, plain)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_interrupt_is_told_in_one_line(launcher, tmp_path):
    """Ctrl-C ends the script as it ends plain python, by the signal, and one line says so."""
    (tmp_path / "train.py").write_text(SCRIPTS["interrupt"])
    command = ("-m", "kohakuengine", "run", "train.py", "--launcher", launcher)
    status, _, err = execute(tmp_path, *command)
    assert status == -signal.SIGINT
    assert err.endswith("KeyboardInterrupt\nkogine: train.py was interrupted.\n")


def test_module_is_as_under_python_m(tmp_path):
    """`kogine run pkg.mod` is `python -m pkg.mod`."""
    package = tmp_path / "somepkg"
    package.mkdir()
    (package / "__init__.py").write_text("print('package', __name__)")
    (package / "part.py").write_text("n = 2")
    text = """
        import sys
        from .part import n
        print(n, __name__, __package__, __spec__.name, __spec__.parent, sys.argv, sys.path[0])
        print({name: type(value).__name__ for name, value in globals().items()})
        raise SystemExit(n)
    """
    (package / "mod.py").write_text(textwrap.dedent(text))
    plain = execute(tmp_path, "-m", "somepkg.mod", arguments=("a", "-b"))
    command = ("-m", "kohakuengine", "run", "somepkg.mod", "--", "a", "-b")
    assert execute(tmp_path, *command) == plain


MODULES = {
    "already imported": {"pk/__init__.py": "import pk.mod", "pk/mod.py": "print(__name__)"},
    "package that fails": {"pk/__init__.py": "import nope_x", "pk/mod.py": ""},
    "package that raises": {"pk/__init__.py": "1 / 0", "pk/mod.py": ""},
    "namespace package": {"pk/mod.py": "print(__package__, __spec__.name)"},
    "raises": {"pk/__init__.py": "", "pk/mod.py": "def f(): 1 / 0\nf()"},
}


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("kind", MODULES)
def test_odd_modules_are_as_under_python_m(kind, launcher, tmp_path):
    """So is what goes wrong with its packages; only the frames of runpy are left out."""
    for name, text in MODULES[kind].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    command = ("-m", "kohakuengine", "run", "pk.mod", "--launcher", launcher)
    without_runpy = re.compile(r'  File "<frozen runpy>".*\n|.*/runpy.py", line .*\n(    .*\n)*')
    plain, ours = (
        (status, out, without_runpy.sub("", err))
        for status, out, err in (execute(tmp_path, "-m", "pk.mod"), execute(tmp_path, *command))
    )
    assert ours == plain


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize("name", ["json", "traceback", "threading", "cloudpickle", "click", "ast"])
@pytest.mark.parametrize("ending", ["", "raise ValueError(1)", "import sys; sys.exit(3)"])
def test_scripts_own_modules_are_never_ours(name, launcher, ending, tmp_path):
    """A module beside the script may be called as one that we use; each gets its own."""
    (tmp_path / f"{name}.py").write_text("print('imported', __name__)\nvalue = 7\n")
    text = f"import {name}\nprint({name}.value)\ndef main(): return {{1, 2}}\nmain()\n{ending}"
    (tmp_path / "train.py").write_text(text)
    (tmp_path / "elsewhere").mkdir()
    plain = execute(tmp_path / "elsewhere", "../train.py")
    assert plain[1].startswith(f"imported {name}\n7\n")
    command = ("-m", "kohakuengine", "run", "../train.py", "--launcher", launcher)
    assert execute(tmp_path / "elsewhere", *command) == plain


def test_modules_of_the_working_directory_are_not_ours(tmp_path):
    """What lies where the command is typed isn't imported by a new interpreter either."""
    for name in ("ast", "enum", "types", "json", "click"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not for you')")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text("import json, enum\nprint('fine')")
    kogine = os.path.join(os.path.dirname(sys.executable), "kogine")
    done = subprocess.run(
        [kogine, "run", "sub/train.py", "--launcher", "fresh"],
        cwd=tmp_path,
        env=undisturbed(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("fine\n", "")


SAFE = [pytest.param("-P", marks=pytest.mark.skipif("sys.version_info < (3, 11)")), "-I"]


@pytest.mark.parametrize("launcher", [*LAUNCHERS, "warm", "pool"])
@pytest.mark.parametrize("option", SAFE)
def test_safe_path_is_as_under_plain_python(option, launcher, tmp_path):
    """With -P or -I the script's folder isn't on sys.path, and what lies there isn't imported."""
    for name in ("json", "sibling"):
        (tmp_path / f"{name}.py").write_text("")
    text = """
        import json, sys
        try:
            import sibling
        except ImportError as error:
            seen = [str(error), json.__file__, sys.path]
        with open("seen.txt", "w") as file:
            print(seen, file=file)
    """
    (tmp_path / "train.py").write_text(textwrap.dedent(text))
    assert execute(tmp_path, option, "train.py") == (0, "", "")
    plain = (tmp_path / "seen.txt").read_text()
    (tmp_path / "seen.txt").unlink()
    command = ("-m", "kohakuengine", "run", "train.py", "--launcher", launcher)
    quiet = ("-q",) if launcher not in LAUNCHERS else ()
    assert execute(tmp_path, option, *command, *quiet) == (0, "", "")
    assert (tmp_path / "seen.txt").read_text() == plain


@pytest.mark.parametrize("option", SAFE)
def test_safe_path_has_no_modules_of_the_working_directory(option, tmp_path):
    """With -P or -I a module there isn't found, as by `python -m`."""
    (tmp_path / "mod.py").write_text("")
    assert execute(tmp_path, option, "-m", "mod")[0] == 1
    status, _, err = execute(tmp_path, option, "-m", "kohakuengine", "run", "mod")
    said = "there is no file and no module mod; did you mean mod.py?"
    assert (status, err) == (2, f"kogine: error: {said}\n")


def test_script_behind_a_link_finds_its_own_folder(tmp_path):
    """A link to a script runs with the folder of the file first on sys.path, as in python."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "sibling.py").write_text("value = 7")
    (tmp_path / "real" / "train.py").write_text("import sibling, sys\nprint(sys.path[0], __file__)")
    (tmp_path / "train.py").symlink_to(tmp_path / "real" / "train.py")
    plain = execute(tmp_path, "train.py")
    assert plain[0] == 0
    assert execute(tmp_path, "-m", "kohakuengine", "run", "train.py") == plain


def test_coverage_over_a_script_with_overrides(tmp_path):
    """coverage.py, measuring our command, sees the lines of the script that ran."""
    text = "x = 1\nif x > 2:\n    y = 1\nelse:\n    y = 2\n"
    (tmp_path / "train.py").write_text(text)
    command = (
        "-m",
        "coverage",
        "run",
        "--include=train.py",
        "-m",
        "kohakuengine",
        "run",
        "train.py",
    )
    assert execute(tmp_path, *command, "--set", "x=5")[0] == 0
    status, out, err = execute(tmp_path, "-m", "coverage", "report", "-m")
    assert status == 0, err
    assert out.splitlines()[2].split()[-1] == "5"


def test_pdb_in_a_script_with_overrides(tmp_path):
    """breakpoint() stops at the script's line, shows its source and the overridden value."""
    (tmp_path / "train.py").write_text("x = 1\nbreakpoint()\ny = x + 1\nprint(y)\n")
    done = subprocess.run(
        [sys.executable, "-m", "kohakuengine", "run", "train.py", "--set", "x=5"],
        cwd=tmp_path,
        input="l\np x\nn\np y\nc\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "y = x + 1" in done.stdout and "(Pdb) 5\n" in done.stdout and "(Pdb) 6\n" in done.stdout


def test_exit_status_when_the_script_raised_or_we_refused(tmp_path):
    """1 when the script raised; 2, and one line of ours, when there was nothing to run."""
    (tmp_path / "train.py").write_text("x = 1 / 0")
    assert execute(tmp_path, "-m", "kohakuengine", "run", "train.py")[0] == 1
    for launcher in LAUNCHERS:
        command = ("-m", "kohakuengine", "run", "nope.py", "--launcher", launcher)
        status, out, err = execute(tmp_path, *command)
        assert (status, out) == (2, "")
        assert err == "kogine: error: there is no file nope.py.\n"
