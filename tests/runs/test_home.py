"""Where the store is found and made, and where its index lies."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from kohakuengine.errors import StoreError
from kohakuengine.runs.home import find_home, index_path, make_home
from kohakuengine.runs.paths import StorePaths

LOCAL = "/dev/sda / ext4 rw 0 0\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder two levels down, of which nothing above counts as a store or a repository."""
    monkeypatch.delenv("KOGINE_HOME", raising=False)
    inner = tmp_path / "project" / "scripts"
    inner.mkdir(parents=True)
    return inner


def test_variable_wins(folder, monkeypatch):
    """KOGINE_HOME names the store, wherever one stands."""
    (folder / ".kogine").mkdir()
    monkeypatch.setenv("KOGINE_HOME", str(folder / "elsewhere"))
    assert find_home(str(folder)) == str(folder / "elsewhere")


def test_variable_may_be_relative_or_begin_at_home(folder, monkeypatch):
    """KOGINE_HOME is read as a shell would read it, and the answer is always absolute."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KOGINE_HOME", "mine")
    assert find_home() == str(folder / "mine")
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("KOGINE_HOME", "~/mine")
    assert find_home() == str(folder.parent / "mine")


def test_empty_variable_names_nothing(folder, monkeypatch):
    """An empty KOGINE_HOME is as none."""
    monkeypatch.setenv("KOGINE_HOME", "")
    (folder / ".kogine").mkdir()
    assert find_home(str(folder)) == str(folder / ".kogine")


def test_nearest_store_upwards(folder):
    """A store in a folder above is used from below, as git does; the nearest of several."""
    (folder.parents[1] / ".kogine").mkdir()
    assert find_home(str(folder)) == str(folder.parents[1] / ".kogine")
    (folder.parent / ".kogine").mkdir()
    assert find_home(str(folder)) == str(folder.parent / ".kogine")


def test_store_above_the_repository_counts(folder):
    """An existing store wins against the root of the repository."""
    (folder.parents[1] / ".kogine").mkdir()
    (folder.parent / ".git").mkdir()
    assert find_home(str(folder)) == str(folder.parents[1] / ".kogine")


@pytest.mark.parametrize("worktree", [False, True])
def test_new_store_lies_in_the_repository(folder, worktree):
    """Where there is no store yet, its place is the root of the repository, worktrees included."""
    git = folder.parent / ".git"
    git.write_text("gitdir: elsewhere") if worktree else git.mkdir()
    assert find_home(str(folder)) == str(folder.parent / ".kogine")


def test_new_store_without_a_repository(folder, monkeypatch):
    """Without a repository, a new store's place is the working directory."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(os.path, "exists", lambda path: False)  # whatever lies above tmp_path
    assert find_home() == str(folder / ".kogine")


def test_file_of_that_name_is_no_store(folder):
    """Only a folder named .kogine is a store."""
    (folder / ".kogine").write_text("")
    (folder.parent / ".kogine").mkdir()
    assert find_home(str(folder)) == str(folder.parent / ".kogine")


def test_working_directory_that_is_gone(folder, monkeypatch):
    """Where the working directory has been deleted, the store is looked for from the user's home."""
    (folder / "gone").mkdir()
    (folder / ".kogine").mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    assert find_home() == str(folder / ".kogine")


def test_store_hides_itself_from_git(tmp_path):
    """A new store has its folders, and a .gitignore that keeps all of it out of git."""
    make_home(str(tmp_path / "a" / ".kogine"))
    home = tmp_path / "a" / ".kogine"
    assert sorted(os.listdir(home)) == [".gitignore", "flows", "runs"]
    assert (home / ".gitignore").read_text() == "*\n"


def test_making_it_again_changes_nothing(tmp_path):
    """An existing store is left as its user made it."""
    make_home(str(tmp_path))
    (tmp_path / ".gitignore").write_text("*\n!notes.md\n")
    make_home(str(tmp_path))
    assert (tmp_path / ".gitignore").read_text() == "*\n!notes.md\n"


def test_several_make_it_at_once(tmp_path):
    """Processes that start together don't trip over each other."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make_home, [str(tmp_path / "new")] * 32))
    assert (tmp_path / "new" / ".gitignore").read_text() == "*\n"


def test_store_that_cannot_be_made(tmp_path):
    """One sentence says what can't be made, where, why, and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be made in .*not a directory.*KOGINE_HOME") as got:
        make_home(str(tmp_path / "file" / ".kogine"))
    assert got.value.path == str(tmp_path / "file" / ".kogine")


def test_store_on_a_full_disk(tmp_path, monkeypatch):
    """A full disk is said to be one."""

    def full(path, exist_ok=False):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "makedirs", full)
    with pytest.raises(StoreError, match="no space left on device"):
        make_home(str(tmp_path / ".kogine"))


def place(home, mounts):
    return index_path(StorePaths(str(home)), mounts)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return str(tmp_path / "cache" / "kohakuengine")


def test_index_lies_in_the_store(tmp_path, cache):
    """On a local disk the index is a file of the store; so it is where mounts aren't known."""
    assert place(tmp_path, LOCAL) == str(tmp_path / "kogine.db")
    assert place(tmp_path, "") == str(tmp_path / "kogine.db")


@pytest.mark.parametrize(
    "kind", "nfs nfs4 cifs smb smb3 lustre gpfs fuse.sshfs 9p beegfs ceph".split()
)
def test_index_of_a_store_on_a_network(tmp_path, cache, kind):
    """On a network filesystem, where SQLite's log doesn't work, the index is in the user's cache."""
    mounts = f"{LOCAL}server:/x {os.path.realpath(tmp_path)} {kind} rw 0 0\n"
    index = place(tmp_path / "home", mounts)
    assert index.startswith(cache) and index.endswith("/kogine.db")
    assert index == place(tmp_path / "home", mounts) != place(tmp_path / "other", mounts)


def test_cache_of_a_user_without_the_variable(tmp_path, monkeypatch):
    """Without XDG_CACHE_HOME, or with a relative one, the cache is ~/.cache."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        index = place(tmp_path, "server:/x / nfs rw 0 0")
        assert index.startswith(str(tmp_path / ".cache" / "kohakuengine"))


def test_innermost_mount_counts(tmp_path, cache):
    """A local disk within a network filesystem is local, and the other way round."""
    real = os.path.realpath(tmp_path)
    outer, inner = "a / nfs rw 0 0\n", f"b {real} ext4 rw 0 0\n"
    for mounts in (outer + inner, inner + outer):
        assert place(tmp_path, mounts) == str(tmp_path / "kogine.db")
        assert place(tmp_path.parent, mounts).startswith(cache)


def test_last_of_two_mounts_on_one_folder_counts(tmp_path, cache):
    """What is mounted over another filesystem covers it."""
    assert place(tmp_path, LOCAL + "server:/x / nfs rw 0 0\n").startswith(cache)


def test_mount_beside_does_not_count(tmp_path, cache):
    """A mount on a folder whose name is the beginning of ours says nothing of ours."""
    real = os.path.realpath(tmp_path)
    assert place(tmp_path / "ab", f"{LOCAL}s:/ {real}/a nfs rw 0 0\n").startswith(str(tmp_path))


def test_mount_with_a_space(tmp_path, cache):
    """The kernel's way of writing spaces in names is understood."""
    real = os.path.realpath(tmp_path)
    assert place(tmp_path / "a b" / "c", f"{LOCAL}s:/ {real}/a\\040b nfs rw 0 0\n").startswith(
        cache
    )


def test_link_to_a_network(tmp_path, cache):
    """It counts where the store is, not how it is reached."""
    (tmp_path / "net").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "net")
    mounts = f"{LOCAL}s:/ {os.path.realpath(tmp_path)}/net nfs rw 0 0\n"
    assert place(tmp_path / "link", mounts) == place(tmp_path / "net", mounts)
    assert place(tmp_path / "link", mounts).startswith(cache)
