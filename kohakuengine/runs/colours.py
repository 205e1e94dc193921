"""The colours of runs in a picture, by a value of each."""

from __future__ import annotations

from .scales import Scale, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes

_IN_LEGEND = 10  # values that a legend names; of more numbers there is a colour bar
_MAP = "viridis"
_BRIGHTEST = 0.9  # how far along that map: what is brighter can't be seen on white
_LACKING = "0.75"  # the grey of what has no value


class Colours:
    """A colour for each value.

    Few values have a legend: numbers in shades, others in colours that are easily told apart. Many
    numbers have a colour bar.

    Args:
        name: What the values are of; None where there is nothing to tell apart.
        values: Those that there are.
        bar: Whether there is a colour bar in any case.
    """

    def __init__(self, name: str | None, values: Sequence[object], *, bar: bool = False) -> None:
        from matplotlib import colormaps
        from matplotlib.colors import ListedColormap

        self._name = name
        self._scale = Scale(values)
        shades = [colormaps[_MAP](_BRIGHTEST * n / 255) for n in range(256)]
        self._map = ListedColormap(shades)
        self._few = colormaps["tab10"]
        many = len(self._scale.distinct) > _IN_LEGEND
        self._bar = self._scale.numeric and (bar or many)

    def of(self, value: object) -> Any:
        """The colour of a value."""
        if self._name is None:
            return "C0"
        if value not in self._scale:
            return _LACKING
        if not self._scale.numeric and len(self._scale.distinct) <= _IN_LEGEND:
            return self._few(self._scale.place(value))
        return self._map(self._evenly(value))

    def _evenly(self, value: object) -> float:
        """Where a value stands in the map: few are told apart best at even distances."""
        if self._bar or len(self._scale.distinct) < 2:
            return self._scale(value)
        return self._scale.place(value) / (len(self._scale.distinct) - 1)

    def explain(self, ax: Axes) -> None:
        """Say beside a picture what the colours mean."""
        if self._name is None or not self._scale.distinct:
            return
        if self._bar:
            self._add_bar(ax, self._name)
        else:
            self._add_legend(ax, self._name)

    def _add_bar(self, ax: Axes, name: str) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import LogNorm, Normalize

        low, high = self._scale.distinct[0], self._scale.distinct[-1]
        norm = LogNorm(low, high) if self._scale.log else Normalize(low, high)
        ax.figure.colorbar(ScalarMappable(norm, self._map), ax=ax, label=written(name))

    def _add_legend(self, ax: Axes, name: str) -> None:
        from matplotlib.lines import Line2D

        shown = self._scale.distinct[:_IN_LEGEND]
        handles = [
            Line2D([], [], color=self.of(value), marker="o", linestyle="none") for value in shown
        ]
        texts = [_legible(written(value)) for value in shown]
        more = len(self._scale.distinct) - len(shown)
        if more:
            handles.append(Line2D([], [], linestyle="none"))
            texts.append(f"and {more} more")
        # Beside the picture, where it hides nothing.
        ax.legend(
            handles,
            texts,
            title=written(name),
            loc="upper left",
            bbox_to_anchor=(1.01, 1),
            frameon=False,
        )


def _legible(text: str) -> str:
    """A text that a legend shows: it leaves out those that begin with an underscore, or are empty."""
    return f" {text}" if text.startswith("_") or not text else text
