"""kogine logs"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from stored import Stored, stored, sweep  # noqa: F401

from kohakuengine.cli.app import parse_command
from kohakuengine.runs.lock import FlowLock
from kohakuengine.runs.outcome import FINISHED, write_outcome

BAR = b"start\n10%\r50%\r100%\n\x1b[32mgreen\n\xff\nend"
A1 = "a1".ljust(32, "0")


def test_a_log_is_printed_as_it_showed(kogine, stored: Stored) -> None:
    """Bars as they ended, no colours in a pipe, and U+FFFD for what isn't text."""
    stored.run("a1", stored.flow("f1"), output=BAR)
    reply = kogine("logs", "a1")
    assert (reply.outcome, reply.err) == (0, "")
    assert reply.out == "start\n100%\ngreen\n\ufffd\nend\n"


DAMAGES = [b'{"format": 1, "st', b"\xff\x00\x01", b'{"a": []}', b"[1]", b""]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("what", ["f1", "a1"])
def test_log_of_a_run_whose_outcome_is_damaged(kogine, stored: Stored, damage, what) -> None:
    """It is printed as it is."""
    stored.run("a1", stored.flow("f1"), output=b"one\n")
    (attempt,) = Path(stored.store.paths.run(A1).attempts).iterdir()
    (attempt / "outcome.json").write_bytes(damage)
    reply = kogine("logs", what)
    assert (reply.outcome, reply.err) == (0, "") and "one\n" in reply.out


def test_colours_are_kept_on_a_terminal(kogine, stored: Stored, monkeypatch) -> None:
    """A colour ends with its line, so that it doesn't run into what comes next."""
    stored.run("a1", stored.flow("f1"), output=BAR)
    monkeypatch.setattr("kohakuengine.cli.logs.on_terminal", lambda: True)
    assert "\x1b[32mgreen\x1b[0m\n" in kogine("logs", "last").out


def test_a_log_can_be_copied(folder, stored: Stored, capfdbinary) -> None:
    """`--raw` gives the bytes that were printed."""
    stored.run("a1", stored.flow("f1"), output=BAR)
    assert parse_command(["logs", "a1", "--raw"]) == 0
    assert capfdbinary.readouterr().out == BAR
    assert parse_command(["logs", "a1", "--raw", "--tail", "1"]) == 0
    assert capfdbinary.readouterr().out == b"end"


def test_a_log_as_json_is_a_line_each(kogine, sweep: Stored, monkeypatch) -> None:
    """With the run's id and name, of a run as of a flow; on a terminal, too."""
    monkeypatch.setattr("kohakuengine.cli.logs.on_terminal", lambda: True)
    sweep.attempt(A1, output=BAR)
    rows = [json.loads(line) for line in kogine("logs", "a1", "--json").out.splitlines()]
    assert [row["line"] for row in rows] == ["start", "100%", "green", "\ufffd", "end"]
    assert {(row["run"], row["name"]) for row in rows} == {(A1, "lr=0.1 bs=32")}
    rows = [
        json.loads(line)
        for line in kogine("logs", "f1", "--json", "--tail", "1").out.split("\n")
        if line
    ]
    assert [(row["run"][:2], row["line"]) for row in rows][-2:] == [("a2", "two"), ("a3", "three")]
    clash = kogine("logs", "a1", "--json", "--raw")
    assert clash.outcome == 2 and "can't be used with --json" in clash.err


@pytest.mark.parametrize("count, expected", [("1", "end\n"), ("2", "\ufffd\nend\n"), ("0", "")])
def test_the_last_lines(kogine, stored: Stored, count: str, expected: str) -> None:
    """`--tail` prints as many lines, the one without an end included."""
    stored.run("a1", stored.flow("f1"), output=BAR)
    assert kogine("logs", "a1", "--tail", count).out == expected


def test_the_attempt_can_be_chosen(kogine, sweep: Stored) -> None:
    """Of several attempts the last one is meant, unless another one is named."""
    sweep.attempt("a3".ljust(32, "0"), output=b"again\n")
    assert kogine("logs", "a3").out == "again\n"
    assert kogine("logs", "a3", "--attempt", "1").out == "three\n"
    reply = kogine("logs", "a3", "--attempt", "3")
    assert reply.outcome == 2 and "has no attempt 3: there were 2" in reply.err


def test_the_logs_of_a_flow_have_labels(kogine, sweep: Stored) -> None:
    """Run by run, each line with its run's name."""
    out = kogine("logs", "f1").out
    assert out == "[lr=0.1 bs=32] one\n[lr=0.2 bs=32] two\n[lr=0.4 bs=32] three\n"


def test_following_what_has_ended_ends(kogine, sweep: Stored) -> None:
    """`-f` prints what there is, and returns."""
    assert kogine("logs", "-f", "a1").out == "one\n"
    assert kogine("logs", "-f", "f1").out.count("\n") == 3


def test_following_a_dead_run_ends(kogine, stored: Stored) -> None:
    """A run whose coordinator is gone doesn't keep `-f` waiting."""
    stored.run("a1", stored.flow("f1", ended=None), output=b"half", status=None)
    assert kogine("logs", "-f", "a1").out == "half\n"
    assert stored.store.run("a1")["status"] == "interrupted"


def test_a_run_that_has_not_begun(kogine, stored: Stored) -> None:
    """There is nothing to print, which is told."""
    stored.run("a1", stored.flow("f1"), status=None)
    Path(stored.store.paths.run(A1).attempt(1).output).unlink()
    Path(stored.store.paths.run(A1).attempt(1).folder).rmdir()
    stored.index(A1)
    reply = kogine("logs", "a1")
    assert (reply.outcome, reply.out) == (0, "")
    assert reply.err == "kogine: run a1000000 hasn't begun: it is queued.\n"


def test_a_run_whose_directory_is_gone(kogine, sweep: Stored) -> None:
    """Its log is gone, too, and that is told."""
    import shutil

    shutil.rmtree(sweep.store.paths.run(A1).folder)
    reply = kogine("logs", "a1")
    assert reply.outcome == 2 and "its log with it" in reply.err


WRONG = {
    "an attempt of a flow": (["f1", "--attempt", "1"], "for one run"),
    "a flow byte by byte": (["f1", "--raw"], "for one run"),
    "bytes that come": (["a1", "--raw", "-f"], "can't be used with --follow"),
    "no such run": (["zz"], "there is no run or flow 'zz'"),
}


@pytest.mark.parametrize("arguments, said", WRONG.values(), ids=WRONG)
def test_what_cannot_be_printed_is_told(kogine, sweep: Stored, arguments, said: str) -> None:
    """A sentence on stderr, and exit code 2."""
    reply = kogine("logs", *arguments)
    assert (reply.outcome, reply.out) == (2, "")
    assert said in reply.err


class Screen(io.TextIOWrapper):
    """A terminal, on which one can wait for something to be shown."""

    def __init__(self, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
        self._terminal = terminal
        self._news = threading.Condition()
        self.shown = ""

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        with self._news:
            self.shown += text
            self._news.notify_all()
        return len(text)

    def wait_for(self, text: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: text in self.shown, timeout=60), self.shown


@pytest.fixture
def live(stored: Stored, monkeypatch: pytest.MonkeyPatch):
    """Follow a flow `f1`, of which each step is done when what the last one printed is shown."""

    def follow(
        which: str, steps: list[tuple[Callable[[], object], str]], *, terminal: bool = False
    ) -> str:
        lock = FlowLock.acquire(stored.store.paths.flow("f1".ljust(32, "0")).lock)
        assert lock is not None
        screen = Screen(terminal)
        monkeypatch.setattr("sys.stdout", screen)
        faults: list[BaseException] = []

        def act() -> None:
            try:
                for step, shown in steps:
                    step()
                    screen.wait_for(shown)
            except BaseException as fault:
                faults.append(fault)
            finally:
                lock.release()

        actor = threading.Thread(target=act)
        actor.start()
        try:
            assert parse_command(["logs", "-f", which]) == 0
        finally:
            actor.join()
            monkeypatch.undo()
        assert not faults, faults[0]
        return screen.shown

    return follow


def printing(stored: Stored, data: bytes, run: str = A1, attempt: int = 1) -> Callable[[], object]:
    """A step in which a run prints something."""

    def step() -> None:
        with open(stored.store.paths.run(run).attempt(attempt).output, "ab") as file:
            file.write(data)

    return step


def ending(stored: Stored, status: str = FINISHED, run: str = A1) -> Callable[[], object]:
    """A step in which the first attempt at a run ends."""
    attempt = stored.store.paths.run(run).attempt(1)
    return lambda: write_outcome(attempt, status, int(status != FINISHED), started=1.0, ended=2.0)


def test_a_run_is_followed_until_it_has_ended(live, stored: Stored) -> None:
    """Lines come as they are printed; the last one needs no end."""
    stored.run("a1", stored.flow("f1", ended=None), status=None)
    steps = [
        (printing(stored, b"one\n"), "one\n"),
        (printing(stored, b"two\nthr"), "two\n"),
        (ending(stored), "thr\n"),
    ]
    assert live("a1", steps) == "one\ntwo\nthr\n"


def test_a_bar_moves_in_place_on_a_terminal(live, stored: Stored) -> None:
    """The unfinished line is shown anew each time it changes, and once in the end."""
    stored.run("a1", stored.flow("f1", ended=None), status=None)
    steps = [
        (printing(stored, b"10%"), "\r\x1b[K10%"),
        (printing(stored, b"\r\x1b[1m20%"), "\r\x1b[K20%"),
        (printing(stored, b"\rdone\n"), "done\n"),
        (ending(stored), ""),
    ]
    shown = live("a1", steps, terminal=True)
    assert shown == "\r\x1b[K10%\r\x1b[K20%\r\x1b[Kdone\n"


def test_a_run_that_is_tried_again_is_followed_on(live, stored: Stored, capsys) -> None:
    """While its flow has retries left, a failed attempt isn't the end."""
    options = {"retries": 1, "retry_on": ["failed"]}
    stored.run("a1", stored.flow("f1", ended=None, options=options), status=None)
    steps = [
        (printing(stored, b"one\n"), "one\n"),
        (ending(stored, "failed"), ""),
        (lambda: stored.attempt(A1, output=b"two\n"), "two\n"),
    ]
    assert live("a1", steps) == "one\ntwo\n"
    assert "kogine: attempt 2\n" in capsys.readouterr().err


def test_a_run_that_is_not_tried_again_is_over(live, stored: Stored) -> None:
    """A failure that the flow doesn't retry ends `-f`, though the flow goes on."""
    options = {"retries": 1, "retry_on": ["timed_out"]}
    stored.run("a1", stored.flow("f1", ended=None, options=options), output=b"one\n", status=None)
    assert live("a1", [(ending(stored, "failed"), "one\n")]) == "one\n"


def test_a_flow_is_followed_until_it_has_ended(live, stored: Stored) -> None:
    """Runs that begin later are followed, too, each line with its run's name."""
    flow = stored.flow("f1", ended=None)
    stored.run("a1", flow, {"n": 1}, status=None)
    steps = [
        (printing(stored, b"one\n"), "[n=1] one\n"),
        (lambda: stored.run("a2", flow, {"n": 2}, output=b"two\n", status=None), "[n=2] two\n"),
        (ending(stored), ""),
        (printing(stored, b"three", "a2".ljust(32, "0")), ""),
    ]
    assert live("f1", steps) == "[n=1] one\n[n=2] two\n[n=2] three\n"
