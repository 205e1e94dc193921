"""The form and the launcher, driven by the traits of their controls, as a browser drives them."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest
from hypothesis import given, settings
from test_form_state import SCRIPT, points, states

from kohakuengine import Config, Script, Sequential, axes, load_config, sweep
from kohakuengine.config.members import EnumMember
from kohakuengine.config.sweep import Sweep
from kohakuengine.engine.parameters import parameters
from kohakuengine.errors import ConfigError, KogineError
from kohakuengine.jupyter.widgets import SweepLauncher
from kohakuengine.jupyter.widgets.form import Form
from kohakuengine.jupyter.widgets.form_state import FormState, configs_of
from kohakuengine.jupyter.widgets.launch_choices import LaunchChoices
from kohakuengine.jupyter.widgets.launch_panel import LaunchPanel
from kohakuengine.jupyter.widgets.settings import Drawn, Listed, Span, Steps

TRAIN = """
from typing import Annotated, Literal, Optional

def Ge(n): return n
def Le(n): return n

lr: float = 0.1  # step size
epochs: int = 4
fast = False
kind: Literal["sgd", "adam"] = "sgd"
name = "x"
share: Annotated[float, Ge(0), Le(1)] = 0.5
limit: Optional[int] = None
big = 2**70
print("loss:", lr * epochs)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOGINE_HOME", str(tmp_path / ".kogine"))
    (tmp_path / "train.py").write_text(TRAIN, encoding="utf-8")
    return tmp_path


@pytest.fixture
def launcher(folder: Path) -> SweepLauncher:
    return SweepLauncher("train.py")


def given_values(launcher: SweepLauncher) -> list[dict[str, Any]]:
    config = launcher.config
    return [config.globals_dict] if isinstance(config, Config) else [c.globals_dict for c in config]


# ---- scripts ----

NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "metadata": {}, "source": ["%matplotlib inline\n", "hidden = 1"]},
        {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"]},
            "source": ["lr: float = 0.1  # step size"],
        },
        {"cell_type": "code", "metadata": {}, "source": ["print('loss:', lr * 4)"], "outputs": []},
    ],
    "metadata": {},
    "nbformat": 4,
}


@pytest.mark.process
def test_a_notebook_is_a_script(folder: Path) -> None:
    """Its form, its copies and its runs are those of its code cells; saved outputs are no edit."""
    path = folder / "study.ipynb"
    path.write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    launcher = SweepLauncher("study.ipynb", workers=2)
    assert list(launcher.form.rows) == ["lr"]
    assert "step size · cell 2 line 1" in launcher.form.rows["lr"]._help.value
    row = launcher.form.rows["lr"]
    row.mode.value, row.values.value = "list", "0.5,1"
    assert launcher.text_of("shell") == "kogine run study.ipynb --sweep lr=0.5,1.0 --workers 2"
    NOTEBOOK["cells"][2]["outputs"] = [{"output_type": "stream", "text": "x"}]  # type: ignore[index]
    path.write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    launcher.panel.start.click()
    assert [run.metrics["loss"] for run in launcher.wait(60)] == [2.0, 4.0]
    again = SweepLauncher.attach(launcher.flow.id)
    assert again.state.settings["lr"] == Listed((0.5, 1.0))
    again.close()


def test_a_file_of_cells_is_a_script(folder: Path) -> None:
    """A file with `# %%` has the parameters of the cell that is so headed."""
    (folder / "cells.py").write_text("# %% parameters\na = 1\n# %%\nb = 2\n", encoding="utf-8")
    assert list(SweepLauncher("cells.py").form.rows) == ["a"]


def test_a_script_that_isnt_python_is_refused(launcher: SweepLauncher, folder: Path) -> None:
    """At once, also where the fault is in a function; a form that is there keeps what it shows."""
    (folder / "train.py").write_text("lr = 1\ndef main():\n    return (\n", encoding="utf-8")
    with pytest.raises(KogineError, match="line 3 is not valid Python"):
        SweepLauncher("train.py")
    launcher.refresh.click()
    assert "line 3 is not valid Python" in launcher.panel.said.value
    assert "epochs" in launcher.form.rows


def test_a_function_that_isnt_there_is_told(folder: Path) -> None:
    """Before anything can be launched; so are arguments that it doesn't take."""
    (folder / "f.py").write_text("lr = 1\ndef main(n): return n\n", encoding="utf-8")
    launcher = SweepLauncher("f.py:man")
    assert "no function man" in launcher.problems[""] and launcher.panel.start.disabled
    launcher = SweepLauncher("f.py", Config(kwargs={"m": 1}))
    assert "can't be called so" in launcher.problems["kwargs"] and launcher.panel.start.disabled
    assert SweepLauncher("f.py", Config(kwargs={"n": 1})).problems == {}


def test_what_can_be_shown_first(folder: Path) -> None:
    """A space as `sweep()` takes it, too; something else is told what it ought to be."""
    expected = FormState(swept=(("lr", Listed((0.1, 0.2))),))
    assert SweepLauncher("train.py", {"lr": [0.1, 0.2]}).state == expected
    assert SweepLauncher("train.py", axes.grid(lr=[0.1, 0.2])).state == expected
    with pytest.raises(ConfigError, match="must be a Config, a Sweep, .* got int"):
        SweepLauncher("train.py", 3)


# ---- controls ----


def test_each_parameter_has_a_control_that_fits(launcher: SweepLauncher) -> None:
    """A checkbox, a drop-down, numbers with their bounds, and text for what is neither."""
    kinds = {name: type(row.value).__name__ for name, row in launcher.form.rows.items()}
    assert kinds == {
        "lr": "FloatText",
        "epochs": "IntText",
        "fast": "Checkbox",
        "kind": "Dropdown",
        "name": "Text",
        "share": "BoundedFloatText",
        "limit": "Text",
        "big": "Text",
    }
    share = launcher.form.rows["share"].value
    assert (share.min, share.max) == (0, 1)
    assert launcher.form.rows["lr"].value.tooltip == "step size"
    assert all(row.value.description == name for name, row in launcher.form.rows.items())


def test_nothing_is_set_until_somebody_does(launcher: SweepLauncher) -> None:
    """Untouched, the form runs the script as it is; reset leaves a parameter so again."""
    assert launcher.config == Config()
    row = launcher.form.rows["epochs"]
    row.value.value = 7
    assert launcher.config == Config({"epochs": 7}) and not row.reset.disabled
    row.reset.click()
    assert launcher.config == Config() and row.value.value == 4 and row.reset.disabled


def test_values_are_typed_as_by_set(launcher: SweepLauncher) -> None:
    """What stands in a control is the value that the command would make of it."""
    rows = launcher.form.rows
    rows["fast"].value.value = True
    rows["kind"].value.value = 1
    rows["name"].value.value = ""
    rows["limit"].value.value = "3"
    rows["lr"].value.value = 1e-5
    values = {"fast": True, "kind": "adam", "name": "", "limit": 3, "lr": 1e-5}
    assert repr(sorted(launcher.config.globals_dict.items())) == repr(sorted(values.items()))
    rows["limit"].value.value = "x"
    assert launcher.config is None
    assert "limit" in launcher.problems and "x is" in rows["limit"].note.value
    rows["limit"].value.value = "None"
    assert not launcher.problems and launcher.config.globals_dict["limit"] is None


def test_every_way_to_vary(launcher: SweepLauncher) -> None:
    """List, range, log range, steps and draws come to the axes of that name."""
    row = launcher.form.rows["lr"]
    row.mode.value = "list"
    row.values.value = "0.1, 1, 1e-3"
    assert launcher.state.settings["lr"] == Listed((0.1, 1.0, 0.001))
    row.values.value = "log(0.01, 1, 3)"
    assert launcher.state.settings["lr"] == Span("geomspace", 0.01, 1, 3)
    row.mode.value = "linspace"
    row.start.value, row.stop.value, row.num.value = "0", "1", 3
    assert [v["lr"] for v in given_values(launcher)] == [0.0, 0.5, 1.0]
    row.mode.value = "geomspace"
    row.start.value, row.stop.value, row.num.value = "0.01", "1", 3
    assert [v["lr"] for v in given_values(launcher)] == [0.01, 0.1, 1.0]
    row.start.value = "-1"
    assert "same side of 0" in launcher.problems["lr"]
    assert "same side of 0" in row.note.value
    row.mode.value = "steps"
    row.start.value, row.stop.value, row.step.value = "0.1", "0.4", "0.1"
    assert [v["lr"] for v in given_values(launcher)] == [0.1, 0.2, 0.3]
    row.mode.value = "random"
    row.distribution.value = "loguniform"
    row.low.value, row.high.value, row.count.value, row.seed.value = "0.001", "0.1", 4, 9
    assert launcher.state.settings["lr"] == Drawn("loguniform", (0.001, 0.1), 4, 9)
    assert len(given_values(launcher)) == 4
    row.high.value = "much"
    assert "must be a number" in launcher.problems["lr"]


def test_ranges_of_ints_are_ints(launcher: SweepLauncher) -> None:
    """A log range of an int parameter gives whole numbers."""
    row = launcher.form.rows["epochs"]
    row.mode.value = "geomspace"
    row.start.value, row.stop.value, row.num.value = "16", "128", 4
    assert repr([v["epochs"] for v in given_values(launcher)]) == "[16, 32, 64, 128]"
    row.num.value = 400
    assert "differ" in launcher.problems["epochs"]


def test_what_isnt_known_begins_empty(folder: Path) -> None:
    """A list begins with the script's own value, and with none where that is known to nobody."""
    text = (
        "from pathlib import Path\nout: Path = Path('a') / 'b'\nrate = float('nan')\nname = 'x'\n"
    )
    (folder / "odd.py").write_text(text, encoding="utf-8")
    launcher = SweepLauncher("odd.py")
    for name in ("out", "rate"):
        row = launcher.form.rows[name]
        row.mode.value = "list"
        assert row.values.value == "" and "write the values" in launcher.problems[name]
        row.reset.click()
    launcher.form.rows["name"].mode.value = "list"
    assert given_values(launcher) == [{"name": "x"}]


def test_texts_of_several_lines_keep_them(folder: Path) -> None:
    """They have a field of several lines: one of a single line would run them together."""
    (folder / "odd.py").write_text("text = 'a\\nb'\n", encoding="utf-8")
    launcher = SweepLauncher("odd.py")
    row = launcher.form.rows["text"]
    assert isinstance(row.value, widgets.Textarea) and isinstance(row.values, widgets.Textarea)
    row.value.value = "a\nc"
    assert launcher.config == Config({"text": "a\nc"})


def test_choices_vary_over_all_of_them(launcher: SweepLauncher) -> None:
    """A drop-down that is to vary begins with all that it has."""
    launcher.form.rows["kind"].mode.value = "list"
    launcher.form.rows["fast"].mode.value = "list"
    assert given_values(launcher) == [
        {"kind": k, "fast": f} for k in ("sgd", "adam") for f in (True, False)
    ]
    assert dict(launcher.form.rows["kind"].mode.options).keys() == {"fixed", "list", "random"}


def test_parameters_are_tied(launcher: SweepLauncher) -> None:
    """What is tied alike goes side by side, and has to have as many values."""
    lr, epochs = launcher.form.rows["lr"], launcher.form.rows["epochs"]
    lr.mode.value = epochs.mode.value = "list"
    lr.values.value, epochs.values.value = "0.1,0.2", "1,2"
    assert launcher.config.size == 4
    lr.tie.value = epochs.tie.value = "A"
    assert given_values(launcher) == [{"lr": 0.1, "epochs": 1}, {"lr": 0.2, "epochs": 2}]
    epochs.values.value = "1,2,3"
    assert "as many values" in launcher.problems[""]
    assert "as many values" in launcher.summary.value and launcher.panel.start.disabled


def test_leave_out_sample_and_repeat(launcher: SweepLauncher) -> None:
    """What is said of the whole sweep counts, and what can't be is told."""
    form = launcher.form
    form.repeat.value = 2
    assert "choose a list" in launcher.problems[""]
    form.rows["lr"].mode.value = "list"
    form.rows["lr"].values.value = "0.1,0.2,0.3"
    form.excluded.value = "lr > 0.25"
    assert launcher.config.size == 4
    form.sample.value, form.sample_seed.value = 1, 5
    assert launcher.config.size == 2 and launcher.state.sample == (1, 5)
    form.excluded.value = "lr >"
    assert launcher.problems


def test_count_preview_and_time(launcher: SweepLauncher) -> None:
    """At every change: how many runs, the first of them, and how long they may take."""
    assert "1 run" in launcher.summary.value and "unknown time" in launcher.summary.value
    launcher.form.rows["lr"].mode.value = "linspace"
    launcher.form.rows["lr"].num.value = 50
    assert "50 runs" in launcher.summary.value
    assert launcher.preview.value.count("<tr>") == 11 and "40 more" in launcher.preview.value


def test_time_is_that_of_the_same_script(folder: Path) -> None:
    """Runs of a script of the same name in another folder, or of another entrypoint, tell nothing."""
    (folder / "other").mkdir()
    other = folder / "other" / "train.py"
    other.write_text("def main():\n    pass\n")
    Sequential(other, launcher="inline").run()
    assert "unknown time" in SweepLauncher("train.py").summary.value
    assert "unknown time" in SweepLauncher(f"{other}:main").summary.value
    assert "about" in SweepLauncher(other).summary.value


@settings(max_examples=60)
@given(state=states())
def test_a_form_shows_any_state_and_gives_it_back(state: FormState) -> None:
    """State -> controls -> state is the identity, whatever the controls can show."""
    form = Form(parameters(SCRIPT), "train.py")
    form.show(state)
    assert not form.problems
    assert form.state == state
    assert repr(form.state.swept) == repr(state.swept)
    assert points(configs_of(form.state)) == points(configs_of(state))


def test_hostile_names_and_values_are_texts(folder: Path) -> None:
    """Nothing that a script says becomes HTML of the page."""
    bad = "<img src=x onerror=alert(1)>"
    path = folder / f"{bad.replace('/', '')}.py"
    path.write_text(
        f"lr = 1  # {bad}\nname = {bad!r}\nweiß = '\\u202e\\ud800\\x00' + 'x' * 10\n"
        f"from typing import Literal\nkind: Literal[{bad!r}, '</select>'] = {bad!r}\n",
        encoding="utf-8",
    )
    launcher = SweepLauncher(str(path))
    launcher.form.rows["name"].mode.value = "list"
    launcher.form.rows["lr"].value.value = 3
    launcher.form.show(FormState({"weiß": "\ud800\0‮", "other" + bad: bad * 1000}))
    launcher.form.rows["name"].mode.value = "list"
    launcher.form.rows["kind"].mode.value = "list"
    launcher.form.rows["name"].values.value = "'" + bad
    launcher.files.copies["shell"].click()
    for html in every_html(launcher):
        assert "<img" not in html and "</select>" not in html
        html.encode()
    bundle = launcher._repr_mimebundle_()
    assert "<img" not in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def every_html(box: Any) -> list[str]:
    found = [box.value] if isinstance(box, widgets.HTML) else []
    for child in getattr(box, "children", ()):
        found += every_html(child)
    return found


def test_many_parameters_are_grouped_and_found(folder: Path) -> None:
    """With more than 12, rows stand in groups by their prefix, and a search narrows them."""
    names = [f"model_{n}" for n in range(7)] + [f"data_{n}" for n in range(5)] + ["seed"]
    (folder / "many.py").write_text("".join(f"{n} = 1  # of {n}\n" for n in names))
    form = SweepLauncher("many.py").form
    [accordion] = form._box.children
    assert accordion.titles == ("other parameters", "model", "data")
    form.search.value = "OF DATA_3"
    assert form._box.children == (form.rows["data_3"],)
    form.rows["data_3"].value.value = 5
    form.search.value = "nothing"
    assert "no parameter" in form._box.children[0].value
    assert form.state.fixed == {"data_3": 5}


# ---- files and copies ----


def test_hundreds_of_parameters(folder: Path) -> None:
    """Rows are made as they are looked at, so that a form of any size is there at once."""
    names = [f"{kind}{n}" for kind in ("model_", "x") for n in range(100)]
    text = "".join(f"{name} = {n}\n" for n, name in enumerate(names))
    (folder / "many.py").write_text(text, encoding="utf-8")
    launcher = SweepLauncher("many.py", Config({"x99": 0}))
    form = launcher.form
    assert list(form.rows) == names and len(form.rows.made) == 41
    fold = form._box.children[0]
    assert fold.titles[:2] == ("other parameters: x0 to x39", "other parameters: x40 to x79")
    fold.selected_index = 3
    assert fold.children[3].children[0] is form.rows["model_0"]
    form.search.value = "model_77"
    assert form._box.children == (form.rows["model_77"],)
    form.rows["model_77"].value.value = 5
    assert launcher.config == Config({"x99": 0, "model_77": 5})
    launcher.refresh_form()
    assert launcher.config == Config({"x99": 0, "model_77": 5})


def test_save_and_load(launcher: SweepLauncher, folder: Path) -> None:
    """What is saved is a config file that the command takes, and that comes back into a form."""
    launcher.files.save.click()
    assert "name the config file" in launcher.files.said.value
    launcher.form.rows["lr"].mode.value = "geomspace"
    launcher.form.rows["kind"].value.value = 1
    launcher.files.path.value = "sweep.py"
    launcher.files.save.click()
    assert "written to sweep.py" in launcher.files.said.value
    other = SweepLauncher("train.py", "sweep.py")
    assert other.state == launcher.state
    other.form.rows["kind"].reset.click()
    other.files.path.value = "sweep.py"
    other.files.load.click()
    assert other.state == launcher.state
    other.files.path.value = "nofile.py"
    other.files.load.click()
    assert "no such config file" in other.files.said.value
    other.files.path.value = str(folder / "no" / "x.py")
    other.files.save.click()
    assert "be written: No such file" in other.files.said.value


def test_save_in_yaml(launcher: SweepLauncher, folder: Path) -> None:
    """A name that ends with .yaml is written so; any other end is refused."""
    launcher.form.rows["lr"].mode.value = "geomspace"
    launcher.form.rows["epochs"].value.value = 9
    launcher.files.path.value = "sweep.yaml"
    launcher.files.save.click()
    text = (folder / "sweep.yaml").read_text()
    assert text == "epochs: 9\n_sweep: {lr: 'geomspace(0.01, 1.0, 3)'}\n"
    assert SweepLauncher("train.py", "sweep.yaml").state == launcher.state
    launcher.files.path.value = "sweep.txt"
    launcher.files.save.click()
    assert "as .py or .yaml" in launcher.files.said.value


def test_what_the_script_refuses_is_told_beside_its_parameter(folder: Path) -> None:
    """A config that doesn't fit the script's annotations can't be started, and says where."""
    launcher = SweepLauncher("train.py", Config({"epochs": 2.5, "kind": "adma"}))
    assert set(launcher.problems) == {"epochs", "kind"} and launcher.panel.start.disabled
    assert "2.5 is not an int" in launcher.form.rows["epochs"].note.value
    launcher.form.rows["epochs"].reset.click()
    assert launcher.form.rows["epochs"].note.value == ""
    launcher.form.rows["kind"].reset.click()
    assert launcher.config == Config()


def test_copies(launcher: SweepLauncher) -> None:
    """A click shows a text to copy; where one can't say it, a sentence tells what can."""
    launcher.form.rows["kind"].mode.value = "list"
    launcher.choices.workers.value = 2
    for kind, said in {
        "line": "%kogine run train.py --sweep kind=sgd,adam --workers 2 --background",
        "shell": "kogine run train.py --sweep kind=sgd,adam --workers 2",
    }.items():
        launcher.files.copies[kind].click()
        assert launcher.files.copied.value == said
    launcher.files.copies["python"].click()
    assert "runs = sweep(" in launcher.files.copied.value
    launcher.files.copies["file"].click()
    assert "_sweep = axes.grid(kind=['sgd', 'adam'])" in launcher.files.copied.value
    launcher.form.rows["lr"].mode.value = "list"
    launcher.form.rows["lr"].values.value = "x"
    launcher.files.copies["file"].click()
    assert "first mend this" in launcher.files.said.value


def test_an_object_that_no_text_holds_stays(folder: Path) -> None:
    """A value of a config that can't be written is kept and run; a copy says what it is."""
    thing = object()
    launcher = SweepLauncher("train.py", Config({"name": thing}))
    assert launcher.config.globals_dict["name"] is thing
    launcher.files.copies["file"].click()
    assert "be written as a text" in launcher.files.said.value
    launcher.files.copies["shell"].click()
    assert "save it as a config file" in launcher.files.said.value


def test_state_can_be_set(launcher: SweepLauncher) -> None:
    """`launcher.state` is a trait: setting it is as clicking it, and it can be observed."""
    seen: list[Any] = []
    launcher.observe(lambda change: seen.append(change["new"]), "config")
    launcher.state = FormState({"epochs": 2}, (("lr", Steps(1, 3, 1)),))
    assert launcher.form.rows["lr"].mode.value == "steps"
    assert isinstance(seen[-1], Sweep) and seen[-1].size == 2


def test_parts_can_be_put_elsewhere(launcher: SweepLauncher) -> None:
    """In boxes of the user's own, restyled, one row alone: they go on being the launcher's."""
    row = launcher.form.rows["lr"]
    row.reset.layout.display = "none"
    row.value.style.description_width = "3em"
    own = widgets.VBox([row, launcher.summary, widgets.HBox([launcher.panel.start])])
    mirrored = widgets.Label()
    launcher.observe(lambda change: setattr(mirrored, "value", str(change["new"])), "config")
    own.children[0].mode.value = "list"
    own.children[0].values.value = "1,2"
    assert "<b>2 runs</b>" in own.children[1].value and "lr=[1.0, 2.0]" in mirrored.value
    row.values.value = "x"
    assert own.children[2].children[0].disabled
    row.mode.value = "fixed"
    assert own.children[0].value.style.description_width == "3em"
    row.mode.value = "list"
    own.close()
    row.values.value = "3"
    assert launcher.config.size == 1


def test_the_script_is_edited_meanwhile(launcher: SweepLauncher, folder: Path) -> None:
    """Start notices it; the form can be read anew, and what is set stays."""
    launcher.form.rows["epochs"].value.value = 9
    launcher.form.rows["name"].value.value = "y"
    (folder / "train.py").write_text("epochs: int = 5\nwidth = 8\n")
    launcher.panel.start.click()
    assert launcher.flow is None and launcher._edited.layout.display == ""
    launcher.refresh.click()
    assert launcher._edited.layout.display == "none"
    assert list(launcher.form.rows) == ["epochs", "width", "name"]
    assert launcher.config == Config({"epochs": 9, "name": "y"})


def test_bad_choices_are_told(launcher: SweepLauncher) -> None:
    """A timeout that is none stops the launch, and says so."""
    launcher.choices.timeout.value = "soon"
    assert "'soon' is no time" in launcher.problems[""] and launcher.panel.start.disabled
    launcher.choices.timeout.value = "2m"
    launcher.choices.tags.value = "a, b"
    launcher.choices.order.value = "sequential"
    assert launcher.choices.workers.disabled
    assert launcher.choices.choices == LaunchChoices(True, timeout=120.0, tags=("a", "b"))
    with pytest.raises(ConfigError, match="did you mean workers"):
        SweepLauncher("train.py", worker=2)
    with pytest.raises(KogineError, match="there is no file nofile.py"):
        SweepLauncher("nofile.py")


# ---- views ----


class FakeDisplay:
    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []

    def update(self, bundle: dict[str, Any], raw: bool) -> None:
        self.shown.append(bundle)


def test_each_view_keeps_the_last_state(
    launcher: SweepLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown twice, both cells are saved with the last state; closed, with what they had."""
    made: list[FakeDisplay] = []

    def display(bundle: dict[str, Any], **how: Any) -> FakeDisplay:
        made.append(FakeDisplay())
        made[-1].update(bundle, raw=True)
        return made[-1]

    monkeypatch.setattr("IPython.display.display", display)
    launcher._ipython_display_()
    launcher._ipython_display_()
    launcher.form.rows["epochs"].value.value = 9
    launcher.panel.ended += 1
    for view in made[::2]:
        assert len(view.shown) == 1
        assert view.shown[0]["application/vnd.jupyter.widget-view+json"]
    for table in made[1::2]:
        has_it = ["epochs" in one["text/html"] for one in table.shown]
        assert not has_it[0] and has_it[-1]
    launcher.close()
    before = [len(view.shown) for view in made]
    launcher.panel.ended += 1
    assert [len(view.shown) for view in made] == before


# ---- the panel, with flows that are made up ----


class FakeRuns:
    def __init__(self, *statuses: str, started: float = 0.0) -> None:
        self.statuses, self.started, self.ids = statuses, started, list(range(len(statuses)))

    def rows(self) -> Any:
        for n, status in enumerate(self.statuses):
            yield {"id": str(n), "status": status, "started": self.started}


class FakeFlow:
    id = "0" * 32

    def __init__(self, runs: FakeRuns) -> None:
        self.runs, self.status, self.live = runs, "running", True
        self.asked: list[str] = []
        self.over = threading.Event()

    def join(self, seconds: float) -> bool:
        return self.over.wait(seconds)

    def pause(self) -> None:
        self.asked.append("pause")
        self.status = "paused"

    def unpause(self) -> None:
        self.asked.append("unpause")
        self.status = "running"

    def cancel(self) -> None:
        self.asked.append("cancel")
        self.end("cancelled")

    def end(self, status: str) -> None:
        self.status, self.live = status, False
        self.over.set()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.01)


def panel_with(flow: FakeFlow) -> LaunchPanel:
    panel = LaunchPanel(lambda: (None, False))  # type: ignore[arg-type, return-value]
    panel.take(flow)
    return panel


def enabled(panel: LaunchPanel) -> set[str]:
    return {b.description for b in panel._buttons.children if not b.disabled}


def test_pause_resume_and_stop() -> None:
    """Only what can be done can be clicked."""
    flow = FakeFlow(FakeRuns("running", "failed"))
    panel = panel_with(flow)
    assert enabled(panel) == {"Pause", "Stop"}
    panel.pause.click()
    assert enabled(panel) == {"Resume", "Stop"}
    panel.resume.click()
    panel.stop.click()
    panel.join(30)
    assert flow.asked == ["pause", "unpause", "cancel"]
    assert enabled(panel) == {"Start", "Retry failed"} and "cancelled" in panel.said.value


def test_stop_asks_before_it_throws_away_much() -> None:
    """More than a minute of work isn't lost by one click."""
    import time

    flow = FakeFlow(FakeRuns("running", "running", started=time.time() - 50))
    panel = panel_with(flow)
    panel.stop.click()
    assert panel._asking.layout.display == "" and re.search(
        r"throws away 1m[45]", panel._question.value
    )
    panel.keep.click()
    assert panel._asking.layout.display == "none" and not flow.asked
    panel.stop.click()
    panel.confirm.click()
    panel.join(30)
    assert flow.asked == ["cancel"] and panel._asking.layout.display == "none"


OWN = """
from enum import Enum
from pathlib import Path

class Color(Enum):
    RED = 1
    BLUE = "b"

color: Color = Color.RED
colors: list[Color] = []
out: Path = Path("here")
"""
FILES = {
    "own.yaml": "{out: b, colors: [RED, b], _sweep: {color: [RED, b]}}",
    "own.py": "from pathlib import Path\nfrom scripted import Color\nout = Path('b')\n"
    "colors = [Color.RED, Color.BLUE]\n_sweep = {'color': list(Color)}\n",
}


@pytest.mark.parametrize("given", ["file", "configs"])
@pytest.mark.parametrize("name", FILES)
def test_a_study_is_shown_as_the_script_reads_it(
    folder: Path, name: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members of Enums and paths of a file, of what it gives, or of Python, are those of the form."""
    (folder / "scripted.py").write_text(OWN)
    (folder / name).write_text(FILES[name])
    monkeypatch.delitem(sys.modules, "scripted", raising=False)
    launcher = SweepLauncher("scripted.py", name if given == "file" else load_config(name))
    assert not launcher.problems
    red, blue = EnumMember("Color", "RED"), EnumMember("Color", "BLUE")
    assert launcher.state.swept == (("color", Listed((red, blue))),)
    assert launcher.state.fixed == {"out": Path("b"), "colors": [red, blue]}
    assert launcher.form.rows["colors"].value.value == "[RED, BLUE]"
    assert "--set 'colors=[RED, BLUE]'" in launcher.text_of("shell")


# ---- real flows ----

PASTED = """
import json
from enum import Enum
from pathlib import Path

class Color(Enum):
    RED = 1
    BLUE = "b"

lr: float = 0.1
epochs: int = 3
name: str = "x"
color: Color = Color.RED
out: Path = Path("here")
sizes = [1]
told = [lr, epochs, name, color.name, str(out), sizes]
with open("told.jsonl", "a") as file:
    file.write(json.dumps(told) + "\\n")
"""


@pytest.mark.process
@pytest.mark.parametrize("kind", ["shell", "python", "line", "file"])
def test_what_is_pasted_runs_the_same(
    folder: Path, shell: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that is pasted into a shell, a file or a cell makes the runs that were shown."""
    (folder / "my train.py").write_text(PASTED, encoding="utf-8")
    state = FormState(
        {"name": 'it\'s "$HOME" `x` {y} %d, é', "sizes": [1, 2], "out": Path("a b")},
        (("lr", Span("geomspace", 0.01, 1, 3)), ("color", Listed((EnumMember("Color", "BLUE"),)))),
        sample=(2, 3),
    )
    launcher = SweepLauncher("my train.py", sequential=True)
    launcher.state = state
    text = launcher.text_of(kind)
    if kind == "shell":
        done = shell(text)
    elif kind == "line":
        line = text.replace(" --background", "")
        cell = f"{line!r}.split(' ', 1)[1]"
        run = "from IPython.testing.globalipapp import start_ipython\n"
        run += "ip = start_ipython()\nip.run_line_magic('load_ext', 'kohakuengine')\n"
        run += f"ip.run_line_magic('kogine', {cell})\n"
        (folder / "pasted.py").write_text(run, encoding="utf-8")
        done = shell("python pasted.py")
    else:
        (folder / "pasted.py").write_text(text, encoding="utf-8")
        done = shell(
            "python pasted.py"
            if kind == "python"
            else "kogine run 'my train.py' --config pasted.py --workers 1"
        )
    assert done.returncode == 0, done.stdout
    told = [json.loads(one) for one in (folder / "told.jsonl").read_text().splitlines()]
    assert told == [
        [v["lr"], 3, v["name"], v["color"].name, str(v["out"]), v["sizes"]]
        for v in given_values(launcher)
    ]


@pytest.mark.process
def test_runs_are_what_the_preview_said(launcher: SweepLauncher) -> None:
    """Launched on two workers, the runs are those that the form told, in that order."""
    seen: list[Any] = []
    launcher.observe(lambda change: seen.append(change["new"]), "runs")
    launcher.form.rows["lr"].mode.value = "list"
    launcher.form.rows["lr"].values.value = "0.1,0.2"
    launcher.form.rows["epochs"].mode.value = "linspace"
    launcher.form.rows["kind"].value.value = 1
    launcher.choices.workers.value = 2
    told = given_values(launcher)
    launcher.panel.start.click()
    runs = launcher.wait(120)
    assert [run.params for run in runs] == told and len(told) == 6
    assert {run.status for run in runs} == {"finished"}
    assert launcher.runs == runs and seen
    assert "6 finished" in launcher.panel.said.value
    assert "unknown" not in launcher.summary.value
    html = launcher._repr_mimebundle_()["text/html"]
    assert html.count("finished") >= 6 and "loss" in html


@pytest.mark.process
def test_failed_runs_are_retried(folder: Path) -> None:
    """Retry failed runs those again that didn't finish, in the same flow, with all of its runs."""
    (folder / "picky.py").write_text("import os\nn = 1\nassert n != 2 or os.path.exists('ok')\n")
    launcher = SweepLauncher("picky.py", Sweep(Config(), {"n": [1, 2]}))
    launcher.panel.start.click()
    assert [run.status for run in launcher.wait(120)] == ["finished", "failed"]
    (folder / "ok").touch()
    first = launcher.flow.id
    launcher.panel.retry.click()
    runs = launcher.wait(120)
    assert launcher.flow.id == first
    assert [(run.status, run.attempts) for run in runs] == [("finished", 1), ("finished", 2)]
    assert launcher.runs == runs and "2 finished" in launcher.panel.said.value


@pytest.mark.process
def test_a_retry_of_its_board_is_the_launchers(folder: Path) -> None:
    """Its buttons and its `wait` are for that, and the board stays as it is."""
    (folder / "picky.py").write_text(
        "import os, time\nn = 1\nassert os.path.exists('ok')\n"
        "while not os.path.exists('go'): time.sleep(0.02)\n"
    )
    launcher = SweepLauncher("picky.py", Sweep(Config(), {"n": [1, 2]}), workers=2)
    launcher.panel.start.click()
    try:
        assert [run.status for run in launcher.wait(120)] == ["failed", "failed"]
        (folder / "ok").touch()
        first, board = launcher.flow, launcher.board.board
        board.retry()
        wait_until(lambda: "2 running" in launcher.panel.said.value)
        wait_until(lambda: enabled(launcher.panel) == {"Pause", "Stop"})
        assert launcher.flow is not first and launcher.board.board is board
    finally:
        (folder / "go").touch()
    assert [run.status for run in launcher.wait(120)] == ["finished", "finished"]
    wait_until(lambda: board.counts == {"finished": 2} and not board.live)
    assert enabled(launcher.panel) == {"Start"}
    launcher.close()


@pytest.mark.process
def test_a_detached_flow_is_taken_up_again(folder: Path) -> None:
    """After the kernel is gone, `attach` has its runs, its form and its buttons."""
    (folder / "wait.py").write_text(
        "import os, time\nlr = 0.1\nn = 1\n"
        "while not os.path.exists('go'): time.sleep(0.02)\nprint('loss:', lr)\n"
    )
    launcher = SweepLauncher(
        "wait.py", Sweep(Config({"n": 3}), {"lr": [0.1, 0.2]}), detached=True, workers=2, tags="t"
    )
    launcher.panel.start.click()
    flow = launcher.flow
    try:
        assert flow.wait_until(lambda: len(flow.runs) == 2, 60)
        other = SweepLauncher.attach(flow.id[:8])
        assert other.state == launcher.state and other.panel.live
        assert other.choices.choices.workers == 2 and other.choices.choices.tags == ("t",)
        assert other.choices.choices.detached
    finally:
        (folder / "go").touch()
    assert [run.status for run in other.wait(120)] == ["finished"] * 2
    assert enabled(other.panel) == {"Start"}


@pytest.mark.process
def models() -> set[str]:
    """The widgets that the page has."""
    return {*widgets.widget._instances}


@pytest.mark.process
def test_what_is_closed_leaves_nothing(folder: Path) -> None:
    """Neither widgets nor threads; what was launched goes on."""
    before, threads = models(), {*threading.enumerate()}
    launcher = SweepLauncher("train.py", Config({"lr": 0.5}), launcher="fresh")
    row = launcher.form.rows["lr"]
    for mode in ("list", "linspace", "random", "fixed", "list"):
        row.mode.value = mode
    (folder / "train.py").write_text(TRAIN + "import time; time.sleep(1)\n", encoding="utf-8")
    launcher.refresh_form()
    launcher.panel.start.click()
    flow = launcher.flow
    launcher.close()
    launcher.close()
    assert models() == before
    assert [run.status for run in flow.wait(60)] == ["finished"]
    left = {*threading.enumerate()} - threads
    assert not [thread for thread in left if "launcher" in thread.name or "board" in thread.name]


def test_a_form_that_changes_keeps_no_old_widgets(folder: Path) -> None:
    """Searches, states and refreshes leave no more widgets than they show."""
    (folder / "many.py").write_text("".join(f"{a}_{n} = {n}\n" for a in "ab" for n in range(9)))
    launcher = SweepLauncher("many.py")

    def change() -> int:
        for text in ("a_1", "", "b_", "nothing", ""):
            launcher.form.search.value = text
        for n in range(4):
            launcher.state = FormState({"a_1": n})
        launcher.refresh_form()
        return len(models())

    change()
    assert change() == change()
    launcher.close()


@pytest.mark.process
def test_stop_ends_the_runs(folder: Path) -> None:
    """What goes on is ended, and nothing else begins."""
    (folder / "long.py").write_text("import time\nn = 1\nprint('x', flush=True)\ntime.sleep(300)\n")
    launcher = SweepLauncher("long.py", Sweep(Config(), {"n": [1, 2, 3]}), sequential=True)
    launcher.panel.start.click()
    launcher.panel.stop.click()
    assert {run.status for run in launcher.wait(120)} <= {"cancelled"}
    assert "cancelled" in launcher.panel.said.value


@pytest.mark.process
def test_what_refuses_a_flow_is_told(launcher: SweepLauncher, folder: Path) -> None:
    """An error of the launch stands beside the buttons, and isn't raised into the cell."""
    launcher.choices.on_error.value = "stop"
    (folder / ".kogine").write_text("not a folder")
    launcher.panel.start.click()
    assert "alert" in launcher.panel.said.value and launcher.flow is None
    with pytest.raises(ConfigError, match="nothing was launched"):
        launcher.wait(1)
