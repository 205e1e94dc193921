"""Secrets of a config reach the script, and nothing that is recorded, wherever a run's process lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kohakuengine import Config, Sequential, env, load_config, run
from kohakuengine.errors import ConfigError
from kohakuengine.flow.retry import Retry
from kohakuengine.runs.store import RunStore

VALUE = "correct-horse-battery"
PROCESSES = [pytest.param(name, marks=pytest.mark.process) for name in ("fresh", "warm", "pool")]
launchers = pytest.mark.parametrize("launcher", ["inline", *PROCESSES])

# Of the value it knows only the length, so that it can't be found in the script's kept text.
TRAIN = """\
    import os

    token = ""
    clients = {}
    fails = False

    class Refused(Exception):
        def header(self):
            return token  # pickling this class by value would pickle its globals, too

    def main(first="", key=()):
        known = os.environ["A_TOKEN"]
        assert token == first == clients["all"][0] == key[0] == known and len(token) == 21
        if fails:
            raise Refused("not today, " + token)
        return {"header": token}

    if __name__ == "__main__":
        main()
    """


@pytest.fixture(autouse=True)
def variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", VALUE)


def config(**values: object) -> Config:
    token = env("A_TOKEN", secret=True)
    return Config(
        {"token": token, "clients": {"all": [token]}, **values},
        args=[token],
        kwargs={"key": [token]},
        metadata={"with": token, "note": {"deep": [token]}},
    )


def files_with(text: str, folder: str) -> list[str]:
    """The files below a folder that hold a text, in its name or its bytes."""
    found = []
    for path in Path(folder).rglob("*"):
        if text in str(path) or (path.is_file() and text.encode() in path.read_bytes()):
            found.append(str(path))
    return found


@launchers
def test_nothing_that_is_recorded_holds_a_secret(
    launcher: str, script: Any, home: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The script has it as a variable, in a dictionary and as an argument; of runs that finish
    and of those that fail no file holds it, not even that with what they return or raise."""
    configs = [config(), config(fails=True), config(token=env("A_TOKEN", secret=True), other=1)]
    runs = Sequential(script(TRAIN), configs, launcher=launcher).run(show=True)
    assert [run.status for run in runs] == ["finished", "failed", "finished"], runs[0].output
    assert runs[0].result == {"header": "<secret A_TOKEN>"}
    assert "not today, <secret A_TOKEN>" in str(runs[1].error)
    assert runs[0].params["token"] == "<secret A_TOKEN>"
    assert runs[0].config == configs[0]
    logs = {run.log for run in runs}  # where the script's own traceback says it
    assert set(files_with(VALUE, home)) <= logs
    assert VALUE not in repr(list(runs.rows()))
    shown = capfd.readouterr()
    assert VALUE not in (shown.out + shown.err).replace(f"not today, {VALUE}", "")


@pytest.mark.process
def test_processes_that_a_script_starts_know_it(script: Any, home: str) -> None:
    """Under spawn, too, where the overrides travel to them."""
    path = script("""\
        import multiprocessing

        token = ""

        def size(_):
            return len(token)

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                sizes = pool.map(size, [0])
            print(f"sizes: {sizes}")
        """)
    one = Config({"token": env("A_TOKEN", secret=True)})
    [done] = Sequential(path, one, launcher="fresh").run()
    assert "sizes: [21]" in done.output
    assert files_with(VALUE, home) == []


@pytest.mark.process
def test_a_run_without_the_variable_is_told(
    script: Any, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence names it; run again with the variable set, the run finishes."""
    path = script("token = ''\nif not token: raise SystemExit('none')\nprint(len(token))\n")
    one = Config({"token": env("A_TOKEN", secret=True)})
    monkeypatch.delenv("A_TOKEN")
    [failed] = Sequential(path, one, launcher="fresh").run()
    assert (failed.status, failed.exit_code) == ("failed", 2)
    assert "A_TOKEN, which is a secret, isn't set for the run" in str(failed.error)
    assert failed.output == ""
    monkeypatch.setenv("A_TOKEN", VALUE)
    [again] = Retry(failed.flow).run()
    assert (again.status, again.output) == ("finished", "21\n")


def test_in_this_process_it_is_told_before_anything_runs(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run()` raises, without a line of the script."""
    path = script("token = ''\nprint('ran', len(token))\n")
    one = Config({"token": env("A_TOKEN", secret=True)})
    assert run(path, config=one) is None
    monkeypatch.delenv("A_TOKEN")
    with pytest.raises(ConfigError, match="A_TOKEN"):
        run(path, config=one)


def test_an_option_that_would_record_a_secret_is_refused(script: Any, home: str) -> None:
    """Environment variables that are set for a run are recorded, and a secret isn't to be; also
    when the run is resumed or tried again, and of configs that are made one by one."""
    path = script(TRAIN)
    options = {"env": {"A_TOKEN": VALUE}, "launcher": "inline"}
    refusal = "A_TOKEN is a secret of the config, and what env="
    with pytest.raises(ConfigError, match=refusal):
        Sequential(path, config(), **options).run()
    own = Config(
        {"token": env("A_TOKEN", secret=True)}, metadata={"options": {"env": options["env"]}}
    )
    with pytest.raises(ConfigError, match=refusal):
        Sequential(path, own, launcher="inline").run()
    with pytest.raises(ConfigError, match=refusal):
        run(path, config=own)
    [failed] = Sequential(path, config(fails=True), launcher="inline").run()
    with pytest.raises(ConfigError, match=refusal):
        Sequential(path, config(fails=True), **options).run(resume=True)
    assert set(files_with(VALUE, home)) <= {failed.log}
    with pytest.raises(ConfigError, match=refusal):
        Sequential(path, lambda: iter([config()]), **options).run()
    assert files_with(VALUE, str(Path(home) / "runs")) in ([], [failed.log])


@pytest.mark.process
def test_a_renewed_token_resumes(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finished with the old one isn't run again."""
    path = script("token = ''\nx = 0\nprint(len(token))\n")
    configs = [Config({"token": env("A_TOKEN", secret=True), "x": x}) for x in (1, 2)]
    before = Sequential(path, configs, launcher="warm").run()
    monkeypatch.setenv("A_TOKEN", "another one")
    after = Sequential(path, configs, launcher="warm").run(resume=True)
    assert [run.id for run in after] == [run.id for run in before]
    assert [run.attempts for run in after] == [1, 1]


@pytest.mark.process
def test_from_the_command_also_detached(script: Any, home: str, tmp_path: Path) -> None:
    """A config file names it, `kogine run` and `--detach` keep it to themselves."""
    script(TRAIN)
    (tmp_path / "c.py").write_text(
        "from kohakuengine import env\n"
        "token = env('A_TOKEN', secret=True)\n"
        "clients = {'all': (token,)}\n"
        "_args, _kwargs = [token], {'key': [token]}\n"
    )
    assert repr(load_config("c.py").globals_dict["token"]) == "<secret A_TOKEN>"
    kogine = [sys.executable, "-m", "kohakuengine"]
    said = ""
    for more in (
        [],
        ["--launcher", "fresh"],
        ["--dry-run"],
        ["--sweep", "fails=False", "--detach"],
    ):
        command = [*kogine, "run", "train.py", "--config", "c.py", *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    for command in (["attach", "last"], ["show", "last"], ["show", "last", "--json"]):
        done = subprocess.run([*kogine, *command], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        said += done.stdout
    assert "<secret A_TOKEN>" in said and VALUE not in said
    assert RunStore(home).count(status="finished") == 3
    assert files_with(VALUE, home) == []
    assert VALUE in os.environ.values()
