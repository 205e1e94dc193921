"""Pictures of runs: what is drawn, not how it looks."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterator
from itertools import count, product
from typing import Any

import pytest

from kohakuengine.runs.columns import RUN_COLUMNS
from kohakuengine.runs.journal import append
from kohakuengine.runs.store import RunStore
from kohakuengine.runs.table import Runs

matplotlib = pytest.importorskip("matplotlib", reason="it comes with the extra `plot`")
matplotlib.use("Agg")
numpy = pytest.importorskip("numpy")

Make = Callable[..., Runs]


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    """Each is drawn, which may fail or warn, and closed."""
    import matplotlib.pyplot as plt

    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")


@pytest.fixture
def make(tmp_path) -> Make:
    """Runs from what each sets, its last metrics, and its journal."""
    store = RunStore(str(tmp_path / "home"))
    numbers = count()

    def runs(*all_runs: dict[str, Any]) -> Runs:
        rows = []
        for n, given in zip(numbers, all_runs):
            id = f"{n:032x}"
            row = {**dict.fromkeys(RUN_COLUMNS), "id": id, "flow": "f" * 32, "script": "t.py"}
            row |= {"status": "finished", "created": float(n), "attempts": 1, "name": "x"}
            row |= {"params": given.get("params", {}), "metrics": given.get("metrics", {})}
            row |= {"status": given.get("status", "finished")}
            rows.append(row)
            journal = store.paths.run(id).attempt(1).journal
            os.makedirs(os.path.dirname(journal))
            append(journal, [{"t": 1.0, **record} for record in given.get("journal", [])])
        store.add_runs(rows)
        return Runs(store, [row["id"] for row in rows])

    return runs


def logged(values: list[float], name: str = "loss", start: int | None = 0) -> list[dict[str, Any]]:
    """What a script notes that logs a value each step."""
    return [
        {"step": None if start is None else start + n, "logged": {name: value}}
        for n, value in enumerate(values)
    ]


def lines(ax: Any) -> list[tuple[list[float], list[float]]]:
    """The points of each line."""
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines]


def legend(ax: Any) -> tuple[str, list[str]]:
    """The title of a legend, and its texts."""
    found = ax.get_legend()
    return found.get_title().get_text(), [text.get_text() for text in found.get_texts()]


def bar(ax: Any) -> Any:
    """The axes of the colour bar, or None."""
    others = [other for other in ax.figure.axes if other is not ax]
    return others[0] if others else None


def ticks(axis: Any) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


# ---- plot ----


def test_a_line_a_run_over_its_steps(make: Make) -> None:
    """In the colour of the parameter that varies, which a legend explains."""
    runs = make(
        {"params": {"lr": 0.1, "bs": 8}, "journal": logged([1.0, 0.5, 0.25])},
        {"params": {"lr": 0.2, "bs": 8}, "journal": logged([2.0, 1.0], start=10)},
    )
    ax = runs.plot("loss")
    assert lines(ax) == [([0, 1, 2], [1.0, 0.5, 0.25]), ([10, 11], [2.0, 1.0])]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss", "linear")
    assert legend(ax) == ("lr", ["0.1", "0.2"])
    assert len({str(line.get_color()) for line in ax.lines}) == 2
    assert [line.get_gid() for line in ax.lines] == runs.ids


def test_values_without_steps_are_counted(make: Make) -> None:
    """For all runs, so that they can be compared."""
    runs = make({"journal": logged([3, 2], start=None)}, {"journal": logged([5, 4], start=100)})
    ax = runs.plot()
    assert lines(ax) == [([1, 2], [3, 2]), ([1, 2], [5, 4])]
    assert ax.get_xlabel() == "number of the value" and ax.get_legend() is None


def test_many_numbers_have_a_colour_bar(make: Make) -> None:
    """Logarithmic where they are wide; so is an axis of wide values."""
    runs = make(
        *({"params": {"lr": 10.0**-n}, "journal": logged([1.0, 10.0**n])} for n in range(12))
    )
    ax = runs.plot("loss", by="lr")
    assert ax.get_yscale() == "log" and ax.get_legend() is None
    assert (bar(ax).get_ylabel(), bar(ax).get_yscale()) == ("lr", "log")


def test_what_is_drawn_is_chosen(make: Make) -> None:
    """The metric with several values, of the first parameter that varies, by name if given."""
    journal = [*logged([1, 2], "acc"), *logged([3, 4], "loss")]
    runs = make(
        {"params": {"a": 1, "b": 1}, "metrics": {"end": 1.0}, "journal": journal},
        {"params": {"a": 1, "b": 2}, "metrics": {"end": 2.0}, "journal": journal[1:]},
    )
    assert runs.plot().get_ylabel() == "loss" and legend(runs.plot())[0] == "b"
    assert legend(runs.plot(by="a")) == ("a", ["1"])


def test_without_steps_the_last_values_are_drawn(make: Make) -> None:
    """Against the parameter that varies; the next one gives the colours."""
    runs = make(
        *(
            {"params": {"lr": lr, "opt": opt}, "metrics": {"loss": lr * 2}}
            for lr, opt in product([0.001, 1.0], ["a", "_b"])
        ),
        {"params": {"lr": 0.1, "opt": "a"}, "metrics": {"loss": float("nan")}},
    )
    ax = runs.plot()
    assert lines(ax) == [([0.001], [0.002])] * 2 + [([1.0], [2.0])] * 2
    assert (ax.get_xlabel(), ax.get_xscale(), ax.get_yscale()) == ("lr", "log", "log")
    assert legend(ax) == ("opt", ["a", " _b"])
    by_name = runs.plot(by="opt")
    assert ticks(by_name.xaxis) == ["a", "_b"] and lines(by_name)[1] == ([1], [0.002])


def test_one_run_is_a_line_without_a_legend(make: Make) -> None:
    """There is nothing to tell it from."""
    ax = make({"params": {"lr": 0.1}, "journal": logged([1, 2])}).plot()
    assert lines(ax) == [([0, 1], [1, 2])] and ax.get_legend() is None and bar(ax) is None


def test_many_names_are_cut_in_the_legend(make: Make) -> None:
    """And it says how many more there are."""
    runs = make(*({"params": {"opt": f"o{n}"}, "journal": logged([1, 2])} for n in range(15)))
    assert legend(runs.plot())[1] == [*(f"o{n}" for n in range(10)), "and 5 more"]


def test_names_are_no_mathematics(make: Make) -> None:
    """Dollars in names, values and metrics are drawn as they are."""
    runs = make(
        *(
            {"params": {"$a_{$": value, "b$$": value}, "metrics": {"$\\frac$": number}}
            for number, value in ((1.0, "$\\x$"), (2.0, "$"))
        )
    )
    for ax in (runs.plot(), runs.plot_grid(), runs.plot_parallel(), runs.plot_importance()):
        ax.figure.canvas.draw()


def test_pictures_are_drawn_into_given_axes(make: Make) -> None:
    """Which are given back, as pandas does."""
    import matplotlib.pyplot as plt

    runs = make(
        *(
            {"params": {"a": a, "b": b}, "metrics": {"loss": a + b}, "journal": logged([1, 2])}
            for a, b in product([1, 2], [1, 2])
        )
    )
    figure, axes = plt.subplots(2, 2)
    assert runs.plot(ax=axes[0, 0]) is axes[0, 0]
    assert runs.plot_grid(ax=axes[0, 1]) is axes[0, 1]
    assert runs.plot_parallel(ax=axes[1, 0]) is axes[1, 0]
    assert runs.plot_importance(ax=axes[1, 1]) is axes[1, 1]
    assert plt.get_fignums() == [figure.number]


# ---- plot_grid ----


def test_a_grid_has_the_mean_of_each_cell(make: Make) -> None:
    """Runs that failed aren't in it, and cells without runs are blank, with hatches behind."""
    cells = [(0.1, 16, 1.0), (0.1, 16, 3.0), (0.001, 16, 4.0), (0.1, 8, 8.0)]
    runs = make(
        *({"params": {"lr": x, "bs": y}, "metrics": {"loss": z}} for x, y, z in cells),
        {"params": {"lr": 0.001, "bs": 8}, "metrics": {"loss": 9.0}, "status": "failed"},
    )
    ax = runs.plot_grid("lr", "bs", "loss")
    (image,) = ax.images
    drawn = image.get_array()
    assert drawn.mask.tolist() == [[True, False], [False, False]]
    assert drawn.filled(0).tolist() == [[0, 8.0], [4.0, 2.0]]
    assert (ax.get_xlabel(), ticks(ax.xaxis)) == ("lr", ["0.001", "0.1"])
    assert (ax.get_ylabel(), ticks(ax.yaxis)) == ("bs", ["8", "16"])
    assert bar(ax).get_ylabel() == "loss (mean of 1 to 2 runs)" and ax.patch.get_hatch()
    assert sorted(text.get_text() for text in ax.texts) == ["2", "4", "8"]


def test_a_grid_chooses_what_varies(make: Make) -> None:
    """The first two parameters, and a metric that isn't the same for all."""
    runs = make(
        *(
            {"params": {"z": 1, "a": a, "b": b}, "metrics": {"one": 1.0, "loss": 10.0 ** (a * 3)}}
            for a, b in product([0, 1], ["x", "y"])
        )
    )
    ax = runs.plot_grid()
    assert (ax.get_xlabel(), ax.get_ylabel(), bar(ax).get_ylabel()) == ("a", "b", "loss")
    assert bar(ax).get_yscale() == "log"
    assert runs.plot_grid(x="b").get_ylabel() == "a"


def test_a_grid_of_drawn_numbers_has_ranges(make: Make) -> None:
    """A random search would have a cell for each run."""
    runs = make(
        *({"params": {"a": n / 100, "b": n % 7}, "metrics": {"loss": n}} for n in range(100))
    )
    ax = runs.plot_grid()
    assert ax.images[0].get_array().shape == (7, 12)
    assert ticks(ax.xaxis)[0] == "0 – 0.082"


def test_a_grid_of_one_parameter_says_what_to_do(make: Make) -> None:
    """One sentence."""
    runs = make(*({"params": {"lr": lr}, "metrics": {"loss": lr}} for lr in (1, 2)))
    with pytest.raises(ValueError, match="needs two parameters .* only 'lr': runs.plot"):
        runs.plot_grid()
    with pytest.raises(ValueError, match="and there is none"):
        runs[:1].plot_grid()


# ---- plot_parallel ----


def test_parallel_coordinates_have_an_axis_each(make: Make) -> None:
    """Numbers where they belong, texts at even distances, the metric last; unfinished runs are grey."""
    runs = make(
        {"params": {"lr": 1e-4, "opt": "a"}, "metrics": {"loss": 1.0}},
        {"params": {"lr": 1e-2, "opt": "b"}, "metrics": {"loss": 2.0}},
        {"params": {"lr": 1.0, "opt": "a"}, "metrics": {"loss": 3.0}},
        {"params": {"opt": "b"}, "metrics": {"loss": 9.0}, "status": "failed"},
    )
    ax = runs.plot_parallel()
    by_run = {line.get_gid(): line for line in ax.lines if line.get_gid()}
    heights = [list(by_run[id].get_ydata()) for id in runs.ids]
    assert heights[:3] == [[0, 0, 0], [1, pytest.approx(0.5), 0.5], [0, 1, 1]]
    assert heights[3][0] == 1 and heights[3][1] < 0 and len(heights[3]) == 2
    assert by_run[runs.ids[3]].get_color() == "0.75"
    assert ticks(ax.xaxis) == ["opt", "lr", "loss"] and bar(ax).get_ylabel() == "loss"
    texts = [text.get_text() for text in ax.texts]
    assert {"a", "b", "0.0001", "1", "3", "not set"} <= set(texts)


def test_parallel_coordinates_of_one_run_are_of_all_it_sets(make: Make) -> None:
    """And of runs that don't differ there is nothing to show."""
    run = {"params": {"a": 1, "b": 2}, "metrics": {"loss": 1.0}}
    assert ticks(make(run).plot_parallel().xaxis) == ["a", "b", "loss"]
    chosen = make(run, run).plot_parallel(params=["a"])
    assert ticks(chosen.xaxis) == ["a", "loss"]
    with pytest.raises(ValueError, match="needs parameters that differ"):
        make(run, run).plot_parallel()


# ---- plot_importance ----


def test_importance_has_a_bar_for_each_parameter(make: Make) -> None:
    """The greatest on top, with its share."""
    runs = make(
        *(
            {"params": {"a": a, "b": b, "id": f"{a}{b}"}, "metrics": {"loss": 10.0 + a}}
            for a, b in product([1, 2, 3], [1, 2])
        )
    )
    ax = runs.plot_importance("loss")
    assert ticks(ax.yaxis) == ["id", "b", "a"]
    assert [round(patch.get_width(), 6) for patch in ax.patches] == [0, 0, 1]
    assert [text.get_text() for text in ax.texts] == ["can't be told", "0%", "100%"]
    assert ax.get_xlabel() == "share of the variance of loss, over 6 runs"


def test_importance_needs_runs_that_differ(make: Make) -> None:
    """One sentence that says so."""
    run = {"params": {"a": 1}, "metrics": {"loss": 1.0}}
    for runs, said in ((make(run), "is one run"), (make(run, run), "are 2 that are alike")):
        with pytest.raises(ValueError, match=said):
            runs.plot_importance()


# ---- what is wrong ----


def test_unknown_names_are_told(make: Make) -> None:
    """With what may have been meant, or with what there is."""
    runs = make(
        {"params": {"lr": 1}, "metrics": {"val/loss": 1.0}, "journal": logged([1, 2])},
        {"params": {"lr": 2}, "metrics": {"val/loss": 2.0}},
    )
    with pytest.raises(KeyError, match="no.* has a metric 'los'; did you mean 'loss'"):
        runs.plot("los")
    with pytest.raises(KeyError, match="a parameter 'x'; there are lr"):
        runs.plot("loss", by="x")
    with pytest.raises(KeyError, match="a parameter 'x'; there are lr"):
        runs.plot_parallel(params=["x"])
    with pytest.raises(KeyError, match="a metric 'acc'; there are val/loss"):
        runs.plot_grid("lr", "lr", "acc")
    with pytest.raises(KeyError, match="no finished run has a metric"):
        make({"params": {"lr": 1}}).plot_importance()


@pytest.mark.parametrize("name", ["plot", "plot_grid", "plot_parallel", "plot_importance"])
def test_without_matplotlib_one_sentence_says_what_to_do(
    make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra that brings it."""
    find = builtins.__import__

    def without(module: str, *args: Any, **options: Any) -> Any:
        if module.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError("No module named 'matplotlib'")
        return find(module, *args, **options)

    runs = make({"params": {"lr": 1}, "metrics": {"loss": 1.0}})
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=rf"{name}\(\) needs matplotlib: `pip install"):
        getattr(runs, name)()


def test_the_history_of_a_run_is_to_be_had(make: Make) -> None:
    """For pictures of one's own."""
    run = make({"journal": [*logged([1, 2]), *logged([5], "acc", None)]})[0]
    assert [(point.step, point.value) for point in run.history("loss")] == [(0, 1), (1, 2)]
    assert [point.step for point in run.history("acc")] == [None] and run.history("x") == []
