"""Metrics of scikit-learn by the names that runs have them under, to be computed again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from trackbook.capture.quiet import quiet
from trackbook.records import JsonValue, Role

_SHORT = {
    "acc": ("accuracy_score",),
    "auc": ("roc_auc_score",),
    "auroc": ("roc_auc_score",),
    "logloss": ("log_loss",),
    "mae": ("mean_absolute_error",),
    "mape": ("mean_absolute_percentage_error",),
    "mcc": ("matthews_corrcoef",),
    "medae": ("median_absolute_error",),
    "mse": ("mean_squared_error",),
    "pr_auc": ("average_precision_score",),
    "rmse": ("root_mean_squared_error",),
    "rmsle": ("root_mean_squared_log_error",),
    "score": ("accuracy_score", "r2_score"),
}
_USUAL: tuple[Mapping[str, JsonValue], ...] = (
    {},
    {"average": "macro"},
    {"average": "weighted"},
    {"average": "micro"},
    {"multi_class": "ovr"},
    {"multi_class": "ovo"},
)
_BY_INDEX = frozenset({"median_absolute_error", "d2_pinball_score", "d2_absolute_error_score", "mean_pinball_loss"})
"""Those whose weighted value is not that of rows that are there as often as their weights say."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A function of ``sklearn.metrics`` with its options."""

    name: str
    options: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def takes_weights(self) -> bool:
        """Whether a row with weight k counts as k rows."""
        return self.name not in _BY_INDEX and "sample_weight" in _parameters(self.name)

    def __call__(self, truth: Any, predicted: Any, weights: Any = None) -> float | None:
        """Return the value, None where it can't be computed of these rows."""
        options: dict[str, Any] = {"zero_division": 0} if "zero_division" in _parameters(self.name) else {}
        options |= self.options  # without that one it warns, of the same 0
        options |= {} if weights is None else {"sample_weight": weights}
        try:
            with quiet():
                return float(_function(self.name)(truth, predicted, **options))
        except Exception:  # noqa: BLE001  what it raises for labels or shapes that don't fit: there is no value then
            return None


def role_of(key: str) -> Role | None:
    """Return the role of the data that a metric was measured on, as its key says."""
    first = key.partition(".")[0]
    return Role(first) if first in list(Role) else None


def measures_for(key: str, written: Mapping[str, JsonValue]) -> Iterator[Measure]:
    """Yield what a metric's key may mean, the likeliest first.

    Parameters
    ----------
    written
        The options that the code gave, as far as they can be told.
    """
    base = key.partition(".")[2] if role_of(key) is not None else key
    names = [name for each in dict.fromkeys([base, base.partition(".")[0]]) for name in _functions(each)]
    for name in dict.fromkeys(names):
        own = _parameters(name)
        known = {option: value for option, value in written.items() if option in own}
        options = [known, *({**known, **each} for each in _USUAL if own.issuperset(each))]
        seen: list[Mapping[str, JsonValue]] = []
        for each in options:
            if each not in seen:
                seen.append(each)
                yield Measure(name, each)


def _functions(base: str) -> Iterator[str]:
    import sklearn.metrics

    for name in (f"{base}_score", base, *_SHORT.get(base.lower(), ())):
        if name in sklearn.metrics.__all__ and {"y_true"} <= _parameters(name):
            yield name


def _function(name: str) -> Callable[..., Any]:
    import sklearn.metrics

    found: Callable[..., Any] = getattr(sklearn.metrics, name)
    return found


@lru_cache(maxsize=64)
def _parameters(name: str) -> frozenset[str]:
    return frozenset(inspect.signature(_function(name)).parameters)
