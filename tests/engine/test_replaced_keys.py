"""Dictionaries that replace a script's: keys that seem misspelt, and those that the script misses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kohakuengine
from kohakuengine import Config, Parallel, Script, load_config
from kohakuengine.config.sweep import Sweep
from kohakuengine.engine.config_check import check_configs
from kohakuengine.engine.examiner import Examiner
from kohakuengine.errors import CheckError, OverrideWarning

HEAD = 'model = {"layers": 2, "opt": {"name": "sgd", "lr": 0.1}}\n'
WHOLE = HEAD + "print(model)\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))


def script(text: str = WHOLE) -> Script:
    Path("net.py").write_text(text)
    return Script("net.py")


def told(text: str, model: Any) -> list[str]:
    found = Examiner(script(text)).unknown_keys(Config({"model": model}))
    return [f"{'' if one.refused else 'lacks '}{one.name}" for one in found]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ({"layers": 4}, []),
        ({"layrs": 4}, ["model.layrs"]),
        ({"layers": 4, "layrs": 4}, []),
        ({"layers": 4, "opt": {"lrr": 1}}, ["model.opt.lrr"]),
        ({"layers": 4, "optt": {"lrr": 1}}, ["model.optt"]),
        ({"depth": 4, 3: 4}, []),
        ({}, []),
        ([1], []),
    ],
    ids=str,
)
def test_keys_that_seem_misspelt(model: Any, found: list[str]) -> None:
    """A key is told that looks like one which the script has and which isn't given; no others are.

    The dictionary may be quite another one, since it replaces the script's.
    """
    assert told(WHOLE, model) == found


@pytest.mark.parametrize(
    "text",
    [
        "model = dict(layers=2)\n",
        WHOLE + 'model = {"layrs": 3}\n',
        WHOLE + 'print(model.get("layrs"))\n',
        WHOLE + "def net(layers=1, layrs=3): pass\nnet(**model)\n",
    ],
    ids=["made by a call", "another default", "named by the script", "an argument"],
)
def test_keys_that_the_script_may_ask_for_are_taken(text: str) -> None:
    """What the script has is sure only where it is written out once."""
    assert told(text, {"layrs": 4}) == []


@pytest.mark.parametrize(
    ("use", "found"),
    [
        ('print(model["layers"])', []),
        ('print(model["opt"])', ["lacks model"]),
        ('print(model["opt"]["lr"])', ["lacks model"]),
        ('def f():\n    return model["opt"]', ["lacks model"]),
        ('if __name__ == "__main__":\n    print(model["opt"])', ["lacks model"]),
        ('def f(model):\n    return model["opt"]', []),
        ('if fast:\n    print(model["opt"])', []),
        ('try:\n    print(model["opt"])\nexcept KeyError:\n    pass', []),
        ('x = model["opt"] if fast else 1', []),
        ('model["opt"] = 1\nprint(model["opt"])', []),
        ('model.setdefault("opt", 1)\nprint(model["opt"])', []),
        ('complete(model)\nprint(model["opt"])', []),
        ('assert "opt" in model\nprint(model["opt"])', []),
        ('print(other["opt"], model["nothing"])', []),
    ],
)
def test_keys_that_the_script_reads(use: str, found: list[str]) -> None:
    """One that it surely reads, that it has itself, and that is replaced away."""
    assert told(f"{HEAD}{use}\n", {"layers": 4}) == found


def test_a_misspelt_key_is_told_once() -> None:
    """Not as one that is missing, too."""
    assert told(HEAD + 'print(model["layers"])\n', {"layrs": 1}) == ["model.layrs"]


@pytest.mark.parametrize("name", ["c.yaml", "c.toml", "c.json", "c.py"])
def test_files_of_all_formats(name: str, recwarn: pytest.WarningsRecorder) -> None:
    """A warning, and under strict a refusal; what is only missing is no reason to refuse."""
    texts = {
        "c.yaml": "model: {layrs: 4}",
        "c.toml": "model = {layrs = 4}",
        "c.json": '{"model": {"layrs": 4}}',
        "c.py": "model = dict(layrs=4)",
    }
    Path(name).write_text(texts[name])
    target = script(HEAD + 'print(model["opt"])\n')
    with pytest.raises(CheckError, match="refused because strict.*, layrs. Did you mean layers?"):
        kohakuengine.run(target, config_path=name, strict=True)
    with pytest.warns(OverrideWarning) as said, pytest.raises(KeyError, match="opt"):
        kohakuengine.run(target, config_path=name)
    assert sorted(str(one.message).partition("dictionary ")[2] for one in said) == [
        "with a key that it doesn't have, layrs. Did you mean layers?",
        "without opt, which line 2 reads. --set model.layers=... sets one key, and leaves the others.",
    ]


def test_parts_that_are_set_are_told_as_such() -> None:
    """A name with dots keeps what is beside it: of that nothing is missing, and it is told once."""
    target = script(HEAD + 'print(model["opt"])\n')
    with pytest.warns(OverrideWarning) as said:
        kohakuengine.run(target, globals_dict={"model.layrs": 4})
    assert [str(one.message) for one in said] == [
        "model (net.py line 1) has no key layrs: it is added to it. Did you mean layers?"
    ]


def test_sweeps_over_dictionaries(capsys: pytest.CaptureFixture[str]) -> None:
    """Each value of an axis is looked at: refused before the first run, or told once."""
    target = script()
    values = [{"layers": 1}, {"layrs": 2}, {"layrs": 3}]
    sweep = Sweep(Config(), {"model": values})
    with pytest.raises(CheckError, match="refused because strict.*Did you mean layers?"):
        Parallel(target, sweep, strict=True).run()
    runs = Parallel(target, sweep, launcher="inline").run()
    assert {run.status for run in runs} == {"finished"}
    assert capsys.readouterr().err.count("Did you mean layers?") == 1
    found = {one.key: (one.status, one.nearest) for one in check_configs(target, sweep)}
    assert found == {"model": ("fits", ()), "model.layrs": ("unknown", ("layers",))}


def test_config_check_says_what_is_missing() -> None:
    """It fits, and there is something to say of it."""
    Path("c.yaml").write_text("model: {layers: 4}")
    target = script(HEAD + 'print(model["opt"])\n')
    [check] = check_configs(target, load_config("c.yaml"))
    assert check.ok and "without opt, which line 2 reads" in (check.note or "")
