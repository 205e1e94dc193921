"""The script's process under the warm launcher: made to be as a new interpreter's.

It has been forked from a process that has made the script's leading imports, and nothing else.
"""

from __future__ import annotations

import os
import sys

from ..config.siblings import note_listings
from .init import call_c, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping
    from typing import Any
else:  # what is below `signal`, as in `init`
    import _signal as signal

# In the environment of a server, so that the ids of runs can be written over it: what a script
# forks without executing anything keeps that memory, by which it is found.
IDS = ("KOGINE_RUN_ID", "KOGINE_FLOW_ID")
ROOM = 32  # bytes for each: as long as they are, so that nothing is between them
MARKS: Mapping[str, str] = {name: "." * ROOM for name in IDS}  # which stand there until then
OWN = ("CUDA_VISIBLE_DEVICES",)  # what differs, too, between the runs of one flow

# Two functions of it have, as the default of an argument, where the system tells of their process.
KEEPS_PLACE = "numpy.testing._private.utils"

# What is found out before the fork: what a fork looks at for the first time the system copies.
renewals: list[Callable[[], None]] = []  # what makes random again what was so by chance
loaded: frozenset[str] = frozenset()  # the modules
_ours: list[str] = []  # of these, those that no new interpreter has
_server = 0  # the id of the process that has loaded them
handled: frozenset[int] = frozenset()  # the signals that Python code handles

# Put last of the modules: to go through them all would have the system copy where they are.
_LAST = f"{__package__}.script_run"

# What Python puts back into `builtins` when it ends: its own, less what comes there later (open(),
# by init_set_builtins_open() in Python/pylifecycle.c, and what `site` adds).
_LATE = ("open", "quit", "exit", "copyright", "credits", "license", "help")
builtins = {n: value for n, value in vars(sys.modules["builtins"]).items() if n not in _LATE}
_state: Any = None  # of its names, as CPython numbers it
_first_state = 0  # that before the script


def note_modules() -> None:
    """Note which modules are loaded; called when there will be no more before the fork."""
    global loaded, _ours, _server, handled, _state, _first_state
    _server = os.getpid()
    note_listings()
    sys.modules[_LAST] = sys.modules.pop(_LAST)
    loaded = frozenset(sys.modules) - {"__main__", "__mp_main__"}  # the script will be these
    only_here = (f"{__package__}.warm_", f"{__package__}.messages")
    _ours = [name for name in loaded if name.startswith(only_here)]
    _state = _state_of(vars(sys.modules["builtins"]))
    _first_state = _state.value if _state is not None else 0
    handled = frozenset(n for n in signal.valid_signals() if callable(signal.getsignal(n)))


def ids_as_bytes(variables: Mapping[str, str | None]) -> bytes:
    """The ids of a run and its flow as an environment holds them, of the same length for any ids.

    Example:
        >>> len(ids_as_bytes({})) == len(ids_as_bytes({"KOGINE_RUN_ID": "5d1c0a4b"}))
        True
    """
    values = [(variables.get(name) or "").encode()[:ROOM].ljust(ROOM, b"\0") for name in IDS]
    return b"".join(f"{n}=".encode() + value + b"\0" for n, value in zip(IDS, values))


def place_of_ids() -> object:
    """Where in this process' memory the ids are, for `write_ids()`.

    Raises:
        OSError, ValueError: They can't be found.
    """
    from _ctypes import _SimpleCData

    class Address(_SimpleCData):  # type: ignore[type-arg]  # as ctypes.c_void_p
        _type_ = "P"

    with open("/proc/self/stat", "rb") as file:
        facts = file.read().rpartition(b")")[2].split()
    start, end = int(facts[47]), int(facts[48])  # env_start and env_end, of which state is the 3rd
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        memory.seek(start)
        block = memory.read(end - start)
    return Address(start + block.rindex(ids_as_bytes(os.environ)))


def write_ids(place: object, variables: Mapping[str, str | None]) -> None:
    """Write the ids of a run and its flow where `ps` and we look for them."""
    data = ids_as_bytes(variables)
    call_c("memcpy", place, data, len(data))


def renew() -> None:
    """Give this process what each new interpreter has for itself."""
    modules = sys.modules
    for renewal in renewals:
        renewal()
    if "multiprocessing.process" in modules:
        process = modules["multiprocessing.process"]
        process.current_process()._config["authkey"] = process.AuthenticationString(os.urandom(32))
    if "logging" in modules:
        import time

        now = time.time_ns if sys.version_info >= (3, 13) else time.time
        vars(modules["logging"])["_startTime"] = now()
    if "threading" in modules:
        modules["threading"].main_thread()._set_native_id()
    if KEEPS_PLACE in modules:
        place, own = f"/proc/{_server}/stat", f"/proc/{os.getpid()}/stat"
        for name in ("memusage", "jiffies"):
            function: Any = vars(modules[KEEPS_PLACE]).get(name)
            if place in (defaults := getattr(function, "__defaults__", None) or ()):
                function.__defaults__ = tuple(own if one == place else one for one in defaults)
    for name in _ours:
        del modules[name]


def has_builtins_as_before() -> bool:
    """Whether nobody has put anything into `builtins`; False where that can't be told."""
    return _state is not None and _state.value == _first_state


def _state_of(names: dict[str, Any]) -> Any:
    """What tells in its `value` the number that CPython gives to the state of a dict (PEP 509).

    To compare the dict itself would have the system copy wherever one of its values is. None where
    Python doesn't number them, as from 3.14 on.
    """
    from _ctypes import _SimpleCData

    class Number(_SimpleCData):  # type: ignore[type-arg]  # as ctypes.c_uint64
        _type_ = "Q"

    if sys.implementation.name != "cpython" or sys.version_info >= (3, 14):
        return None
    # In a PyDictObject, ma_version_tag follows PyObject_HEAD and ma_used.
    place = object.__basicsize__ + tuple.__itemsize__
    return Number.from_address(id(names) + place)


def loaded_since() -> list[str]:
    """The modules that a script has loaded, in order; it is itself among them."""
    since: list[str] = []
    for name in reversed(sys.modules):
        if name == _LAST:
            main = [name for name in ("__main__", "__mp_main__") if name in sys.modules]
            return [*main, *(n for n in reversed(since) if n not in loaded and n not in main)]
        since.append(name)
    return [name for name in sys.modules if name not in loaded]  # it has taken ours away


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends."""
    prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
