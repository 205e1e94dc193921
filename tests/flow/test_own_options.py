"""What a Config chooses for its own run, above what is chosen for the flow."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from shared import SECONDS, configs, fake, lr, statuses, train  # noqa: F401

import kohakuengine
from kohakuengine import Config, ConfigGenerator, Parallel, RunStore, Sequential, load_config, sweep
from kohakuengine.config.identity import config_key
from kohakuengine.errors import ConfigError, LauncherError, RunError
from kohakuengine.flow.retry import Retry
from kohakuengine.launch.fake import FakeEnd
from kohakuengine.runs.logs import RunLog
from kohakuengine.runs.spec import read_spec


def own(value: object, **options: Any) -> Config:
    """A Config with options of its own."""
    return Config({"lr": value}, metadata={"options": options})


def test_a_run_has_what_its_config_chooses(train: Path, fake, tmp_path: Path) -> None:
    """Above what the flow has; variables and tags are added to those of the flow."""
    jobs: list[Any] = []
    fake(jobs.append)
    (tmp_path / "sub").mkdir()
    mine = own(1, timeout=60, env={"B": "mine", "C": "3"}, cwd="sub", max_log=4096, tags="slow")
    flow = {"timeout": 5, "env": {"A": "1", "B": "2"}, "tags": ["base"], "launcher": "fake"}
    runs = Sequential(train, [mine, Config({"lr": 2})], **flow).run()
    first, second = jobs
    assert (first.timeout, first.cwd, first.max_log) == (60, str(tmp_path / "sub"), 4096)
    assert [first.variables()[name] for name in "ABC"] == ["1", "mine", "3"]
    assert (second.timeout, second.cwd, second.max_log) == (5, str(tmp_path), None)
    assert [second.variables().get(name) for name in "ABC"] == ["1", "2", None]
    assert [run.tags for run in runs] == [["base", "slow"], ["base"]]


def test_a_run_is_tried_again_as_its_config_says(train: Path, fake) -> None:
    """How often, after what and how soon is a matter of the run."""
    fake(lambda job: FakeEnd("failed", lr(job)))
    patient = own(3, retries=2, retry_delay=0, retry_on=3)
    other = own(4, retries=2, retry_on=[3])
    runs = Sequential(train, [patient, other, Config({"lr": 5})], launcher="fake").run()
    assert [run.attempts for run in runs] == [3, 1, 1]
    paths = RunStore().paths.run(runs[0].id)
    assert RunLog(paths, attempt=2).may_go_on({"retries": 0, "retry_on": []})
    assert not RunLog(paths, attempt=3).may_go_on({"retries": 9, "retry_on": []})


def test_they_are_no_part_of_the_config_key(train: Path, fake) -> None:
    """What finished isn't run again because its time or its tags are others now."""
    assert config_key(own(1, timeout=60)) == config_key(Config({"lr": 1}))
    fake(lr)
    first = Sequential(train, [own(1, timeout=60)], launcher="fake").run()
    launcher = fake()
    again = Sequential(train, [own(1, timeout=7, retries=1)], launcher="fake").run(resume=True)
    assert (again, launcher.submitted) == (first, [])


def test_they_are_recorded_and_kept(train: Path, fake, tmp_path: Path, monkeypatch) -> None:
    """A retry has them, wherever it is begun; a resume has those of its own configs."""
    (tmp_path / "sub").mkdir()
    jobs: list[Any] = []

    def fails(job: Any) -> object:
        jobs.append(job)
        return FakeEnd("failed", 1)

    fake(fails)
    options = {"timeout": 60, "env": {"A": "1"}, "cwd": "sub"}
    [run] = Sequential(train, own(1, **options), launcher="fake").run()
    spec = json.loads(Path(run.path, "run.json").read_text())
    assert spec["options"] == {**options, "cwd": str(tmp_path / "sub")}
    assert (spec["timeout"], spec["env"], spec["cwd"]) == (60, {"A": "1"}, str(tmp_path / "sub"))
    assert spec["script"]["target"] == str(train)
    monkeypatch.chdir("/")
    Retry(run.flow).run()
    monkeypatch.chdir(tmp_path)
    Sequential("train.py", own(1, timeout=9), launcher="fake").run(resume=True)
    Retry(run.flow).run()
    assert [job.timeout for job in jobs] == [60, 60, 9, 9]
    assert [job.cwd for job in jobs] == [str(tmp_path / "sub")] * 2 + [str(tmp_path)] * 2
    assert [job.variables().get("A") for job in jobs] == ["1", "1", None, None]
    assert read_spec(RunStore().paths.run(run.id))[0]["timeout"] == 9


def test_a_grid_has_those_of_what_it_begins_with(train: Path, fake) -> None:
    """All of its runs."""
    jobs: list[Any] = []
    fake(jobs.append)
    base = Config(metadata={"options": {"timeout": 8}})
    sweep(train, {"lr": [1, 2]}, config=base, launcher="fake", show=False)
    assert [job.timeout for job in jobs] == [8, 8]


def test_a_config_file_gives_them(train: Path, fake, tmp_path: Path) -> None:
    """As `_metadata`, or in the Configs that it makes."""
    file = tmp_path / "config.py"
    file.write_text("lr = 3\n_metadata = {'options': {'timeout': 5}}\n")
    jobs: list[Any] = []
    fake(jobs.append)
    Sequential(train, load_config(file), launcher="fake").run()
    assert [job.timeout for job in jobs] == [5]


def test_a_file_s_list_is_looked_at_before_anything_is_launched(
    train: Path, fake, tmp_path: Path, store: RunStore
) -> None:
    """A word that is misspelt in its last config isn't found after hours."""
    file = tmp_path / "config.py"
    some = "Config({'lr': 1}), Config({'lr': 2}, metadata={'options': {'timout': 5}})"
    file.write_text(f"from kohakuengine import Config\nCONFIG = [{some}]\n")
    launcher = fake()
    with pytest.raises(ConfigError, match="config of lr=2: a run has no option timout; did you"):
        Sequential(train, load_config(file), launcher="fake").run()
    assert (launcher.submitted, store.flows()) == ([], [])


WRONG: dict[str, tuple[Any, str]] = {
    "a misspelt name": ({"timout": 3}, r"a run has no option timout; did you mean timeout\?"),
    "a strange name": ({"q": 3}, "a run has no option q; there are timeout, retries, "),
    "of the flow alone": ({"on_error": "stop"}, "a run has no option on_error"),
    "a wrong value": ({"timeout": -1}, "config of lr=2: timeout must be a number above 0, got -1"),
    "no text": ({"env": {"A": 1}}, "env must be a dict of str by str"),
    "no variables": ({"env": 5}, "env must be a dict of str by str, got 5"),
    "no words": ({"tags": 5.5}, "tags must be a list of words, got 5.5"),
    "no path": ({"cwd": 5}, "cwd must be a path, got 5"),
    "no signs": ({"retry_on": [ValueError]}, "retry_on must be a list of statuses, exit st"),
    "nothing for a number": ({"retries": None}, "retries must be a whole number of at least 0"),
    "no options": (["timeout"], "they must be a dict of values by name, got"),
}


@pytest.mark.parametrize("options, message", WRONG.values(), ids=WRONG)
def test_what_cannot_be_chosen_is_refused(train: Path, fake, store, options, message: str) -> None:
    """Before anything is launched or recorded, whichever config of a list it is in."""
    launcher = fake()
    bad = Config({"lr": 2}, metadata={"options": options})
    for source in (bad, [Config({"lr": 1}), bad], ConfigGenerator([Config({"lr": 1}), bad])):
        with pytest.raises(ConfigError, match=message):
            Parallel(train, source, launcher="fake").run()
    with pytest.raises(ConfigError, match=message):
        sweep(train, {"bs": [1]}, config=bad, launcher="fake")
    with pytest.raises(ConfigError, match=message):
        kohakuengine.run(train, config=bad)
    assert (launcher.submitted, store.flows()) == ([], [])


def test_a_generator_ends_where_it_chooses_wrongly(train: Path, fake) -> None:
    """What ran before is kept; that run isn't begun."""
    launcher = fake(lr)
    source = ConfigGenerator(lambda: iter([Config({"lr": 1}), own(2, retries=-1)]))
    with pytest.raises(ConfigError, match="config of lr=2: retries must be"):
        Sequential(train, source, launcher="fake").run()
    assert len(launcher.submitted) == 1


def test_a_limit_that_a_launcher_lacks_is_refused(train: Path, store: RunStore) -> None:
    """Before the run is recorded, as one of the flow is."""
    with pytest.raises(LauncherError, match="inline launcher can't keep a run to a timeout"):
        Sequential(train, own(1, timeout=5), launcher="inline").run()
    with pytest.raises(LauncherError, match="inline launcher can't keep a run to a timeout"):
        kohakuengine.run(train, config=own(1, timeout=5), launcher="inline")
    assert store.select() == []


def test_a_limit_of_a_later_run_is_refused_at_once(train: Path, store: RunStore) -> None:
    """No run is begun, where the launcher can't keep one of the list to its limit."""
    with pytest.raises(LauncherError, match="pool launcher can't keep a run to a max_log"):
        Sequential(train, [Config(), own(1, max_log=4096)], launcher="pool").run()
    base = Config(metadata={"options": {"timeout": 5}})
    with pytest.raises(LauncherError, match="inline launcher can't keep a run to a timeout"):
        sweep(train, {"lr": [1]}, config=base, launcher="inline", show=False)
    assert (store.select(), store.flows()) == ([], [])


# ---- in real processes ----


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["inline", "fresh", "warm", "pool"])
def test_each_run_has_its_own_environment_and_folder(script, tmp_path: Path, launcher: str) -> None:
    """And no run has those of another, in whatever process it is."""
    path = script("""
        import os
        lr = 0
        def main():
            return os.environ.get("A"), os.environ.get("B"), os.path.basename(os.getcwd())
    """)
    (tmp_path / "sub").mkdir()
    mine = own(1, env={"A": "mine"}, cwd="sub")
    some = [Config({"lr": 0}), mine, Config({"lr": 2}), own(3, env={"B": "3"}), mine]
    runs = Sequential(path, some, launcher=launcher, env={"B": "flow"}).run()
    theirs, ours = (None, "flow", tmp_path.name), ("mine", "flow", "sub")
    assert runs.results == [theirs, ours, theirs, (None, "3", tmp_path.name), ours]


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["fresh", "warm"])
def test_what_is_read_at_an_import_is_the_run_s_own(
    script, tmp_path: Path, launcher: str, monkeypatch
) -> None:
    """Also where imports are made before the runs: variables that libraries read while loading."""
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "library.py").write_text(
        "import os\nthreads = os.environ.get('THREADS')\nfolder = os.getcwd()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(installed))
    (tmp_path / "sub").mkdir()
    path = script("""
        import library, sys
        lr = 0
        def main():
            return library.threads, library.folder, hash("a") if sys.flags.hash_randomization else 0
    """)
    options: list[dict[str, Any]] = [{}, {"THREADS": "1"}, {"THREADS": "2"}, {"THREADS": "1"}]
    some = [own(n, env=env) for n, env in enumerate(options)] + [own(4, cwd="sub")]
    some.append(own(5, env={"PYTHONHASHSEED": "0"}))
    runs = Sequential(path, some, launcher=launcher).run()
    assert [result[0] for result in runs.results] == [None, "1", "2", "1", None, None]
    assert [os.path.basename(result[1]) for result in runs.results][4] == "sub"
    assert [bool(result[2]) for result in runs.results] == [True] * 5 + [False]


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["fresh", "warm", "pool"])
def test_each_run_is_kept_to_its_own_time(script, launcher: str) -> None:
    """The others have theirs."""
    path = script("""
        import time
        lr = 0
        def main():
            time.sleep(600 if lr else 0)
    """)
    runs = Sequential(path, [own(1, timeout=0.5), own(0, timeout=60)], launcher=launcher).run()
    assert statuses(runs) == ["timed_out", "finished"]


# ---- one run ----


@pytest.mark.process
@pytest.mark.parametrize("launcher", ["fresh", "warm"])
def test_a_single_run_obeys_them(script, tmp_path: Path, launcher: str, capfd) -> None:
    """As in Python, so on the command line."""
    (tmp_path / "sub").mkdir()
    path = script("""
        import os, time
        print(os.environ["A"], os.path.basename(os.getcwd()), flush=True)
        time.sleep(600)
    """)
    config = Config(metadata={"options": {"timeout": 4, "env": {"A": "1"}, "cwd": "sub"}})
    with pytest.raises(RunError, match="was ended"):
        kohakuengine.run(path, config=config, launcher=launcher)
    assert "1 sub\n" in capfd.readouterr().out


@pytest.mark.process
def test_a_single_run_is_tried_again(script, tmp_path: Path, shell, store: RunStore) -> None:
    """Where its config says so; else it ends as the script does, in its own time."""
    script("""
        import os, sys
        if not os.path.exists("tried"):
            open("tried", "w").close()
            sys.exit(3)
        print("well")
    """)
    options = {"retries": 1, "retry_delay": 0, "tags": ["again"]}
    (tmp_path / "config.py").write_text(f"_metadata = {{'options': {options}}}\n")
    done = shell("kogine run train.py --config config.py")
    assert (done.returncode, "well\n" in done.stdout) == (0, True), done.stdout
    os.remove(tmp_path / "tried")
    kohakuengine.run("train.py", config=load_config("config.py"), launcher="inline")
    assert [(row["attempts"], row["tags"]) for row in store.select()] == [(2, ["again"])] * 2
    assert statuses(kohakuengine.Runs(store, store.ids())) == ["finished"] * 2


@pytest.mark.process
def test_a_single_run_at_a_terminal_is_kept_to_its_time(script, tmp_path: Path, shell) -> None:
    """In whatever process it is."""
    script("import time\ntime.sleep(600)\n")
    (tmp_path / "config.py").write_text("_metadata = {'options': {'timeout': 0.5}}\n")
    done = shell("kogine run train.py --config config.py")
    assert done.returncode == 1 and "train.py was ended: it took longer than" in done.stdout
    wrong = shell("kogine run train.py --config config.py --launcher fresh --set x=1; exit $?")
    assert wrong.returncode == 1 and "was ended" in wrong.stdout
