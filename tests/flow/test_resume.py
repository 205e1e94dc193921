"""Going on with a flow: what finished isn't run again, the rest is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from shared import SECONDS, configs, fake, lr, statuses, train  # noqa: F401
from witness import assert_index_is_right, wait_until

import kohakuengine
from kohakuengine import Config, ConfigGenerator, Parallel, RunStore, Sequential
from kohakuengine.cli.progress import Progress
from kohakuengine.errors import OverrideError, ScriptExit, StoreError
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.lines import Lines
from kohakuengine.flow.preview import Preview
from kohakuengine.flow.sources import KeptSources
from kohakuengine.flow.view import View
from kohakuengine.launch.fake import FakeEnd


class Told(View):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def run(train: Path, fake):
    """Run `train.py` with values of `lr`, of which some fail; give the runs and what was run."""

    def run(*values: object, fails: Any = (), flow: Any = Sequential, **choices: Any) -> Any:
        launcher = fake(lambda job: FakeEnd("failed", 1) if lr(job) in fails else lr(job))
        resume = choices.pop("resume", False)
        runs = flow(train, configs(*values), launcher="fake", **choices).run(resume=resume)
        return runs, launcher.submitted

    return run


def test_what_finished_is_not_run_again(run, store: RunStore) -> None:
    """The rest is, in the same flow, and the runs are those of the whole flow in their order."""
    first, _ = run(1, 2, 3, fails=[2])
    runs, again = run(1, 2, 3, resume=True)
    assert again == [first[1].id]
    assert (runs.results, runs.ids) == ([1, 2, 3], first.ids)
    assert {row.flow for row in runs} == {first[0].flow} and len(store.flows()) == 1
    assert store.flow(first[0].flow)["status"] == "finished"
    assert_index_is_right(store)


@pytest.mark.parametrize("damage", ['{"format": 1, "id', "[1]", ""])
def test_a_run_whose_record_is_damaged_is_run_anew(run, store: RunStore, damage: str) -> None:
    """Nobody knows any more what it was to do: it is left alone, and the plan's is a new run."""
    first, _ = run(1, 2, fails=[2])
    Path(store.paths.run(first[1].id).spec).write_text(damage)
    runs, again = run(1, 2, resume=True)
    assert statuses(runs) == ["finished", "finished"]
    assert again == [runs[1].id] and runs[1].id not in first.ids


def test_a_failed_run_is_tried_again_in_its_own_directory(run) -> None:
    """As one more attempt of the same run."""
    [first], _ = run(1, fails=[1])
    [again], _ = run(1, resume=True)
    assert (again.path, again.attempts, again.status) == (first.path, 2, "finished")


def test_a_retry_counts_from_where_it_was_resumed(run) -> None:
    """Attempts before the resume don't use up the new ones."""
    run(1, fails=[1], retries=1, retry_delay=0)
    [again], _ = run(1, fails=[1], retries=1, retry_delay=0, resume=True)
    assert again.attempts == 4


def test_name_and_tags_are_kept(run, store: RunStore) -> None:
    """Unless others are given; new runs have the tags, too."""
    first, _ = run(1, 2, fails=[2], name="n", tags=["t"])
    runs, _ = run(1, 2, 3, resume=True)
    flow = store.flow(first[0].flow)
    assert (flow["name"], flow["tags"], runs[2].tags) == ("n", ["t"], ["t"])
    run(1, 2, 3, resume=True, name="n", tags=["u"])
    assert (store.flow("n")["id"], store.flow("n")["tags"]) == (flow["id"], ["u"])
    run(1, 2, 3, resume=flow["id"], name="m")
    assert (store.flow("m")["id"], store.flow("m")["tags"]) == (flow["id"], ["u"])
    assert_index_is_right(store)


@pytest.mark.parametrize("ask, status", [("cancel", "cancelled"), ("pause", "paused")])
def test_what_is_asked_while_a_flow_is_being_resumed_counts(
    run, train: Path, fake, store: RunStore, monkeypatch, ask: str, status: str
) -> None:
    """Whoever sees a live flow can end or pause it, before its first run goes on, too."""
    [first], _ = run(1, fails=[1])

    def kept(*args: Any) -> KeptSources:
        getattr(AttachedFlow(store, first.flow), ask)()
        return KeptSources(*args)

    monkeypatch.setattr("kohakuengine.flow.recorder.KeptSources", kept)
    fake(hold=True)
    handle = Sequential(train, configs(1), launcher="fake").start(resume=True)
    wait_until(lambda: handle.status == status, SECONDS)
    handle.cancel()
    handle.wait(SECONDS)


def test_nothing_is_left_to_do(run) -> None:
    """A flow whose runs all finished gives them again, and runs nothing."""
    first, _ = run(1, 2)
    runs, again = run(1, 2, resume=True)
    assert (runs, again, runs.results) == (first, [], [1, 2])


def test_what_had_finished_is_told(run, train: Path, fake, capsys) -> None:
    """A resume that has nothing left to do isn't silent."""
    run(1, 2)
    fake(lr)
    Sequential(train, configs(1, 2), launcher="fake").run(resume=True, show=True)
    assert capsys.readouterr() == ("", "kogine: 2 runs had finished before.\n")
    Sequential(train, configs(1, 3), launcher="fake").run(resume=True, show=True)
    assert capsys.readouterr().err == "kogine: 1 run had finished before.\n"


def test_further_configs_are_new_runs(run) -> None:
    """A sweep can grow; what isn't asked for any more stays in the store."""
    first, _ = run(1, 2)
    runs, again = run(2, 3, resume=True)
    assert runs.results == [2, 3]
    assert (runs[0].id, again) == (first[1].id, [runs[1].id])


def test_repeats_count(run) -> None:
    """The nth config of a key takes the nth finished run; what is beyond those is run."""
    first, _ = run(1, 1)
    assert first[0].id != first[1].id
    runs, again = run(1, 1, 1, resume=True)
    assert (runs.ids[:2], again) == (first.ids, runs.ids[2:])


def test_finished_repeats_are_taken_first(run, train: Path, fake) -> None:
    """Of several runs of one config, those that finished count, whichever they were."""
    first, _ = run(1, 2, 1, fails=[])
    ends = iter([FakeEnd("failed", 1), 2, 3])
    fake(lambda job: next(ends))
    second = Sequential(train, configs(1, 1, 1), launcher="fake", name="n").run()
    assert statuses(second) == ["failed", "finished", "finished"]
    runs, again = run(1, 1, resume=True, name="n")
    assert (runs.ids, again) == (second.ids[1:], [])


def test_values_of_other_types_are_other_configs(run) -> None:
    """1, 1.0 and True are equal, and yet not the same."""
    run(1)
    _, again = run(1, 1.0, True, resume=True)
    assert len(again) == 2


def test_the_newest_flow_of_the_scripts_is_taken(run) -> None:
    """Or the newest of that name, or the one whose id is given."""
    first, _ = run(1, name="a")
    second, _ = run(1, name="b")
    assert run(1, resume=True)[0] == second
    assert run(1, resume=True, name="a")[0] == first
    assert run(1, resume=first[0].flow[:12])[0] == first


def test_a_single_run_is_not_what_a_sweep_goes_on_with(run, train: Path) -> None:
    """To try the script alone meanwhile doesn't make a sweep run everything again."""
    first, _ = run(1, 2, fails=[2])
    with pytest.raises(ScriptExit, match="nobody runs this"):
        kohakuengine.run(train)
    runs, again = run(1, 2, resume=True)
    assert (runs.ids, again) == (first.ids, [first[1].id])


def test_a_flow_that_was_refused_is_not_what_one_goes_on_with(run, train: Path, fake) -> None:
    """A misspelt name, refused before the first run, doesn't make a sweep run everything again."""
    first, _ = run(1, 2, fails=[2])
    with pytest.raises(OverrideError, match="refused because strict"):
        Sequential(train, Config({"lrr": 1}), strict=True, launcher="fake").run()
    runs, again = run(1, 2, resume=True)
    assert (runs.ids, again) == (first.ids, [first[1].id])


def test_a_resume_that_knows_no_run_is_told(run, train: Path, fake) -> None:
    """Once, before anything is begun where that can be seen, else when all are made."""
    run(1, 2)
    for source in (configs(3, 4), ConfigGenerator(lambda: iter(configs(5, 6)))):
        told = Told()
        launcher = fake()
        Sequential(train, source, launcher="fake").run(resume=True, show=told)
        assert len(launcher.submitted) == 2
        [note] = told.notes
        assert note.startswith("none of these runs is one of those that flow ")
    told = Told()
    Sequential(train, configs(9, 2), launcher="fake").run(resume=True, show=told)
    assert told.notes == []


def test_a_flow_that_was_never_made_is_forgotten(run, store: RunStore) -> None:
    """Where its coordinator was killed right after the index had heard of it, that forgets it."""
    run(1, 2)
    [flow] = store.flows()
    store.add_flow(**{**flow, "id": "f" * 32, "status": "running", "created": time.time()})
    os.makedirs(store.paths.flow("f" * 32).requests)
    run(1, 2, resume=True)
    assert [one["id"] for one in store.flows()] == [flow["id"]]


def test_no_flow_to_resume_is_told(run, store: RunStore) -> None:
    """Nothing is run and nothing is recorded then."""
    with pytest.raises(StoreError, match=r"there is no flow of .*train.py to resume in"):
        run(1, resume=True)
    run(1, name="a")
    with pytest.raises(StoreError, match=r"there is no flow called b of .*train.py to resume"):
        run(1, resume=True, name="b")
    with pytest.raises(StoreError, match="ffff"):
        run(1, resume="ffff")
    assert len(store.select()) == 1 and len(store.flows()) == 1


def test_flows_of_other_scripts_are_others(run, train: Path, tmp_path: Path, fake) -> None:
    """A flow is of the same scripts in the same order."""
    (tmp_path / "other.py").write_text("lr = 1\n")
    fake()
    Sequential([train, "other.py"], launcher="fake").run()
    with pytest.raises(StoreError, match="there is no flow"):
        run(1, resume=True)


def test_changed_code_is_refused(run, train: Path, store: RunStore) -> None:
    """With the number of finished runs that would run again; nothing is changed by that."""
    first, _ = run(1, 2, 3, fails=[3])
    before = store.flow(first[0].flow)
    train.write_text("lr = 0.2\n")
    with pytest.raises(StoreError, match=r"train.py changed .* 2 finished run\(s\) .*any-code"):
        run(1, 2, 3, resume=True)
    assert store.flow(first[0].flow) == before
    assert statuses(first) == ["finished", "finished", "failed"]


def test_a_changed_import_is_changed_code(run, train: Path) -> None:
    """A module beside the script belongs to it."""
    train.write_text("import model\nlr = 1\n")
    (train.parent / "model.py").write_text("width = 8\n")
    run(1)
    (train.parent / "model.py").write_text("width = 16\n")
    with pytest.raises(StoreError, match=r"1 finished run\(s\)"):
        run(1, resume=True)


def test_any_code_keeps_what_finished(run, train: Path) -> None:
    """The rest runs with the script as it is now."""
    first, _ = run(1, 2, fails=[2])
    train.write_text("lr = 0.2\n")
    runs, again = run(1, 2, resume="any-code")
    assert (runs.ids, again) == (first.ids, [first[1].id])
    assert run(1, 2, resume=True)[1] == []  # it is the flow's script now


def test_changed_code_does_not_matter_where_nothing_finished(run, train: Path) -> None:
    """A script that was mended goes on without more."""
    run(1, fails=[1])
    train.write_text("lr = 0.2\n")
    assert run(1, resume=True)[0].results == [1]


def test_a_generator_is_asked_anew_and_told_stored_outcomes(train: Path, fake) -> None:
    """So it comes to the same configs, and nothing that finished is run for that."""
    told: list[Any] = []

    def source() -> Iterator[Config]:
        value = 8
        while value:
            run = yield Config({"lr": value})
            told.append((run.params["lr"], run.status, run.result))
            value = run.result

    fake(lambda job: lr(job) // 2 if lr(job) > 2 else FakeEnd("failed", 1))
    with pytest.raises(Exception, match="exited with status 1"):
        Sequential(train, ConfigGenerator(source), launcher="fake").run()
    assert told == [(8, "finished", 4), (4, "finished", 2)]
    told.clear()
    launcher = fake(lambda job: lr(job) // 2)
    runs = Sequential(train, ConfigGenerator(source), launcher="fake").run(resume=True)
    assert told == [(8, "finished", 4), (4, "finished", 2), (2, "finished", 1), (1, "finished", 0)]
    assert (runs.results, launcher.submitted) == ([4, 2, 1, 0], runs.ids[2:])


def test_a_value_without_a_digest_runs_again(train: Path, fake) -> None:
    """A note names the value; the earlier run stays."""

    class Odd:
        pass

    config = [Config({"lr": 1}), Config({"lr": Odd()})]
    fake(lambda job: 0)
    first = Sequential(train, config, launcher="fake").run()
    told = Told()
    launcher = fake(lambda job: 0)
    runs = Sequential(train, config, launcher="fake").run(resume=True, show=told)
    assert runs[0].id == first[0].id and launcher.submitted == [runs[1].id]
    assert runs[1].id != first[1].id and first[1].status == "finished"
    [note] = told.notes
    assert "globals_dict['lr']" in note and "Odd" in note


def test_a_look_ahead_knows_what_the_index_does_not(run, train: Path, store: RunStore) -> None:
    """As after a kill of the coordinator; the index is left as it is."""
    [first, second], _ = run(1, 2, fails=[2])
    store.update_run(first.id, status="running", ended=None)
    store.update_flow(first.flow, status="running")
    before = store.select()
    preview = Preview(Sequential(train, configs(1, 2, 3), launcher="fake"), True, shown=50)
    assert [planned.params["lr"] for planned in preview.first] == [2, 3]
    assert (preview.count, preview.finished, store.select()) == (3, 1, before)


def test_a_live_flow_is_not_resumed(train: Path, fake, store: RunStore) -> None:
    """A sentence says that it is going on, and it does."""
    launcher = fake(lr, hold=True)
    flow = Parallel(train, configs(1), launcher="fake")
    handle = flow.start()
    wait_until(lambda: launcher.submitted, SECONDS)
    with pytest.raises(StoreError, match=f"flow {handle.id[:8]} is going on .* kogine attach"):
        flow.start(resume=True)
    launcher.release()
    assert handle.wait(SECONDS).results == [1]


def test_a_cancelled_flow_goes_on(train: Path, fake, store: RunStore) -> None:
    """What was cancelled, and what hadn't begun, is run."""
    launcher = fake(lr, hold=True)
    handle = Sequential(train, configs(1, 2, 3), launcher="fake").start()
    wait_until(lambda: launcher.submitted, SECONDS)
    handle.cancel()
    handle.wait(SECONDS)
    fake(lr)
    runs = Sequential(train, configs(1, 2, 3), launcher="fake").run(resume=True)
    assert runs.results == [1, 2, 3] and [run.attempts for run in runs] == [2, 1, 1]
    assert store.flow(handle.id)["status"] == "finished"
    assert_index_is_right(store)


def test_another_number_of_workers_may_go_on(run) -> None:
    """Options are those of the new call."""
    first, _ = run(1, 2, 3, fails=[2, 3], timeout=5, tags=["a"])
    runs, again = run(1, 2, 3, flow=Parallel, max_workers=2, resume=True)
    assert (runs.ids, len(again)) == (first.ids, 2)


def test_those_who_look_on_are_told_how_far_it_was(train: Path, fake) -> None:
    """What finished before is counted, not passed over in silence."""
    fake(lambda job: FakeEnd("failed", 1) if lr(job) == 3 else 0)
    Sequential(train, configs(1, 2, 3), launcher="fake").run()
    fake(lambda job: 0)
    console = Console(record=True, width=100)
    flow = Sequential(train, configs(1, 2, 3), launcher="fake")
    flow.run(resume=True, show=Progress(console))
    assert "3 of 3 finished" in console.export_text()


def test_lines_tell_of_the_rest_alone(train: Path, fake, capsys) -> None:
    """What finished before isn't printed again."""
    fake(lambda job: FakeEnd("failed", 1) if lr(job) == 2 else FakeEnd(output="one\n"))
    Sequential(train, configs(1, 2), launcher="fake").run()
    fake(lambda job: FakeEnd(output="two\n"))
    Sequential(train, configs(1, 2), launcher="fake").run(resume=True, show=Lines())
    out = capsys.readouterr().out
    assert "[lr=2] two\n" in out and "[lr=1]" not in out
