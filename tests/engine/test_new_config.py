"""Config files that are made from a script's parameters."""

from __future__ import annotations

import re
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from public_scripts import SCRIPTS

from kohakuengine.config.base import Config
from kohakuengine.config.generator import ConfigGenerator
from kohakuengine.config.loader import load_config
from kohakuengine.engine.config_check import FITS, check_keys
from kohakuengine.engine.new_config import new_config
from kohakuengine.engine.script import Script
from kohakuengine.errors import ScriptSyntaxError

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.py"))


def made(folder: Path, script: Script, **options: Any) -> tuple[str, Config]:
    """The text of the new file, and what it gives."""
    text = new_config(script, **options)
    path = folder / "made.py"
    path.write_text(text, encoding="utf-8")
    loaded = load_config(path)
    assert isinstance(loaded, Config)
    return text, loaded


def holds_only_defaults(config: Config, script: Script) -> None:
    """All that it sets are the script's defaults, of the same types, and fits."""
    known = {parameter.name: parameter for parameter in script.parameters()}
    for name, value in config.globals_dict.items():
        parameter = known[name]
        assert parameter.literal or isinstance(value, Path), name
        assert not parameter.literal or repr(value) == repr(parameter.default), name
    assert all(one.status == FITS for one in check_keys(script, config.globals_dict))


def with_sweep(text: str) -> str:
    """The file with its example of a sweep taken out of the comments."""
    head, mark, sweep = text.partition("# _sweep = {")
    return head + re.sub(r"^# ?", "", mark + sweep, flags=re.MULTILINE)


SCRIPT = """\
import argparse
from enum import Enum
from pathlib import Path
from typing import Literal

class Color(Enum):
    RED = 1
    BLUE = 2

# how far to go
# in each step
lr: float = 0.1
epochs = 2 * 5  # passes
mode: Literal["fast", "slow"] = "fast"
out = Path("out")
color = Color.RED
seed: int = None
needed: int
CONFIG = {"a": 1}
model = make_model()
rate = 1e999
text = (
    "one"
    "two"
)
size = 1
if quick():
    size = 2
n = 1
n += 1
lost = 1
print(lr, epochs, mode, out, seed, rate, text, n)
"""


def test_literal_defaults_stand_there(tmp_path: Path) -> None:
    """With help, choices and types as comments; what isn't one, or may be another, is a comment."""
    (tmp_path / "train.py").write_text(SCRIPT)
    script = Script(str(tmp_path / "train.py"))
    text, config = made(tmp_path, script)
    assert config.globals_dict == {
        **{
            "lr": 0.1,
            "epochs": 10,
            "mode": "fast",
            "out": Path("out"),
            "text": "onetwo",
            "n": 1,
            "seed": None,
        },
        "rate": float("inf"),
    }
    assert "# how far to go in each step\nlr = 0.1\n" in text
    assert "# passes\nepochs = 2 * 5\n" in text
    assert "# one of 'fast', 'slow'\nmode = \"fast\"\n" in text
    assert "# one of Color.RED, Color.BLUE: --set color=BLUE\n# color = Color.RED\n" in text
    assert "# int\n# needed = ...\n" in text
    for line in ("seed = None", '# CONFIG = {"a": 1}', "# size = 1"):
        assert f"\n{line}\n" in text
    assert "\n# nothing in " in text and "reads lost (line 3" in text
    assert "\n# lost = 1\n" in text
    assert "model" not in text
    assert "# model = make_model()" in new_config(script, everything=True)


def test_the_example_of_a_sweep_can_be_taken(tmp_path: Path) -> None:
    """Out of the comments it sweeps parameters of the script, beginning with their defaults."""
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "c.py").write_text(with_sweep(new_config(Script(str(tmp_path / "train.py")))))
    swept = load_config(tmp_path / "c.py")
    assert isinstance(swept, ConfigGenerator)
    values = [config.globals_dict for config in swept]
    assert [(v["lr"], v["epochs"]) for v in values] == [(0.1, 10), (0.1, 20), (1.0, 10), (1.0, 20)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_of_an_example(path: Path, tmp_path: Path) -> None:
    """Each of ours."""
    holds_only_defaults(made(tmp_path, Script(str(path)))[1], Script(str(path)))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.id)
def test_of_a_public_script(script: Any, tmp_path: Path) -> None:
    """The file loads, and all that it sets fits, for scripts that nobody here wrote."""
    target = script.target
    if not script.is_module:
        target = str(Path(sysconfig.get_paths()["purelib"]) / target)
    there = find_spec(target.partition(".")[0]) if script.is_module else Path(target).exists()
    if not there:
        pytest.skip(f"{script.distribution} isn't installed")
    one = Script(target)
    text, config = made(tmp_path, one, everything=True)
    holds_only_defaults(config, one)
    (tmp_path / "swept.py").write_text(with_sweep(text), encoding="utf-8")
    swept = load_config(tmp_path / "swept.py")
    first = swept if isinstance(swept, Config) else next(iter(swept))
    assert all(one.ok for one in check_keys(Script(target), first.globals_dict))


TEXTS = ("yaml", "toml", "json")


@pytest.mark.parametrize("format", TEXTS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_of_an_example_in_other_formats(path: Path, format: str, tmp_path: Path) -> None:
    """What the format can hold stands there, with its type; the example of a sweep can be taken."""
    script = Script(str(path))
    text = new_config(script, format=format)
    (tmp_path / f"c.{format}").write_text(text, encoding="utf-8")
    config = load_config(tmp_path / f"c.{format}")
    assert isinstance(config, Config)
    holds_only_defaults(config, script)
    if "_sweep" in text:
        before, mark, sweep = text.rpartition("# _sweep:" if format == "yaml" else "# [_sweep]")
        lines = f"{mark}{sweep}".replace("# ", "")
        (tmp_path / f"s.{format}").write_text(before + lines, encoding="utf-8")
        swept = load_config(tmp_path / f"s.{format}")
        assert isinstance(swept, ConfigGenerator) and next(iter(swept)) == config


def test_what_a_format_has_not(tmp_path: Path) -> None:
    """A tuple and a path are commented out, tables come last, and JSON leaves out what it lacks."""
    script = Script(
        "train.py",
        text=b"net = {'a': 1}\nhidden = (1, 2)  # sizes\nlr: float = 0.1\nnone = None\nraw = b'a'\nprint(vars())",
    )
    yaml, toml, json = (new_config(script, format=format) for format in TEXTS)
    assert "net: {a: 1}\n" in yaml and "# sizes\n# YAML has no tuple:\n# hidden: [1, 2]\n" in yaml
    assert "lr: 0.1\n" in yaml and "raw: !!binary" in yaml
    assert toml.index("lr = 0.1\n") < toml.index("# raw = b'a'\n") < toml.index("[net]\na = 1\n")
    assert json == '{\n    "net": {"a": 1},\n    "lr": 0.1,\n    "none": null\n}\n'


def test_a_script_that_is_no_python(tmp_path: Path) -> None:
    """Is refused, as by `kogine params`."""
    (tmp_path / "train.py").write_text("x = = 1")
    with pytest.raises(ScriptSyntaxError):
        new_config(Script(str(tmp_path / "train.py")))


def test_a_script_without_parameters(tmp_path: Path) -> None:
    """The file says so, and sets nothing."""
    (tmp_path / "train.py").write_text("print(1)")
    text, config = made(tmp_path, Script(str(tmp_path / "train.py")))
    assert "no parameters" in text and config == Config()


LITERALS: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)
COMMENTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"))


@given(LITERALS, COMMENTS)
def test_any_literal_comes_back(value: object, comment: str) -> None:
    """Whatever is in texts and comments, the file is valid, and gives the same value."""
    text = f"x = {value!r}  # {comment}\n"
    script = Script("train.py", text=text.encode())
    names: dict[str, object] = {}
    exec(compile(new_config(script).encode(), "made.py", "exec"), names)
    if "x" in names:
        assert repr(names["x"]) == repr(script.parameters()[0].default)


@pytest.mark.parametrize("format", TEXTS)
@given(value=LITERALS, comment=COMMENTS)
def test_any_literal_comes_back_in_other_formats(format: str, value: object, comment: str) -> None:
    """Or isn't there; whatever is in texts and comments, the file is valid."""
    text = f"x = {value!r}  # {comment}\n"
    script = Script("train.py", text=text.encode())
    with TemporaryDirectory() as folder:
        path = Path(folder, f"c.{format}")
        path.write_text(new_config(script, format=format), encoding="utf-8")
        config = load_config(path)
    assert isinstance(config, Config)
    if "x" in config.globals_dict:
        assert repr(config.globals_dict["x"]) == repr(script.parameters()[0].default)
