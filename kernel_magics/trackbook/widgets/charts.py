"""Charts as plotly draws them: plain figures, put into an output, readable on a light page and on a dark one.

Every text in a figure is escaped: plotly takes some HTML in texts for formatting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from trackbook.records import MetricPoint
from trackbook.records.profile import ColumnProfile
from trackbook.widgets.page import CHARTS_MISSING

if TYPE_CHECKING:
    from ipywidgets import Output

Figure = dict[str, Any]

MIME = "application/vnd.plotly.v1+json"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")
_MOST_MARKED = 60  # points of a line that are marked one by one
_HEIGHT = 340
_GREY = "#888888"  # to be read on white and on black
_GRID = "rgba(128,128,128,.25)"


def has_charts() -> bool:
    """Return whether plotly is installed."""
    return find_spec("plotly") is not None


def draw(output: Output, figure: Figure | None, instead: str = "") -> None:
    """Put a figure into an output, in place of what it showed; or a sentence, where there is none to draw."""
    if figure is not None and has_charts():
        shown: dict[str, Any] = {"output_type": "display_data", "data": {MIME: figure}, "metadata": {}}
    else:
        text = CHARTS_MISSING if figure is not None else instead
        shown = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    output.outputs = (shown,)


def curves(series: Sequence[tuple[str, Sequence[MetricPoint]]], *, title: str, is_log: bool = False) -> Figure:
    """Return lines of metrics by step, each under its label."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers" if len(points) <= _MOST_MARKED else "lines",
            "name": text(label),
            "x": [point.step for point in points],
            "y": [number(point.value) for point in points],
            **_look(at),
        }
        for at, (label, points) in enumerate(series)
    ]
    return _figure(traces, x="step", y=title, is_log=is_log, has_legend=len(traces) > 1)


def scatter(points: Sequence[tuple[str, Any, Any]], *, x: str, y: str) -> Figure:
    """Return one marked point a run: its label and where it is."""
    traces = [
        {"type": "scatter", "mode": "markers", "name": text(label), "x": [_plain(left)], "y": [_plain(up)], **_look(at)}
        for at, (label, left, up) in enumerate(points)
    ]
    return _figure(traces, x=x, y=y, has_legend=True)


def parallel(names: Sequence[str], axes: Mapping[str, Sequence[Any]]) -> Figure:
    """Return parallel coordinates: an axis a param or metric, a line a run."""
    trace = {
        "type": "parcoords",
        "line": {"color": list(range(len(names))), "colorscale": "Viridis"},
        "dimensions": [_axis(label, values) for label, values in {"run": names, **axes}.items()],
        "labelfont": {"color": _GREY},
        "tickfont": {"color": _GREY},
    }
    return _figure([trace], x="", y="", has_legend=False)


def histogram(column: ColumnProfile) -> Figure | None:
    """Return how a column's values lie: its histogram, else its most frequent values; None where it has neither."""
    if column.histogram is not None:
        edges, counts = column.histogram.edges, column.histogram.counts
        pairs = list(pairwise(edges))
        labels = [f"{_plain(left)} to {_plain(right)}" for left, right in pairs]
        if all(isinstance(each, int | float) for each in edges):
            return _lying(column.name, pairs, counts, labels)
    elif column.top:
        labels = [text(each.value) for each in column.top]
        counts = tuple(each.count for each in column.top)
    else:
        return None
    return _figure([_bars(labels, counts)], x=column.name, y="rows", has_legend=False)


def _lying(name: str, pairs: Sequence[tuple[Any, Any]], counts: Sequence[int], labels: Sequence[str]) -> Figure:
    """Return bars that lie on a scale of numbers; to point at one tells from where to where it goes."""
    bars = _bars(((left + right) / 2 for left, right in pairs), counts)
    widths = [right - left for left, right in pairs]
    hover = {"width": widths, "customdata": [*labels], "hovertemplate": "%{customdata}: %{y}<extra></extra>"}
    return _figure([{**bars, **hover}], x=name, y="rows", has_legend=False)


def weights(values: Mapping[str, float], *, title: str) -> Figure:
    """Return the weights of features, the largest on top."""
    ranked = sorted(values.items(), key=lambda item: abs(item[1]) if item[1] == item[1] else 0.0)
    bars = _bars([number(value) for _, value in ranked], [text(name) for name, _ in ranked])
    return _figure([{**bars, "orientation": "h"}], x=title, y="", has_legend=False)


def text(whole: str) -> str:
    """Return a text that plotly shows as it is."""
    return escape(whole, quote=False)


def number(value: float | int) -> float | int | None:
    """Return a number as JSON has it: there is a gap where it is not finite."""
    return value if math.isfinite(value) else None


def _bars(x: Iterable[Any], y: Iterable[Any]) -> dict[str, Any]:
    return {"type": "bar", "x": [*x], "y": [*y], "marker": {"color": _COLOURS[0]}}


def _look(at: int) -> dict[str, Any]:
    """Return the colour, dash and mark of a line: no two of the first dozens look the same in all three."""
    colour = _COLOURS[at % len(_COLOURS)]
    line = {"color": colour, "dash": _DASHES[at % len(_DASHES)], "width": 2}
    return {"line": line, "marker": {"color": colour, "symbol": _SYMBOLS[at % len(_SYMBOLS)], "size": 8}}


def _axis(label: str, values: Sequence[Any]) -> dict[str, Any]:
    """Return an axis; of other things than numbers each has a place of its own on it."""
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        return {"label": text(label), "values": [number(each) for each in values]}
    kinds = list(dict.fromkeys(str(each) for each in values))
    return {
        "label": text(label),
        "values": [kinds.index(str(each)) for each in values],
        "tickvals": list(range(len(kinds))),
        "ticktext": [text(each) for each in kinds],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(float(f"{value:.6g}"))
    return text(str(value))


def _figure(traces: Sequence[Mapping[str, Any]], *, x: str, y: str, has_legend: bool, is_log: bool = False) -> Figure:
    axis = {"gridcolor": _GRID, "zerolinecolor": _GRID, "linecolor": _GRID, "automargin": True}
    layout = {
        "height": _HEIGHT,
        "margin": {"l": 60, "r": 20, "t": 30, "b": 50},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": _GREY, "size": 12},
        "showlegend": has_legend,
        "xaxis": {**axis, "title": {"text": text(x)}},
        "yaxis": {**axis, "title": {"text": text(y)}, "type": "log" if is_log else "-"},
    }
    return {"data": [dict(each) for each in traces], "layout": layout}
