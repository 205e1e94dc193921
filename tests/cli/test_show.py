"""kogine show"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from stored import Stored, stored, sweep  # noqa: F401

from kohakuengine import Config
from kohakuengine.flow.sequential import Sequential
from kohakuengine.runs.values import write_json


@pytest.fixture
def trained(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """A run of a real script, with an artifact; the script prints markup and control sequences."""
    monkeypatch.setenv("KOGINE_HOME", str(folder / "home"))
    (folder / "script.py").write_text(
        "import os\n"
        "from pathlib import Path\n"
        "lr = 0.1\n"
        "path = None\n"
        "artifacts = Path(os.environ['KOGINE_RUN_DIR'], 'artifacts')\n"
        "artifacts.mkdir()\n"
        "(artifacts / 'model.bin').write_text('m')\n"
        "print('loss: 0.5', flush=bool(lr or path))\n"
        "def main(epochs):\n"
        "    return '[bold]' + str(epochs)\n"
    )
    config = Config({"lr": 0.5, "path": Path("data")}, args=[3])
    options = {"launcher": "inline", "name": "mine", "tags": ["good"]}
    (run,) = Sequential("script.py", config, **options).run()
    return run


def test_a_run_is_shown_whole(kogine, trained) -> None:
    """Status, parameters with their types, metrics, result, artifacts, log, tags, and more."""
    reply = kogine("show", trained.id[:6])
    assert (reply.outcome, reply.err) == (0, "")
    lines = [" ".join(line.split()) for line in reply.out.splitlines()]
    assert f"run {trained.id}" in lines
    assert "status finished" in lines and "exit code 0" in lines and "tags good" in lines
    assert "lr float 0.5" in lines and "args[0] int 3" in lines
    assert any(line.startswith("path PosixPath ") for line in lines)
    assert "loss 0.5" in lines
    assert "[bold]3" in lines
    assert f"log {trained.log}" in lines
    assert "model.bin 1 B" in lines


def test_a_run_without_artifacts_says_how_to_have_some(kogine, trained, sweep: Stored) -> None:
    """The folder for them is the script's to make; one that has some doesn't need to be told."""
    told = "artifacts none: a script makes artifacts/ in that folder, and writes them there"
    lines = [" ".join(line.split()) for line in kogine("show", "a1").out.splitlines()]
    assert told in lines
    assert "none: a script" not in kogine("show", trained.id).out


def test_a_run_as_json(kogine, trained) -> None:
    """With `--json` all of that is one document."""
    run = json.loads(kogine("show", "last", "--json").out)
    assert (run["kind"], run["id"], run["flow"]) == ("run", trained.id, trained.flow)
    assert run["params"]["lr"] == {"value": 0.5, "type": "float"}
    assert run["result"] == "[bold]3"
    assert run["artifacts"] == [{"name": "model.bin", "bytes": 1}]
    assert [attempt["status"] for attempt in run["attempts"]] == ["finished"]
    assert run["script"] == str(Path("script.py").resolve())


def test_a_flow_is_shown(kogine, sweep: Stored) -> None:
    """How its runs went, and which ones didn't finish."""
    reply = kogine("show", "f1")
    assert "2 finished, 1 failed of 3" in reply.out
    assert "a3000000  lr=0.4 bs=32  failed  exited with status 1" in reply.out
    flow = json.loads(kogine("show", "f1", "--json").out)
    assert (flow["kind"], flow["counts"]) == ("flow", {"finished": 2, "failed": 1})


@pytest.mark.parametrize("word, id", [("last", "a3"), ("-1", "a3"), ("-3", "a1"), ("a2", "a2")])
def test_a_run_can_be_named_in_several_ways(kogine, sweep: Stored, word: str, id: str) -> None:
    """By the beginning of its id, or as the newest one, the one before, and so on."""
    assert json.loads(kogine("show", word, "--json").out)["id"][:2] == id


UNKNOWN = {
    "none": ("zz", "there is no run or flow 'zz'"),
    "several": ("a", "several ids"),
    "not so many": ("-4", "there are fewer than 4 runs"),
}


@pytest.mark.parametrize("word, said", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_there_is_told(kogine, sweep: Stored, word: str, said: str) -> None:
    """One sentence, and exit code 2."""
    reply = kogine("show", word)
    assert (reply.outcome, reply.out) == (2, "")
    assert reply.err.startswith("kogine: error: ") and said in reply.err


def test_without_a_store_one_sentence_is_told(kogine, tmp_path, monkeypatch) -> None:
    """There is nothing to show, and no store is made."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "none"))
    reply = kogine("show", "last")
    assert (reply.outcome, reply.out) == (2, "")
    assert reply.err.count("\n") == 1 and "there is no store" in reply.err
    assert not (tmp_path / "none").exists()


def test_each_attempt_is_listed(kogine, sweep: Stored) -> None:
    """A run that was tried again shows how each attempt ended."""
    sweep.attempt("a3".ljust(32, "0"), status="timed_out", reason="it took\nlonger than 3 s")
    out = kogine("show", "a3").out
    assert "1  failed     2.50s  exited with status 1" in out
    assert "2  timed out  2.50s  it took longer than 3 s" in out
    assert "status     timed out: it took longer than 3 s" in out


def test_what_the_flow_ran_on_is_shown(kogine, sweep: Stored) -> None:
    """Git commit, Python and packages, as far as they were kept."""
    git = {"root": "/lab", "commit": "abc123", "branch": "main", "dirty": True}
    record = {"python": "3.12.1", "host": "lab1", "git": git, "distributions": {"numpy": "2.0"}}
    write_json(sweep.store.paths.flow("f1".ljust(32, "0")).provenance, record)
    out = kogine("show", "a1").out
    assert "abc123, on main, with uncommitted changes" in out
    assert "3.12.1" in out and "numpy 2.0" in out and "lab1" in out


def test_a_run_without_its_directory_is_shown(kogine, sweep: Stored) -> None:
    """What the index says of it is shown, with a warning."""
    shutil.rmtree(sweep.store.paths.run("a1".ljust(32, "0")).folder)
    reply = kogine("show", "a1")
    assert reply.outcome == 0
    assert "its directory is gone" in reply.out and "0.5" in reply.out


def test_a_config_that_cannot_be_unpickled_has_no_types(kogine, sweep: Stored) -> None:
    """A class that isn't there any more keeps nothing else from being shown."""
    flow = sweep.flow("f2")
    sweep.run("b1", flow, {"path": Path("data")})
    Path(sweep.store.paths.run("b1".ljust(32, "0")).config).write_bytes(b"cnosuch\nthing\n.")
    run = json.loads(kogine("show", "b1", "--json").out)
    assert run["params"]["path"]["type"] is None
    assert "data" in run["params"]["path"]["value"]


def test_no_text_of_a_script_reaches_the_terminal_as_a_command(kogine, stored: Stored) -> None:
    """Control characters in names, values and reasons are shown, not obeyed."""
    flow = stored.flow("f1", name="a\x1b]0;title\x07b\x00")
    stored.run("a1", flow, {"x": "red\x1b[31m\r\n\x9b2J"}, name="\x1b[2Jname\x08", status=None)
    for command in (["runs"], ["show", "a1"], ["show", "f1"], ["runs", "--flows"]):
        out = kogine(*command).out
        assert out.replace("\n", "").isprintable()
