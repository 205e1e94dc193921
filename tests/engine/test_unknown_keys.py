"""Keys that names with dots add to dictionaries are told, where it is known what these hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import kohakuengine
from kohakuengine import Config, Parallel, Script, load_config
from kohakuengine.config.nested import with_nested
from kohakuengine.config.origin import note_added
from kohakuengine.config.sweep import Sweep
from kohakuengine.engine.config_check import check_configs, check_texts
from kohakuengine.engine.defaults import with_defaults
from kohakuengine.engine.examiner import Examiner
from kohakuengine.errors import CheckError, OverrideError, OverrideWarning

HEAD = 'model = {"layers": 2, "opt": {"name": "sgd", "lr": 0.1}}\nprint(model)\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "store"))


def script(text: str = HEAD) -> Script:
    Path("net.py").write_text(text)
    return Script("net.py")


def told(target: Script, config: Config, *names: str) -> list[str]:
    """The paths that are told where names are set to 1 above a config."""
    base = with_defaults(config, names, target)
    config = base.with_values(with_nested(base.globals_dict, dict.fromkeys(names, 1)))
    return [surprise.name for surprise in Examiner(target).unknown_keys(config)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["model.layers", "model.opt.lr"], []),
        (["model.layrs"], ["model.layrs"]),
        (["model.opt.lrr"], ["model.opt.lrr"]),
        (["model.otp.lr"], ["model.otp"]),
        (["model.otp.lr", "model.otp.name"], ["model.otp"]),
        (["model.layrs", "model.opt.lr", "model.optt"], ["model.layrs", "model.optt"]),
        (["nothing.layers"], []),
    ],
)
def test_keys_that_a_written_dictionary_lacks(names: list[str], found: list[str]) -> None:
    """The first part of a name that leads to nothing, once; the variable itself is told elsewhere."""
    assert told(script(), Config(), *names) == found


@pytest.mark.parametrize(
    "text",
    [
        "model = {}\n",
        HEAD + 'model.setdefault("layrs", 3)\n',
        HEAD + "def net(layers, layrs=3): pass\nnet(**model)\n",
        HEAD + 'if fast:\n    model = {"layrs": 3}\n',
    ],
    ids=["nothing in it", "named by the script", "an argument", "another default"],
)
def test_keys_that_the_script_may_ask_for_are_taken(text: str) -> None:
    """It is told only where nothing in the script knows the key, for sure."""
    assert told(script(text), Config(), "model.layrs") == []


def test_keys_of_a_configs_own_dictionary_are_known() -> None:
    """What the config or the script has there is known; of a script's call the config alone tells."""
    own = Config({"model": {"width": 8}})
    assert told(script(), own, "model.layers", "model.width", "model.wdth") == ["model.wdth"]
    made = script("model = dict(layers=2)\nprint(model)\n")
    assert told(made, own, "model.wdth") == ["model.wdth"]


def test_an_origin_keeps_what_was_added() -> None:
    """Whatever is made of the Config later, as long as it has that dictionary."""
    config = note_added(Config({"model": {"a": 1}}), ["model.b"])
    assert config.origin is not None and config.origin.added == ("model.b",)
    other = config.merge(Config({"lr": 1}))
    assert other.origin is not None and other.origin.added == ("model.b",)
    assert config.replace(args=[1]).origin.added == ("model.b",)  # type: ignore[union-attr]
    assert config.replace(globals_dict={}).origin.added == ()  # type: ignore[union-attr]


def test_sweeps_tell_once_and_are_refused_under_strict() -> None:
    """From Python and from a text file's `_sweep`: a warning, or a refusal before the first run."""
    target = script()
    Path("net.json").write_text('{"_sweep": {"model.layrs": [1, 2]}}')
    with pytest.warns(OverrideWarning, match=r"model \(net.py line 1\) has no key layrs.*layers\?"):
        kohakuengine.run(target, config=_first(target))
    for configs in (load_config("net.json"), Sweep(Config(), {"model.layrs": [1]})):
        with pytest.raises(CheckError, match="refused because strict.*Did you mean layers?"):
            Parallel(target, configs, strict=True).run()
        runs = Parallel(target, configs).run()
        assert {run.status for run in runs} == {"finished"}


def _first(target: Script) -> Config:
    return next(Parallel(target, load_config("net.json")).plan.runs()).config


def test_config_check_tells_them() -> None:
    """Of a file's `_sweep`, and of `--set`, whose parts that exist fit."""
    target = script()
    Path("net.json").write_text('{"_sweep": {"model.layrs": [1, 2]}}')
    source = load_config("net.json").source  # type: ignore[union-attr]
    found = {one.key: (one.status, one.nearest) for one in check_configs(target, source)}
    assert found == {"model": ("fits", ()), "model.layrs": ("unknown", ("layers",))}
    texts = ["model.layers=4", "model.layrs=4", "model.layers=x", "modl.x=1", "model.layers.x=1"]
    statuses = [one.status for one in check_texts(target, texts)]
    assert statuses == ["fits", "unknown", "wrong type", "unknown", "refused"]


def test_run_takes_names_with_dots(capfd: pytest.CaptureFixture[str]) -> None:
    """As --set does, above what a config file has there; a misspelt one is told."""
    target = script()
    Path("conf.yaml").write_text("model: {layers: 3, width: 8}\n")
    kohakuengine.run(target, globals_dict={"model.opt.lr": 1})
    assert "{'layers': 2, 'opt': {'name': 'sgd', 'lr': 1}}" in capfd.readouterr().out
    values = {"model": {"layers": 5, "width": 1}, "model.width": 7}
    kohakuengine.run(target, config_path="conf.yaml", globals_dict={"model.width": 9})
    kohakuengine.run(target, config_path="conf.yaml", globals_dict=values, check=False)
    out = capfd.readouterr().out
    assert "{'layers': 3, 'width': 9}" in out and "{'layers': 5, 'width': 7}" in out
    with pytest.raises(CheckError, match="no key layrs.*Did you mean layers"):
        kohakuengine.run(target, globals_dict={"model.layrs": 4}, strict=True)
    with pytest.raises(OverrideError, match="give the whole of model, or a part"):
        Parallel(target, Config({"model.layers": 4}), launcher="inline").run()
