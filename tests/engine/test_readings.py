"""What text files say is read as the script wants it, wherever they meet it; the rest stays."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import kohakuengine
from kohakuengine import Config, Parallel, Script, load_config
from kohakuengine.config.members import EnumMember
from kohakuengine.config.sweep import Sweep
from kohakuengine.engine.executor import ScriptExecutor
from kohakuengine.engine.readings import as_wanted
from kohakuengine.errors import CheckError
from kohakuengine.flow.plan import Plan

TEXT = """\
from enum import Enum
from pathlib import Path
from typing import Optional


class Color(Enum):
    RED = "r"
    BLUE = 2


out: Path = Path("runs")
more: Optional[list[Path]] = None
color: Color = Color.RED
colors: list[Color] = []
size: tuple[int, ...] = (1,)
place = Path("here")
dots = Color.RED
free: str = "a"
named: dict[str, Path] = {}
lr: float = 0.1
loose = 1
loose = Path(str(loose))


def main():
    print(repr((out, more, color, colors, size, place, dots, free, named)))
    return str(out), color.name


if __name__ == "__main__":
    main()
"""
SAID = {
    "out": "a",
    "more": ["b", "c"],
    "color": "BLUE",
    "colors": ["RED", "BLUE"],
    "size": [2, 3],
    "place": "d",
    "dots": "BLUE",
    "free": "RED",
    "named": {"x": "y"},
    "loose": "e",
}
RED, BLUE = EnumMember("Color", "RED"), EnumMember("Color", "BLUE")
MEANT = {
    "out": Path("a"),
    "more": [Path("b"), Path("c")],
    "color": BLUE,
    "colors": [RED, BLUE],
    "size": (2, 3),
    "place": Path("d"),
    "dots": BLUE,
    "free": "RED",
    "named": {"x": Path("y")},
    "loose": "e",
}


@pytest.fixture(autouse=True)
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    Path("train.py").write_text(TEXT)
    return Script("train.py")


def saved(values: Any, name: str = "said.json") -> str:
    Path(name).write_text(json.dumps(values))
    return name


def test_a_config_of_a_text_file(script: Script) -> None:
    """Each value is what the annotation asks for, else what the default is."""
    config = as_wanted(load_config(saved(SAID)), script)
    assert config.globals_dict == MEANT
    assert as_wanted(config, script) is not None and as_wanted(config, script) == config


def test_values_given_in_python_stay(script: Script) -> None:
    """A Config that is made in Python, or by a Python file, is the same object."""
    Path("said.py").write_text("\n".join(f"{name} = {value!r}" for name, value in SAID.items()))
    for config in (Config(SAID), load_config("said.py")):
        assert as_wanted(config, script) is config


def test_of_several_files_each_value_is_that_of_its_own(script: Script) -> None:
    """A base in Python keeps its texts under a file in JSON, and the other way round."""
    Path("base.py").write_text("out = 'a'\ncolor = 'RED'\n")
    config = as_wanted(load_config(saved({"_base": "base.py", "color": "BLUE"})), script)
    assert config.globals_dict == {"out": "a", "color": BLUE}
    Path("top.py").write_text(
        "import kohakuengine\nkohakuengine.use_config('said.json')\nout = 'b'\n"
    )
    assert as_wanted(load_config("top.py"), script).globals_dict == {"out": "b", "color": BLUE}


def test_the_run_is_that_of_the_same_study_in_python(script: Script) -> None:
    """The config key is the same, so that a resume knows the runs of the other."""
    said = {"out": "a", "more": ["b"], "size": [2]}
    meant = {"out": Path("a"), "more": [Path("b")], "size": (2,)}
    plans = [Plan([(script, one)]) for one in (load_config(saved(said)), Config(meant))]
    keys = [[run.key for run in plan.runs()] for plan in plans]
    assert keys[0] == keys[1]


def test_a_sweep_is_read_as_it_is_asked_for(script: Script) -> None:
    """Base and axes are read, also of 10^9 points; conditions look at what the file says."""
    axes = {
        "color": ["RED", "BLUE"],
        "out": "when(color == 'RED', ['a', 'b'], 'c')",
        "named.x": ["y"],
        "lr": "linspace(0, 1, 1000000000)",
    }
    sweep = load_config(saved({"size": [1, 2], "_sweep": axes})).source
    assert isinstance(sweep, Sweep)
    read = as_wanted(sweep, script)
    assert read.size == sweep.size == 3 * 10**9
    assert read[0].globals_dict == {
        "size": (1, 2),
        "color": RED,
        "out": Path("a"),
        "named": {"x": Path("y")},
        "lr": 0.0,
    }
    assert read[-1].globals_dict["out"] == Path("c")
    assert pickle.loads(cloudpickle.dumps(read))[-1] == read[-1]
    assert as_wanted(read, script)[-1] == read[-1]


def test_axes_given_in_python_stay(script: Script) -> None:
    """Of a sweep over a text file's base, what is given in Python is what it is."""
    base = load_config(saved({"color": "BLUE"}))
    assert isinstance(base, Config)
    read = as_wanted(Sweep(base, {"out": ["a"]}), script)
    assert read[0].globals_dict == {"color": BLUE, "out": "a"}


def test_lists_and_generators_of_configs(script: Script) -> None:
    """Each Config of a text file is read, also where they are made one by one."""
    config = load_config(saved({"out": "a"}))
    assert isinstance(config, Config)
    for configs in ([config, Config({"out": "b"})], lambda: iter([config, Config({"out": "b"})])):
        plan = Plan([(script, configs)])  # type: ignore[list-item]
        found = [run.config.globals_dict["out"] for run in plan.runs()]
        assert found == [Path("a"), "b"]


def test_run_sweep_and_flows_agree(script: Script) -> None:
    """run(), sweep(), flows and the executor run with the same values."""
    path = saved({"out": "a", "color": "BLUE"})
    assert kohakuengine.run(script, config_path=path) == ("a", "BLUE")
    config = load_config(path)
    assert isinstance(config, Config)
    assert ScriptExecutor(script).execute(config) == ("a", "BLUE")
    many = saved({"out": "a", "_sweep": {"color": ["RED", "BLUE"]}}, "many.json")
    runs = kohakuengine.sweep(script, config_path=many, show=False)
    again = Parallel(script, load_config(many)).run(resume=True)
    assert [run.result for run in runs] == [("a", "RED"), ("a", "BLUE")]
    assert [run.params["color"] for run in again] == ["RED", "BLUE"]


def test_members_in_containers_are_the_scripts_own(
    script: Script, capfd: pytest.CaptureFixture[str]
) -> None:
    """A list of members arrives as a list of members, in this process and in others."""
    path = saved(SAID)
    for launcher in ("inline", "fresh"):
        kohakuengine.run(script, config_path=path, launcher=launcher)
        assert "[<Color.RED: 'r'>, <Color.BLUE: 2>]" in capfd.readouterr().out


def test_what_cannot_be_read_is_a_fault(script: Script) -> None:
    """It is told as the file has it, with what there is."""
    path = saved({"color": "PINK", "out": 3})
    with pytest.raises(CheckError, match="'PINK' is not a member of Color") as caught:
        kohakuengine.run(script, config_path=path)
    assert [fault.key for fault in caught.value.faults] == ["color", "out"]


def test_a_misspelt_member_is_told_with_the_nearest(script: Script) -> None:
    """Of a text file as of `--set`: not how else a member could be given."""
    with pytest.raises(CheckError, match="'BLEU' is not a member of Color; did you mean BLUE?"):
        kohakuengine.run(script, config_path=saved({"color": "BLEU"}))
