"""What came back from a run in a pickle, whose classes are of modules beside its script."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kohakuengine import Config, RunStore, Script, Sequential, run, sweep
from kohakuengine.config.loader import load_config
from kohakuengine.errors import RunError
from kohakuengine.runs.table import Runs

pytestmark = pytest.mark.process

MODEL = """
class Model:
    def __init__(self, n):
        self.n = n
class Bad(Exception):
    pass
"""
RET = """
from model import Bad, Model
n = 0
def main():
    if n == 2:
        raise Bad("two", 2)
    return Model(n)
"""
READ = """
import sys
from kohakuengine import RunStore, Runs
before = list(sys.path)
store = RunStore()
for one in Runs(store, store.ids(sort="n")):
    try:
        print(type(one.result).__module__, one.result.n)
    except Exception as error:
        print(type(error).__module__, type(error).__name__, error)
assert sys.path == before, sys.path
"""


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A script with a module beside it, and the working directory in another folder."""
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "model.py").write_text(MODEL)
    (tmp_path / "w" / "ret.py").write_text(RET)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    monkeypatch.setattr("kohakuengine.config.siblings._import_folders", {})  # other tests'
    path = list(sys.path)
    try:
        yield
        assert sys.path == path
    finally:
        for name in ("model", "shapes"):
            sys.modules.pop(name, None)


def read_anew() -> list[str]:
    """What a new process reads of the runs in the store, a line each."""
    done = subprocess.run(
        [sys.executable, "-c", READ], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def all_runs() -> Runs:
    """The runs in the store."""
    store = RunStore()
    return Runs(store, store.ids())


@pytest.mark.parametrize("launcher", ["inline", "fresh", "warm", "pool"])
def test_a_result_of_a_class_beside_the_script(launcher: str) -> None:
    """Here, and in a process that only reads; exceptions, too."""
    runs = sweep("../w/ret.py", {"n": [1, 2]}, launcher=launcher, workers=1, show=False)
    first = runs[0].result
    assert (type(first).__module__, first.n) == ("model", 1)
    with pytest.raises(Exception, match="two") as caught:
        runs[1].result
    assert (type(caught.value).__name__, caught.value.args) == ("Bad", ("two", 2))
    assert type(runs[0].result) is type(first)
    assert read_anew() == ["model 1", "model Bad ('two', 2)"]


def test_a_result_of_a_single_run() -> None:
    """As `run()` gives it, and as the store does."""
    assert run("../w/ret.py", globals_dict={"n": 1}, launcher="fresh").n == 1
    assert [one.result.n for one in all_runs()] == [1]
    assert read_anew() == ["model 1"]


def test_another_module_of_that_name_is_no_hindrance(tmp_path: Path) -> None:
    """Neither one that is loaded here, which stays, nor one that would be found first."""
    (tmp_path / "here" / "model.py").write_text("class Model:\n    other = True\n")
    sys.path.insert(0, str(tmp_path / "here"))
    try:
        import model

        [one] = Sequential("../w/ret.py", Config({"n": 1}), launcher="fresh").run()
        assert one.result.n == 1 and not hasattr(one.result, "other")
        assert sys.modules["model"] is model and model.Model.other
    finally:
        sys.path.pop(0)


def test_a_module_that_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is the working directory in which it was given."""
    monkeypatch.chdir(tmp_path / "w")
    flow = Sequential(Script("ret"), Config({"n": 1}), launcher="fresh")
    monkeypatch.chdir(tmp_path / "here")
    assert [one.n for one in flow.run().results] == [1]
    assert read_anew() == ["model 1"]


@pytest.mark.parametrize("launcher", ["fresh", "warm"])
def test_a_result_of_a_class_beside_the_config_file(tmp_path: Path, launcher: str) -> None:
    """The script gives back what its config gave it."""
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "shapes.py").write_text("class Shape:\n    n = 4\n")
    (tmp_path / "c" / "config.py").write_text("from shapes import Shape\n\nshape = Shape()\n")
    (tmp_path / "w" / "echo.py").write_text("shape = None\ndef main():\n    return shape\n")
    config = load_config(tmp_path / "c" / "config.py")
    runs = Sequential("../w/echo.py", config, launcher=launcher).run()
    assert type(runs.results[0]).__name__ == "Shape"
    assert read_anew() == ["shapes 4"]


def test_what_is_gone_is_told(tmp_path: Path) -> None:
    """In one sentence that says where it is looked for."""
    runs = Sequential("../w/ret.py", Config({"n": 1}), launcher="fresh").run()
    (tmp_path / "w" / "model.py").unlink()
    with pytest.raises(RunError) as caught:
        runs[0].result
    assert str(caught.value) == (
        "the script has run, but its result can't be unpickled here: No module named 'model'; "
        f"have what it is made of in {tmp_path / 'w'}, or in a folder that PYTHONPATH names."
    )
