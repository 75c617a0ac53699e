"""Which estimators draw random numbers as they are set: many take a seed that only some of their settings need.

The rules are those of scikit-learn's own documentation of ``random_state``, class by class; a test fits under
several global seeds whatever they say draws nothing. What no rule names may draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

_SEED = "random_state"
_SEEDED_BY_DEFAULT = ("xgboost.", "lightgbm.")
_SEEDING_INNER = frozenset({"AdaBoostClassifier", "AdaBoostRegressor", "BaggingClassifier", "BaggingRegressor"})
_SPACES = ("param_grid", "param_distributions")
_UNKNOWN = object()
_LEAST_DENSE = 10  # components from which KernelPCA decomposes the whole kernel
_MOST_DENSE_ROWS = 200
_MOST_ROWS_TO_STOP_LATE = 10_000  # more rows, and ``early_stopping="auto"`` splits some of them off
_MOST_BINNED_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Setting:
    """An estimator's own params, the estimator, and the rows that it is fitted on (None: not known)."""

    params: Mapping[str, Any]
    estimator: object
    rows: int | None = None

    def is_one_of(self, name: str, *values: str | float | bool | None) -> bool:
        """Return whether a param is one of some plain values (an array is none)."""
        value = self.params.get(name, _UNKNOWN)
        return isinstance(value, str | bool | int | float | None) and value in values

    def has_at_most(self, rows: object) -> bool:
        """Return whether it is known to be fitted on no more rows than some."""
        return self.rows is not None and isinstance(rows, int) and self.rows <= rows


def unseeded(params: Mapping[str, Any], estimator: object, rows: int | None = None) -> list[str]:
    """Return which parts of an estimator may draw random numbers without a seed, as ``Ridge(random_state=None)``.

    Parameters
    ----------
    params
        What ``get_params(deep=True)`` gives.
    rows
        How many it is fitted on, where that is known; with few, some draw nothing.
    """
    found = []
    for name, value in params.items():
        path, _, leaf = name.rpartition("__")
        if leaf != _SEED or value is not None or _is_seeded_outside(path, params, estimator):
            continue
        own = Setting(_own_params(path, params), params.get(path) if path else estimator, rows)
        if not all(_is_quiet(each) for each in _candidates(own, path, params, estimator)):
            found.append(f"{type(estimator).__name__}({name}=None)")
    return found


def _own_params(path: str, params: Mapping[str, Any]) -> dict[str, Any]:
    start = f"{path}__" if path else ""
    own = {name.removeprefix(start): value for name, value in params.items() if name.startswith(start)}
    return {name: value for name, value in own.items() if "__" not in name}


def _is_seeded_outside(path: str, params: Mapping[str, Any], estimator: object) -> bool:
    """Return whether an ensemble around a part gives that its seed."""
    while path:
        outer, _, leaf = path.rpartition("__")
        owner = params.get(outer) if outer else estimator
        seed = params.get(f"{outer}__{_SEED}" if outer else _SEED)
        if leaf in ("estimator", "base_estimator") and type(owner).__name__ in _SEEDING_INNER and seed is not None:
            return True
        path = outer
    return False


def _candidates(own: Setting, path: str, params: Mapping[str, Any], estimator: object) -> Iterator[Setting]:
    """Yield the settings of a part: as it is, and as the searches around it try it."""
    yield own
    outer = path
    while outer:
        outer = outer.rpartition("__")[0]
        search = params.get(outer) if outer else estimator
        start = f"{outer}__estimator" if outer else "estimator"
        for name, values in _tried(search):
            place, _, leaf = f"{start}__{name}".rpartition("__")
            if place == path:
                yield from (replace(own, params={**own.params, leaf: value}) for value in values)
            elif path == f"{start}__{name}":
                yield from (_standing_in(value, own.rows) for value in values)


def _tried(search: object) -> Iterator[tuple[str, Iterable[Any]]]:
    """Yield the names of params that a search tries, with their values; of a distribution one that is not known."""
    for kind in _SPACES:
        space = getattr(search, "__dict__", {}).get(kind)
        for each in space if isinstance(space, list) else [space]:
            for name, values in each.items() if isinstance(each, Mapping) else ():
                is_listed = isinstance(values, list | tuple) or type(values).__name__ == "ndarray"
                yield name, list(values) if is_listed else [_UNKNOWN]


def _standing_in(part: Any, rows: int | None) -> Setting:
    """Return the settings of what stands in a part's place; without a seed to ask about (None) it draws nothing."""
    params = part.get_params(deep=False) if hasattr(part, "get_params") and not isinstance(part, type) else {}
    return Setting(params, part, rows)


def _is_quiet(setting: Setting) -> bool:
    """Return whether an estimator, set so, draws nothing; False where that is not known."""
    if setting.params.get(_SEED, _UNKNOWN) is not None:
        return True
    kind = type(setting.estimator)
    if kind.__module__.startswith(_SEEDED_BY_DEFAULT):
        return True  # their seed is 0 where none is given
    rule = _QUIET.get(kind.__name__)
    return rule is not None and kind.__module__.startswith("sklearn.") and rule(setting)


# The rules: True where the settings make an estimator draw nothing.

Rule = Callable[[Setting], bool]


def _when(name: str, *values: str | float | bool | None) -> Rule:
    return lambda setting: setting.is_one_of(name, *values)


def _logistic(setting: Setting) -> bool:
    if setting.is_one_of("solver", "liblinear"):
        is_l2 = setting.is_one_of("penalty", "l2", "deprecated") and setting.params.get("l1_ratio") in (None, 0, 0.0)
        return is_l2 and setting.is_one_of("dual", False)
    return setting.is_one_of("solver", "lbfgs", "newton-cg", "newton-cholesky")


def _linear_svc(setting: Setting) -> bool:
    return setting.is_one_of("dual", False) and setting.is_one_of("penalty", "l2")


def _linear_svr(setting: Setting) -> bool:
    return setting.is_one_of("dual", False) and setting.is_one_of("loss", "squared_epsilon_insensitive")


def _in_order(setting: Setting) -> bool:
    return setting.is_one_of("shuffle", False) and setting.params.get("early_stopping", False) is False


def _pca(setting: Setting) -> bool:
    """Return whether the solver is exact: as it was chosen, or by what it has come to in a fit."""
    exact = ("full", "covariance_eigh")
    if setting.is_one_of("svd_solver", *exact):
        return True
    components = setting.params.get("n_components", _UNKNOWN)
    is_share = isinstance(components, float) and 0 < components < 1
    if setting.is_one_of("svd_solver", "auto") and (is_share or setting.is_one_of("n_components", None, "mle")):
        return True
    return getattr(setting.estimator, "_fit_svd_solver", None) in exact


def _kernel_pca(setting: Setting) -> bool:
    components = setting.params.get("n_components", _UNKNOWN)
    is_many = components is None or (isinstance(components, int) and components >= _LEAST_DENSE)
    is_small = is_many or setting.has_at_most(_MOST_DENSE_ROWS)
    return setting.is_one_of("eigen_solver", "dense") or (setting.is_one_of("eigen_solver", "auto") and is_small)


def _few_rows(setting: Setting) -> bool:
    most = setting.params.get("subsample", _UNKNOWN)
    return most is None or setting.has_at_most(most)


def _histogram_boosting(setting: Setting) -> bool:
    most = {"auto": _MOST_ROWS_TO_STOP_LATE, False: _MOST_BINNED_ROWS}
    stops = setting.params.get("early_stopping")
    is_whole = setting.params.get("max_features", 1.0) == 1.0
    return is_whole and isinstance(stops, str | bool) and setting.has_at_most(most.get(stops))


def _whole_cv(setting: Setting) -> bool:
    return not isinstance(setting.params.get("cv", _UNKNOWN), float) and "cv" in setting.params


def _given_order(setting: Setting) -> bool:
    order = setting.params.get("order", _UNKNOWN)
    return order is None or isinstance(order, list | tuple)


def _neighborhood(setting: Setting) -> bool:
    is_auto = setting.is_one_of("init", "auto") and setting.is_one_of("n_components", None)
    return is_auto or setting.is_one_of("init", "identity", "lda")


def _imputing(setting: Setting) -> bool:
    return (
        setting.is_one_of("estimator", None)
        and setting.is_one_of("sample_posterior", False)
        and setting.is_one_of("n_nearest_features", None)
        and not setting.is_one_of("imputation_order", "random")
    )


_RULES: Mapping[Rule, str] = {
    _when("solver", "auto", "svd", "cholesky", "lsqr", "sparse_cg", "lbfgs"): "Ridge RidgeClassifier",
    _when("selection", "cyclic"): "Lasso LassoCV ElasticNet ElasticNetCV MultiTaskLasso MultiTaskLassoCV "
    "MultiTaskElasticNet MultiTaskElasticNetCV",
    _when("jitter", None): "Lars LassoLars",
    _logistic: "LogisticRegression LogisticRegressionCV",
    _linear_svc: "LinearSVC",
    _linear_svr: "LinearSVR",
    _when("probability", False, "deprecated"): "SVC NuSVC",
    _in_order: "SGDClassifier SGDRegressor SGDOneClassSVM Perceptron PassiveAggressiveClassifier "
    "PassiveAggressiveRegressor",
    _pca: "PCA",
    _kernel_pca: "KernelPCA",
    _when("eigen_solver", "dense"): "LocallyLinearEmbedding",
    _when("n_restarts_optimizer", 0): "GaussianProcessClassifier GaussianProcessRegressor",
    _few_rows: "KBinsDiscretizer QuantileTransformer",
    _histogram_boosting: "HistGradientBoostingClassifier HistGradientBoostingRegressor",
    _when("strategy", "prior", "most_frequent", "constant"): "DummyClassifier",
    _given_order: "ClassifierChain RegressorChain",
    _whole_cv: "TunedThresholdClassifierCV",
    _when("max_patches", None): "PatchExtractor",
    _neighborhood: "NeighborhoodComponentsAnalysis",
    _imputing: "IterativeImputer",
    _when("shuffle", False): "TargetEncoder",
}
_QUIET: Mapping[str, Rule] = {name: rule for rule, names in _RULES.items() for name in names.split()}
