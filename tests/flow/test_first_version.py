"""A project as the first version left it, index and pickles included: today's code goes on with it.

`fixtures/project_v1` is what `kogine run train.py --config sweep.py --workers 1 --retries 1 --name
rates --tag baseline` made in /home/ada/project, but for the store's name and its .gitignore.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shared import fake  # noqa: F401
from witness import assert_index_is_right, kogine

from kohakuengine import Run, RunStore, Sequential
from kohakuengine.config.loader import load_config
from kohakuengine.runs.detail import describe_flow, describe_run
from kohakuengine.runs.reindex import reindex

PROJECT = Path(__file__).parent.parent / "fixtures" / "project_v1"
WAS_IN = "/home/ada/project"
FLOW = "1c51febddae4bbdd698654644d87cd00"
AS_JSON = "35ef566bba9facd53b7648c6c7615bef"  # its config and its result are
PICKLED = "512acaed5156f24cb333b7e21fff8898"  # its config and its result are
FAILED = "3e992dca531f59e6c6669312f82d9ba1"  # twice


@pytest.fixture(autouse=True)
def project(tmp_path: Path, home: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the project, moved to a folder of this test."""
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    for path in Path(home).rglob("*.json"):
        path.write_text(path.read_text().replace(WAS_IN, str(tmp_path)))
    index = sqlite3.connect(f"{home}/kogine.db")
    for column in ("runs SET script", "flows SET scripts"):
        name = column.split()[-1]
        index.execute(f"UPDATE {column} = replace({name}, ?, ?)", (WAS_IN, str(tmp_path)))
    index.commit()
    index.close()
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    sys.modules.pop("flips", None)


@pytest.fixture(params=["the index as it was", "an index made anew"])
def store(request: pytest.FixtureRequest, project: Path, home: str) -> RunStore:
    """The project's store, whose index is there or isn't."""
    if request.param == "an index made anew":
        os.unlink(f"{home}/kogine.db")
    return RunStore(home)


def test_rows(store: RunStore, project: Path) -> None:
    """What was recorded is found, whether by the index of that day or by the directories."""
    assert store.ids(flow=FLOW) == [AS_JSON, PICKLED, FAILED]
    rows = store.select(sort="created")
    assert [row["status"] for row in rows] == ["finished", "finished", "failed"]
    assert [row["attempts"] for row in rows] == [1, 1, 2]
    assert [row["params"] for row in rows] == [
        {"lr": 0.5},
        {"flip": "Flip(axes=(0, 1))", "size": [4, 4]},
        {"lr": 3.0},
    ]
    assert rows[0]["metrics"] == {"loss": 0.125, "score": 0.125}
    assert rows[0]["result"] == {"score": 0.125, "note": "ok"}
    assert rows[2]["error"] == "ValueError: diverged: -8.0"
    assert {row["script"] for row in rows} == {str(project / "train.py")}
    [flow] = store.flows()
    assert (flow["id"], flow["name"], flow["status"]) == (FLOW, "rates", "failed")
    assert (flow["tags"], flow["total"], flow["host"]) == (["baseline"], 3, "lab1")


@pytest.mark.parametrize(
    "choices, found",
    [
        ({"status": "failed"}, [FAILED]),
        ({"status": "finished", "limit": 1}, [PICKLED]),
        ({"tag": "baseline", "script": "train.py", "sort": "created"}, [AS_JSON, PICKLED, FAILED]),
        ({"where": "lr < 1 and loss < 0.3"}, [AS_JSON]),
    ],
)
def test_questions(choices: dict[str, Any], found: list[str], store: RunStore) -> None:
    """All that can be asked for is answered."""
    assert [row["id"] for row in store.select(**choices)] == found


def test_index_says_what_the_directories_do(store: RunStore) -> None:
    """To make it anew changes nothing in it."""
    assert_index_is_right(store)
    before = store.select(), store.flows()
    reindex(store)
    assert (store.select(), store.flows()) == before


def test_config_and_result(store: RunStore) -> None:
    """Values come back as they were, also those that are pickled, of classes beside the config."""
    run = Run(store, AS_JSON)
    assert run.config.globals_dict == {"lr": 0.5}
    assert run.result == {"score": 0.125, "note": "ok"}
    run = Run(store, PICKLED)
    values = run.config.globals_dict
    assert type(values["flip"]).__name__ == "Flip" and values["flip"].axes == (0, 1)
    assert values["size"] == (4, 4)
    assert run.result == (0.1, {0, 1}, (4, 4))
    assert run.output == "step=0 loss=0.9000\nstep=1 loss=0.8100\nstep=2 loss=0.7290\n"


def test_error(store: RunStore) -> None:
    """A failed run tells what its script raised, and where."""
    error = Run(store, FAILED).error
    assert type(error) is ValueError and error.args == ("diverged: -8.0",)
    assert f'File "{WAS_IN}/train.py", line 16, in main' in Run(store, FAILED).output
    assert "line 16, in main" in str(error.__cause__)


def test_details(store: RunStore) -> None:
    """What `kogine show` says of a run and of a flow is all there."""
    facts = describe_run(store, store.run(FAILED))
    assert [attempt["status"] for attempt in facts["attempts"]] == ["failed", "failed"]
    assert all(os.path.getsize(attempt["log"]) == 286 for attempt in facts["attempts"])
    assert facts["traceback"].endswith("ValueError: diverged: -8.0\n")
    facts = describe_flow(store, store.flow(FLOW))
    assert facts["counts"] == {"finished": 2, "failed": 1}
    assert (facts["python"], facts["options"]["retries"]) == ("3.11.7", 1)


def test_resume(store: RunStore, project: Path, fake) -> None:
    """What finished that day isn't run again, the rest is, in the same flow and directories."""
    launcher = fake(lambda job: "now")
    configs = load_config(project / "sweep.py")
    flow = Sequential(project / "train.py", configs, launcher="fake", name="rates")
    runs = flow.run(resume=True)
    assert launcher.submitted == [FAILED]
    assert runs.ids == [AS_JSON, PICKLED, FAILED]
    assert runs.results == [{"score": 0.125, "note": "ok"}, (0.1, {0, 1}, (4, 4)), "now"]
    assert [run.attempts for run in runs] == [1, 1, 3]
    assert store.flow(FLOW)["status"] == "finished" and len(store.flows()) == 1
    assert_index_is_right(store)


@pytest.mark.process
@pytest.mark.parametrize(
    "command",
    [
        ["retry", FLOW[:8]],
        ["run", "train.py", "--config", "sweep.py", "--name", "rates", "--resume"],
    ],
    ids=["retry", "resume"],
)
def test_commands(command: list[str], store: RunStore, project: Path) -> None:
    """A retry and a resume run with the config of that day what failed, and nothing else."""
    (project / "mended").touch()
    done = kogine(*command)
    assert done.returncode == 0, done
    assert Run(store, FAILED).result == {"score": -8.0, "note": "ok"}
    assert [row["attempts"] for row in store.select(sort="created")] == [1, 1, 3]
    assert store.flow(FLOW)["status"] == "finished"
    assert_index_is_right(store)
    for shown, word in ((FAILED, "diverged: -8.0"), (PICKLED, "Flip(axes=(0, 1))")):
        done = kogine("show", shown)
        assert done.returncode == 0 and word in done.stdout, done
    assert kogine("logs", AS_JSON).stdout.startswith("step=0 loss=0.5000\n")
