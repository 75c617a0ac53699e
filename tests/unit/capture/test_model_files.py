"""Fitted models as files: equal when they come back, or refused with the reason."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from trackbook.capture.model_files import UnfitModelError, copied, model_file, predictions, size_of_model

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.random.default_rng(0).normal(size=(80, 4))
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        make_pipeline(StandardScaler(), Ridge()),
        make_pipeline(ColumnTransformer([("a", StandardScaler(), [0, 1])]), LogisticRegression()),
        make_pipeline(FunctionTransformer(np.abs), LogisticRegression()),
        RandomForestClassifier(5),
        GradientBoostingRegressor(n_estimators=5),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}),
        MLPClassifier(max_iter=3),
    ],
    ids=lambda model: type(model).__name__,
)
def test_model_comes_back_with_the_same_predictions(model: Any) -> None:
    model.fit(X, Y)

    content = model_file(copied(model))

    again = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
    assert np.array_equal(again.predict(X), model.predict(X))


def test_size_of_a_model_is_that_of_its_arrays() -> None:
    neighbours = KNeighborsClassifier().fit(X, Y)
    forest = RandomForestClassifier(20, random_state=0).fit(X, Y)

    assert X.nbytes <= size_of_model(neighbours) <= 3 * X.nbytes
    assert size_of_model(forest) > 20 * 64


def test_model_of_the_persons_own_class_is_refused_by_its_name() -> None:
    own: Any = types.new_class("Net", (BaseEstimator,), exec_body=lambda body: body.update(__module__="__main__"))

    with pytest.raises(UnfitModelError, match=r"the class __main__\.Net"):
        size_of_model(make_pipeline(StandardScaler(), own()))


def test_model_that_the_library_can_not_copy_is_refused() -> None:
    model = LogisticRegression().fit(X, Y)
    model.handle = (each for each in ())

    with pytest.raises(UnfitModelError, match="it can't be copied"):
        copied(model)


def test_model_that_skops_can_not_hold_is_refused() -> None:
    model = LogisticRegression().fit(X, Y)
    model.handle = iter([1])

    with pytest.raises(UnfitModelError, match="skops"):
        model_file(model)


def test_model_that_might_draw_random_numbers_says_nothing() -> None:
    guessing = DummyClassifier(strategy="stratified").fit(X, Y)
    before = np.random.get_state()[1].tolist()  # type: ignore[index]  # a tuple, unless a dictionary is asked for

    assert predictions(guessing, X[:3]) == {}
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]  # as above
    assert predictions(RandomForestClassifier(5).fit(X, Y), X[:3]).keys() == {"predict", "predict_proba"}


def test_predictions_are_left_out_where_a_model_has_none() -> None:
    ridge, classifier = Ridge().fit(X, Y), LogisticRegression().fit(X, Y)

    assert predictions(ridge, X[:3]).keys() == {"predict"}
    assert predictions(classifier, X[:3])["predict_proba"] == classifier.predict_proba(X[:3]).tolist()
    assert predictions(classifier, X[:3, :2]) == {}
