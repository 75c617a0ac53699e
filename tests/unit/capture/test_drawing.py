"""Every estimator of scikit-learn that takes a seed: who is not said to draw is fitted under differing global seeds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, TunedThresholdClassifierCV
from sklearn.multioutput import ClassifierChain, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import all_estimators
from trackbook.capture.integrations.drawing import unseeded

ROWS = 150
NEVER_FITTED_ALONE = {"ClassifierChain", "RegressorChain", "OutputCodeClassifier", "TunedThresholdClassifierCV"}
NEVER_FITTED_ALONE |= {"RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "PatchExtractor"}
POSITIVE = {"NMF", "MiniBatchNMF", "LatentDirichletAllocation", "SkewedChi2Sampler", "BernoulliRBM"}
MANY_TARGETS = {"MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV"}
SETTINGS: Mapping[str, list[dict[str, Any]]] = {
    "DummyClassifier": [{"strategy": "stratified"}, {"strategy": "uniform"}, {"strategy": "most_frequent"}],
    "GaussianProcessRegressor": [{"n_restarts_optimizer": 2}],
    "GaussianProcessClassifier": [{"n_restarts_optimizer": 1}],
    "HistGradientBoostingClassifier": [{"early_stopping": True}, {"early_stopping": False}, {"max_features": 0.5}],
    "HistGradientBoostingRegressor": [{"early_stopping": True}, {"early_stopping": False}, {"max_features": 0.5}],
    "KBinsDiscretizer": [
        {"subsample": 50, "strategy": "quantile"}, {"strategy": "kmeans"}, {"strategy": "uniform", "subsample": None},
    ],
    "KernelPCA": [{"n_components": 2}, {"eigen_solver": "randomized", "n_components": 2}, {"eigen_solver": "dense"}],
    "Lars": [{"jitter": 0.1}],
    "LassoLars": [{"jitter": 0.1}],
    "LinearSVC": [
        {"dual": False}, {"dual": True, "max_iter": 5}, {"dual": False, "penalty": "l1", "max_iter": 5},
        {"dual": True, "loss": "hinge", "max_iter": 5},
    ],
    "LinearSVR": [{"dual": True, "max_iter": 5}, {"dual": False, "loss": "squared_epsilon_insensitive"}],
    "LocallyLinearEmbedding": [{"eigen_solver": "dense"}, {"eigen_solver": "arpack"}],
    "LogisticRegression": [
        {"solver": "saga", "max_iter": 3}, {"solver": "sag", "max_iter": 3}, {"solver": "newton-cg"},
        {"solver": "newton-cholesky"}, {"solver": "liblinear"}, {"solver": "liblinear", "dual": True, "max_iter": 3},
        {"solver": "liblinear", "l1_ratio": 1.0, "max_iter": 3},
    ],
    "LogisticRegressionCV": [{"solver": "saga", "max_iter": 3}],
    "NeighborhoodComponentsAnalysis": [{"init": "random"}, {"init": "identity"}, {"init": "lda", "n_components": 1}],
    "PCA": [
        {"n_components": 2, "svd_solver": "randomized", "iterated_power": 1}, {"n_components": 2},
        {"n_components": 0.8}, {"svd_solver": "full"}, {"svd_solver": "covariance_eigh"}, {"n_components": "mle"},
        {"n_components": 2, "svd_solver": "arpack"},
    ],
    "QuantileTransformer": [{"subsample": 50}, {"subsample": None}],
    "Ridge": [{"solver": each} for each in ("sag", "saga", "svd", "cholesky", "lsqr", "sparse_cg")]
    + [{"positive": True}, {"positive": True, "solver": "lbfgs"}],
    "RidgeClassifier": [{"solver": "saga"}, {"solver": "svd"}],
    "SVC": [{"kernel": "linear"}],
    "TargetEncoder": [{}],
}  # fmt: skip
SETTINGS |= {
    name: [{"selection": "random", "tol": 1.0}]
    for name in ("Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", *sorted(MANY_TARGETS))
}
SETTINGS |= {
    name: [{"shuffle": False}, {"shuffle": False, "early_stopping": True}, {"shuffle": True, "max_iter": 5}]
    for name in ("SGDClassifier", "SGDRegressor", "PassiveAggressiveClassifier", "PassiveAggressiveRegressor")
}
SETTINGS["Perceptron"] = [{"random_state": None, **each} for each in SETTINGS["SGDClassifier"]]
SETTINGS["SGDOneClassSVM"] = [{"shuffle": False}, {"shuffle": True, "max_iter": 5}]


SHORT: Mapping[str, dict[str, Any]] = {
    "HistGradientBoostingClassifier": {"max_iter": 5},
    "HistGradientBoostingRegressor": {"max_iter": 5},
    "LogisticRegressionCV": {"Cs": 2},
}
"""What makes the fits of the slow ones short; none of it draws."""


def seeded_kinds() -> Iterator[Any]:
    """Yield the estimators that can be made without another one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, kind in all_estimators():
            if name not in NEVER_FITTED_ALONE and "random_state" in kind._get_param_names():
                for settings in [SHORT.get(name, {}) | each for each in ({}, *SETTINGS.get(name, []))]:
                    said = ", ".join(f"{key}={value}" for key, value in settings.items())
                    yield pytest.param(kind, settings, id=f"{name}({said})")


def table(kind: str, seed: int) -> tuple[Any, Any]:
    """Return inputs with ties and noise, and a target that is not easy."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(ROWS, 6))
    inputs[:, 4] = inputs[:, 0].round()
    inputs[:, 5] = inputs[:, 4]
    if kind in POSITIVE:
        inputs = np.abs(inputs)
    target: Any = inputs @ rng.normal(size=6) + rng.normal(size=ROWS)
    if kind in MANY_TARGETS:
        return inputs, np.stack([target, target[::-1]], axis=1)
    return inputs, target


def leaves(value: object, depth: int = 0) -> Iterator[object]:
    """Yield the numbers and words of a fitted estimator, its parts' too, without generators and seeds."""
    if isinstance(value, np.random.RandomState | np.random.Generator) or depth > 8:
        return
    if isinstance(value, np.ndarray) and value.dtype != object:
        yield value.tobytes()
    elif hasattr(value, "toarray"):
        yield value.toarray().tobytes()
    elif isinstance(value, np.ndarray | list | tuple | set):
        for each in value:
            yield from leaves(each, depth + 1)
    elif isinstance(value, Mapping):
        for name in sorted(value, key=str):
            if "random_state" not in str(name) and "seed" not in str(name):
                yield from leaves(value[name], depth + 1)
    elif isinstance(value, bool | int | float | str | np.generic):
        yield value.item() if isinstance(value, np.generic) else value
    elif hasattr(value, "__getstate__") and not isinstance(value, type) and not callable(value):
        yield from leaves(value.__getstate__(), depth + 1)


def fitted(estimator: Any, inputs: object, target: Any) -> tuple[Any, list[object]]:
    """Return an estimator after a fit, and all that it came to: its attributes, what it predicts and transforms."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = clone(estimator)
        try:
            found.fit(inputs, target)
        except ValueError:  # a classifier
            found.fit(inputs, target > np.median(target))
        given = [getattr(found, name)(inputs) for name in ("predict", "transform") if hasattr(found, name)]
    return found, list(leaves([found, given]))


def differs(estimator: Any, inputs: object, target: Any) -> bool:
    """Return whether the global seed makes a difference to a fit."""
    results = []
    for seed in (1, 2):
        np.random.seed(seed)
        results.append(repr(fitted(estimator, inputs, target)[1]))
    return len(set(results)) > 1


def told(estimator: Any, rows: int | None = ROWS) -> list[str]:
    return unseeded(estimator.get_params(deep=True), estimator, rows)


def made(kind: Any, settings: Mapping[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are about to go
        return kind(**settings)


QUIET = [each for each in seeded_kinds() if not told(made(*each.values))]


def test_rules_are_tried_on_many_and_set_most_of_them_apart() -> None:
    named = [each for each in seeded_kinds() if told(made(*each.values))]

    assert len(QUIET) > 55
    assert len(named) > 90


@pytest.mark.parametrize(("kind", "settings"), QUIET)
def test_estimator_that_is_not_named_is_the_same_under_any_global_seed(kind: Any, settings: dict[str, Any]) -> None:
    estimator = made(kind, settings)

    assert not differs(estimator, *table(kind.__name__, 0))


@pytest.mark.parametrize(
    "estimator",
    [
        Ridge(solver="sag", max_iter=5),
        LogisticRegression(solver="saga", max_iter=5),
        LogisticRegression(solver="liblinear", dual=True, max_iter=5),
        LinearSVC(penalty="l1", dual=False, max_iter=5),
        SGDClassifier(shuffle=False, early_stopping=True),
        HistGradientBoostingRegressor(early_stopping=True, max_iter=5),
        PCA(n_components=2, svd_solver="randomized", iterated_power=1),
        DummyClassifier(strategy="stratified"),
    ],
    ids=str,
)
def test_setting_that_draws_is_named_and_differs(estimator: Any) -> None:
    assert told(estimator)
    assert differs(estimator, *table("", 0))


def test_parts_are_named_by_their_place() -> None:
    pipeline = make_pipeline(PCA(n_components=2, svd_solver="randomized"), LogisticRegression())
    voting = VotingClassifier([("a", LogisticRegression()), ("b", RandomForestClassifier())])

    assert told(pipeline) == ["Pipeline(pca__random_state=None)"]
    assert told(voting) == ["VotingClassifier(b__random_state=None)"]


def test_solver_of_a_fitted_decomposition_is_known() -> None:
    pipeline = make_pipeline(PCA(n_components=2), Ridge())
    before = told(pipeline)

    pipeline.fit(*table("", 0))

    assert before == ["Pipeline(pca__random_state=None)"]
    assert told(pipeline) == []


def test_ensemble_that_has_a_seed_gives_it_to_its_parts() -> None:
    part = SGDClassifier()

    assert told(BaggingClassifier(part, random_state=0)) == []
    assert told(BaggingClassifier(part)) == [
        "BaggingClassifier(estimator__random_state=None)",
        "BaggingClassifier(random_state=None)",
    ]


def test_search_counts_what_it_tries() -> None:
    assert told(GridSearchCV(Ridge(), {"alpha": [1, 2]})) == []
    assert told(GridSearchCV(Ridge(), {"solver": ["auto", "sag"]})) == ["GridSearchCV(estimator__random_state=None)"]
    pipeline = make_pipeline(PCA(), SVC())
    assert told(GridSearchCV(pipeline, {"svc": [SVC(C=2)]})) == []
    assert told(GridSearchCV(pipeline, [{"svc": [RandomForestClassifier()]}])) == [
        "GridSearchCV(estimator__svc__random_state=None)"
    ]
    search = RandomizedSearchCV(HistGradientBoostingRegressor(), {"max_features": uniform()}, random_state=0)
    assert told(search) == ["RandomizedSearchCV(estimator__random_state=None)"]


def test_chain_and_threshold_draw_only_when_told_to() -> None:
    assert told(ClassifierChain(LogisticRegression())) == told(RegressorChain(Ridge(), order=[1, 0])) == []
    assert told(RegressorChain(Ridge(), order="random")) == ["RegressorChain(random_state=None)"]
    assert told(TunedThresholdClassifierCV(LogisticRegression(), cv=5)) == []
    assert told(TunedThresholdClassifierCV(LogisticRegression(), cv=0.3)) == [
        "TunedThresholdClassifierCV(random_state=None)"
    ]


def test_many_rows_or_rows_that_are_not_known_may_draw() -> None:
    boosting = HistGradientBoostingRegressor()

    assert told(boosting, 10_000) == []
    assert told(boosting, 10_001) == told(boosting, None) == ["HistGradientBoostingRegressor(random_state=None)"]


def test_class_of_the_notebook_may_draw_whatever_it_is_made_of() -> None:
    class Mine(Ridge):
        pass

    assert told(Mine()) == ["Mine(random_state=None)"]


@pytest.mark.parametrize(("library", "name"), [("xgboost", "XGBRegressor"), ("lightgbm", "LGBMRegressor")])
def test_boosters_have_a_seed_of_their_own_where_none_is_given(library: str, name: str) -> None:
    settings = {"subsample": 0.5, "n_estimators": 5, "n_jobs": 1}
    more = {"subsample_freq": 1, "verbose": -1} if library == "lightgbm" else {}
    estimator = getattr(pytest.importorskip(library), name)(**settings, **more)
    inputs, target = table("", 0)

    predictions = []
    for seed in (1, 2):
        np.random.seed(seed)
        predictions.append(estimator.fit(inputs, target).predict(inputs))

    assert np.array_equal(*predictions)
    assert told(estimator) == []
