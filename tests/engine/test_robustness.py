"""Scripts and callers that do odd things: each has plain python's result, or one clear sentence."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from kohakuengine.config.base import Config
from kohakuengine.engine.executor import ScriptExecutor
from kohakuengine.errors import (
    ConfigError,
    ConfigTypeError,
    EntrypointError,
    KogineError,
    LauncherError,
    ScriptError,
    ScriptExit,
)
from kohakuengine.main import run

MAIN = "if __name__ == '__main__':\n    "

NOT_CALLED = {
    "in another function": "def run(cmd): calls.append(cmd)\ndef build(): run('ls')\nbuild()",
    "without arguments": "def run(): calls.append('ls')\ndef build(): run()\nbuild()",
    "in a method": "def main(): calls.append('ls')\nclass App:\n    def go(self): main()\nApp().go()",
    "defined in a branch": "if False:\n    def main(): pass\ncalls.append('ls')",
    "bound twice": "def main(): pass\nmain = None\ncalls.append('ls')",
}


@pytest.mark.parametrize("kind", NOT_CALLED)
def test_function_that_the_script_uses_itself_is_not_called_again(kind, script):
    """A main() or run() is only called by us where the script leaves it to others."""
    executor = ScriptExecutor(script("calls = []\n" + NOT_CALLED[kind]))
    assert executor.execute() is None
    assert executor.module.calls == ["ls"]


BLOCKS = {
    "in try": "try:\n    if __name__ == '__main__':\n        main()\nfinally: pass",
    "elif": "import sys\nif not sys:\n    pass\nelif __name__ == '__main__':\n    main()",
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_main_block_wherever_it_stands(kind, script):
    """A main block within try or behind elif is one: left out for a named function, kept else."""
    text = (
        f"calls = []\ndef main(n=1): calls.append(n); return n\ndef go(): return 2\n{BLOCKS[kind]}"
    )
    assert ScriptExecutor(script(text)).execute() == 1
    assert ScriptExecutor(script(text)).execute(Config(args=[3])) == 3
    named = ScriptExecutor(script(text, entrypoint="go"))
    assert named.execute() == 2 and named.module.calls == []


def test_named_function_that_the_script_never_lets_us_reach(script):
    """A script that exits before the function asked for can be called is refused, not a success."""
    text = "import sys\ndef go(): pass\nsys.exit(0)"
    with pytest.raises(EntrypointError, match="exited before go could be called"):
        ScriptExecutor(script(text, entrypoint="go")).execute()


def test_arguments_of_a_function_with_several_definitions(script):
    """Where the syntax doesn't tell which function it will be, the call itself does."""
    text = f"import os\nif os:\n    def main(a): return a\nelse:\n    def main(a, b): pass\n{MAIN}main(1)"
    assert ScriptExecutor(script(text)).execute(Config(args=[5])) == 5


def test_error_of_a_nested_run_is_the_scripts_own(script):
    """A script that runs another one, and names a function it hasn't, can catch that error."""
    text = """
        from kohakuengine import run
        from kohakuengine.errors import EntrypointError
        def main():
            try:
                run(__file__, entrypoint="nope")
            except EntrypointError:
                return "caught"
        if __name__ == "__main__":
            main()
    """
    assert ScriptExecutor(script(text)).execute() == "caught"


DEEP = {
    "sum": "x = " + " + ".join(["1"] * 2_000),
    "methods": "x = 'a'" + ".strip()" * 1_000,
    "elif": "if 0: pass\n" + "".join(f"elif 0 == {n + 1}: pass\n" for n in range(1_000)),
}


@pytest.mark.parametrize("kind", DEEP)
def test_deeply_nested_script_runs(kind, script):
    """What Python's own compiler takes runs, or with overrides is refused in a clear sentence."""
    executor = ScriptExecutor(script(DEEP[kind] + "\ny = 1\n"))
    executor.execute()
    try:
        executor.execute(Config({"y": 5}))
    except ScriptError as error:
        assert "nested too deeply" in str(error)
    else:
        assert executor.module.y == 5


def test_threads_take_turns(script):
    """Scripts run inline from several threads each see their own process state."""
    text = """
        import sys, time
        x = 0
        before = sys.modules["__main__"].__dict__ is globals()
        time.sleep(0.01)
        def main():
            return x, before, sys.modules["__main__"].__dict__ is globals()
    """
    target = script(text)
    results: list = []

    def work(n: int) -> None:
        results.append(ScriptExecutor(target).execute(Config({"x": n})))

    main = sys.modules["__main__"]
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(n, True, True) for n in range(8)]
    assert sys.modules["__main__"] is main


def test_wrapped_stdout_is_not_closed(script, monkeypatch):
    """A script may wrap sys.stdout's buffer; the caller can still print afterwards."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    text = "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'utf-8')\nprint('a')"
    ScriptExecutor(script(text)).execute()
    print("b")
    stream.flush()
    assert stream.buffer.getvalue() == b"a\nb\n"


def test_exit_statuses_are_those_of_a_process(script):
    """A status beyond a byte is what the system makes of it."""
    with pytest.raises(ScriptExit) as caught:
        ScriptExecutor(script("raise SystemExit(-1)")).execute()
    assert caught.value.exit_code == 255
    assert ScriptExecutor(script("raise SystemExit(256)")).execute() is None


MISUSE = {
    "dict as config": (lambda p: run(p, config={"x": 1}), ConfigTypeError, "write Config"),
    "list of overrides": (lambda p: run(p, globals_dict=["x"]), ConfigTypeError, "globals_dict"),
    "list of kwargs": (lambda p: run(p, kwargs=["x"]), ConfigTypeError, "kwargs"),
    "text as argv": (lambda p: run(p, argv="--lr 1"), ScriptError, "argv must be a list"),
    "no launcher": (lambda p: run(p, launcher=None), LauncherError, "no launcher None"),
    "no script": (lambda p: run(""), ScriptError, "without a name"),
    "config and path": (lambda p: run(p, config=Config(), config_path="x"), ConfigError, "both"),
}


@pytest.mark.parametrize("kind", MISUSE)
def test_misuse_of_the_api_is_told(kind, script):
    """A wrong argument of run() is a clear error of ours."""
    call, error, message = MISUSE[kind]
    with pytest.raises(error, match=message) as caught:
        call(script("x = 1").path)
    assert isinstance(caught.value, KogineError)


def test_executor_takes_a_path(script):
    """ScriptExecutor takes what Script takes."""
    assert ScriptExecutor(script("def main(): return 3").path).execute() == 3


@pytest.mark.process
class TestProcesses:
    """What takes a process to see."""

    def kogine(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kohakuengine", *arguments]
        options = {"capture_output": True, "text": True, "timeout": 120, **options}
        return subprocess.run(command, **options)

    def test_script_from_a_pipe(self, tmp_path):
        """A script that can be read only once is read once."""
        done = self.kogine(
            "run", "/dev/stdin", "--set", "x=5", input="x = 1\nprint(x)", cwd=tmp_path
        )
        assert (done.returncode, done.stdout) == (0, "5\n")

    def test_working_directory_that_is_gone(self, tmp_path):
        """A script with an absolute path runs from anywhere, as under python."""
        (tmp_path / "train.py").write_text("print('fine')")
        (tmp_path / "gone").mkdir()
        gone, python = tmp_path / "gone", sys.executable
        command = f"rmdir '{gone}' && '{python}' -m kohakuengine run '{tmp_path}/train.py'"
        # coverage can't start there
        env = {key: value for key, value in os.environ.items() if key[:9] != "COVERAGE_"}
        done = subprocess.run(
            ["sh", "-c", command], cwd=gone, env=env, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout) == (0, "fine\n")

    @pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there are no such devices")
    @pytest.mark.parametrize("command", ["run", "params"])
    def test_a_device_is_no_script(self, command, tmp_path):
        """It is refused before it is read: it may have no end."""
        done = self.kogine(command, "/dev/zero", cwd=tmp_path)
        said = "kogine: error: /dev/zero is a device: give a file with a script.\n"
        assert (done.returncode, done.stderr) == (2, said)

    @pytest.mark.parametrize(
        "command, said",
        {
            "run ../train.py": "../train.py can't be found: the working directory was removed; ",
            "params train.py": "train.py can't be found: the working directory was removed; ",
            "run pkg.mod": "pkg.mod can't be found: the working directory was removed; ",
            "config show c.py": "the working directory was removed: ",
        }.items(),
    )
    def test_what_needs_a_working_directory_that_is_gone(self, command, said, tmp_path):
        """It is said to be what is missing."""
        gone = tmp_path / "gone"
        gone.mkdir()
        line = f"rmdir '{gone}' && '{sys.executable}' -m kohakuengine {command}"
        env = {key: value for key, value in os.environ.items() if key[:9] != "COVERAGE_"}
        done = subprocess.run(["sh", "-c", line], cwd=gone, env=env, capture_output=True, text=True)
        said = f"kogine: error: {said}cd into one that is there.\n"
        assert (done.returncode, done.stderr) == (2, said)

    def test_children_get_the_override_as_it_was_given(self, tmp_path):
        """What the script did to an overridden list doesn't come twice into its children."""
        text = """
            import multiprocessing
            xs = [1]
            xs.append(2)
            def show(i): return xs
            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(show, [0])[0], xs)
        """
        (tmp_path / "train.py").write_text(textwrap.dedent(text))
        done = self.kogine("run", "train.py", "--set", "xs=[10]", cwd=tmp_path)
        assert done.stdout == "[10, 2] [10, 2]\n"

    def test_plain_run_within_a_run_with_overrides(self, tmp_path):
        """A nested run's children load the nested script, not the outer one."""
        inner = """
            import multiprocessing
            def square(i): return i * i
            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(square, [3]))
        """
        (tmp_path / "inner.py").write_text(textwrap.dedent(inner))
        outer = "from kohakuengine import run\nk = 1\nif __name__ == '__main__': run('inner.py'); print(k)"
        (tmp_path / "outer.py").write_text(outer)
        done = self.kogine("run", "outer.py", "--set", "k=2", cwd=tmp_path)
        assert done.stdout == "[9]\n2\n", done.stderr

    def test_result_of_a_class_beside_the_script(self, tmp_path):
        """A result whose class lies beside the script comes back from a new interpreter."""
        (tmp_path / "netmodels.py").write_text("class Net:\n    size = 3\n")
        (tmp_path / "train.py").write_text("from netmodels import Net\ndef main(): return Net()")
        assert run(tmp_path / "train.py", launcher="fresh").size == 3

    @pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
    def test_signal_to_the_command_ends_the_script(self, which, tmp_path):
        """The script's process doesn't outlive a command that is told to end."""
        text = "import os, time\nopen('pid.part', 'w').write(str(os.getpid()))\n"
        text += "os.rename('pid.part', 'pid')\ntime.sleep(600)"
        (tmp_path / "train.py").write_text(text)
        command = [sys.executable, "-m", "kohakuengine", "run", "train.py", "--launcher", "fresh"]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while not (tmp_path / "pid").exists():
            assert time.monotonic() < deadline, "the script didn't start"
            time.sleep(0.01)
        process.send_signal(which)
        assert process.wait(60) == -which
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)

    def test_json_is_json_when_the_config_prints(self, tmp_path):
        """What a config file prints doesn't come between a program and its JSON."""
        (tmp_path / "config.py").write_text("print('loading')\nlr = 0.1")
        (tmp_path / "train.py").write_text("lr = 1.0")
        for command in (["validate"], ["show"], ["check", "train.py", "--config"]):
            done = self.kogine("config", *command, "config.py", "--json", cwd=tmp_path)
            assert json.loads(done.stdout) and done.stderr == "loading\n"

    def test_exception_that_cannot_be_told(self, tmp_path):
        """An exception whose own text fails is shown as python shows it."""
        text = "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad"
        (tmp_path / "train.py").write_text(text)
        plain = subprocess.run(
            [sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True
        )
        for launcher in ("inline", "fresh"):
            done = self.kogine("run", "train.py", "--launcher", launcher, cwd=tmp_path)
            assert (done.returncode, done.stderr) == (1, plain.stderr)
