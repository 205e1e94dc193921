"""What git says of a folder, asked so that nothing a repository configures is executed.

Git runs commands that the configuration of a repository names, e.g. to watch files or to show
differences. Whoever records a run in a repository of others asked for none of them.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from subprocess import Popen
    from typing import Any

_TIMEOUT = 5.0  # seconds, for each command
_MOST_BYTES = 1_000_000
_USAGE = 129  # git's status for an option that it doesn't know
_CUT = b"\n# The rest is left out: the difference is larger than 1,000,000 bytes.\n"

_SAFE = [
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "diff.autoRefreshIndex=false",  # else `git diff` writes the index
]

# Variables which, e.g. in a hook of git's, would make it look at another repository than ours.
_ELSEWHERE = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE"),
    *("GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_CONFIG"),
}
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # What a partial clone lacks isn't fetched.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "LC_ALL": "C",
}


class GitError(Exception):
    """Git is there, and the repository perhaps too, but it doesn't answer. Not for users.

    Args:
        status: With which git ended, where it did.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def describe(folder: str) -> dict[str, Any] | None:
    """The state of the repository that a folder lies in.

    Returns:
        Its "root", the "commit" (None where there is none yet), the "branch" (None where the HEAD
        is detached), whether tracked files are "dirty", and where there is one, the "remote"
        without credentials. An "error" alone where git refuses, or doesn't answer in 5 seconds.
        None where there is no repository or no git.
    """
    if not os.path.isdir(folder) or not _may_be_in_one(folder):
        return None
    try:
        root = _root(folder)
        return None if root is None else {"root": root, **_state(root), **_remote(root)}
    except GitError as error:
        return {"error": str(error)}


def _may_be_in_one(folder: str) -> bool:
    """Whether it is worth while to ask git, which takes longer than a look at the folders above."""
    if "GIT_DIR" in os.environ:
        return True
    folder = os.path.realpath(folder)
    while True:
        # A bare repository has no .git, but a HEAD and objects of its own.
        names = (".git", "objects")
        if any(os.path.exists(os.path.join(folder, name)) for name in names):
            return True
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above


def uncommitted_diff(root: str) -> bytes | None:
    """How the tracked files differ from the last commit, in a form that `git apply` takes.

    What is changed within submodules is left out.

    Args:
        root: The root of the repository.

    Returns:
        At most 1 MB, else cut with a note. Empty where nothing differs. None where git can't
        tell: there is no repository, no commit, no git, or no answer within 5 seconds.
    """
    options = ["--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative"]
    options += ["--ignore-submodules=dirty", "--submodule=short"]
    options += ["--src-prefix=a/", "--dst-prefix=b/"]
    try:
        diff = _ask(root, "diff", *options, "HEAD", "--", settings=_no_filters(root))
    except GitError:
        return None
    if diff and len(diff) > _MOST_BYTES:
        diff = diff[: diff.rfind(b"\n", 0, _MOST_BYTES - len(_CUT)) + 1] + _CUT
    # Of files that were touched and not changed there is a heading alone, which can't be applied.
    return diff and re.sub(rb"(?m)^diff --git .*\n(?=diff --git |\Z)", b"", diff)


def without_credentials(url: str) -> str:
    """A remote's address without user, password, and what comes after a `?`.

    Example:
        >>> without_credentials("https://me:secret@example.org/a.git")
        'https://example.org/a.git'
        >>> without_credentials("git@example.org:a.git")
        'git@example.org:a.git'
    """
    scheme, mark, rest = url.partition("://")
    if not mark:  # a path, or user@host:path, where no password can be
        return url
    rest = re.sub(r"^[^/]*@", "", rest)
    # A password with a slash in it: git wouldn't take that, but it may stand there.
    rest = re.sub(r"^[^/@]*:(?![0-9]+(/|$)).*@", "", rest, flags=re.DOTALL)
    return scheme + mark + re.split("[?#]", rest)[0]


def _root(folder: str) -> str | None:
    try:
        answer = _ask(folder, "rev-parse", "--show-toplevel")
    except GitError as error:
        if str(error).startswith("not a git repository ("):  # nor any of the folders above
            return None
        raise
    return None if answer is None else os.fsdecode(answer.removesuffix(b"\n"))


def _state(root: str) -> dict[str, Any]:
    options = ["--porcelain=v2", "--branch", "--no-ahead-behind"]
    options += ["--untracked-files=no", "--ignore-submodules=dirty"]
    answer = _ask(root, "status", *options, settings=_no_filters(root)) or b""
    lines = os.fsdecode(answer).split("\n")
    told = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    commit, branch = told.get("branch.oid"), told.get("branch.head")
    return {
        "commit": None if commit == "(initial)" else commit,
        "branch": None if branch == "(detached)" else branch,
        "dirty": any(line and line[0] != "#" for line in lines),
    }


def _remote(root: str) -> dict[str, str]:
    urls = [(key, url) for _, key, url in _settings(root, r"^remote\..*\.url$") if url]
    if not urls:
        return {}
    url = dict(reversed(urls)).get("remote.origin.url", urls[0][1])
    return {"remote": without_credentials(url)}


def _no_filters(root: str) -> list[str]:
    """Settings that switch off the filters which the repository itself defines."""
    found = _settings(root, r"^filter\.")
    trusted = ("system", "global", "command")
    names = {key.rpartition(".")[0] for scope, key, _ in found if scope not in trusted}
    if any("=" in name for name in names):  # can't be told by -c
        raise GitError("the repository's configuration has a filter with = in its name")
    return [
        f"{name}.{setting}"
        for name in sorted(names)
        for setting in ("clean=", "smudge=", "process=", "required=false")
    ]


def _settings(root: str, pattern: str) -> list[tuple[str, str, str]]:
    """Scope, name and value of the settings whose name matches."""
    try:
        answer = _config(root, "--show-scope", "--get-regexp", pattern)
    except GitError as error:
        if error.status != _USAGE:
            raise
        # Git before 2.26 tells no scopes. Then no filter is trusted.
        found = _config(root, "--get-regexp", pattern).split("\0")[:-1]
        answer = "".join(f"unknown\0{setting}\0" for setting in found)
    parts = answer.split("\0")
    return [
        (scope, *setting.partition("\n")[::2]) for scope, setting in zip(parts[::2], parts[1::2])
    ]


def _config(root: str, *options: str) -> str:
    try:
        answer = _ask(root, "config", "--null", *options) or b""
    except GitError as error:
        if error.status == 1:  # there is none
            return ""
        raise
    if len(answer) > _MOST_BYTES:
        raise GitError("the repository's configuration is too large")
    return os.fsdecode(answer)


def _ask(folder: str, *command: str, settings: list[str] | None = None) -> bytes | None:
    """What a git command answers, at most a little over 1 MB of it; None without git.

    Raises:
        GitError: It fails, or takes too long.
    """
    import shutil
    import subprocess
    import tempfile

    git = shutil.which("git")
    if git is None:
        return None
    options = [part for setting in [*_SAFE, *(settings or [])] for part in ("-c", setting)]
    line = [git, "-C", os.path.abspath(folder), "--no-pager", *options, *command]
    try:
        with tempfile.TemporaryFile() as errors:
            with subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(os.environ),
                start_new_session=True,
            ) as process:
                answer, cut = _read(process)
            errors.seek(0)
            said = errors.read(10_000).decode("utf-8", "replace")
    except (OSError, ValueError) as error:  # ValueError: a null byte
        raise GitError(f"git can't be run: {error}") from None
    if process.returncode and not cut:
        message = _complaint(said) or f"git {command[0]} ended with status {process.returncode}"
        raise GitError(message, process.returncode)
    return answer


def _read(process: Popen[bytes]) -> tuple[bytes, bool]:
    """Read the output up to the limit and end the process; whether there was more.

    Raises:
        GitError: It took too long.
    """
    from threading import Event, Timer

    late = Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = Timer(_TIMEOUT, end)
    timer.daemon = True
    timer.start()
    try:
        assert process.stdout is not None
        answer = process.stdout.read(_MOST_BYTES + 1)
        cut = len(answer) > _MOST_BYTES
        if cut:
            _kill(process)
        process.wait()
    finally:
        timer.cancel()
        _kill(process)
    if late.is_set():
        raise GitError(f"git took longer than {_TIMEOUT:.0f} seconds")
    return answer, cut


def _kill(process: Popen[bytes]) -> None:
    """End git and what it has started."""
    import signal

    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except AttributeError:  # Windows has no process groups of this kind
            process.kill()
        except (ProcessLookupError, PermissionError):  # it has ended meanwhile
            pass


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in _ELSEWHERE}
    return {**kept, **_QUIET}


def _complaint(said: str) -> str:
    """The first line of git's that says why it failed."""
    lines = [line for line in said.splitlines() if line.strip()]
    fatal = [line.partition(": ")[2] for line in lines if line.startswith("fatal: ")]
    return (fatal or lines or [""])[0][:500]
