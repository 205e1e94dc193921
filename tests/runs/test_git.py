"""What is recorded of a git repository, and what asking for it doesn't do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest

import kohakuengine.runs.git as asked
from kohakuengine.runs.git import describe, uncommitted_diff, without_credentials

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("git") is None, reason="git isn't installed"),
]


@pytest.fixture(autouse=True)
def _own_settings(tmp_path, monkeypatch):
    """Settings of the machine and of its user don't count."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


def _git(folder, *line):
    settings = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", "-C", str(folder), *settings, *line]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return run.stdout.strip()


@pytest.fixture
def repo(tmp_path):
    """A repository with one commit, of train.py."""
    folder = tmp_path / "a repo"
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("x = 1\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "first")
    return folder


def test_clean_repository(repo):
    """The commit, the branch and the root are recorded, from any folder in the repository."""
    commit = _git(repo, "rev-parse", "HEAD")
    expected = {"root": str(repo), "commit": commit, "branch": "main", "dirty": False}
    (repo / "deep").mkdir()
    assert describe(str(repo)) == describe(str(repo / "deep")) == expected
    assert uncommitted_diff(str(repo)) == b""


def test_changed_repository(repo, tmp_path):
    """What is changed and not committed makes the same files again."""
    for name in ("a.py", "z.py"):
        (repo / name).write_text("")
    _git(repo, "add", ".")
    _git(repo, "commit", "-q", "-m", "second")
    for name in ("a.py", "z.py"):
        os.utime(repo / name, (0, 0))
    (repo / "train.py").write_text("x = 2\n")
    (repo / "data.bin").write_bytes(bytes(range(256)))
    _git(repo, "add", "data.bin")
    (repo / "untracked.txt").write_text("")
    assert describe(str(repo))["dirty"]
    diff = uncommitted_diff(str(repo))
    copy = tmp_path / "copy"
    _git(tmp_path, "clone", "-q", str(repo), str(copy))
    subprocess.run(["git", "-C", str(copy), "apply"], input=diff, check=True)
    assert (copy / "train.py").read_text() == "x = 2\n"
    assert (copy / "data.bin").read_bytes() == bytes(range(256))
    assert not (copy / "untracked.txt").exists()


def test_untracked_files_are_not_dirt(repo):
    """Files that git doesn't know, as results are, don't make a repository dirty."""
    (repo / "result.txt").write_text("")
    assert not describe(str(repo))["dirty"]


def test_detached_head(repo):
    """Without a branch, the commit is recorded."""
    _git(repo, "checkout", "-q", "--detach")
    state = describe(str(repo))
    assert state["branch"] is None and len(state["commit"]) == 40


def test_repository_without_commits(tmp_path):
    """A new repository has a branch and no commit."""
    _git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a").write_text("")
    _git(tmp_path, "add", "a")
    expected = {"root": str(tmp_path), "commit": None, "branch": "main", "dirty": True}
    assert describe(str(tmp_path)) == expected
    assert uncommitted_diff(str(tmp_path)) is None


def test_no_repository(tmp_path):
    """Outside of a repository, and where there is no such folder, nothing is recorded."""
    assert describe(str(tmp_path)) is None
    assert describe(str(tmp_path / "gone")) is None
    assert uncommitted_diff(str(tmp_path)) is None


def test_without_git(repo, monkeypatch):
    """Where git isn't installed, nothing is recorded."""
    monkeypatch.setenv("PATH", str(repo))
    assert describe(str(repo)) is None
    assert uncommitted_diff(str(repo)) is None


def test_bare_repository(tmp_path):
    """A repository without files says so."""
    _git(tmp_path, "init", "-q", "--bare", "bare.git")
    assert "work tree" in describe(str(tmp_path / "bare.git"))["error"]


def test_broken_settings(repo):
    """A repository that git can't read is recorded with git's complaint."""
    with open(repo / ".git/config", "a") as file:
        file.write("[core\n")
    assert "bad config" in describe(str(repo))["error"]
    assert uncommitted_diff(str(repo)) is None


def test_broken_index(repo):
    """A repository whose index is damaged is recorded with git's complaint."""
    (repo / ".git/index").write_bytes(b"no index" * 100)
    assert "index" in describe(str(repo))["error"]


def test_link_to_a_repository_that_is_gone(tmp_path):
    """A worktree whose repository was deleted is an error, not a folder without repository."""
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    assert "not a git repository: /nowhere" in describe(str(tmp_path))["error"]


def test_repository_of_another_user(repo, monkeypatch):
    """Where git refuses a repository of another's, its reason is recorded."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "dubious ownership" in describe(str(repo))["error"]
    assert uncommitted_diff(str(repo)) is None


def test_deleted_working_directory(repo, tmp_path, monkeypatch):
    """That this process's own working directory is gone doesn't matter."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert describe(str(repo))["branch"] == "main"


def test_variables_of_a_git_hook(repo, tmp_path, monkeypatch):
    """In a hook, whose variables name a repository, it is still the folder that counts."""
    _git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert describe(str(repo))["root"] == str(repo)


def test_hostile_folder_names(tmp_path):
    """Any name of a folder and of a file in it is taken."""
    folder = tmp_path / "-a 'b'\nc\udcff"
    folder.mkdir()
    _git(folder, "init", "-q")
    (folder / "x\ny.py").write_text("1\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "first")
    (folder / "x\ny.py").write_text("2\n")
    state = describe(str(folder))
    assert state["root"] == str(folder) and state["dirty"]
    assert b"+2" in uncommitted_diff(str(folder))


def test_user_settings_do_not_change_the_difference(repo, tmp_path, monkeypatch):
    """The difference can be applied, whatever the user has set for their own eyes."""
    settings = tmp_path / "settings"
    settings.write_text(
        "[diff]\n noprefix = true\n mnemonicPrefix = true\n relative = true\n"
        "[color]\n ui = always\n[core]\n pager = false\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    (repo / "train.py").write_text("x = 2\n")
    assert b"--- a/train.py\n+++ b/train.py\n" in uncommitted_diff(str(repo))


def test_large_difference_is_cut(repo):
    """More than 1 MB is cut at the end of a line, with a note."""
    (repo / "train.py").write_text("".join(f"x{n} = {n}\n" for n in range(200_000)))
    diff = uncommitted_diff(str(repo))
    assert 900_000 < len(diff) <= 1_000_000
    assert diff.endswith(
        b"\n# The rest is left out: the difference is larger than 1,000,000 bytes.\n"
    )


def _hostile_command(repo):
    """A command that leaves a mark, and the mark."""
    mark = repo.parent / "mark"
    script = repo.parent / "evil.sh"
    script.write_text(f'#!/bin/sh\ntouch "{mark}"\ncat "$@"\n')
    script.chmod(0o755)
    return f"'{script}'", mark


HOSTILE = {
    "fsmonitor": ("core.fsmonitor", ""),
    "external diff": ("diff.external", ""),
    "driver's command": ("diff.evil.command", "* diff=evil"),
    "text conversion": ("diff.evil.textconv", "* diff=evil"),
    "clean filter": ("filter.evil.clean", "* filter=evil"),
    "filter process": ("filter.evil.process", "* filter=evil"),
    "filter with = in its name": ("filter.e=vil.clean", "* filter=e=vil"),
    "pager": ("core.pager", ""),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_commands_of_a_repository_are_not_executed(kind, repo):
    """Nothing that a repository's own settings name is executed."""
    command, mark = _hostile_command(repo)
    setting, attributes = HOSTILE[kind]
    _git(repo, "config", setting, command)
    (repo / ".git/info/attributes").write_text(attributes + "\n")
    (repo / "train.py").write_text("x = 2\n")
    describe(str(repo))
    uncommitted_diff(str(repo))
    assert not mark.exists()


@pytest.mark.parametrize("kind", ["clean filter", "fsmonitor"])
def test_such_commands_would_be_executed_else(kind, repo):
    """The trap of the test above works: plain git executes them."""
    command, mark = _hostile_command(repo)
    setting, attributes = HOSTILE[kind]
    _git(repo, "config", setting, command)
    (repo / ".git/info/attributes").write_text(attributes + "\n")
    (repo / "train.py").write_text("x = 2\n")
    _git(repo, "status")
    assert mark.exists()


def test_hooks_are_not_executed(repo):
    """No hook of the repository's is executed."""
    command, mark = _hostile_command(repo)
    for name in ("post-index-change", "fsmonitor-watchman"):
        hook = repo / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{command}\n")
        hook.chmod(0o755)
    os.utime(repo / "train.py", (0, 0))
    assert not describe(str(repo))["dirty"]
    assert not mark.exists()


def test_filters_of_the_user_count(repo, tmp_path, monkeypatch):
    """A filter of the user's own settings, as git-lfs is, is asked: else all its files are dirty."""
    settings = tmp_path / "settings"
    settings.write_text('[filter "upper"]\n clean = tr a-z A-Z\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    (repo / ".git/info/attributes").write_text("* filter=upper\n")
    (repo / "train.py").write_text("y = 1\n")
    assert b"+Y = 1" in uncommitted_diff(str(repo))


def test_nothing_is_written(repo):
    """Asking leaves the repository as it is, also where git would refresh its index."""
    os.utime(repo / "train.py", (0, 0))
    before = (repo / ".git/index").read_bytes()
    describe(str(repo))
    assert uncommitted_diff(str(repo)) == b""
    assert (repo / ".git/index").read_bytes() == before


@pytest.fixture
def fake_git(tmp_path, monkeypatch):
    """Put a program in the place of git."""

    def fake_git(text, interpreter=None):
        folder = tmp_path / "bin"
        folder.mkdir()
        if interpreter is None:  # whose path may hold a space, which #! doesn't take
            (folder / "git.py").write_text(text)
            interpreter, text = "/bin/sh", f"exec '{sys.executable}' '{folder}/git.py' \"$@\"\n"
        (folder / "git").write_text(f"#!{interpreter}\n{text}")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return fake_git


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A machine that is busy with other tests doesn't make git fail."""
    monkeypatch.setattr(asked, "_TIMEOUT", 60.0)


def test_git_is_not_asked_outside_of_a_repository(tmp_path, fake_git):
    """Where no folder above looks like a repository, no process is started."""
    fake_git("import sys\nsys.exit('asked')")
    assert describe(str(tmp_path)) is None


def test_git_that_does_not_answer(tmp_path, fake_git, monkeypatch):
    """A git that takes too long is ended, with what it has started, and that is recorded."""
    monkeypatch.setattr(asked, "_TIMEOUT", 5.0)
    (tmp_path / ".git").mkdir()
    pid = tmp_path / "pid"
    sleep = shutil.which("sleep")
    fake_git(f"'{sleep}' 600 &\necho $! > '{pid}'\nwait\n", interpreter="/bin/sh")
    assert describe(str(tmp_path)) == {"error": "git took longer than 5 seconds"}
    deadline = time.monotonic() + 60
    while _is_running(int(pid.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_old_git(repo, fake_git):
    """A git that doesn't know in which file a setting stands executes no filters at all."""
    command, mark = _hostile_command(repo)
    _git(repo, "config", "filter.evil.clean", command)
    _git(repo, "remote", "add", "origin", "git@example.org:a.git")
    (repo / ".git/info/attributes").write_text("* filter=evil\n")
    (repo / "train.py").write_text("x = 2\n")
    git = shutil.which("git")
    fake_git(
        "import os, sys\n"
        "if '--show-scope' in sys.argv: sys.exit(129)\n"
        f"os.execv({git!r}, sys.argv)"
    )
    state = describe(str(repo))
    assert state["dirty"] and state["remote"] == "git@example.org:a.git"
    assert uncommitted_diff(str(repo)) and not mark.exists()


def test_git_that_says_much(tmp_path, fake_git):
    """Warnings in any number don't hold git up."""
    (tmp_path / ".git").mkdir()
    fake_git("import sys\nsys.stderr.write('warning: x\\n' * 100_000)\nsys.exit(3)")
    assert describe(str(tmp_path)) == {"error": "warning: x"}


def test_git_that_cannot_be_executed(tmp_path, monkeypatch):
    """A git that isn't a program is recorded as such."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "git").write_bytes(b"\x7fELF no program")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "can't be run" in describe(str(tmp_path))["error"]


def test_remote(repo):
    """The remote `origin` is recorded, else the first one, without credentials."""
    _git(repo, "remote", "add", "backup", "https://me:secret@example.org/b.git")
    assert describe(str(repo))["remote"] == "https://example.org/b.git"
    _git(repo, "remote", "add", "origin", "git@example.org:a.git")
    assert describe(str(repo))["remote"] == "git@example.org:a.git"


URLS = {
    "https://example.org/a.git": "https://example.org/a.git",
    "https://me@example.org/a.git": "https://example.org/a.git",
    "https://me:secret@example.org:8080/a.git": "https://example.org:8080/a.git",
    "https://secret@example.org/a@v1": "https://example.org/a@v1",
    "https://me:sec@ret@example.org/a": "https://example.org/a",
    "https://me:sec/ret@example.org/a": "https://example.org/a",
    "https://me:sec#r?et@example.org/a": "https://example.org/a",
    "https://me:se/c#r?et@example.org/a": "https://example.org/a",
    "https://example.org/a?token=secret#secret": "https://example.org/a",
    "https://example.org:8080/a@v1": "https://example.org:8080/a@v1",
    "helper::https://me:secret@example.org/a": "helper::https://example.org/a",
    "ssh://git@example.org:22/a.git": "ssh://example.org:22/a.git",
    "git@example.org:a.git": "git@example.org:a.git",
    "/home/me/C#/a.git": "/home/me/C#/a.git",
}


@pytest.mark.parametrize("url", URLS)
def test_credentials_are_stripped(url):
    """What may be secret in a remote's address is left out, and no more than that."""
    assert without_credentials(url) == URLS[url]
