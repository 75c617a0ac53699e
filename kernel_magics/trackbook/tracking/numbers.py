"""Texts that are the same but for numbers which are nearly so."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from trackbook.errors import InvalidValueError

_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w])")
_DRAWN = re.compile(r"[ \t]+|[-+|=─━┄┼│]{2,}")  # how wide a column is follows from the numbers in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far two numbers may be apart and count as the same: relative to the larger one, or absolutely."""

    relative: float = 1e-6
    absolute: float = 1e-9

    def is_close(self, one: float, other: float) -> bool:
        """Return whether two numbers count as the same; NaN is the same as NaN."""
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return math.isclose(one, other, rel_tol=self.relative, abs_tol=self.absolute)


EXACT_ENOUGH = Tolerance()


def tolerance_of(relative: float | None) -> Tolerance:
    """Return the tolerance that somebody asked for; 0 is for numbers that must be the same.

    Raises
    ------
    InvalidValueError
        If it is none.
    """
    if relative is None:
        return EXACT_ENOUGH
    if not 0 <= relative < 1:
        raise InvalidValueError(
            f"{relative} is no tolerance. Give how far numbers may be apart, such as 0.001 for 0.1 %."
        )
    return Tolerance(relative=relative, absolute=min(relative, EXACT_ENOUGH.absolute))


def are_close(one: str, other: str, tolerance: Tolerance) -> bool:
    """Return whether two texts differ in nothing but numbers that count as the same, and the room they take."""
    if one == other:
        return True
    if _skeleton(one) != _skeleton(other):
        return False
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True)
    return all(tolerance.is_close(float(first), float(second)) for first, second in pairs)


def _skeleton(text: str) -> str:
    """Return a text with a sign in place of each number, and drawn lines and gaps at one length."""
    return _DRAWN.sub(" ", _NUMBER.sub("#", text)).strip()
