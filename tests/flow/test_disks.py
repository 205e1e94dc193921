"""Stores on disks that are full, can't be written, or lose files: one sentence, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from witness import (
    KOGINE,
    PATIENCE,
    assert_index_is_right,
    assert_launched_by,
    assert_nothing_left,
    assert_refused,
    finished,
    kogine,
    locked,
    run_folders,
    wait_until,
)

from kohakuengine import Config, KogineError, Parallel, Run
from kohakuengine.flow.view import View
from kohakuengine.launch.registry import VARIABLE
from kohakuengine.runs import schema
from kohakuengine.runs.outcome import FAILED, FINISHED
from kohakuengine.runs.reindex import reindex
from kohakuengine.runs.store import RunStore

pytestmark = pytest.mark.process
both = pytest.mark.usefixtures("launcher")

# Notes that it was here, and waits where it is told to.
TRAIN = """
    import os, time
    number = 0
    with open(os.environ["NOTES"], "a") as file:
        file.write(f"{number}\\n")
    while os.path.exists(f"wait {number}"):
        time.sleep(0.01)
    print("loss:", 1 / (number + 1))
"""

SWEEP = ("run", "train.py", "--sweep", "number=0,1,2,3", "--workers", "2")


def configs(count: int = 4) -> list[Config]:
    """One Config for each number."""
    return [Config({"number": number}) for number in range(count)]


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which each run notes its number when it begins."""
    path = tmp_path / "notes"
    path.touch()
    monkeypatch.setenv("NOTES", str(path))
    return path


def begun(notes: Path) -> Counter[int]:
    """How often the run of each number has begun."""
    return Counter(map(int, notes.read_text().split()))


# ---- full disks ----


@pytest.fixture
def disk(home: str, tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB, on which the store is."""
    os.makedirs(home)
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "kogine-test", home]
    with contextlib.suppress(OSError):
        if subprocess.run(command, capture_output=True).returncode == 0:
            try:
                yield Path(home)
                if launcher := os.environ.get(VARIABLE):
                    assert_launched_by(launcher, RunStore(home))
            finally:
                subprocess.run(["umount", "-l", home], check=True)
            return
    pytest.skip("this user can't mount a disk")


def fill(disk: Path, left: int = 0) -> Path:
    """Fill a disk but for some bytes, by a file."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        size = file.seek(0, os.SEEK_END)
        file.truncate(max(0, size - left))
    return ballast


@both
@pytest.mark.parametrize("arguments", [SWEEP, ("run", "train.py"), (*SWEEP, "--detach")])
def test_disk_that_is_full_at_the_start(script, disk, notes, arguments):
    """Where there is no room for the record, nothing is run, and one sentence says so."""
    script(TRAIN)
    ballast = fill(disk)
    said = assert_refused(kogine(*arguments))
    assert "no space" in said or "disk is full" in said
    assert "make room" in said
    assert not begun(notes)
    assert not list(disk.glob("flows/*")), "nothing of what couldn't begin stays"
    ballast.unlink()
    assert kogine(*SWEEP).returncode == 0


@pytest.mark.parametrize("left", [0, 4_096, 8_192, 12_288, 20_480, 28_672, 36_864])
@pytest.mark.parametrize("arguments", [SWEEP, ("run", "train.py")])
def test_disk_with_too_little_room_to_begin(script, disk, left, arguments):
    """However far it comes, a sentence tells, and no folder of a flow stays that says nothing."""
    script(TRAIN)
    assert kogine("run", "train.py").returncode == 0  # there is an index
    ballast = fill(disk, left)
    done = kogine(*arguments)
    assert "Traceback" not in done.stderr
    ballast.unlink()
    assert kogine("runs", "--flows").returncode == 0
    flows = [folder for folder in disk.glob("flows/*") if not (folder / "flow.json").exists()]
    assert not flows, [os.listdir(folder) for folder in flows]


# Bytes that are left: for nothing, for some files, for all but the index's log, ...
@both
@pytest.mark.parametrize(
    "left",
    [0, 12_288, *(pytest.param(n, marks=pytest.mark.slow) for n in (4_096, 40_960, 100_000))],
)
def test_disk_that_becomes_full(script, store, disk, notes, tmp_path, home, left):
    """A sweep whose disk becomes full ends with one sentence, and loses nothing that finished."""
    script(TRAIN)
    for number in (1, 2):
        (tmp_path / f"wait {number}").touch()
    command = [*KOGINE, "run", "train.py", "--sweep", "number=" + ",".join(map(str, range(40)))]
    with subprocess.Popen(
        [*command, "--workers", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: begun(notes)[1] and begun(notes)[2])
        ballast = fill(disk, left)
        for number in (1, 2):
            (tmp_path / f"wait {number}").unlink()
        err = process.communicate(timeout=PATIENCE)[1]
    assert_refused(subprocess.CompletedProcess(command, process.returncode, "", err))
    assert_nothing_left(home)
    done = finished(RunStore(home), "number")
    assert done[0] == 1
    before = begun(notes)
    ballast.unlink()
    again = kogine(*command[len(KOGINE) :], "--workers", "2", "--resume")
    assert again.returncode == 0
    count = sum(done.values())
    assert again.stderr == f"kogine: {count} run{'s' * (count > 1)} had finished before.\n"
    assert finished(store, "number") == Counter(range(40))
    assert {number: begun(notes)[number] for number in done} == {n: before[n] for n in done}
    assert_index_is_right(store)


@both
def test_script_that_fills_the_disk(script, disk, home, notes):
    """A script that prints until the disk is full fails by that; nothing of ours is in its log."""
    script("import os\nwhile True: os.write(1, b'x' * 10_000)")
    done = kogine("run", "train.py", "--sweep", "number=0,1")
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr
    assert done.stderr.count("kogine: error: ") <= 1
    assert_nothing_left(home)
    for path in disk.glob("runs/*/*/attempts/*/output.log"):
        assert b"kohakuengine" not in path.read_bytes()
        path.unlink()
    script("print('short')")
    assert kogine("run", "train.py", "--sweep", "number=0,1", "--resume").returncode == 0
    assert_index_is_right(RunStore(home))


@both
def test_result_that_does_not_fit(script, disk, home):
    """A result that finds no room is told of in the run's log, and what else there is remains."""
    script("""
        def main():
            print("loss: 0.5")
            return bytes(5_000_000)
        if __name__ == "__main__": main()
    """)
    [run] = Parallel("train.py").run()
    assert run.status in (FINISHED, FAILED)
    assert "loss: 0.5\n" in run.output and "the result can't be kept" in run.output
    assert run.metrics == {"loss": 0.5}
    assert_index_is_right(RunStore(home))


LOOKS = [
    ("runs",),
    ("runs", "--flows"),
    ("show", "-1"),
    ("logs", "-2"),
    ("store", "du"),
    ("store", "export", "-"),
]


@pytest.fixture(params=["ended", "killed"])
def full(request, script, store, disk, home, tmp_path) -> Path:
    """A full disk with a store of four runs, whose flow ended, or was killed amid the last one."""
    script(f"    print('x' * 100_000, flush=True)\n{TRAIN}")
    if request.param == "ended":
        assert kogine(*SWEEP).returncode == 0
        return fill(disk)
    (tmp_path / "wait 3").touch()
    with subprocess.Popen([*KOGINE, *SWEEP], stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: outcomes(home) == 3 and store.count() == 4)  # the index knows of all
        process.kill()
    store.close()  # or it would keep the disk in use
    assert_nothing_left(home)
    (tmp_path / "wait 3").unlink()
    return fill(disk)


@pytest.mark.parametrize("arguments", LOOKS, ids=" ".join)
def test_look_at_a_full_disk(full, arguments):
    """What is in a store on a full disk is to be seen."""
    done = kogine(*arguments)
    assert done.returncode == 0 and done.stdout.strip(), done
    assert "Traceback" not in done.stderr and "error" not in done.stderr
    if arguments == ("runs",):
        assert done.stdout.count("finished") >= 1 and len(done.stdout.splitlines()) >= 4


@pytest.mark.parametrize("what", [("-1",), ("--older-than", "0s"), ("--status", "finished")])
def test_room_is_made_by_removing_runs(full, store, what):
    """`kogine store rm` makes room on a full disk, and the index is right afterwards."""
    before = {row["id"] for row in store.select()}
    store.close()
    done = kogine("store", "rm", *what, "--yes")
    assert done.returncode == 0 and done.stdout.startswith("removed "), done
    gone = before - {row["id"] for row in store.select()}
    assert gone and not gone & {Path(paths.folder).name for paths in run_folders(store)}
    assert kogine("store", "reindex").returncode == 0
    assert_index_is_right(store)


def test_room_is_made_by_removing_many_small_runs(script, disk, store):
    """It is enough that all of what goes makes the room that the index needs to be told so."""
    script("print('loss: 1')")
    for _ in range(8):
        assert kogine("run", "train.py").returncode == 0
    fill(disk)
    done = kogine("store", "rm", "--status", "finished", "--yes")
    assert done.returncode == 0 and done.stdout.startswith("removed 8 runs"), done
    assert store.select() == [] == store.flows() == list(run_folders(store))


def test_look_at_a_full_disk_keeps_nobody_out(full, store):
    """Who has looked at a store on a full disk isn't in the way of those who come later."""
    rows = store.select()
    with contextlib.closing(RunStore(store.paths.home)) as other:
        assert other.select() == store.select() == rows
        full.unlink()
        assert kogine(*SWEEP, "--resume").returncode == 0
        assert len(other.select()) == len(store.select()) == 4


# ---- disks that can't be written ----


@pytest.fixture
def read_only(disk: Path) -> Iterator[Callable[[], None]]:
    """Have the store's disk refuse all that writes."""
    yield lambda: subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


@both
@pytest.mark.parametrize("arguments", [SWEEP, ("run", "train.py"), (*SWEEP, "--detach")])
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_store_that_cannot_be_written(script, disk, notes, read_only, used, arguments):
    """Where the store can't be written, nothing is run, and one sentence says so."""
    script(TRAIN)
    if used:
        assert kogine(*SWEEP).returncode == 0
    before = begun(notes)
    read_only()
    said = assert_refused(kogine(*arguments))
    assert "read-only" in said or "can't be written" in said
    assert begun(notes) == before


def test_store_that_can_be_read(script, disk, read_only, store):
    """What is in a store that can't be written is still to be seen."""
    script(TRAIN)
    assert kogine(*SWEEP).returncode == 0
    read_only()
    done = kogine("runs")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count("finished") == 4
    [flow] = {row["flow"] for row in store.select()}
    assert_refused(kogine("retry", flow))
    store.close()


@both
def test_store_that_can_be_read_after_a_kill(script, store, disk, read_only, tmp_path, home):
    """A store with a flow that nobody could settle is still to be read."""
    script(TRAIN)
    (tmp_path / "wait 1").touch()
    with subprocess.Popen([*KOGINE, *SWEEP], stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: os.path.exists(store.index) and store.count(status=FINISHED) >= 2)
        process.kill()
    store.close()  # or it would keep the disk in use
    assert_nothing_left(home)
    read_only()
    done = kogine("runs")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert done.stdout.count("finished") >= 2


# ---- an index that others hold ----


class Notes(View):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        """Keep it."""
        self.said.append(text)


def outcomes(home: str) -> int:
    """How many attempts have ended."""
    return len(list(Path(home).glob("runs/*/*/attempts/*/outcome.json")))


@both
def test_locked_for_a_while(script, store, home, tmp_path, notes):
    """A flow waits for an index that is locked for a while, and goes on."""
    script(TRAIN)
    (tmp_path / "wait 0").touch()
    handle = Parallel("train.py", configs(), max_workers=2).start()
    wait_until(lambda: begun(notes)[0])
    with locked(store):
        (tmp_path / "wait 0").unlink()
        wait_until(lambda: outcomes(home) >= 2)
    assert len(handle.wait(PATIENCE).finished) == 4
    assert begun(notes) == Counter(range(4))
    assert_index_is_right(store)


@both
def test_locked_for_long(script, store, home, tmp_path, notes, monkeypatch):
    """A flow goes on in its directories while its index is locked, and the next look settles it."""
    monkeypatch.setattr(schema, "PATIENCE", 0.2)
    script(TRAIN)
    (tmp_path / "wait 0").touch()
    seen = Notes()
    flow = Parallel("train.py", configs(8), max_workers=2)
    handle = flow.start(show=seen)
    wait_until(lambda: begun(notes)[0])
    with locked(store):
        (tmp_path / "wait 0").unlink()
        assert handle.join(PATIENCE)
        assert outcomes(home) == 8
        assert [run.status for run in handle.runs] == [FINISHED] * 8, "the directories know it"
    assert len(seen.said) == 1 and "locked by another process" in seen.said[0]
    assert "The runs go on" in seen.said[0]
    assert len(flow.run(resume=True).finished) == 8
    assert begun(notes) == Counter(range(8)), "what finished isn't run again"
    assert_index_is_right(store)


def test_locked_at_the_start(script, store, notes, monkeypatch):
    """A flow that can't be put into the index doesn't begin."""
    monkeypatch.setattr(schema, "PATIENCE", 0.2)
    script(TRAIN)
    store.count()
    with locked(store), pytest.raises(KogineError, match="locked by another process"):
        Parallel("train.py", configs()).run()
    assert not begun(notes)


@both
def test_ctrl_c_while_locked(script, store, tmp_path, notes, home):
    """An index that is locked doesn't keep Ctrl-C from the runs."""
    script(TRAIN)
    for number in range(2):
        (tmp_path / f"wait {number}").touch()
    handle = Parallel("train.py", configs(2), max_workers=2).start()
    wait_until(lambda: len(begun(notes)) == 2)
    with locked(store):
        (tmp_path / "wait 0").unlink()  # its end is to be written
        wait_until(lambda: outcomes(home) == 1)
        handle.cancel("kill")
        wait_until(lambda: outcomes(home) == 2, seconds=15)
    assert handle.join(PATIENCE)


# ---- what is removed, or of no use ----


@pytest.mark.parametrize("launcher", ["fresh", "warm", "pool"])
def test_folder_in_place_of_an_outcome(script, store, home, launcher):
    """A script that makes one fails, with a sentence; its log has no frames of ours, the flow goes on."""
    script("""
        import os
        number = 0
        if number == 0:
            os.makedirs(os.path.join(os.environ["KOGINE_ATTEMPT_DIR"], "outcome.json", "x"))
        print("number", number)
    """)
    options = ("--sweep", "number=0,1,2", "--workers", "1", "--launcher", launcher)
    done = kogine("run", "train.py", *options)
    assert done.returncode == 1 and "made a folder in place of its outcome" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    rows = store.select(sort="position")
    assert [row["status"] for row in rows] == [FAILED, FINISHED, FINISHED]
    assert_index_is_right(store)
    assert_nothing_left(home)


@pytest.mark.parametrize("launcher", ["inline", "fresh"])
def test_folder_in_place_of_the_outcome_of_one_run(script, store, launcher):
    """So it is of one run by itself."""
    script("""
        import os
        os.makedirs(os.path.join(os.environ["KOGINE_ATTEMPT_DIR"], "outcome.json", "x"))
    """)
    done = kogine("run", "train.py", "--launcher", launcher)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    [row] = store.select()
    assert row["status"] == FAILED and "made a folder" in row["error"]


@both
def test_run_that_loses_its_directory(script, store, home, notes):
    """A run whose directory is removed while it goes on fails; the others go on."""
    script("""
        import os, shutil
        number = 0
        if number == 1 and not os.path.exists("again"):
            shutil.rmtree(os.environ["KOGINE_RUN_DIR"])
        print("loss: 1")
    """)
    flow = Parallel("train.py", configs(), max_workers=2)
    runs = flow.run()
    assert len(runs.finished) == 3
    assert [run.params["number"] for run in runs if run.status == FINISHED] == [0, 2, 3]
    assert_nothing_left(home)
    assert kogine("runs").returncode == 0
    open("again", "w").close()
    again = flow.run(resume=True)
    assert [run.params["number"] for run in again.finished] == [0, 1, 2, 3]
    assert_index_is_right(store)


@pytest.mark.parametrize("status", [FINISHED, FAILED])
def test_run_whose_directory_is_removed_later(script, store, home, status):
    """A run whose directory is gone doesn't hold up a look at the store, nor a resume."""
    script("""
        import os
        number = 0
        if number == 1 and not os.path.exists("again"): raise ValueError
    """)
    flow = Parallel("train.py", configs(), max_workers=2)
    flow.run()
    row = next(row for row in store.select(status=status))
    shutil.rmtree(store.paths.run(row["id"]).folder)
    assert kogine("runs").returncode == 0
    for command in ("show", "logs"):
        done = kogine(command, row["id"])
        assert done.returncode in (0, 2) and "Traceback" not in done.stderr
    open("again", "w").close()
    runs = flow.run(resume=True)
    assert len(runs) == 4 and len(runs.finished) == 4
    reindex(store)
    assert finished(store, "number").keys() >= {1}
    assert_index_is_right(store)


def test_result_of_a_run_whose_directory_is_gone(script, store):
    """To ask for a result that was removed is an error which says so."""
    script("def main(): return 1\nmain()")
    [run] = Parallel("train.py").run()
    shutil.rmtree(run.path)
    with pytest.raises(KogineError, match=run.id[:8]):
        Run(store, run.id).result  # as somebody finds it who comes later


def test_flow_whose_directory_is_removed(script, store, home):
    """A flow whose directory is gone can't be resumed, which one sentence says; its runs remain."""
    script(TRAIN)
    assert kogine(*SWEEP).returncode == 0
    [flow] = store.flows()
    shutil.rmtree(store.paths.flow(flow["id"]).folder)
    done = kogine(*SWEEP, "--resume")
    assert "Traceback" not in done.stderr and done.returncode in (0, 2)
    assert kogine("runs").returncode == 0


def tree(folder: str) -> dict[str, bytes | None]:
    """All files below a folder, with what is in them."""
    paths = sorted(Path(folder).rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() else None for path in paths}


@pytest.mark.parametrize(
    "arguments",
    [SWEEP, ("run", "train.py"), (*SWEEP, "--resume"), ("runs",), ("store", "reindex")],
)
def test_store_of_a_newer_version(script, store, home, notes, arguments):
    """A store of a newer version is refused in one sentence, and nothing in it is changed."""
    script(TRAIN)
    assert kogine(*SWEEP).returncode == 0
    notes.write_text("")
    with contextlib.closing(sqlite3.connect(store.index)) as index:
        index.execute("PRAGMA user_version=99")
    before = tree(home)
    assert "version 99" in assert_refused(kogine(*arguments))
    assert not begun(notes)
    assert tree(home) == before


@both
def test_store_on_a_network(script, home, tmp_path, monkeypatch):
    """A flow goes on there as anywhere; its index, in the user's cache, is made anew on another host."""
    network = f"server:/x {os.path.realpath(tmp_path)} nfs4 rw 0 0\n"
    monkeypatch.setattr("kohakuengine.runs.home._mounts", lambda: network)
    for host in ("one", "other"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / host))
        store = RunStore(home)
        if host == "one":
            script("number = 0\ndef main(): return number\nmain()")
            assert Parallel("train.py", configs(), max_workers=2).run().results == [0, 1, 2, 3]
        assert store.index.startswith(str(tmp_path / host)) and not Path(home, "kogine.db").exists()
        if host == "other":
            reindex(store)
        assert [row["status"] for row in store.select()] == [FINISHED] * 4
        assert_index_is_right(store)


def remove_index(store: RunStore) -> None:
    """Remove an index, as somebody does who thinks that it is to blame."""
    for end in ("", "-wal", "-shm"):
        Path(store.index + end).unlink(missing_ok=True)


@both
@pytest.mark.parametrize("made_anew", [False, True], ids=["gone", "made anew"])
def test_index_that_is_removed(script, store, home, tmp_path, notes, made_anew):
    """A flow whose index is removed goes on, and the next look knows all of its runs."""
    script(TRAIN)
    for number in range(2):
        (tmp_path / f"wait {number}").touch()
    flow = Parallel("train.py", configs(), max_workers=2)
    handle = flow.start()
    wait_until(lambda: len(begun(notes)) == 2)
    remove_index(store)
    if made_anew:
        assert kogine("runs").stdout.count("running") == 2
    for number in range(2):
        (tmp_path / f"wait {number}").unlink()
    assert handle.join(PATIENCE)
    assert kogine("runs").stdout.count("finished") == 4
    assert_index_is_right(RunStore(home))
    assert len(flow.run(resume=True).finished) == 4
    assert begun(notes) == Counter(range(4)), "what finished isn't run again"


def test_index_that_is_removed_between(script, store, home, notes):
    """An index that is removed is made anew from the directories by whoever comes first."""
    script(TRAIN)
    assert kogine(*SWEEP).returncode == 0
    remove_index(store)
    assert kogine(*SWEEP, "--resume").returncode == 0
    assert begun(notes) == Counter(range(4))
    assert_index_is_right(store)


@pytest.mark.parametrize("size", [100, 100_000])
def test_index_that_is_damaged(script, store, home, notes, size):
    """A damaged index is refused in one sentence that says what to do, and that helps."""
    script(TRAIN)
    assert kogine(*SWEEP).returncode == 0
    for end in ("-wal", "-shm"):
        Path(store.index + end).unlink(missing_ok=True)
    Path(store.index).write_bytes(b"\xa5" * size)
    for arguments in (SWEEP, (*SWEEP, "--resume"), ("runs",)):
        assert "kogine store reindex" in assert_refused(kogine(*arguments))
    assert begun(notes) == Counter(range(4))
    done = kogine("store", "reindex")
    assert done.returncode == 0, done
    assert kogine(*SWEEP, "--resume").returncode == 0
    assert begun(notes) == Counter(range(4))
    assert_index_is_right(RunStore(home))


@both
def test_index_that_is_damaged_in_mid_flow(script, store, home, tmp_path, notes):
    """A flow goes on whose index is damaged, and a reindex finds all of it."""
    script(TRAIN)
    for number in range(2):
        (tmp_path / f"wait {number}").touch()
    command = [*KOGINE, *SWEEP]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        wait_until(lambda: len(begun(notes)) == 2)
        with open(store.index, "r+b") as file:
            file.write(b"\xa5" * os.path.getsize(store.index))
        Path(store.index + "-wal").write_bytes(b"")
        for number in range(2):
            (tmp_path / f"wait {number}").unlink()
        err = process.communicate(timeout=PATIENCE)[1]
    assert b"Traceback" not in err
    assert_nothing_left(home)
    assert kogine("store", "reindex").returncode == 0
    assert finished(store, "number") == begun(notes) == Counter(range(4))
    assert_index_is_right(RunStore(home))
