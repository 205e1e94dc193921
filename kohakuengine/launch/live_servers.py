"""Which warm servers of this user are alive on this machine, and what they hold.

Asked of the system: a server's command line says what it was started for, so that there is no list
which could be out of date.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import psutil

MARK = "kohakuengine.launch.warm_server"  # is in the command line of each


class LiveServer:
    """A warm server that is alive.

    Attributes:
        pid: Its process id.
        owner: The process id of the coordinator's process, with which it ends.
        command: The owner's command line, as far as it can be read.
        imports: The modules that it has imported, as the script names them.
        started: When it was started, in seconds since 1970.
        idle: After how many seconds without use it ends.
        memory: How many bytes it holds together with its idle inits; what processes share counts
            in parts.
        runs: How many runs forked from it are going on.
    """

    def __init__(self, process: psutil.Process, words: list[str]) -> None:
        self.pid = process.pid
        self.owner = int(words[1])
        self.idle = float(words[2])
        self.imports = [name for name in words[3].split(",") if name]
        self.started = process.create_time()
        inits = process.children()
        self.runs = sum(map(_goes_on, inits))
        self.memory = sum(map(_memory, (process, *inits)))
        self.command = _command(self.owner)


def live_servers() -> list[LiveServer]:
    """The warm servers that are alive, the oldest first. Linux only; none elsewhere."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            words = _arguments(process)
            if words and process.ppid() == int(words[1]) and process.uids().real == os.getuid():
                found.append(LiveServer(process, words))
        except (psutil.Error, ValueError):
            continue  # it has just ended, or isn't ours to look at
    return sorted(found, key=lambda server: server.started)


def _arguments(process: psutil.Process) -> list[str]:
    """What a server was given; nothing for any other process."""
    words = process.cmdline()
    starts = [number for number, word in enumerate(words) if MARK in word and word[:6] == "import"]
    given = words[starts[0] + 1 :] if starts else []
    return given if len(given) == 4 else []


def _goes_on(init: psutil.Process) -> bool:
    import psutil

    try:
        return bool(init.children())
    except psutil.Error:
        return False  # it has just ended; its server hasn't


def _memory(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return 0  # it has just ended, or isn't ours


def _command(pid: int) -> str:
    import psutil

    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""
