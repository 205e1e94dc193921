"""kogine show"""

from __future__ import annotations

import shlex

import click

from ..runs.cells import duration_text, one_line, shown, size_text, time_text
from .ids import RUN_OR_FLOW, NthCommand, find, open_store, settled
from .reply import json_text, say, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Document = dict[str, Any]
    Pairs = list[tuple[str, str]]

_VALUE = 72  # the longest value, in characters
_MOST = 20  # lines of a section
_NO_ARTIFACTS = "none: a script makes artifacts/ in that folder, and writes them there"


@click.command(cls=NthCommand, short_help="Show all that is known of a run or flow.")
@click.argument("which", metavar="RUN|FLOW", type=RUN_OR_FLOW)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(which: str, as_json: bool) -> int:
    """Show all that is known of a run or flow, by the beginning of its id or a flow's name.

    The newest run is `last`, or -1; the one before is -2.
    """
    from ..runs.detail import describe_flow, describe_run

    store = settled(open_store())
    kind, row = find(store, which)
    document = (describe_run if kind == "run" else describe_flow)(store, row)
    if as_json:
        say(json_text({"kind": kind, **document}))
    else:
        say("\n".join(_run_lines(document) if kind == "run" else _flow_lines(document)))
    return 0


def _run_lines(run: Document) -> Iterable[str]:
    yield from _facts(
        [
            ("run", run["id"]),
            ("name", one_line(run["name"] or "")),
            ("status", _how(run)),
            ("exit code", "" if run["exit_code"] is None else str(run["exit_code"])),
            ("script", _script(run)),
            ("flow", f"{run['flow']}, run {(run['position'] or 0) + 1} of it"),
            *_times(run),
            ("launcher", _joined(run["launcher"], _numbered("slot", run["slot"]))),
            ("run fresh", _fallback(run)),
            ("resources", _resources(run)),
            ("tags", " ".join(map(one_line, run["tags"]))),
        ]
    )
    yield from _section("parameters", [_param(*item) for item in run["params"].items()])
    yield from _section("metrics", [(one_line(k, 48), shown(v)) for k, v in run["metrics"].items()])
    yield from _result(run)
    if len(run["attempts"]) > 1:
        yield from _section("attempts", [_attempt(attempt) for attempt in run["attempts"]])
    yield from _section("ran on", [*_choices(run), *_surroundings(run)])
    files = [("folder", run["path"]), ("log", run["log"] or "")]
    if not run["artifacts"]:
        files.append(("artifacts", _NO_ARTIFACTS))
    yield from _section("files", [pair for pair in files if pair[1]])
    yield from _section("artifacts", [_artifact(one) for one in run["artifacts"]])
    yield from _section("warnings", [(one_line(text),) for text in run["warnings"]])


def _fallback(run: Document) -> str:
    """Why the last attempt had a new interpreter though another launcher was asked for."""
    reason = run["attempts"][-1].get("fallback") if run["attempts"] else None
    return f"since {one_line(reason)}" if reason else ""


def _flow_lines(flow: Document) -> Iterable[str]:
    yield from _facts(
        [
            ("flow", flow["id"]),
            ("name", one_line(flow["name"] or "")),
            ("status", flow["status"]),
            ("runs", _counts(flow)),
            *[("script", one_line(script)) for script in flow["scripts"][:_MOST]],
            ("created", time_text(flow["created"])),
            ("ended", time_text(flow["ended"])),
            ("tags", " ".join(map(one_line, flow["tags"]))),
        ]
    )
    yield from _section("options", _options(flow))
    bad = [
        (
            run["id"][:8],
            one_line(run["name"] or "", 40),
            run["status"],
            one_line(run["error"] or ""),
        )
        for run in flow["failures"]
    ]
    yield from _section("runs that didn't finish", bad)
    yield from _section("ran on", _surroundings(flow))
    yield from _section("files", [("folder", flow["path"])])


def _counts(flow: Document) -> str:
    counts = [f"{number} {status.replace('_', ' ')}" for status, number in flow["counts"].items()]
    total = "" if flow["total"] is None else f" of {flow['total']}"
    return f"{', '.join(counts) or 'none'}{total}"


def _options(flow: Document) -> Pairs:
    """What was chosen for the flow, as far as it isn't the default."""
    from ..flow.options import Options

    usual = {**Options().to_json(), "name": flow["name"]}
    chosen = flow["options"].items()
    return [(name, shown(value, _VALUE)) for name, value in chosen if value != usual.get(name)]


def _facts(pairs: Sequence[tuple[str, str]]) -> Iterable[str]:
    yield table([pair for pair in pairs if pair[1]])


def _section(head: str, rows: Sequence[Sequence[str]]) -> Iterable[str]:
    if not rows:
        return
    yield f"\n{head}"
    yield "\n".join(f"  {line}" for line in table(rows[:_MOST]).split("\n"))
    if len(rows) > _MOST:
        yield f"  and {len(rows) - _MOST} more: see --json"


def _how(run: Document) -> str:
    text = str(run["status"]).replace("_", " ")
    if run["status"] not in ("queued", "running") and run["reason"]:
        text += f": {one_line(run['reason'])}"
    return text


def _script(run: Document) -> str:
    text = one_line(run["script"] or "")
    if run["entrypoint"]:
        text += f":{one_line(run['entrypoint'])}"
    return " ".join([text, *(one_line(shlex.quote(word)) for word in run["argv"])])


def _times(run: Document) -> Pairs:
    return [
        ("created", time_text(run["created"])),
        ("started", time_text(run["started"])),
        ("ended", time_text(run["ended"])),
        ("duration", duration_text(run["duration"])),
    ]


def _joined(*texts: str | None) -> str:
    return ", ".join(filter(None, texts))


def _numbered(name: str, number: int | None) -> str:
    return "" if number is None else f"{name} {number}"


def _resources(run: Document) -> str:
    memory, cpu = run["peak_memory"], run["cpu_seconds"]
    return _joined(
        None if memory is None else f"{size_text(memory)} of memory at most",
        None if cpu is None else f"{duration_text(cpu)} of processor time",
    )


def _param(name: str, param: Document) -> tuple[str, str, str]:
    return one_line(name, 48), param["type"] or "", shown(param["value"], _VALUE)


def _result(run: Document) -> Iterable[str]:
    if run["result"] is not None:
        yield f"\nresult\n  {shown(run['result'], 10 * _VALUE)}"


def _attempt(attempt: Document) -> tuple[str, ...]:
    took = None
    if attempt.get("ended") is not None:
        took = max(0.0, attempt["ended"] - attempt["started"])
    return (
        str(attempt["number"]),
        (attempt["status"] or "no outcome").replace("_", " "),
        duration_text(took),
        one_line(attempt.get("reason") or ""),
    )


def _choices(run: Document) -> Pairs:
    """What was chosen for the run, as far as it isn't the default."""
    variables = run["env"] or ()  # names alone, or with values
    chosen = [
        ("timeout", run["timeout"] and duration_text(run["timeout"])),
        ("max log", run["max_log"] and size_text(run["max_log"])),
        ("strict", "yes" if run["strict"] else ""),
        ("variables", " ".join(one_line(name) for name in variables)),
        ("working directory", one_line(run["cwd"] or "")),
    ]
    return [(name, value) for name, value in chosen if value]


def _surroundings(document: Document) -> Pairs:
    python = _joined(
        document["python"], document["executable"] and one_line(document["executable"])
    )
    names = document["distributions"] or {}
    told = [
        ("host", _joined(document["host"], document["platform"])),
        ("git", _git(document["git"] or {})),
        ("python", python),
        ("packages", ", ".join(f"{name} {version}" for name, version in names.items())),
    ]
    return [(name, one_line(value)) for name, value in told if value]


def _git(git: Document) -> str:
    if not git:
        return ""
    if "error" in git:
        return str(git["error"])
    dirty = "with uncommitted changes" if git.get("dirty") else ""
    branch = f"on {git['branch']}" if git.get("branch") else ""
    return _joined(git.get("commit") or "no commit yet", branch, dirty)


def _artifact(artifact: Document) -> tuple[str, str]:
    size = artifact["bytes"]
    return one_line(artifact["name"]), "a link to nowhere" if size is None else size_text(size)
