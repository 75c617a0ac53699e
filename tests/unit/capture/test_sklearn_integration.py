"""Which model a number is about, what for, and what flowed in: cells as people write them, on a real scikit-learn."""

from __future__ import annotations

import gc
import json
import sys
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from trackbook.capture.events import Event, FitEvent

from tests.unit.cells import Cells, fits, metrics

DATA = """
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import (accuracy_score, auc, classification_report, confusion_matrix, f1_score, log_loss,
                             mean_squared_error, precision_recall_curve, precision_score, r2_score, roc_auc_score,
                             roc_curve, silhouette_score)
from sklearn.model_selection import (GridSearchCV, KFold, cross_val_predict, cross_val_score, cross_validate,
                                     train_test_split)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
X, y = make_classification(n_samples=120, n_features=5, flip_y=0.3, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
"""
A = "a = LogisticRegression(C=0.01).fit(X_train, y_train)\n"
B = "b = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X_train, y_train)\n"


def read_shapes() -> dict[str, tuple[list[str], list[str]]]:
    shapes = {}
    for block in Path(__file__).with_name("attribution_cells.txt").read_text().split("\n## ")[1:]:
        title, _, rest = block.partition("\n")
        cells, _, wanted = rest.replace("[a]\n", A).replace("[b]\n", B).partition("\n==>")
        shapes[title] = (cells.split("\n...\n"), [name.removeprefix("-") for name in wanted.split()])
    return shapes


SHAPES = read_shapes()


@pytest.fixture
def cells() -> Iterator[Cells]:
    with Cells() as found:
        found.events(DATA)
        yield found


@pytest.mark.parametrize("title", SHAPES)
def test_metric_finds_its_model(title: str, cells: Cells) -> None:
    sources, wanted = SHAPES[title]
    made: list[FitEvent] = []
    last: list[Event] = []
    for source in sources:
        last = cells.events(source)
        made += fits(last)

    found = [event for event in metrics(last) if event.name != "score" or "score(X" in sources[-1]]

    assert [sorted(map(called, event.fits)) for event in found] == [expected(names, made) for names in wanted]


def called(fit: FitEvent) -> tuple[str, str]:
    return fit.model.name if fit.model else "", str(fit.hyper.get("C"))


def expected(names: str, made: list[FitEvent]) -> list[tuple[str, str]]:
    """Return the newest fits that are called so: `a`, `a@0.1`, `@0.1`, several joined by +."""
    found = []
    for wanted in filter(None, names.split("+")):
        name, _, c = wanted.partition("@")
        fit = next(fit for fit in reversed(made) if name in ("", called(fit)[0]) and c in ("", called(fit)[1]))
        found.append(called(fit))
    return sorted(found)


def test_the_table_is_large() -> None:
    assert len(SHAPES) >= 60


ROLES = [
    ("accuracy_score(y_test, a.predict(X_test))", "test"),
    ("accuracy_score(y_train, a.predict(X_train))", "train"),
    ("a.score(X_test, y_test)", "test"),
    ("a.score(X_train, y_train)", "train"),
    ("u, v = X_test, y_test\naccuracy_score(v, a.predict(u))", "test"),
    ("accuracy_score(list(y_test), a.predict(X_test))", "test"),
    ("accuracy_score(y_test[:5], a.predict(X_test[:5]))", "test"),
    ("S = StandardScaler().fit(X_train)\nb = LogisticRegression().fit(S.transform(X_train), y_train)\n"
     "b.score(S.transform(X_test), y_test)", "test"),
    ("Xa, Xv, ya, yv = train_test_split(X_train, y_train, random_state=0)\nb = LogisticRegression().fit(Xa, ya)\n"
     "b.score(Xv, yv)", "validation"),
    ("Xv, Xt, yv, yt = train_test_split(X_test, y_test, random_state=0)\na.score(Xv, yv)", "validation"),
    ("Xv, Xt, yv, yt = train_test_split(X_test, y_test, random_state=0)\na.score(Xt, yt)", "test"),
    ("X_val, y_val = X[:9], y[:9]\na.score(X_val, y_val)", "validation"),
    ("accuracy_score(y, cross_val_predict(LogisticRegression(), X, y, cv=3))", "validation"),
    ("def judge(m, X, y):\n    return m.score(X, y)\njudge(a, X_test, y_test)", "test"),
    ("accuracy_score(np.r_[y_test, y_train], a.predict(np.r_[X_test, X_train]))", None),
]  # fmt: skip


@pytest.mark.parametrize(("source", "role"), ROLES)
def test_role_of_what_was_measured_on(source: str, role: str | None, cells: Cells) -> None:
    cells.events(A)

    event = metrics(cells.events(source))[-1]

    assert event.role == role


def read_params() -> list[tuple[str, dict[str, object]]]:
    blocks = Path(__file__).with_name("param_cells.txt").read_text().split("\n##\n")[1:]
    return [(source, json.loads(wanted)) for source, _, wanted in (block.partition("\n==> ") for block in blocks)]


PARAMS = read_params()


@pytest.mark.parametrize(("source", "params"), PARAMS)
def test_params_are_the_constants_that_flowed_in(source: str, params: dict[str, object], cells: Cells) -> None:
    (event,) = fits(cells.events(source))

    assert event.params == params


def test_params_come_from_earlier_cells(cells: Cells) -> None:
    (event,) = fits(cells.events("C = 0.5\nother = 2", "tol = 0.25", "m = LogisticRegression(C=C, tol=tol).fit(X, y)"))

    assert event.params == {"C": 0.5, "tol": 0.25}


def test_params_come_through_functions_of_earlier_cells(cells: Cells) -> None:
    (event,) = fits(
        cells.events("k = 4", "def train(c):\n    return LogisticRegression(C=c * k).fit(X, y)", "train(2)")
    )

    assert event.params == {"k": 4, "c": 2}


def test_a_statement_that_may_do_anything_gives_no_wrong_param(cells: Cells) -> None:
    events = cells.events(
        "C = 0.5\nm = LogisticRegression(C=C).fit(X, y)",
        "C = 0.25\nexec('m = LogisticRegression(C=C).fit(X, y)')\naccuracy_score(y, m.predict(X))",
    )

    assert metrics(events)[0].params.get("C") != 0.5


def test_the_same_code_has_the_same_hash_and_other_code_another(cells: Cells) -> None:
    source = "m = LogisticRegression(C=0.5).fit(X, y)"

    codes = [fits(cells.events(each))[0].code for each in (source, source, source.replace("0.5", "0.6"))]

    assert codes[0] == codes[1]
    assert codes[0] != codes[2]


def test_a_comment_or_a_blank_line_is_no_other_code(cells: Cells) -> None:
    first = fits(cells.events("C = 0.5\nm = LogisticRegression(C=C).fit(X, y)"))[0]
    again = fits(cells.events("# a comment\n\nC = 0.5  # why\nm = LogisticRegression(C=C).fit(X, y)"))[0]

    assert first.code == again.code


FITS = [
    ("LogisticRegression().fit(X, y)", 1),
    ("StandardScaler().fit(X)", 0),
    ("StandardScaler().fit_transform(X)", 0),
    ("make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)", 1),
    ("GridSearchCV(LogisticRegression(), {'C': [0.1, 1]}, cv=3).fit(X, y)", 1),
    ("RandomForestClassifier(5, random_state=0).fit(X, y)", 1),
    ("VotingClassifier([('a', LogisticRegression()), ('b', DecisionTreeClassifier())]).fit(X, y)", 1),
    ("KMeans(2, n_init=1, random_state=0).fit_predict(X)", 1),
    ("cross_val_score(LogisticRegression(), X, y, cv=3)", 1),
    ("cross_validate(LogisticRegression(), X, y, cv=3, return_estimator=True)", 1),
    ("cross_val_predict(LogisticRegression(), X, y, cv=3)", 1),
    ("TransformedTargetRegressor(LinearRegression(), func=np.log1p, inverse_func=np.expm1).fit(X, y)", 1),
    ("for c in (1, 2, 3):\n    LogisticRegression(C=c).fit(X, y)", 3),
    ("LabelEncoder().fit(y)", 0),
]


@pytest.mark.parametrize(("source", "count"), FITS)
def test_one_level_of_fits_is_seen(source: str, count: int, cells: Cells) -> None:
    events = cells.events(source)

    assert len(fits(events)) == count
    assert metrics(events) == []


def test_candidates_of_a_search_are_its_children(cells: Cells) -> None:
    (event,) = fits(cells.events("s = GridSearchCV(LogisticRegression(), {'C': [0.1, 1, 10]}, cv=3).fit(X, y)"))

    assert [candidate.params for candidate in event.candidates] == [{"C": 0.1}, {"C": 1}, {"C": 10}]
    assert [candidate.is_best for candidate in event.candidates].count(True) == 1
    search = cells.variables["s"]
    means = [value for each in event.candidates for key, value, _ in each.metrics if key == "validation.score"]
    assert means == pytest.approx(list(search.cv_results_["mean_test_score"]))


def test_fit_that_fails_is_seen_and_has_no_model(cells: Cells) -> None:
    cell = cells.run("LogisticRegression().fit(X, y[:3])")

    (event,) = fits(cell.events)
    assert (event.model, event.has_ended) == (None, False)
    assert isinstance(cells.error, ValueError)


def test_estimator_of_ones_own_is_seen(cells: Cells) -> None:
    events = cells.events(
        "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "class Mine(ClassifierMixin, BaseEstimator):\n"
        "    def __init__(self, k=1): self.k = k\n"
        "    def fit(self, X, y):\n"
        "        self.classes_ = np.unique(y)\n"
        "        return self\n"
        "    def predict(self, X): return np.zeros(len(X), int)\n",
        "m = Mine(k=3).fit(X, y)\naccuracy_score(y, m.predict(X))",
    )

    (fit,), (metric,) = fits(events), metrics(events)
    assert fit.hyper == {"k": 3}
    assert metric.fits == (fit,)


def test_class_that_is_defined_again_is_seen_each_time(cells: Cells) -> None:
    define = (
        "from sklearn.base import BaseEstimator\n"
        "class Mine(BaseEstimator):\n"
        "    def fit(self, X, y=None):\n"
        "        super().__init__()\n"
        "        return self\n"
        "    def predict(self, X): return np.zeros(len(X), int)\n"
    )
    for _ in range(4):
        cells.events(define)
        events = cells.events("m = Mine().fit(X)\naccuracy_score(y, m.predict(X))")
        assert [event.fits for event in metrics(events)] == [tuple(fits(events))]
        cells.events("del m, Mine")
        gc.collect()


def test_classes_of_the_notebook_are_collected(cells: Cells) -> None:
    cells.events(
        "from sklearn.base import BaseEstimator\n"
        "class Mine(BaseEstimator):\n"
        "    def fit(self, X, y=None):\n"
        "        super().__init__()\n"
        "        return self\n"
        "    def predict(self, X): return np.zeros(len(X), int)\n",
        "m = Mine().fit(X)\np = m.predict(X)",
    )
    watched = weakref.ref(cells.variables["Mine"])

    cells.events("del m, Mine", "pass")
    gc.collect()

    assert watched() is None


@pytest.mark.parametrize("name", ["X", "y", "m", "p", "table"])
def test_nothing_of_the_person_is_kept_alive(name: str, cells: Cells) -> None:
    cells.events(
        "X = X.copy(); y = y.copy()\ntable = pd.DataFrame(X)",
        "Xa, Xb, ya, yb = train_test_split(X, y, random_state=0)\n"
        "m = LogisticRegression().fit(X, y)\np = m.predict(X)\nm.score(X, y)\naccuracy_score(y, p)\n"
        "RandomForestClassifier(3, random_state=0).fit(table, y).predict(table)",
        "def use(): return X, y, m, p, table\nX2 = StandardScaler().fit_transform(X)",
        "del use",
    )
    watched = weakref.ref(cells.variables[name])

    cells.events(f"del {name}", "pass")
    gc.collect()

    assert watched() is None


def test_random_state_is_not_touched(cells: Cells) -> None:
    import random

    import numpy as np

    random.seed(1)
    np.random.seed(1)
    python, numpy_state = random.getstate(), np.random.get_state()

    cells.events(
        A,
        "p = a.predict(X_test)\naccuracy_score(y_test, p)",
        "RandomForestClassifier(3, random_state=0).fit(X, y).score(X, y)",
        "GridSearchCV(LogisticRegression(), {'C': [0.1, 1]}, cv=3).fit(X, y)",
        "print(classification_report(y_test, p))",
    )

    assert random.getstate() == python
    assert all(np.array_equal(one, other) for one, other in zip(np.random.get_state(), numpy_state, strict=True))


def test_results_are_those_without_us(cells: Cells) -> None:
    source = (
        "np.random.seed(5)\nXa, Xb, ya, yb = train_test_split(X, y)\n"
        "r = RandomForestClassifier(5).fit(Xa, ya)\nresult = r.predict_proba(Xb), r.score(Xb, yb), np.random.rand(3)"
    )
    cells.events(source)
    watched = cells.variables["result"]

    bare = dict(cells.variables)
    cells.capture.detach()
    exec(source, bare)

    assert all((one == other).all() for one, other in zip(watched, bare["result"], strict=True) if hasattr(one, "all"))
    assert watched[1] == bare["result"][1]


def test_warnings_are_those_of_the_person(cells: Cells) -> None:
    filters = list(warnings.filters)

    with pytest.warns(UserWarning, match="mine") as seen:
        cells.events("import warnings\nwarnings.warn('mine')", A, "a.score(X_test, y_test)")

    assert [str(each.message) for each in seen] == ["mine"]
    assert warnings.filters == filters


def test_report_is_kept_as_a_file_with_its_numbers(cells: Cells) -> None:
    (event,) = metrics(cells.events(A, "classification_report(y_test, a.predict(X_test))"))

    assert event.report is not None
    assert event.report[0].endswith(".txt")
    assert event.values["accuracy"] == pytest.approx(cells.variables["a"].score(*both(cells)), abs=0.005)


def both(cells: Cells) -> tuple[object, object]:
    return cells.variables["X_test"], cells.variables["y_test"]


def test_values_of_metrics(cells: Cells) -> None:
    found = metrics(
        cells.events(A + "p = a.predict(X_test)", "confusion_matrix(y_test, p)\naccuracy_score(y_test, p)\n"
                     "f1_score(y_test, p, average=None)\nroc_curve(y_test, a.predict_proba(X_test)[:, 1])")
    )  # fmt: skip

    assert [event.name for event in found] == ["confusion_matrix", "accuracy", "f1", "roc_curve"]
    assert list(found[0].values) == ["[0,0]", "[0,1]", "[1,0]", "[1,1]"]
    assert found[1].values == {"": cells.variables["a"].score(*both(cells))}
    assert list(found[2].values) == ["[0]", "[1]"]
    assert (found[3].values, found[3].report is not None) == ({}, True)


def test_what_the_library_does_inside_is_its_own_affair(cells: Cells) -> None:
    events = cells.events(
        "cross_val_score(LogisticRegression(), X, y, cv=3, scoring='roc_auc')",
        "from sklearn.feature_selection import RFECV\nRFECV(LogisticRegression(), cv=3).fit(X, y)",
    )

    assert len(fits(events)) == 1
    assert metrics(events) == []


def test_fits_in_threads_of_the_library_are_not_seen(cells: Cells) -> None:
    events = cells.events("RandomForestClassifier(8, n_jobs=2, random_state=0).fit(X, y).predict(X)")

    assert len(fits(events)) == 1


def test_switched_off_between_cells(cells: Cells) -> None:
    exec("LogisticRegression().fit(X, y)", cells.variables)

    assert fits(cells.events("z = 1")) == []


def test_detach_leaves_the_library_as_it_was() -> None:
    import sklearn.linear_model
    import sklearn.metrics
    from sklearn.base import BaseEstimator, TransformerMixin

    functions = [
        sklearn.metrics.accuracy_score, sklearn.linear_model.LogisticRegression.fit, BaseEstimator.__setstate__,
        sklearn.linear_model.LogisticRegression.predict, TransformerMixin.fit_transform,
        BaseEstimator.__init_subclass__.__func__,
    ]  # fmt: skip
    codes = [function.__code__ for function in functions]
    finders = list(sys.meta_path)
    with Cells() as cells:
        cells.events(DATA + A + "accuracy_score(y_test, a.predict(X_test))")
        watched = [function.__code__ for function in functions]

    assert sum(now is not before for now, before in zip(watched, codes, strict=True)) >= 4
    assert all(function.__code__ is code for function, code in zip(functions, codes, strict=True))
    assert sys.meta_path == finders
