"""A study with Enums is the same one however it is written: its runs have the same keys."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shared import fake  # noqa: F401
from witness import kogine

from kohakuengine import Config, Run, RunStore, Script, Sequential, load_config
from kohakuengine.config.members import EnumMember
from kohakuengine.config.sweep import Sweep
from kohakuengine.flow.plan import Plan
from kohakuengine.runs.reindex import reindex

# What `kogine run train.py --launcher fresh --name NAME --config ...` made in /home/ada/project when
# members that a text names had other keys than those that are imported, but for the index:
# `python` of study.py, `yaml` of study.yaml, `mixed` of study.py with `--set norms=[L2,L1]`.
PROJECT = Path(__file__).parent.parent / "fixtures" / "members_v1"
WAS_IN = "/home/ada/project"
TOML = """\
norms = ["Norm.L1", "L2"]
_sweep = {solver = ["sgd", "adam"]}
"""
JSON = '{"norms": [1, 2], "_sweep": {"solver": ["SGD", "Solver.FAST"]}}'
COMMAND = ["--set", "norms=[L1, L2]", "--sweep", "solver=SGD,ADAM"]
WAYS = {
    **{name: ["--config", name] for name in ("study.py", "study.yaml", "study.toml", "study.json")},
    "the command line": COMMAND,
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, home: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the project, moved to a folder of this test."""
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    for path in Path(home).rglob("*.json"):
        path.write_text(path.read_text().replace(WAS_IN, str(tmp_path)))
    (tmp_path / "study.toml").write_text(TOML)
    (tmp_path / "study.json").write_text(JSON)
    yield tmp_path
    for name in ("train", "norms"):
        sys.modules.pop(name, None)


STUDIES = [name for name in WAYS if name.startswith("study")]


def keys_of(name: str) -> list[str | None]:
    """The keys of the runs of a file."""
    return [run.key for run in Plan([(Script("train.py"), load_config(name))]).runs()]


def test_every_format_gives_the_same_keys() -> None:
    """Members by name, by value, by an alias, and imported ones are the same."""
    keys = [keys_of(name) for name in STUDIES]
    assert len(set(keys[0])) == 2 and None not in keys[0]
    assert keys == [keys[0]] * 4


def test_every_format_gives_the_same_configs() -> None:
    """What a run gets is what the script itself has, whoever imported another class of that file."""
    configs = [
        [run.config for run in Plan([(Script("train.py"), load_config(name))]).runs()]
        for name in STUDIES
    ]
    assert configs == [configs[0]] * 4


@pytest.mark.process
@pytest.mark.parametrize("way", ["study.py", "the command line"])
def test_a_resume_in_another_form_runs_nothing(way: str, home: str) -> None:
    """What finished under one form of a study has finished under each of the others."""
    shutil.rmtree(home)
    done = kogine("run", "train.py", *WAYS[way], "--workers", "1")
    assert done.returncode == 0, done
    store = RunStore(home)
    ids = store.ids()
    assert [row["result"] for row in store.select(sort="created")] == [
        "SGD ['L1', 'L2']",
        "ADAM ['L1', 'L2']",
    ]
    for other in WAYS:
        done = kogine("run", "train.py", *WAYS[other], "--resume")
        assert done.returncode == 0, done
    assert RunStore(home).ids() == ids
    assert [row["attempts"] for row in RunStore(home).select()] == [1, 1]


SGD, ADAM = "SGD ['L1', 'L2']", "ADAM ['L1', 'L2']"


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("flow", ["python", "yaml"])
def test_runs_of_before_have_finished(flow: str, name: str, fake) -> None:
    """A flow of the time when each way to name a member had its own key is gone on with in all forms.

    But where it named a member by an alias: that is known by the same alias alone.
    """
    launcher = fake(lambda job: "now")
    runs = Sequential("train.py", load_config(name), launcher="fake", name=flow).run(resume=True)
    says_alias = name in ("study.yaml", "study.json")
    assert runs.results == [SGD, ADAM if flow == "python" or says_alias else "now"]
    assert len(launcher.submitted) == runs.results.count("now")


def test_runs_of_before_in_several_forms(fake) -> None:
    """So is one of whose members some were imported, and some named."""
    launcher = fake(lambda job: "now")
    study = load_config("study.py").source
    assert isinstance(study, Sweep)
    named = Config({"norms": [EnumMember("Norm", "L2"), EnumMember("Norm", "L1")]})
    mixed = Sweep(study.base.merge(named), study.space)
    runs = Sequential("train.py", mixed, launcher="fake", name="mixed").run(resume=True)
    assert runs.results == ["SGD ['L2', 'L1']", "ADAM ['L2', 'L1']"]
    assert not launcher.submitted


def test_configs_of_before_can_be_read(home: str) -> None:
    """Members that were named come back from runs of before, and are those of today."""
    reindex(RunStore(home))
    store = RunStore(home)
    [flow] = [flow["id"] for flow in store.flows() if flow["name"] == "yaml"]
    configs = [Run(store, id).config for id in store.ids(flow=flow)]
    assert {config.globals_dict["solver"].name for config in configs} == {"SGD", "FAST"}
    again = [run.key for run in Plan([(Script("train.py"), configs)]).runs()]
    assert sorted(map(str, again)) == sorted(map(str, keys_of("study.py")))
