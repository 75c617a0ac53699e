"""The trials of a sweep as parallel coordinates: a page of its own, which needs no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from trackbook.errors import InvalidValueError
from trackbook.pipelines.sweeps.space import Choices, Space, Values, listed
from trackbook.pipelines.sweeps.trials import Trial
from trackbook.records import JsonValue, encode

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="color-scheme" content="light dark">
<style>body {{ margin: 0; background: #fff; color: #222; font: 14px system-ui, sans-serif }}
p {{ margin: 16px 24px 0 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #1b1b1b; color: #ddd }} }}
</style></head><body>
<p>{words}</p>
"""
_DARK = """
<script>
(function () {{
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paint = () => Plotly.restyle("{div}", {{
    labelfont: [{{ color: dark.matches ? "#ddd" : "#222", size: 14 }}],
    tickfont: [{{ color: dark.matches ? "#ddd" : "#444", size: 11 }}],
    rangefont: [{{ color: dark.matches ? "#999" : "#777", size: 10 }}],
    "line.colorbar.tickfont.color": dark.matches ? "#ddd" : "#444",
  }});
  paint();
  dark.addEventListener("change", paint);
}})();
</script>
</body></html>
"""
_DIV = "trials"
_MOST_TICKS = 24
_SCALE = [[0.0, "#8299bd"], [0.5, "#2fa39b"], [1.0, "#f08000"]]
"""From worst to best: seen on light and on dark pages."""


def figure_of(space: Space, trials: Sequence[Trial], metric: str, *, is_maximized: bool) -> bytes:
    """Return the page: an axis for each param with more than one value and one for the metric, a line for each trial.

    Trials without a value have no line; how many these are is said above.
    """
    drawn = [each for each in trials if each.value is not None and math.isfinite(each.value) and _has_all(each, space)]
    left = len(trials) - len(drawn)
    words = f"{len(drawn)} trials; more of {metric} is {'better' if is_maximized else 'worse'}."
    words += f" {left} without a value {'is' if left == 1 else 'are'} not drawn." if left else ""
    head = _HEAD.format(title=_escaped(f"Trials by {metric}"), words=_escaped(words))
    if not drawn:
        return f"{head}</body></html>\n".encode()
    plot = _plot(space, drawn, metric, is_maximized=is_maximized)
    return f"{head}{plot}{_DARK.format(div=_DIV)}".encode()


def _plot(space: Space, trials: Sequence[Trial], metric: str, *, is_maximized: bool) -> str:
    go, io = _plotly()
    varied = {name: values for name, values in space.items() if not _is_fixed(values)}
    axes = [_axis(name, values, trials) for name, values in varied.items()]
    numbers = [each.value for each in trials]
    line = {
        "color": numbers,
        "colorscale": _SCALE,
        "reversescale": not is_maximized,
        "showscale": True,
        "colorbar": {"title": None, "thickness": 14},
    }
    figure = go.Figure(go.Parcoords(line=line, dimensions=[*axes, {"label": metric, "values": numbers}]))
    figure.update_layout(
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", margin={"l": 90, "r": 60, "t": 70, "b": 40}
    )
    return str(
        io.to_html(
            figure,
            include_plotlyjs=True,
            full_html=False,
            div_id=_DIV,
            default_height="85vh",
            config={"displaylogo": False, "displayModeBar": False},
        )
    )


def _axis(name: str, values: Values, trials: Sequence[Trial]) -> dict[str, Any]:
    found = [each.params[name] for each in trials]
    if isinstance(values, Choices):
        return _choices(name, values, found)
    if not values.is_log:
        every = listed(values) or []
        axis = {"label": name, "values": found, "range": [values.low, values.high]}
        return axis | ({"tickvals": every} if 0 < len(every) <= _MOST_TICKS else {})
    low, high = math.log10(values.low), math.log10(values.high)
    ticks = [low, *range(math.ceil(low), math.floor(high) + 1), high]
    shown = sorted({round(each, 9) for each in ticks})
    return {
        "label": f"{name} (log)",
        "values": [math.log10(float(str(each))) for each in found],
        "range": [low, high],
        "tickvals": shown,
        "ticktext": [f"{10**each:.3g}" for each in shown],
    }


def _choices(name: str, values: Choices, found: Sequence[JsonValue]) -> dict[str, Any]:
    """Return an axis where each choice has the same distance from the next."""
    places = {encode(each): at for at, each in enumerate(values.values)}
    ticks = range(0, len(places), math.ceil(len(places) / _MOST_TICKS))
    return {
        "label": name,
        "values": [places[encode(each)] for each in found],
        "range": [0, len(places) - 1],
        "tickvals": [*ticks],
        "ticktext": [str(values.values[at]) for at in ticks],
    }


def _is_fixed(values: Values) -> bool:
    return len(values.values) == 1 if isinstance(values, Choices) else values.low == values.high


def _has_all(trial: Trial, space: Space) -> bool:
    return all(
        name in trial.params and (not isinstance(values, Choices) or trial.params[name] in values.values)
        for name, values in space.items()
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _plotly() -> tuple[Any, Any]:
    try:
        import plotly.graph_objects as go
        import plotly.io as io
    except ImportError:
        raise InvalidValueError(
            "The figure of a sweep needs plotly. Install it: pip install 'trackbook[sweeps]'."
        ) from None
    return go, io
