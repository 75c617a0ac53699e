"""The spread of a metric over runs, and whether two groups of runs differ in it by more than chance.

Two groups are compared by Welch's unequal-variances t-test, and the p-values of all comparisons made are corrected
together (S. Holm, A simple sequentially rejective multiple test procedure, 1979). A group of fewer than three runs is
never judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean, stdev

FEWEST = 3  # runs that a group needs to be judged
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A metric over the runs of a group: `n` values, their mean, sample deviation (n - 1) and 95 % t-interval.

    `deviation` is None for one value; `low` and `high` are None for fewer than three.
    """

    n: int
    mean: float
    deviation: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two groups (their positions) in one metric: the second's mean minus the first's.

    `p` is Welch's, `corrected` the same after Holm's correction; both None where a group is too small to be judged.
    """

    metric: str
    one: int
    other: int
    difference: float
    p: float | None = None
    corrected: float | None = None

    @property
    def is_told_apart(self) -> bool | None:
        """Whether the groups differ by more than chance, at 5 %; None where that can't be judged."""
        return None if self.corrected is None else self.corrected < 1 - CONFIDENCE


def statistic(values: Sequence[float]) -> Statistic:
    """Return mean, deviation and interval of some values."""
    n, mean = len(values), fmean(values)
    if n < 2:
        return Statistic(n=n, mean=mean)
    deviation = stdev(values)
    if n < FEWEST:
        return Statistic(n=n, mean=mean, deviation=deviation)
    from scipy.stats import t

    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * deviation / math.sqrt(n)
    return Statistic(n=n, mean=mean, deviation=deviation, low=mean - half, high=mean + half)


def differences(groups: Sequence[Mapping[str, Statistic]], keys: Sequence[str]) -> list[Difference]:
    """Return how each two groups differ in each metric that both have. A group is its statistics by metric."""
    found = [
        _difference(groups, key, one, other)
        for key in keys
        for one, other in combinations(range(len(groups)), 2)
        if key in groups[one] and key in groups[other]
    ]
    return _corrected(found)


def _difference(groups: Sequence[Mapping[str, Statistic]], key: str, one: int, other: int) -> Difference:
    first, second = groups[one][key], groups[other][key]
    p = _welch(first, second) if min(first.n, second.n) >= FEWEST else None
    return Difference(metric=key, one=one, other=other, difference=second.mean - first.mean, p=p)


def _welch(one: Statistic, other: Statistic) -> float:
    if not one.deviation and not other.deviation:  # no spread at all: the test has nothing to divide by
        return 1.0 if one.mean == other.mean else 0.0
    from scipy.stats import ttest_ind_from_stats

    result = ttest_ind_from_stats(one.mean, one.deviation, one.n, other.mean, other.deviation, other.n, equal_var=False)
    return float(result.pvalue)


def _corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences with Holm's p-values: the k-th smallest of m is taken times m - k + 1, and they rise."""
    tested = sorted((each.p, at) for at, each in enumerate(differences) if each.p is not None)
    corrected: dict[int, float] = {}
    least = 0.0
    for rank, (p, at) in enumerate(tested):
        least = corrected[at] = max(least, min(1.0, p * (len(tested) - rank)))
    return [replace(each, corrected=corrected.get(at)) for at, each in enumerate(differences)]
