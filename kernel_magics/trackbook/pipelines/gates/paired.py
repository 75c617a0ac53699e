"""The paired bootstrap: how much better one model is than another on the same rows, and how sure that is.

Rows are drawn with replacement, the same rows for both models, so that what is hard about a row counts for neither
(B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993; P. Koehn, Statistical significance tests for
machine translation evaluation, 2004). The interval is that of the percentiles. It knows of no dependence between rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trackbook.pipelines.gates.measure import Measure
from trackbook.pipelines.gates.resampled import Resampled, resampled

_MOST_RESAMPLES, _MOST_BY_CALLS, _FEWEST_RESAMPLES = 2000, 500, 200
_MOST_WORK = 50_000_000
_MOST_AT_ONCE = 4_000_000
_MOST_UNDEFINED = 0.05
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The difference of a metric, one minus the other, and its interval over so many `resamples` of `rows` rows."""

    one: float
    other: float
    low: float
    high: float
    rows: int
    resamples: int
    confidence: float

    @property
    def difference(self) -> float:
        """The difference on the rows themselves."""
        return self.one - self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The truth of some rows, and two predictions of each."""

    truth: Any
    one: Any
    other: Any


def paired_bootstrap(
    rows: Rows, measure: Measure, *, confidence: float = 0.95, resamples: int | None = None, seed: int = 0
) -> Interval | None:
    """Return the interval of a metric's difference; None where too many resamples have no value of it.

    Parameters
    ----------
    resamples
        How often rows are drawn; None: 2,000; fewer of very many rows, and of metrics that scikit-learn is called for.
    seed
        Of the draws, so that the same question has the same answer.
    """
    import numpy as np

    one, other = measure(rows.truth, rows.one), measure(rows.truth, rows.other)
    if one is None or other is None:
        return None
    distinct, counts = _distinct(rows)
    ways = [resampled(measure, distinct.truth, each, counts) for each in (distinct.one, distinct.other)]
    most = _MOST_RESAMPLES if all(ways) else _MOST_BY_CALLS
    times = resamples or max(_FEWEST_RESAMPLES, min(most, _MOST_WORK // len(counts)))
    one_way, other_way = (
        way or _one_by_one(measure, distinct.truth, each)
        for way, each in zip(ways, (distinct.one, distinct.other), strict=True)
    )
    drawn = _drawn(counts, times, np.random.default_rng(seed))
    with np.errstate(all="ignore"):
        found = np.concatenate([one_way(weights) - other_way(weights) for weights in drawn])
    defined = found[np.isfinite(found)]
    if len(defined) < (1 - _MOST_UNDEFINED) * times:
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(
        one=one,
        other=other,
        low=_rounded(low),
        high=_rounded(high),
        rows=len(rows.truth),
        resamples=times,
        confidence=confidence,
    )


def _rounded(value: float) -> float:
    """Return an end of the interval, 0 where it is only what adding up in another order leaves."""
    return 0.0 if abs(value) < _NOTHING else float(value)


def _drawn(counts: Any, times: int, draw: Any) -> Iterator[Any]:
    """Yield how often each row is drawn, a line for each resample, as many at a time as there is room for."""
    size = max(1, _MOST_AT_ONCE // len(counts))
    for start in range(0, times, size):
        shape = min(size, times - start)
        yield draw.multinomial(counts.sum(), counts / counts.sum(), size=shape).astype(float)


def _one_by_one(measure: Measure, truth: Any, predicted: Any) -> Resampled:
    """Return a way to compute a metric of resamples by scikit-learn."""
    import numpy as np

    def value(times: Any) -> float:
        at = np.flatnonzero(times)
        if measure.takes_weights:
            found = measure(truth[at], predicted[at], times[at])
        else:
            at = np.repeat(at, times[at].astype(int))
            found = measure(truth[at], predicted[at])
        return np.nan if found is None else found

    return lambda weights: np.array([value(times) for times in weights])


def _distinct(rows: Rows) -> tuple[Rows, Any]:
    """Return the different rows and how often each is there: labels have few, and then a resample costs little."""
    import numpy as np

    try:
        codes = [np.unique(each, axis=0, return_inverse=True)[1].ravel() for each in (rows.truth, rows.one, rows.other)]
    except TypeError:  # labels of several types have no order
        return rows, np.ones(len(rows.truth), dtype=int)
    _, at, counts = np.unique(np.stack(codes), axis=1, return_index=True, return_counts=True)
    return Rows(truth=rows.truth[at], one=rows.one[at], other=rows.other[at]), counts
