"""The trials of a sweep as parallel coordinates: a picture, and a small page of its own that needs no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template

from trackbook.pipelines.sweeps.axes import Axis, is_fixed, number_axis, param_axis
from trackbook.pipelines.sweeps.space import Choices, Space
from trackbook.pipelines.sweeps.trials import Trial, best_of

_TOP, _BOTTOM, _HEIGHT = 56, 470, 490
_LEFT, _RIGHT, _BETWEEN, _WIDTH = 70, 110, 130, 1000
_GRIP = 36
_LARGEST = 1e300  # what is larger leaves no room for differences
_LONGEST_LABEL, _LONGEST_TICK = 22, 14
_COLOURS = ((130, 153, 189), (47, 163, 155), (240, 128, 0))
"""From worst to best: seen on light and on dark pages."""
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: var(--ink, #777); pointer-events: none }
.label { font-size: 13px; font-weight: 600; pointer-events: auto }
.axis { stroke: var(--faint, #999) }
.trial { fill: none; stroke-width: 1.6; opacity: .7 }
.best { stroke-width: 3.2; opacity: 1 }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    """The trials that have a line, the best one last and the worst first, and their axes."""

    trials: Sequence[Trial]
    axes: Sequence[Axis]
    is_maximized: bool

    @property
    def width(self) -> int:
        return max(_WIDTH, _LEFT + _RIGHT + _BETWEEN * (len(self.axes) - 1))

    def across(self, at: int) -> float:
        """Return where an axis stands."""
        room = self.width - _LEFT - _RIGHT
        return round(_LEFT + room * at / max(1, len(self.axes) - 1), 1)


def figure_of(space: Space, trials: Sequence[Trial], metric: str, *, is_maximized: bool) -> bytes:
    """Return the page: `picture_of` the trials, in which a person can pick out those that pass through a range.

    Trials without a value have no line; how many these are is said above.
    """
    drawn = _drawn(space, trials)
    left = len(trials) - len(drawn)
    words = f"{len(drawn)} {'trial' if len(drawn) == 1 else 'trials'}, the best one thick; "
    words += f"more of {metric} is {'better' if is_maximized else 'worse'}."
    words += f" {left} without a value {'is' if left == 1 else 'are'} not drawn." if left else ""
    figure = _figure(space, drawn, metric, is_maximized=is_maximized)
    page = Template(resources.files(__package__).joinpath("figure.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=escape(f"Trials by {metric}"),
        words=escape(words),
        picture=_svg(figure),
        width=figure.width,
        top=_TOP,
        bottom=_BOTTOM,
    ).encode()


def picture_of(space: Space, trials: Sequence[Trial], metric: str, *, is_maximized: bool) -> bytes | None:
    """Return an SVG image: an axis for each param with more than one value and one for the metric, a line a trial.

    None where no trial has a value.
    """
    drawn = _drawn(space, trials)
    return _svg(_figure(space, drawn, metric, is_maximized=is_maximized)).encode() if drawn else None


def _drawn(space: Space, trials: Sequence[Trial]) -> list[Trial]:
    return [each for each in trials if each.value is not None and abs(each.value) < _LARGEST and _has_all(each, space)]


def _has_all(trial: Trial, space: Space) -> bool:
    return all(
        name in trial.params and (not isinstance(values, Choices) or trial.params[name] in values.values)
        for name, values in space.items()
    )


def _figure(space: Space, drawn: Sequence[Trial], metric: str, *, is_maximized: bool) -> _Figure:
    sign = 1 if is_maximized else -1
    best = best_of(drawn, is_maximized=is_maximized)
    ordered = sorted(drawn, key=lambda each: (each is best, sign * (each.value or 0.0)))
    varied = {name: values for name, values in space.items() if not is_fixed(values)} if drawn else {}
    axes = [param_axis(name, values, [each.params[name] for each in ordered]) for name, values in varied.items()]
    numbers = [each.value for each in ordered if each.value is not None]
    axes += [number_axis(metric, numbers)] if numbers else []
    return _Figure(trials=ordered, axes=axes, is_maximized=is_maximized)


def _svg(figure: _Figure) -> str:
    lines = [*_lines(figure), *(part for at, axis in enumerate(figure.axes) for part in _axis(figure, at, axis))]
    size = f'viewBox="0 0 {figure.width} {_HEIGHT}" width="{figure.width}" height="{_HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *lines, "</svg>"])


def _lines(figure: _Figure) -> Iterator[str]:
    """Yield a line for each trial; pointing at one tells its params."""
    best = best_of(figure.trials, is_maximized=figure.is_maximized)
    colours = _colours([each.value or 0.0 for each in figure.trials], figure.is_maximized)
    for number, trial in enumerate(figure.trials):
        places = [axis.places[number] for axis in figure.axes]
        points = " ".join(f"{figure.across(at)},{_down(place)}" for at, place in enumerate(places))
        of = "trial best" if trial is best else "trial"
        yield (
            f'<polyline class="{of}" points="{points}" stroke="{colours[number]}" '
            f'data-places="{" ".join(f"{each:.4f}" for each in places)}"><title>{_told(trial)}</title></polyline>'
        )


def _axis(figure: _Figure, at: int, axis: Axis) -> Iterator[str]:
    x = figure.across(at)
    yield f'<line class="axis" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_BOTTOM}"/>'
    yield (
        f'<text class="label" x="{x}" y="{_TOP - 24}" text-anchor="middle">'
        f"{_shortened(axis.label, _LONGEST_LABEL)}<title>{escape(axis.label)}</title></text>"
    )
    for place, text in axis.ticks:
        y = _down(place)
        yield f'<line class="axis" x1="{x}" x2="{x + 5}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{x + 8}" y="{y + 4}">{_shortened(text, _LONGEST_TICK)}</text>'
    yield f'<rect class="grip" fill="none" x="{x - _GRIP / 2}" y="{_TOP}" width="{_GRIP}" height="{_BOTTOM - _TOP}"/>'


def _down(place: float) -> float:
    return round(_BOTTOM - place * (_BOTTOM - _TOP), 1)


def _colours(values: Sequence[float], is_maximized: bool) -> list[str]:
    """Return a colour for each value, by where it lies between the worst and the best."""
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    worst, best = (low, high) if is_maximized else (high, low)
    return [_colour(1.0 if low == high else (each - worst) / (best - worst)) for each in values]


def _colour(goodness: float) -> str:
    """Return the colour between the worst at 0 and the best at 1."""
    first = min(int(goodness * 2), 1)
    part = goodness * 2 - first
    pairs = zip(_COLOURS[first], _COLOURS[first + 1], strict=True)
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in pairs)


def _told(trial: Trial) -> str:
    params = ", ".join(f"{name}={value}" for name, value in trial.params.items())
    return escape(f"trial {trial.number}: {trial.value:.6g} with {params}")


def _shortened(text: str, longest: int) -> str:
    return escape(text if len(text) <= longest else f"{text[: longest - 1]}…")
