"""Where runs take place, and which file they run, wherever the one who asks for them is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from shared import fake, train  # noqa: F401
from witness import kogine

from kohakuengine import Config, Parallel, RunStore, Script, Sequential
from kohakuengine.flow.options import Options
from kohakuengine.flow.recorder import Recorder
from kohakuengine.flow.retry import Retry
from kohakuengine.launch.fake import FakeEnd
from kohakuengine.runs.table import Runs

SEEN = """
import os, sys
n = 0
def main():
    ok = os.path.exists(os.path.join(sys.path[0], "mended"))
    if n == 2 and not ok:
        sys.exit(3)
    return [sys.argv[0], __file__, os.getcwd()]
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a script `s.py` that says what it sees and fails for n=2."""
    folder = tmp_path / "work"
    (folder / "sub").mkdir(parents=True)
    (folder / "s.py").write_text(SEEN)
    monkeypatch.chdir(folder)
    return folder


def seen(name: str, work: Path) -> list[str]:
    """What `python NAME` would see in the working directory."""
    return [name, os.path.join(str(work), name), str(work)]


def recorded(runs: Runs) -> list[str]:
    """The working directory that the records of runs tell."""
    return [json.loads(Path(run.path, "run.json").read_text())["cwd"] for run in runs]


def pairs() -> list[Config]:
    """Two configs, of which the second one makes the script fail."""
    return [Config({"n": 1}), Config({"n": 2})]


@pytest.mark.process
@pytest.mark.parametrize("elsewhere", ["..", "sub"])
def test_a_retry_runs_where_the_run_was(
    work: Path, launcher: str, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the very name that the script was given there, wherever the retry is asked for."""
    runs = Sequential("s.py", pairs()).run()
    (work / "mended").touch()
    monkeypatch.chdir(elsewhere)
    [run] = Retry(runs[0].flow).run()
    assert run.result == seen("s.py", work)
    assert recorded(runs) == [str(work)] * 2


@pytest.mark.process
def test_a_retry_from_a_subfolder_finds_the_default_store(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As git does; also for a script that was given from yet another folder."""
    monkeypatch.delenv("KOGINE_HOME")
    assert kogine("run", "./s.py", "--sweep", "n=1,2", "--quiet").returncode == 1
    (work / "mended").touch()
    monkeypatch.chdir("sub")
    assert kogine("retry", "last", "--quiet").returncode == 0
    store = RunStore()
    [run] = [run for run in Runs(store, store.ids()) if run.params == {"n": 2}]
    assert (run.result, run.attempts) == (seen("./s.py", work), 2)


@pytest.mark.process
def test_a_resume_from_elsewhere(
    work: Path, launcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had begun goes on where it was; new configs run where the user is."""
    Sequential("s.py", pairs()).run()
    (work / "mended").touch()
    monkeypatch.chdir("sub")
    configs = [*pairs(), Config({"n": 3})]
    runs = Sequential("../s.py", configs).run(resume=True)
    assert [run.attempts for run in runs] == [1, 2, 1]
    assert runs.results[1] == seen("s.py", work)
    assert runs.results[2] == seen("../s.py", work / "sub")
    assert recorded(runs) == [str(work), str(work), str(work / "sub")]


@pytest.mark.process
def test_where_the_folder_is_gone_a_retry_runs_where_the_user_is(
    tmp_path: Path, work: Path, launcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script is told by its path then, and the record says where it ran."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    runs = Sequential("../work/s.py", pairs()).run()
    monkeypatch.chdir(work / "sub")
    gone.rmdir()
    (work / "mended").touch()
    [run] = Retry(runs[0].flow).run()
    script = str(work / "s.py")
    assert run.result == [script, script, str(work / "sub")]
    assert recorded(runs) == [str(gone), str(work / "sub")]


@pytest.mark.process
@pytest.mark.parametrize("kind", ["fresh", "warm", "pool"])
def test_a_flow_that_has_started_stays_where_it_began(
    work: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the working directory of its process is later, as in a notebook."""
    configs = [Config({"n": n}) for n in (3, 4, 5, 6)]
    handle = Sequential("s.py", configs, launcher=kind).start()
    monkeypatch.chdir("sub")
    runs = handle.wait(60)
    assert runs.results == [seen("s.py", work)] * 4
    assert recorded(runs) == [str(work)] * 4


@pytest.mark.process
@pytest.mark.parametrize("kind", ["fresh", "warm", "pool"])
def test_a_folder_that_is_removed_while_a_run_is_started(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that another run removes right before a process is started there keeps none back."""
    folder = tmp_path / "gone"
    folder.mkdir()
    (tmp_path / "s.py").write_text("def main(): return 'done'\n")
    monkeypatch.chdir(folder)
    found = Recorder.cwd_of
    asked = []

    def and_then_gone(recorder: Recorder, *arguments: object) -> str | None:
        cwd = found(recorder, *arguments)  # type: ignore[arg-type]
        asked.append(cwd)
        if len(asked) == 2:  # for the record, and for the process
            folder.rmdir()
        return cwd

    monkeypatch.setattr(Recorder, "cwd_of", and_then_gone)
    [run] = Parallel(str(tmp_path / "s.py"), launcher=kind).run()
    assert asked[:2] == [str(folder)] * 2
    assert (run.status, run.result) == ("finished", "done"), run.error


@pytest.mark.process
@pytest.mark.parametrize("kind", ["inline", "fresh", "warm", "pool"])
@pytest.mark.parametrize("flow", [Sequential, Parallel])
def test_a_script_is_the_one_meant_when_the_flow_was_made(
    work: Path,
    kind: str,
    flow: Callable[..., Sequential | Parallel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where one of that name lies in the working directory in which the flow runs."""
    (work / "sub" / "s.py").write_text("raise SystemExit('another script')")
    made = flow("s.py", [Config({"n": 1})], launcher=kind)
    monkeypatch.chdir("sub")
    script = str(work / "s.py")
    assert made.run().results == [[script, script, str(work / "sub")]]


@pytest.mark.process
@pytest.mark.parametrize("kind", ["inline", "fresh", "warm", "pool"])
def test_a_module_is_the_one_meant_when_the_flow_was_made(
    work: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found, and finds its like, where it was; also when it is run again from elsewhere."""
    for folder, text in ((work, SEEN), (work / "sub", "raise SystemExit('another')")):
        (folder / "package").mkdir()
        (folder / "package" / "part.py").write_text(text)
    made = Sequential("package.part", pairs(), launcher=kind)
    monkeypatch.chdir("sub")
    first, second = made.run()
    script = str(work / "package" / "part.py")
    assert first.result == [script, script, str(work / "sub")]
    assert second.status == "failed"
    (work / "mended").touch()
    monkeypatch.chdir("/")
    assert Retry(first.flow).run().results == [[script, script, str(work / "sub")]]


@pytest.mark.process
def test_a_module_that_is_resumed_is_the_one_meant_now(
    work: Path, launcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another folder has one of that name, and `any-code` allows for it."""
    for folder in (work, work / "sub"):
        (folder / "part.py").write_text(SEEN)
    Sequential("part", pairs()).run()
    (work / "sub" / "mended").touch()
    monkeypatch.chdir("sub")
    runs = Sequential("part", pairs()).run(resume="any-code")
    script = str(work / "sub" / "part.py")
    assert runs.results[1] == [script, script, str(work)]


@pytest.mark.process
def test_further_attempts_are_where_the_first_was(
    work: Path, launcher: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that `retries` asks for, too."""
    (work / "s.py").write_text(
        "import os\ntry:\n    open('tried', 'x').close()\nexcept FileExistsError:\n    pass\n"
        "else:\n    raise ValueError\ndef main():\n    return os.getcwd()\n"
    )
    handle = Sequential("s.py", retries=1, retry_delay=0.01).start()
    monkeypatch.chdir("sub")
    assert handle.wait(60).results == [str(work)]


def test_what_was_chosen_is_chosen_anew(
    work: Path,
    fake,  # noqa: F811
    train: Path,  # noqa: F811
) -> None:
    """A run that had a `cwd` of its own doesn't keep it when it is resumed without one."""
    fake(lambda job: FakeEnd("failed", 1))
    Sequential(train, launcher="fake", cwd="sub").run()
    jobs: list[str | None] = []
    fake(lambda job: jobs.append(job.cwd))
    runs = Sequential(train, launcher="fake").run(resume=True)
    assert (jobs, recorded(runs)) == ([str(work)], [str(work)])


def test_what_the_flow_ran_on_is_of_where_it_began(
    train: Path, tmp_path: Path, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working directory that is kept with the git commit and the versions, too."""
    script = Script(train)
    recorder = Recorder(store, Options(), "fake")
    recorder.keep_flow([script], 1)
    monkeypatch.chdir("/")
    recorder.keep_provenance([script])
    recorder.let_go()
    assert json.loads(Path(recorder.paths.provenance).read_text())["cwd"] == str(tmp_path)


def test_a_script_knows_what_python_would_be_told(work: Path) -> None:
    """Its name as given, where that leads to its file; else the path."""
    script = Script("./s.py")
    path = f"{work}/./s.py"
    assert script.name_in(str(work)) == "./s.py"
    assert script.name_in(str(work), "s.py") == "s.py"
    assert script.name_in("/") == script.name_in(None) == path
    assert script.name_in(str(work / "sub"), "../s.py") == "../s.py"
