"""The colours of a sweep's figure: each value's lies between that of the worst and that of the best."""

from __future__ import annotations

from collections.abc import Sequence

_COLOURS = ((130, 153, 189), (47, 163, 155), (240, 128, 0))
"""From worst to best: seen on light and on dark pages."""


def colours_of(values: Sequence[float | None], *, is_maximized: bool) -> tuple[str, ...]:
    """Return the colour of each value; none has the empty one."""
    known = [each for each in values if each is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    worst, best = (low, high) if is_maximized else (high, low)
    return tuple("" if each is None else colour(_goodness(each, worst, best)) for each in values)


def colour(goodness: float) -> str:
    """Return the colour between the worst at 0 and the best at 1."""
    first = min(int(goodness * 2), 1)
    part = goodness * 2 - first
    return _hex([one + (other - one) * part for one, other in zip(_COLOURS[first], _COLOURS[first + 1], strict=True)])


def gradients(*, is_maximized: bool) -> str:
    """Return the scale from the lowest value to the highest as SVG: ``across`` goes to the right, ``up`` upwards."""
    colours = _COLOURS if is_maximized else _COLOURS[::-1]
    stops = "".join(f'<stop offset="{at / 2}" stop-color="{_hex(each)}"/>' for at, each in enumerate(colours))
    up = f'<linearGradient id="up" x1="0" y1="1" x2="0" y2="0">{stops}</linearGradient>'
    return f'<defs><linearGradient id="across">{stops}</linearGradient>{up}</defs>'


def _goodness(value: float, worst: float, best: float) -> float:
    return 1.0 if worst == best else (value / 2 - worst / 2) / (best / 2 - worst / 2)  # halves: no difference overflows


def _hex(parts: Sequence[float]) -> str:
    return "#" + "".join(f"{round(each):02x}" for each in parts)
