"""Where the values of a Config come from."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from kohakuengine.config.base import Config
from kohakuengine.config.loader import load_config
from kohakuengine.config.origin import SET, of_file, origin_of, set_by


def place(config: Config, key: str) -> str | None:
    return origin_of(config).place_of(key)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return lambda name, text: (tmp_path / name).write_text(text)


def test_a_value_is_known_by_its_file_and_line(write) -> None:
    """The last statement of a config file that sets a variable is where it is set."""
    write("conf.py", "lr = 0.1\n\nlr = 0.2\nmodel = {\n    'lr': 3}\n")
    config = load_config("conf.py")
    assert place(config, "lr") == "conf.py line 3"
    assert place(config, "model.lr") == "conf.py line 4"
    assert place(config, "gone") is None


def test_a_value_in_a_dictionary_of_the_file_is_found(write) -> None:
    """Of `CONFIG` and `config_gen()` it is the line of the key, where there is one such key."""
    head = "from kohakuengine import Config\n"
    write("one.py", head + "CONFIG = Config({\n    'lr': 1,\n    'bs': 2})\n")
    write("two.py", head + "CONFIG = [Config({'lr': 1}),\n Config({'lr': 2})]\n")
    write("gen.py", head + "def config_gen():\n    yield Config(dict(\n        lr=1))\n")
    assert place(load_config("one.py"), "bs") == "one.py line 4"
    assert place(next(iter(load_config("two.py"))), "lr") == "two.py"
    assert place(next(iter(load_config("gen.py"))), "lr") == "gen.py line 4"


def test_a_base_keeps_what_it_sets(write) -> None:
    """Of files that build on each other each value is known by the file that sets it."""
    write("base.py", "lr = 1\nbs = 2\n")
    write("top.py", "from kohakuengine import use_config\nuse_config('base.py')\nlr = 3\n")
    config = load_config("top.py")
    assert (place(config, "lr"), place(config, "bs")) == ("top.py line 3", "base.py line 2")


@pytest.mark.parametrize("name", ["a.yaml", "a.toml", "a.json"])
def test_a_line_of_a_text_file_is_found(name: str, write) -> None:
    """Where the text of a file that isn't Python names a key once, that is its line."""
    colon = " = " if name.endswith("toml") else ": "
    write(name, f'# of lr\n"bs"{colon}1\n"lr"{colon}2\n')
    assert place(of_file(Config({"lr": 2}), name), "lr") == f"{name} line 3"


def test_what_is_replaced_is_not_told_of_its_old_place(write) -> None:
    """A value that was changed in memory is said to stand nowhere; others stay where they are."""
    write("conf.py", "lr = 0.1\nbs = 8\n")
    config = load_config("conf.py")
    for changed in (
        config.replace(globals_dict={**config.globals_dict, "lr": 5}),
        config.merge(Config({"lr": 5})),
    ):
        assert (place(changed, "lr"), place(changed, "bs")) == (None, "conf.py line 2")
    assert place(set_by(config, ["lr"], SET), "lr") == "--set"


def test_an_origin_is_no_part_of_the_config(write) -> None:
    """Configs with the same values are equal wherever they come from, and are pickled with it."""
    write("conf.py", "lr = 0.1\n")
    config = load_config("conf.py")
    assert config == Config({"lr": 0.1}) and repr(config) == repr(Config({"lr": 0.1}))
    assert place(pickle.loads(pickle.dumps(config)), "lr") == "conf.py line 1"


def test_a_file_that_is_not_python_is_a_place_too(write) -> None:
    """Also that of a sweep's base, with the line where the text tells it."""
    write("conf.toml", "lr = 0.1\n")
    write("sweep.json", '{\n"lr": 1,\n"_sweep": {"bs": [1, 2]}\n}\n')
    assert place(load_config("conf.toml"), "lr") == "conf.toml line 1"
    assert place(next(iter(load_config("sweep.json"))), "lr") == "sweep.json line 2"
