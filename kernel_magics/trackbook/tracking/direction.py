"""What a metric's name tells: which way it gets better, and of which other one it is only a detail."""

from __future__ import annotations

import re
from collections.abc import Container

_HIGHER_WORDS = """
    accuracy acc precision recall sensitivity specificity f1 fbeta auc auroc auprc gini r2 d2 score jaccard kappa mcc
    matthews correlation corr corrcoef silhouette homogeneity completeness rand ndcg dcg mrr bleu rouge meteor dice iou
    psnr ssim likelihood loglikelihood tpr tnr purity
"""
_LOWER_WORDS = """
    loss error err logloss mlogloss merror mae mse rmse mape smape wape rmsle msle medae deviance perplexity brier hinge
    hamming pinball wer cer fid fpr fnr aic bic inertia bouldin crossentropy nll kl
"""
_HIGHER = frozenset(_HIGHER_WORDS.split())
_LOWER = frozenset(_LOWER_WORDS.split())
_HIGHER_NAMES = frozenset({"map", "explained_variance", "v_measure", "average_precision", "fowlkes_mallows"})
_LOWER_NAMES = frozenset({"l1", "l2", "log_loss", "cross_entropy"})
STD, FOLD = ".std", ".fold"
_NEITHER = frozenset({"std", "stdev", "var", "sem", "count", "n", "rank", "time", "seconds"})


def higher_is_better(key: str) -> bool | None:
    """Return True where more of a metric is better, False where less is, None where its name doesn't tell.

    >>> higher_is_better("test.accuracy"), higher_is_better("mean_squared_error"), higher_is_better("n_clusters")
    (True, False, None)
    """
    parts = key.lower().split(".")
    if parts[-1] in _NEITHER:  # the spread of a score is no score
        return None
    for part in reversed(parts):
        direction = _of_part(part)
        if direction is not None:
            return direction
    return None


def headline(key: str) -> str:
    """Return the metric that a spread or a series of folds belongs to, any other key as it is.

    >>> headline("validation.accuracy.fold"), headline("test.accuracy")
    ('validation.accuracy', 'test.accuracy')
    """
    return key.removesuffix(FOLD).removesuffix(STD)


def is_detail(key: str, keys: Container[str]) -> bool:
    """Return whether a metric is the spread or the folds of another one among `keys`, their mean."""
    return headline(key) != key and headline(key) in keys


def _of_part(part: str) -> bool | None:
    words = [word for word in re.split(r"[^a-z0-9]+", part) if word]
    if not words or _NEITHER.intersection(words):
        return None
    if words[0] == "neg":  # scikit-learn's scorers turn errors round so that more is better
        return True
    name = "_".join(words)
    if name in _LOWER_NAMES or _LOWER.intersection(words):
        return False
    return True if name in _HIGHER_NAMES or _HIGHER.intersection(words) else None
