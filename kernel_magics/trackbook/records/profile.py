"""What the columns of a table look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Mark: TypeAlias = float | int | str
"""A value on a scale: a number, or a time as text in ISO's form."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Which quantiles a profile has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopValue:
    """A value as text, and how many rows have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many values lie between each two edges; the last interval holds its right edge too."""

    edges: tuple[Mark, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column.

    Attributes
    ----------
    name, dtype
        As text.
    rows, missing, infinite
        How many values, how many of them are missing (NaN is), how many infinite.
    distinct
        How many different values there are besides missing ones; None where they can't be compared.
    minimum, maximum
        Of numbers and times; of text, the first and the last by its characters.
    mean, deviation
        Of finite numbers; the deviation is the population's.
    quantiles
        Of finite numbers and of times, at `QUANTILES`.
    histogram
        Of finite numbers and of times.
    shortest, longest
        Characters of a text.
    top
        The most frequent values, none where hardly any comes twice.
    """

    name: str
    dtype: str
    rows: int
    missing: int
    infinite: int = 0
    distinct: int | None = None
    minimum: Mark | None = None
    maximum: Mark | None = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[Mark, ...] = ()
    histogram: Histogram | None = None
    shortest: int | None = None
    longest: int | None = None
    top: tuple[TopValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """A table: its kind, its rows and its columns; an index that says more than a number is one of them."""

    kind: str
    rows: int
    columns: tuple[ColumnProfile, ...]
