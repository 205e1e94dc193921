"""A flow that is in the store, taken up again: its script, and what has begun of it."""

from __future__ import annotations

import os

from ...engine.script import Script
from ...errors import StoreError
from ...runs.spec import read_spec
from ...runs.store import RunStore
from ...runs.values import read_record
from .form_reading import MOST, state_of_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...flow.attached import AttachedFlow
    from .form_state import FormState


def store_and_row(id: str) -> tuple[RunStore, dict[str, Any]]:
    """The store, and what is recorded of a flow in it.

    Raises:
        StoreError: There is no such flow.
    """
    store = RunStore(create=False)
    row = store.flow(id)
    return store, {**row, "options": read_record(store.paths.flow(row["id"]).record)["options"]}


def script_of_flow(flow: AttachedFlow) -> Script:
    """The script of the flow's first run, as it is now.

    Raises:
        KogineError: None has begun; or the script is gone.
    """
    for run in flow.runs:
        spec = _spec(run)[0]
        made_of = spec["script"]
        target = spec.get("path") or made_of["target"]
        folder = made_of.get("folder") or (None if os.path.isabs(target) else spec.get("cwd"))
        return Script(target, entrypoint=made_of["entrypoint"], argv=made_of["argv"], folder=folder)
    raise StoreError(f"nothing of flow {flow.id[:8]} has begun yet: try again in a moment.")


def state_of_flow(flow: AttachedFlow) -> FormState:
    """What has begun of a flow, as the state of a form.

    Raises:
        ConfigError: No form can show it.
    """
    configs = [_spec(run)[1] for _, run in zip(range(MOST), flow.runs)]
    return state_of_list(configs, f"the runs of flow {flow.id[:8]}")


def _spec(run: Any) -> tuple[dict[str, Any], Any]:
    store = run._store
    try:
        return read_spec(store.paths.run(run.id))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"what run {run.id[:8]} was to do can't be read: {error}.") from error
