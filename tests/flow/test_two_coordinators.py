"""Several coordinators, and others who look, on one store at once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections import Counter
from pathlib import Path

import pytest
from witness import PATIENCE, assert_index_is_right, finished, wait_until

from kohakuengine import Config, Parallel, sweep
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.settle import settle_all
from kohakuengine.runs.outcome import FINISHED
from kohakuengine.runs.store import RunStore

pytestmark = pytest.mark.process
both = pytest.mark.usefixtures("launcher")

TRAIN = """
    import os
    number, which = 0, 0
    file = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{which} {number}\\n".encode())
    print("loss:", number)
"""

# Begins when all are there, by a byte from us.
COORDINATOR = """
    import sys
    from kohakuengine import Config, KogineError, Parallel

    which, count, launcher, resume = sys.argv[1:]
    configs = [Config({"which": int(which), "number": n}) for n in range(int(count))]
    flow = Parallel("train.py", configs, max_workers=2, launcher=launcher)
    print("ready", flush=True)
    sys.stdin.read(1)
    try:
        runs = flow.run(resume=resume == "resume")
    except KogineError as error:
        sys.exit(str(error))
    print(len(runs.finished))
"""


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which each run notes that it begins."""
    path = tmp_path / "notes"
    path.touch()
    monkeypatch.setenv("NOTES", str(path))
    return path


def at_once(*arguments: tuple[object, ...]) -> list[tuple[int, str, str]]:
    """Run coordinators that begin at the same moment; give exit status and output of each."""
    processes = []
    for each in arguments:
        command = [sys.executable, "-c", textwrap.dedent(COORDINATOR), *map(str, each)]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        processes.append(subprocess.Popen(command, text=True, **pipes))
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    ended = []
    for process in processes:
        out, err = process.communicate(timeout=15 * PATIENCE)
        ended.append((process.returncode, out, err))
    return ended


def check(store: RunStore, which: int, count: int) -> None:
    """See that all runs of all coordinators are recorded, and none twice."""
    rows = store.select()
    wanted = Counter((w, number) for w in range(which) for number in range(count))
    assert Counter((row["params"]["which"], row["params"]["number"]) for row in rows) == wanted
    assert {row["status"] for row in rows} == {FINISHED}
    assert [flow["status"] for flow in store.flows()] == [FINISHED] * which
    assert [flow["total"] for flow in store.flows()] == [count] * which
    assert_index_is_right(store)


def test_two_that_run_nothing(script, store):
    """Two coordinators on one store lose nothing, and record nothing twice."""
    script(TRAIN)
    for ended in at_once((0, 500, "fake", ""), (1, 500, "fake", "")):
        assert ended == (0, "500\n", "")
    check(store, 2, 500)


@pytest.mark.parametrize(
    "count", [pytest.param(25, id="25"), pytest.param(500, id="500", marks=pytest.mark.slow)]
)
def test_two_that_run_scripts(script, store, notes, launcher, count):
    """Two coordinators whose runs are processes lose nothing, and run nothing twice."""
    script(TRAIN)
    for ended in at_once((0, count, launcher, ""), (1, count, launcher, "")):
        assert ended == (0, f"{count}\n", "")
    check(store, 2, count)
    begun = Counter(notes.read_text().splitlines())
    assert set(begun.values()) == {1} and len(begun) == 2 * count


def test_first_use_by_many(script, store):
    """A store is made once, by whoever comes first, while others want it, too."""
    script(TRAIN)
    for ended in at_once(*((which, 5, "fake", "") for which in range(6))):
        assert ended == (0, "5\n", "")
    check(store, 6, 5)


def test_resumed_twice_at_once(script, store, notes, launcher):
    """Of several that resume one flow at once, one does so; the others say that it does."""
    script(TRAIN)
    configs = [Config({"which": 0, "number": number}) for number in range(12)]
    handle = Parallel("train.py", configs, max_workers=2).start()
    wait_until(lambda: sum(finished(store, "number").values()) >= 3)
    handle.cancel("kill")
    handle.join(PATIENCE)
    before = finished(store, "number")
    ended = at_once(*[(0, 12, launcher, "resume")] * 4)
    done = [out for status, out, err in ended if status == 0]
    assert done and set(done) == {"12\n"}
    for status, out, err in ended:
        assert status == 0 or "is going on in another process" in err
    assert finished(store, "number") == Counter(range(12))
    begun = Counter(int(line.split()[1]) for line in notes.read_text().splitlines())
    assert all(begun[number] == 1 for number in before), "what finished isn't run again"
    assert len(store.select()) == 12
    assert_index_is_right(store)


def test_resumed_while_others_look(script, store, notes, home, launcher):
    """Those who only look at a flow don't keep anybody from resuming it, nor change what it does."""
    script(TRAIN)
    configs = [Config({"which": 0, "number": number}) for number in range(8)]
    flow = Parallel("train.py", configs, max_workers=2)
    handle = flow.start()
    wait_until(lambda: sum(finished(store, "number").values()) >= 2)
    handle.cancel("kill")
    handle.join(PATIENCE)
    faults: list[BaseException] = []
    over = threading.Event()

    def look() -> None:
        own = RunStore(home)
        try:
            while not over.wait(0.01):
                assert AttachedFlow(own, handle.id).status
                settle_all(own)
        except BaseException as fault:
            faults.append(fault)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        [(status, out, err)] = at_once((0, 8, launcher, "resume"))
    finally:
        over.set()
        for looker in lookers:
            looker.join()
    assert (status, out, err) == (0, "8\n", "") and not faults
    assert finished(store, "number") == Counter(range(8))
    assert_index_is_right(store)


@both
def test_repeats_count(script, store, notes):
    """Repeats of one config are runs of their own, in one flow and when it is resumed."""
    script(TRAIN)
    configs = [Config({"number": number % 3}) for number in range(12)]
    flow = Parallel("train.py", configs, max_workers=2)
    handle = flow.start()
    wait_until(lambda: sum(finished(store, "number").values()) >= 4)
    handle.cancel("kill")
    handle.join(PATIENCE)
    before = sum(finished(store, "number").values())
    assert 4 <= before < 12
    begun = len(notes.read_text().splitlines())
    runs = flow.run(resume=True)
    assert [run.params["number"] for run in runs] == [0, 1, 2] * 4
    assert len(runs.finished) == len(set(runs.ids)) == 12
    assert finished(store, "number") == {0: 4, 1: 4, 2: 4}
    assert len(notes.read_text().splitlines()) == begun + 12 - before
    assert_index_is_right(store)


@both
def test_more_repeats_on_resume(script, store, notes):
    """A resume that asks for more repeats runs those alone that are new."""
    script(TRAIN)
    first = sweep("train.py", {"number": [1, 1]}, show=False)
    again = sweep("train.py", {"number": [1, 1, 1, 2]}, show=False, resume=True)
    assert again.ids[:2] == first.ids and len(set(again.ids)) == 4
    assert len(notes.read_text().splitlines()) == 4
    assert finished(store, "number") == {1: 3, 2: 1}
    assert_index_is_right(store)
