"""Pictures of many runs, drawn by matplotlib; see the methods of `Runs` that have their names."""

from __future__ import annotations

from collections import Counter

from .colours import Colours
from .curves import curves, have_steps, longest
from .importance import importance
from .listing import metric_names, varying
from .outcome import FINISHED
from .scales import Bins, Scale, is_number, is_wide, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from matplotlib.axes import Axes

    from .curves import Curve
    from .store import RunStore

    Row = dict[str, Any]

_WRITTEN = 144  # cells of a grid in which the value is written
_MOST_AXES = 10  # parameters side by side
_MOST_BARS = 20  # parameters one below the other
_LACKING = "0.75"  # the grey of what has no value
_BELOW = -0.08  # where a run stands that doesn't set a parameter


# ---- step by step ----


def plot(store: RunStore, rows: Sequence[Row], metric: str | None, by: str | None, ax: Any) -> Axes:
    """A metric step by step; where no run has more than one value of it, the last ones."""
    _need_matplotlib("plot")
    found = [curves(store, row) for row in rows]
    metric = _known_metric(metric, [*rows, *({"metrics": one} for one in found)])
    metric = metric or longest(found) or _telling(rows)
    by = _known_param(by, rows)
    drawn = [(row, of_run[metric]) for row, of_run in zip(rows, found) if metric in of_run]
    if not any(len(curve) > 1 for _, curve in drawn):
        return _plot_last([row for row in rows if _score(row, metric) is not None], metric, by, ax)
    by = by or next(iter(_varying([row for row, _ in drawn])), None)
    ax = ax or _new_axes()
    by_step = have_steps([curve for _, curve in drawn])
    colours = Colours(by, [_param(row, by) for row, _ in drawn])
    for row, curve in drawn:
        _draw(ax, row, curve, by_step, colours.of(_param(row, by)), len(drawn))
    ax.set_xlabel("step" if by_step else "number of the value")
    _measure(ax, metric, (value for _, curve in drawn for _, value in curve))
    colours.explain(ax)
    return ax  # type: ignore[no-any-return]


def _draw(ax: Axes, row: Row, curve: Curve, by_step: bool, colour: Any, count: int) -> None:
    places = [step if by_step else n for n, (step, _) in enumerate(curve, 1)]
    many = {"linewidth": 1.0, "alpha": 0.6} if count > 20 else {"linewidth": 1.5}
    marker = "o" if len(curve) == 1 else ""
    values = [value for _, value in curve]
    ax.plot(places, values, color=colour, marker=marker, gid=row["id"], **many)  # type: ignore[arg-type]


def _plot_last(rows: Sequence[Row], metric: str, by: str | None, ax: Any) -> Axes:
    """The last value of a metric against a parameter; the next that varies gives the colours."""
    names = _varying(rows)
    by = by or next(iter(names), None)
    other = next((name for name in names if name != by), None)
    ax = ax or _new_axes()
    colours = Colours(other, [_param(row, other) for row in rows])
    held = [_param(row, by) for row in rows] if by is not None else list(range(1, len(rows) + 1))
    scale = Scale(held)
    for row, value in zip(rows, held):
        place = value if scale.numeric else scale.place(value)
        colour = colours.of(_param(row, other))
        ax.plot([place], [_score(row, metric)], "o", color=colour, alpha=0.8, gid=row["id"])
    if scale.log:
        ax.set_xscale("log")
    if not scale.numeric:
        _name_places(ax, [written(value) for value in scale.distinct], "x")
    ax.set_xlabel("run" if by is None else written(by))
    _measure(ax, metric, (row["metrics"][metric] for row in rows))
    colours.explain(ax)
    return ax  # type: ignore[no-any-return]


# ---- two parameters ----


def plot_grid(
    rows: Sequence[Row], x: str | None, y: str | None, metric: str | None, ax: Any
) -> Axes:
    """A heat map; a cell is the mean of its runs, and hatched where there is none."""
    _need_matplotlib("plot_grid")
    metric, rows, x, y = _for_grid(rows, x, y, metric)
    import numpy
    from matplotlib.colors import LogNorm

    across = Bins([_param(row, x) for row in rows])
    upwards = Bins([_param(row, y) for row in rows])
    sums = numpy.zeros((len(upwards.labels), len(across.labels)))
    counts = numpy.zeros_like(sums)
    for row in rows:
        cell = upwards(_param(row, y)), across(_param(row, x))
        sums[cell] += row["metrics"][metric]
        counts[cell] += 1
    means = numpy.ma.masked_array(sums / numpy.maximum(counts, 1), counts == 0)
    ax = ax or _new_axes()
    wide = is_wide(means.compressed())
    image = ax.imshow(means, origin="lower", aspect="auto", norm=LogNorm() if wide else None)
    ax.patch.set(hatch="////", edgecolor=_LACKING)  # shines through where there is no run
    _name_places(ax, across.labels, "x")
    _name_places(ax, upwards.labels, "y")
    ax.set_xlabel(written(x))
    ax.set_ylabel(written(y))
    ax.figure.colorbar(image, ax=ax, label=written(metric) + _mean_of(counts))
    if means.size <= _WRITTEN:
        _write_cells(ax, image, means)
    return ax  # type: ignore[no-any-return]


def _for_grid(
    rows: Sequence[Row], x: str | None, y: str | None, metric: str | None
) -> tuple[str, list[Row], str, str]:
    """The metric, the finished runs that have it, and the parameters."""
    metric, rows = _scored(rows, metric)
    x, y = _known_param(x, rows), _known_param(y, rows)
    others = [name for name in _varying(rows) if name not in (x, y)]
    x = x or (others.pop(0) if others else None)
    y = y or (others.pop(0) if others else None)
    if x is None or y is None:
        raise ValueError(
            "plot_grid() needs two parameters that differ between the finished runs, and there "
            f"is {'only ' + repr(x or y) if x or y else 'none'}: runs.plot() shows one."
        )
    return metric, rows, x, y


def _mean_of(counts: Any) -> str:
    """How many runs a cell is the mean of, if of more than one."""
    few, most = (int(edge(counts[counts > 0])) for edge in (min, max))
    if most == 1:
        return ""
    return f" (mean of {most} runs)" if few == most else f" (mean of {few} to {most} runs)"


def _write_cells(ax: Axes, image: Any, means: Any) -> None:
    for (line, column), value in _cells(means):
        red, green, blue, _ = image.cmap(image.norm(value))
        light = 0.299 * red + 0.587 * green + 0.114 * blue  # as bright as it seems (ITU-R BT.601)
        colour = "black" if light > 0.5 else "white"
        size = "small" if means.shape[1] <= 8 else "x-small"
        ax.text(column, line, f"{value:.3g}", ha="center", va="center", color=colour, size=size)


def _cells(means: Any) -> Iterable[tuple[tuple[int, int], float]]:
    for line, column in zip(*(~means.mask).nonzero()):
        yield (int(line), int(column)), float(means[line, column])


# ---- all parameters ----


def plot_parallel(
    rows: Sequence[Row], metric: str | None, params: Sequence[str] | None, ax: Any
) -> Axes:
    """An axis for each parameter, and one for the metric; a line for each run."""
    _need_matplotlib("plot_parallel")
    metric, scored = _scored(rows, metric)
    for name in params or ():
        _known_param(name, rows)
    names = list(params or varying(rows)[:_MOST_AXES])
    if not names:
        raise ValueError(
            "plot_parallel() needs parameters that differ between the runs: none does."
        )
    ax = ax or _new_axes(max(6.4, 1.4 * (len(names) + 1)))
    scales = [Scale(row["params"][name] for row in rows if name in row["params"]) for name in names]
    last = Scale(row["metrics"][metric] for row in scored)
    colours = Colours(metric, [row["metrics"][metric] for row in scored], bar=True)
    with_score = {row["id"] for row in scored}
    for row in sorted(rows, key=lambda row: row["id"] in with_score):  # grey lines lie below
        heights = [_height(row, name, scale) for name, scale in zip(names, scales)]
        score = row["metrics"][metric] if row["id"] in with_score else None
        heights += [] if score is None else [last(score)]
        style = "dashed" if score is None else "solid"
        colour = _LACKING if score is None else colours.of(score)
        width = 1.0 if len(rows) > 50 else 1.5
        ax.plot(heights, color=colour, linestyle=style, linewidth=width, alpha=0.8, gid=row["id"])
    _draw_axes(ax, [*names, metric], [*scales, last])
    for place, name in enumerate(names):
        if any(name not in row["params"] for row in rows):
            _mark(ax, place, _BELOW, "not set")
    colours.explain(ax)
    return ax  # type: ignore[no-any-return]


def _height(row: Row, name: str, scale: Scale) -> float:
    return scale(row["params"][name]) if name in row["params"] else _BELOW


def _draw_axes(ax: Axes, names: Sequence[str], scales: Sequence[Scale]) -> None:
    for place, scale in enumerate(scales):
        is_last = place == len(scales) - 1
        ax.axvline(place, color="0.4", linewidth=0.8, zorder=3)
        for height, text in scale.ticks():
            _mark(ax, place, height, text, right=is_last)
    ax.set_xticks(range(len(names)), [written(name) for name in names])
    ax.set_yticks([])
    ax.set_xlim(-0.35, len(names) - 0.65)
    ax.set_ylim(-0.12, 1.06)
    ax.spines[:].set_visible(False)
    ax.tick_params(axis="x", length=0)


def _mark(ax: Axes, place: float, height: float, text: str, *, right: bool = False) -> None:
    """Write a text beside an axis, so that it can be read above lines."""
    ax.annotate(
        text,
        (place, height),
        xytext=(3 if right else -3, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        size="small",
        bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5},
        zorder=4,
    )


# ---- what matters ----


def plot_importance(rows: Sequence[Row], metric: str | None, ax: Any) -> Axes:
    """A bar for each parameter: how much of the metric's variance it explains alone."""
    _need_matplotlib("plot_importance")
    metric, rows = _scored(rows, metric)
    names = _varying(rows) if len(rows) > 1 else []
    if not names:
        raise ValueError(
            "plot_importance() needs finished runs with different parameters, and there "
            f"{'is one run' if len(rows) == 1 else f'are {len(rows)} that are alike'}."
        )
    scores = [row["metrics"][metric] for row in rows]
    shares = importance([row["params"] for row in rows], scores, names)
    drawn = list(shares.items())[:_MOST_BARS][::-1]  # the greatest on top
    ax = ax or _new_axes(height=1.2 + 0.35 * max(3, len(drawn)))
    values = [0.0 if share != share else share for _, share in drawn]
    ax.barh(range(len(drawn)), values, color="C0")
    for place, (_, share) in enumerate(drawn):
        text = "can't be told" if share != share else f"{share:.0%}"
        ax.annotate(
            text,
            (0 if share != share else share, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            size="small",
        )
    ax.set_yticks(range(len(drawn)), [written(name) for name, _ in drawn])
    ax.set_xlim(0, 1.1)
    of = f"log({written(metric)})" if is_wide(scores) else written(metric)
    ax.set_xlabel(f"share of the variance of {of}, over {len(rows)} runs")
    return ax  # type: ignore[no-any-return]


# ---- what is drawn ----


def _scored(rows: Sequence[Row], metric: str | None) -> tuple[str, list[Row]]:
    """A metric, and the finished runs that have it."""
    finished = [row for row in rows if row["status"] == FINISHED]
    metric = _known_metric(metric, finished) or _telling(finished)
    return metric, [row for row in finished if _score(row, metric) is not None]


def _telling(rows: Sequence[Row]) -> str:
    """The metric that most runs have and that isn't the same for all."""
    names = [name for name in metric_names(rows) if any(_score(r, name) is not None for r in rows)]
    if not names:
        raise KeyError("no finished run has a metric: a script prints or returns them.")
    return next((n for n in names if len({_score(row, n) for row in rows} - {None}) > 1), names[0])


def _score(row: Row, metric: str) -> float | None:
    value = row["metrics"].get(metric)
    return value if is_number(value) else None


def _varying(rows: Sequence[Row]) -> list[str]:
    return varying(rows) if len(rows) > 1 else []


def _param(row: Row, name: str | None) -> object:
    return None if name is None else row["params"].get(name)


def _known_metric(name: str | None, rows: Sequence[Row]) -> str | None:
    return _known(name, "metric", Counter(name for row in rows for name in row["metrics"]))


def _known_param(name: str | None, rows: Sequence[Row]) -> str | None:
    return _known(name, "parameter", Counter(name for row in rows for name in row["params"]))


def _known(name: str | None, kind: str, names: Iterable[str]) -> str | None:
    """A name that there is.

    Raises:
        KeyError: There is no such name.
    """
    names = list(names)
    if name is None or name in names:
        return name
    from ..config.overrides import nearest

    near = nearest(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names) or 'none'}."
    raise KeyError(f"none of the runs has a {kind} {name!r}; {hint}")


# ---- axes ----


def _need_matplotlib(name: str) -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        message = f"{name}() needs matplotlib: `pip install 'kohakuengine[plot]'`."
        raise ImportError(message) from error


def _new_axes(width: float = 6.4, height: float = 4.8) -> Axes:
    import matplotlib.pyplot

    return matplotlib.pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def _measure(ax: Axes, metric: str, values: Iterable[float]) -> None:
    ax.set_ylabel(written(metric))
    if is_wide(values):
        ax.set_yscale("log")


def _name_places(ax: Axes, labels: Sequence[str], axis: str) -> None:
    """Write a text at each of the places 0, 1, 2 ..., or at some where there are many."""
    step = -(-len(labels) // 24)
    places = range(0, len(labels), step)
    texts = [labels[place] for place in places]
    if axis == "y":
        ax.set_yticks(places, texts)
        return
    crowded = len(texts) * max(map(len, texts)) > 50
    ax.set_xticks(places, texts, rotation=45 if crowded else 0, ha="right" if crowded else "center")
