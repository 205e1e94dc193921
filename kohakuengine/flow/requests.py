"""Requests to a flow: files that its coordinator obeys."""

from __future__ import annotations

import os

from ..errors import ConfigError, StoreError
from ..runs.values import read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..runs.paths import FlowPaths

_HOWS = ("interrupt", "terminate", "kill")  # of a Launcher's `cancel`


def check_how(how: object) -> None:
    """Refuse what is no way to end a run.

    Raises:
        ConfigError: It is none of a Launcher's `cancel`.
    """
    if how not in _HOWS:
        raise ConfigError(f"a run is ended by {', '.join(_HOWS[:-1])} or {_HOWS[-1]}; got {how!r}.")


def has_ended(flow: str, folder: str) -> StoreError:
    """What is said where a run of a flow that has ended is to be tried again.

    Args:
        flow: Its id.
        folder: Its directory.
    """
    return StoreError(
        f'flow {flow[:8]} has ended: Retry("{flow[:8]}") goes on with it.', path=folder
    )


def make_request(paths: FlowPaths, request: dict[str, Any]) -> str:
    """Ask a flow to do something, and give the file that is gone when the flow has taken it up.

    Args:
        paths: The flow.
        request: `{"do": "cancel", "run": id or None, "how": ...}`, `{"do": "pause"}` or
            `{"do": "unpause"}`, `{"do": "retry", "run": id}`.

    Raises:
        OSError: It can't be written.
    """
    import time

    name = f"{time.time_ns():020}-{os.urandom(4).hex()}.json"
    path = os.path.join(paths.requests, name)
    write_json(path, request)
    return path


def take_requests(paths: FlowPaths) -> list[dict[str, Any]]:
    """The requests that have come, oldest first; each is given once.

    What isn't one, such as of a newer version or written by hand, is passed over: it is no reason
    to end a flow.
    """
    requests = []
    for name in _names(paths):
        path = os.path.join(paths.requests, name)
        try:
            request = read_json(path)
        except (OSError, ValueError):
            request = None
        os.unlink(path)
        if _is_request(request):
            requests.append(request)
    return requests


def has_requests(paths: FlowPaths) -> bool:
    """Whether a request has come that nobody has taken yet."""
    return bool(_names(paths))


def _names(paths: FlowPaths) -> list[str]:
    try:
        return sorted(name for name in os.listdir(paths.requests) if name.endswith(".json"))
    except FileNotFoundError:
        return []  # somebody removed the flow's directory


def _is_request(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("do"), str)
        and isinstance(value.get("run"), str | None)
        and value.get("how", "terminate") in _HOWS
    )
