"""The axes of a sweep's figure: where each trial stands on them, and what is written beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trackbook.pipelines.sweeps.space import Choices, Floats, Integers, Values, listed
from trackbook.records import JsonValue, encode

_MOST_LISTED = 12
_MOST_CHOICES = 24
_WANTED_TICKS = 6
_NEAR = 0.06
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A vertical line; places on it go from 0 at the bottom to 1 at the top.

    Attributes
    ----------
    ticks
        Places with what is written there.
    places
        Of the trials, in their order.
    """

    label: str
    ticks: tuple[tuple[float, str], ...]
    places: tuple[float, ...]


def param_axis(name: str, values: Values, found: Sequence[JsonValue]) -> Axis:
    """Return the axis of a param.

    Parameters
    ----------
    values
        What was tried for it.
    found
        What the trials had.
    """
    if isinstance(values, Choices):
        return _choices(name, values, found)
    numbers = [float(str(each)) for each in found]
    return _log(name, values, numbers) if values.is_log else _linear(name, values, numbers)


def number_axis(name: str, numbers: Sequence[float]) -> Axis:
    """Return the axis of what was measured, from a round number to a round number."""
    low, high = min(numbers), max(numbers)
    if low == high:
        return Axis(label=name, ticks=((0.5, _text(low)),), places=(0.5,) * len(numbers))
    step = _step(low, high)
    ends = math.floor(low / step) * step, math.ceil(high / step) * step
    return _axis(name, ends, list(_round_numbers(*ends)), numbers)


def is_fixed(values: Values) -> bool:
    """Return whether a param was the same in all trials."""
    return len(values.values) == 1 if isinstance(values, Choices) else values.low == values.high


def _linear(name: str, values: Integers | Floats, numbers: Sequence[float]) -> Axis:
    ends = float(values.low), float(values.high)
    every = [float(str(each)) for each in listed(values) or ()]
    is_whole = isinstance(values, Integers)
    ticks = every if 0 < len(every) <= _MOST_LISTED else list(_round_numbers(*ends, is_whole=is_whole))
    return _axis(name, ends, [*(end for end in ends if _is_apart(end, ticks, *ends)), *ticks], numbers)


def _log(name: str, values: Integers | Floats, numbers: Sequence[float]) -> Axis:
    low, high = math.log10(values.low), math.log10(values.high)
    powers = [float(each) for each in range(math.ceil(low), math.floor(high) + 1)]
    powers = powers[:: math.ceil(len(powers) / _MOST_LISTED) or 1]
    ticks = [*(end for end in (low, high) if _is_apart(end, powers, low, high)), *powers]
    found = [math.log10(each) for each in numbers]
    return _axis(f"{name} (log)", (low, high), ticks, found, [_text(10**each) for each in ticks])


def _choices(name: str, values: Choices, found: Sequence[JsonValue]) -> Axis:
    """Return an axis where each choice has the same distance from the next."""
    places = {encode(each): at for at, each in enumerate(values.values)}
    ends = 0.0, float(len(places) - 1)
    shown = range(0, len(places), math.ceil(len(places) / _MOST_CHOICES))
    return Axis(
        label=name,
        ticks=tuple((_place(at, *ends), str(values.values[at])) for at in shown),
        places=tuple(_place(places[encode(each)], *ends) for each in found),
    )


def _axis(
    name: str,
    ends: tuple[float, float],
    ticks: Sequence[float],
    numbers: Sequence[float],
    texts: Sequence[str] | None = None,
) -> Axis:
    written = texts or [_text(each) for each in ticks]
    return Axis(
        label=name,
        ticks=tuple((_place(each, *ends), text) for each, text in zip(ticks, written, strict=True)),
        places=tuple(_place(each, *ends) for each in numbers),
    )


def _place(value: float, low: float, high: float) -> float:
    return 0.5 if low == high else (value - low) / (high - low)


def _is_apart(value: float, others: Sequence[float], low: float, high: float) -> bool:
    """Return whether there is room for a tick beside the others."""
    return all(abs(value - each) > _NEAR * (high - low) for each in others)


def _step(low: float, high: float) -> float:
    rough = (high - low) / _WANTED_TICKS
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(each * power for each in _STEPS if each * power >= rough * (1 - 1e-9))


def _round_numbers(low: float, high: float, *, is_whole: bool = False) -> Iterator[float]:
    """Yield a few round numbers from one number to another."""
    step = _step(low, high)
    if is_whole:
        step = max(1.0, math.ceil(step))
    for at in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        yield at * step


def _text(value: float) -> str:
    return f"{value:.4g}"
