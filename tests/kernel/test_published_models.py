"""Fitted models go from one notebook to the next by a name, as tables do, and nothing is loaded that nobody trusts."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import trackbook
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from trackbook.errors import InvalidValueError
from trackbook.tracking.kept_models import UntrustedModelError

from .session import DATA, Notebook

FIT = "model = LogisticRegression(C={C}, max_iter=500).fit(X_train, y_train)\nhanded = trackbook.publish(model, 'iris')"
USE = "again = trackbook.load('iris')\naccuracy_score(y_test, again.predict(X_test))"


@pytest.fixture
def handed(nb: Notebook) -> Notebook:
    """A notebook that has published a model."""
    nb.run(f"import trackbook\n{DATA}")
    nb.run(FIT.format(C=0.3))
    return nb


def test_model_comes_back_and_is_in_the_lineage_of_what_it_predicts(handed: Notebook) -> None:
    handed.run(USE)

    found = handed.variables["again"]
    assert type(found) is LogisticRegression
    assert (
        found.predict_proba(handed.variables["X_test"])
        == handed.variables["model"].predict_proba(handed.variables["X_test"])
    ).all()
    assert "dataset iris@1" in str(trackbook.why("accuracy"))
    assert not handed.faults


def test_model_of_the_same_content_is_the_same_version(handed: Notebook) -> None:
    handed.run(FIT.format(C=0.3))
    handed.run(FIT.format(C=0.9))

    versions = trackbook.datasets("iris")
    assert sorted(versions["version"]) == [1, 2]
    assert set(versions["kind"]) == {"model"}


def test_version_of_a_model_shows_itself_without_columns(handed: Notebook) -> None:
    view = handed.variables["handed"]

    assert "Content      model" in view.show().text
    assert view.to_dict()["profile"] is None
    json.dumps(view.to_dict())
    with pytest.raises(InvalidValueError, match="A model has no columns"):
        view.profile()


def test_model_is_exported_as_a_file_of_skops_alone(handed: Notebook, tmp_path) -> None:
    view = handed.variables["handed"]

    view.export(tmp_path / "iris.skops")

    assert (tmp_path / "iris.skops").read_bytes()[:2] == b"PK"
    with pytest.raises(InvalidValueError, match=r"'iris@1' is a model. Give 'iris.csv' the ending .skops"):
        view.export(tmp_path / "iris.csv")


def test_what_only_a_table_can_do_is_refused_in_a_sentence(handed: Notebook) -> None:
    trackbook.publish(pd.DataFrame({"a": [1]}), "table")

    for ask in (lambda: trackbook.load("iris", rows=(0, 1)), lambda: trackbook.diff_data("iris", "table")):
        with pytest.raises(InvalidValueError, match="'iris@1' is a model and no table"):
            ask()


def test_types_that_nobody_trusts_are_named_and_asked_for(handed: Notebook) -> None:
    tree = DecisionTreeClassifier(random_state=0).fit(handed.variables["X_train"], handed.variables["y_train"])
    trackbook.publish(tree, "tree")

    with pytest.raises(UntrustedModelError) as refused:
        trackbook.load("tree")

    found = trackbook.load("tree", trust=refused.value.types)
    assert (found.predict(handed.variables["X_test"]) == tree.predict(handed.variables["X_test"])).all()


def test_model_of_the_notebook_s_own_class_is_refused(handed: Notebook) -> None:
    handed.run(
        "class Mean:\n    def fit(self, X, y):\n        return self\n    def predict(self, X):\n        return X\n"
        "try:\n    trackbook.publish(Mean(), 'mean')\nexcept ValueError as error:\n    told = str(error)"
    )

    assert handed.variables["told"].startswith("This Mean can't be published as 'mean': it holds")
    assert list(trackbook.datasets()["name"]) == ["iris"]


def test_store_with_published_models_is_well_and_says_what_they_take(handed: Notebook) -> None:
    store = handed.store

    assert store.verify() == []
    assert store.holdings().models > 0
    store.collect(grace=pd.Timedelta(0).to_pytimedelta())
    assert type(trackbook.load("iris")) is LogisticRegression
