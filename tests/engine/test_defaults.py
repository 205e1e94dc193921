"""Parts of a script's dictionaries, named with dots."""

from __future__ import annotations

from pathlib import Path

import pytest

from kohakuengine.config.base import Config
from kohakuengine.engine.defaults import nested_parameters, with_defaults
from kohakuengine.engine.parameters import parameters
from kohakuengine.engine.script import Script
from kohakuengine.errors import OverrideError

TEXT = """\
model = {"layers": 2, "opt": {"lr": 0.1}}
made = dict(a=1)
rate: float = 0.5
"""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A script with a dictionary, and with what isn't one."""
    path = tmp_path / "train.py"
    path.write_text(TEXT)
    return Script(path)


def test_what_is_beside_a_part_is_the_scripts(script: Script) -> None:
    """The script's own dictionary is what a part is put into; what the config sets wins."""
    names = ["model.layers", "rate", "new.x"]
    assert with_defaults(Config({"rate": 1}), names, script).globals_dict == {
        "rate": 1,
        "model": {"layers": 2, "opt": {"lr": 0.1}},
    }
    own = Config({"model": {"layers": 3}})
    assert with_defaults(own, names, script) == own
    assert with_defaults(Config(), ["rate"], script) == Config()


@pytest.mark.parametrize("name", ["made.a", "rate.x"])
def test_a_part_of_what_is_no_written_dictionary_is_refused(script: Script, name: str) -> None:
    """It isn't known what is beside it."""
    with pytest.raises(
        OverrideError, match=r"train.py line \d it isn't a dictionary.*set \w+ itself"
    ):
        with_defaults(Config(), [name], script)


def test_parts_are_typed_by_what_the_script_has_there() -> None:
    """As variables are by their default; of what isn't there nothing is known."""
    known = parameters(TEXT)
    found = nested_parameters(known, ["model.opt.lr", "model.opt", "model.none", "rate", "x.y"])
    assert [(p.name, p.type, p.default, p.line) for p in found] == [
        ("model.opt.lr", "float", 0.1, 1),
        ("model.opt", "dict", {"lr": 0.1}, 1),
    ]
