"""Metrics over many resamples at once, where they follow from sums over rows.

A call of scikit-learn takes a millisecond, and thousands of them minutes. What is computed here is held against its
value on the rows as they are; where the two are not the same, scikit-learn is called.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from trackbook.pipelines.gates.measure import Measure

Resampled: TypeAlias = Callable[[Any], Any]
"""From weights (a line for each resample, a column for each row) to values, NaN where there is none."""
_CLOSE = 1e-9


def resampled(measure: Measure, truth: Any, predicted: Any, counts: Any) -> Resampled | None:
    """Return a way to compute a metric for many weights at once; None where there is none.

    Parameters
    ----------
    counts
        How often each row is there: with these weights the value must be what scikit-learn says.
    """
    import numpy as np

    make = _MAKERS.get(measure.name)
    expected = measure(truth, predicted, counts.astype(float) if measure.takes_weights else None)
    if make is None or expected is None:
        return None
    try:
        found = make(measure, truth, predicted)
        with np.errstate(all="ignore"):
            value = float(found(counts[np.newaxis].astype(float))[0]) if found is not None else math.nan
    except (TypeError, ValueError, IndexError):  # labels or shapes that scikit-learn takes, and this doesn't
        return None
    return found if math.isclose(value, expected, rel_tol=_CLOSE, abs_tol=_CLOSE) else None


def _mean(values: Any) -> Resampled:
    return lambda weights: weights @ values / weights.sum(axis=1)


# Means over rows


def _accuracy(_: Measure, truth: Any, predicted: Any) -> Resampled:
    return _mean((truth == predicted).astype(float))


def _wrong(_: Measure, truth: Any, predicted: Any) -> Resampled:
    return _mean((truth != predicted).astype(float))


def _absolute(_: Measure, truth: Any, predicted: Any) -> Resampled:
    return _mean(abs(truth - predicted))


def _relative(_: Measure, truth: Any, predicted: Any) -> Resampled:
    import numpy as np

    return _mean(abs(truth - predicted) / np.maximum(abs(truth), np.finfo(np.float64).eps))


def _squared(_: Measure, truth: Any, predicted: Any) -> Resampled:
    return _mean((truth - predicted) ** 2)


def _root(_: Measure, truth: Any, predicted: Any) -> Resampled:
    mean = _mean((truth - predicted) ** 2)
    return lambda weights: mean(weights) ** 0.5


def _brier(_: Measure, truth: Any, predicted: Any) -> Resampled:
    import numpy as np

    return _mean((predicted - (truth == np.unique(truth)[-1])) ** 2)


def _log_loss(_: Measure, truth: Any, predicted: Any) -> Resampled:
    import numpy as np

    labels, codes = np.unique(truth, return_inverse=True)
    table = predicted if predicted.ndim == 2 else np.stack([1 - predicted, predicted], axis=1)
    if table.shape[1] != len(labels):
        raise ValueError
    tiny = np.finfo(table.dtype).eps
    return _mean(-np.log(np.clip(table[np.arange(len(codes)), codes], tiny, 1 - tiny)))


def _r2(_: Measure, truth: Any, predicted: Any) -> Resampled:
    shifted = truth - truth.mean()  # so that the difference of squares loses no digits

    def value(weights: Any) -> Any:
        total = weights.sum(axis=1)
        spread = weights @ shifted**2 - (weights @ shifted) ** 2 / total
        return 1 - weights @ (truth - predicted) ** 2 / spread

    return value


# Labels


def _by_label(measure: Measure, truth: Any, predicted: Any) -> Resampled | None:
    """Return a score that follows, label by label, from hits, rows of the truth and rows of the prediction."""
    import numpy as np

    labels, codes = np.unique(np.concatenate([truth, predicted]), return_inverse=True)
    one, other = (np.eye(len(labels))[each] for each in np.split(codes, 2))
    average = measure.options.get("average", "binary")
    score = _LABEL_SCORES[measure.name]
    if average == "binary":
        if len(labels) > 2:
            return None
        positive = measure.options.get("pos_label", 1)
        at = [number for number, label in enumerate(labels) if label == positive]
        one, other = one[:, at], other[:, at]
    elif average not in ("macro", "weighted", "micro"):
        return None

    def value(weights: Any) -> Any:
        hits, real, said = weights @ (one * other), weights @ one, weights @ other
        if average == "micro":
            return score(hits.sum(axis=1), real.sum(axis=1), said.sum(axis=1))
        scores = score(hits, real, said)
        shares = real if average == "weighted" else ((real + said) > 0).astype(float)
        return (scores * shares).sum(axis=1) / shares.sum(axis=1)

    return value


def _ratio(above: Any, below: Any) -> Any:
    """Return quotients, 0 where there is nothing to divide by, as scikit-learn has it."""
    import numpy as np

    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


_LABEL_SCORES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "f1_score": lambda hits, real, said: _ratio(2 * hits, real + said),
    "precision_score": lambda hits, _, said: _ratio(hits, said),
    "recall_score": lambda hits, real, _: _ratio(hits, real),
    "jaccard_score": lambda hits, real, said: _ratio(hits, real + said - hits),
}


def _balanced(_: Measure, truth: Any, predicted: Any) -> Resampled:
    import numpy as np

    labels, codes = np.unique(truth, return_inverse=True)
    real, is_hit = np.eye(len(labels))[codes], (truth == predicted).astype(float)

    def value(weights: Any) -> Any:
        rows = weights @ real
        return _ratio(weights @ (real * is_hit[:, np.newaxis]), rows).sum(axis=1) / (rows > 0).sum(axis=1)

    return value


# Ranks


def _roc_auc(_: Measure, truth: Any, predicted: Any) -> Resampled | None:
    """Return the share of pairs of a positive and a negative row that are ranked right; ties count half."""
    import numpy as np

    labels = np.unique(truth)
    if predicted.ndim != 1 or len(labels) != 2:
        return None
    order = np.argsort(predicted, kind="stable")
    starts = np.flatnonzero(np.diff(predicted[order], prepend=np.nan) != 0)
    is_positive = (truth[order] == labels[1]).astype(float)

    def value(weights: Any) -> Any:
        ordered = weights[:, order]
        positive = np.add.reduceat(ordered * is_positive, starts, axis=1)
        negative = np.add.reduceat(ordered * (1 - is_positive), starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        return (positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))

    return value


_MAKERS: dict[str, Callable[[Measure, Any, Any], Resampled | None]] = {
    "accuracy_score": _accuracy,
    "zero_one_loss": _wrong,
    "mean_absolute_error": _absolute,
    "mean_absolute_percentage_error": _relative,
    "mean_squared_error": _squared,
    "root_mean_squared_error": _root,
    "brier_score_loss": _brier,
    "log_loss": _log_loss,
    "r2_score": _r2,
    "balanced_accuracy_score": _balanced,
    "roc_auc_score": _roc_auc,
    **dict.fromkeys(_LABEL_SCORES, _by_label),
}
