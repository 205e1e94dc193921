"""Members of a script's Enums are what the script itself has, where it is sure that they are its."""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import kohakuengine
from kohakuengine import Config, Script
from kohakuengine.config.identity import config_key, older_keys
from kohakuengine.config.members import EnumMember
from kohakuengine.engine.executor import ScriptExecutor
from kohakuengine.engine.own_members import OwnMembers

COLORS = """\
from enum import Enum


class Color(Enum):
    RED = 1
    BLUE = 2
    AZURE = 2
"""
TRAIN = """\
from enum import Enum, Flag, auto
import colors
from colors import Color as Paint


class Solver(Enum):
    SGD = "sgd"
    ADAM = "adam"
    FAST = "adam"


class Mode(Flag):
    READ = 1
    WRITE = 2


solver: Solver = Solver.SGD
several: list[Solver] = []
by_name: dict[str, Solver] = {}
by_member: dict[Solver, int] = {}
paint: Paint = Paint.RED
paints: set[Paint] = set()
color: colors.Color = colors.Color.RED
mode: Mode = Mode.READ
free = None


def main(used: Solver = Solver.SGD, *, other: Solver = Solver.SGD):
    same = [solver, *several, *by_name.values(), *by_member, used, other]
    return [type(one) is Solver for one in same], type(paint) is Paint


if __name__ == "__main__":
    main()
"""


@pytest.fixture(autouse=True)
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script, imported as a Python config would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))
    Path("colors.py").write_text(COLORS)
    Path("train.py").write_text(TRAIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("train")
    for name in ("train", "colors"):
        sys.modules.pop(name, None)


def read(**values: Any) -> dict[str, Any]:
    return OwnMembers(Script("train.py")).read(Config(values)).globals_dict


def key(**values: Any) -> str:
    return config_key(Config(read(**values)))


SGD, ADAM = EnumMember("Solver", "SGD"), EnumMember("Solver", "ADAM")


def test_an_imported_member_is_the_scripts_own(train: Any) -> None:
    """Also in lists, sets and dictionaries, as their keys, too."""
    given = {
        "solver": train.Solver.FAST,
        "several": [train.Solver.SGD, train.Solver.ADAM],
        "by_name": {"a": train.Solver.ADAM},
        "by_member": {train.Solver.ADAM: 1},
        "paint": train.Paint.AZURE,
        "paints": {train.Paint.RED},
        "color": train.Paint.RED,
    }
    assert read(**given) == {
        "solver": ADAM,
        "several": [SGD, ADAM],
        "by_name": {"a": ADAM},
        "by_member": {ADAM: 1},
        "paint": EnumMember("Paint", "BLUE"),
        "paints": {EnumMember("Paint", "RED")},
        "color": EnumMember("colors.Color", "RED"),
    }


def test_the_script_can_compare_it(train: Any) -> None:
    """`is` and `==` hold in the script, though another process, or a config, imported the class."""
    config = Config(
        {
            "solver": train.Solver.ADAM,
            "several": [train.Solver.ADAM],
            "by_name": {"a": train.Solver.ADAM},
            "by_member": {train.Solver.ADAM: 1},
            "paint": train.Paint.BLUE,
        },
        args=[train.Solver.ADAM],
        kwargs={"other": train.Solver.ADAM},
    )
    expected = ([True] * 6, True)
    assert ScriptExecutor("train.py").execute(config) == expected
    for launcher in ("inline", "fresh"):
        assert kohakuengine.run("train.py", config=config, launcher=launcher) == expected


@pytest.mark.parametrize(
    "named, imported",
    [
        (EnumMember("Solver", "ADAM"), "train.Solver.ADAM"),
        (EnumMember("Solver", "FAST"), "train.Solver.FAST"),
        (EnumMember("Paint", "BLUE"), "colors.Color.AZURE"),
        (EnumMember("colors.Color", "BLUE"), "colors.Color.BLUE"),
    ],
    ids=str,
)
def test_one_key(named: EnumMember, imported: str) -> None:
    """A member has one key by all its names, however the script calls the class."""
    module, cls, name = imported.split(".")
    member = getattr(sys.modules[module], cls)[name]
    variable = {"Solver": "solver", "Paint": "paint", "colors.Color": "color"}[named.cls]
    assert (
        key(**{variable: named})
        == key(**{variable: member})
        == config_key(Config({variable: member}))
    )


def test_members_are_told_apart(train: Any) -> None:
    """Another member, a like-named one of another class and a text have other keys."""
    values = [train.Solver.SGD, ADAM, EnumMember("Other", "ADAM"), "ADAM", "adam"]
    assert len({key(solver=value) for value in values}) == len(values)


def test_keys_of_before(train: Any) -> None:
    """What had a key of its own keeps it as another one that it is known by."""
    named = config_key(Config({"solver": EnumMember("Solver", "FAST")}))
    assert older_keys(Config(read(solver=EnumMember("Solver", "FAST")))) == [named]
    assert older_keys(Config({"solver": train.Solver.ADAM})) == []
    imported = config_key(Config({"solver": ADAM}))
    assert older_keys(Config(read(solver=train.Solver.ADAM))) == [imported]


def test_what_is_not_the_scripts_stays(train: Any, tmp_path: Path) -> None:
    """A class that only looks alike, a variable without a type, several members of a Flag."""

    class Solver(Enum):
        ADAM = "adam"

    config = Config({"solver": Solver.ADAM, "free": train.Solver.ADAM, "lr": 0.1})
    assert OwnMembers(Script("train.py")).read(config) is config
    both = train.Mode.READ | train.Mode.WRITE
    assert read(mode=both, solver=3) == {"mode": both, "solver": 3}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "train.py").write_text(TRAIN)
    (elsewhere / "colors.py").write_text(COLORS)
    other = OwnMembers(Script("elsewhere/train.py")).read(Config({"solver": train.Solver.ADAM}))
    assert other.globals_dict == {"solver": train.Solver.ADAM}


def test_a_class_that_was_bound_twice_is_not_sure(train: Any) -> None:
    """Which class a name leads to has to be sure."""
    text = TRAIN.replace("solver: Solver", "Solver = Paint\nsolver: Solver")
    Path("train.py").write_text(text)
    assert read(solver=train.Solver.ADAM) == {"solver": train.Solver.ADAM}


@pytest.mark.parametrize(
    "members",
    [
        "    def __new__(cls):\n        one = object.__new__(cls)\n"
        "        one._value_ = len(cls.__members__)\n        return one\n    A = ()\n    B = ()\n",
        "    A = int()\n    B = 1\n    C = 1\n",
        "    A = 1\n    B = True\n",
    ],
    ids=["numbers itself", "a value that isn't known", "equal, of other types"],
)
def test_an_alias_has_to_be_sure(members: str) -> None:
    """Names are taken for one member only where the class surely makes one of them."""
    Path("train.py").write_text(f"from enum import Enum\nclass E(Enum):\n{members}x: E = E.A\n")
    name = "C" if "C" in members else "B"
    assert read(x=EnumMember("E", name)) == {"x": EnumMember("E", name)}


def test_a_member_that_holds_itself_in_a_list(train: Any) -> None:
    """A list that holds itself ends."""
    loop: list[Any] = [train.Solver.ADAM]
    loop.append(loop)
    assert read(several=loop)["several"][0] == ADAM


def test_pickles_of_stand_ins() -> None:
    """A run's process gets the name alone: nothing is imported to read it; older pickles are read."""
    known = EnumMember("Solver", "ADAM", home="train.Solver", given=Enum)
    again = pickle.loads(pickle.dumps(known))
    assert (again, again.home, again.given) == (ADAM, None, None)
    before = (
        b"\x80\x04\x95A\x00\x00\x00\x00\x00\x00\x00\x8c\x1bkohakuengine.config.members\x94\x8c\n"
        b"EnumMember\x94\x93\x94)\x81\x94N}\x94(\x8c\x03cls\x94\x8c\x01C\x94\x8c\x04name\x94"
        b"\x8c\x01A\x94u\x86\x94b."
    ).replace(b"\x95A\x00\x00\x00\x00\x00\x00\x00", b"")
    old = pickle.loads(before)
    assert (old, old.home, old.given) == (EnumMember("C", "A"), None, None)
