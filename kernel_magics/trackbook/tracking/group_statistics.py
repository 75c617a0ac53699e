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
_MOST_PAIRED = 100  # groups


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


def spread(values: Sequence[float]) -> Statistic:
    """Return mean and deviation of some values, without an interval: that would take scipy to be loaded."""
    n, mean = len(values), fmean(values)
    return Statistic(n=n, mean=mean, deviation=stdev(values) if n > 1 else None)


def statistic(values: Sequence[float]) -> Statistic:
    """Return mean, deviation and interval of some values."""
    found = spread(values)
    n, mean, deviation = found.n, found.mean, found.deviation
    if n < FEWEST or deviation is None:
        return found
    from scipy.stats import t

    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * deviation / math.sqrt(n)
    return Statistic(n=n, mean=mean, deviation=deviation, low=mean - half, high=mean + half)


def differences(groups: Sequence[Mapping[str, Statistic]], keys: Sequence[str]) -> list[Difference]:
    """Return how each two groups differ in each metric that both have. A group is its statistics by metric.

    Of very many groups those too small to be judged are not paired: a thousand would have half a million pairs.
    """
    fewest = 1 if len(groups) <= _MOST_PAIRED else FEWEST
    found = [
        _difference(groups, key, one, other) for key in keys for one, other in combinations(_of(groups, key, fewest), 2)
    ]
    return _corrected(found)


def count_pairs(groups: Sequence[Mapping[str, Statistic]], keys: Sequence[str]) -> int:
    """Return how many comparisons there would be of all groups."""
    return sum(math.comb(len(_of(groups, key, 1)), 2) for key in keys)


def _of(groups: Sequence[Mapping[str, Statistic]], key: str, fewest: int) -> list[int]:
    """Return the positions of the groups that have a metric of so many runs."""
    return [at for at, each in enumerate(groups) if key in each and each[key].n >= fewest]


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
    return [each if each.p is None else replace(each, corrected=corrected[at]) for at, each in enumerate(differences)]
