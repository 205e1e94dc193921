"""Let a flow go on without this terminal."""

from __future__ import annotations


from .reply import json_text, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..flow.base import Workflow


def detach(workflow: Workflow, resume: bool | str, as_json: bool) -> int:
    """Begin a flow in a process and a session of its own, and give the exit status.

    Raises:
        KogineError: It couldn't begin.
    """
    from ..flow.detach import fork_detached

    flow = fork_detached(workflow, resume)
    if as_json:
        say(json_text({"flow": flow}))
        return 0
    short = flow[:8]
    say(
        f"flow {short} goes on by itself: kogine attach {short} follows it, "
        f"kogine cancel {short} ends it."
    )
    return 0
