"""The trials of a sweep as parallel coordinates: an axis for each param, one for the metric, a line for each trial.

What is written at an axis within the picture has a strip of its own, which lines end at and go on behind at the same
height: so nothing is written over a line. Trials without a value end beneath the axis of the metric, at the word for
what became of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from trackbook.display import format as fmt
from trackbook.display.sweep_axes import Axis, is_fixed, number_axis, param_axis
from trackbook.display.sweep_colours import colour, colours_of, gradients
from trackbook.display.sweep_words import error_of, pairs
from trackbook.pipelines.sweeps.outcome import Outcome
from trackbook.pipelines.sweeps.space import Choices, Space
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, ranked

TOP, BOTTOM = 46, 400
"""Where places 1 and 0 of an axis are."""
_KEY_ROW, _UNDER = 24, 34
_NARROW, _WIDE, _FEW_AXES = 760, 1080, 2
_MARGIN, _CLOSEST = 14, 90
_LETTER, _BOLD_LETTER = 6.9, 8.0  # pixels, about
_LONGEST_LABEL, _LONGEST_TICK = 24, 20
_OUTER_GRIP, _SLOT_ROOM = 30, 72
_FIRST_SLOT, _NEXT_SLOT = -0.085, -0.055
_LARGEST = 1e300  # what is larger leaves no room for differences
_MANY = 40
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: var(--ink, #777); pointer-events: none }
.label { font-size: 13px; font-weight: 600; pointer-events: auto }
.axis { stroke: var(--faint, #999) }
.strip { fill: var(--strip, rgba(128,128,128,.1)); stroke: none }
.trial { fill: none; stroke-width: 1.6; opacity: .75 }
.many .trial { opacity: .55 }
.pruned { stroke-dasharray: 1.5 3.5 }
.failed { stroke: #e0524d; stroke-dasharray: 6 4 }
.stopped, .running { stroke: #999; stroke-dasharray: 6 4 }
.trial.best, .many .best { stroke-width: 3.4; opacity: 1 }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Axes from the left, and the trials that have a line, the best one last.

    Attributes
    ----------
    best
        The best trial if it has a line.
    slots
        The words beneath the axis of the metric, with their places.
    colours
        Of the trials' lines; empty for one that has no value.
    xs, width
        Where the axes stand, and how wide it is in pixels.
    """

    trials: tuple[Trial, ...]
    axes: tuple[Axis, ...]
    metric: str
    is_maximized: bool
    best: Trial | None
    slots: dict[str, float]
    colours: tuple[str, ...]
    xs: tuple[float, ...]
    width: int

    @property
    def floor(self) -> float:
        """Where the lowest line ends."""
        return down(min(self.slots.values(), default=0.0))

    @property
    def values(self) -> list[float]:
        """What is on the axis of the metric."""
        return [value for each in self.trials if (value := _value(each)) is not None]

    def sides(self, at: int) -> tuple[float, float]:
        """Return where lines end at an axis, and where they go on."""
        half = _strip(self.axes[at]) / 2 if 0 < at < len(self.axes) - 1 else 0.0
        return round(self.xs[at] - half, 1), round(self.xs[at] + half, 1)


def figure_of(outcome: Outcome) -> Figure | None:
    """Return the figure of a sweep's trials; None where no param has several values, or no trial all params."""
    varied = {name: values for name, values in outcome.space.items() if not is_fixed(values)}
    known = [each for each in outcome.trials if _has_all(each, outcome.space)]
    if not varied or not known:
        return None
    trials = _in_order(known, outcome)
    values, slots = [_value(each) for each in trials], _slots(trials)
    axes = [param_axis(name, values, [each.params[name] for each in trials]) for name, values in varied.items()]
    axes.append(_metric_axis(outcome.metric, trials, slots))
    xs, width = _spread(axes)
    return Figure(
        trials=trials,
        axes=tuple(axes),
        metric=outcome.metric,
        is_maximized=outcome.sweep.is_maximized,
        best=next((each for each in trials if each is outcome.best), None),
        slots=slots,
        colours=colours_of(values, is_maximized=outcome.sweep.is_maximized),
        xs=xs,
        width=width,
    )


def picture_of(outcome: Outcome) -> bytes | None:
    """Return `figure_of` the trials as an SVG image, None where there is none."""
    figure = figure_of(outcome)
    return None if figure is None else svg_of(figure).encode()


def svg_of(figure: Figure) -> str:
    """Return a figure as SVG; ``data-places`` of a line are its places on the axes, ``data-trial`` its number."""
    key = list(_key(figure))
    height = round(figure.floor + _UNDER + _KEY_ROW * len(key))
    size = f'viewBox="0 0 {figure.width} {height}" width="{figure.width}" height="{height}"'
    lines = _group("many" if len(figure.trials) > _MANY else "few", _lines(figure))
    axes = (part for at in range(len(figure.axes)) for part in _axis(figure, at))
    rows = (
        f'<g transform="translate({_MARGIN},{round(figure.floor + _UNDER + at * _KEY_ROW)})">{row}</g>'
        for at, row in enumerate(key)
    )
    parts = [f"<style>{_STYLE}</style>", gradients(is_maximized=figure.is_maximized), *lines, *axes, *rows]
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', *parts, "</svg>"])


def down(place: float) -> float:
    """Return how far down a place is."""
    return round(BOTTOM - place * (BOTTOM - TOP), 1)


# Which trials, and where they are


def _has_all(trial: Trial, space: Space) -> bool:
    return all(
        name in trial.params and (not isinstance(values, Choices) or trial.params[name] in values.values)
        for name, values in space.items()
    )


def _in_order(trials: Sequence[Trial], outcome: Outcome) -> tuple[Trial, ...]:
    """Return trials as they are drawn: first those without a place, then from the worst to the best."""
    worst_first = ranked(trials, is_maximized=outcome.sweep.is_maximized)[::-1]
    return tuple(sorted(worst_first, key=lambda each: _value(each) is not None))


def _value(trial: Trial) -> float | None:
    """Return the value that has a place on the axis of the metric."""
    return trial.value if trial.value is not None and abs(trial.value) < _LARGEST else None


def _slot_word(trial: Trial) -> str:
    return trial.status.value if trial.value is None else fmt.number(trial.value)


def _slots(trials: Sequence[Trial]) -> dict[str, float]:
    words = dict.fromkeys(_slot_word(each) for each in trials if _value(each) is None)
    return {word: _FIRST_SLOT + at * _NEXT_SLOT for at, word in enumerate(words)}


def _metric_axis(metric: str, trials: Sequence[Trial], slots: dict[str, float]) -> Axis:
    numbers = [value for each in trials if (value := _value(each)) is not None]
    axis = number_axis(metric, numbers) if numbers else Axis(label=metric, ticks=(), places=())
    places = iter(axis.places)
    found = tuple(slots[_slot_word(each)] if _value(each) is None else next(places) for each in trials)
    return Axis(label=metric, ticks=axis.ticks, places=found)


def _strip(axis: Axis) -> float:
    """Return how wide what is written at an axis is."""
    return max((len(_cut(text, _LONGEST_TICK)) for _, text in axis.ticks), default=0) * _LETTER + 16


def _spread(axes: Sequence[Axis]) -> tuple[tuple[float, ...], int]:
    """Return where axes stand, apart enough for what is written at them, and how wide the picture is."""
    labels = [len(_cut(each.label, _LONGEST_LABEL)) * _BOLD_LETTER / 2 for each in axes]
    halves = [0.0, *(_strip(each) / 2 for each in axes[1:-1]), 0.0]
    left = _MARGIN + max(_strip(axes[0]), labels[0])
    right = _MARGIN + max(_strip(axes[-1]) + 8, labels[-1], _SLOT_ROOM)
    steps = [
        max(sum(halves[at : at + 2]) + _CLOSEST, sum(labels[at : at + 2]) + _MARGIN) for at in range(len(axes) - 1)
    ]
    wanted = _NARROW if len(axes) <= _FEW_AXES else _WIDE
    spare = max(0.0, wanted - left - right - sum(steps)) / len(steps)
    xs = [left + at * spare + sum(steps[:at]) for at in range(len(axes))]
    return tuple(round(each, 1) for each in xs), math.ceil(xs[-1] + right)


# What is drawn


def _group(name: str, parts: Iterator[str]) -> Iterator[str]:
    yield f'<g class="{name}">'
    yield from parts
    yield "</g>"


def _lines(figure: Figure) -> Iterator[str]:
    """Yield a line for each trial; pointing at one tells its params, and why it failed."""
    for number, trial in enumerate(figure.trials):
        places = [axis.places[number] for axis in figure.axes]
        kind = f"trial {trial.status.value}{' best' if trial is figure.best else ''}"
        colour_of = figure.colours[number] or "#999"
        yield (
            f'<path class="{kind}" d="{_way(figure, places)}" stroke="{colour_of}" '
            f'data-trial="{trial.number}" data-places="{" ".join(f"{each:.4f}" for each in places)}">'
            f"<title>{_told(trial)}</title></path>"
        )


def _way(figure: Figure, places: Sequence[float]) -> str:
    parts = []
    for at in range(len(places) - 1):
        (_, begin), (end, _) = figure.sides(at), figure.sides(at + 1)
        parts.append(f"M{begin},{down(places[at])}L{end},{down(places[at + 1])}")
    return "".join(parts)


def _told(trial: Trial) -> str:
    what = error_of(trial) if trial.status is TrialStatus.FAILED else trial.status.value
    if trial.value is not None:
        value = fmt.number(trial.value)
        what = value if trial.status is TrialStatus.FINISHED else f"{what} at {value}"
    return escape(f"trial {trial.number}: {what} with {pairs(trial.params)}")


def _axis(figure: Figure, at: int) -> Iterator[str]:
    axis, (left, right) = figure.axes[at], figure.sides(at)
    middle, is_last = (left + right) / 2, at == len(figure.axes) - 1
    bottom = figure.floor + 8 if is_last and figure.slots else BOTTOM
    if left != right:
        yield f'<rect class="strip" x="{left}" width="{right - left:.1f}" y="{TOP - 8}" height="{BOTTOM - TOP + 16}"/>'
    for x in sorted({left, right}):
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{TOP}" y2="{BOTTOM}"/>'
    yield (
        f'<text class="label" x="{middle:.1f}" y="{TOP - 22}" text-anchor="middle">'
        f"{escape(_cut(axis.label, _LONGEST_LABEL))}<title>{escape(axis.label)}</title></text>"
    )
    if is_last:
        yield from _scale(figure, right)
    texts = [*axis.ticks, *((place, word) for word, place in (figure.slots.items() if is_last else ()))]
    for place, text in texts:
        yield _tick(figure, at, place, text)
    x, width = (left, right - left) if left != right else (left - _OUTER_GRIP / 2, _OUTER_GRIP)
    yield f'<rect class="grip" fill="none" x="{x:.1f}" width="{width:.1f}" y="{TOP}" height="{bottom - TOP:.1f}"/>'


def _tick(figure: Figure, at: int, place: float, text: str) -> str:
    """Return what is written at a place: left of the first axis, right of the last one, within the others' strips."""
    left, right = figure.sides(at)
    x, anchor = (left + right) / 2, "middle"
    if at == 0:
        x, anchor = left - 8, "end"
    elif at == len(figure.axes) - 1:
        x, anchor = right + 14, "start"
    y = down(place)
    ends = [(left - 4, left)] if at == 0 else [(left, left + 4), (right - 4, right)] if left != right else []
    marks = "".join(f'<line class="axis" x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}"/>' for a, b in ends)
    written = escape(_cut(text, _LONGEST_TICK))
    return f'{marks}<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{written}</text>'


def _scale(figure: Figure, x: float) -> Iterator[str]:
    """Yield the colours of the metric's values along its axis, from the lowest trial to the highest."""
    places = [place for place in figure.axes[-1].places if place not in figure.slots.values()]
    if places:
        top, bottom = down(max(places)) - 1, down(min(places)) + 1
        fill = "url(#up)" if max(places) > min(places) else colour(1.0)
        yield f'<rect fill="{fill}" x="{x + 1}" y="{top:.1f}" width="8" height="{bottom - top:.1f}"/>'


# The legend


def _key(figure: Figure) -> Iterator[str]:
    """Yield the rows of the legend: the scale of colours, and what kinds of lines there are."""
    if figure.values:
        yield _colour_key(figure, min(figure.values), max(figure.values))
    yield "".join(_line_keys(figure))


def _colour_key(figure: Figure, low: float, high: float) -> str:
    goal = f"{'more' if figure.is_maximized else 'less'} is better"
    head = f"Colour: {_cut(figure.metric, _LONGEST_LABEL)} ({goal})"
    x = round(len(head) * _LETTER + 8)
    texts = [f'<text class="key" y="4">{escape(head)}</text>', f'<text x="{x}" y="4">{fmt.number(low)}</text>']
    if low == high:
        return "".join(texts)
    x += round(len(fmt.number(low)) * _LETTER + 10)
    bar = f'<rect class="scale" fill="url(#across)" x="{x}" y="-6" width="150" height="12"/>'
    return "".join([*texts, bar, f'<text x="{x + 158}" y="4">{fmt.number(high)}</text>'])


def _line_keys(figure: Figure) -> Iterator[str]:
    x = 0.0
    for kind, text in _kinds(figure):
        yield f'<path class="trial {kind}" stroke="{colour(1.0 if kind == "best" else 0.5)}" d="M{x:.0f},0h34"/>'
        yield f'<text x="{x + 42:.0f}" y="4">{text}</text>'
        x += 42 + len(text) * _LETTER + 26


def _kinds(figure: Figure) -> Iterator[tuple[str, str]]:
    """Yield the kinds of lines with what they are: the best, then those of each status."""
    if figure.best is not None:
        yield "best", f"best: trial {figure.best.number}"
    for status in TrialStatus:
        number = sum(each.status is status for each in figure.trials)
        if number:
            more = ", to the last value" if status is TrialStatus.PRUNED else ""
            yield status.value, f"{number} {status.value}{more}"


def _cut(text: str, longest: int) -> str:
    return fmt.shortened(fmt.one_line(text), longest)
