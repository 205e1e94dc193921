"""What is recorded of where and by what a flow was run."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import kohakuengine
import kohakuengine.runs.provenance as recorded
from kohakuengine.runs.paths import FlowPaths
from kohakuengine.runs.provenance import collect, keep_provenance
from kohakuengine.runs.sources import Source, find_sources
from kohakuengine.runs.values import read_json

VARIABLES = {
    *("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("PYTHONHASHSEED", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "TZ", "LANG", "LC_ALL"),
    "SLURM_JOB_ID",
}


@pytest.fixture
def no_git(monkeypatch):
    """Have git say nothing, so that no process is started."""
    monkeypatch.setattr(recorded, "describe", lambda folder: None)


@pytest.fixture
def paths(tmp_path):
    folder = tmp_path / "flow"
    folder.mkdir()
    return FlowPaths(str(folder))


def test_python_and_place(no_git, tmp_path):
    """The interpreter, the machine and the command line are recorded."""
    record = collect([], [], str(tmp_path))
    assert record["python"] == ".".join(map(str, sys.version_info[:3]))
    assert record["executable"] == sys.executable and record["prefix"] == sys.prefix
    assert record["argv"] == sys.argv and record["cwd"] == str(tmp_path)
    assert record["kohakuengine"] == kohakuengine.__version__
    assert record["git"] is None and record["distributions"] == {}
    assert all(record[name] for name in ("implementation", "platform", "host"))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only where it can be set")
def test_cores_are_those_available(no_git, monkeypatch):
    """The cores are those that this process may use, not all the machine has."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 7})
    assert collect([], [], "/")["cpus"] == 3


def test_account_without_a_name(no_git, monkeypatch):
    """An account that isn't listed, as in many containers, is no error."""
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 5)
    assert collect([], [], "/")["user"] is None


def test_environment_is_a_named_list(no_git, monkeypatch):
    """Of the environment a few variables are recorded, and no other."""
    for name in VARIABLES:
        monkeypatch.setenv(name, f"value of {name}")
    monkeypatch.setenv("MY_API_KEY", "hunter2")
    monkeypatch.setenv("KOGINE_TOKEN", "hunter2")
    record = collect([], [], "/")
    assert record["environment"] == {name: f"value of {name}" for name in VARIABLES}
    assert "hunter2" not in json.dumps(record)


def test_variables_that_are_not_set(no_git, monkeypatch):
    """A variable that isn't set isn't recorded as empty."""
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setenv("LANG", "")
    environment = collect([], [], "/")["environment"]
    assert "TZ" not in environment and environment["LANG"] == ""


def test_distributions_of_all_sources(no_git, tmp_path):
    """The versions of what the script and its modules import are recorded, but of nothing else."""
    from importlib.metadata import version

    (tmp_path / "model.py").write_text("def f():\n    import hypothesis.strategies")
    text = b"import os, model\nfrom pytest import mark"
    sources = find_sources(str(tmp_path / "train.py"), text, str(tmp_path))
    expected = {name: version(name) for name in ("hypothesis", "pytest")}
    assert collect([], sources, "/")["distributions"] == expected


def test_repository_of_the_script(monkeypatch, tmp_path):
    """The repository is the one that the script lies in, links followed, else that of the cwd."""
    repos = {"/code": {"root": "/code"}, "/here": {"root": "/here"}}
    monkeypatch.setattr(recorded, "describe", repos.get)
    monkeypatch.setattr(os.path, "realpath", lambda path: path.replace("/link", "/code"))
    assert collect(["/tmp/a.py", "/link/b.py"], [], "/here")["git"] == {"root": "/code"}
    assert collect(["/tmp/a.py"], [], "/here")["git"] == {"root": "/here"}


def test_record_on_disk(no_git, paths):
    """The record and the sources lie in the flow's folder, and the record says which is which."""
    record = keep_provenance(paths, ["/a/train.py"], [Source("/a/train.py", b"x = 1")], "/")
    assert read_json(paths.provenance) == record
    (source,) = record["sources"]
    assert source["path"] == "/a/train.py" and record["diff"] is None
    with open(os.path.join(paths.source, source["kept"]), "rb") as file:
        assert file.read() == b"x = 1"


def test_bytes_that_are_not_text(no_git, paths, monkeypatch):
    """Names that aren't UTF-8 come back from the record as they were."""
    monkeypatch.setattr(sys, "argv", ["a\udcff"])
    keep_provenance(paths, ["/a\udcff/b.py"], [Source("/a\udcff/b.py", b"")], "/c\udcff")
    record = read_json(paths.provenance)
    assert record["argv"] == ["a\udcff"] and record["cwd"] == "/c\udcff"
    assert record["sources"][0]["path"] == "/a\udcff/b.py"


@pytest.mark.parametrize("git", [{"error": "no"}, {"root": "/", "dirty": False}])
def test_no_difference(git, paths, monkeypatch):
    """Where nothing is changed, or git refuses, no difference is kept."""
    monkeypatch.setattr(recorded, "describe", lambda folder: git)
    record = keep_provenance(paths, [], [], "/")
    assert record["git"] == git and record["diff"] is None
    assert os.listdir(paths.source) == []


@pytest.mark.process
def test_uncommitted_difference(paths, tmp_path):
    """What is changed since the last commit is kept beside the sources."""
    repo = tmp_path / "repo"
    repo.mkdir()
    script = repo / "train.py"
    script.write_text("x = 1\n")
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for line in (["init", "-q"], ["add", "."], [*name, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(repo), *line], check=True)
    script.write_text("x = 2\n")
    record = keep_provenance(paths, [str(script)], [], "/")
    assert record["git"]["root"] == str(repo) and record["diff"] == "uncommitted.diff"
    with open(os.path.join(paths.source, record["diff"]), "rb") as file:
        assert b"-x = 1\n+x = 2\n" in file.read()
