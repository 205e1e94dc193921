"""A store whose flows and runs are written as a coordinator writes them, none of them executed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kohakuengine.config.base import Config
from kohakuengine.runs.ending import write_ending
from kohakuengine.runs.outcome import FINISHED, write_outcome
from kohakuengine.runs.rows import row_of_flow, row_of_run
from kohakuengine.runs.shown import label, shown_params
from kohakuengine.runs.spec import write_spec
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.values import write_json

CREATED = 1_700_000_000.0  # of the first flow or run; each next one is 10 seconds younger


class Stored:
    """A store, and what is put into it.

    Args:
        home: The store's folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = RunStore(str(home))
        self._created = CREATED
        self._positions: dict[str, int] = {}

    def flow(self, start: str, *, ended: str | None = FINISHED, **facts: Any) -> str:
        """Add a flow whose id starts so; one that hasn't `ended` in order was killed."""
        id = start.ljust(32, "0")
        paths = self.store.paths.flow(id)
        os.makedirs(paths.requests)
        self._created += 10
        record = {"id": id, "name": None, "created": self._created, "scripts": ["/lab/train.py"]}
        record |= {"options": {}, "tags": [], "host": "lab1", "pid": 1, "total": None}
        write_json(paths.record, {"format": 1, **record, **facts})
        if ended is not None:
            end = {"format": 1, "status": ended, "ended": self._created + 5, "total": None}
            write_json(paths.ended, {**end, "total": facts.get("total")})
        self.index(id)
        return id

    def run(
        self,
        start: str,
        flow: str,
        config: Config | dict[str, Any] | None = None,
        *,
        output: bytes = b"",
        status: str | None = FINISHED,
        result: object = None,
        script: str = "/lab/train.py",
        **facts: Any,
    ) -> str:
        """Add a run whose id starts so, with one attempt; it has ended unless `status` is None."""
        id = start.ljust(32, "0")
        config = config if isinstance(config, Config) else Config(config or {})
        params = shown_params(config)
        position = self._positions[flow] = self._positions.get(flow, -1) + 1
        self._created += 10
        spec = {"id": id, "flow": flow, "position": position, "created": self._created}
        spec |= {"name": label(params) or "train", "params": params, "launcher": "fresh"}
        spec |= {"script": {"target": "train.py", "entrypoint": None, "argv": []}, "path": script}
        os.makedirs(self.store.paths.run(id).attempts)
        write_spec(self.store.paths.run(id), {**spec, "cwd": "/lab", "tags": [], **facts}, config)
        self.attempt(id, output=output, status=status, result=result)
        return id

    def attempt(
        self,
        id: str,
        *,
        output: bytes = b"",
        status: str | None = FINISHED,
        result: object = None,
        reason: str | None = None,
        exit_code: int | None = None,
    ) -> None:
        """Add a further attempt to a run."""
        paths = self.store.paths.run(id)
        attempt = paths.attempt(paths.last_attempt() + 1)
        os.makedirs(attempt.folder)
        Path(attempt.output).write_bytes(output)
        if result is not None:
            write_ending(attempt, result=result)
        if status is not None:
            code = exit_code if exit_code is not None else int(status != FINISHED)
            times = {"started": self._created, "ended": self._created + 2.5}
            write_outcome(attempt, status, code, reason=reason, **times)
        self.index(id)

    def index(self, id: str) -> None:
        """Put into the index what a flow's or run's directory says."""
        flow = row_of_flow(self.store.paths.flow(id))
        if flow is not None:
            # Nobody holds its lock; whoever was killed had no time to say that it ended.
            going = {"status": "running"} if flow["ended"] is None else {}
            self.store.add_flow(**{**flow, **going})
            return
        row = row_of_run(self.store.paths.run(id), lambda flow: True)
        assert row is not None
        self.store.add_runs([row])


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """The store that the command uses, with nothing in it."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "home"))
    return Stored(tmp_path / "home")


@pytest.fixture
def sweep(stored: Stored) -> Stored:
    """A store with a flow `f1` of three runs, `a1` to `a3`, of which the last one failed."""
    flow = stored.flow("f1", ended="failed", name="first", total=3)
    stored.run("a1", flow, {"lr": 0.1, "bs": 32}, output=b"one\n", result={"loss": 0.5})
    stored.run("a2", flow, {"lr": 0.2, "bs": 32}, output=b"two\n", result={"loss": 0.25})
    stored.run("a3", flow, {"lr": 0.4, "bs": 32}, output=b"three\n", status="failed")
    return stored
