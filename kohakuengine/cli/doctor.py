"""kogine doctor"""

from __future__ import annotations

import os
import platform
import sys
import time

import click

from ..launch.live_servers import live_servers
from ..launch.registry import VARIABLE, can_fork, launcher_of_flow, launcher_of_one
from ..runs.cells import age_text, one_line, size_text, table
from ..runs.home import find_home
from .reply import json_text, say, say_tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .reply import Table


@click.command(short_help="Show what KohakuEngine works with here.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json: bool) -> None:
    """Show what KohakuEngine works with here: Python, the store, the launchers that are chosen,
    which installed libraries may be forked with, and the warm servers that are alive.
    """
    found = findings()
    if as_json:
        say(json_text(found))
        return
    alive = found["servers"]
    tables: list[Table] = [(_facts(found), False), *([(server_rows(alive), True)] if alive else [])]
    say_tables(tables, f"{table(_facts(found))}\n\n{servers_text(alive)}")


def findings() -> dict[str, Any]:
    """All that `kogine doctor` tells, ready for JSON."""
    home = find_home()
    return {
        "version": sys.modules[__package__.partition(".")[0]].__version__,
        "folder": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": sys.executable,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "store": {"home": home, "made": os.path.isdir(home)},
        "launchers": {
            "one run": launcher_of_one(None),
            "several runs": launcher_of_flow(None, None),
            "chosen by": VARIABLE if os.environ.get(VARIABLE) else None,
            "can fork": can_fork(),
        },
        "libraries": _libraries(),
        "servers": servers(),
    }


def servers() -> list[dict[str, Any]]:
    """The warm servers that are alive, ready for JSON."""
    return [vars(server) for server in live_servers()]


def _libraries() -> dict[str, dict[str, Any]]:
    """Of the libraries that start threads, those that are installed, and whether forks are fit."""
    from importlib.metadata import PackageNotFoundError, version

    from ..launch.warm_preload import FORK_SAFE, is_proven

    found = {}
    for module in FORK_SAFE:
        try:
            text = version({"sklearn": "scikit-learn"}.get(module, module))
        except PackageNotFoundError:
            continue
        found[module] = {"version": text, "proven": is_proven(module, text)}
    return found


def _facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    launchers = found["launchers"]
    chosen = f", by {launchers['chosen by']}" if launchers["chosen by"] else ""
    store = found["store"]
    libraries = found["libraries"].items()
    facts = [
        ("kohakuengine", f"{found['version']}, in {found['folder']}"),
        ("python", f"{found['python']}, {found['executable']}"),
        ("system", found["system"]),
        ("store", store["home"] + ("" if store["made"] else ", which isn't there yet")),
        (
            "launcher",
            f"{launchers['one run']} for one run, {launchers['several runs']} for several{chosen}",
        ),
        ("forks", _list(libraries, True) if launchers["can fork"] else "not on this system"),
        ("not proven", _list(libraries, False)),
    ]
    return [fact for fact in facts if fact[1]]


def _list(libraries: Any, proven: bool) -> str:
    return ", ".join(
        f"{n} {facts['version']}" for n, facts in libraries if facts["proven"] == proven
    )


def servers_text(found: list[dict[str, Any]]) -> str:
    """The warm servers as a table."""
    return table(server_rows(found)) if found else "no warm servers are alive"


def server_rows(found: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The same as rows, the heads first."""
    rows: list[tuple[str, ...]] = [
        ("warm server", "memory", "running", "imports", "started", "of", "")
    ]
    for server in found:
        rows.append(
            (
                str(server["pid"]),
                size_text(server["memory"]),
                str(server["runs"]),
                one_line(", ".join(server["imports"]) or "nothing", 48),
                age_text(time.time() - server["started"]),
                str(server["owner"]),
                one_line(server["command"], 48),
            )
        )
    return rows
