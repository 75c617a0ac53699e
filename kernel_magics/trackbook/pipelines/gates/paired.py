"""The paired bootstrap: how much better one model is than another on the same rows, and how sure that is.

Rows are drawn with replacement, the same rows for both models, so that what is hard about a row counts for neither
(B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993; P. Koehn, Statistical significance tests for
machine translation evaluation, 2004). The interval is that of the percentiles. It knows of no dependence between rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trackbook.pipelines.gates.measure import Measure

_MOST_RESAMPLES, _FEWEST_RESAMPLES = 2000, 200
_MOST_WORK = 200_000_000
_MOST_UNDEFINED = 0.05


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
        How often rows are drawn; None: 2,000, fewer of very many rows.
    seed
        Of the draws, so that the same question has the same answer.
    """
    import numpy as np

    total = len(rows.truth)
    distinct, counts = _distinct(rows)
    one, other = measure(rows.truth, rows.one), measure(rows.truth, rows.other)
    if one is None or other is None:
        return None
    times = resamples or max(_FEWEST_RESAMPLES, min(_MOST_RESAMPLES, _MOST_WORK // max(len(counts), 1)))
    draw = np.random.default_rng(seed)
    drawn = (_difference(distinct, measure, draw.multinomial(total, counts / total)) for _ in range(times))
    defined = np.array([each for each in drawn if each is not None and np.isfinite(each)])
    if len(defined) < (1 - _MOST_UNDEFINED) * times:
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(
        one=one, other=other, low=float(low), high=float(high), rows=total, resamples=times, confidence=confidence
    )


def _difference(rows: Rows, measure: Measure, times: Any) -> float | None:
    """Return the difference over rows that were drawn so many times each."""
    import numpy as np

    is_drawn = times > 0
    at, weights = np.flatnonzero(is_drawn), times[is_drawn].astype(float)
    if not measure.takes_weights:
        at, weights = np.repeat(np.arange(len(times)), times), None
    one = measure(rows.truth[at], rows.one[at], weights)
    other = measure(rows.truth[at], rows.other[at], weights)
    return None if one is None or other is None else one - other


def _distinct(rows: Rows) -> tuple[Rows, Any]:
    """Return the different rows and how often each is there: labels have few, and then a resample costs little."""
    import numpy as np

    try:
        codes = [np.unique(each, axis=0, return_inverse=True)[1].ravel() for each in (rows.truth, rows.one, rows.other)]
    except TypeError:  # labels of several types have no order
        return rows, np.ones(len(rows.truth), dtype=int)
    _, at, counts = np.unique(np.stack(codes), axis=1, return_index=True, return_counts=True)
    return Rows(truth=rows.truth[at], one=rows.one[at], other=rows.other[at]), counts
