"""Names that files can have: in script, config, store and working directory."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from witness import KOGINE, assert_index_is_right, finished, kogine, last_attempts

from kohakuengine import Config, Parallel, Sequential, run
from kohakuengine.runs.outcome import FINISHED
from kohakuengine.runs.store import RunStore

pytestmark = pytest.mark.process

NAMES = [
    pytest.param("with spaces", id="spaces"),
    pytest.param("  spaces  around  ", id="spaces around"),
    pytest.param('it\'s "quoted" `so`', id="quotes"),
    pytest.param("two\nlines\tand a tab\r", id="newline"),
    pytest.param("größe 模型 🦊", id="letters"),
    pytest.param("e\u0301 and \u00e9", id="composed"),
    pytest.param("-dash", id="dash"),
    pytest.param("--set", id="option"),
    pytest.param("a=b,c;d&e|f$HOME$(x)*?[1]{2}~#!", id="signs"),
    pytest.param("100% %s %(x)s {0} \\n", id="formats"),
    pytest.param("x" * 200, id="long"),
    pytest.param("ö" * 100, id="long in bytes"),
    pytest.param("back\\slash", id="backslash"),
    pytest.param("?immutable=1#x", id="query"),
    pytest.param(os.fsdecode(b"caf\xe9"), id="no text"),
    pytest.param("[red]markup[reverse]", id="markup"),
    pytest.param("\x1b[31mred", id="control"),
]

TRAIN = """
import os, sys
import helper
number = 0
print(ascii(os.path.basename(sys.argv[0])), ascii(os.path.basename(__file__)), helper.NAME)
print("loss:", number / 2)
"""


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """A name that a file can have."""
    return str(request.param)


@pytest.fixture
def hostile(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script, in a folder, both with that name; the store and the working directory have it, too."""
    folder = tmp_path / "scripts" / name
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text("NAME = 'helper'\n")
    script = folder / f"{name}.py"
    script.write_text(TRAIN)
    work = tmp_path / "work" / name
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "stores" / name))
    return script


@pytest.fixture
def hostile_store(hostile: Path) -> RunStore:
    """The store."""
    return RunStore(os.environ["KOGINE_HOME"])


def shown(script: Path) -> str:
    """What the script prints first."""
    return f"{ascii(script.name)} {ascii(script.name)} helper\n"


def check_logs(store: RunStore, script: Path) -> None:
    """See that each log holds what the script prints."""
    for row, attempt in last_attempts(store):
        number = row["params"].get("number", 0)
        assert Path(attempt.output).read_text() == f"{shown(script)}loss: {number / 2}\n"
        assert row["metrics"] == {"loss": number / 2}


def test_sweep(hostile, hostile_store):
    """A sweep is recorded, told again, and resumed, whatever its files are called."""
    store = hostile_store
    flow = Parallel(hostile, [Config({"number": n}) for n in range(3)], max_workers=2)
    runs = flow.run()
    assert [run.status for run in runs] == [FINISHED] * 3
    assert [run.output for run in runs] == [f"{shown(hostile)}loss: {n / 2}\n" for n in range(3)]
    check_logs(store, hostile)
    assert_index_is_right(store)
    again = flow.run(resume=True)
    assert again.ids == runs.ids and [run.attempts for run in again] == [1, 1, 1]
    assert_index_is_right(store)


def test_command(hostile, hostile_store, name):
    """The command takes such names, relative and absolute, in a script and a config."""
    config = hostile.parent / f"{name}.config.py"[-200:]
    config.write_text(
        "from kohakuengine import Config\n"
        "def config_gen():\n"
        "    for number in range(2):\n"
        "        yield Config({'number': number})\n"
    )
    arguments = ["run", "--config", str(config), "--workers", "2", str(hostile)]
    done = kogine(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    done = kogine(*arguments[:-1], "--resume", "--", os.path.relpath(hostile))
    assert (done.returncode, done.stderr) == (0, "kogine: 2 runs had finished before.\n")
    assert finished(hostile_store, "number") == Counter(range(2)), "it was the same flow"
    check_logs(hostile_store, hostile)
    assert_index_is_right(hostile_store)
    done = kogine("runs")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count("finished") == 2


def test_one_run(hostile, hostile_store):
    """One run is recorded, and its log can be shown."""
    done = kogine("run", str(hostile))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"{shown(hostile)}loss: 0.0\n")
    [row] = hostile_store.select()
    done = kogine("logs", row["id"])
    assert (done.returncode, done.stdout) == (0, f"{shown(hostile)}loss: 0.0\n")
    assert_index_is_right(hostile_store)


def test_script_that_begins_with_a_dash(script, store, tmp_path):
    """A script whose name begins with a dash is taken as one behind `--`."""
    script("print('here')", "-n.py")
    done = kogine("run", "--", "-n.py")
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr
    done = kogine("run", "./-n.py")
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr
    [run] = Sequential("-n.py").run()
    assert run.output == "here\n"


def test_names_of_flows_and_tags(script, store, name):
    """A flow and its tags can be called anything."""
    if not name.isprintable():
        name = ascii(name)
    script("number = 0\nprint(number)")
    done = kogine("run", "train.py", "--sweep", "number=1,2", f"--name={name}", f"--tag={name}")
    assert (done.returncode, done.stderr) == (0, "")
    assert [flow["name"] for flow in store.flows()] == [name]
    assert len(store.select(tag=name)) == 2
    assert_index_is_right(store)


def test_values(script, store, name):
    """A value can be any text, and comes to the script as it is."""
    script("text = ''\nprint(ascii(text))")
    runs = Parallel("train.py", [Config({"text": name}), Config({"text": name + "2"})]).run()
    assert [run.output for run in runs] == [f"{ascii(name)}\n", f"{ascii(name + '2')}\n"]
    assert [run.config.globals_dict["text"] for run in runs] == [name, name + "2"]
    assert_index_is_right(store)
