"""What was run, by which Python, where: what it takes to run it again."""

from __future__ import annotations

import os
import sys

from .distributions import imported_distributions
from .git import describe, uncommitted_diff
from .sources import DIFF_NAME, keep_sources
from .values import FORMAT, write_bytes, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .paths import FlowPaths
    from .sources import Source

__all__ = ["RECORDED_VARIABLES", "collect", "keep_provenance", "uncommitted_diff"]

# All that is ever recorded of the environment, which is full of secrets.
RECORDED_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "CONDA_DEFAULT_ENV",
    "TZ",
    "LANG",
    "LC_ALL",
    "SLURM_JOB_ID",
)


def keep_provenance(
    paths: FlowPaths, script_paths: Sequence[str], sources: Sequence[Source], cwd: str
) -> dict[str, Any]:
    """Write what a flow runs into its folder: the record, the sources, the uncommitted difference.

    Args:
        paths: The flow's files.
        script_paths: The scripts.
        sources: What they consist of, of all scripts together.
        cwd: The working directory they run in.

    Returns:
        What is in the record: what `collect` gives; "sources", as `keep_sources` gives them; and
        "diff", the name of the difference in the folder of sources, None where there is none.

    Raises:
        OSError: The folder can't be written.
    """
    record = collect(script_paths, sources, cwd)
    record["sources"] = keep_sources(sources, paths.source)
    record["diff"] = _keep_diff(paths, record["git"])
    write_json(paths.provenance, record)
    return record


def _keep_diff(paths: FlowPaths, git: dict[str, Any] | None) -> str | None:
    diff = uncommitted_diff(git["root"]) if git and git.get("dirty") else None
    if not diff:
        return None
    write_bytes(os.path.join(paths.source, DIFF_NAME), diff)
    return DIFF_NAME


def collect(script_paths: Sequence[str], sources: Iterable[Source], cwd: str) -> dict[str, Any]:
    """What a run takes place with; all of it fit for JSON.

    Args:
        script_paths: The scripts; the repository is the one that the first of them lies in that
            lies in one, else that of the working directory.
        sources: What the scripts consist of; their imports tell which distributions are in use.
        cwd: The working directory they run in.

    Returns:
        "python", "implementation", "executable", "prefix", "platform", "host", "user", "cpus" (the
        cores available to this process), "cwd", "argv" (of this process), "kohakuengine" (its
        version), "git", "distributions" (version by name) and "environment" (a few named variables,
        never more).
    """
    import platform

    imports = {name for source in sources for name in source.imports}
    return {
        "format": FORMAT,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "platform": platform.platform(),
        "host": platform.node(),
        "user": _user(),
        "cpus": _cpus(),
        "cwd": cwd,
        "argv": [str(argument) for argument in getattr(sys, "argv", ())],
        "kohakuengine": sys.modules[__name__.partition(".")[0]].__version__,
        "git": _git(script_paths, cwd),
        "distributions": imported_distributions(imports) if imports else {},
        "environment": {
            name: os.environ[name] for name in RECORDED_VARIABLES if name in os.environ
        },
    }


def _git(script_paths: Iterable[str], cwd: str) -> dict[str, Any] | None:
    scripts = [os.path.dirname(os.path.realpath(path)) for path in script_paths]
    found = (describe(folder) for folder in dict.fromkeys([*scripts, cwd]))
    return next(filter(None, found), None)


def _user() -> str | None:
    """The name of the account, which may have none, as in many containers."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return None


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
