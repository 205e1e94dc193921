"""Arguments of the entrypoint are checked before anything runs, as variables are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kohakuengine
from kohakuengine import Config, Parallel, Script, load_config
from kohakuengine.config.members import EnumMember
from kohakuengine.config.sweep import Sweep
from kohakuengine.engine.config_check import check_configs
from kohakuengine.engine.examiner import Examiner
from kohakuengine.engine.readings import as_wanted
from kohakuengine.errors import CheckError, EntrypointError
from kohakuengine.flow.preview import Preview
from kohakuengine.runs.store import RunStore

TEXT = """\
from enum import Enum
from pathlib import Path
from typing import Literal


class Color(Enum):
    RED = 1
    BLUE = 2


data = 3
seen = 0


def main(data: Path, epochs: int = 3, *, mode: Literal["a", "b"] = "a", limit: int = None,
         color: Color = Color.RED, made: Path = "x", colors: list[Color] = ()):
    made = Path(made)
    return [str(data), epochs, mode, limit, color.name, str(made), [one.name for one in colors]]


if __name__ == "__main__":
    main(Path("d"))
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    Path("train.py").write_text(TEXT)


def told(config: Config, **options: Any) -> list[str]:
    return [str(fault) for fault in Examiner(Script("train.py"), **options).faults(config)]


def test_values_that_an_annotation_does_not_allow() -> None:
    """By position and by name; the argument's line, and what to do."""
    assert told(Config(args=["x"], kwargs={"epochs": "many", "mode": "c"})) == [
        "args[0]='x': train.py line 15 says Path, and 'x' is not a Path; a Python file can say "
        "Path('x').",
        "kwargs.epochs='many': train.py line 15 says int, and 'many' is not an int; give an int.",
        "kwargs.mode='c': train.py line 15 says Literal['a', 'b'], and 'c' is none of a, b.",
    ]
    assert told(Config(args=["x"]), check=False) == []


def test_what_is_not_sure_is_taken() -> None:
    """A default that is None, an argument that the function converts, one without annotation."""
    fits = Config(args=[Path("x"), 2], kwargs={"limit": None, "made": "y"})
    assert told(fits) == []
    Path("train.py").write_text("import d\n@d.deco\ndef main(a: int): pass\nmain(1)\n")
    assert told(Config(args=["x"])) == []
    Path("train.py").write_text("def main(a, *more: int, **rest: int): pass\nmain(1)\n")
    assert told(Config(args=["x", "y"], kwargs={"b": "z"})) == []


def test_arguments_that_the_entrypoint_does_not_take() -> None:
    """They are named, with what they may mean; also where nothing is checked."""
    (fault,) = told(Config(args=[Path("x")], kwargs={"epoch": 3}), check=False)
    assert "main(data, epochs=..., *, mode=..., " in fault
    assert fault.endswith("got an unexpected keyword argument 'epoch'; did you mean epochs?")
    (missing,) = told(Config(kwargs={"epochs": 3}))
    assert missing.endswith("missing a required argument: 'data'.")


@pytest.mark.parametrize("kwargs", [{"data": Path("x"), "epoch": 1}, {"data": "x"}], ids=str)
def test_nothing_is_launched(kwargs: dict[str, Any]) -> None:
    """run(), sweeps, lists of configs, and looking before running refuse them before the first run."""
    script = Script("train.py")
    bad, good = Config(kwargs=kwargs), Config(args=[Path("x")])
    with pytest.raises((CheckError, EntrypointError)):
        kohakuengine.run(script, config=bad)
    for configs in (bad, [good, bad], Sweep(bad, {"seen": [1, 2]})):
        with pytest.raises(CheckError):
            Parallel(script, configs).run()
        with pytest.raises(CheckError):
            Preview(Parallel(script, configs), False, 5)
    assert RunStore().count() == 0


def test_config_check_tells_them() -> None:
    """What isn't taken is refused, what an annotation doesn't allow of a wrong type."""
    script = Script("train.py")
    (unknown,) = check_configs(script, Config(kwargs={"data": Path("x"), "epoch": 1}))
    assert (unknown.key, unknown.status) == ("kwargs", "refused")
    (wrong,) = check_configs(script, Config(args=[Path("x"), "many"]))
    assert (wrong.key, wrong.status) == ("args[1]", "wrong type")


SAID = {"_args": ["x", 2], "_kwargs": {"color": "BLUE", "colors": ["RED"], "made": "y"}}


def test_text_files_say_arguments_as_they_say_variables() -> None:
    """Paths of texts and members of names, where the annotation asks for them."""
    Path("said.json").write_text(json.dumps(SAID))
    config = as_wanted(load_config("said.json"), Script("train.py"))
    assert config.args == [Path("x"), 2]
    blue, red = EnumMember("Color", "BLUE"), EnumMember("Color", "RED")
    assert config.kwargs == {"color": blue, "colors": [red], "made": "y"}
    given = Config(args=["x"], kwargs={"color": "BLUE"})
    assert as_wanted(given, Script("train.py")) is given


@pytest.mark.parametrize("target", ["train.py", "train.py:main"])
@pytest.mark.parametrize("launcher", ["inline", pytest.param("fresh", marks=pytest.mark.process)])
def test_members_arrive_as_the_scripts_own(target: str, launcher: str) -> None:
    """Whether the script calls the function or we do, here and in another process."""
    Path("said.json").write_text(json.dumps(SAID))
    result = kohakuengine.run(target, config_path="said.json", launcher=launcher)
    assert result == ["x", 2, "a", None, "BLUE", "y", ["RED"]]


def test_what_is_given_above_a_text_file_is_python() -> None:
    """run()'s own arguments are taken as they are, beside those of the file."""
    Path("said.json").write_text(json.dumps(SAID))
    result = kohakuengine.run("train.py", config_path="said.json", kwargs={"made": "z"})
    assert result == ["x", 2, "a", None, "BLUE", "z", ["RED"]]
    with pytest.raises(CheckError, match="args.0.='q': train.py line 15 says Path"):
        kohakuengine.run("train.py", config_path="said.json", args=["q"])


def test_faults_say_where_arguments_stand() -> None:
    """The file and the line of its `_kwargs`, of whichever file says it."""
    Path("base.yaml").write_text("seen: 1\n_kwargs: {data: x, epochs: many}\n")
    Path("top.yaml").write_text("_base: base.yaml\n_kwargs: {mode: c}\n")
    with pytest.raises(CheckError) as caught:
        kohakuengine.run("train.py", config_path="top.yaml")
    places = {fault.key: fault.place for fault in caught.value.faults}
    assert places == {"kwargs.epochs": "base.yaml line 2", "kwargs.mode": "top.yaml line 2"}
