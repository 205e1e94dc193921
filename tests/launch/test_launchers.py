"""What `run()` promises, wherever the script's process lives."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kohakuengine.config.base import Config
from kohakuengine.engine.script import Script
from kohakuengine.errors import (
    ConfigError,
    EntrypointError,
    LauncherError,
    OverrideError,
    OverrideWarning,
    ScriptExit,
    ScriptSyntaxError,
)
from kohakuengine.main import run

LAUNCHERS = [
    "inline",
    pytest.param("fresh", marks=pytest.mark.process),
]
pytestmark = pytest.mark.parametrize("launcher", LAUNCHERS)


VALUES = {
    "json": {"loss": 0.25, "steps": [1, 2], "name": "é", "none": None, "done": True},
    "tuple": (1, (2, 3)),
    "not a number": [float("inf")],
    "big": 10**5000,
    "bytes": b"\0\xff",
    "set": {1, 2},
    "keys": {1: "a"},
    "path": Path("a b"),
    "slice": slice(1, 2),
}


@pytest.mark.parametrize("kind", VALUES)
def test_values_go_in_and_come_out_as_they_are(kind, launcher, path):
    """A value given as an override and returned by the script is equal, and of the same type."""
    script = path("x = None\ndef main(): return x")
    result = run(script, globals_dict={"x": VALUES[kind]}, launcher=launcher)
    assert result == VALUES[kind] and type(result) is type(VALUES[kind])


def test_functions_and_classes_of_the_caller_travel(launcher, path):
    """Lambdas, local functions and instances of local classes reach the script."""

    class Local:
        def value(self):
            return 7

    script = path("f = g = h = None\ndef main(): return f(1), g.value(), h([2])")
    overrides = {"f": lambda n: n + 1, "g": Local(), "h": len}
    assert run(script, globals_dict=overrides, launcher=launcher) == (2, 7, 1)


def test_class_of_a_module_beside_the_config_is_the_scripts_own(launcher, tmp_path, path):
    """An instance from a module beside the config is one of that module's class in the script."""
    models = f"models_for_{launcher}"  # each in a folder of its own, so under a name of its own
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / f"{models}.py").write_text("class Net:\n    size = 3\n")
    (folder / "config.py").write_text(f"from {models} import Net\nnet = Net()\n")
    script = path(f"""
        import sys
        sys.path.insert(0, {str(folder)!r})
        net = None
        def main():
            from {models} import Net
            return isinstance(net, Net), net.size
    """)
    assert run(script, config_path=folder / "config.py", launcher=launcher) == (True, 3)


def test_arguments_and_command_line(launcher, path):
    """args, kwargs, argv and the entrypoint reach the script."""
    script = path("import sys\ndef go(a, b=2): return a, b, sys.argv[1:]")
    result = run(
        script, args=[1], kwargs={"b": 3}, argv=["-x", "y z"], entrypoint="go", launcher=launcher
    )
    assert result == (1, 3, ["-x", "y z"])


def test_config_in_parts(launcher, tmp_path, path):
    """What run() is given wins over the config file, part by part."""
    script = path("x, y = 1, 2\ndef main(a=0, *, b=0): return x, y, a, b")
    config = tmp_path / "config.py"
    config.write_text("x = 10\ny = 20\n_args = [30]\n_kwargs = {'b': 40}")
    assert run(script, config_path=config, launcher=launcher) == (10, 20, 30, 40)
    result = run(script, config_path=config, globals_dict={"y": 5}, args=[6], launcher=launcher)
    assert result == (10, 5, 6, 40)


def test_script_prints_to_standard_output(launcher, path, capfd):
    """What the script prints is seen as it would be with plain python."""
    run(path("print('hello')"), launcher=launcher)
    sys.stdout.flush()
    assert capfd.readouterr().out == "hello\n"


def test_exception_of_the_script_is_raised(launcher, path):
    """The script's own exception reaches the caller, with its type and arguments."""
    script = path("def main(): raise LookupError('no data', 3)")
    with pytest.raises(LookupError) as caught:
        run(script, launcher=launcher)
    assert caught.value.args == ("no data", 3)


def test_exception_of_a_class_of_the_script(launcher, path):
    """The same for an exception whose class the script defines."""
    with pytest.raises(Exception, match="own") as caught:
        run(path("class Own(Exception): pass\nraise Own('own')"), launcher=launcher)
    assert type(caught.value).__name__ == "Own"


def test_exit_status(launcher, path):
    """An exit with a status other than 0 is an error that holds it; with 0 it is none."""
    assert (
        run(path("def main(): return 4\nimport sys\nmain(); sys.exit(0)"), launcher=launcher) == 4
    )
    with pytest.raises(ScriptExit) as caught:
        run(path("import sys\nsys.exit(3)"), launcher=launcher)
    assert caught.value.exit_code == 3


def test_errors_before_anything_runs(launcher, path):
    """What can be known before is said before, and the script isn't started."""
    started = path("open('started', 'w').close()\ndef main(): pass\nx = 1")
    with pytest.raises(OverrideError, match="nothing at the top level"):
        run(started, globals_dict={"y": 1}, strict=True, launcher=launcher)
    with pytest.raises(EntrypointError, match="unexpected keyword argument 'a'"):
        run(started, kwargs={"a": 1}, launcher=launcher)
    with pytest.raises(ScriptSyntaxError):
        run(path("x = = 1"), launcher=launcher)
    assert not os.path.exists("started")


def test_warnings_reach_the_caller(launcher, path):
    """A warning about an override is given in the caller's process, at the call of run()."""
    with pytest.warns(OverrideWarning, match="nothing .* binds y") as caught:
        assert run(path("def main(): return y"), globals_dict={"y": 3}, launcher=launcher) == 3
    assert caught[0].filename == __file__


def test_entrypoint_that_turns_out_wrong(launcher, path):
    """What only the run can tell is the same error, wherever it ran."""
    with pytest.raises(EntrypointError, match="x is no function"):
        run(path("x = 1"), entrypoint="x", launcher=launcher)


def test_script_object_and_config_object(launcher, path):
    """run() takes a Script and a Config too, but not the same thing twice."""
    script = Script(path("x = 1\ndef go(): return x"), entrypoint="go")
    assert run(script, config=Config({"x": 5}), launcher=launcher) == 5
    with pytest.raises(ConfigError, match="give entrypoint and argv to Script"):
        run(script, argv=["a"], launcher=launcher)
    with pytest.raises(ConfigError, match="config or config_path, not both"):
        run(script, config=Config(), config_path="x.py", launcher=launcher)


def test_config_file_that_gives_several(launcher, tmp_path, path):
    """A file that gives several configs is refused by run(), which says what to do."""
    (tmp_path / "many.py").write_text(
        "from kohakuengine import Config\ndef config_gen():\n    yield Config()\n"
    )
    with pytest.raises(ConfigError, match="several configs.*loop over load_config"):
        run(path("x = 1"), config_path=tmp_path / "many.py", launcher=launcher)


def test_unknown_launcher(launcher, path):
    """A launcher's name that is almost right is a hint."""
    with pytest.raises(LauncherError, match=f"did you mean {launcher}"):
        run(path("x = 1"), launcher=launcher[:-1])
