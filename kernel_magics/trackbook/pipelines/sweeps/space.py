"""What a sweep tries for each param: ``0.01,0.1,1`` are choices, ``2..8`` and ``1e-4..1e-1:log`` are ranges."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from trackbook.errors import InvalidValueError
from trackbook.pipelines.sweeps.words import split_choices
from trackbook.records import JsonValue

_NUMBER = r"[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})(?::(?P<how>[^:]*))?")
_HALF = re.compile(rf"(?:{_NUMBER})?\.\.(?:{_NUMBER})?(?::[^:]*)?")
_DIGITS = 12  # of a float that steps led to


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Some values, in the order in which they were given; a single one is the same in all trials."""

    values: tuple[JsonValue, ...]

    def __str__(self) -> str:
        return ", ".join(map(_shown, self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Integers:
    """Whole numbers from `low` to `high`, both included; `is_log`: small ones are tried as often as large ones."""

    low: int
    high: int
    step: int = 1
    is_log: bool = False

    def __str__(self) -> str:
        return f"{self.low}..{self.high}{_how(self.step if self.step != 1 else None, self.is_log)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floats:
    """Numbers from `low` to `high`, both included: all of them, or those that a `step` leads to."""

    low: float
    high: float
    step: float | None = None
    is_log: bool = False

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}{_how(self.step, self.is_log)}"


Values: TypeAlias = Choices | Integers | Floats
Space: TypeAlias = Mapping[str, Values]


def read_values(name: str, text: str) -> Integers | Floats | tuple[str, ...]:
    """Return the range that a text describes, else the texts of its choices, which the param's type makes values of.

    Raises
    ------
    InvalidValueError
        If it is a range that can't be, or a choice is empty or twice there.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is not None:
        return _range(name, text, found["low"], found["high"], found["how"])
    if _HALF.fullmatch(text.strip()):
        raise InvalidValueError(f"{name}={text} is half a range. Give both ends, such as {name}=2..8.")
    choices = split_choices(text)
    if not all(choices):
        raise InvalidValueError(f"{name}={text} has an empty choice. Write values and commas, such as 0.1,1,10.")
    return choices


def listed(values: Values) -> Sequence[JsonValue] | None:
    """Return every value in order; None where there is no end of them.

    >>> listed(Integers(low=2, high=8, step=3)), listed(Floats(low=0, high=1))
    ([2, 5, 8], None)
    >>> listed(Floats(low=0, high=0.3, step=0.1))
    [0.0, 0.1, 0.2, 0.3]
    """
    if isinstance(values, Choices):
        return values.values
    if isinstance(values, Integers):
        return [*range(values.low, values.high + 1, values.step)]
    if values.step is None:
        return [values.low] if values.low == values.high else None
    steps = math.floor((values.high - values.low) / values.step + 1e-9)
    return [round(values.low + at * values.step, _DIGITS) for at in range(steps + 1)]


def count(space: Space) -> int | None:
    """Return how many combinations there are, None where there is no end of them."""
    total = 1
    for values in space.values():
        found = listed(values)
        if found is None:
            return None
        total *= len(found)
    return total


def combinations(space: Space) -> Iterator[dict[str, JsonValue]]:
    """Yield every combination, the last param changing fastest.

    Raises
    ------
    InvalidValueError
        If there is no end of them.
    """
    endless = [name for name, values in space.items() if listed(values) is None]
    if endless:
        name = endless[0]
        raise InvalidValueError(
            f"A grid needs values that can be counted, and {name}={space[name]} are all numbers in between. "
            f"Give choices, a step ({name}=0.1..0.9:0.2), or another sampler."
        )
    for values in product(*(listed(each) or () for each in space.values())):
        yield dict(zip(space, values, strict=True))


def as_floats(values: Integers | Floats, *, has_step: bool) -> Floats:
    """Return a range as one of all numbers, for a param whose type says so; of whole ones, those of a step given."""
    if isinstance(values, Floats):
        return values
    step = float(values.step) if has_step and not values.is_log else None
    return Floats(low=float(values.low), high=float(values.high), step=step, is_log=values.is_log)


def _range(name: str, text: str, low: str, high: str, how: str | None) -> Integers | Floats:
    is_log = how is not None and how.strip() == "log"
    step = None if how is None or is_log else _step(name, text, how)
    numbers = [low, high] if step is None else [low, high, step]
    if float(low) > float(high):
        raise InvalidValueError(f"{name}={text} begins above its end. Write {name}={high}..{low}.")
    if is_log and float(low) <= 0:
        raise InvalidValueError(f"{name}={text} can't be tried on a log scale: its lower end has to be above 0.")
    if not all(math.isfinite(float(each)) for each in numbers):
        raise InvalidValueError(f"{name}={text} has an end that is too large for a number.")
    if all(map(_is_whole, numbers)):
        return Integers(low=int(low), high=int(high), step=int(step or 1), is_log=is_log)
    return Floats(low=float(low), high=float(high), step=None if step is None else float(step), is_log=is_log)


def _step(name: str, text: str, how: str) -> str:
    if not re.fullmatch(_NUMBER, how.strip()) or float(how) <= 0:
        raise InvalidValueError(
            f"{name}={text}: '{how}' is neither 'log' nor a step above 0. Write {name}=2..8:2 or {name}=1e-4..1e-1:log."
        )
    return how.strip()


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d[\d_]*", text) is not None


def _how(step: float | None, is_log: bool) -> str:
    return ":log" if is_log else f":{step:g}" if step is not None else ""


def _shown(value: JsonValue) -> str:
    return value if isinstance(value, str) else repr(value)
