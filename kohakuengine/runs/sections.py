"""All that is known of a run or flow in sections, as texts for people."""

from __future__ import annotations

from .cells import duration_text, one_line, shown, size_text, table, time_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Document = dict[str, Any]
    Rows = list[tuple[str, ...]]
    # What stands above it, if anything, and lines of cells.
    Section = tuple[str, Rows]

_VALUE = 72  # the longest value, in characters
_MOST = 20  # lines of a section
_NO_ARTIFACTS = "none: a script makes artifacts/ in that folder, and writes them there"


def run_sections(run: Document, width: int = _VALUE) -> list[Section]:
    """What is known of a run; the first section has no head.

    Args:
        run: As `describe_run` gives it.
        width: Of the longest value, in characters.
    """
    facts: Rows = [
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
    attempts = [_attempt(attempt) for attempt in run["attempts"]]
    files: Rows = [("folder", run["path"]), ("log", run["log"] or "")]
    if not run["artifacts"]:
        files.append(("artifacts", _NO_ARTIFACTS))
    result = run["result"]
    return _filled(
        ("", _told(facts)),
        ("parameters", [_param(name, value, width) for name, value in run["params"].items()]),
        ("metrics", [(one_line(name, 48), shown(value)) for name, value in run["metrics"].items()]),
        ("result", [] if result is None else [(shown(result, 10 * width),)]),
        ("attempts", attempts if len(attempts) > 1 else []),
        ("ran on", [*_choices(run), *surroundings(run)]),
        ("files", _told(files)),
        ("artifacts", [_artifact(one) for one in run["artifacts"]]),
        ("warnings", [(one_line(text),) for text in run["warnings"]]),
    )


def flow_sections(flow: Document, options: Document) -> list[Section]:
    """What is known of a flow; the first section has no head.

    Args:
        flow: As `describe_flow` gives it.
        options: What was chosen for it, as far as that isn't the default.
    """
    facts: Rows = [
        ("flow", flow["id"]),
        ("name", one_line(flow["name"] or "")),
        ("status", flow["status"]),
        ("runs", _counts(flow)),
        *[("script", one_line(script)) for script in flow["scripts"][:_MOST]],
        ("created", time_text(flow["created"])),
        ("ended", time_text(flow["ended"])),
        ("tags", " ".join(map(one_line, flow["tags"]))),
    ]
    return _filled(
        ("", _told(facts)),
        ("options", [(name, shown(value, _VALUE)) for name, value in options.items()]),
        ("runs that didn't finish", [_failure(run) for run in flow["failures"]]),
        ("ran on", surroundings(flow)),
        ("files", [("folder", flow["path"])]),
    )


def _filled(*sections: tuple[str, Sequence[tuple[str, ...]]]) -> list[Section]:
    return [(head, list(rows)) for head, rows in sections if rows]


def _told(facts: Rows) -> Rows:
    """Those of which something is known."""
    return [fact for fact in facts if fact[1]]


def section_lines(sections: Iterable[Section]) -> Iterable[str]:
    """Sections as texts for a terminal; of long ones the first lines."""
    for head, rows in sections:
        if not head:
            yield table(rows)
            continue
        yield f"\n{head}"
        yield "\n".join(f"  {line}" for line in table(rows[:_MOST]).split("\n"))
        if len(rows) > _MOST:
            yield f"  and {len(rows) - _MOST} more: see --json"


def _fallback(run: Document) -> str:
    """Why the last attempt had a new interpreter though another launcher was asked for."""
    reason = run["attempts"][-1].get("fallback") if run["attempts"] else None
    return f"since {one_line(reason)}" if reason else ""


def _counts(flow: Document) -> str:
    counts = [f"{number} {status.replace('_', ' ')}" for status, number in flow["counts"].items()]
    total = "" if flow["total"] is None else f" of {flow['total']}"
    return f"{', '.join(counts) or 'none'}{total}"


def _failure(run: Document) -> tuple[str, ...]:
    name, error = one_line(run["name"] or "", 40), one_line(run["error"] or "")
    return run["id"][:8], name, run["status"], error


def _how(run: Document) -> str:
    text = str(run["status"]).replace("_", " ")
    if run["status"] not in ("queued", "running") and run["reason"]:
        text += f": {one_line(run['reason'], 10 * _VALUE)}"
    return text


def _script(run: Document) -> str:
    import shlex

    text = one_line(run["script"] or "")
    if run["entrypoint"]:
        text += f":{one_line(run['entrypoint'])}"
    return " ".join([text, *(one_line(shlex.quote(word)) for word in run["argv"])])


def _times(run: Document) -> Rows:
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


def _param(name: str, param: Document, width: int) -> tuple[str, ...]:
    return one_line(name, 48), param["type"] or "", shown(param["value"], width)


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


def _choices(run: Document) -> Rows:
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


def surroundings(document: Document) -> Rows:
    """What a run or flow ran on, as far as it was kept."""
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
