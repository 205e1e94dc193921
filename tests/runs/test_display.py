"""Runs as tables."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from kohakuengine.runs.cells import age_text, duration_text, one_line, shown, size_text
from kohakuengine.runs.columns import RUN_COLUMNS
from kohakuengine.runs.display import comparison_table, flows_table, runs_table
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.table import Runs


def row(id: str, params: dict[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    """A row of the index."""
    empty = {"metrics": {}, "tags": [], "status": "finished", "script": "/lab/train.py"}
    times = {"created": 1.0, "started": 1.0, "ended": 2.5}
    given = {"id": id.ljust(32, "0"), "params": params or {}, "name": "train", **columns}
    return {**dict.fromkeys(RUN_COLUMNS), **empty, **times, **given}


def heads(table: Any) -> list[str]:
    """What stands above the columns."""
    return [str(column.header) for column in table.columns]


def drawn(table: Any, width: int = 80, **options: Any) -> str:
    """A table as a console of that width shows it."""
    console = Console(file=io.StringIO(), width=width, **options)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_what_varies_is_shown() -> None:
    """Parameters that all runs have in common tell nothing."""
    rows = [row("a", {"lr": 0.1, "bs": 32}), row("b", {"lr": 0.2, "bs": 32})]
    assert heads(runs_table(rows, 2)) == ["id", "status", "lr", "duration"]


def test_a_parameter_that_some_runs_lack_varies() -> None:
    """It is empty where a run doesn't set it."""
    table = runs_table([row("a", {"lr": 0.1}), row("b")], 2)
    assert [str(cell) for cell in table.columns[2].cells] == ["0.1", ""]


def test_of_one_run_all_parameters_are_shown() -> None:
    """And its script, as there is nothing to compare."""
    heads_of_one = heads(runs_table([row("a", {"lr": 0.1, "bs": 32})], 1))
    assert heads_of_one == ["id", "script", "status", "lr", "bs", "duration"]


def test_metrics_that_most_runs_have_come_first() -> None:
    """Six of them at most."""
    many = {f"m{number}": 1.0 for number in range(9)}
    rows = [row("a", metrics=many), row("b", metrics={"m8": 2.0}), row("c", metrics={"m8": 2.0})]
    shown_metrics = [head for head in heads(runs_table(rows, 3)) if head.startswith("m")]
    assert shown_metrics == ["m8", "m0", "m1", "m2", "m3", "m4"]


NAMES = {
    "the script's": ("train", {}, False),
    "its parameters": ("lr=0.1", {"lr": 0.1}, False),
    "given": ("baseline", {"lr": 0.1}, True),
}


@pytest.mark.parametrize("name, params, useful", NAMES.values(), ids=NAMES)
def test_a_name_is_shown_where_it_says_more(name: str, params: dict, useful: bool) -> None:
    """What only repeats parameters or the script is left out."""
    rows = [row("a", params, name=name), row("b", params, name=name)]
    assert ("name" in heads(runs_table(rows, 2))) is useful


def test_scripts_are_shown_where_there_are_several() -> None:
    """Without their folders."""
    table = runs_table([row("a"), row("b", script="/lab/other.py")], 2)
    assert [str(cell) for cell in table.columns[1].cells] == ["train.py", "other.py"]


def test_a_caption_says_that_there_are_more() -> None:
    """And none where all are shown."""
    assert "1 of 7 runs" in drawn(runs_table([row("a")], 7))
    assert runs_table([row("a")], 1).caption is None


WIDE = [
    row(
        id,
        {f"parameter{n}": f"{id}{n}" * 9 for n in range(9)},
        name=f"name of {id}",
        metrics={f"metric{n}": 1 / 3 for n in range(9)},
    )
    for id in "abc"
]


@pytest.mark.parametrize("width", [200, 80, 40, 20, 1])
def test_a_table_fits_its_width(width: int) -> None:
    """No line is longer than the terminal, and nothing crashes where it is narrow."""
    for table in (runs_table(WIDE, 9, width=width, ages=True), runs_table(WIDE, 9)):
        assert all(len(line) <= width for line in drawn(table, width).splitlines())


def test_what_tells_least_is_left_out_first() -> None:
    """Id, status and duration stay, and what is left out is told."""
    table = runs_table(WIDE, 3, width=80, ages=True)
    assert heads(table)[:2] == ["id", "status"] and heads(table)[-1] == "duration"
    assert "metric0" in heads(table) and "parameter0" in heads(table)
    assert "columns left out for want of width" in drawn(table)


def test_markup_of_scripts_is_text() -> None:
    """Brackets are shown, and nothing is coloured or linked by them."""
    hostile = "[red]x[/] [/] [link=x]"
    rows = [
        row(
            "a", {"[bold]p": hostile}, metrics={"[blink]m": 1.0}, name=hostile, script="/[b]/[i].py"
        )
    ]
    text = drawn(runs_table(rows, 2), 300)
    assert all(part in text for part in (hostile, "[bold]p", "[blink]m", "[i].py"))
    flow = {"id": "f" * 32, "name": hostile, "status": "failed", "created": 1.0, "total": 1}
    assert hostile in drawn(flows_table([{**flow, "scripts": ["[b].py"], "counts": {}}]), 200)
    compared = comparison_table({"[bold]p": {"a": hostile}}, ["a"])
    assert hostile in drawn(compared, 200)


def test_a_status_has_its_colour() -> None:
    """Where the terminal has colours."""
    text = drawn(
        runs_table([row("a"), row("b", status="timed_out")], 2),
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
    )
    assert "\x1b[32mfinished" in text and "\x1b[31mtimed out" in text


def test_no_runs_are_an_empty_table() -> None:
    """Nothing crashes."""
    assert heads(runs_table([], 0)) == ["id", "status", "duration"]


def test_runs_show_themselves(tmp_path) -> None:
    """`Runs` in a rich console are their table."""
    store = RunStore(str(tmp_path / "home"))
    store.add_runs([row("a", {"lr": 0.1}), row("b", {"lr": 0.2})])
    runs = Runs(store, ["a".ljust(32, "0"), "b".ljust(32, "0")])
    assert "a0000000" in drawn(runs) and "0.2" in drawn(runs)
    assert "1 of 2 runs" in drawn(runs.table(limit=1))


def test_texts_are_one_line_without_control_characters() -> None:
    """Nothing that a script makes moves a cursor."""
    assert one_line("a\n\tb\x1b[31mred\x1b]0;t\x07\x00\x9b", None) == "a bred\\x00\\x9b"
    assert one_line("abcdef", 4) == "abc…"


def test_values_are_short() -> None:
    """Texts as they are, numbers to six digits, all else as its repr."""
    values = ("adam", 1 / 3, 32, True, None, [1, "a"], float("nan"))
    assert [shown(value) for value in values] == [
        *("adam", "0.333333", "32", "True", "None", "[1, 'a']", "nan")
    ]
    assert len(shown("x" * 100, 24)) == len(shown([1] * 100, 24)) == 24


def test_durations_sizes_and_ages() -> None:
    """In at most two units."""
    spans = (None, 0.125, 59.96, 75, 3_599.9, 7_322, 200_000)
    texts = ["", "0.12s", "1m00s", "1m15s", "1h00m", "2h02m", "2d07h"]
    assert [duration_text(span) for span in spans] == texts
    assert [size_text(size) for size in (0, 1_023, 1_048_575, 5 << 30)] == [
        *("0 B", "1023 B", "1.0 MiB", "5.0 GiB")
    ]
    assert [age_text(age) for age in (-1, 59, 3_600, 90_000)] == [
        "0s ago",
        "59s ago",
        "1h ago",
        "1d ago",
    ]
