"""Files of a newer version of KohakuEngine: refused by all who read them, and left as they are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shared import configs, fake, lr, train  # noqa: F401
from witness import kogine

from kohakuengine import Run, RunStore, Sequential
from kohakuengine.errors import StoreError
from kohakuengine.flow.retry import Retry
from kohakuengine.flow.settle import settle_flow
from kohakuengine.launch.fake import FakeEnd
from kohakuengine.runs.detail import describe_flow, describe_run
from kohakuengine.runs.reindex import reindex

Ways = dict[str, Callable[[], object]]


@pytest.fixture
def flow(train: Path, fake) -> Sequential:
    """A flow of two runs of which the second one failed."""
    fake(lambda job: FakeEnd("failed", 1) if lr(job) == 2 else {"loss": 1.0})
    flow = Sequential(train, configs(1, 2), launcher="fake")
    flow.run()
    return flow


@pytest.fixture
def files(flow: Sequential, store: RunStore) -> dict[str, str]:
    """The records of the flow and of its run that failed."""
    [row] = store.select(status="failed")
    of_flow, of_run = store.paths.flow(row["flow"]), store.paths.run(row["id"])
    return {
        "flow": of_flow.record,
        "its end": of_flow.ended,
        "what it ran on": of_flow.provenance,
        "run": of_run.spec,
        "outcome": of_run.attempt(1).outcome,
    }


@pytest.fixture
def ways(flow: Sequential, store: RunStore) -> Ways:
    """All that reads records."""
    [row] = store.select(status="failed")
    id = row["flow"]
    return {
        "reindex": lambda: reindex(store),
        "settle": lambda: settle_flow(store, id),
        "resume": lambda: flow.run(resume=True),
        "retry": lambda: Retry(id).run(),
        "show a run": lambda: describe_run(store, row),
        "show a flow": lambda: describe_flow(store, store.flow(id)),
        "config": lambda: Run(store, row["id"]).config,
        "outcome": lambda: Run(store, row["id"]).error,
    }


def set_format(path: str, number: object) -> None:
    """Have a file be of another format."""
    record = json.loads(Path(path).read_text())
    assert record["format"] == 1
    Path(path).write_text(json.dumps({**record, "format": number}))


def contents(store: RunStore) -> dict[Any, Any]:
    """All that a store holds: what the index says, and the directories."""
    paths = [*Path(store.paths.flows).rglob("*"), *Path(store.paths.runs).rglob("*")]
    files = {path: path.read_bytes() for path in paths if path.is_file() and path.name != "lock"}
    return {**files, "runs": store.select(), "flows": store.flows()}


REFUSED = {
    "reindex": ["flow", "its end", "run", "outcome"],
    "resume": ["flow", "its end", "run"],
    "retry": ["flow", "its end", "run"],
    "settle": ["flow", "its end"],
    "show a run": ["run", "outcome", "what it ran on"],
    "show a flow": ["what it ran on"],
    "config": ["run"],
    "outcome": ["outcome"],
}


@pytest.mark.parametrize("way, file", [(way, file) for way in REFUSED for file in REFUSED[way]])
def test_newer_files_are_refused(way, file, files, ways: Ways, fake, store: RunStore) -> None:
    """Whoever reads one says which it is and what to do; nothing is run, written or forgotten."""
    launcher = fake(lr)
    set_format(files[file], 2)
    before = contents(store)
    with pytest.raises(
        StoreError, match="is of format 2, .* reads up to format 1: upgrade"
    ) as error:
        ways[way]()
    assert str(error.value).startswith(files[file]) and error.value.path == files[file]
    assert not launcher.submitted
    assert contents(store) == before


@pytest.mark.parametrize("file", ["flow", "run", "outcome"])
def test_flow_that_nobody_settled(file, flow, files, store: RunStore) -> None:
    """A flow of a newer version whose process was killed isn't settled; nothing of it is ended."""
    [row] = store.select(status="failed")
    os.unlink(files["its end"])
    store.update_flow(row["flow"], status="running")
    store.update_run(row["id"], status="running")
    set_format(files[file], 2)
    if file != "outcome":
        os.unlink(files["outcome"])
    before = contents(store)
    with pytest.raises(StoreError, match=f"{re.escape(files[file])} is of format 2"):
        settle_flow(store, row["flow"])
    assert contents(store) == before


@pytest.mark.parametrize("number", [0, None, "1", 99])
def test_lost_index_is_not_made_of_newer_files(number, files, store: RunStore) -> None:
    """An index that is lost isn't made anew without what these files say."""
    before = contents(store)
    store.close()
    os.unlink(store.index)
    set_format(files["run"], number)
    for _ in range(2):
        with pytest.raises(StoreError, match=f"is of format {number}, "):
            RunStore(store.paths.home).select()
    Path(files["run"]).write_bytes(before[Path(files["run"])])
    assert contents(store) == before


@pytest.mark.process
@pytest.mark.parametrize("command", [["store", "reindex"], ["show", "-1"], ["retry", "-1"]])
def test_command(command, files, store: RunStore) -> None:
    """The command says it in one sentence."""
    set_format(files["run"], 2)
    done = kogine(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kogine: error: {files['run']} is of format 2, ")
    assert done.stderr.count("\n") == 1
