"""What notebooks show: Config, Script, Run, Runs, flows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pages import Page

from kohakuengine import Config, Run, Runs, RunStore, Script, Sequential
from kohakuengine.flow.attached import AttachedFlow
from kohakuengine.flow.html import flow_bundle
from kohakuengine.runs.columns import RUN_COLUMNS

HOSTILE = "</td></table><script>alert(1)</script><img src=x onerror='a()' \"`-->\x1b[31m\x00\u202e"


class Bad:
    """A value that can't be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a store of its own."""
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(thing: Any) -> tuple[Page, str]:
    """What IPython is given to show: HTML, of which nothing can do harm, and text."""
    bundle = thing._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"text/html", "text/plain"}
    page = Page(bundle["text/html"])
    page.assert_harmless()
    text = bundle["text/plain"]
    assert not set(text) & set("\x00\x1b\u202e")
    return page, text


def run_of(text: str, config: Config | None = None, **options: Any) -> Run:
    """A run of a script, in this process."""
    Path("script.py").write_text(text, encoding="utf-8")
    (run,) = Sequential("script.py", config, launcher="inline", **options).run()
    return run


def row(id: str, params: dict[str, Any] | None = None, **columns: Any) -> dict[str, Any]:
    """A row of the index."""
    empty = {"metrics": {}, "tags": [], "status": "finished", "script": "/lab/train.py"}
    times = {"created": 1.0, "started": 1.0, "ended": 2.5}
    given = {"id": id.rjust(32, "0"), "params": params or {}, "name": "train", **columns}
    return {**dict.fromkeys(RUN_COLUMNS), **empty, **times, **given}


def runs_of(rows: list[dict[str, Any]]) -> Runs:
    """Runs of which there are only rows."""
    store = RunStore()
    store.add_runs(rows)
    return Runs(store, [row["id"] for row in rows])


def test_ipython_shows_both() -> None:
    """As it asks for displays."""
    from IPython.core.formatters import DisplayFormatter

    shown_by_ipython, _ = DisplayFormatter().format(Config({"lr": 0.1}))
    assert shown_by_ipython["text/plain"] == "Config(globals_dict={'lr': 0.1})"
    assert shown_by_ipython["text/html"].startswith("<div>")


# ---- Config ----


def test_a_config_is_a_table() -> None:
    """Each value with its kind, its name and its type; as text, its repr."""
    config = Config({"lr": 0.1}, args=["a"], kwargs={"fast": True}, metadata={"name": "n"})
    page, text = shown(config)
    assert page.cells == [
        ["", "name", "value", "type"],
        ["variable", "lr", "0.1", "float"],
        ["argument", "0", "'a'", "str"],
        ["keyword", "fast", "True", "bool"],
        ["metadata", "name", "'n'", "str"],
    ]
    assert text == repr(config)


def test_a_config_that_sets_nothing_says_so() -> None:
    """In a few words."""
    page, text = shown(Config())
    assert (page.text, text) == ("Config that sets nothing", "Config()")


def test_what_a_config_holds_is_text() -> None:
    """Names and values that are markup, control characters, reprs that raise, and long ones."""
    values = {HOSTILE: HOSTILE, "bad": Bad(), "long": "x" * 10_000, "list": [Bad(), HOSTILE]}
    page, text = shown(Config(values, args=[Bad()], metadata={HOSTILE: {HOSTILE: HOSTILE}}))
    assert "<Bad, whose repr raises RuntimeError>" in page.text and "Bad, whose" in text
    assert "<script>alert(1)</script>" in page.text
    assert max(len(cell) for row in page.cells for cell in row) <= 300 and len(text) < 3_000


def test_a_config_of_many_values_is_cut() -> None:
    """And says how many more there are."""
    page, text = shown(Config({f"v{n}": n for n in range(1_000)}, args=list(range(1_000))))
    assert len(page.cells) == 1 + 2 * 101 and "and 900 more" in page.text
    assert len(text) < 4_000


# ---- Script ----


def test_a_script_shows_its_parameters() -> None:
    """Name, default, type, help and line; as text, as Python has them."""
    Path("train.py").write_text(
        "import nowhere\n"
        "lr: float = 0.1  # step size\n"
        "name = 'a'\n"
        "model = nowhere.make()\n"
        "def main(): ...\n"
    )
    page, text = shown(Script("train.py:main"))
    assert page.cells[:3] == [
        ["name", "default", "type", "help", "line"],
        ["lr", "0.1", "float", "step size", "2"],
        ["name", "'a'", "str", "", "3"],
    ]
    assert "entered by main()" in page.text and "1 with computed defaults" in page.text
    lines = ["Script('train.py:main')", "lr: float = 0.1  # step size", "name: str = 'a'"]
    assert text == "\n  ".join(lines)


UNREADABLE = {"a mistake": b"x = (\n", "not text": b"\xff\xfe\x00", "gone": None}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_script_that_cannot_be_read_says_why(content: bytes | None) -> None:
    """In one sentence, and not by a traceback of ours."""
    Path("train.py").write_bytes(b"")
    script = Script("train.py")
    os.unlink("train.py") if content is None else Path("train.py").write_bytes(content)
    page, text = shown(script)
    assert "train.py" in page.text and text.startswith("Script('train.py'): ")


def test_what_a_script_holds_is_text() -> None:
    """Defaults and comments that are markup; a script without parameters says so."""
    quoted = HOSTILE.replace("\x00", "").replace("\x1b", "\\x1b")
    Path("train.py").write_text(f"a = {quoted!r}  # {quoted}\n", encoding="utf-8")
    page, _ = shown(Script("train.py"))
    assert "<script>alert(1)</script>" in page.column("help")[0]
    Path("none.py").write_text("print(1)\n")
    assert "no parameters" in shown(Script("none.py"))[0].text


# ---- Runs ----


def test_runs_show_what_varies_and_tell_once_what_does_not() -> None:
    """Columns for parameters that differ, status, last metrics and time; a line for the others."""
    rows = [
        row("a", {"lr": 0.1, "bs": 32}, metrics={"loss": 0.5}),
        row("b", {"lr": 0.2, "bs": 32}, metrics={"loss": 0.25}, status="failed", error="it broke"),
    ]
    page, text = shown(runs_of(rows))
    assert page.cells == [
        ["id", "status", "lr", "loss", "duration", "error"],
        ["00000000", "finished", "0.1", "0.5", "1.50s", ""],
        ["00000000", "failed", "0.2", "0.25", "1.50s", "it broke"],
    ]
    assert "2 runs: 1 finished, 1 failed" in page.text
    assert "all with train.py, bs=32" in page.text and "all with train.py, bs=32" in text
    assert [line.split() for line in text.splitlines()[:2]] == [
        ["id", "status", "lr", "loss", "duration"],
        ["00000000", "finished", "0.1", "0.5", "1.50s"],
    ]


def test_of_many_runs_some_are_shown_and_all_are_counted() -> None:
    """What only varies among those that aren't shown has a column, and isn't told as common."""
    rows = [row(f"{n:x}", {"lr": n, "bs": 32 if n < 199 else 64}) for n in range(200)]
    page, _ = shown(runs_of(rows))
    assert page.column("bs") == ["32"] * 60
    assert "200 runs: 200 finished" in page.text and "and 140 more" in page.text
    assert "bs=" not in page.text


def test_parameters_of_other_types_differ() -> None:
    """1, 1.0 and True are not the same; lists that are equal are."""
    rows = [row(id, {"a": value, "b": [1]}) for id, value in (("1", 1), ("2", 1.0), ("3", True))]
    page, _ = shown(runs_of(rows))
    assert page.column("a") == ["1", "1", "True"] and "b=[1]" in page.text


def test_of_one_run_all_parameters_are_shown() -> None:
    """There is nothing to compare."""
    assert shown(runs_of([row("a", {"lr": 0.1})]))[0].column("lr") == ["0.1"]


def test_no_runs_say_so() -> None:
    """Also runs that have been removed since."""
    runs = runs_of([row("a")])
    assert shown(runs[:0])[0].text == "no runs"
    RunStore().remove_runs(runs.ids)
    assert shown(runs)[1] == "no runs"


def test_what_runs_hold_is_text() -> None:
    """Names, values, errors and scripts that are markup."""
    hostile = row(
        "a",
        {HOSTILE: HOSTILE, "same": HOSTILE},
        metrics={HOSTILE: float("nan")},
        name=HOSTILE,
        error=HOSTILE,
        script=HOSTILE,
        status="failed",
    )
    page, _ = shown(runs_of([hostile, row("b", {"same": HOSTILE}, script=HOSTILE)]))
    assert "<script>" in page.text


def test_sixty_runs_are_not_many_bytes() -> None:
    """A notebook holds many tables."""
    metrics = {f"metric{n}": 1 / 3 for n in range(6)}
    rows = [row(f"{n:x}", {f"p{k}": n for k in range(8)}, metrics=metrics) for n in range(100)]
    assert len(runs_of(rows)._repr_mimebundle_()["text/html"]) < 70_000


# ---- Run ----


def test_a_run_shows_all_that_is_known() -> None:
    """Status, parameters, metrics, result, artifacts, facts, and the end of its output."""
    run = run_of(
        "import os\n"
        "lr = 0.1\n"
        "folder = os.path.join(os.environ['KOGINE_RUN_DIR'], 'artifacts')\n"
        "os.makedirs(folder)\n"
        "with open(os.path.join(folder, 'a.txt'), 'w') as file: file.write('x')\n"
        "for n in range(30): print(f'\\x1b[32mstep {n}\\x1b[0m')\n"
        "def main(): return {'loss': 0.5}\n",
        Config({"lr": 0.5}),
    )
    page, text = shown(run)
    assert ["lr", "float", "0.5"] in page.cells and ["loss", "0.5"] in page.cells
    assert ["a.txt", "1 B"] in page.cells and ["{'loss': 0.5}"] in page.cells
    assert ["run", run.id] in page.cells and ["folder", run.path] in page.cells
    assert "output, the last 20 lines" in page.text and "step 9\n" not in page.text
    assert "step 10\n" in page.text
    assert ("style", "color:#14964a") in page.attributes  # finished, and green
    assert f"run        {run.id}" in text and "step 29" in text


def test_a_failed_run_shows_its_traceback() -> None:
    """Open, before all else; with what it says as text."""
    run = run_of(f"def main(): raise ValueError({HOSTILE!r})\n")
    page, text = shown(run)
    assert "traceback" in page.text and page.attributes.count(("open", "")) == 1
    assert "ValueError: </td></table><script>" in page.text
    assert "Traceback (most recent call last):" in text


def test_a_long_traceback_loses_its_middle() -> None:
    """Its start and its end are what tells."""
    page, text = shown(run_of("def main(): raise ValueError('x' * 100_000)\n"))
    assert "characters left out" in page.text and len(page.text) < 30_000 > len(text)
    assert "Traceback (most recent" in page.text


def test_what_a_run_holds_is_text() -> None:
    """Parameters, output, result, tags and name that are markup."""
    run = run_of(
        f"x = 1\nprint({HOSTILE!r})\nprint('y' * 10_000)\ndef main(): return {HOSTILE!r}\n",
        Config({"x": HOSTILE, "y": Bad()}, kwargs={}),
        name=HOSTILE,
        tags=["<b>"],
    )
    page, text = shown(run)
    assert page.text.count("<script>alert(1)</script>") == 3
    assert len(page.text) < 30_000 and len(text) < 30_000


def test_showing_a_run_imports_nothing_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its config isn't unpickled: a look has no effects."""
    run = run_of("x = 1\n", Config({"x": Path("a")}))
    monkeypatch.setattr("kohakuengine.runs.detail.read_spec", lambda paths: pytest.fail("read"))
    assert ["x", "a"] in shown(run)[0].cells


def test_a_run_that_is_gone_says_so() -> None:
    """In one sentence."""
    runs = runs_of([row("a", flow="f" * 32)])
    run = Run(RunStore(), runs.ids[0])
    assert "its directory is gone" in shown(run)[0].text
    RunStore().remove_runs(runs.ids)
    assert "there is no run" in shown(run)[0].text


# ---- flows ----


def test_a_flow_shows_how_far_it_is() -> None:
    """A bar, how many runs have each status, and a table; by either kind of handle."""
    Path("script.py").write_text("lr = 0.1\n")
    flow = Sequential("script.py", [Config({"lr": n}) for n in (1, 2, 3)], launcher="inline")
    handle = flow.start()
    handle.wait()
    for one in (handle, AttachedFlow(RunStore(), handle.id)):
        page, text = shown(one)
        assert "finished 3/3" in " ".join(page.text.split()) and page.column("lr") == list("123")
        assert ("value", "3") in page.attributes and ("max", "3") in page.attributes
        assert text.startswith(f"flow {handle.id[:8]} is finished: 3/3")


def test_a_flow_that_has_no_runs_yet_is_shown() -> None:
    """With its name, which is text."""

    class Going:
        """A handle of a flow that has just begun."""

        id, status, runs = "f" * 32, "running", runs_of([])

        def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
            return flow_bundle(RunStore(), self)

    RunStore().add_flow(id="f" * 32, name=HOSTILE, created=1.0, status="running", total=4)
    page, text = shown(Going())
    assert "0/4" in page.text and "table" not in page.tags and "0/4" in text


def test_a_flow_that_is_gone_says_so() -> None:
    """In one sentence."""
    page, text = shown(AttachedFlow(RunStore(), "f" * 32))
    assert "there is no flow" in page.text and "there is no flow" in text
